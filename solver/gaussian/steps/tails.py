r"""How much of a sum lies far out: Chernoff's bounds, in balls.

For any lambda > 0 and u >= 0 each of 1, u and u^2 is below e^(lambda u), e^(lambda u)/(e lambda) and
4 e^(lambda u)/(e lambda)^2, so that a polynomial in S - y is bounded beyond y by E e^(lambda (S - y)).
"""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import flint
from flint import arb

from solver.gaussian.balls import normal_cdf, rational_ball

SLOPES = tuple(2.0 ** (k / 4) for k in range(-40, 61))
"""The lambdas that are tried; any one of them gives a bound."""
FURTHEST = 1e9
"""Levels beyond are as good as this one for the choice of lambda."""


class Kind(NamedTuple):
    """A Gaussian before it is rectified, its weight multiplied in."""

    mean: Fraction
    variance: Fraction


class Sum(NamedTuple):
    """sum of X+ over ``near``, and a Gaussian of mean 0 and variance ``spread`` that is not rectified."""

    near: tuple[Kind, ...]
    spread: Fraction

    @property
    def growth(self) -> float:
        """A bound on (M - x)^2 / 2V from x = 0 on, of any part of the sum, in nats."""
        kinds = [k for k in self.near if self.spread or k.mean > 0]
        return float(sum((k.mean * k.mean / k.variance for k in kinds), Fraction(0)) / 2)


def beyond(law: Sum, y: Fraction, side: int, first: arb | int = 0, second: arb | int = 0) -> arb:
    """Return a bound on E[(u + first) (u + second); u > 0] with u = side (S - y), side 1 or -1."""
    size, unit = _tilted(law, y, side)
    return (size * (4 * unit * unit + unit * (first + second) + arb(first) * second)).upper()


def excess_bound(law: Sum, y: Fraction) -> arb:
    """Return a bound on E(S - y)+."""
    size, unit = _tilted(law, y, 1)
    return (size * unit).upper()


@lru_cache(maxsize=1024)
def reach(law: Sum, nats: float) -> int:
    """Return a level beyond which S is found with a probability of about e^-nats."""
    return math.ceil(min((x + nats) / slope for x, slope in zip(_exponents(law, 1), SLOPES, strict=True)))


def nats_of(tolerance: arb) -> float:
    """Return -log of a small number, roughly."""
    return -float(tolerance.log())


def _tilted(law: Sum, y: Fraction, side: int) -> tuple[arb, arb]:
    """Return E e^(lambda side (S - y)) for a lambda that makes it small, and 1 / (e lambda)."""
    far = side * float(max(min(y, Fraction(FURTHEST)), -Fraction(FURTHEST)))
    known = zip(_exponents(law, side), SLOPES, strict=True)
    slope = min(known, key=lambda each: each[0] - each[1] * far - 2 * math.log(each[1]))[1]
    size = _transform(law, side * slope, flint.ctx.prec) * (-side * arb(slope) * rational_ball(y)).exp()
    return size, 1 / (arb(1).exp() * arb(slope))


@lru_cache(maxsize=1024)
def _transform(law: Sum, slope: float, precision: int) -> arb:
    """Return E e^(slope S) at flint's current precision."""
    rate = arb(slope)
    product = (rational_ball(law.spread) * rate * rate / 2).exp()
    for kind, count in Counter(law.near).items():
        mean, variance = rational_ball(kind.mean), rational_ball(kind.variance)
        s = variance.sqrt()
        tilt = (mean * rate + variance * rate * rate / 2).exp()
        product *= (normal_cdf(-mean / s) + tilt * normal_cdf(mean / s + s * rate)) ** count
    return product


@lru_cache(maxsize=1024)
def _exponents(law: Sum, side: int) -> list[float]:
    """Return about log E e^(side lambda S) for all lambdas."""
    kinds = [(n, float(k.mean), math.sqrt(k.variance)) for k, n in Counter(law.near).items()]
    totals = []
    for rate in (side * slope for slope in SLOPES):
        total = float(law.spread) * rate * rate / 2
        for n, mean, s in kinds:
            x, y = _log_cdf(-mean / s), mean * rate + (s * rate) ** 2 / 2 + _log_cdf(mean / s + s * rate)
            total += n * (max(x, y) + math.log1p(math.exp(-abs(x - y))))
        totals.append(total)
    return totals


def _log_cdf(x: float) -> float:
    if x < -30:
        return -x * x / 2 - math.log(-2.5 * x)
    return math.log(math.erfc(-x / math.sqrt(2)) / 2)
