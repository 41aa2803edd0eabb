r"""Noise that comes rectified, and that equal windows rectify again: layers and the pooled output, deterministically.

Site i of the input is x_i + r_i with independent r_i = (eta_i)+.  All that the image does to a unit (S_p - b_p)+,
S_p = sum_o K_o r_(p+o), is to set its level b_p = theta - sum_o K_o x_(p+o).  With the shortfalls C_p = (b_p - S_p)+
and C0_p = (b_p)+, and without noise a0_p = (-b_p)+, a unit has a - a0 = S + C - C0 and

    E (a - a0)^2 = E S^2 - E C^2 - 2 a0 E C - 2 C0 E S + C0^2,

and the readout f = v sum_p a_p, with K = sum_o K_o,

    Var f = v^2 (l K^2 Var r + 2 K sum_q Cov(sum_i r_i, C_q) + sum_pq Cov(C_p, C_q)).

Shortfalls come from a transfer operator without memory (`CoupledChains`), once for each level or pair of levels.
For positive weights a unit with b_p <= 0 is affine, C_p = 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from solver.network.network import Network
from solver.question.noise import GaussianNoise
from solver.question.task import TwoPixelTask
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.sampled.sampling import Progress
from solver.sensitivity.noise.transfer.unit_at_level import LeveledUnit, leveled_unit
from solver.sensitivity.noise.transfer.windows import (
    CANCELLING,
    ROUNDING,
    EqualWindows,
    layer_windows,
    pooled_windows,
    resolutions,
)
from solver.values import NumericValue

METHOD = "transfer operator over independent sites; error is estimated from two resolutions"


def input_layer_response(
    network: Network, task: TwoPixelTask, noise: GaussianNoise, layer: int, *, channel_mean: bool = False
) -> NoiseResponse[NumericValue]:
    """Return the response of a layer to noise that comes rectified; with ``channel_mean``, of its sum over channels.

    Weights of either sign are taken.  Costs one pass over the window for each level.

    Raises
    ------
    NotApplicableError
        If a layer below may cut, or the channels are not equal windows.
    """
    windows = _by_level(layer_windows(network, task, noise, layer))
    channels = network.layers[layer - 1].channels
    factor = float(channels**2 if channel_mean else channels)
    counts = {b: float(weight) for (b,), weight in windows.patterns([0]).items()}
    parts = []
    for fine in (False, True):
        units = {b: leveled_unit(windows, b, fine=fine) for b in counts}
        coherent = sum(weight * units[b].shift ** 2 for b, weight in counts.items())
        variance = [sum(weight * term for term in units[b].variance_terms) for b, weight in counts.items()]
        parts.append([factor * part for part in (coherent, *variance)])
    return _response(parts, factor * _rounding(windows), coherent_at=0, together=1)


def input_readout_response(
    network: Network,
    task: TwoPixelTask,
    noise: GaussianNoise,
    *,
    progress: Progress | None = None,
) -> NoiseResponse[NumericValue]:
    """Return the response of f_p to noise that comes rectified.

    Costs one pass over two windows for each level and lag, whatever l.

    Parameters
    ----------
    progress : callable(done, total)
        Called after each lag between two windows, at each of two resolutions.

    Raises
    ------
    NotApplicableError
        If a layer below may cut, the units are not equal windows of consecutive positive weights, the ring is too
        short, or the noise is too weak to be resolved.
    """
    windows = _by_level(pooled_windows(network, task, noise))
    stages = 2 * (len(windows.weights) + 1)
    done = 0
    parts: list[list[float]] = []
    for fine in (False, True):
        parts.append([])
        for part in _readout_parts(windows, fine):
            parts[-1].append(float(windows.readout) ** 2 * part)
            done += 1
            if progress:
                progress(done, stages)
    rounding = float(windows.readout) ** 2 * len(windows.weights) * _rounding(windows)
    return _response(parts, rounding, coherent_at=-1, together=task.length)


def input_layer_cost(network: Network, task: TwoPixelTask, noise: GaussianNoise, layer: int) -> float:
    """Return 0: one pass over a window for each level is no matter; errors as for the response."""
    layer_windows(network, task, noise, layer)
    return 0.0


def input_readout_cost(network: Network, task: TwoPixelTask, noise: GaussianNoise) -> float:
    """Return the multiplications of all pairs of windows, roughly; errors as for the response."""
    return _pair_cost(_by_level(pooled_windows(network, task, noise)))


def _response(
    parts: list[list[float]], rounding: float, *, coherent_at: int, together: int
) -> NoiseResponse[NumericValue]:
    """Return the sum of parts known at two resolutions, with errors.

    Variances are rounded by ``rounding``, and the means, which ``together`` units add up before they are squared,
    by the like: Cauchy and Schwarz say what that makes of the square.
    """
    coarse, exact = np.array(parts)
    errors = np.abs(exact - coarse) + ROUNDING * np.abs(exact)
    errors[coherent_at] += 2 * (abs(exact[coherent_at]) * together * CANCELLING * rounding) ** 0.5
    rest = np.delete(exact, coherent_at), np.delete(errors, coherent_at)
    return NoiseResponse(
        NumericValue(float(exact.sum()), float(errors.sum() + rounding), METHOD),
        NumericValue(float(exact[coherent_at]), float(errors[coherent_at]), METHOD),
        NumericValue(float(rest[0].sum()), float(rest[1].sum() + rounding), METHOD),
    )


def _rounding(windows: EqualWindows) -> float:
    """Return the rounding of the sum of Var a, each a difference of numbers of the size of b^2."""
    return CANCELLING * sum(float(w) * max(float(b), 0.0) ** 2 for (b,), w in windows.patterns([0]).items())


def _by_level(windows: EqualWindows) -> EqualWindows:
    """Return the windows with the level of each unit in place of the image's value at each site."""

    def levels(values: list[Any]) -> list[Any]:
        length = len(values)
        return [
            windows.level - sum(w * values[(p + o) % length] for o, w in enumerate(windows.weights))
            for p in range(length)
        ]

    images = [(levels(values), weight) for values, weight in windows.images]
    return replace(windows, images=images, background=levels(windows.background))


def _readout_parts(windows: EqualWindows, fine: bool) -> Iterator[float]:
    """Yield what adds up to <(f - f0)^2> / v^2: one window, two lag by lag, and the square of the mean."""
    counts = {b: float(weight) for (b,), weight in windows.patterns([0]).items()}
    units = {b: leveled_unit(windows, b, fine=fine, tilted=True) for b in counts}
    yield sum(weight * units[b].pooled_variance for b, weight in counts.items())
    for lag in range(1, len(windows.weights)):
        yield 2 * _pair_covariance(windows, lag, units, fine)

    def total(levels: list[Any]) -> float:
        return sum((units[b].shift for b in levels), 0.0)

    rest = float(windows.stretch) * total(windows.background)
    yield sum(float(weight) * (total(levels) + rest) ** 2 for levels, weight in windows.images)


def _pair_covariance(windows: EqualWindows, lag: int, units: dict[Any, LeveledUnit], fine: bool) -> float:
    """Return the sum of Cov(C_p, C_(p+lag)) over all p."""
    total = 0.0
    for (mirrored, high), low in _level_pairs(windows, lag).items():
        there = replace(windows, level=high, weights=windows.weights[:: -1 if mirrored else 1])
        chains = there.chains(resolutions(there, fine)[1])
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
    resolution = resolutions(windows, fine=True)[1]
    weights, nodes = windows.weights, resolution.level_nodes
    cost = 0.0
    for lag in range(1, len(weights)):
        rays = {Fraction(w, v) for w, v in zip(weights[lag:], weights, strict=False)}
        points = nodes * (4 * (len(rays) + 1) + 2 * nodes)
        cost += len(_level_pairs(windows, lag)) * (len(weights) - lag) * points**2 * resolution.integral_nodes
    return 2 * cost
