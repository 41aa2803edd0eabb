"""The maps of a layer that rectifies a moving average of rectified noise (`uniform`).

With u = S - theta, and C0, u0 and a0 = (u0)+ without noise, a unit a = u + C has

    E (a - a0)^2 = E (u - u0)^2 - E C^2 - 2 a0 E C - 2 C0 E u - C0^2

(derivation: derivations/noise_moving_average.py).  The coherent part is the sum over the units of (E a - a0)^2, with
E a = E u + E C.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from solver.proof import Proof
from solver.sensitivity.noise.closed import control
from solver.sensitivity.noise.response import NUMERIC, NoiseResponse, kept
from solver.sensitivity.noise.route import Evaluation, Route
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

LAYER_METHOD = "transfer operator; error is estimated from two resolutions"


def layer_response(windows: EqualWindows, channels: int, control: float) -> NoiseResponse[NumericValue]:
    """Return <||a(x + eta) - a(x)||^2> of a layer whose channels all have the same windows.

    Parameters
    ----------
    control : float
        The closed value of <||u(x + eta) - u(x)||^2> of its pre-activations.
    """
    (coarse, _), (exact, rounding) = (_responses(windows, control, channels, fine=fine) for fine in (False, True))
    errors = np.abs(exact - coarse) + rounding
    return NoiseResponse(*(NumericValue(float(v), float(e), LAYER_METHOD) for v, e in zip(exact, errors, strict=True)))


def _responses(windows: EqualWindows, control: float, channels: int, *, fine: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the whole response, its coherent and its incoherent part, at one resolution, and their rounding."""
    counts = windows.alone
    shortfalls = windows.chains(fine=fine).shortfalls(float_patterns(counts))
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
    u0 = float(windows.calm_excess(pattern))
    a0, c0 = max(u0, 0.0), max(-u0, 0.0)
    u = [*windows.mean_terms(pattern), -float(windows.level)]
    return [-square, -2 * a0 * shortfall, *(-2 * c0 * term for term in u), -c0 * c0], [*u, shortfall, -a0]


def _refusal(question: Question, layer: int) -> str | None:
    if question.channel_mean and question.network.layers[layer - 1].channels > 1:
        return "channels are averaged"
    windows = equal_windows(question, layer)  # whose pre-activations are rectified once, so that `control` knows them
    return windows.why if isinstance(windows, Refusal) else windows.weak_noise(float_patterns(windows.alone))


def _cost(question: Question, layer: int) -> float:
    """Return the multiplications of the finer resolution, to leading order."""
    windows = equal_windows(question, layer)
    assert isinstance(windows, EqualWindows)
    return windows.chains(fine=True).shortfall_cost(float_patterns(windows.alone))


def _response(question: Question, layer: int, how: Evaluation) -> NoiseResponse[Value]:
    windows, closed = equal_windows(question, layer), control(question, layer)
    assert isinstance(windows, EqualWindows) and closed is not None
    channels = question.network.layers[layer - 1].channels
    compute = partial(layer_response, windows, channels, closed)
    found: NoiseResponse[NumericValue] = kept(how.cache, question, layer, LAYER_TRANSFER.name, compute, NUMERIC)
    return found


LAYER_TRANSFER = Route(
    name="transfer",
    method=LAYER_METHOD,
    refusal=_refusal,
    response=_response,
    concerns=lambda question, layer: not question.noise.rectified and not layer > question.depth,
    cost=_cost,
    quick=3e10,
    sources=("stenger1993sinc", "johansson2017arb"),
    proofs=(Proof("noise_moving_average"),),
)
"""A layer that rectifies a moving average of rectified noise."""
