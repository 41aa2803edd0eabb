r"""Noise that comes rectified, and that equal windows of independent sites rectify again: layers and the pooled output.

Site i of the input is x_i + r_i with independent r_i = (eta_i)+.  All that the image does to a unit (S_p - b_p)+,
S_p = sum_o K_o r_(p+o), is to set its level b_p = theta - sum_o K_o x_(p+o): its shortfall is C_p = (b_p - S_p)+.
With C0_p = (b_p)+ and a0_p = (-b_p)+ without noise, a - a0 = S + C - C0, of variance Var S + Var C + 2 Cov(S, C), and
the readout f = v sum_p a_p has, with K = sum_o K_o,

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
from math import pi
from typing import TYPE_CHECKING, Any

import numpy as np

from solver.sensitivity.noise.response import NUMERIC, NoiseResponse, kept
from solver.sensitivity.noise.route import Evaluation, Progress, Route
from solver.sensitivity.noise.transfer.windows import CANCELLING, ROUNDING, EqualWindows, equal_windows
from solver.sensitivity.noise.units import Refusal
from solver.values import NumericValue, Value

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

INPUT_METHOD = "transfer operator over independent sites; error is estimated from two resolutions"


@dataclass(frozen=True)
class UnitAtLevel:
    """a = (S - b)+ of a window's sum S of independent r = (eta)+ at a level b, and C = (b - S)+.

    Attributes
    ----------
    shortfall : float
        E C.
    shift : float
        E a - a0 = E S + E C - (b)+, with a0 = (-b)+.
    variance_terms : list of float
        Var S, Var C and 2 Cov(S, C), which add up to Var a; where C > 0, S = b - C.
    pooled_variance : float
        K^2 Var r + 2 K Cov(sum_i r_i, C) + Var C, K the sum of the weights: a unit's own part of Var sum_p a_p.
    """

    shortfall: float
    shift: float
    variance_terms: list[float]
    pooled_variance: float


def unit_at_level(windows: EqualWindows, level: Any, *, fine: bool, tilted: bool = False) -> UnitAtLevel:
    """Return a unit at a level, by the operator at one of two resolutions; ``pooled_variance`` only if ``tilted``."""
    short = square = tilt = 0.0
    if not _is_affine(windows, level):
        chains = replace(windows, level=level).chains(fine=fine)
        short, square = map(float, chains.shortfalls(_zeros(windows))[0])
        tilt = float(chains.tilts(_zeros(windows))[0]) if tilted else 0.0
    weight, b = float(sum(windows.weights)), float(level)
    mean = weight * float(windows.noise_variance / (2 * pi)) ** 0.5  # E r = s / sqrt(2 pi)
    site = float(windows.noise_variance) * (0.5 - 0.5 / pi)  # Var r
    variance = square - short**2
    joint = (b - mean - short) * short - variance
    return UnitAtLevel(
        shortfall=short,
        shift=mean + short - max(b, 0.0),
        variance_terms=[sum(float(w) ** 2 for w in windows.weights) * site, variance, 2 * joint],
        pooled_variance=weight**2 * site + 2 * weight * tilt + variance,
    )


def _is_affine(windows: EqualWindows, level: Any) -> bool:
    """Return whether nothing falls short of a level."""
    return bool(level <= 0 and min(windows.weights) >= 0)


def _zeros(windows: EqualWindows) -> list[tuple[float, ...]]:
    return [(0.0,) * len(windows.weights)]


def _layer_response(windows: EqualWindows, channels: int) -> NoiseResponse[NumericValue]:
    """Return the response of so many channels; costs one pass over the window for each level."""
    factor, counts, parts = float(channels), _levels(windows), []
    for fine in (False, True):
        units = {b: unit_at_level(windows, b, fine=fine) for b in counts}
        coherent = sum(weight * units[b].shift ** 2 for b, weight in counts.items())
        variance = [sum(weight * term for term in units[b].variance_terms) for b, weight in counts.items()]
        parts.append([factor * part for part in (coherent, *variance)])
    return _summed(parts, factor * _rounding(windows), coherent_at=0, together=1)


def _output_response(windows: EqualWindows, sites: int, progress: Progress | None) -> NoiseResponse[NumericValue]:
    """Return the response of f_p; costs one pass over two windows for each level and lag, whatever l."""
    stages = 2 * (len(windows.weights) + 1)
    parts: list[list[float]] = []
    for fine in (False, True):
        parts.append([])
        for part in _output_parts(windows, fine):
            parts[-1].append(float(windows.readout) ** 2 * part)
            if progress:
                progress(sum(map(len, parts)), stages)
    rounding = float(windows.readout) ** 2 * len(windows.weights) * _rounding(windows)
    return _summed(parts, rounding, coherent_at=-1, together=sites)


def _summed(
    parts: list[list[float]], rounding: float, *, coherent_at: int, together: int
) -> NoiseResponse[NumericValue]:
    """Return the sum of parts known at two resolutions, with errors: means are squared after ``together`` add up."""
    # Variances are rounded by ``rounding``, means by the like: Cauchy and Schwarz say what that makes of the square.
    coarse, exact = np.array(parts)
    errors = np.abs(exact - coarse) + ROUNDING * np.abs(exact)
    errors[coherent_at] += 2 * (abs(exact[coherent_at]) * together * CANCELLING * rounding) ** 0.5
    rest = np.delete(exact, coherent_at), np.delete(errors, coherent_at)
    return NoiseResponse(
        (float(exact.sum()), float(errors.sum() + rounding)),
        (float(exact[coherent_at]), float(errors[coherent_at])),
        (float(rest[0].sum()), float(rest[1].sum() + rounding)),
    ).map(lambda part: NumericValue(*part, INPUT_METHOD))


def _rounding(windows: EqualWindows) -> float:
    """Return the rounding of the sum of Var a, each a difference of numbers of the size of b^2."""
    return CANCELLING * sum(weight * max(float(b), 0.0) ** 2 for b, weight in _levels(windows).items())


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


def _output_parts(windows: EqualWindows, fine: bool) -> Iterator[float]:
    """Yield what adds up to <(f - f0)^2> / v^2: one window, two lag by lag, and the square of the mean."""
    counts = _levels(windows)
    units = {b: unit_at_level(windows, b, fine=fine, tilted=True) for b in counts}
    yield sum(weight * units[b].pooled_variance for b, weight in counts.items())
    for lag in range(1, len(windows.weights)):
        yield 2 * _pair_covariance(windows, lag, units, fine)

    def total(levels: list[Any]) -> float:
        return sum((units[b].shift for b in levels), 0.0)

    rest = float(windows.stretch) * total(windows.background)
    yield sum(float(weight) * (total(levels) + rest) ** 2 for levels, weight in windows.images)


def _pair_covariance(windows: EqualWindows, lag: int, units: dict[Any, UnitAtLevel], fine: bool) -> float:
    """Return the sum of Cov(C_p, C_(p+lag)) over all p."""
    total = 0.0
    for (mirrored, high), low in _level_pairs(windows, lag).items():
        there = replace(windows, level=high, weights=windows.weights[:: -1 if mirrored else 1])
        chains = there.chains(fine=fine, pair=True)
        zeros = [(0.0,) * (len(windows.weights) + lag)] * len(low)
        products = chains.products(zeros, lag, first_levels=[float(b) for b in low])
        for (b, times), product in zip(low.items(), products, strict=True):
            total += times * (float(product) - units[b].shortfall * units[high].shortfall)
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
    levels = [b for b in _levels(by_level(windows)) if not _is_affine(windows, b)]
    return next((why for b in levels if (why := replace(windows, level=b).weak_noise(_zeros(windows)))), None)


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
        compute = partial(_output_response, windows, question.task.sites, how.progress)
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
