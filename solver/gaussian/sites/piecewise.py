"""Continuous piecewise linear functions of one number: exact ones, and changes around a point as floats."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

ZERO = Fraction(0)
FURTHEST_KNOT = 1e150
"""Knots farther out are kept there."""


@dataclass(frozen=True)
class PiecewiseLinear:
    """A continuous function g: linear between ``places``, of slopes ``first`` before and ``last`` behind them.

    Attributes
    ----------
    places : tuple of exact numbers
        Where its slope changes, in order; 0 alone if nowhere.
    values : tuple of exact numbers
        g there.
    first, last : exact number
        The outer slopes.

    Examples
    --------
    >>> g = chained(RELU, piecewise_linear(lambda y: 2 * y - 1, []))
    >>> g(0), g(2), g.places == (Fraction(1, 2),)
    (Fraction(0, 1), Fraction(3, 1), True)
    """

    places: tuple[Any, ...]
    values: tuple[Any, ...]
    first: Any
    last: Any

    def __call__(self, y: Any) -> Any:
        """Return g(y), exactly."""
        n = bisect_left(self.places, y)
        at = min(n, len(self.places) - 1)
        return self.values[at] + self.slopes[n] * (y - self.places[at])

    @property
    def slopes(self) -> tuple[Any, ...]:
        """The slopes from left to right, one more than places."""
        p, v = self.places, self.values
        return (self.first, *((v[n + 1] - v[n]) / (p[n + 1] - p[n]) for n in range(len(p) - 1)), self.last)

    @property
    def is_constant(self) -> bool:
        """Whether it has one value."""
        return all(slope == 0 for slope in self.slopes)

    @property
    def least(self) -> Any:
        """The smallest value; None if there is none."""
        return min(self.values) if self.first <= 0 <= self.last else None

    @property
    def most(self) -> Any:
        """The largest value; None if there is none."""
        return max(self.values) if self.last <= 0 <= self.first else None


def piecewise_linear(function: Callable[[Any], Any], places: Iterable[Any]) -> PiecewiseLinear:
    """Return a function that is linear between some places, of which only those stay where its slope changes."""
    ends = sorted(set(places)) or [ZERO]
    found = [function(y) for y in ends]
    last = function(ends[-1] + 1) - found[-1]
    whole = PiecewiseLinear(tuple(ends), tuple(found), found[0] - function(ends[0] - 1), last)
    slopes = whole.slopes
    bent = [n for n in range(len(ends)) if slopes[n] != slopes[n + 1]]
    if not bent:
        return PiecewiseLinear((ZERO,), (function(ZERO),), last, last)
    kept = tuple(ends[n] for n in bent), tuple(found[n] for n in bent)
    return PiecewiseLinear(*kept, slopes[bent[0]], slopes[bent[-1] + 1])


IDENTITY = piecewise_linear(lambda y: y, [])
RELU = piecewise_linear(lambda y: max(y, ZERO), [ZERO])
HARDTANH = piecewise_linear(lambda y: max(-1 - ZERO, min(y, 1 + ZERO)), [-1 - ZERO, 1 + ZERO])
PIECEWISE = {"identity": IDENTITY, "relu": RELU, "hardtanh": HARDTANH}
"""Each activation as a piecewise linear function."""


def chained(outer: PiecewiseLinear, inner: PiecewiseLinear) -> PiecewiseLinear:
    """Return y -> outer(inner(y)), whose slope changes where that of either does."""
    places, slopes = list(inner.places), inner.slopes
    for n, slope in enumerate(slopes):
        if slope != 0:
            at = min(n, len(inner.places) - 1)
            places += [inner.places[at] + (end - inner.values[at]) / slope for end in outer.places]
    return piecewise_linear(lambda y: outer(inner(y)), places)


def weighted(terms: Iterable[tuple[Any, PiecewiseLinear]]) -> PiecewiseLinear:
    """Return the sum of functions times weights."""
    chosen = [(w, g) for w, g in terms if w != 0]
    return piecewise_linear(
        lambda y: sum((w * g(y) for w, g in chosen), ZERO), (p for _, g in chosen for p in g.places)
    )


def slope_ratio(g: PiecewiseLinear, h: PiecewiseLinear) -> Any:
    """Return r with h = r g but for a constant; None if there is none."""
    steep = next(((a, b) for a, b in zip(g.slopes, h.slopes, strict=False) if a != 0), None)
    if steep is None or g.places != h.places:
        return None
    r = steep[1] / steep[0]
    return r if all(b == r * a for a, b in zip(g.slopes, h.slopes, strict=True)) else None


@dataclass(frozen=True)
class PiecewiseChange:
    """d(t) = (g(x + s t) - g(x)) / s as floats: continuous, linear between ``knots``, and 0 at 0.

    Attributes
    ----------
    knots : tuple of float
        Where its slope changes, in order.
    slopes : tuple of float
        From left to right, one more than knots.
    """

    knots: tuple[float, ...]
    slopes: tuple[float, ...]

    @property
    def steepness(self) -> float:
        """The largest |slope|, by which a change of t is multiplied at most."""
        return max(map(abs, self.slopes))

    def within(self, reach: float) -> PiecewiseChange:
        """Return the same function for |t| < reach, without the knots beyond."""
        inside = [n for n, knot in enumerate(self.knots) if abs(knot) < reach]
        if not inside:
            return PiecewiseChange((), (self.slopes[int(np.searchsorted(self.knots, 0.0))],))
        first, last = inside[0], inside[-1]
        return PiecewiseChange(self.knots[first : last + 1], self.slopes[first : last + 2])

    def __call__(self, t: np.ndarray) -> np.ndarray:
        """Return d(t): the line through 0, and what each knot adds beyond it, so that nothing cancels near 0."""
        side = int(np.searchsorted(self.knots, 0.0))
        total = self.slopes[side] * t
        for n, knot in enumerate(self.knots):
            jump = self.slopes[n + 1] - self.slopes[n]
            total = total + jump * (np.maximum(t - knot, 0) if n >= side else np.maximum(knot - t, 0))
        return np.asarray(total)


def change_around(g: PiecewiseLinear, x: Any, scale: float) -> PiecewiseChange:
    """Return the change of g around x, in units of ``scale`` of both."""
    places = g.places if g.slopes[0] != g.slopes[1] else ()
    knots = tuple(_quotient(place - x, scale) for place in places)
    return PiecewiseChange(knots, tuple(map(float, g.slopes[len(g.slopes) - 1 - len(places) :])))


def _quotient(number: Any, scale: float) -> float:
    """Return a number in units of a scale, at most what still counts as out of reach."""
    return max(-FURTHEST_KNOT, min(float(number) / scale, FURTHEST_KNOT))
