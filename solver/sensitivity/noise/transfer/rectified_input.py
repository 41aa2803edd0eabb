r"""Noise that comes rectified, and that equal windows of independent sites rectify again: layers and the pooled output.

Site i of the input is x_i + r_i with independent r_i = (eta_i)+.  All that the image does to a unit (S_p - b_p)+,
S_p = sum_o K_o r_(p+o), is to set its level b_p = theta - sum_o K_o x_(p+o): its shortfall is C_p = (b_p - S_p)+.
With C0_p = (b_p)+ and a0_p = (-b_p)+ without noise, a - a0 = S + C - C0, and the readout f = v sum_p a_p has, with
K = sum_o K_o,

    Var f = v^2 (l K^2 Var r + 2 K sum_q Cov(sum_i r_i, C_q) + sum_pq Cov(C_p, C_q)).

The transfer operator has no memory here, and is asked once for each level or pair of levels.  For positive weights a
unit with b_p <= 0 is affine, C_p = 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from solver.gaussian.chains.columns import Pattern
from solver.gaussian.chains.truncation import EPSILON, lost, neglected_tilt
from solver.sensitivity.noise.response import NUMERIC, NoiseResponse, kept
from solver.sensitivity.noise.route import Evaluation, Progress, Route
from solver.sensitivity.noise.transfer.layer import units_response
from solver.sensitivity.noise.transfer.output import covariance, mean_square, sum_of_parts
from solver.sensitivity.noise.transfer.unit import shortfall_moments, site_covariance, site_mean, unit_changes
from solver.sensitivity.noise.transfer.windows import EqualWindows, equal_windows, float_patterns
from solver.sensitivity.noise.units import Refusal
from solver.values import NumericValue, Value

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

INPUT_METHOD = "transfer operator over independent sites; error is estimated from two resolutions"


@dataclass(frozen=True)
class UnitAtLevel:
    """a = (S - b)+ of a window's sum S of independent r = (eta)+ at a level b, and C = (b - S)+; all (value, error).

    Attributes
    ----------
    shortfall : ndarray
        E C.
    shift : ndarray
        E a - a0, with a0 = (-b)+.
    pooled_variance : ndarray
        K^2 Var r + 2 K Cov(sum_i r_i, C) + Var C, K the sum of the weights: a unit's own part of Var sum_p a_p.
    """

    shortfall: np.ndarray
    shift: np.ndarray
    pooled_variance: np.ndarray


def unit_at_level(windows: EqualWindows, level: Any) -> UnitAtLevel:
    """Return a unit at a level, by two resolutions of the operator."""
    there, zeros = replace(windows, level=level), _zeros(windows)
    moments = [] if _is_affine(windows, level) else shortfall_moments(there, zeros)
    (change,) = unit_changes(there, zeros, moments)
    weight = float(sum(windows.weights))
    variance = site_covariance(0, 0, windows.noise_variance, windows.noise_variance)
    pooled = np.array([weight**2 * variance, 0.0])
    short = np.zeros(2)
    for values, errors in moments:
        short = np.array([values[0], errors[0]])
        pooled += 2 * weight * _tilt(there, short)
        pooled += np.array([values[1] - values[0] ** 2, errors[1] + (2 * values[0] + errors[0]) * errors[0]])
    return UnitAtLevel(short, np.array([change.mean, change.mean_error]), pooled)


def _tilt(windows: EqualWindows, short: np.ndarray) -> np.ndarray:
    """Return Cov(sum_i r_i, C) of one window and its error, from E C."""
    tilt, coarse = (windows.chains(fine=fine).tilt({_zeros(windows)[0]: 1}) for fine in (True, False))
    error = abs(tilt - coarse) + neglected_tilt(windows.chains(fine=True), 0.0)
    rises = len(windows.weights) * site_mean(0, windows.noise_variance)
    return covariance((tilt, error), short, (rises, EPSILON * rises))


def _is_affine(windows: EqualWindows, level: Any) -> bool:
    """Return whether nothing falls short of a level."""
    return bool(level <= 0 and min(windows.weights) >= 0)


def _zeros(windows: EqualWindows) -> list[Pattern]:
    return [(Fraction(0),) * len(windows.weights)]


def _layer_response(windows: EqualWindows, channels: int) -> NoiseResponse[NumericValue]:
    """Return the response of so many channels; costs one pass over the window for each level."""
    zeros = _zeros(windows)
    changes = [unit_changes(replace(windows, level=b), zeros)[0] for (b,) in windows.patterns([0])]
    return units_response(windows.patterns([0]), changes, channels, INPUT_METHOD)


def _output_response(windows: EqualWindows, progress: Progress | None) -> NoiseResponse[NumericValue]:
    """Return the response of f_p; costs one pass over two windows for each level and lag, whatever l."""
    parts = []
    for part in _output_parts(windows):
        parts.append(part)
        if progress:
            progress(len(parts), len(windows.weights) + 1)
    return sum_of_parts(float(windows.readout) ** 2 * np.array(parts), INPUT_METHOD)


def by_level(windows: EqualWindows) -> EqualWindows:
    """Return the windows with the level of each unit in place of the image's value at each site."""

    def levels(values: list[Any]) -> list[Any]:
        seen = ((values[(p + o) % len(values)] for o in range(len(windows.weights))) for p in range(len(values)))
        return [windows.level - sum(w * x for w, x in zip(windows.weights, each, strict=True)) for each in seen]

    images = [(levels(values), weight) for values, weight in windows.images]
    return replace(windows, images=images, background=levels(windows.background))


def _levels(windows: EqualWindows) -> dict[Any, float]:
    """Return how often each level occurs."""
    return {b: float(weight) for (b,), weight in windows.patterns([0]).items()}


def _output_parts(windows: EqualWindows) -> Iterator[np.ndarray]:
    """Yield what adds up to <(f - f0)^2> / v^2: one window, two lag by lag, and the square of the mean."""
    counts = _levels(windows)
    units = {b: unit_at_level(windows, b) for b in counts}
    yield sum((weight * units[b].pooled_variance for b, weight in counts.items()), np.zeros(2))
    for lag in range(1, len(windows.weights)):
        yield 2 * _pair_covariance(windows, lag, units)

    def total(levels: list[Any]) -> np.ndarray:
        return sum((units[b].shift for b in levels), np.zeros(2))

    rest = float(windows.stretch) * total(windows.background)
    yield mean_square([(total(levels) + rest, weight) for levels, weight in windows.images])


def _pair_covariance(windows: EqualWindows, lag: int, units: dict[Any, UnitAtLevel]) -> np.ndarray:
    """Return the sum of Cov(C_p, C_(p+lag)) over all p, and its error."""
    total, sites = np.zeros(2), len(windows.weights) + lag
    for (mirrored, high), low in _level_pairs(windows, lag).items():
        there = replace(windows, level=high, weights=windows.weights[:: -1 if mirrored else 1])
        fine, coarse = (there.chains(fine=each, pair=True) for each in (True, False))
        zeros, levels = {(0.0,) * sites: 1}, [float(b) for b in low]
        exact = fine.product(zeros, lag, levels)
        errors = np.abs(exact - coarse.product(zeros, lag, levels)) + float(high) ** 2 * lost(fine, sites)
        for (b, times), found, error in zip(low.items(), exact, errors, strict=True):
            total += times * covariance((found, error), units[b].shortfall, units[high].shortfall)
    return total


def _level_pairs(windows: EqualWindows, lag: int) -> dict[tuple[bool, Any], dict[Any, float]]:
    """Return how often the lower of two levels occurs, by whether it is on the right, and by the higher one."""
    pairs: dict[tuple[bool, Any], dict[Any, float]] = defaultdict(dict)
    for (b, c), weight in windows.patterns([0, lag]).items():
        if min(b, c) > 0:
            pairs[bool(b > c), max(b, c)][min(b, c)] = float(weight)
    return pairs


def _pair_cost(windows: EqualWindows) -> float:
    """Return the multiplications of all pairs, roughly: dense steps over the shared sites for each higher level."""
    resolution = windows.resolution(fine=True, pair=True)
    weights, nodes = windows.weights, resolution.level_nodes
    cost = 0.0
    for lag in range(1, len(weights)):
        rays = {Fraction(w, v) for w, v in zip(weights[lag:], weights, strict=False)}
        points = nodes * (4 * (len(rays) + 1) + 2 * nodes)
        cost += len(_level_pairs(windows, lag)) * (len(weights) - lag) * points**2 * resolution.integral_nodes
    return 2 * cost


def _refusal(question: Question, layer: int) -> str | None:
    windows = equal_windows(question, layer)
    if isinstance(windows, Refusal):
        return windows.why
    if layer > question.depth:
        return None
    levels = (b for b in _levels(by_level(windows)) if not _is_affine(windows, b))
    zeros = float_patterns(_zeros(windows))
    return next((why for b in levels if (why := replace(windows, level=b).weak_noise(zeros))), None)


def _cost(question: Question, layer: int) -> float:
    """Return the multiplications of all pairs of windows, roughly: one window alone is no matter."""
    windows = equal_windows(question, layer)
    assert isinstance(windows, EqualWindows)
    return _pair_cost(by_level(windows)) if layer > question.depth else 0.0


def _response(question: Question, layer: int, how: Evaluation) -> NoiseResponse[Value]:
    found = equal_windows(question, layer)
    assert isinstance(found, EqualWindows)
    windows = by_level(found)
    if layer > question.depth:
        compute = partial(_output_response, windows, how.progress)
    else:
        channels = question.network.layers[layer - 1].channels
        compute = partial(_layer_response, windows, channels ** (2 if question.channel_mean else 1))
    response: NoiseResponse[NumericValue] = kept(how.cache, question, layer, INPUT_TRANSFER.name, compute, NUMERIC)
    return response


INPUT_TRANSFER = Route(
    name="transfer",
    method=INPUT_METHOD,
    refusal=_refusal,
    response=_response,
    concerns=lambda question, layer: question.noise.rectified,
    cost=_cost,
    quick=3e11,
    sources=("johansson2017arb",),
)
"""Noise that comes rectified, and that equal windows of independent sites rectify again."""
