"""The pooled output of units that rectify a moving average of rectified noise (`uniform`, `shift-mixed`).

The readout f = sum_p v a_p of units a = S - theta + C has

    Var f = v^2 (K^2 Var(sum_i r_i) + 2 K sum_q Cov(sum_i r_i, C_q) + sum_pq Cov(C_p, C_q)),    K = sum_o K_o.

The first term has a closed form; the others are local.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from solver.gaussian.chains.columns import Counts, Pattern
from solver.gaussian.chains.truncation import EPSILON, lost, neglected_tilt
from solver.proof import Proof
from solver.sensitivity.noise.response import NUMERIC, NoiseResponse, kept
from solver.sensitivity.noise.route import Evaluation, Progress, Route
from solver.sensitivity.noise.sampled.threads import results_in_threads
from solver.sensitivity.noise.transfer.unit import (
    Change,
    ShortfallMoments,
    shortfall_moments,
    site_covariance,
    site_mean,
    unit_changes,
)
from solver.sensitivity.noise.transfer.windows import (
    EqualWindows,
    equal_windows,
    float_counts,
    weighted_sum,
)
from solver.sensitivity.noise.units import Refusal
from solver.values import NumericValue, Value

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

WithError: TypeAlias = Sequence[float] | np.ndarray
"""A value and its error."""
OUTPUT_METHOD = "transfer operator on pairs of windows; error is estimated from two resolutions"


def output_response(windows: EqualWindows, progress: Progress | None = None) -> NoiseResponse[NumericValue]:
    """Return <(f_p(x + eta) - f_p(x))^2>, each part of it by two resolutions.

    Parameters
    ----------
    progress : callable(done, total)
        Called after each lag between two windows, at each of two resolutions.
    """
    alone = list(windows.alone)
    moments = shortfall_moments(windows, alone)
    short = {pattern: np.array([c[0], error[0]]) for pattern, (c, error) in zip(alone, moments, strict=True)}
    seen = [wide_patterns(windows), *(pair_patterns(windows, lag) for lag in near_lags(windows))]
    jobs = [partial(_found, windows, n, each, fine) for fine in (True, False) for n, each in enumerate(seen)]
    found = results_in_threads(jobs, progress)
    parts = [np.array([float(sum(windows.weights)) ** 2 * _sum_variance(windows), 0.0]), _variance(windows, moments)]
    for n, (counts, exact, coarse) in enumerate(zip(seen, found, found[len(seen) :], strict=False)):
        total = np.array([exact, abs(exact - coarse) + _neglected(windows, n, counts)])
        covariances = _lagged if n else _tilt
        parts.append(2 * covariances(windows, counts, total, short))
    parts.append(_square_of_mean(windows, unit_changes(windows, alone, moments)))
    values = float(windows.readout) ** 2 * np.array(parts)
    return sum_of_parts(values, OUTPUT_METHOD)


def sum_of_parts(parts: np.ndarray, method: str) -> NoiseResponse[NumericValue]:
    """Return the sum of parts (value, error), of which the last is coherent; what noise does is a mean square."""

    def value(of: np.ndarray) -> NumericValue:
        values, errors = of.T
        error = errors.sum() + EPSILON * np.abs(values).sum()
        return NumericValue(max(float(values.sum()), 0.0), float(error), method)

    return NoiseResponse(value(parts), value(parts[-1:]), value(parts[:-1]))


def mean_square(totals: Sequence[tuple[np.ndarray, Fraction]]) -> np.ndarray:
    """Return the weighted mean of squares of numbers (value, error), and its error."""
    means = np.array([total for total, _ in totals])
    weights = np.array([float(weight) for _, weight in totals])
    values, errors = means.T
    return np.array([weights @ values**2, weights @ ((2 * np.abs(values) + errors) * errors)])


def product_with_error(left: WithError, right: WithError) -> np.ndarray:
    """Return the product of two numbers (value, error), and its error."""
    (a, a_error), (b, b_error) = left, right
    error = abs(a) * b_error + abs(b) * a_error + a_error * b_error
    return np.array([a * b, error + EPSILON * abs(a * b)])


def covariance(together: WithError, left: WithError, right: WithError) -> np.ndarray:
    """Return E[X Y] - E X E Y and its error, from (value, error) of the three."""
    apart = product_with_error(left, right)
    return np.array([together[0] - apart[0], together[1] + apart[1]])


def near_lags(windows: EqualWindows) -> range:
    """Return how far apart two windows share noise."""
    return range(1, len(windows.weights) + windows.memory)


def wide_patterns(windows: EqualWindows) -> Counts:
    """Return the means that a window and the sites that share noise with it see, by how often they occur."""
    return windows.patterns(range(-windows.memory, len(windows.weights) + windows.memory), turn=False)


def pair_patterns(windows: EqualWindows, lag: int) -> Counts:
    """Return the means that two windows see, by how often they occur."""
    count = len(windows.weights)
    return windows.patterns([*range(count), *range(max(lag, count), lag + count)], turn=False)


def _found(windows: EqualWindows, lag: int, counts: Counts, fine: bool) -> float:
    """Return the sum of E[C_p C_(p+lag)]; without a lag, of E[(sum_i r_i) C]."""
    if not lag:
        return windows.chains(fine=fine).tilt(float_counts(counts))
    if lag < len(windows.weights):
        return float(windows.chains(fine=fine, pair=True).product(float_counts(counts), lag)[0])
    return windows.chains(fine=fine).distant_product(float_counts(counts), lag)


def _neglected(windows: EqualWindows, lag: int, counts: Counts) -> float:
    """Return what the sum leaves out."""
    count, level, times = len(windows.weights), float(windows.level), float(sum(counts.values()))
    if not lag:
        return times * neglected_tilt(windows.chains(fine=True), float(max(max(p) for p in counts)))
    return times * level**2 * lost(windows.chains(fine=True, pair=lag < count), count + lag)


def _tilt(windows: EqualWindows, counts: Counts, total: np.ndarray, short: dict[Pattern, np.ndarray]) -> np.ndarray:
    """Return K sum_q Cov(sum_i r_i, C_q) and its error."""
    apart, end = np.zeros(2), -windows.memory or None
    for means, times in counts.items():
        value, error = short[windows.turned(means[windows.memory : end])]
        rises = sum(site_mean(m, windows.covariance(0)) for m in means)
        apart += float(times) * rises * np.array([value, error + 2 * len(means) * EPSILON * value])
    return float(sum(windows.weights)) * _difference(total, apart)


def _lagged(windows: EqualWindows, counts: Counts, total: np.ndarray, short: dict[Pattern, np.ndarray]) -> np.ndarray:
    """Return sum_p Cov(C_p, C_(p+lag)) and its error."""
    apart, count = np.zeros(2), len(windows.weights)
    for means, times in counts.items():
        left, right = (short[windows.turned(seen)] for seen in (means[:count], means[-count:]))
        apart += float(times) * product_with_error(left, right)
    return _difference(total, apart)


def _difference(total: np.ndarray, apart: np.ndarray) -> np.ndarray:
    return np.array([total[0] - apart[0], total[1] + apart[1] + EPSILON * (abs(total[0]) + abs(apart[0]))])


def _variance(windows: EqualWindows, moments: Sequence[ShortfallMoments]) -> np.ndarray:
    """Return sum_p Var C_p and its error."""
    first, second = np.array([values for values, _ in moments]).T
    slack, errors = np.array([each for _, each in moments]).T
    errors = errors + (2 * first + slack) * slack
    return np.array([weighted_sum(windows.alone, second - first**2), weighted_sum(windows.alone, errors)])


def _square_of_mean(windows: EqualWindows, changes: Sequence[Change]) -> np.ndarray:
    """Return <(sum_p (E a_p - a0_p))^2> over the images, and its error, from the changes of the units."""
    known = {p: np.array([c.mean, c.mean_error]) for p, c in zip(windows.alone, changes, strict=True)}

    def total(means: list[Fraction]) -> np.ndarray:
        seen = windows.seen(means, range(len(windows.weights)))
        return sum((times * known[pattern] for pattern, times in seen.items()), np.zeros(2))

    rest = float(windows.stretch) * total(windows.background)
    return mean_square([(total(means) + rest, weight) for means, weight in windows.images])


def _sum_variance(windows: EqualWindows) -> float:
    """Return Var(sum_i r_i), averaged over the images."""
    variance = windows.covariance(0)
    total = 0.0
    for lag in range(windows.memory + 1):
        for (left, right), weight in windows.patterns([0, lag]).items():
            covariance = site_covariance(left, right, variance, windows.covariance(lag))
            total += float(weight) * covariance * (2 if lag else 1)
    return total


def _refusal(question: Question, layer: int) -> str | None:
    windows = equal_windows(question, layer)
    return windows.why if isinstance(windows, Refusal) else None


def _cost(question: Question, layer: int) -> float:
    """Return the multiplications of both resolutions, to leading order: those of overlapping pairs."""
    windows = equal_windows(question, layer)
    assert isinstance(windows, EqualWindows)
    count, total = len(windows.weights), 0.0
    for lag in range(1, count):
        together = float_counts(pair_patterns(windows, lag))
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
