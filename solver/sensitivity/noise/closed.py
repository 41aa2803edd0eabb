"""The routes with closed forms: noise that no activation has touched, and noise rectified once."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from solver.network.kernels import effective_kernel
from solver.network.network import Network
from solver.numbers.exact import Exact
from solver.proof import Proof
from solver.question.lattice import lags
from solver.question.noise import Noise
from solver.question.pairs import Task
from solver.sensitivity.deformation.autocorrelations import observed_kernel
from solver.sensitivity.noise.once import (
    layer_second_moment,
    readout_second_moment,
    why_not_once,
    why_touched,
)
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.route import Evaluation, Route
from solver.sensitivity.noise.second_moment import CLOSED, SecondMoment, closed_values
from solver.values import ExactValue, Value

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

_CONTROL_DIGITS = 17


def closed_response(question: Question, layer: int) -> NoiseResponse[Value] | None:
    """Return the noise response of a layer, exact or closed; None if it is neither."""
    how = Evaluation()
    return next((r.response(question, layer, how) for r in CLOSED_ROUTES if r.refusal(question, layer) is None), None)


def before_activation(question: Question, layer: int) -> Question:
    """Return the question about the pre-activations of a layer; for the output, of the last map."""
    return replace(question, network=question.network.lowest(layer).with_identity(min(layer, question.depth)))


@lru_cache(maxsize=32)
def control(question: Question, layer: int) -> float | None:
    """Return the closed response of the pre-activations of a layer (of f_p: of the last layer's), if there is one.

    A number is all that sampling needs of it: no expression is written out.
    """
    before = before_activation(question, layer)
    if LINEAR.refusal(before, layer) is None:
        return float(LINEAR.response(before, layer, Evaluation()).total)
    if ONCE.refusal(before, layer) is not None:
        return None
    return float(_second_moment(before, layer).enclose_split(_CONTROL_DIGITS).total.mid())


def linear_noise(network: Network, task: Task, noise: Noise, layer: int, *, channel_mean: bool = False) -> Exact:
    """Return the response to noise that no activation has touched.

    Of a map, E||K*eta||^2 = sites sigma^2 (sum of A_r over the lags r that are multiples of l); of the output, under
    depth + 1, sigma^2 times the sum of each pixel's squared weight.
    """
    if layer > network.depth:
        kernel = effective_kernel(network, network.depth)
        row = sum(v * taps[0] for v, taps in zip(network.pooled_readout(task.sites), kernel.values, strict=True))
        per_site = sum((row[start :: kernel.stride].sum() ** 2 for start in range(kernel.stride)), Fraction(0))
    else:
        kernel = observed_kernel(network, layer, channel_mean=channel_mean)
        lagged = zip(lags(kernel.width - 1, kernel.axes), kernel.autocorrelations(), strict=True)
        whole = [(lag, a) for lag, a in lagged if all(r % n == 0 for r, n in zip(lag, task.shape, strict=True))]
        per_site = sum(((2 if lag[0] else 1) * a for lag, a in whole), Fraction(0))
    return per_site * noise.variance(task.sites) * Fraction(task.sites, kernel.stride)


def _second_moment(question: Question, layer: int) -> SecondMoment:
    network, task, noise = question.network, question.task, question.noise
    if layer > question.depth:
        return readout_second_moment(network, task, noise)
    return layer_second_moment(network, task, noise, layer, channel_mean=question.channel_mean)


def _once(question: Question, layer: int, how: Evaluation) -> NoiseResponse[Value]:
    return closed_values(_second_moment(question, layer))


def _linear(question: Question, layer: int, how: Evaluation) -> NoiseResponse[Value]:
    number = linear_noise(question.network, question.task, question.noise, layer, channel_mean=question.channel_mean)
    whole = ExactValue(number, LINEAR.method)
    return NoiseResponse(whole, ExactValue(Fraction(0), LINEAR.method), whole)


LINEAR = Route(name="linear", method="linear noise", refusal=why_touched, response=_linear)
"""Noise that no activation has touched: its second moments are rational, all of it fluctuation."""

ONCE = Route(
    name="once",
    method=CLOSED,
    refusal=why_not_once,
    response=_once,
    proofs=(
        Proof("rectified_moments"),
        Proof("noise_first_layers", "hidden", ("uniform", "shift")),
        Proof("noise_hidden_layers", "hidden", ("uniform",)),
    ),
)
"""Noise that one ReLU has rectified and every later layer carries linearly: closed in Phi, phi and Phi2, or as proven
balls where the forms would be long."""

CLOSED_ROUTES = (LINEAR, ONCE)
