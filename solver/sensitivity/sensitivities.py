"""D, G and R of every layer and of the output, each by the best route that applies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from solver.cache import Cache
from solver.errors import InputError
from solver.network.changed.translates import one_of_each_translate
from solver.network.linearity import LayerProof, linearity_proof
from solver.network.network import Network
from solver.question.deformation import Deformation
from solver.question.noise import GaussianNoise, default_noise
from solver.question.task import Task
from solver.sensitivity.deformation.moments import PairMoments, autocorrelated_layers, distance_moments, linear_moments
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.routes import NoiseQuestion, NoiseRoutes, closed_noise_response, noise_responses
from solver.sensitivity.noise.sampled.sampling import Progress, Sampling
from solver.sensitivity.response.by_displacement import Response, network_response
from solver.values import ExactValue, Value, quotient

AUTOCORRELATIONS = "kernel autocorrelations"
DISTANCES = "one image per distance"


@dataclass(frozen=True)
class LayerSensitivity:
    """The sensitivities of one layer.

    Attributes
    ----------
    layer : int
        0 is the image, 1..depth the maps, depth + 1 the output f_p.
    name : {"input", "hidden", "output"}
    D : Value
        <||a(tau x) - a(x)||^2> / <||a(x1) - a(x2)||^2>, dimensionless.
    G : Value
        <||a(x + eta) - a(x)||^2> over the same denominator.
    G_coherent, G_incoherent : Value
        Its parts: of the mean change over the noise, and of the fluctuations around it; they add up to G.
    R : Value
        D / G.
    G_identity : Value
        G of the same network with every activation the identity.
    price : Value
        G / G_identity, the price of rectification.
    """

    layer: int
    name: str
    D: Value
    G: Value
    R: Value
    G_identity: Value
    price: Value
    G_coherent: Value
    G_incoherent: Value


@dataclass(frozen=True)
class Sensitivities:
    """The sensitivities of one network, with everything they were computed from."""

    network: Network
    task: Task
    deformation: Deformation
    noise: GaussianNoise
    channel_mean: bool
    layers: tuple[LayerSensitivity, ...]

    @cached_property
    def response(self) -> Response:
        """f_p(d), exactly, for d = 1..l//2, or by displacement on a frame."""
        return network_response(self.network, self.task)

    @property
    def output(self) -> LayerSensitivity:
        """The sensitivities of f_p."""
        return self.layers[-1]

    def __getitem__(self, layer: int) -> LayerSensitivity:
        return self.layers[layer]

    def to_json(self, *, digits: int = 15) -> str:
        """Return the report of this network as JSON text (schema ``solver.report/1``)."""
        return self._report.to_json(digits=digits)

    def to_latex(self, *, digits: int = 6) -> str:
        """Return the report of this network as a LaTeX table."""
        return self._report.to_latex(digits=digits)

    def to_text(self, *, digits: int = 15, split: bool = False) -> str:
        """Return the report of this network as plain text; ``split`` adds the two parts of G."""
        return self._report.to_text(digits=digits, split=split)

    def _repr_html_(self) -> str:
        return self._report.to_html()

    def _repr_latex_(self) -> str:
        return self._report.to_latex(digits=6)

    @cached_property
    def _report(self) -> Any:
        from solver.report.report import Report

        return Report((self,))


def sensitivities(
    network: Network,
    task: Task,
    *,
    deformation: Deformation | None = None,
    noise: GaussianNoise | None = None,
    channel_mean: bool = False,
    method: str = "auto",
    sampling: Sampling | None = None,
    cache: Cache | None = None,
    progress: Progress | None = None,
) -> Sensitivities:
    """Return D, G and R of every layer of a network and of its output.

    Parameters
    ----------
    network : Network
    task : TwoPixelTask or FrameTask
    deformation : Deformation
        `Deformation()` if omitted: each pixel moves by -1, 0, +1 with probability 1/3.
    noise : GaussianNoise
        `default_noise` if omitted: total energy 8/3, or 32/9 on a frame.
    channel_mean : bool
        Average every map over its channels before taking norms.
    method : {"auto", "deterministic", "series", "transfer", "sampling"}
        The route for noise that is rectified more than once (see `NoiseRoutes`).
    sampling : Sampling
        How much to sample where that is the route.
    cache : Cache
        Where values of the slow routes are kept; nowhere if omitted.
    progress : callable(done, total)
        Called during the slow routes.

    Raises
    ------
    InputError
        If an argument is not of its type.
    NotApplicableError
        If ``method`` forces a route that does not apply, or weights leave the range of float64 while sampling.

    Returns
    -------
    Sensitivities
        D is exact.  G is exact before any rectification, closed form after one, numeric after more.

    Notes
    -----
    Nothing costs more on a longer ring: images out of sight of each other are one class.

    Examples
    --------
    >>> from solver import construct
    >>> task = TwoPixelTask(length=32, scale=7)
    >>> result = sensitivities(construct("shift", task), task)
    >>> result.layers[3].D.exact
    Fraction(18352, 89775)
    """
    expected = {"network": Network, "task": Task, "deformation": Deformation, "noise": GaussianNoise}
    given = {"network": network, "task": task, "deformation": deformation, "noise": noise}
    for name, kind in expected.items():
        if not isinstance(given[name], kind) and (given[name] is not None or name in ("network", "task")):
            wanted = "TwoPixelTask" if kind is Task else kind.__name__
            raise InputError(f"{name}: expected a {wanted}, got {given[name]!r}")
    deformation = deformation or Deformation()
    noise = (noise or default_noise(task)).resolved(task, deformation)
    whole, network = network, reduced(network, task, channel_mean)
    proofs = linearity_proof(network, task, deformation)
    moments = layer_moments(network, task, deformation, proofs, channel_mean=channel_mean)
    routes = NoiseRoutes(method=method, sampling=sampling or Sampling(), cache=cache, progress=progress)
    numerators = noise_responses(NoiseQuestion(network, task, noise, channel_mean), routes)
    linear = network.with_identity()
    flat_moments = distance_moments(linear, task, deformation, channel_mean=channel_mean)
    layers = []
    averaged = autocorrelated_layers(network, task, proofs)
    for k in range(network.depth + 2):
        route = AUTOCORRELATIONS if k in averaged else DISTANCES
        identity = closed_noise_response(NoiseQuestion(linear, task, noise, channel_mean), k)
        assert identity is not None
        layers.append(_layer(k, network.depth, moments[k], numerators[k], flat_moments[k], identity.total, route))
    return Sensitivities(whole, task, deformation, noise, channel_mean, tuple(layers))


def reduced(network: Network, task: Task, channel_mean: bool) -> Network:
    """Return the network, on a frame with one channel for those that are translates of one another.

    The network itself where that channel's filter, whose window is centred, does not fit on the frame.
    """
    if task.axes == 1 or channel_mean:
        return network
    single = one_of_each_translate(network)
    return single if max(layer.size for layer in single.layers) <= min(task.shape) else network


def layer_moments(
    network: Network,
    task: Task,
    deformation: Deformation,
    proofs: tuple[LayerProof, ...],
    *,
    channel_mean: bool,
) -> list[PairMoments]:
    """Return the moments of layers 0..depth and the output, from autocorrelations where the proof allows."""
    moments = distance_moments(network, task, deformation, channel_mean=channel_mean)
    layers = autocorrelated_layers(network, task, proofs)
    for k, each in linear_moments(network, task, deformation, layers, channel_mean=channel_mean).items():
        moments[k] = each
    return moments


def _layer(
    k: int,
    depth: int,
    moments: PairMoments,
    noise: NoiseResponse[Value],
    linear: PairMoments,
    identity: Value,
    route: str,
) -> LayerSensitivity:
    name = "input" if k == 0 else "hidden" if k <= depth else "output"
    spread = ExactValue(moments.spread, route)
    flat = "every image of the ensemble gives the same value here, so the denominator is 0"
    d = quotient(ExactValue(moments.displacement, route), spread, method=route, zero=flat)
    parts = noise.map(lambda value: quotient(value, spread, method=value.method, zero=flat))
    g = parts.total
    g_identity = quotient(
        identity,
        ExactValue(linear.spread, DISTANCES),
        method=identity.method,
        zero="with identity activations every image gives the same value here, so the denominator is 0",
    )
    r = quotient(d, g, method=g.method, zero="G is 0")
    price = quotient(g, g_identity, method=g.method, zero="G with identity activations is 0")
    return LayerSensitivity(k, name, d, g, r, g_identity, price, parts.coherent, parts.incoherent)
