# %% [markdown]
# # G of every layer of `uniform` below the last, in l, k and sigma
#
# Layer 1 rectifies windows of three noisy pixels, and layers 2..k add three neighbours each.  So layer k is the kernel
# (1, 1, 1)^(k-1) on the rectified windows.  **Result**, with A_r the autocorrelations of that kernel, central trinomial
# coefficients, and B_0 the first one of (1, 1, 1)^k:
#
# $$G_k = \frac{A_0 M_0 + 2 A_1 M_1 + 2 A_2 M_2 + (9^{k-1} - A_0 - 2 A_1 - 2 A_2)\, M_3}
#              {4 \frac{l-2}{l-1} \bigl(B_0 - 9^k / l\bigr)},$$
#
# where M_r is the mean of sum_p delta_p delta_(p+r) over images and noise, delta the change of a window.  It does not
# depend on k, nor on r from r = 3 on: that is what makes a formula in k possible.

# %%
from collections import Counter
from functools import cache

import sympy
from sympy import Expr, expand, factor, symbols

from solver import sensitivity_formula
from solver.gaussian.moments import rectified_mean, rectified_product
from solver.symbolic.symbols import ell, k, sigma

# %% [markdown]
# ## Two windows
#
# Without noise a window holds m pixels.  With noise it holds X+, X ~ N(m, 3 sigma^2), and two windows r < 3 apart share
# 3 - r pixels of noise.


# %%
@cache
def change_product(mean1: int, mean2: int, lag: int) -> Expr:
    """Return E[(X+ - m)(Y+ - m')]."""
    variance, covariance = 3 * sigma**2, max(3 - lag, 0) * sigma**2
    return expand(
        rectified_product(mean1, mean2, variance, variance, covariance)
        - mean2 * rectified_mean(mean1, variance)
        - mean1 * rectified_mean(mean2, variance)
        + mean1 * mean2
    )


# %% [markdown]
# ## How often two windows hold (m, m')
#
# Count on a line.  Two windows at lag r reach r + 3 sites; pairs of pixels farther apart than that look alike, and each
# distance below has probability 2/(l-1), for l > 2 (r + 3).  All other windows hold nothing: (0, 0) gets the rest of l.


# %%
def line_counts(distance: int, lag: int) -> Counter[tuple[int, int]]:
    """Return how many ordered pairs of windows at sites p, p + lag hold (m, m'), but for (0, 0)."""
    means = Counter(pixel + offset for pixel in (0, distance) for offset in (-1, 0, 1))
    counts: Counter[tuple[int, int]] = Counter()
    for site in range(-1 - lag, distance + 2):
        counts[tuple(sorted((means[site], means[site + lag])))] += 1
    del counts[0, 0]
    return counts


@cache
def pair_counts(lag: int) -> dict[tuple[int, int], Expr]:
    """Return the mean number of pairs of windows with (m, m') at a lag."""
    sight = lag + 3
    near, far = {d: line_counts(d, lag) for d in range(1, sight)}, line_counts(2 * sight, lag)
    counts = {
        c: far[c] + 2 / (ell - 1) * sum(near[d][c] - far[c] for d in near) for c in set(far).union(*near.values())
    }
    return {c: factor(n) for c, n in counts.items() if n != 0} | {(0, 0): factor(ell - sum(counts.values()))}


@cache
def moment(lag: int) -> Expr:
    """Return M_r."""
    return sympy.Add(*(count * change_product(*means, lag) for means, count in sorted(pair_counts(lag).items())))


# %% [markdown]
# ## Far lags are alike
#
# At lag 3 or more two windows share no site.  Then their noises are independent, and what they hold is a matter of the
# sites they cover: as any two sites hold the pixels equally often, no lag differs from another.  Hence M_3 = M_4 = ...


# %%
def far_lags_are_alike(last: int = 7) -> bool:
    """Return whether the counts at lags 3..last are equal in symbolic l, and the moments with them."""
    return all(pair_counts(lag) == pair_counts(3) and expand(moment(lag) - moment(3)) == 0 for lag in range(4, last))


# %% [markdown]
# ## The sum over lags
#
# The noise response of layer k is sum_r A_r M_r.  The A_r add up to 9^(k-1), the squared sum of the kernel, so all lags
# beyond 2 together weigh 9^(k-1) less those up to 2.  The denominator is that of every layer that adds without cutting
# (derived in `deformation_linear_layers.py`).


# %%
def autocorrelations(power: int) -> list[int]:
    """Return A_0, A_1, ... of (1, 1, 1)^power: the coefficients of its square, from the middle on."""
    z = symbols("z")
    coefficients = [int(c) for c in sympy.Poly([1, 1, 1], z).pow(2 * power).all_coeffs()]
    return [*coefficients[2 * power :], 0, 0]


def noise_response(layer: int) -> Expr:
    """Return A_0 M_0 + 2 A_1 M_1 + 2 A_2 M_2 + (9^(k-1) - A_0 - 2 A_1 - 2 A_2) M_3."""
    a = autocorrelations(layer - 1)[:3]
    beyond = 9 ** (layer - 1) - a[0] - 2 * a[1] - 2 * a[2]
    return a[0] * moment(0) + 2 * a[1] * moment(1) + 2 * a[2] * moment(2) + beyond * moment(3)


def spread(layer: int) -> Expr:
    """Return the denominator."""
    return 4 * (ell - 2) / (ell - 1) * (autocorrelations(layer)[0] - sympy.Integer(9) ** layer / ell)


# %% [markdown]
# ## The result


# %%
def latex() -> str:
    """Return G_k, and the mean numbers of pairs of windows in M_0..M_3."""
    head = (
        r"G_k &= \frac{A_0 M_0 + 2 A_1 M_1 + 2 A_2 M_2 + (9^{k-1} - A_0 - 2 A_1 - 2 A_2) M_3}"
        r"{4 \frac{l-2}{l-1} (B_0 - 9^k/l)}"
    )
    return "\n".join(
        [
            r"\begin{aligned}",
            head + r",\qquad A_r = \binom{2k-2}{2k-2+r}_3,\ B_0 = \binom{2k}{2k}_3 \\",
            *(rf"M_{lag} &= {moment_text(lag)} \\" for lag in range(4)),
            r"e_r(m, m') &= \mathbb{E}[(X_+ - m)(Y_+ - m')],\quad "
            r"\operatorname{Var} = 3\sigma^2,\ \operatorname{Cov} = (3-r)\,\sigma^2",
            r"\end{aligned}",
        ]
    )


def moment_text(lag: int) -> str:
    """Return M_r as LaTeX."""
    counts = sorted(pair_counts(lag).items(), reverse=True)
    return " + ".join(rf"{sympy.latex(count)}\, e_{lag}({m}, {other})" for (m, other), count in counts)


def check() -> None:
    """Compare with the engine: the formula in l and k, term by term in sigma, for layers with and without far lags."""
    assert far_lags_are_alike()
    found = sensitivity_formula("uniform", None, "l,k", quantity="G").expression
    for layer, length in ((1, 12), (2, 14), (2, 33), (3, 18), (5, 40)):
        derived = (noise_response(layer) / spread(layer)).subs(ell, length)
        assert expand(derived - found.subs({ell: length, k: layer})) == 0, (layer, length)
