"""Noise that is rectified a second time after a moving average (`uniform`): the maps of that layer, deterministically.

With C = (theta - S)+, C0 and u0 = S0 - theta, a0 = (u0)+ without noise, a unit a = (S - theta)+ has

    E (a - a0)^2 = E (u - u0)^2 - E C^2 - 2 a0 E C - 2 C0 E u - C0^2,

where the first term and E u are closed form and C lives on the small region S < theta (`RectifiedChain`).
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from functools import cache

from solver.errors import NotApplicableError
from solver.gaussian.chains import RectifiedChain, resolutions
from solver.gaussian.enclosure import enclose
from solver.gaussian.moments import rectified_mean
from solver.network.network import Network
from solver.noise import GaussianNoise
from solver.sensitivity.rectified_twice import UnitRing, ring_units
from solver.sensitivity.sliding import Window
from solver.task import TwoPixelTask
from solver.values import NumericValue

METHOD = "transfer operator; error is estimated from two resolutions"
STEEPEST = 25.0
"""Largest theta / (least weight * sigma) for which the level is resolved."""


def chain_layer_response(
    network: Network, task: TwoPixelTask, noise: GaussianNoise, layer: int, control: float
) -> NumericValue:
    """Return <||a(x + eta) - a(x)||^2> of a layer that rectifies a moving average of rectified noise.

    ``control`` is the closed value of <||u(x + eta) - u(x)||^2> of its pre-activations.

    Raises
    ------
    NotApplicableError
        If the units are not windows of consecutive positive weights over a field of two or three taps,
        or the noise is too weak to be resolved.
    """
    ring = ring_units(network, task, noise, layer)
    counts: dict[tuple[int, Window], Fraction] = defaultdict(Fraction)
    for windows, weight in ring.weighted_windows(background=True):
        for c, channel in enumerate(windows):
            for window in channel:
                counts[c, window] += weight
    coarse = fine = control
    for c in range(len(ring.units.kernels)):
        wanted = {window: float(weight) for (d, window), weight in counts.items() if c == d}
        low, high = _rests(ring, task, noise, c, wanted)
        coarse, fine = coarse + low, fine + high
    return NumericValue(fine, abs(fine - coarse) + 1e-13 * abs(fine), METHOD)


def _rests(
    ring: UnitRing, task: TwoPixelTask, noise: GaussianNoise, channel: int, wanted: dict[Window, float]
) -> tuple[float, float]:
    """Return the sum over windows of what the closed part leaves, at a coarse and a fine resolution."""
    units = ring.units
    chain = _chain(ring, float(noise.variance(task.length)) ** 0.5, channel)
    patterns = [tuple(float(m) for m in window) for window in wanted]
    steepness = chain.level / (min(chain.weights) * chain.deviation)
    if steepness > STEEPEST:
        raise NotApplicableError("the noise is too weak against the level to be resolved")
    totals = []
    for resolution in resolutions(steepness):
        total = 0.0
        shortfalls = chain.shortfalls(patterns, resolution)
        for (window, weight), (first, second) in zip(wanted.items(), shortfalls, strict=True):
            u0 = float(units.calm_sum(channel, window) - units.level)
            a0, c0 = max(u0, 0.0), max(-u0, 0.0)
            mean = sum(
                float(w) * _mean(m, ring.variance) for (_, w), m in zip(units.kernels[channel], window, strict=True)
            )
            total += weight * float(-second - 2 * a0 * first - 2 * c0 * (mean - float(units.level)) - c0 * c0)
        totals.append(total)
    return totals[0], totals[1]


def _chain(ring: UnitRing, deviation: float, channel: int) -> RectifiedChain:
    units = ring.units
    kernel = units.kernels[channel]
    offsets = [o for o, _ in kernel]
    if len(units.taps) not in (2, 3) or offsets != list(range(offsets[0], offsets[0] + len(offsets))):
        raise NotApplicableError("the transfer operator takes consecutive windows over fields of two or three taps")
    taps = tuple(float(w) for w in units.taps)
    if taps[-1] <= 0:
        raise NotApplicableError("the transfer operator takes fields with a positive last tap")
    return RectifiedChain(taps, tuple(float(w) for _, w in kernel), float(units.level), deviation)


@cache
def _mean(mean: Fraction, variance: Fraction) -> float:
    return float(enclose(rectified_mean(mean, variance), 20))
