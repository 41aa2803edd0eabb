"""Noise that is rectified a second time, at the pooled output (`uniform`, `shift-mixed`): deterministically.

With C = (theta - S)+ a unit is a = (S - theta)+ = S - theta + C, so the readout f = sum_p v a_p has

    Var f = v^2 (K^2 Var(sum_i r_i) + 2 K sum_q Cov(sum_i r_i, C_q) + sum_pq Cov(C_p, C_q)),    K = sum_o K_o.

The first term is closed form; the others are local and come from a transfer operator (`CoupledChains`).
Equal patterns of means are evaluated once, and distances out of sight are one class, so the cost does not
grow with l except through the nodes that weaker noise needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache

import numpy as np

from solver.gaussian.enclosure import enclose
from solver.gaussian.moments import rectified_mean, rectified_product
from solver.network.network import Network
from solver.noise import GaussianNoise
from solver.sensitivity.equal_windows import (
    EqualWindows,
    Pattern,
    field_mean,
    float_patterns,
    pooled_windows,
    resolutions,
    weighted_sum,
)
from solver.sensitivity.sliding import refuse_rectified
from solver.task import TwoPixelTask
from solver.values import NumericValue

METHOD = "transfer operator on pairs of windows; error is estimated from two resolutions"

Progress = Callable[[int, int], None]


def chain_readout_response(
    network: Network, task: TwoPixelTask, noise: GaussianNoise, *, progress: Progress | None = None
) -> NumericValue:
    """Return <(f_p(x + eta) - f_p(x))^2> of a network whose last layer rectifies a moving average of rectified noise.

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
    refuse_rectified(noise)
    windows = pooled_windows(network, task, noise)
    closed = float(sum(windows.weights)) ** 2 * _sum_variance(windows)
    stages = 2 * (len(windows.weights) + windows.memory + 1)
    done = 0
    parts = []
    for fine in (False, True):
        parts.append([closed])
        for part in _parts(windows, fine):
            parts[-1].append(part)
            done += 1
            if progress:
                progress(done, stages)
    coarse, exact = (float(windows.readout) ** 2 * np.array(each) for each in parts)
    error = np.abs(exact - coarse).sum() + 1e-13 * np.abs(exact).sum()
    return NumericValue(float(exact.sum()), float(error), METHOD)


def _parts(windows: EqualWindows, fine: bool) -> Iterator[float]:
    """Yield what adds up to <(f - f0)^2> / v^2 beyond the closed part: lag by lag, then the square of the mean."""
    single, pair = resolutions(windows, fine)
    count, memory = len(windows.weights), windows.memory
    chains = windows.chains(single)
    alone = windows.patterns(list(range(count)))
    shortfalls = dict(zip(alone, chains.shortfalls(float_patterns(alone)), strict=True))

    def mean(pattern: Pattern) -> float:
        return float(shortfalls[min(pattern, pattern[::-1]) if windows.is_symmetric else pattern][0])

    wide = windows.patterns(list(range(-memory, count + memory)))
    tilts = chains.tilts(float_patterns(wide))
    variances = [second - first**2 for first, second in shortfalls.values()]
    yield 2 * float(sum(windows.weights)) * weighted_sum(wide, tilts) + weighted_sum(alone, variances)
    for lag in range(1, count + memory):
        if lag < count:
            together = windows.patterns(list(range(count + lag)))
            products = windows.chains(pair).products(float_patterns(together), lag)
            covariances = [c - mean(p[:count]) * mean(p[lag:]) for p, c in zip(together, products, strict=True)]
        else:
            together = windows.patterns([*range(count), *range(lag, lag + count)])
            covariances = list(chains.distant_covariances(float_patterns(together), lag))
        yield 2 * weighted_sum(together, covariances)
    yield _square_of_mean(windows, mean)


def _square_of_mean(windows: EqualWindows, mean: Callable[[Pattern], float]) -> float:
    """Return <(sum_p (E a_p - a0_p))^2> over the images."""

    @cache
    def shift(pattern: Pattern) -> float:
        pairs = list(zip(windows.weights, pattern, strict=True))
        calm = max(sum((w * max(m, Fraction(0)) for w, m in pairs), -windows.level), Fraction(0))
        moved = sum(float(w) * field_mean(m, windows.covariance(0)) for w, m in pairs)
        return moved - float(windows.level + calm) + mean(pattern)

    def total(means: list[Fraction]) -> float:
        seen = windows.seen(means, list(range(len(windows.weights))))
        return sum(times * shift(pattern) for pattern, times in seen.items())

    rest = float(windows.stretch) * total(windows.background)
    return sum(float(weight) * (total(means) + rest) ** 2 for means, weight in windows.images)


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
