r"""Noise too weak to reach another kink: sampled where it is stronger, and scaled.

A network is piecewise linear.  Let rho be the least |z - kink| > 0 of a unit of layers 1..k without noise, on any
image, over L, how far max |eta| = 1 moves it at most.  While max |eta| < rho every unit stays on the pieces that its
calm pre-activation touches, and delta(t eta) = t delta(eta) for t > 0.  So, with sigma_1 = rho / `CLEARANCE`,

    E ||delta||^2 = (sigma / sigma_1)^2 (E_1 ||delta||^2 + r),    |r| <= 4 N L^2 E_1[max eta^2; max |eta| >= rho],

N the number of units, or the square of their weight in f_p (derivations/limits_noise.py takes the step to the limit).
Floats hold such noise beside pixels of size 1 at any sigma.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from solver.network.network import Network
from solver.network.representatives import noise_representatives
from solver.network.trace import dense_images, layer_passes
from solver.question.pairs import Task
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.route import SAMPLED_METHOD, Evaluation, Route
from solver.sensitivity.noise.sampled.estimate import LEAST_ERROR
from solver.sensitivity.noise.sampled.float_trace import KINKS
from solver.sensitivity.noise.sampled.sampling import SAMPLED, sampled_responses
from solver.values import NumericValue, Value

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

_PREFIX = "no kink in reach: scaled from stronger noise, "
SCALED_METHOD = _PREFIX + SAMPLED_METHOD
CLEARANCE = 12
"""Deviations within which the stronger noise reaches no other kink; it is farther out once in 10^32."""
LARGEST_DEVIATION = Fraction(1, CLEARANCE)
"""Of the stronger noise, a site, whatever the network: pixels are 1."""


@dataclass(frozen=True)
class Slack:
    """How far a network is from its kinks without noise, up to some layer.

    Attributes
    ----------
    radius : float
        rho; infinite without any kink out of reach.
    slopes : ndarray
        How far max |eta| = 1 moves each channel of that layer at most.
    """

    radius: float
    slopes: np.ndarray


@lru_cache(maxsize=32)
def slack(network: Network, task: Task, layer: int) -> Slack:
    """Return how far the network is from its kinks; costs one exact pass over the representing images."""
    ring = noise_representatives(network, task)
    passes = layer_passes(network, dense_images([{}, *ring.images], ring.shape))
    next(passes)
    radius, slopes = np.inf, np.ones(1)
    for each, (activation, _) in zip(network.layers[:layer], passes, strict=False):
        weights = np.abs(each.array.astype(float)).reshape(*each.array.shape[:2], -1).sum(axis=-1)
        slopes = weights @ slopes
        z, denominator = activation.values, activation.denominator
        for kink in (int(end) for end in KINKS[each.activation] if np.isfinite(end)):
            gaps = np.abs((z - kink * denominator).astype(float)) / denominator
            gaps = np.moveaxis(np.where(gaps > 0, gaps, np.inf), 1, 0).reshape(each.channels, -1).min(axis=1)
            radius = min(radius, float(np.min(gaps / np.maximum(slopes, LEAST_ERROR))))
    return Slack(radius, slopes)


def stronger_energy(question: Question, layer: int) -> Fraction:
    """Return the energy up to which noise reaches no other kink within `CLEARANCE` deviations."""
    radius = slack(question.network, question.task, min(layer, question.depth)).radius
    return min(Fraction(min(radius, 1.0) / CLEARANCE), LARGEST_DEVIATION) ** 2 * question.task.sites


def _refusal(question: Question, layer: int) -> str | None:
    noise, most = question.noise, LARGEST_DEVIATION**2 * question.task.sites  # told without a pass
    if why := noise.lacks("independent", "gaussian"):
        return why
    if noise.energy < most and noise.energy < stronger_energy(question, layer):
        return None
    return "the noise is not so weak that no unit leaves the pieces that it touches"


def _remainder(question: Question, layer: int, variance: float) -> float:
    """Return 2 N L^2 E[max eta^2; max |eta| >= rho], with max eta^2 <= the sum of those beyond rho."""
    network, task = question.network, question.task
    slopes, sites = slack(network, task, min(layer, question.depth)).slopes, task.sites
    units = network.output_length(sites, min(layer, question.depth)) if network.axes == 1 else sites
    if layer > question.depth:
        readout = np.abs([float(v) for v in network.pooled_readout(sites)])
        size = float(readout @ slopes * units) ** 2
    else:
        size = units * float((slopes.sum() if question.channel_mean else np.hypot.reduce(slopes)) ** 2)
    density = np.exp(-(CLEARANCE**2) / 2) / np.sqrt(2 * np.pi)
    return 2 * size * sites * 2 * variance * float(CLEARANCE * density + ndtr(-CLEARANCE))


def _response(question: Question, layer: int, how: Evaluation) -> NoiseResponse[Value]:
    energy = stronger_energy(question, layer)
    stronger = replace(question, noise=replace(question.noise, energy=energy))
    ratio = float(question.noise.energy / energy)
    rest = 2 * _remainder(question, layer, float(energy / question.task.sites))

    def scaled(value: NumericValue) -> Value:
        error = max(ratio * (value.uncertainty + rest), LEAST_ERROR)
        return NumericValue(ratio * value.estimate, error, f"{_PREFIX}{value.method}")

    return sampled_responses(stronger, [layer], how)[layer].map(scaled)


SCALED = Route(
    name="scaled",
    method=SCALED_METHOD,
    refusal=_refusal,
    response=_response,
    sources=SAMPLED.sources,
    proofs=SAMPLED.proofs,
)
"""Weak noise, for any network: sampling at the strongest noise whose response it is in proportion to."""
