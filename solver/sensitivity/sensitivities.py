"""D, G and R of every layer and of the output, each by the best route that applies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from solver.deformation import Deformation
from solver.errors import NotApplicableError
from solver.network.linearity import LayerProof, linearity_proof
from solver.network.network import Network
from solver.noise import GaussianNoise
from solver.sensitivity.chain_noise import chain_layer_response
from solver.sensitivity.displacement import (
    PairMoments,
    distance_moments,
    linear_displacement,
    linear_spread,
    observed_kernel,
)
from solver.sensitivity.linear_noise import linear_layer_noise, linear_readout_noise
from solver.sensitivity.rectified_noise import (
    is_rectified_once,
    layer_second_moment,
    readout_second_moment,
    rectifying_layer,
)
from solver.sensitivity.rectified_twice import PROVEN, independent_layer_response, independent_readout_response
from solver.sensitivity.response import Response, response_by_distance
from solver.sensitivity.sampling import Progress, Sampling, sampled_noise, without_last_activation
from solver.task import TwoPixelTask
from solver.values import ClosedValue, EnclosedValue, ExactValue, Value, as_value, quotient

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


@dataclass(frozen=True)
class Sensitivities:
    """The sensitivities of one network, with everything they were computed from."""

    network: Network
    task: TwoPixelTask
    deformation: Deformation
    noise: GaussianNoise
    channel_mean: bool
    layers: tuple[LayerSensitivity, ...]

    @cached_property
    def response(self) -> Response:
        """f_p(d), exactly, for d = 1..l//2."""
        return response_by_distance(self.network, self.task)

    @property
    def output(self) -> LayerSensitivity:
        """The sensitivities of f_p."""
        return self.layers[-1]

    def __getitem__(self, layer: int) -> LayerSensitivity:
        return self.layers[layer]

    def to_json(self, *, digits: int = 15) -> str:
        """Return the report of this network as JSON text (schema ``solver.report/1``)."""
        return self._report.to_json(digits=digits)

    def to_latex(self, *, digits: int = 15) -> str:
        """Return the report of this network as a LaTeX table."""
        return self._report.to_latex(digits=digits)

    def to_text(self, *, digits: int = 15) -> str:
        """Return the report of this network as plain text."""
        return self._report.to_text(digits=digits)

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
    task: TwoPixelTask,
    *,
    deformation: Deformation | None = None,
    noise: GaussianNoise | None = None,
    channel_mean: bool = False,
    sampling: Sampling | None = None,
    progress: Progress | None = None,
) -> Sensitivities:
    """Return D, G and R of every layer of a network and of its output.

    Parameters
    ----------
    network : Network
    task : TwoPixelTask
    deformation : Deformation
        `Deformation()` if omitted: each pixel moves by -1, 0, +1 with probability 1/3.
    noise : GaussianNoise
        `GaussianNoise()` if omitted: total energy 8/3.
    channel_mean : bool
        Average every map over its channels before taking norms.
    sampling : Sampling
        How much to sample where the noise is rectified more than once.
    progress : callable(done, total)
        Called while sampling.

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
    >>> result = sensitivities(construct("uniform", task), task, sampling=Sampling(points=2, replicates=2))
    >>> result.layers[1].D.exact
    Fraction(2944, 11745)
    """
    deformation = deformation or Deformation()
    noise = (noise or GaussianNoise()).resolved(task, deformation)
    sampling = sampling or Sampling()
    proofs = linearity_proof(network, task, deformation)
    moments = layer_moments(network, task, deformation, proofs, channel_mean=channel_mean)
    numerators = noise_responses(network, task, noise, sampling, channel_mean=channel_mean, progress=progress)
    linear = network.with_identity()
    linear_moments = distance_moments(linear, task, deformation, channel_mean=channel_mean)
    layers = []
    for k in range(network.depth + 2):
        route = AUTOCORRELATIONS if k == 0 or (k <= network.depth and proofs[k - 1].linear_so_far) else DISTANCES
        identity = closed_noise_response(linear, task, noise, k, channel_mean=channel_mean)
        assert identity is not None
        layers.append(_layer(k, network.depth, moments[k], numerators[k], linear_moments[k], identity, route))
    return Sensitivities(network, task, deformation, noise, channel_mean, tuple(layers))


def layer_moments(
    network: Network,
    task: TwoPixelTask,
    deformation: Deformation,
    proofs: tuple[LayerProof, ...],
    *,
    channel_mean: bool,
) -> list[PairMoments]:
    """Return the moments of layers 0..depth and the output, from autocorrelations where the proof allows."""
    moments = distance_moments(network, task, deformation, channel_mean=channel_mean)
    for k in range(network.depth + 1):
        if k == 0 or proofs[k - 1].linear_so_far:
            kernel = observed_kernel(network, k, channel_mean=channel_mean)
            moments[k] = PairMoments(linear_displacement(kernel, task, deformation), linear_spread(kernel, task))
    return moments


def closed_noise_response(
    network: Network, task: TwoPixelTask, noise: GaussianNoise, layer: int, *, channel_mean: bool = False
) -> Value | None:
    """Return <||a_k(x + eta) - a_k(x)||^2>, exact or closed, or None if the noise is rectified more than once.

    ``layer`` = depth + 1 asks for the output f_p.
    """
    output = layer > network.depth
    depth = min(layer, network.depth)
    if rectifying_layer(network, depth, noise) is None:
        if output:
            return as_value(linear_readout_noise(network, task, noise), "linear noise")
        return as_value(linear_layer_noise(network, task, noise, layer, channel_mean=channel_mean), "linear noise")
    if not is_rectified_once(network, depth, noise):
        return None
    if output:
        moment = readout_second_moment(network, task, noise)
    else:
        moment = layer_second_moment(network, task, noise, layer, channel_mean=channel_mean)
    return as_value(moment.expression(), "closed form, rectified once")


def enclosed_noise_response(
    network: Network, task: TwoPixelTask, noise: GaussianNoise, layer: int, *, channel_mean: bool = False
) -> Value | None:
    """Return <||a_k(x + eta) - a_k(x)||^2> as a proven ball, or None if no route that proves one applies.

    ``layer`` = depth + 1 asks for the output f_p.
    """
    try:
        if layer > network.depth:
            response = independent_readout_response(network, task, noise)
        else:
            response = independent_layer_response(network, task, noise, layer, channel_mean=channel_mean)
    except NotApplicableError:
        return None
    return EnclosedValue(response.enclose, PROVEN)


def _chain_response(
    network: Network, task: TwoPixelTask, noise: GaussianNoise, layer: int, control: float
) -> Value | None:
    if layer > network.depth:
        return None
    try:
        return chain_layer_response(network, task, noise, layer, control)
    except NotApplicableError:
        return None


def noise_responses(
    network: Network,
    task: TwoPixelTask,
    noise: GaussianNoise,
    sampling: Sampling,
    *,
    channel_mean: bool,
    progress: Progress | None,
) -> list[Value]:
    """Return <||a_k(x + eta) - a_k(x)||^2> of layers 0..depth and the output, by the best route for each."""
    known: dict[int, Value] = {}
    controls: dict[int, float | None] = {}
    for k in range(network.depth + 2):
        value = closed_noise_response(network, task, noise, k, channel_mean=channel_mean) or enclosed_noise_response(
            network, task, noise, k, channel_mean=channel_mean
        )
        if value is not None:
            known[k] = value
            continue
        linear = without_last_activation(network, min(k, network.depth))
        control = closed_noise_response(linear, task, noise, k, channel_mean=channel_mean)
        chained = None if control is None or channel_mean else _chain_response(network, task, noise, k, float(control))
        if chained is not None:
            known[k] = chained
        else:
            controls[k] = None if control is None else float(control)
    if controls:
        known |= sampled_noise(network, task, noise, controls, sampling, channel_mean=channel_mean, progress=progress)
    return [known[k] for k in range(network.depth + 2)]


def _layer(
    k: int, depth: int, moments: PairMoments, noise: Value, linear: PairMoments, identity: Value, route: str
) -> LayerSensitivity:
    name = "input" if k == 0 else "hidden" if k <= depth else "output"
    spread = ExactValue(moments.spread, route)
    flat = "every image of the ensemble gives the same value here, so the denominator is 0"
    d = quotient(ExactValue(moments.displacement, route), spread, method=route, zero=flat)
    g = quotient(noise, spread, method=noise.method, zero=flat)
    g_identity = quotient(
        identity,
        ExactValue(linear.spread, DISTANCES),
        method=identity.method,
        zero="with identity activations every image gives the same value here, so the denominator is 0",
    )
    r = quotient(d, g, method=g.method, zero="G is 0")
    price = quotient(g, g_identity, method=g.method, zero="G with identity activations is 0")
    return LayerSensitivity(k, name, d, g, r, g_identity, price)


__all__ = ["ClosedValue", "LayerSensitivity", "Sensitivities", "sensitivities"]
