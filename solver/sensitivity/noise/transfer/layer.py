"""The maps of a layer that rectifies a moving average of rectified noise (`uniform`).

The response is the sum over the units of E (a - a0)^2, its coherent part that of (E a - a0)^2 (`unit_changes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from solver.gaussian.chains.columns import Counts
from solver.gaussian.chains.truncation import EPSILON
from solver.proof import Proof
from solver.sensitivity.noise.response import NUMERIC, NoiseResponse, kept
from solver.sensitivity.noise.route import Evaluation, Route
from solver.sensitivity.noise.transfer.unit import Change, unit_changes
from solver.sensitivity.noise.transfer.windows import (
    EqualWindows,
    equal_windows,
    float_patterns,
    weighted_sum,
)
from solver.sensitivity.noise.units import Refusal
from solver.values import NumericValue, Value

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

LAYER_METHOD = "transfer operator; error is estimated from two resolutions"


def layer_response(windows: EqualWindows, channels: int) -> NoiseResponse[NumericValue]:
    """Return <||a(x + eta) - a(x)||^2> of a layer whose channels all have the same windows."""
    return units_response(windows.alone, unit_changes(windows, list(windows.alone)), channels, LAYER_METHOD)


def units_response(
    counts: Counts, changes: Sequence[Change], channels: int, method: str
) -> NoiseResponse[NumericValue]:
    """Return the response of so many channels of units that occur so often and change so; rounding leaves none < 0."""
    squares = np.array([each.square for each in changes])
    means = np.array([each.mean for each in changes])
    slack = np.array([each.mean_error for each in changes])
    errors = np.array([each.square_error for each in changes]), (2 * np.abs(means) + slack) * slack
    parts = {"total": (squares, errors[0]), "coherent": (means**2, errors[1])}
    parts["incoherent"] = squares - means**2, errors[0] + errors[1] + EPSILON * squares
    return NoiseResponse(
        **{
            name: NumericValue(
                max(channels * weighted_sum(counts, values), 0.0),
                channels * weighted_sum(counts, own + EPSILON * np.abs(values)),
                method,
            )
            for name, (values, own) in parts.items()
        }
    )


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
    windows = equal_windows(question, layer)
    assert isinstance(windows, EqualWindows)
    channels = question.network.layers[layer - 1].channels
    compute = partial(layer_response, windows, channels)
    found: NoiseResponse[NumericValue] = kept(how.cache, question, layer, LAYER_TRANSFER.name, compute, NUMERIC)
    return found


LAYER_TRANSFER = Route(
    name="transfer",
    method=LAYER_METHOD,
    refusal=_refusal,
    response=_response,
    concerns=lambda question, layer: not question.noise.rectified and not layer > question.depth,
    cost=_cost,
    quick=6e10,
    sources=("stenger1993sinc", "johansson2017arb"),
    proofs=(Proof("noise_moving_average"),),
)
"""A layer that rectifies a moving average of rectified noise."""
