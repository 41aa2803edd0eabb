"""A noise response as a finite sum over units of independent sites, evaluated as balls of any small radius."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from functools import cache, cached_property
from math import log10

import flint
from flint import arb

from solver.gaussian.balls import is_resolved, rational_ball
from solver.gaussian.independent import RectifiedSums, SharedTerms, Terms, series_cost
from solver.gaussian.steps.sums import SteppedSums
from solver.sensitivity.noise.response import NoiseResponse

MOST_DIGITS = 24
"""Digits of each moment to one of the sum beyond which a wide ball is returned: fewer must do for a part that is 0."""


class BallSum:
    """A rational combination of moments of units, gathered by pattern, that evaluates to any number of digits.

    ``covariances`` of two units and ``differences`` E[(a - a0)(a' - a0')] are keyed by their common, left and
    right summands; each entry of ``squares`` is a combination of mean differences E[a] - a0, to be squared.
    Covariances are incoherent, squares coherent, and a difference is Cov(a, a') + (E[a] - a0) (E[a'] - a0').

    Parameters
    ----------
    level, smallest_scale : Fraction
        theta, and the least w^2 v of a summand.
    most_terms : int
        The most summands of a unit.
    """

    def __init__(self, level: Fraction, smallest_scale: Fraction, most_terms: int) -> None:
        self.level, self.smallest_scale, self.most_terms = level, smallest_scale, most_terms
        self.differences: dict[SharedTerms, Fraction] = defaultdict(Fraction)
        self.covariances: dict[SharedTerms, Fraction] = defaultdict(Fraction)
        self.squares: list[tuple[dict[Terms, Fraction], Fraction]] = []

    def enclose(self, digits: int) -> arb:
        """Return a ball around the sum, of relative radius below 10^-digits."""
        return self.enclose_split(digits).total

    def enclose_split(self, digits: int) -> NoiseResponse[arb]:
        """Return balls around the sum and its two parts; a part may be 0 to 10^-(10 digits) of the sum instead.

        Wider ones where the sum cancels beyond `MOST_DIGITS` times the digits.
        """
        working, most = self.working_digits(digits), MOST_DIGITS * (digits + 10)
        while True:
            balls = self.response(self.sums(working))
            small = abs(balls.total) * arb(10) ** (-10 * digits)
            parts = [part for part in (balls.coherent, balls.incoherent) if not abs(part) < small]
            if working == most or all(is_resolved(ball, digits) for ball in (balls.total, *parts)):
                return balls
            working = min(2 * working, most)

    def working_digits(self, digits: int) -> int:
        """Return the digits of each moment that give as many of the sum, unless much cancels."""
        weights = sum(map(abs, (*self.covariances.values(), *self.differences.values())), Fraction(1))
        return digits + 5 + int(log10(1 + int(weights)))

    def cost(self, digits: int) -> float:
        """Return how many products of balls a first attempt at some digits takes, roughly."""
        return min(self._costs(self.working_digits(digits)))

    def sums(self, digits: int) -> RectifiedSums | SteppedSums:
        """Return the cheaper of the series, whose cost grows with (level / deviation)^2, and the steps."""
        series, steps = self._costs(digits)
        if series < steps or not self.units:
            return RectifiedSums(self.level, digits, self.smallest_scale, self.most_terms)
        return SteppedSums(self.level, digits, self.units)

    @cached_property
    def units(self) -> tuple[Terms, ...]:
        """The summands of each unit that occurs."""
        pairs = [*self.covariances, *self.differences]
        joint = [joined(common, own) for common, left, right in pairs for own in (left, right)]
        return tuple(dict.fromkeys([*joint, *(terms for shifts, _ in self.squares for terms in shifts)]))

    def _costs(self, digits: int) -> tuple[float, float]:
        if not self.units:
            return 0.0, 0.0
        products = [*self.covariances, *self.differences]
        laws = len(self.units) + 4 * len(products)
        series = series_cost(self.level, digits, self.smallest_scale, self.most_terms, laws)
        return series, SteppedSums(self.level, digits, self.units).cost(products)

    def response(self, sums: RectifiedSums | SteppedSums) -> NoiseResponse[arb]:
        """Return the sum and its two parts from the moments of one evaluator."""
        mean = cache(sums.excess)
        with flint.ctx.workprec(sums.precision):
            incoherent, coherent = arb(0), arb(0)
            for (common, left, right), weight in self.covariances.items():
                means = mean(joined(common, left)) * mean(joined(common, right))
                incoherent += rational_ball(weight) * (_product(sums, common, left, right) - means)
            total = incoherent
            for (common, left, right), weight in self.differences.items():
                p, q = joined(common, left), joined(common, right)
                p0, q0 = rational_ball(self.calm(p)), rational_ball(self.calm(q))
                product = _product(sums, common, left, right)
                total += rational_ball(weight) * (product - p0 * mean(q) - q0 * mean(p) + p0 * q0)
                coherent += rational_ball(weight) * (mean(p) - p0) * (mean(q) - q0)
                if common:
                    incoherent += rational_ball(weight) * (product - mean(p) * mean(q))
            for shifts, weight in self.squares:
                calm = sum((v * self.calm(terms) for terms, v in shifts.items()), Fraction(0))
                shift = sum((rational_ball(v) * mean(terms) for terms, v in shifts.items()), -rational_ball(calm))
                total += rational_ball(weight) * shift * shift
                coherent += rational_ball(weight) * shift * shift
            return NoiseResponse(total, coherent, incoherent)

    def calm(self, terms: Terms) -> Fraction:
        """Return a unit's activation without noise."""
        return max(sum((t.calm for t in terms), -self.level), Fraction(0))


def _product(sums: RectifiedSums | SteppedSums, common: Terms, left: Terms, right: Terms) -> arb:
    return sums.excess_product(common, left, right) if left or right else sums.excess_square(common)


def joined(common: Terms, other: Terms) -> Terms:
    """Return the summands of one unit from those it shares and those of its own."""
    return tuple(sorted((*common, *other)))
