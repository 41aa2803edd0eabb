r"""Sums of independent rectified Gaussians: how far they exceed a level, with proven bounds.

S = sum_j w_j (X_j)+ with X_j ~ N(m_j, v_j) independent and w_j > 0 has an atom at 0 and a density that is
analytic on (0, inf).  Its Laplace transform is a product, E e^(-lambda S) = prod_j psi_j, and in powers of
1/lambda it says everything about the law at finite distance: if the product is sum_n c_n lambda^-n, then

    P(S = 0) = c_0,   density f(x) = sum_(n>=1) c_n x^(n-1)/(n-1)!,   E(y - S)+^k = sum_n c_n k! y^(n+k)/(n+k)!

The series converge for every y.  They are summed in ball arithmetic and the rest is bounded by Cauchy's
estimate, so every ball returned is proven (derivation: derivations/independent_sums.py).

A summand w (c + (X)+) with a part c that does not fluctuate lowers the level by w c and leaves the law of S as it is.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from functools import lru_cache
from math import factorial
from typing import NamedTuple

import flint
from flint import arb, arb_poly

from solver.errors import InputError
from solver.gaussian.balls import enclose, normal_cdf, normal_density, rational_ball
from solver.gaussian.moments import rectified_mean, rectified_square


class Term(NamedTuple):
    """One summand w (shift + X+) with X ~ N(mean, variance) and w shift >= 0."""

    weight: Fraction
    mean: Fraction
    variance: Fraction
    shift: Fraction = Fraction(0)

    @property
    def calm(self) -> Fraction:
        """The summand without noise."""
        return self.weight * (self.shift + max(self.mean, Fraction(0)))


Terms = tuple[Term, ...]
"""A sum, its terms in sorted order."""
SharedTerms = tuple[Terms, Terms, Terms]
"""The summands that two units have in common, and each one's own."""

LARGEST_SQUARE = 1000
"""Largest theta^2 / min(w^2 v) that the series are summed for."""
_CRAMER = Fraction(44, 100)
"""|He_n(x)| phi(x) <= 0.44 sqrt(n!) (Cramer's inequality with constant 1.0865 / sqrt(2 pi))."""


class RectifiedSums:
    """Expectations over sums S of independent rectified Gaussians beyond one level.

    Parameters
    ----------
    level : Fraction
        theta > 0.
    digits : int
        Digits that the series are summed to; the balls returned say what was reached.

    Notes
    -----
    A law costs O(terms N^2) ball operations with N of the order of theta^2 / min(w^2 v) + digits.
    """

    def __init__(self, level: Fraction, digits: int, smallest_scale: Fraction, most_terms: int) -> None:
        """``smallest_scale`` is the least w^2 v, ``most_terms`` the most terms of any sum that will be asked for."""
        self.level = level
        self.order = _order(level, digits, smallest_scale, most_terms)
        self.digits = digits
        self.precision = int(3.4 * digits) + 64 + int(4 * level**2 / smallest_scale)
        with flint.ctx.workprec(self.precision):
            self.tail = _tail(level, self.order, smallest_scale, most_terms)
        self._laws: dict[Terms, arb_poly] = {(): arb_poly([1])}

    def excess(self, terms: Terms) -> arb:
        """Return E(S - theta)+."""
        with flint.ctx.workprec(self.precision):
            level = self._level(terms)
            return self._mean(terms) - rational_ball(level) + self._shortfall(terms, level, 1)

    def excess_square(self, terms: Terms) -> arb:
        """Return E[(S - theta)+^2] = E(S - theta)^2 - E(theta - S)+^2."""
        with flint.ctx.workprec(self.precision):
            level = self._level(terms)
            centre = self._mean(terms) - rational_ball(level)
            return self._variance(terms) + centre * centre - self._shortfall(terms, level, 2)

    def excess_product(self, common: Terms, left: Terms, right: Terms) -> arb:
        """Return E[(A + B - theta)+ (B + C - theta)+] for independent sums A (left), B (common), C (right).

        With levels s and t in place of theta, both factors are independent given B = x, the one E(A + x - s)+ =
        x + E A - s + g_A(s - x) with g_A(y) = E(y - A)+; what is left are integrals over the law of B, which
        end at the level of the factor g, or of two the lower one.
        """
        with flint.ctx.workprec(self.precision):
            s, t = self._level((*common, *left)), self._level((*common, *right))
            alpha, gamma = self._mean(left) - rational_ball(s), self._mean(right) - rational_ball(t)
            centre = self._mean(common)
            linear = self._variance(common) + (centre + alpha) * (centre + gamma)
            g_left, g_right = self._shortfall_series(left), self._shortfall_series(right)
            integrands: dict[Fraction, arb_poly] = defaultdict(arb_poly)
            integrands[t] += arb_poly([rational_ball(t) + alpha, -1]) * g_right
            integrands[s] += arb_poly([rational_ball(s) + gamma, -1]) * g_left
            lower = min(s, t)
            integrands[lower] += _ahead(g_left, s - lower) * _ahead(g_right, t - lower)
            law = self._law(common)
            integral = sum((_convolved(law, h, rational_ball(b)) for b, h in integrands.items() if b > 0), arb(0))
            theta = rational_ball(self.level)
            slope = theta + abs(alpha) + abs(gamma)
            largest = 2 * slope * theta + theta * theta
            error_h = self.tail * (2 * slope + 2 * theta + self.tail)
            return linear + integral + _ball(error_h + self.tail * theta * (largest + error_h))

    def _level(self, terms: Terms) -> Fraction:
        """Return what the summands' shifts leave of the level."""
        level = self.level - sum((t.weight * t.shift for t in terms), Fraction(0))
        if level > self.level:
            raise InputError(f"summands: expected weight * shift >= 0 in total, got {self.level - level}")
        return level

    def _mean(self, terms: Terms) -> arb:
        return sum((rational_ball(t.weight) * _moments(t, self.digits)[0] for t in terms), arb(0))

    def _variance(self, terms: Terms) -> arb:
        moments = [(rational_ball(t.weight), *_moments(t, self.digits)) for t in terms]
        return sum((w * w * (square - mean * mean) for w, mean, square in moments), arb(0))

    def _law(self, terms: Terms) -> arb_poly:
        """Return the coefficients c_n of E e^(-lambda S) in powers of 1/lambda."""
        terms = tuple(t._replace(shift=Fraction(0)) for t in terms)
        if terms not in self._laws:
            last = _term_law(terms[-1], self.order, self.precision)
            self._laws[terms] = (self._law(terms[:-1]) * last).truncate(self.order + 1)
        return self._laws[terms]

    def _shortfall_series(self, terms: Terms) -> arb_poly:
        """Return E(y - S)+ as a polynomial in y, to within the tail on [0, theta]."""
        return arb_poly([0, *(c / arb.fac_ui(n + 1) for n, c in enumerate(self._law(terms).coeffs()))])

    def _shortfall(self, terms: Terms, level: Fraction, power: int) -> arb:
        """Return E(level - S)+^power."""
        if level <= 0:
            return arb(0)
        total, y = arb(0), rational_ball(level)
        for n, c in enumerate(self._law(terms).coeffs()):
            total += c * y ** (n + power) / arb.fac_ui(n + power)
        return factorial(power) * total + _ball(self.tail)


def _ahead(series: arb_poly, distance: Fraction) -> arb_poly:
    """Return the polynomial at y + distance, as one in y."""
    return series(arb_poly([rational_ball(distance), 1])) if distance else series


def _convolved(law: arb_poly, h: arb_poly, theta: arb) -> arb:
    """Return c_0 h(theta) + int_0^theta f(x) h(theta - x) dx, by x^i/i! * y^j/j! -> theta^(i+j+1)/(i+j+1)!."""
    c = law.coeffs()
    scaled = arb_poly([a * arb.fac_ui(j) for j, a in enumerate(h.coeffs())])
    product = arb_poly(c[1:]) * scaled if len(c) > 1 else arb_poly([0])
    total = c[0] * h(theta)
    for n, a in enumerate(product.coeffs()):
        total += a * theta ** (n + 1) / arb.fac_ui(n + 1)
    return total


@lru_cache(maxsize=256)
def _term_law(term: Term, order: int, precision: int) -> arb_poly:
    """Return p_0 + sum_i g^(i)(0) / lambda^(i+1) for the density g of w X+: g^(i)(0) = He_i(a) phi(a) / (w s)^(i+1)."""
    with flint.ctx.workprec(precision):
        s = rational_ball(term.variance).sqrt()
        a = rational_ball(term.mean) / s
        scale = 1 / (rational_ball(term.weight) * s)
        previous, current, power = arb(0), arb(1), normal_density(a) * scale
        coefficients = [normal_cdf(-a)]
        for i in range(order):
            coefficients.append(current * power)
            previous, current = current, a * current - i * previous
            power *= scale
        return arb_poly(coefficients)


@lru_cache(maxsize=256)
def _moments(term: Term, digits: int) -> tuple[arb, arb]:
    """Return E[X+] and E[X+^2]."""
    first, second = (moment(term.mean, term.variance) for moment in (rectified_mean, rectified_square))
    return enclose(first, digits + 10), enclose(second, digits + 10)


def series_cost(level: Fraction, digits: int, smallest_scale: Fraction, most_terms: int, laws: int) -> float:
    """Return about how many products of balls a number of laws takes; infinite beyond `LARGEST_SQUARE`."""
    square = level * level / smallest_scale
    if square > LARGEST_SQUARE:
        return float("inf")
    bits = 3.4 * digits + 64 + 4 * float(square)
    return float(laws * _order(level, digits, smallest_scale, most_terms) ** 2) * max(1.0, bits / 200)


def _order(level: Fraction, digits: int, smallest_scale: Fraction, most_terms: int) -> int:
    """Return the first order, doubling, whose tail is below 10^-digits."""
    order = max(64, int(8 * level**2 / smallest_scale))
    target = arb(10) ** (-digits)
    while not _tail(level, order, smallest_scale, most_terms) < target:
        order += order // 2
    return order


def _tail(level: Fraction, order: int, smallest_scale: Fraction, most_terms: int) -> arb:
    r"""Return a bound on what the truncated series of a density and of E(y - S)+^k, k <= 2, leave out on [0, theta].

    With q^2 = 1 / min(w^2 v) each density's series is majorised, by Cramer's and the Cauchy-Schwarz inequality,
    by A e^(q^2 t^2), A = 0.44 sqrt(2) q; a convolution of them at |t| = R by B = e^(q^2 R^2) ((1 + A) max(1, R))^n.
    Cauchy's estimate on the circle R = rho theta bounds the coefficients, a geometric series the rest.
    """
    theta = rational_ball(level)
    q2 = 1 / rational_ball(smallest_scale)
    rho = (arb(order) / (2 * q2 * theta * theta)).sqrt()
    rho = rho if rho > 2 else arb(2)
    radius = rho * theta
    largest = radius if radius > 1 else arb(1)
    a = rational_ball(_CRAMER) * (2 * q2).sqrt()
    bound = (q2 * radius * radius).exp() * ((1 + a) * largest) ** most_terms
    return (1 + radius * bound) * largest * largest * rho ** (-order) / (1 - 1 / rho)


def _ball(radius: arb) -> arb:
    return arb(0, radius.upper())
