# %% [markdown]
# # G of the output of `shift`
#
# f sums the units a = (S - 1)+ of the last layer.  **Result** for the ensemble `pairs` and l >= 2 xi, w = (xi - d)+:
#
# $$G_f = \frac{\sum_m n_m \mathrm{Var}_m + 2 \sum_{r=1}^{\xi-1} \sum_h n_{r,h}\, \mathrm{Cov}_{r,h}
#   + \left\langle \left[(l-2\xi+w)\, s_0 + 2(\xi-w)\, s_1 + w\, s_2\right]^2 \right\rangle}
#   {2 \left(\langle w^2 \rangle - \langle w \rangle^2\right)},$$
#
# m the number of pixels that a window holds, s_m = E a - a_0, n_m a mean number of windows, and n_(r,h) of pairs of
# windows r apart that hold h = (n, n', n'') pixels on the left, in common and on the right.  Two such units are
# independent given what they share, so Cov is one integral.  At l = 32, xi = 7, l sigma^2 = 8/3: G_f = 17.7750...

# %%
from fractions import Fraction
from functools import cache

import numpy as np
import sympy
from numpy.polynomial.legendre import leggauss, legvander
from scipy.special import ndtr
from sympy import Expr, Rational, Symbol, binomial, cancel, expand, expand_func, factor, sqrt, summation, symbols

from solver import GaussianNoise, TwoPixelTask, construct, sensitivities
from solver.gaussian.balls import enclose
from solver.gaussian.moments import rectified_mean, rectified_square

ell, xi, r, d = symbols("l xi r d", integer=True, positive=True)
sigma = symbols("sigma", positive=True)
w = symbols("w")
s = symbols("s_0:3")

# %% [markdown]
# ## The mean response
#
# <(f(x+eta) - f(x))^2> = <Var f> + <(E f - f_0)^2>.  At distance d, w windows hold both pixels, 2 (xi - w) one, the
# rest none: the mean response is affine in w, and w is f_0 itself.  Each d < xi has probability 2/(l-1).

# %%
mean_response = expand((ell - 2 * xi + w) * s[0] + 2 * (xi - w) * s[1] + w * s[2])


def output_mean(power: int) -> Expr:
    """Return <w^power>."""
    return factor(2 / (ell - 1) * summation((xi - d) ** power, (d, 1, xi - 1)))


coherent = expand(mean_response**2).subs({w**2: output_mean(2), w: output_mean(1)})
spread = factor(2 * (output_mean(2) - output_mean(1) ** 2))

# %% [markdown]
# It grows as l^2: every unit of the background answers noise with the same positive mean, and f adds them up.
#
# ## Fluctuations: how many pairs of windows
#
# All C(l, 2) pairs of sites are equally likely.  Of disjoint sets of n_i sites, the pixels fill n_i sites with h_i in
# prod_i C(n_i, h_i) ways, and put the rest elsewhere; all can be turned around the ring to l places.


# %%
def mean_count(*held: tuple[Expr, int]) -> Expr:
    """Return how many of the l translates of some sets (size, pixels in it) hold just these pixels."""
    size, pixels = sum(n for n, _ in held), sum(n for _, n in held)
    ways = sympy.prod([binomial(n, at) for n, at in held]) * binomial(ell - size, 2 - pixels)
    return factor(expand_func(ell * ways / binomial(ell, 2)))


windows = [mean_count((xi, n)) for n in range(3)]
holdings = [(i, j, k) for i in range(3) for j in range(3) for k in range(3) if i + j + k <= 2]
pairs = {h: mean_count((r, h[0]), (xi - r, h[1]), (r, h[2])) for h in holdings}

# %% [markdown]
# ## Fluctuations: overlapping windows factorise
#
# Windows r apart share B, a sum of xi - r rectified pixels, and have A and A' of r pixels each to themselves.  For one
# unit given B = b, take the complement (see `noise_last_layer.py`) of what A leaves:
#
# $$E[(A + b - 1)_+] = b + E A - 1 + h_A(1 - b), \qquad h_A(y) = E(y - A)_+.$$
#
# h vanishes for b >= 1.  Multiply two of these, and average over B: the product of the linear parts needs mean and
# variance of B only, and the rest is an integral over 0 <= b <= 1.

# %%
b, alpha, gamma, h_left, h_right = symbols("b alpha gamma h h'")
product = expand((b + alpha + h_left) * (b + gamma + h_right))
linear_part = product.subs({h_left: 0, h_right: 0})
bent_part = sympy.lambdify((b, alpha, gamma, h_left, h_right), factor(product - linear_part))

# %% [markdown]
# The mean and the variance of sums, from the moments of one rectified pixel, of mean 0 or 1 before.

# %%
pixel = [(rectified_mean(n, sigma**2), rectified_square(n, sigma**2)) for n in (0, 1)]


@cache
def sum_moments(zeros: int, ones: int, square: Fraction) -> tuple[float, float]:
    """Return mean and variance of a sum of rectified pixels at sigma^2 = ``square``."""
    mean = zeros * pixel[0][0] + ones * pixel[1][0]
    variance = zeros * (pixel[0][1] - pixel[0][0] ** 2) + ones * (pixel[1][1] - pixel[1][0] ** 2)
    at = {sigma: sqrt(Rational(square))}
    return float(enclose(mean.subs(at), 20).mid()), float(enclose(variance.subs(at), 20).mid())


# %% [markdown]
# ## Laws of sums
#
# On [0, 1] the law of a sum is an atom at 0 and a density f, here at Gauss-Legendre nodes.  One more pixel, of atom P
# and density g, is a convolution,
#
# $$f(x) \to P f(x) + \text{atom}\cdot g(x) + \int_0^x f(u)\, g(x - u)\, du,$$
#
# and everything is analytic between the ends, so 40 nodes give 14 digits.  (The solver sums series, proven; see
# `independent_sums.py`.  This route shares nothing with it.)

# %%
NODES, WEIGHTS = (leggauss(40)[0] + 1) / 2, leggauss(40)[1] / 2
COEFFICIENTS = np.linalg.inv(legvander(2 * NODES - 1, 39))


def scaled(density: np.ndarray, tops: np.ndarray) -> np.ndarray:
    """Return a density at the nodes of [0, top], one row for each top."""
    return legvander(2 * np.outer(tops, NODES) - 1, 39) @ (COEFFICIENTS @ density)


@cache
def sum_law(zeros: int, ones: int, deviation: float) -> tuple[float, np.ndarray]:
    """Return the atom, and the density at the nodes, of a sum of rectified pixels."""

    def gauss(x: np.ndarray, centre: int) -> np.ndarray:
        return np.exp(-(((x - centre) / deviation) ** 2) / 2) / (deviation * np.sqrt(2 * np.pi))

    atom, density = 1.0, np.zeros(40)
    rest = NODES[:, None] - np.outer(NODES, NODES)
    for centre in [0] * zeros + [1] * ones:
        below = float(ndtr(-centre / deviation))
        convolved = NODES * ((scaled(density, NODES) * gauss(rest, centre)) @ WEIGHTS)
        atom, density = atom * below, below * density + atom * gauss(NODES, centre) + convolved
    return atom, density


def shortfalls(zeros: int, ones: int, square: Fraction, levels: np.ndarray, power: int = 1) -> np.ndarray:
    """Return E(y - S)+^power at some levels y in [0, 1]."""
    atom, density = sum_law(zeros, ones, float(square) ** 0.5)
    rest = levels[:, None] * (1 - NODES)
    return atom * levels**power + levels * ((scaled(density, levels) * rest**power) @ WEIGHTS)


# %% [markdown]
# A unit's moments, and a pair's.


# %%
def unit_moments(zeros: int, ones: int, square: Fraction) -> tuple[float, float]:
    """Return E a and Var a."""
    mean, variance = sum_moments(zeros, ones, square)
    short, short_square = (float(shortfalls(zeros, ones, square, np.ones(1), p)[0]) for p in (1, 2))
    first = mean - 1 + short
    return first, variance + (mean - 1) ** 2 - short_square - first**2


def covariance(lag: int, held: tuple[int, int, int], scale: int, square: Fraction) -> float:
    """Return Cov(a, a') of two units whose parts A, B, A' hold some pixels."""
    shared = scale - lag - held[1], held[1]
    own = [(lag - n, n) for n in held[::2]]
    slopes = [sum_moments(*part, square)[0] - 1 for part in own]
    bends = [shortfalls(*part, square, np.append(1 - NODES, 1)) for part in own]
    means = [unit_moments(shared[0] + part[0], shared[1] + part[1], square)[0] for part in own]
    mean, variance = sum_moments(*shared, square)
    atom, density = sum_law(*shared, float(square) ** 0.5)
    linear = variance + float(linear_part.subs({b: mean, alpha: slopes[0], gamma: slopes[1]}))
    bent = bent_part(np.append(NODES, 0), *slopes, *bends)
    return linear + float(np.append(density * WEIGHTS, atom) @ bent) - means[0] * means[1]


def at_numbers(length: int, scale: int, square: Fraction) -> tuple[float, float]:
    """Return <Var f> and <(E f - f_0)^2>."""
    at: dict[Symbol, int] = {ell: length, xi: scale}
    units = [unit_moments(scale - n, n, square) for n in range(3)]
    total = sum(float(n.subs(at)) * variance for n, (_, variance) in zip(windows, units, strict=True))
    for lag in range(1, scale):
        for held, count in pairs.items():
            weight = float(count.subs(at | {r: lag}))
            if weight:
                total += 2 * weight * covariance(lag, held, scale, square)
    shifts = {x: mean - max(n - 1, 0) for n, (x, (mean, _)) in enumerate(zip(s, units, strict=True))}
    return total, float(coherent.subs(at | shifts))


def at_slides_case() -> list[float]:
    """Return the two parts of G_f at l = 32, xi = 7, l sigma^2 = 8/3: fluctuations and mean response."""
    return [part / float(spread.subs({ell: 32, xi: 7})) for part in at_numbers(32, 7, GaussianNoise().variance(32))]


def latex() -> str:
    """Return G of the output of `shift`, with the mean numbers of windows and of some pairs of windows."""
    counts = r", \quad ".join(rf"n_{i} = {sympy.latex(n)}" for i, n in enumerate(windows))
    shown = [(0, 0, 0), (0, 1, 0), (1, 0, 1)]
    pair_counts = r", \quad ".join(rf"n_{{r,{''.join(map(str, h))}}} = {sympy.latex(pairs[h])}" for h in shown)
    return "\n".join(
        [
            r"\begin{aligned}",
            r"G_f &= \Bigl[\sum_m n_m \mathrm{Var}_m"
            r" + 2 \sum_{r=1}^{\xi-1} \sum_h n_{r,h}\, \mathrm{Cov}_{r,h} + \langle q^2 \rangle\Bigr] \Big/"
            rf" {sympy.latex(spread)} \\",
            rf"q &= {sympy.latex(mean_response.collect(w))}, \quad w = (\xi - d)_+ \\",
            rf"&\quad {counts} \\",
            rf"&\quad {pair_counts}, \ldots",
            r"\end{aligned}",
        ]
    )


def check() -> None:
    """Compare with the engine's proven balls, on long and on the shortest rings."""
    assert cancel(windows[2] - output_mean(1)) == 0
    for held in range(3):
        marginal = sum(count for (i, j, _), count in pairs.items() if i + j == held)
        assert cancel(marginal - windows[held]) == 0
    for length, scale, energy in ((32, 7, Fraction(8, 3)), (10, 5, Fraction(1)), (41, 5, Fraction(9, 2))):
        task, noise = TwoPixelTask(length=length, scale=scale), GaussianNoise(energy=energy)
        G = sensitivities(construct("shift", task), task, noise=noise, method="series").output.G
        found = sum(at_numbers(length, scale, noise.variance(length))) / float(spread.subs({ell: length, xi: scale}))
        assert abs(found / float(G) - 1) < 1e-12


if __name__ == "__main__":
    check()
    print(latex())
    print(at_slides_case())
