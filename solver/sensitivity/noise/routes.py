"""<||a_k(x + eta) - a_k(x)||^2>, the numerator of G, by the best route for each layer.

Before any rectification it is exact, after one a closed form.  After two it is a proven ball where the
sites are independent (``series``), deterministic with an estimated error where they are a moving average
or two units weigh them differently (``transfer``), and sampled with a standard error otherwise
(``sampling``), as after a hard tanh.  Every route gives the coherent and the incoherent part along with the whole
(`solver.sensitivity.noise.response`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache as memoised
from functools import lru_cache, partial
from typing import Any

from solver import __version__
from solver.cache import Cache
from solver.errors import NotApplicableError
from solver.network.network import Network
from solver.numbers.exact import choice
from solver.question.noise import GaussianNoise
from solver.question.task import Task, TwoPixelTask
from solver.sensitivity.noise.kept import BALL, NUMERIC, keep, kept, stored
from solver.sensitivity.noise.linear import linear_layer_noise, linear_readout_noise
from solver.sensitivity.noise.once import (
    coupled_fields,
    is_rectified_once,
    layer_second_moment,
    readout_second_moment,
    rectifying_layer,
)
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.sampled.sampling import Progress, Sampling, sampled_noise, without_last_activation
from solver.sensitivity.noise.second_moment import closed_values
from solver.sensitivity.noise.series import (
    PROVEN,
    BallSum,
    independent_layer_response,
    independent_readout_response,
)
from solver.sensitivity.noise.series_latex import coherent_formula, incoherent_formula, integral_formula
from solver.sensitivity.noise.transfer.layer import chain_layer_response
from solver.sensitivity.noise.transfer.output import chain_readout_response
from solver.sensitivity.noise.transfer.rectified_input import input_layer_response, input_readout_response
from solver.values import EnclosedValue, NumericValue, Value, as_value

NUMBERS = 5
"""Raised whenever a slow route gives other digits or parts than before, so that what it kept then is not served."""

QUICK = {"layer": 3e10, "output": 3e11}
"""Multiplications that ``auto`` spends on a transfer operator, up to half a minute; beyond, it samples."""

MOST_FIELDS = 8
"""Different rectified channels whose pairs are summed in closed form: some thousand terms, a second or two."""

METHODS = {
    "auto": "series or transfer where they take less than about half a minute, else sampling",
    "deterministic": "series or transfer wherever they apply, however long they take, else sampling",
    "series": "proven balls, where the rectified sites are independent",
    "transfer": "transfer operator on equal windows, where the rectified sites are independent or a moving average",
    "sampling": "randomised quasi-Monte Carlo, for any network",
}


@dataclass(frozen=True, kw_only=True)
class NoiseRoutes:
    """How noise that is rectified more than once is evaluated.

    Parameters
    ----------
    method : {"auto", "deterministic", "series", "transfer", "sampling"}
        The last three force one route, and fail where it does not apply.
    sampling : Sampling
        How much to sample.
    cache : Cache, optional
        Where values of the slow routes are kept.
    progress : callable(done, total), optional
        Called during the slow routes.
    """

    method: str = "auto"
    sampling: Sampling = field(default_factory=Sampling)
    cache: Cache | None = None
    progress: Progress | None = None

    def __post_init__(self) -> None:
        choice(self.method, "method", METHODS)


@dataclass(frozen=True)
class NoiseQuestion:
    """A network on a task under some noise; layers are numbered 0..depth, and depth + 1 is the output f_p."""

    network: Network
    task: Task
    noise: GaussianNoise
    channel_mean: bool = False

    @property
    def ring_task(self) -> TwoPixelTask:
        """The task, for routes that need a ring.

        Raises
        ------
        NotApplicableError
            On a frame.
        """
        refusal = NotApplicableError("the route is for rings; on a frame take auto or sampling")
        return self.task.as_ring("the route", refusal)

    def is_output(self, layer: int) -> bool:
        """Return whether ``layer`` stands for f_p."""
        return layer > self.network.depth

    def text(self, layer: int, route: str) -> str:
        """Return canonical text that names everything the response of a layer by a route depends on."""
        network, task, noise = self.network, self.task, self.noise
        layers = [
            (each.filters, each.bias, each.stride, each.activation, each.origin)
            for each in network.layers[: min(layer, network.depth)]
        ]
        head = (network.readout, network.pooling) if self.is_output(layer) else ()
        place = (task, noise.energy, noise.rectified)
        return repr(("noise response", __version__, NUMBERS, route, layer, layers, head, place, self.channel_mean))


def noise_responses(question: NoiseQuestion, routes: NoiseRoutes) -> list[NoiseResponse[Value]]:
    """Return the noise response of layers 0..depth and of the output, each by the best route.

    Raises
    ------
    NotApplicableError
        If ``routes.method`` names a route that does not apply to a layer that has no closed form.
    """
    layers = range(question.network.depth + 2)
    known: dict[int, NoiseResponse[Value] | None] = {k: closed_noise_response(question, k) for k in layers}
    known |= {k: _deterministic(question, k, routes) for k in layers if known[k] is None}
    known |= _sampled(question, [k for k in layers if known[k] is None], routes)
    return [value for value in known.values() if value is not None]


def closed_noise_response(question: NoiseQuestion, layer: int) -> NoiseResponse[Value] | None:
    """Return the noise response of a layer, exact or closed.

    None if the noise is rectified more than once, or in more than `MOST_FIELDS` different channels that add up later,
    whose pairs are too many.
    """
    network, task, noise = question.network, question.task, question.noise
    depth = min(layer, network.depth)
    if rectifying_layer(network, depth, noise) is None:
        if question.is_output(layer):
            response = linear_readout_noise(network, task, noise)
        else:
            response = linear_layer_noise(network, task, noise, layer, channel_mean=question.channel_mean)
        return NoiseResponse(response, 0, response).map(lambda part: as_value(part, "linear noise"))
    if not is_rectified_once(network, depth, noise):
        return None
    alone = layer == rectifying_layer(network, depth, noise) and not question.channel_mean
    if not alone and coupled_fields(network, noise) > MOST_FIELDS:
        return None
    if question.is_output(layer):
        moment = readout_second_moment(network, task, noise)
    else:
        moment = layer_second_moment(network, task, noise, layer, channel_mean=question.channel_mean)
    return closed_values(moment)


@lru_cache(maxsize=32)
def _control(question: NoiseQuestion, layer: int) -> float | None:
    """Return the closed response of the pre-activations of a layer, if there is one."""
    linear = without_last_activation(question.network, min(layer, question.network.depth))
    closed = closed_noise_response(NoiseQuestion(linear, question.task, question.noise, question.channel_mean), layer)
    return None if closed is None else float(closed.total)


def _deterministic(question: NoiseQuestion, layer: int, routes: NoiseRoutes) -> NoiseResponse[Value] | None:
    """Return the response by the first deterministic route that applies; a forced one must apply."""
    attempts: dict[str, Callable[[], NoiseResponse[Value]]] = {
        "series": lambda: _series(question, layer, routes.cache),
        "transfer": lambda: _transfer(question, layer, routes),
    }
    for name, attempt in attempts.items():
        if routes.method in ("auto", "deterministic", name):
            try:
                return attempt()
            except NotApplicableError as error:
                if routes.method == name:
                    raise NotApplicableError(f"method {name!r} does not apply to layer {layer}: {error}") from None
    return None


def _series(question: NoiseQuestion, layer: int, cache: Cache | None) -> NoiseResponse[Value]:
    network, task, noise = question.network, question.ring_task, question.noise
    if question.is_output(layer):
        response = independent_readout_response(network, task, noise)
    else:
        response = independent_layer_response(network, task, noise, layer, channel_mean=question.channel_mean)

    @memoised
    def balls(digits: int) -> NoiseResponse[Any]:
        text = question.text(layer, f"series, {digits} digits")
        return kept(cache, text, lambda: response.enclose_split(digits), BALL)

    def value(part: str, formula: Callable[[BallSum], str]) -> Value:
        return EnclosedValue(lambda digits: getattr(balls(digits), part), PROVEN, partial(formula, response))

    return NoiseResponse(
        value("total", integral_formula), value("coherent", coherent_formula), value("incoherent", incoherent_formula)
    )


def _transfer(question: NoiseQuestion, layer: int, routes: NoiseRoutes) -> NoiseResponse[NumericValue]:
    network, task, noise = question.network, question.ring_task, question.noise

    def budget(place: str) -> float:
        return QUICK[place] if routes.method == "auto" else float("inf")

    def compute() -> NoiseResponse[NumericValue]:
        if noise.rectified and question.is_output(layer):
            return input_readout_response(network, task, noise, budget=budget("output"), progress=routes.progress)
        if noise.rectified:
            return input_layer_response(network, task, noise, layer, channel_mean=question.channel_mean)
        if question.is_output(layer):
            return chain_readout_response(network, task, noise, budget=budget("output"), progress=routes.progress)
        control = _control(question, layer)
        if control is None or (question.channel_mean and network.layers[layer - 1].channels > 1):
            raise NotApplicableError("the pre-activations have no closed form, or channels are averaged")
        return chain_layer_response(network, task, noise, layer, control, budget=budget("layer"))

    return kept(routes.cache, question.text(layer, "transfer"), compute, NUMERIC)


def _sampled(question: NoiseQuestion, layers: list[int], routes: NoiseRoutes) -> dict[int, NoiseResponse[NumericValue]]:
    """Return the sampled responses; those that are not in the cache come from one set of samples."""
    texts = {k: question.text(k, repr(routes.sampling)) for k in layers}
    values = {k: stored(routes.cache, text, NUMERIC) for k, text in texts.items()}
    missing = {k: _control(question, k) for k, value in values.items() if value is None}
    if missing:
        fresh = sampled_noise(
            question.network,
            question.task,
            question.noise,
            missing,
            routes.sampling,
            channel_mean=question.channel_mean,
            progress=routes.progress,
        )
        for k, value in fresh.items():
            keep(routes.cache, texts[k], value, NUMERIC)
        values |= fresh
    return {k: value for k, value in values.items() if value is not None}
