"""D of every layer without G, for tables that show nothing else: no cost of noise."""

from __future__ import annotations

from dataclasses import fields

from solver.network.linearity import linearity_proof
from solver.network.network import Network
from solver.question.deformation import Deformation
from solver.question.noise import GaussianNoise
from solver.question.task import Task
from solver.sensitivity.sensitivities import (
    AUTOCORRELATIONS,
    DISTANCES,
    LayerSensitivity,
    Sensitivities,
    layer_moments,
    reduced,
)
from solver.values import ExactValue, MissingValue, quotient

FLAT = "every image of the ensemble gives the same value here, so the denominator is 0"


def deformation_alone(
    network: Network, task: Task, deformation: Deformation, noise: GaussianNoise, *, channel_mean: bool = False
) -> Sensitivities:
    """Return the sensitivities with their D; every other value is missing, as not asked for.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> task = TwoPixelTask(length=32, scale=7)
    >>> result = deformation_alone(construct("shift", task), task, Deformation(), GaussianNoise())
    >>> result.layers[3].D.exact, result.layers[3].G.kind
    (Fraction(18352, 89775), 'missing')
    """
    whole, network = network, reduced(network, task, channel_mean)
    noise = noise.resolved(task, deformation)
    proofs = linearity_proof(network, task, deformation)
    moments = layer_moments(network, task, deformation, proofs, channel_mean=channel_mean)
    names = [each.name for each in fields(LayerSensitivity) if each.name not in ("layer", "name", "D")]
    layers = []
    for k, each in enumerate(moments):
        name = "input" if k == 0 else "hidden" if k <= network.depth else "output"
        route = AUTOCORRELATIONS if k == 0 or (k <= network.depth and proofs[k - 1].linear_so_far) else DISTANCES
        d = quotient(ExactValue(each.displacement, route), ExactValue(each.spread, route), method=route, zero=FLAT)
        others = {other: MissingValue("not asked for") for other in names}
        layers.append(LayerSensitivity(layer=k, name=name, D=d, **others))
    return Sensitivities(whole, task, deformation, noise, channel_mean, tuple(layers))
