r"""One unit that rectifies noise again: how far noise moves it, in mean and in mean square.

With u = S - theta, its change d = u - u0 and a0 = (u0)+, the unit a = (u)+ = u + C, C = (-u)+, has

    E (a - a0)^2 = E d^2 - E C^2 - 2 u0 E C               for u0 > 0,
                 = E d^2 - E C^2 + 2 u0 E d + u0^2        for u0 <= 0,
                 = E a^2 - 2 a0 E a + a0^2

(derivation: derivations/noise_moving_average.py), and E (a - a0) = E d + E C - (-u0)+ = E a - a0.  The moments of d are
closed; those of C, and of a, which is the shortfall of the opposite window, come from the transfer operator.  Where
noise is weak or a unit bounded one form is a difference of large numbers: each unit takes that of the smaller error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from flint import arb

from solver.gaussian.balls import refined
from solver.gaussian.chains.columns import Pattern
from solver.gaussian.chains.truncation import EPSILON, neglected
from solver.gaussian.moments import BALLS
from solver.numbers.exact import bits
from solver.sensitivity.noise.transfer.windows import EqualWindows, float_patterns

RESOLVED = 1e-11
"""Relative errors below which the other form is not even tried."""
DEAREST = 1e9
"""Multiplications that the other form may take."""


ShortfallMoments: TypeAlias = tuple[np.ndarray, np.ndarray]
"""The first two moments of a shortfall, and their errors."""


@dataclass(frozen=True)
class Change:
    """E (a - a0) and E (a - a0)^2 of one unit under noise, each with its error.

    Attributes
    ----------
    mean, square : float
    mean_error, square_error : float
        The differences of two resolutions, what both leave out, and rounding.
    """

    mean: float
    square: float
    mean_error: float
    square_error: float


def unit_changes(
    windows: EqualWindows, patterns: Sequence[Pattern], moments: Sequence[ShortfallMoments] | None = None
) -> list[Change]:
    """Return the change of a unit for each pattern of means; costs two passes of the operator, at most four.

    Parameters
    ----------
    moments : sequence, optional
        The `shortfall_moments` of the patterns, where they are known; they save the first two passes.
    """
    falling = [_is_small(windows, pattern) for pattern in patterns]
    if moments and all(falling):
        found = [_falling_change(windows, *each) for each in zip(patterns, moments, strict=True)]
    else:
        found = _changes(windows, patterns, falling)
    poor = [k for k, each in enumerate(found) if each.square_error > RESOLVED * abs(each.square)]
    others = [patterns[k] for k in poor]
    if poor and _is_cheap(windows, others):
        for k, other in zip(poor, _changes(windows, others, [not falling[k] for k in poor]), strict=True):
            if other.square_error < found[k].square_error:
                found[k] = other
    return found


def _is_small(windows: EqualWindows, pattern: Pattern) -> bool:
    """Return whether the shortfall, not the unit itself, is the one that stays small or bounded."""
    if min(windows.weights) >= 0 or max(windows.weights) <= 0:
        return bool(min(windows.weights) >= 0)
    return bool(windows.calm_excess(pattern) > 0)


def _is_cheap(windows: EqualWindows, patterns: Sequence[Pattern]) -> bool:
    seen = float_patterns(patterns)
    both = (windows, windows.opposite)
    return all(w.weak_noise(seen) is None and w.chains(fine=True).shortfall_cost(seen) <= DEAREST for w in both)


def _changes(windows: EqualWindows, patterns: Sequence[Pattern], falling: Sequence[bool]) -> list[Change]:
    """Return the changes by the shortfall where a unit is ``falling``, else by the unit itself."""
    found: dict[int, Change] = {}
    for by_shortfall in (True, False):
        chosen = [k for k, each in enumerate(falling) if each is by_shortfall]
        if chosen:
            seen = [patterns[k] for k in chosen]
            moments = shortfall_moments(windows if by_shortfall else windows.opposite, seen)
            change = _falling_change if by_shortfall else _rising_change
            for k, each in zip(chosen, moments, strict=True):
                found[k] = change(windows, patterns[k], each)
    return [found[k] for k in range(len(patterns))]


def shortfall_moments(windows: EqualWindows, patterns: Sequence[Pattern]) -> list[ShortfallMoments]:
    """Return E C and E C^2 of windows, and their errors, for each pattern."""
    seen = float_patterns(patterns)
    fine = windows.chains(fine=True)
    exact, coarse = fine.shortfalls(seen), windows.chains(fine=False).shortfalls(seen)
    return list(zip(exact, np.abs(exact - coarse) + neglected(fine, seen), strict=True))


def _falling_change(windows: EqualWindows, pattern: Pattern, moments: ShortfallMoments) -> Change:
    """Return the change of a unit from the moments of C."""
    u0, (c, errors) = float(windows.calm_excess(pattern)), moments
    shift, square = calm_change(windows, pattern)
    rest = [-2 * u0 * c[0]] if u0 > 0 else [2 * u0 * shift, u0**2]
    return _change([shift, c[0], -max(-u0, 0.0)], [square, -c[1], *rest], u0=u0, errors=errors)


def _rising_change(windows: EqualWindows, pattern: Pattern, moments: ShortfallMoments) -> Change:
    """Return the change of a unit from its own moments."""
    u0, (a, errors) = float(windows.calm_excess(pattern)), moments
    a0 = max(u0, 0.0)
    return _change([a[0], -a0], [a[1], -2 * a0 * a[0], a0**2], u0=u0, errors=errors)


def _change(first: list[float], second: list[float], *, u0: float, errors: np.ndarray) -> Change:
    """Return the sums of terms of which the operator's moments have these errors."""
    return Change(
        mean=sum(first),
        square=sum(second),
        mean_error=errors[0] + EPSILON * sum(map(abs, first)),
        square_error=errors[1] + 2 * max(u0, 0.0) * errors[0] + EPSILON * sum(map(abs, second)),
    )


def calm_change(windows: EqualWindows, pattern: Pattern) -> tuple[float, float]:
    """Return E d and E d^2 of the change d of what a window sums up, in closed form."""
    variance = windows.covariance(0)
    used = [(i, w, m) for i, (w, m) in enumerate(zip(windows.weights, pattern, strict=True)) if w]
    shift = sum(float(w) * site_shift(m, variance) for _, w, m in used)
    square = shift**2
    for (i, v, m), (j, w, n) in product(used, repeat=2):
        if abs(i - j) <= windows.memory:
            square += float(v * w) * site_covariance(m, n, variance, windows.covariance(abs(i - j)))
    return shift, square


@cache
def site_shift(mean: Any, variance: Any) -> float:
    """Return E r - (m)+ of a rectified site."""
    return float(refined(lambda: (BALLS.shift(mean, variance),), 20, bits(mean) + bits(variance))[0])


@cache
def site_mean(mean: Any, variance: Any) -> float:
    """Return E r of a rectified site."""
    return float(refined(lambda: (BALLS.mean(mean, variance),), 20, bits(mean) + bits(variance))[0])


@cache
def site_covariance(left: Any, right: Any, variance: Any, covariance: Any) -> float:
    """Return the covariance of two rectified sites."""

    def compute() -> tuple[arb, ...]:
        together = BALLS.product(left, right, variance, variance, covariance)
        return (together - BALLS.mean(left, variance) * BALLS.mean(right, variance),)

    return float(refined(compute, 20, bits(left) + bits(right) + bits(variance) + bits(covariance))[0])
