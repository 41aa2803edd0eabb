"""Noise that is rectified a second time, at the pooled output (`uniform`, `shift-mixed`): deterministically.

With C = (theta - S)+ a unit is a = (S - theta)+ = S - theta + C, so the readout f = sum_p v a_p has

    Var f = v^2 (K^2 Var(sum_i r_i) + 2 K sum_q Cov(sum_i r_i, C_q) + sum_pq Cov(C_p, C_q)),    K = sum_o K_o.

The first term is closed form; the others are local and come from a transfer operator (`CoupledChains`).
Equal patterns of means are evaluated once, and distances out of sight are one class, so the cost does not
grow with l except through the nodes that weaker noise needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property, partial

import numpy as np

from solver.gaussian.balls import enclose
from solver.gaussian.chains.coupled_chains import CoupledChains
from solver.gaussian.moments import rectified_mean, rectified_product
from solver.network.network import Network
from solver.question.noise import GaussianNoise
from solver.question.task import TwoPixelTask
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.sampled.sampling import Progress
from solver.sensitivity.noise.sampled.threads import results_in_threads
from solver.sensitivity.noise.transfer.windows import (
    CANCELLING,
    ROUNDING,
    EqualWindows,
    Pattern,
    field_mean,
    float_patterns,
    pooled_windows,
    resolutions,
    weighted_sum,
)
from solver.sensitivity.noise.units import refuse_rectified
from solver.values import NumericValue

METHOD = "transfer operator on pairs of windows; error is estimated from two resolutions"


def chain_readout_response(
    network: Network,
    task: TwoPixelTask,
    noise: GaussianNoise,
    *,
    progress: Progress | None = None,
) -> NoiseResponse[NumericValue]:
    """Return <(f_p(x + eta) - f_p(x))^2> of a network whose last layer rectifies a moving average of rectified noise.

    The coherent part is <(E f_p(x + eta) - f_p(x))^2>, the last of the terms that are added up.

    Parameters
    ----------
    progress : callable(done, total)
        Called after each lag between two windows, at each of two resolutions.

    Raises
    ------
    NotApplicableError
        If the units are not equal windows of consecutive positive weights over a field of one to three taps,
        the ring is too short, or the noise is too weak to be resolved.
    """
    windows = pooled_windows(network, task, noise)
    closed = float(sum(windows.weights)) ** 2 * _sum_variance(windows)
    jobs = [job for fine in (True, False) for job in _jobs(windows, fine)]
    parts = results_in_threads(jobs, progress)
    exact, coarse = (
        float(windows.readout) ** 2 * np.array([[closed, closed], *each]) for each in np.split(np.array(parts), 2)
    )
    split = NoiseResponse(slice(None), slice(-1, None), slice(None, -1))
    return split.map(lambda part: _value(coarse[part], exact[part]))


def _value(coarse: np.ndarray, exact: np.ndarray) -> NumericValue:
    values, cancelled = exact.T
    error = np.abs(values - coarse[:, 0]).sum() + ROUNDING * np.abs(values).sum() + CANCELLING * cancelled.sum()
    return NumericValue(float(values.sum()), float(error), METHOD)


def chain_readout_cost(network: Network, task: TwoPixelTask, noise: GaussianNoise) -> float:
    """Return the multiplications of both resolutions, to leading order: those of overlapping pairs."""
    refuse_rectified(noise)
    windows = pooled_windows(network, task, noise)
    count, total = len(windows.weights), 0.0
    for lag in range(1, count):
        together = float_patterns(windows.patterns(list(range(count + lag))))
        for fine in (False, True):
            total += windows.chains(resolutions(windows, fine)[1]).product_cost(together, lag)
    return total


def _jobs(windows: EqualWindows, fine: bool) -> list[Callable[[], np.ndarray]]:
    """Return what adds up to <(f - f0)^2> / v^2 beyond the closed part: each lag, alone, and the square of the mean.

    Each job returns a part and the size of the terms that cancel in it.
    """
    count, memory = len(windows.weights), windows.memory
    shortfalls = Shortfalls(windows, fine)
    lags = [partial(_covariance_at_lag, windows, shortfalls, lag, fine) for lag in range(1, count + memory)]
    return [*lags, partial(_variance_alone, windows, shortfalls), partial(_square_of_mean, windows, shortfalls)]


@dataclass(frozen=True)
class Shortfalls:
    """E C and E C^2 of every pattern of one window, evaluated once."""

    windows: EqualWindows
    fine: bool

    @property
    def chains(self) -> CoupledChains:
        """The transfer operator for one window."""
        return self.windows.chains(resolutions(self.windows, self.fine)[0])

    @cached_property
    def moments(self) -> dict[Pattern, np.ndarray]:
        """E C and E C^2 by pattern."""
        alone = self.windows.patterns(list(range(len(self.windows.weights))))
        return dict(zip(alone, self.chains.shortfalls(float_patterns(alone)), strict=True))

    def mean(self, pattern: Pattern) -> float:
        """Return E C of a window."""
        turned = min(pattern, pattern[::-1]) if self.windows.is_symmetric else pattern
        return float(self.moments[turned][0])


def _variance_alone(windows: EqualWindows, shortfalls: Shortfalls) -> np.ndarray:
    """Return 2 K sum_q Cov(sum_i r_i, C_q) + sum_p Var C_p."""
    count, memory = len(windows.weights), windows.memory
    wide = windows.patterns(list(range(-memory, count + memory)))
    tilts = shortfalls.chains.tilts(float_patterns(wide))
    alone = windows.patterns(list(range(count)))
    first, second = np.array(list(shortfalls.moments.values())).T
    weight = 2 * float(sum(windows.weights))
    part = weight * weighted_sum(wide, tilts) + weighted_sum(alone, second - first**2)
    return np.array([part, weight * weighted_sum(wide, np.abs(tilts)) + weighted_sum(alone, second + first**2)])


def _covariance_at_lag(windows: EqualWindows, shortfalls: Shortfalls, lag: int, fine: bool) -> np.ndarray:
    """Return sum_p Cov(C_p, C_(p+lag)), both ways."""
    count = len(windows.weights)
    single, pair = resolutions(windows, fine)
    together = windows.patterns([*range(count), *range(max(lag, count), lag + count)])
    patterns = float_patterns(together)
    means = np.array([shortfalls.mean(p[:count]) * shortfalls.mean(p[-count:]) for p in together])
    if lag < count:
        covariances = windows.chains(pair).products(patterns, lag) - means
    else:
        covariances = windows.chains(single).distant_covariances(patterns, lag)
    return 2 * np.array([weighted_sum(together, each) for each in (covariances, np.abs(covariances) + 2 * means)])


def _square_of_mean(windows: EqualWindows, shortfalls: Shortfalls) -> np.ndarray:
    """Return <(sum_p (E a_p - a0_p))^2> over the images."""

    @cache
    def shift(pattern: Pattern) -> np.ndarray:
        pairs = list(zip(windows.weights, pattern, strict=True))
        calm = max(sum((w * max(m, Fraction(0)) for w, m in pairs), -windows.level), Fraction(0))
        moved = sum(float(w) * field_mean(m, windows.covariance(0)) for w, m in pairs) + shortfalls.mean(pattern)
        still = float(windows.level + calm)
        return np.array([moved - still, moved + still])

    def total(means: list[Fraction]) -> np.ndarray:
        seen = windows.seen(means, list(range(len(windows.weights))))
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
