"""The pooled output of units that rectify a moving average of rectified noise (`uniform`, `shift-mixed`).

The readout f = sum_p v a_p of units a = S - theta + C has

    Var f = v^2 (K^2 Var(sum_i r_i) + 2 K sum_q Cov(sum_i r_i, C_q) + sum_pq Cov(C_p, C_q)),    K = sum_o K_o.

The first term has a closed form; the others are local.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from solver.gaussian.balls import enclose
from solver.gaussian.moments import rectified_mean, rectified_product
from solver.proof import Proof
from solver.sensitivity.noise.response import NUMERIC, NoiseResponse, kept
from solver.sensitivity.noise.route import Evaluation, Progress, Route
from solver.sensitivity.noise.sampled.threads import results_in_threads
from solver.sensitivity.noise.transfer.windows import (
    CANCELLING,
    ROUNDING,
    EqualWindows,
    Pattern,
    equal_windows,
    float_patterns,
    weighted_sum,
)
from solver.sensitivity.noise.units import Refusal
from solver.values import NumericValue, Value

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

OUTPUT_METHOD = "transfer operator on pairs of windows; error is estimated from two resolutions"


def output_response(windows: EqualWindows, progress: Progress | None = None) -> NoiseResponse[NumericValue]:
    """Return <(f_p(x + eta) - f_p(x))^2>; the coherent part, of the mean, is the last of the terms that are added up.

    Parameters
    ----------
    progress : callable(done, total)
        Called after each lag between two windows, at each of two resolutions.
    """
    closed = float(sum(windows.weights)) ** 2 * _sum_variance(windows)
    jobs = [job for fine in (True, False) for job in _jobs(windows, fine)]
    parts = results_in_threads(jobs, progress)
    exact, coarse = (
        float(windows.readout) ** 2 * np.array([[closed, closed], *each]) for each in np.split(np.array(parts), 2)
    )
    split = (slice(None), slice(-1, None), slice(None, -1))
    return NoiseResponse(*(_value(coarse[part], exact[part]) for part in split))


def _value(coarse: np.ndarray, exact: np.ndarray) -> NumericValue:
    values, cancelled = exact.T
    error = np.abs(values - coarse[:, 0]).sum() + ROUNDING * np.abs(values).sum() + CANCELLING * cancelled.sum()
    return NumericValue(float(values.sum()), float(error), OUTPUT_METHOD)


def _jobs(windows: EqualWindows, fine: bool) -> list[Callable[[], np.ndarray]]:
    """Return what finds each part of <(f - f0)^2> / v^2 but the closed one, and the size of what cancels in it."""
    count, memory = len(windows.weights), windows.memory
    shortfalls = Shortfalls(windows, fine)
    lags = [partial(_covariance_at_lag, windows, shortfalls, lag) for lag in range(1, count + memory)]
    return [*lags, partial(_variance_alone, windows, shortfalls), partial(_square_of_mean, windows, shortfalls)]


@dataclass(frozen=True)
class Shortfalls:
    """E C and E C^2 of every pattern of one window, evaluated once."""

    windows: EqualWindows
    fine: bool

    @cached_property
    def moments(self) -> dict[Pattern, np.ndarray]:
        """E C and E C^2 by pattern."""
        alone = self.windows.alone
        return dict(zip(alone, self.windows.chains(fine=self.fine).shortfalls(float_patterns(alone)), strict=True))

    def mean(self, pattern: Pattern) -> float:
        """Return E C of a window."""
        turned = min(pattern, pattern[::-1]) if self.windows.is_symmetric else pattern
        return float(self.moments[turned][0])


def _variance_alone(windows: EqualWindows, shortfalls: Shortfalls) -> np.ndarray:
    """Return 2 K sum_q Cov(sum_i r_i, C_q) + sum_p Var C_p."""
    count, memory = len(windows.weights), windows.memory
    wide = windows.patterns(range(-memory, count + memory))
    tilts = windows.chains(fine=shortfalls.fine).tilts(float_patterns(wide))
    alone = windows.alone
    first, second = np.array(list(shortfalls.moments.values())).T
    weight = 2 * float(sum(windows.weights))
    part = weight * weighted_sum(wide, tilts) + weighted_sum(alone, second - first**2)
    return np.array([part, weight * weighted_sum(wide, np.abs(tilts)) + weighted_sum(alone, second + first**2)])


def _covariance_at_lag(windows: EqualWindows, shortfalls: Shortfalls, lag: int) -> np.ndarray:
    """Return sum_p Cov(C_p, C_(p+lag)), both ways."""
    count = len(windows.weights)
    together = windows.patterns([*range(count), *range(max(lag, count), lag + count)])
    patterns = float_patterns(together)
    means = np.array([shortfalls.mean(p[:count]) * shortfalls.mean(p[-count:]) for p in together])
    if lag < count:
        covariances = windows.chains(fine=shortfalls.fine, pair=True).products(patterns, lag) - means
    else:
        covariances = windows.chains(fine=shortfalls.fine).distant_covariances(patterns, lag)
    return 2 * np.array([weighted_sum(together, each) for each in (covariances, np.abs(covariances) + 2 * means)])


def _square_of_mean(windows: EqualWindows, shortfalls: Shortfalls) -> np.ndarray:
    """Return <(sum_p (E a_p - a0_p))^2> over the images."""

    @cache
    def shift(pattern: Pattern) -> np.ndarray:
        moved = sum(windows.mean_terms(pattern)) + shortfalls.mean(pattern)
        still = float(windows.level + max(windows.calm_excess(pattern), Fraction(0)))
        return np.array([moved - still, moved + still])

    def total(means: list[Fraction]) -> np.ndarray:
        seen = windows.seen(means, range(len(windows.weights)))
        return sum((times * shift(pattern) for pattern, times in seen.items()), np.zeros(2))

    rest = float(windows.stretch) * total(windows.background)
    squares = np.zeros(2)
    for means, weight in windows.images:
        change, cancelled = total(means) + rest
        squares += float(weight) * np.array([change**2, (2 * abs(change) + CANCELLING * cancelled) * cancelled])
    return squares


def _sum_variance(windows: EqualWindows) -> float:
    """Return Var(sum_i r_i), averaged over the images."""
    variance = windows.covariance(0)
    total = 0.0
    for lag in range(windows.memory + 1):
        for (left, right), weight in windows.patterns([0, lag]).items():
            covariance = _covariance(left, right, variance, windows.covariance(lag))
            total += float(weight) * covariance * (2 if lag else 1)
    return total


@cache
def _covariance(left: Fraction, right: Fraction, variance: Fraction, covariance: Fraction) -> float:
    product = rectified_product(left, right, variance, variance, covariance)
    return float(enclose(product, 30) - enclose(rectified_mean(left, variance) * rectified_mean(right, variance), 30))


def _refusal(question: Question, layer: int) -> str | None:
    windows = equal_windows(question, layer)
    return windows.why if isinstance(windows, Refusal) else None


def _cost(question: Question, layer: int) -> float:
    """Return the multiplications of both resolutions, to leading order: those of overlapping pairs."""
    windows = equal_windows(question, layer)
    assert isinstance(windows, EqualWindows)
    count, total = len(windows.weights), 0.0
    for lag in range(1, count):
        together = float_patterns(windows.patterns(range(count + lag)))
        for fine in (False, True):
            total += windows.chains(fine=fine, pair=True).product_cost(together, lag)
    return total


def _response(question: Question, layer: int, how: Evaluation) -> NoiseResponse[Value]:
    windows = equal_windows(question, layer)
    assert isinstance(windows, EqualWindows)
    compute = partial(output_response, windows, how.progress)
    found: NoiseResponse[NumericValue] = kept(how.cache, question, layer, OUTPUT_TRANSFER.name, compute, NUMERIC)
    return found


OUTPUT_TRANSFER = Route(
    name="transfer",
    method=OUTPUT_METHOD,
    refusal=_refusal,
    response=_response,
    concerns=lambda question, layer: not question.noise.rectified and layer > question.depth,
    cost=_cost,
    quick=3e11,
    sources=("stenger1993sinc", "johansson2017arb"),
    proofs=(Proof("noise_moving_average"),),
)
"""The pooled output of a network whose last layer rectifies a moving average of rectified noise."""
