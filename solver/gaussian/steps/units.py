r"""A unit's summands as a near part, a Gaussian and a level: what noise cannot cut is not cut.

A rectified X+ whose mean is many deviations above 0 is X but for X_- = (-X)+, and one far below is 0 but for X+.  With
R the sum of what is left out, |a - a~| <= R for a = (S - theta)+, and in products

    |E[a a'] - E[a~ a~']| <= E[R |a'|] + E[|a~| R'],   E[R_j Y] <= E R_j E Y + E R_j^2,   Y = sum w |X| + |theta|,

as R_j is independent of all but its own term, which it equals where it is not 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import flint
from flint import arb

from solver.gaussian.balls import rational_ball
from solver.gaussian.independent import Terms
from solver.gaussian.moments import BALLS
from solver.gaussian.steps.tails import Kind, Sum


@dataclass(frozen=True)
class Part:
    """A sum of terms in units of length, the far ones replaced.

    Attributes
    ----------
    law : Sum
        Near terms, and the Gaussian of the far ones about 0.
    lift : Fraction
        What is added to it: the means of far terms, and shifts.
    left_out : tuple of Kind
        Below 0 on average: E of its rectified moments is what the replacement changes, term by term.
    """

    law: Sum
    lift: Fraction
    left_out: tuple[Kind, ...]


def part_of(terms: Terms, unit: Fraction, furthest: Fraction) -> Part:
    """Return the sum in some unit of length, with terms replaced whose squared mean exceeds ``furthest`` variances."""
    near: list[Kind] = []
    left_out: list[Kind] = []
    spread = lift = Fraction(0)
    for term in terms:
        scale = term.weight / unit
        mean, variance = scale * term.mean, scale * scale * term.variance
        lift += scale * term.shift
        if mean * mean <= furthest * variance:
            near.append(Kind(mean, variance))
            continue
        left_out.append(Kind(-abs(mean), variance))
        if mean > 0:
            spread, lift = spread + variance, lift + mean
    return Part(Sum(tuple(sorted(near)), spread), lift, tuple(left_out))


def mean(law: Sum) -> arb:
    """Return E S."""
    return sum((_moments(kind)[0] for kind in law.near), arb(0))


def variance(law: Sum) -> arb:
    """Return Var S."""
    return sum((square - m * m for m, square in map(_moments, law.near)), rational_ball(law.spread))


def absolute(law: Sum) -> arb:
    """Return a bound on E|S|."""
    return mean(law) + rational_ball(law.spread).sqrt()


def replaced_mean(part: Part) -> arb:
    """Return a bound on |E a - E a~|."""
    return sum((_moments(kind)[0] for kind in part.left_out), arb(0))


def replaced_product(units: Sequence[Part], terms: arb) -> arb:
    """Return a bound on |E[a a'] - E[a~ a~']| of two units; ``terms`` is one on E Y and E Y'."""
    moments = [_moments(kind) for unit in units for kind in unit.left_out]
    return sum((m * terms + square for m, square in moments), arb(0))


def _moments(kind: Kind) -> tuple[arb, arb]:
    return _moments_at(kind, flint.ctx.prec)


@lru_cache(maxsize=4096)
def _moments_at(kind: Kind, precision: int) -> tuple[arb, arb]:
    """Return E X+ and E X+^2 at flint's current precision."""
    return BALLS.mean(kind.mean, kind.variance), BALLS.square(kind.mean, kind.variance)


def absolute_terms(terms: Terms, unit: Fraction, level: Fraction) -> arb:
    """Return a bound on E Y: sum w (|m| + s + shift) + |theta|, in units of length."""
    total = rational_ball(level / unit)
    for term in terms:
        scale = rational_ball(term.weight / unit)
        total += scale * (rational_ball(abs(term.mean) + term.shift) + rational_ball(term.variance).sqrt())
    return total
