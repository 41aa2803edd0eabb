# %% [markdown]
# # Effective kernels of the two solutions
#
# Where no ReLU cuts, layer k is one convolution of the image, a_k = K_k * x.  **Result**, for filter size s:
#
# - `uniform`: K_k(n), n = 0..(s-1)k, is the s-nomial coefficient, the coefficient of z^n in (1 + z + ... + z^(s-1))^k;
# - `shift`: every channel is one-hot, so its autocorrelation is A_0 = number of channels and A_r = 0 for r > 0.

# %%
from functools import cache
from math import comb

import networkx as nx
import sympy
from sympy import Expr, Poly, Sum, binomial, floor, symbols

from solver import TwoPixelTask, channel_graph, construct, effective_kernel

z = symbols("z")
n, k, s, j, r = symbols("n k s j r", integer=True, nonnegative=True)

# %% [markdown]
# ## Generating functions
#
# Write a kernel as a polynomial, K(z) = sum_n K(n) z^n.  Convolving is multiplying, so the kernels of successive
# layers multiply.  The all-ones filter is the geometric sum (1 - z^s) / (1 - z), and k layers give
#
# $$K_k(z) = (1 - z^s)^k \, (1 - z)^{-k}.$$
#
# Newton's series (1 + y)^a = sum_j binom(a, j) y^j, once with y = -z^s, a = k and once with y = -z, a = -k, gives the
# coefficients of both factors.  For the second, turn the sign of the upper index:
# binom(-k, i) (-1)^i = binom(k + i - 1, k - 1).


# %%
def first_factor(power: Expr, index: Expr) -> Expr:
    """Return the coefficient of (z^s)^index in (1 - z^s)^power."""
    return (-1) ** index * binomial(power, index)


def second_factor(power: Expr, index: Expr) -> Expr:
    """Return the coefficient of z^index in (1 - z)^(-power)."""
    return binomial(power + index - 1, power - 1)


# %% [markdown]
# The product of two series has as coefficients the sums over all ways to split n = s j + i.

# %%
kernel_entry = Sum(first_factor(k, j) * second_factor(k, n - s * j), (j, 0, floor(n / s)))


@cache
def s_nomial(layers: int, index: int, size: int) -> int:
    """Return the derived sum at integers; 0 outside the kernel and the one-hot kernel for no layers."""
    if index < 0 or layers == 0:
        return int(index == 0)
    terms = range(index // size + 1)
    return sum((-1) ** i * comb(layers, i) * comb(layers + index - size * i - 1, layers - 1) for i in terms)


# %% [markdown]
# ## Autocorrelations
#
# A_r = sum_n K(n) K(n + r) is the coefficient of z^(-r) in K(z) K(1/z).  The kernel of `uniform` is a palindrome of
# degree (s-1)k, K(1/z) = z^(-(s-1)k) K(z), so K(z) K(1/z) = z^(-(s-1)k) K_2k(z): the autocorrelation after k layers
# is the kernel after 2k layers, seen from its middle.

# %%
autocorrelation = kernel_entry.subs({k: 2 * k, n: (s - 1) * k - r}, simultaneous=True)

# %% [markdown]
# ## One-hot filters
#
# A one-hot filter is a monomial z^o.  Products of monomials are monomials: a channel of `shift` that composes the
# taps o_1, ..., o_k is z^(o_1 + ... + o_k), a copy of the image at that offset.  Then K(z) K(1/z) = 1 for every
# channel: A_0 counts the channels, (s-1)k + 1 of them, and no other A_r is left.

# %%
offset = symbols("o", integer=True)
one_hot = sympy.powsimp(z**offset * (1 / z) ** offset, force=True)


# %%
def latex() -> str:
    """Return the kernel and the autocorrelation of `uniform`."""
    return "\n".join(
        [
            r"\begin{aligned}",
            rf"K_k(n) &= {sympy.latex(kernel_entry)} \\",
            rf"A_r &= {sympy.latex(autocorrelation)} = K_{{2k}}\left((s-1)k - r\right) \\",
            rf"\text{{shift:}}\quad K^c(z) K^c(1/z) &= {sympy.latex(one_hot)}",
            r"\end{aligned}",
        ]
    )


def path_counts(graph: nx.DiGraph, node: tuple[int, str]) -> dict[int, int]:
    """Return how many paths join each pixel offset to a channel (for `uniform`, s-nomial coefficients).

    A path is a chain of nonzero taps from the image; its offset is the sum of theirs.
    """
    ancestors = nx.ancestors(graph, node) | {node}
    counts: dict[tuple[int, str], dict[int, int]] = {}
    for each in nx.topological_sort(graph.subgraph(ancestors)):
        counts[each] = {0: 1} if each == (0, "x") else {}
        for source, _, data in graph.in_edges(each, data=True):
            for offset, number in counts.get(source, {}).items():
                for step in data["offsets"]:
                    reached = offset + step * data["stride"]
                    counts[each][reached] = counts[each].get(reached, 0) + number
    return dict(sorted(counts[node].items()))


def check() -> None:
    """Compare with polynomial powers, with the kernels of the networks and with path counts of their graphs."""
    for size in (2, 3, 4, 5):
        for layers in range(1, 6):
            power = Poly(sum(z**i for i in range(size)), z) ** layers
            assert [s_nomial(layers, i, size) for i in range((size - 1) * layers + 1)] == power.all_coeffs()
            last = (size - 1) * layers
            assert kernel_entry.subs({k: layers, n: last - 1, s: size}).doit() == s_nomial(layers, last - 1, size)
            assert autocorrelation.subs({k: layers, r: 1, s: size}).doit() == s_nomial(2 * layers, last - 1, size)
    for size, depth in ((3, 1), (3, 4), (5, 3), (7, 2)):
        scale = (size - 1) * depth + 1
        task = TwoPixelTask(length=2 * scale, scale=scale)
        uniform, shift = (construct(name, task, filter_size=size) for name in ("uniform", "shift"))
        graph = channel_graph(uniform)
        for layer in range(1, depth + 1):
            width = (size - 1) * layer + 1
            entries = [s_nomial(layer, i, size) for i in range(width)]
            kernel = effective_kernel(uniform, layer)
            assert kernel.values.ravel().tolist() == entries == list(path_counts(graph, (layer, "sum")).values())
            assert kernel.autocorrelations() == [s_nomial(2 * layer, width - 1 - lag, size) for lag in range(width)]
            if layer < depth:
                copies = effective_kernel(shift, layer)
                assert sorted(copies.values[:, 0].tolist(), reverse=True) == sympy.eye(width).tolist()
                assert copies.autocorrelations() == [width] + [0] * (width - 1)


if __name__ == "__main__":
    check()
    print(latex())
