# %% [markdown]
# # G of the last layer of `uniform`
#
# In `uniform` neighbouring units of layer 1 share noise: a unit of the last layer is a = (S - 1)+ with
#
# $$S = \sum_{i=1}^{n} K_i\, (m_i + z_i)_+, \qquad z_i = \eta_i + \eta_{i+1} + \eta_{i+2} \quad (s = 3),$$
#
# K the kernel of layers 2 to k~ and m_i the pixels that unit i of layer 1 sees.  **Result** for the ensemble `pairs`,
# with a sum over the sets J of at most two of a window's xi sites, those that hold pixels:
#
# $$G_{\tilde k} = \frac{1}{\mathrm{spread}} \sum_J l \binom{l-\xi}{2-|J|} \Big/ \binom{l}{2}\; E(a - a_0)^2_J, \qquad
#   E(1-S)_+^p = \int\!\!\int V_1(x, y, 1)\, dP(x)\, dP(y),$$
#
# where dP is the law of one noise, V_(n+1)(x, y, c) = (c+)^p, and
#
# $$V_i(x, y, c) = \int V_{i+1}\bigl(y, \eta, c - K_i\,(m_i + x + y + \eta)_+\bigr)\, dP(\eta).$$

# %%
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import sympy
from numpy.polynomial.hermite_e import hermegauss
from numpy.polynomial.legendre import leggauss
from scipy.special import ndtr
from sympy import Expr, Rational, diff, expand, integrate, simplify, symbols

from solver import GaussianNoise, TwoPixelTask, construct
from solver.gaussian.balls import enclose
from solver.gaussian.functions import Phi
from solver.gaussian.moments import rectified_mean, rectified_product, rectified_square
from solver.sensitivity.noise.route import Evaluation
from solver.sensitivity.noise.transfer.layer import LAYER_TRANSFER
from solver.sensitivity.question import Question

c, mu, t, y = symbols("c mu t y", real=True)
sigma = symbols("sigma", positive=True)

# %% [markdown]
# ## Why a recursion
#
# By the complement identities (see `noise_last_layer.py`) E a and E a^2 need the moments of S, closed, and
# c_p = E(1-S)+^p.  Read the window from left to right.  Once the first i terms are summed, the rest of S depends on the
# past through the last two noises x, y only, and (1 - S)+ through what is left of the level, c = 1 - the sum so far.
# So the average over the noises still to come is a function V(x, y, c), and averaging over one more gives the
# recursion.  As K > 0, c only falls, and V = 0 from c = 0 down.
#
# ## Kinks
#
# In u = m_i + x + y + eta the integrand has two kinks: at u = 0, where the rectifier sets in, and at u = c/K_i, where
# the level is used up.  Split there:
#
# $$V_i = \int_{-\infty}^0 V_{i+1}(y, \eta, c)\, dP + \int_0^{c/K_i} V_{i+1}(y, \eta, c - K_i u)\, dP.$$
#
# On either panel V_(i+1) is analytic, and so is V_i in x, y and c > 0: Gauss-Legendre nodes converge exponentially.
#
# The output needs pairs of windows as well.  For two that lie r sites apart the state holds two levels, c and c', that
# fall by K_i and K_(i-r) times the same rectified unit, and V ends as c+ c'+.
#
# ## The last step is closed
#
# Given x and y the last u is X ~ N(mu, sigma^2).  With H_p(y) = E(y - X)+^p, a rectified moment of y - X,
# H_1' = P(X < y) and H_2' = 2 H_1.  For y > 0 the events X+ < y and X < y are the same, so integrating over the level
#
# $$E(c - X_+)_+ = \int_0^c P(X < y)\, dy = H_1(c) - H_1(0), \quad
#   E(c - X_+)_+^2 = 2\int_0^c E(y - X_+)_+\, dy = H_2(c) - H_2(0) - 2c\,H_1(0).$$

# %%
H = [rectified_mean(y - mu, sigma**2), rectified_square(y - mu, sigma**2)]
slopes = [simplify(diff(H[0], y) - Phi((y - mu) / sigma)), simplify(expand(diff(H[1], y) - 2 * H[0]))]
last = [H[0].subs(y, c) - H[0].subs(y, 0)]
last.append(expand(H[1].subs(y, c) - H[1].subs(y, 0) - integrate(2 * H[0].subs(y, 0), (y, 0, c))))

# %% [markdown]
# ## Numbers, at n = 3
#
# xi = 5 has k~ = 2 and K = (1, 1, 1): three terms, five noises.  Layer 1's unit i sees the sites i, i+1, i+2 of the
# window.  The last step is closed, the two before it take two panels each, and x and y Gauss-Hermite nodes.

# %%
POINTS, WEIGHTS = leggauss(14)
OUTER, OUTER_WEIGHTS = hermegauss(16)
REACH = 6.5
Array = np.ndarray


def gauss(x: Array) -> Array:
    """Return phi(x)."""
    return np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


numeric_last = sympy.lambdify((mu, c, sigma), last, [{"Phi": ndtr, "phi": gauss}, "numpy"])


def panel(low: Array, high: Array) -> tuple[Array, Array]:
    """Return nodes and weights from low to high, along a new last axis."""
    half = (high - low)[..., None] / 2
    return low[..., None] + half * (1 + POINTS), half * WEIGHTS


def averaged(centre: Array, level: Array, deviation: float, rest: Callable[[Array, Array], list[Array]]) -> list[Array]:
    """Return the integrals of rest(u, level left) over u ~ N(centre, deviation^2), split at the kinks, K_i = 1."""
    ends = np.minimum(centre, 0) - REACH * deviation, np.minimum(centre + REACH * deviation, 0)
    total: list[Array] = [0, 0]
    for (u, weights), used in ((panel(*ends), 0), (panel(0 * centre, level), 1)):
        density = weights * gauss((u - centre[..., None]) / deviation) / deviation
        values = rest(u, level[..., None] - used * u)
        total = [part + (density * value).sum(axis=-1) for part, value in zip(total, values, strict=True)]
    return total


def shortfall_moments(means: tuple[int, ...], deviation: float) -> list[float]:
    """Return E(1 - S)+ and E(1 - S)+^2 of three terms by the recursion."""
    x, y = np.meshgrid(deviation * OUTER, deviation * OUTER, indexing="ij")

    def second(u: Array, level: Array) -> list[Array]:
        """Return V_2 at (y, eta), eta being the noise that makes the first term u."""
        eta = u - (means[0] + x + y)[..., None]
        before = y[..., None] + eta

        def third(v: Array, left: Array) -> list[Array]:
            """Return V_3 at (eta, the noise that makes the second term v): its u is N(centre, sigma^2)."""
            newest = v - (means[1] + before)[..., None]
            return numeric_last(means[2] + eta[..., None] + newest, left, deviation)

        return averaged(means[1] + before, level, deviation, third)

    values = averaged(means[0] + x + y, np.ones_like(x), deviation, second)
    weights = np.outer(OUTER_WEIGHTS, OUTER_WEIGHTS) / (2 * np.pi)
    return [float((weights * value).sum()) for value in values]


# %% [markdown]
# ## The moments of S, and how often a window holds what
#
# E S and Var S are moments of rectified Gaussians of variance 3 sigma^2 and covariance (3 - r) sigma^2 at lag r.
# All C(l, 2) pairs of sites are equally likely, and a window sits at l places: a given set of n of its sites holds
# pixels, and no others, in C(l - xi, 2 - n) of the pairs.


# %%
def sum_moments(means: tuple[int, ...], square: Fraction) -> tuple[Expr, Expr]:
    """Return E S and E S^2 for K_i = 1."""
    v = 3 * Rational(square)
    first = sum(rectified_mean(m, v) for m in means)
    second = sum(
        rectified_product(m, n, v, v, v * Rational(3 - abs(i - j), 3)) if i != j else rectified_square(m, v)
        for i, m in enumerate(means)
        for j, n in enumerate(means)
    )
    return first, second


def unit_response(means: tuple[int, ...], square: Fraction) -> float:
    """Return E(a - a_0)^2 = E a^2 - 2 a_0 E a + a_0^2."""
    first, second = (float(enclose(moment, 20).mid()) for moment in sum_moments(means, square))
    short, short_square = shortfall_moments(means, float(square) ** 0.5)
    calm = max(sum(means) - 1, 0)
    return second - 2 * first + 1 - short_square - 2 * calm * (first - 1 + short) + calm**2


def noise(length: int, square: Fraction) -> float:
    """Return <||a(x+eta) - a(x)||^2> at k~ = 2 for xi = 5, the numerator of G."""
    responses: dict[tuple[int, ...], float] = {}
    total = 0.0
    for held in (held for n in range(3) for held in combinations(range(5), n)):
        means = tuple(sum(i <= site < i + 3 for site in held) for i in range(3))
        means = min(means, means[::-1])
        if means not in responses:
            responses[means] = unit_response(means, square)
        total += length * comb(length - 5, 2 - len(held)) / comb(length, 2) * responses[means]
    return total


def latex() -> str:
    """Return the recursion with its kinks, and the closed last step."""
    forms = [sympy.latex(sympy.collect(form.subs(y - mu, t), [Phi(t / sigma)])) for form in H]
    return "\n".join(
        [
            r"\begin{aligned}",
            r"V_i(x, y, c) &= \int_{-\infty}^0 V_{i+1}(y, \eta, c)\, dP"
            r" + \int_0^{c/K_i} V_{i+1}(y, \eta, c - K_i u)\, dP, \quad u = m_i + x + y + \eta \\",
            r"E(c - X_+)_+ &= H_1(c) - H_1(0), \quad E(c - X_+)_+^2 = H_2(c) - H_2(0) - 2c\,H_1(0) \\",
            rf"H_1(y) &= {forms[0]}, \quad H_2(y) = {forms[1]}, \quad t = y - \mu",
            r"\end{aligned}",
        ]
    )


def check() -> None:
    """Check the last step, and compare the recursion with the engine's transfer operator."""
    assert slopes == [0, 0]
    assert [form.subs(c, 0) for form in last] == [0, 0]
    task = TwoPixelTask(length=32, scale=5)
    network = construct("uniform", task)
    eta = GaussianNoise(energy=Fraction(8, 3))
    engine = LAYER_TRANSFER.response(Question(network, task, noise=eta), 2, Evaluation()).total
    assert abs(noise(32, eta.variance(32)) / float(engine) - 1) < 1e-7


if __name__ == "__main__":
    check()
    print(latex())
