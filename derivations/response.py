# %% [markdown]
# # Why the output is ReLU(xi - d)
#
# Let K be the effective kernel of the last layer: xi entries, all at least 1, summing to S.  With bias -1, ReLU and a
# sum over sites, two pixels at distance d on a ring of l >= 2 xi sites give
#
# $$\sum_p a(p) = \mathrm{ReLU}(\xi - d) + 2 (S - \xi).$$
#
# The distance enters through one number only, the overlap of two windows; the weights enter through S alone.

# %%
from fractions import Fraction

import sympy
from sympy import Max, expand, factor, summation, symbols

from solver import Layer, Network, TwoPixelTask, check_claim, construct, response_by_distance

ell, xi, d, S, s, k, p = symbols("l xi d S s k p", integer=True, positive=True)

# %% [markdown]
# ## Before the ReLU
#
# The pre-activation at site p is z(p) = K(i - p) + K(j - p) - 1.  Summed over the ring each pixel contributes S and the
# bias contributes -1 at each of l sites.

# %%
linear_sum = 2 * S - ell

# %% [markdown]
# ## What the ReLU adds
#
# A site that sees at least one of the pixels has z >= 1 - 1 = 0: nothing is cut.  A site that sees neither has
# z = -1, and the ReLU lifts it to 0.  So the ReLU adds exactly 1 for each site outside the union of the two windows.
#
# The windows, of xi sites each, are shifted by d: sites 0..xi-1 and d..d+xi-1.  For d < xi they share the sites
# d..xi-1; for d >= xi none.  (The other way round the ring they are l - d >= l/2 >= xi apart, and share none.)

# %%
overlap_if_close = summation(1, (p, d, xi - 1))
overlap = Max(0, overlap_if_close)
union = 2 * xi - overlap
lifted = ell - union

# %% [markdown]
# ## The pooled sum
#
# Both parts contain l with opposite signs: sites that see only background add nothing.

# %%
pooled = expand(linear_sum + lifted)
offset = factor(pooled - overlap)

# %% [markdown]
# ## The two solutions
#
# `uniform` sums s ones at each of k layers: S = K(z = 1) = s^k.  `shift` covers each of the xi offsets once: S = xi,
# and the constant vanishes.  The readout subtracts the constant in either case.

# %%
offset_uniform = offset.subs(S, s**k)
offset_shift = offset.subs(S, xi)


# %%
def pooled_sum(distance: int, scale: int, total: Fraction) -> Fraction:
    """Return the derived pooled sum at numbers."""
    return Fraction(str(pooled.subs({d: distance, xi: scale, S: sympy.Rational(total)})))


def one_layer(taps: list[Fraction]) -> Network:
    """Return a network of a single layer with these taps, bias -1 and a plain sum as readout."""
    return Network(layers=[Layer(filters=[[taps]], bias=[-1])], pooling="sum")


def latex() -> str:
    """Return the pooled sum, and its constant for `uniform`."""
    return (
        rf"\sum_p a_k(p) = {sympy.latex(overlap, order='rev-lex')} + {sympy.latex(offset)}, \qquad "
        rf"\text{{uniform: }} {sympy.latex(offset)} = {sympy.latex(offset_uniform)}"
    )


def check() -> None:
    """Compare with forward passes: the three networks, and kernels that share nothing but entries >= 1."""
    assert offset_shift == 0
    for length, scale, size in ((14, 7, 3), (32, 7, 3), (101, 9, 3), (26, 13, 5), (200, 7, 7)):
        task = TwoPixelTask(length=length, scale=scale)
        for name in ("uniform", "shift", "shift-mixed"):
            network = construct(name, task, filter_size=size)
            total = Fraction(scale) if name == "shift" else Fraction(size ** ((scale - 1) // (size - 1)))
            assert check_claim(network, task) == {}
            f = response_by_distance(network, task)
            assert all(f[e] - network.constant == pooled_sum(e, scale, total) for e in f)
    taps = [Fraction(1), Fraction(5, 2), Fraction(7), Fraction(4, 3), Fraction(1)]
    f = response_by_distance(one_layer(taps), TwoPixelTask(length=12, scale=5))
    assert all(f[e] == pooled_sum(e, 5, sum(taps)) for e in f)


if __name__ == "__main__":
    check()
    print(latex())
