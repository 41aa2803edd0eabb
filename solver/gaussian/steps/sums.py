r"""Sums of independent rectified Gaussians beyond a level, at a cost that weak noise does not raise.

With levels s and t, lines l(x) = x - s + E A and l'(x) = x - t + E C, and e(x) = E(A + x - s)+ = l(x) + E(s - x - A)+,
likewise e',

    E[(A + B - s)+ (B + C - t)+] = E[(A + B - s) (B + C - t)] + int (e e' - l l') dF_B

over the law of B, an atom at 0 and a density, which `SteppedLaws` gives panel by panel.  Where a unit is below its
level, or above, but for a tail that is small in mean square, it is 0, or a line.  Far out e is 0 or l.
(Derivation: derivations/stepped_sums.py.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import log, prod
from typing import NamedTuple

import flint
from flint import arb, arb_poly

from solver.gaussian.balls import normal_cdf, normal_density, rational_ball
from solver.gaussian.independent import SharedTerms, Terms
from solver.gaussian.steps.laws import ALONE, SteppedLaws, integral, reversed_series
from solver.gaussian.steps.tails import Kind, Sum, beyond, excess_bound, reach
from solver.gaussian.steps.units import (
    Part,
    absolute,
    absolute_terms,
    mean,
    part_of,
    replaced_mean,
    replaced_product,
    variance,
)

NOTHING, LINE, LIVE = "nothing", "line", "live"


class Unit(NamedTuple):
    """(S - level)+, what stands for it (0, S - level, or itself), how far off that is, and sqrt E(S - level)^2."""

    part: Part
    level: Fraction
    state: str
    rest: arb
    size: arb


class Side(NamedTuple):
    """One factor given B: E(A + x - level)+, or the line that stands for it."""

    law: Sum
    level: Fraction
    is_line: bool
    low: int
    high: int
    """Where E(y - A)+ is 0, and y - E A, but for what is below."""
    below: arb
    above: arb


class SteppedSums:
    """Expectations over sums S of independent rectified Gaussians beyond one level; see `RectifiedSums`.

    Parameters
    ----------
    level : Fraction
        theta > 0.
    digits : int
        After the point, in units of the smallest deviation; the balls returned say what was reached.
    units : collection of Terms
        All sums that will be asked for, or parts of which.

    Notes
    -----
    A law costs O(panels order) products for each of its prod_k (n_k + 1) parts, an integral O(panels order^2), with
    panels of the order of sqrt(terms digits), order of digits: whatever theta^2 / variance is.  ``operations`` counts.
    """

    def __init__(self, level: Fraction, digits: int, units: Collection[Terms]) -> None:
        self.level, self.digits = level, digits
        terms = {term for unit in units for term in unit}
        self.length = _length(min(term.weight**2 * term.variance for term in terms))
        largest = max(level + sum((t.weight * (abs(t.mean) + t.shift) for t in unit), Fraction(0)) for unit in units)
        spare = len(str(int(largest / self.length)))
        self.nats = (digits + 2 * spare + 3) * log(10)
        self.furthest = Fraction(int(2 * self.nats) + 8)
        laws = {self._part(unit).law for unit in units}
        self._near: list[tuple[Kind, ...]] = []
        for near in sorted({law.near for law in laws}, key=len, reverse=True):
            if not any(_holds(other, near) for other in self._near):
                self._near.append(near)
        self._growth = max(Sum(near, Fraction(1)).growth for near in self._near)
        self.precision = int(3.4 * (digits + 4 * spare) + 3 * self._growth) + 256
        self.tolerance = arb(10) ** -(digits + spare)
        self._laws: dict[Fraction, list[SteppedLaws]] = {}
        self._products = 0
        self._unit = cache(self._unit_of)

    @property
    def operations(self) -> int:
        """The products of balls so far, roughly."""
        return self._products + sum(laws.operations for each in self._laws.values() for laws in each)

    def cost(self, products: Iterable[SharedTerms]) -> float:
        """Return about how many ``operations`` some products take, at most; infinite if nothing reaches the level.

        Nothing is integrated.
        """
        with flint.ctx.workprec(self.precision):
            units = [[self._unit((*common, *own)) for own in (left, right)] for common, left, right in products]
        if all(unit.state == NOTHING for pair in units for unit in pair):
            return float("inf")
        pairs = [(p, q) for p, q in units if NOTHING not in (p.state, q.state) and LIVE in (p.state, q.state)]
        live = {unit.part.law for pair in pairs for unit in pair if unit.state == LIVE}
        order = 32 + 0.6 * (self.nats + self._growth)
        spreads = {Fraction(0)} | {law.spread for law in live}
        expansions, widest = 0.0, 0.0
        for near in {next(near for near in self._near if _holds(near, law.near)) for law in live}:
            span = min(reach(Sum(near, max(spreads)), self.nats), float(self.level / self.length)) + 2
            parts = prod(count + 1 for count in Counter(near).values())
            expansions += ALONE * 2 * len(spreads) * span * parts * (2 + len(set(near))) * order
            widest = max(widest, span)
        return expansions + len(pairs) * widest * 3 * order**2

    def excess(self, terms: Terms) -> arb:
        """Return E(S - theta)+."""
        with flint.ctx.workprec(self.precision):
            unit = self._unit(terms)
            value, nowhere = arb(0), Fraction(0)
            if unit.state != NOTHING:
                side = self._side(unit.part.law, unit)
                value = self._factor(side, nowhere, nowhere, nowhere)[0]
            return (value + _ball(unit.rest + replaced_mean(unit.part))) * rational_ball(self.length)

    def excess_square(self, terms: Terms) -> arb:
        """Return E[(S - theta)+^2]."""
        return self.excess_product(terms, (), ())

    def excess_product(self, common: Terms, left: Terms, right: Terms) -> arb:
        """Return E[(A + B - theta)+ (B + C - theta)+] for independent sums A (left), B (common), C (right)."""
        with flint.ctx.workprec(self.precision):
            units = self._unit((*common, *left)), self._unit((*common, *right))
            bound = max(absolute_terms((*common, *own), self.length, self.level).upper() for own in (left, right))
            p, q = units
            error = p.rest * q.size + q.rest * p.size + p.rest * q.rest + replaced_product([p.part, q.part], bound)
            value = arb(0)
            if NOTHING not in (p.state, q.state):
                law = self._part(common).law
                sides = [self._side(self._part(own).law, unit) for own, unit in zip((left, right), units, strict=True)]
                first, second = (mean(law) + self._line(side, Fraction(0))[0] for side in sides)
                value = variance(law) + first * second
                if not p.state == q.state == LINE:
                    value += self._difference(law, sides, [p.size, q.size])
            return (value + _ball(error)) * rational_ball(self.length) ** 2

    def _part(self, terms: Terms) -> Part:
        return part_of(terms, self.length, self.furthest)

    def _unit_of(self, terms: Terms) -> Unit:
        """Return a unit, and whether it is 0 or a line but for a rest that is small in mean square."""
        part = self._part(terms)
        law, level = part.law, self.level / self.length - part.lift
        centre = mean(law) - rational_ball(level)
        size = (variance(law) + centre * centre).sqrt()
        if not law.spread and (level <= 0 or not law.near):
            return Unit(part, level, LINE if level <= 0 else NOTHING, arb(0), size)
        small = (-arb(self.nats)).exp()
        for state, side in ((NOTHING, 1), (LINE, -1)):
            rest = beyond(law, level, side).sqrt()
            if rest < small:
                return Unit(part, level, state, rest, size)
        return Unit(part, level, LIVE, arb(0), size)

    def _side(self, law: Sum, unit: Unit) -> Side:
        """Return a unit's own part as a function of what it shares."""
        low, high, below, above = 0, 0, arb(0), arb(0)
        if law.near or law.spread:
            high = reach(law, self.nats)
            above = excess_bound(law, Fraction(high))
        if law.spread:
            low, s = self._lowest(law), rational_ball(law.spread).sqrt()
            below = low * normal_cdf(low / s) + s * normal_density(low / s)
        return Side(law, unit.level, unit.state == LINE, low, high, below, above)

    def _lowest(self, law: Sum) -> int:
        """Return a level below which a sum with a Gaussian is found with a probability of about e^-nats."""
        return -int((2 * self.nats * float(law.spread)) ** 0.5) - 1

    def _laws_of(self, law: Sum) -> SteppedLaws:
        """Return the laws that hold a sum, of the first unit that does."""
        there = self._laws.setdefault(law.spread, [])
        for laws in there:
            if _holds(laws.law.near, law.near):
                return laws
        near = next((near for near in self._near if _holds(near, law.near)), law.near)
        there.append(SteppedLaws(Sum(near, law.spread), self.tolerance))
        return there[-1]

    def _line(self, side: Side, centre: Fraction) -> arb_poly:
        return arb_poly([rational_ball(centre - side.level) + mean(side.law), 1])

    def _factor(self, side: Side, start: Fraction, end: Fraction, centre: Fraction) -> arb_poly:
        """Return E(A + x - level)+ on a panel, as a polynomial in x - centre."""
        line = self._line(side, centre)
        first, last = side.level - end, side.level - start
        if side.is_line or (not side.law.spread and last <= 0):
            return line
        if first >= side.high:
            return arb_poly([_ball(side.above)])
        if side.law.spread and last <= side.low:
            return line + _ball(side.below)
        shortfall = self._laws_of(side.law).shortfall(side.law.near, side.level - centre)
        return line + reversed_series(shortfall)

    def _difference(self, law: Sum, sides: list[Side], sizes: list[arb]) -> arb:
        """Return int (e e' - l l') dF_B."""
        live = [side for side in sides if not side.is_line]
        top = max(side.level - side.low for side in live)
        low = self._lowest(law) if law.spread else 0
        high = reach(law, self.nats) if law.near or law.spread else 0
        end = min(Fraction(high), top)
        one, other = (arb(0) if side.is_line else side.below for side in sides)
        total = _ball(sizes[0] * other + sizes[1] * one + one * other)
        if high < top and (law.near or law.spread):
            total += _ball(2 * beyond(law, Fraction(high), 1, *(_distance(side, high) for side in sides)))
        if law.spread:
            total += _ball(2 * beyond(law, Fraction(low), -1, *(_distance(side, low) for side in sides)))
        else:
            atom = arb(1)
            for kind in law.near:
                atom *= normal_cdf(-rational_ball(kind.mean) / rational_ball(kind.variance).sqrt())
            total += atom * self._change(sides, Fraction(0), Fraction(0), Fraction(0))[0]
        if law.near or law.spread:
            for start, stop in _panels(Fraction(low), end, [side.level for side in live]):
                total += self._integrated(law, sides, start, stop)
        return total

    def _integrated(self, law: Sum, sides: list[Side], start: Fraction, stop: Fraction) -> arb:
        """Return the integral over one panel."""
        centre = (start + stop) / 2
        change = self._change(sides, start, stop, centre)
        density = self._laws_of(law).density(law.near, centre)
        self._products += change.length() * (density.length() + change.length())
        return integral(change * density, start - centre, stop - centre)

    def _change(self, sides: list[Side], start: Fraction, stop: Fraction, centre: Fraction) -> arb_poly:
        one, other = (self._factor(side, start, stop, centre) for side in sides)
        return one * other - self._line(sides[0], centre) * self._line(sides[1], centre)


def _length(variance: Fraction) -> Fraction:
    """Return a power of 2 within a factor of about 2 of the deviation."""
    exponent = (variance.numerator.bit_length() - variance.denominator.bit_length()) // 2
    return Fraction(2) ** exponent


def _holds(many: tuple[Kind, ...], few: tuple[Kind, ...]) -> bool:
    return Counter(few) <= Counter(many)


def _distance(side: Side, x: int) -> arb:
    """Return a bound on e, and on |l|, at x."""
    return rational_ball(abs(x - side.level)) + absolute(side.law)


def _panels(start: Fraction, end: Fraction, kinks: list[Fraction]) -> list[tuple[Fraction, Fraction]]:
    """Return panels between even numbers, cut at the kinks."""
    edges = {Fraction(n) for n in range(int(start // 2) * 2, int(end) + 1, 2)} | {start, end, *kinks}
    return list(pairwise(sorted(edge for edge in edges if start <= edge <= end)))


def _ball(radius: arb) -> arb:
    return arb(0, arb(radius).upper())
