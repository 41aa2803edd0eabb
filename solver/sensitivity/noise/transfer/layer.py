"""Noise that is rectified a second time after a moving average (`uniform`): the maps of that layer, deterministically.

With C = (theta - S)+, C0 and u0 = S0 - theta, a0 = (u0)+ without noise, a unit a = (S - theta)+ has

    E (a - a0)^2 = E (u - u0)^2 - E C^2 - 2 a0 E C - 2 C0 E u - C0^2,

where the first term and E u are closed form and C lives on the small region S < theta (`CoupledChains`;
derivation: derivations/noise_moving_average.py).  The coherent part is the sum over the units of (E a - a0)^2, with
E a = E u + E C.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from solver.network.network import Network
from solver.question.noise import GaussianNoise
from solver.question.task import TwoPixelTask
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.transfer.windows import (
    CANCELLING,
    ROUNDING,
    Counts,
    EqualWindows,
    Pattern,
    field_mean,
    float_patterns,
    layer_windows,
    resolutions,
    weighted_sum,
)
from solver.sensitivity.noise.units import refuse_rectified
from solver.values import NumericValue

METHOD = "transfer operator; error is estimated from two resolutions"


def chain_layer_response(
    network: Network,
    task: TwoPixelTask,
    noise: GaussianNoise,
    layer: int,
    control: float,
) -> NoiseResponse[NumericValue]:
    """Return <||a(x + eta) - a(x)||^2> of a layer that rectifies a moving average of rectified noise.

    Parameters
    ----------
    control : float
        The closed value of <||u(x + eta) - u(x)||^2> of its pre-activations.

    Raises
    ------
    NotApplicableError
        If the units are not equal windows of consecutive positive weights over a field of one to three taps,
        or the noise is too weak to be resolved.
    """
    windows = layer_windows(network, task, noise, layer)
    counts = windows.patterns(list(range(len(windows.weights))))
    channels = network.layers[layer - 1].channels
    (coarse, _), (exact, rounding) = (
        _responses(windows, counts, control, channels, fine=fine) for fine in (False, True)
    )
    errors = np.abs(exact - coarse) + rounding
    return NoiseResponse(*(NumericValue(float(v), float(e), METHOD) for v, e in zip(exact, errors, strict=True)))


def _responses(
    windows: EqualWindows, counts: Counts, control: float, channels: int, *, fine: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the whole response, its coherent and its incoherent part, at one resolution, and their rounding."""
    shortfalls = windows.chains(resolutions(windows, fine)[0]).shortfalls(float_patterns(counts))
    units = [_unit(windows, p, float(c), float(c2)) for p, (c, c2) in zip(counts, shortfalls, strict=True)]
    rests, shifts = (np.array(terms) for terms in zip(*units, strict=True))
    shift, slack = shifts.sum(axis=1), CANCELLING * np.abs(shifts).sum(axis=1)
    total = control + channels * weighted_sum(counts, rests.sum(axis=1))
    coherent = channels * weighted_sum(counts, shift**2)
    cancelled = control + channels * weighted_sum(counts, np.abs(rests).sum(axis=1))
    rounding = np.array(
        [
            ROUNDING * abs(total) + CANCELLING * cancelled,
            ROUNDING * coherent + channels * weighted_sum(counts, (2 * np.abs(shift) + slack) * slack),
        ]
    )
    return np.array([total, coherent, total - coherent]), np.append(rounding, rounding.sum())


def _unit(windows: EqualWindows, pattern: Pattern, shortfall: float, square: float) -> tuple[list[float], list[float]]:
    """Return the terms of -E C^2 - 2 a0 E C - 2 C0 E u - C0^2 and those of E a - a0 = E u + E C - a0 of one unit."""
    pairs = list(zip(windows.weights, pattern, strict=True))
    u0 = float(sum((w * max(m, Fraction(0)) for w, m in pairs), -windows.level))
    a0, c0 = max(u0, 0.0), max(-u0, 0.0)
    u = [*(float(w) * field_mean(m, windows.covariance(0)) for w, m in pairs), -float(windows.level)]
    return [-square, -2 * a0 * shortfall, *(-2 * c0 * term for term in u), -c0 * c0], [*u, shortfall, -a0]


def chain_layer_cost(network: Network, task: TwoPixelTask, noise: GaussianNoise, layer: int) -> float:
    """Return the multiplications of the finer resolution, to leading order; errors as for the response."""
    refuse_rectified(noise)
    windows = layer_windows(network, task, noise, layer)
    counts = windows.patterns(list(range(len(windows.weights))))
    return windows.chains(resolutions(windows, fine=True)[0]).shortfall_cost(float_patterns(counts))
