"""<||a_k(x + eta) - a_k(x)||^2>, the numerator of G, by the best route for each layer.

Before any rectification it is exact, after one a closed form.  After two it is a proven ball where the
sites are independent (``series``), deterministic with an estimated error where they are a moving average
or two units weigh them differently (``transfer``), and sampled with a standard error otherwise
(``sampling``), as after a hard tanh.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from solver import __version__
from solver.cache import Cache
from solver.errors import NotApplicableError
from solver.exact import choice
from solver.network.network import Network
from solver.noise import GaussianNoise
from solver.sensitivity.chain_noise import chain_layer_response
from solver.sensitivity.chain_readout import chain_readout_response
from solver.sensitivity.equal_windows import pooled_windows
from solver.sensitivity.integral_formula import integral_formula
from solver.sensitivity.linear_noise import linear_layer_noise, linear_readout_noise
from solver.sensitivity.rectified_input import input_layer_response, input_readout_response
from solver.sensitivity.rectified_noise import (
    is_rectified_once,
    layer_second_moment,
    readout_second_moment,
    rectifying_layer,
)
from solver.sensitivity.rectified_twice import PROVEN, independent_layer_response, independent_readout_response
from solver.sensitivity.sampling import Progress, Sampling, sampled_noise, without_last_activation
from solver.task import TwoPixelTask
from solver.values import EnclosedValue, NumericValue, Value, as_value

NUMBERS = 1
"""Raised whenever a slow route gives other digits than before, so that kept values of the old one are not served."""

QUICK = 3e10
"""Multiplications that ``auto`` spends on a transfer operator, some seconds; beyond, it samples."""

METHODS = {
    "auto": "series or transfer where they take seconds (not for f_p of a moving average), else sampling",
    "deterministic": "series or transfer wherever they apply, half a minute for f_p of uniform, else sampling",
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
    task: TwoPixelTask
    noise: GaussianNoise
    channel_mean: bool = False

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
        place = (task.length, task.scale, task.distances, task.gap, noise.energy, noise.rectified)
        return repr(("noise response", __version__, NUMBERS, route, layer, layers, head, place, self.channel_mean))


def noise_responses(question: NoiseQuestion, routes: NoiseRoutes) -> list[Value]:
    """Return the noise response of layers 0..depth and of the output, each by the best route.

    Raises
    ------
    NotApplicableError
        If ``routes.method`` names a route that does not apply to a layer that has no closed form.
    """
    layers = range(question.network.depth + 2)
    known = {k: closed_noise_response(question, k) for k in layers}
    known |= {k: _deterministic(question, k, routes) for k in layers if known[k] is None}
    known |= _sampled(question, [k for k in layers if known[k] is None], routes)
    return [value for value in known.values() if value is not None]


def closed_noise_response(question: NoiseQuestion, layer: int) -> Value | None:
    """Return the noise response of a layer, exact or closed, or None if the noise is rectified more than once."""
    network, task, noise = question.network, question.task, question.noise
    depth = min(layer, network.depth)
    if rectifying_layer(network, depth, noise) is None:
        if question.is_output(layer):
            return as_value(linear_readout_noise(network, task, noise), "linear noise")
        response = linear_layer_noise(network, task, noise, layer, channel_mean=question.channel_mean)
        return as_value(response, "linear noise")
    if not is_rectified_once(network, depth, noise):
        return None
    if question.is_output(layer):
        moment = readout_second_moment(network, task, noise)
    else:
        moment = layer_second_moment(network, task, noise, layer, channel_mean=question.channel_mean)
    return as_value(moment.expression(), "closed form, rectified once")


def _control(question: NoiseQuestion, layer: int) -> float | None:
    """Return the closed response of the pre-activations of a layer, if there is one."""
    linear = without_last_activation(question.network, min(layer, question.network.depth))
    closed = closed_noise_response(NoiseQuestion(linear, question.task, question.noise, question.channel_mean), layer)
    return None if closed is None else float(closed)


def _deterministic(question: NoiseQuestion, layer: int, routes: NoiseRoutes) -> Value | None:
    """Return the response by the first deterministic route that applies; a forced one must apply."""
    attempts: dict[str, Callable[[], Value]] = {
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


def _series(question: NoiseQuestion, layer: int, cache: Cache | None) -> Value:
    network, task, noise = question.network, question.task, question.noise
    if question.is_output(layer):
        response = independent_readout_response(network, task, noise)
    else:
        response = independent_layer_response(network, task, noise, layer, channel_mean=question.channel_mean)

    def enclose(digits: int) -> Any:
        return _kept_ball(cache, question.text(layer, f"series, {digits} digits"), lambda: response.enclose(digits))

    return EnclosedValue(enclose, PROVEN, lambda: integral_formula(response))


def _transfer(question: NoiseQuestion, layer: int, routes: NoiseRoutes) -> Value:
    network, task, noise = question.network, question.task, question.noise

    quick = routes.method == "auto"
    budget = QUICK if quick else float("inf")

    def compute() -> NumericValue:
        if noise.rectified and question.is_output(layer):
            return input_readout_response(network, task, noise, budget=budget, progress=routes.progress).total
        if noise.rectified:
            return input_layer_response(network, task, noise, layer, channel_mean=question.channel_mean).total
        if question.is_output(layer):
            if quick and pooled_windows(network, task, noise).memory:
                raise NotApplicableError("pairs of windows over a moving average take longer than sampling")
            return chain_readout_response(network, task, noise, progress=routes.progress)
        control = _control(question, layer)
        if control is None or (question.channel_mean and network.layers[layer - 1].channels > 1):
            raise NotApplicableError("the pre-activations have no closed form, or channels are averaged")
        return chain_layer_response(network, task, noise, layer, control, budget=budget)

    return _kept(routes.cache, question.text(layer, "transfer"), compute)


def _sampled(question: NoiseQuestion, layers: list[int], routes: NoiseRoutes) -> dict[int, Value]:
    """Return the sampled responses; those that are not in the cache come from one set of samples."""
    texts = {k: question.text(k, repr(routes.sampling)) for k in layers}
    values = {k: _stored(routes.cache, text) for k, text in texts.items()}
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
            _keep(routes.cache, texts[k], value)
        values |= fresh
    return {k: value for k, value in values.items() if value is not None}


def _kept(cache: Cache | None, text: str, compute: Callable[[], NumericValue]) -> NumericValue:
    stored = _stored(cache, text)
    if stored is not None:
        return stored
    value = compute()
    _keep(cache, text, value)
    return value


def _stored(cache: Cache | None, text: str) -> NumericValue | None:
    answer = cache.find(text) if cache else None
    return None if answer is None else NumericValue(**answer)


def _keep(cache: Cache | None, text: str, value: NumericValue) -> None:
    if cache:
        cache.keep(text, {"estimate": value.estimate, "uncertainty": value.uncertainty, "method": value.method})


def _kept_ball(cache: Cache | None, text: str, compute: Callable[[], Any]) -> Any:
    stored = cache.find(text) if cache else None
    if stored is not None:
        return _ball(stored["midpoint"], stored["radius"])
    ball = compute()
    if cache:
        cache.keep(text, {"midpoint": _dyadic_text(ball.mid()), "radius": _dyadic_text(ball.rad())})
    return ball


def _dyadic_text(number: Any) -> list[str]:
    return [str(part) for part in number.man_exp()]


def _ball(midpoint: list[str], radius: list[str]) -> Any:
    import flint
    from flint import arb

    mantissa, exponent = (int(part) for part in midpoint)
    with flint.ctx.workprec(max(64, mantissa.bit_length() + 8)):
        centre = arb(mantissa) * arb(2) ** exponent
        return arb(centre, arb(int(radius[0])) * arb(2) ** int(radius[1]))
