# %% [markdown]
# # G of the last layer
#
# The last layer rectifies once more what the first has rectified: a unit is a = (S - 1)+ with S a sum of rectified
# Gaussians.  **Result** for `shift`, the ensemble `pairs` and l >= 2 xi, with m the number of pixels in a window:
#
# $$G_{\tilde k} = \frac{n_0 e_0 + n_1 e_1 + n_2 e_2}{2 (n_2 - n_2^2/l)}, \qquad
#   n_m = l \binom{\xi}{m} \binom{l-\xi}{2-m} \Big/ \binom{l}{2},$$
#
# where e_m = E(a - a_0)^2 is closed but for how far S falls short of 1, and that is a single integral:
#
# $$E(1-S)_+^p = \frac{p!}{2\pi i} \int \frac{e^\lambda}{\lambda^{p+1}}\, \psi_0(\lambda)^{\xi-m}\, \psi_1(\lambda)^m
#   \, d\lambda, \qquad \psi_m = \Phi\left(-\frac{m}{\sigma}\right)
#   + e^{-\lambda m + \lambda^2\sigma^2/2}\, \Phi\left(\frac{m}{\sigma} - \lambda\sigma\right).$$
#
# At l = 32, xi = 7, l sigma^2 = 8/3: G_3 = 3.96206...  (`uniform` is in `noise_moving_average.py`.)

# %%
from fractions import Fraction
from math import factorial

import numpy as np
import sympy
from numpy.polynomial.legendre import leggauss
from scipy.special import erfc, ndtr
from sympy import Abs, Expr, Rational, binomial, cancel, expand, expand_func, factor, oo, sqrt, symbols

from solver import GaussianNoise, TwoPixelTask, construct, sensitivities
from solver.gaussian.balls import enclose
from solver.gaussian.independent import RectifiedSums, Term
from solver.gaussian.moments import rectified_mean, rectified_square

ell, xi = symbols("l xi", integer=True, positive=True)
sigma, lam = symbols("sigma lambda", positive=True)
t, y, S = symbols("t y S", real=True)

# %% [markdown]
# ## What a rectifier adds is bounded
#
# Write C = (1 - S)+ for what S falls short of the level by.  With x+ = (x + |x|)/2,
#
# $$(S-1)_+ = (S - 1) + C, \qquad (S-1)_+^2 = (S-1)^2 - C^2.$$


# %%
def positive_part(value: Expr) -> Expr:
    """Return x+ = (x + |x|)/2."""
    return (value + Abs(value)) / 2


shortfall = positive_part(1 - S)
first_identity = expand(positive_part(S - 1) - (S - 1 + shortfall))
second_identity = expand(positive_part(S - 1) ** 2 - ((S - 1) ** 2 - shortfall**2))

# %% [markdown]
# S >= 0, so C lives on 0 <= S <= 1, whatever the tails.  Of S itself only the mean mu and the variance v enter.  With
# c_p = E C^p, and a_0 the unit without noise:

# %%
mean, variance, calm, c1, c2 = symbols("mu v a_0 c_1 c_2")
unit_mean = mean - 1 + c1
unit_square = variance + (mean - 1) ** 2 - c2
response = expand(unit_square - 2 * calm * unit_mean + calm**2)

# %% [markdown]
# ## `shift`: independent pixels
#
# The hidden layers copy the rectified image: S sums xi pixels r = X+, X ~ N(m, sigma^2), all independent.  In a window
# that holds m pixels xi - m of the X have mean 0 and m have mean 1, and a_0 = (m - 1)+.

# %%
pixel = [(rectified_mean(n, sigma**2), rectified_square(n, sigma**2)) for n in (0, 1)]


def pixel_sum(zeros: Expr, ones: Expr) -> tuple[Expr, Expr]:
    """Return mean and variance of a sum of independent rectified pixels."""
    counts = (zeros, ones)
    means = sum(n * first for n, (first, _) in zip(counts, pixel, strict=True))
    variances = sum(n * (second - first**2) for n, (first, second) in zip(counts, pixel, strict=True))
    return means, variances


# %% [markdown]
# ## The shortfall as one integral
#
# The Laplace transform of a sum is a product.  That of one pixel, psi, has the atom P(X < 0) and the integral of
# e^(-lambda t) over the Gaussian at t > 0: a Gaussian of mean m - lambda sigma^2, once the square is completed.

# %%
m = symbols("m", real=True)
exponent = -lam * t - (t - m) ** 2 / (2 * sigma**2)
completed = -((t - (m - lam * sigma**2)) ** 2) / (2 * sigma**2) - lam * m + lam**2 * sigma**2 / 2
same_exponent = expand(exponent - completed)

# %% [markdown]
# As a function of the level y, (y - S)+^p has the transform p!/lambda^(p+1) e^(-lambda S).  Average over S, and invert
# at y = 1: the integral of the statement, along any line to the right of 0.  Its ends may be bent to the left, where
# e^lambda falls off, as long as |arg lambda| < 3 pi/4: there the Gaussian factor stays bounded.

# %%
level_transforms = [
    sympy.simplify(sympy.integrate(sympy.exp(-lam * y) * y**p, (y, 0, oo)) - sympy.factorial(p) / lam ** (p + 1))
    for p in (1, 2)
]
NODES, WEIGHTS = (leggauss(40)[0] + 1) * 2.5, leggauss(40)[1] * 2.5


def contour_shortfall(zeros: int, ones: int, deviation: float, power: int) -> float:
    """Return E(1 - S)+^power along two rays from lambda = 3, mirror images of each other, up to length 80."""
    turn = np.exp(2j * np.pi / 3)
    z = 3 + np.concatenate([5 * n + NODES for n in range(16)]) * turn

    def psi(mean: int) -> np.ndarray:
        upper = erfc((z * deviation - mean / deviation) / np.sqrt(2)) / 2
        return ndtr(-mean / deviation) + np.exp(-z * mean + (z * deviation) ** 2 / 2) * upper

    integrand = np.exp(z) / z ** (power + 1) * psi(0) ** zeros * psi(1) ** ones * turn
    return factorial(power) / np.pi * float((np.tile(WEIGHTS, 16) @ integrand).imag)


# %% [markdown]
# ## How many windows hold what
#
# All C(l, 2) pairs of sites are equally likely.  Of a window's xi sites m hold a pixel in C(xi, m) C(l - xi, 2 - m) of
# them, and there are l windows.

# %%
windows = [factor(expand_func(ell * binomial(xi, n) * binomial(ell - xi, 2 - n) / binomial(ell, 2))) for n in range(3)]

# %% [markdown]
# ## G at k~
#
# Without noise the map is 1 on n_2 windows and 0 elsewhere (see `deformation_last_layer.py`); that is the denominator.

# %%
spread = factor(2 * (windows[2] - windows[2] ** 2 / ell))
e = symbols("e_0:3")
noise = sum(n * x for n, x in zip(windows, e, strict=True))

# %% [markdown]
# On a long ring n_0 grows with l while n_2 falls off as 1/l.  The units that see nothing make the noise, the few that
# see both pixels make the signal: at fixed sigma G grows as l^2.

# %%
G_growth = sympy.limit(noise / spread / ell**2, ell, oo)


def at_numbers(length: int, scale: int, square: Fraction) -> float:
    """Return the noise, the numerator of G, at sigma^2 = ``square``."""
    values = {ell: length, xi: scale}
    for n, x in enumerate(e):
        closed = [part.subs(sigma, sqrt(Rational(square))) for part in pixel_sum(scale - n, n)]
        mu, v = (float(enclose(part, 20).mid()) for part in closed)
        short = [contour_shortfall(scale - n, n, float(square) ** 0.5, power) for power in (1, 2)]
        values[x] = response.subs({mean: mu, variance: v, calm: max(n - 1, 0), c1: short[0], c2: short[1]})
    return float(noise.subs(values))


def latex() -> str:
    """Return G at k~ of `shift`."""
    counts = r", \quad ".join(rf"n_{i} = {sympy.latex(n)}" for i, n in enumerate(windows))
    return "\n".join(
        [
            r"\begin{aligned}",
            rf"G_{{\tilde k}} &= (n_0 e_0 + n_1 e_1 + n_2 e_2) \Big/ {sympy.latex(spread)} \\",
            rf"&\quad {counts} \\",
            rf"e_m &= {sympy.latex(response)} \\",
            r"c_p &= \frac{p!}{2\pi i} \int \frac{e^\lambda}{\lambda^{p+1}}\, \psi_0^{\xi-m}\, \psi_1^m\, d\lambda",
            r"\end{aligned}",
        ]
    )


def check_integral() -> None:
    """Compare the integral with the proven series of `solver.gaussian.independent`."""
    for zeros, ones, deviation in ((7, 0, Fraction(3, 10)), (5, 2, Fraction(3, 10)), (2, 1, Fraction(1, 2))):
        terms = tuple(Term(Fraction(1), Fraction(n), deviation**2) for n in (*[0] * zeros, *[1] * ones))
        sums = RectifiedSums(Fraction(1), 20, deviation**2, len(terms))
        mu, v = (float(enclose(part.subs(sigma, Rational(deviation)), 20).mid()) for part in pixel_sum(zeros, ones))
        series = float(sums.excess(terms).mid()) - (mu - 1), v + (mu - 1) ** 2 - float(sums.excess_square(terms).mid())
        for power, value in enumerate(series, start=1):
            assert abs(contour_shortfall(zeros, ones, float(deviation), power) - value) < 1e-13


def check() -> None:
    """Check the steps, and compare G with the engine's proven balls."""
    assert first_identity == 0 and second_identity == 0
    assert same_exponent == 0 and level_transforms == [0, 0]
    assert cancel(sum(windows) - ell) == 0
    assert cancel(G_growth * 2 * xi * (xi - 1) - e[0]) == 0
    check_integral()
    for length, scale, energy in ((32, 7, Fraction(8, 3)), (10, 5, Fraction(1)), (41, 5, Fraction(9, 2))):
        task, eta = TwoPixelTask(length=length, scale=scale), GaussianNoise(energy=energy)
        network = construct("shift", task)
        G = sensitivities(network, task, noise=eta, method="series")[network.depth].G
        found = at_numbers(length, scale, eta.variance(length)) / float(spread.subs({ell: length, xi: scale}))
        assert abs(found / float(G) - 1) < 1e-12


if __name__ == "__main__":
    check()
    print(latex())
    print(at_numbers(32, 7, GaussianNoise().variance(32)) / float(spread.subs({ell: 32, xi: 7})))
