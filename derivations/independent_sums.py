# %% [markdown]
# # How far a sum of rectified Gaussians falls short of a level
#
# In the last layer of `shift` a unit is (S - theta)+ with S a sum of n independent rectified pixels
# r = max(X, 0), X ~ N(m, s^2).  S has an atom at 0 (no pixel is positive) and a density on (0, inf).  The n-fold
# convolution has no elementary form, but it has a convergent series.  **Result**: if
#
# $$\psi(X) = \Phi(-a) + \varphi(a)\sum_{i\ge0} He_i(a)\,(X/s)^{i+1},\quad a = m/s,\qquad \psi(X)^n = \sum_k c_k X^k,$$
#
# then, for every y > 0,
#
# $$P(S=0)=c_0,\qquad f(x)=\sum_{k\ge1} c_k \frac{x^{k-1}}{(k-1)!},\qquad
# E(y-S)_+^p = \sum_{k\ge0} c_k \frac{p!\,y^{k+p}}{(k+p)!}.$$

# %%
from collections.abc import Callable
from fractions import Fraction

import mpmath
import sympy
from sympy import Expr, Function, Rational, exp, factorial, integrate, oo, pi, sqrt, symbols

from solver.gaussian.balls import midpoint_radius
from solver.gaussian.independent import RectifiedSums, Term

t, x, y, m = symbols("t x y m", real=True)
s, lam = symbols("s lambda", positive=True)

# %% [markdown]
# ## One pixel, seen through its Laplace transform
#
# E e^(-lambda r) = Phi(-a) + int_0^inf e^(-lambda t) g(t) dt with g the Gaussian density.  Integrating by parts i times
# pulls out the derivatives of g at 0:
#
# int_0^inf e^(-lambda t) g(t) dt = g(0)/lambda + g'(0)/lambda^2 + ... ,
#
# and they are Hermite polynomials times the density.  We let sympy differentiate and compare.

# %%
density = exp(-((t - m) ** 2) / (2 * s**2)) / (s * sqrt(2 * pi))
a = m / s


def hermite(order: int) -> Expr:
    """Return He_i(a), the probabilists' Hermite polynomial."""
    return sympy.expand(2 ** (-Rational(order, 2)) * sympy.hermite(order, a / sqrt(2)))


derivatives = [sympy.simplify(sympy.diff(density, t, i).subs(t, 0)) for i in range(6)]
claimed = [hermite(i) * exp(-(a**2) / 2) / (sqrt(2 * pi) * s ** (i + 1)) for i in range(6)]

# %% [markdown]
# ## Sums multiply, powers of 1/lambda integrate
#
# The transform of a sum of independent terms is the product, so the series multiply.  Read backwards, lambda^-k is the
# transform of x^(k-1)/(k-1)!: that gives the density.  And E(y - S)+^p is the density once more integrated against
# (y - x)^p, which turns x^(k-1)/(k-1)! into p! y^(k+p)/(k+p)!.

# %%
k, p = symbols("k p", integer=True, positive=True)
powers = {
    (order, power): integrate(x ** (order - 1) / factorial(order - 1) * (y - x) ** power, (x, 0, y))
    for order in range(1, 6)
    for power in (1, 2)
}

# %% [markdown]
# Why the series converges for every y: Cramer's inequality |He_i(a)| phi(a) <= 0.44 sqrt(i!) makes the density of each
# term entire, with |g|(t) <= A e^(t^2/s^2); the convolution of n of them is entire too, so Cauchy's estimate on a
# circle of radius R bounds what a truncation at order N leaves out by a constant times (y/R)^N.  That bound is what
# `solver.gaussian.independent` adds to its balls.
#
# ## A part that does not fluctuate
#
# Noise that comes rectified leaves a site x + max(eta, 0): a summand of mean 0 and a constant.  Constants add up and
# only lower the level, from y to y - x: the law is that of the empty image, and a level of 0 or less leaves (S - y)_+
# affine, with no shortfall at all.


# %%
def latex() -> str:
    """Return the series of the shortfall."""
    order, power = symbols("k p", integer=True)
    coefficient = Function("c")(order)
    term = coefficient * factorial(power) * y ** (order + power) / factorial(order + power)
    return rf"\mathbb{{E}}(y-S)_+^p = \sum_{{k\ge0}} {sympy.latex(term)}"


def quadrature_excess(means: list[Fraction], deviation: Fraction, level: Fraction, power: int) -> mpmath.mpf:
    """Return E[(S - level)+^power] of two terms by nested quadrature, the atoms apart."""

    def phi(u: mpmath.mpf, mean: Fraction) -> mpmath.mpf:
        return mpmath.npdf(u, mpmath.mpf(mean.numerator) / mean.denominator, sd)

    def integral(function: Callable[[mpmath.mpf], mpmath.mpf], panels: list[mpmath.mpf]) -> mpmath.mpf:
        return mpmath.quad(function, panels, method="gauss-legendre", maxdegree=4)

    sd = mpmath.mpf(deviation.numerator) / deviation.denominator
    theta = mpmath.mpf(level.numerator) / level.denominator
    zero = [mpmath.ncdf(0, mpmath.mpf(mean.numerator) / mean.denominator, sd) for mean in means]
    end = theta + 12

    def alone(mean: Fraction) -> mpmath.mpf:
        return integral(lambda u: (u - theta) ** power * phi(u, mean), mpmath.linspace(theta, end, 5))

    def given(u: mpmath.mpf) -> mpmath.mpf:
        start = max(theta - u, mpmath.mpf(0))
        return integral(lambda v: (u + v - theta) ** power * phi(v, means[1]), [start, start + 2, start + 8])

    both = integral(lambda u: given(u) * phi(u, means[0]), [0, theta, theta + 2, theta + 8])
    return zero[1] * alone(means[0]) + zero[0] * alone(means[1]) + both


def check() -> None:
    """Compare each step, and the proven balls with nested quadrature of two pixels."""
    for found, formula in zip(derivatives, claimed, strict=True):
        assert sympy.simplify(found - formula) == 0
    for (order, power), integral in powers.items():
        formula = factorial(power) * y ** (order + power) / factorial(order + power)
        assert sympy.simplify(integral - formula) == 0
    assert integrate(exp(-lam * x) * x**3 / factorial(3), (x, 0, oo)) == lam**-4
    means, deviation, level = [Fraction(0), Fraction(1)], Fraction(1, 2), Fraction(1)
    terms = tuple(Term(Fraction(1), mean, deviation**2) for mean in means)
    sums = RectifiedSums(level, 25, deviation**2, 2)
    with mpmath.workdps(15):
        for shift in (Fraction(0), Fraction(1, 3)):
            shifted = (terms[0], terms[1]._replace(shift=shift))
            for power, ball in ((1, sums.excess(shifted)), (2, sums.excess_square(shifted))):
                middle, radius = midpoint_radius(ball)
                found = mpmath.mpf(middle.numerator) / middle.denominator
                difference = abs(quadrature_excess(means, deviation, level - shift, power) - found)
                assert difference < mpmath.mpf("1e-12") and radius < Fraction(1, 10**24)


if __name__ == "__main__":
    check()
    print(latex())
