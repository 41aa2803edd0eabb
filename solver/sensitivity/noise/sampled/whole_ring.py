"""Noise responses of layers and of f_p from passes on the whole ring that represents the ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import prod

import numpy as np

from solver.network.layer import Layer
from solver.network.network import Network
from solver.network.representatives import noise_representatives
from solver.network.trace import dense_images
from solver.question.noise import Noise
from solver.question.pairs import Task
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.route import Progress, Sampling
from solver.sensitivity.noise.sampled.estimate import split_estimate
from solver.sensitivity.noise.sampled.float_trace import FloatTrace
from solver.sensitivity.noise.sampled.replicate import Replicate, Replicated
from solver.sensitivity.noise.sampled.replicates import sampled_until_met, sobol_noises
from solver.values import NumericValue

PILOT = 64
"""Noises to which the coefficients of controls are fitted."""
_PER_NUMBER = 100
"""What a number costs beyond the products that it takes part in, in multiplications of a matrix product."""


def ring_responses(
    network: Network,
    task: Task,
    noise: Noise,
    controls: dict[int, float | None],
    sampling: Sampling,
    *,
    channel_mean: bool = False,
    progress: Progress | None = None,
) -> dict[int, NoiseResponse[NumericValue]]:
    """Return <||a_k(x + eta) - a_k(x)||^2> of layers, and of f_p under the key depth + 1, as `split_estimate` does.

    Costs points * replicates passes on the representing ring for each distance in sight.  On a ring that stands in for
    a longer one no closed part is taken out: where noise is weak it would cancel.
    """
    ring = noise_representatives(network, task)
    noises = partial(sobol_noises, noise, task.sites, ring.length)
    counts = np.array([float(ring.stretch), *(float(weight) for _, _, weight in ring.pairs)])
    plain = Replicate(
        FloatTrace(network.layers),
        dense_images([{}, *ring.images], ring.shape).astype(float),
        {k: 0.0 if known is None or ring.stretch else 1.0 for k, known in controls.items()},
        channel_mean,
        np.array([float(v) for v in network.pooled_readout(task.sites)]),
    )
    replicate = plain.fitted(counts, noises(PILOT, np.random.default_rng([sampling.seed, 2])))
    known = replicate.known(controls)

    def estimated(runs: list[Replicated], method: str) -> dict[int, NoiseResponse[NumericValue]]:
        unmet = replicate.unmet(runs, noises, sampling.seed, gaussian=noise.lacks("gaussian") is None)
        samples = {k: [run.samples[k] for run in runs] for k in controls}
        return {k: split_estimate(samples[k], counts, known[k], k > network.depth, method, unmet[k]) for k in controls}

    points = ring_points(network, task, sampling)
    return sampled_until_met(
        sampling, points, noises, replicate, estimated, lambda found: [v.total for v in found.values()], progress
    )


def ring_points(network: Network, task: Task, sampling: Sampling) -> int:
    """Return the points of a replicate on the ring."""
    shape = noise_representatives(network, task).shape
    return sampling.points_for(network.total_stride(network.depth), prod(shape[:-1]))


def ring_cost(network: Network, task: Task) -> float:
    """Return the multiplications that one noise takes, on all representing images."""
    ring = noise_representatives(network, task)
    outputs = [prod(n // network.total_stride(k) for n in ring.shape) for k in range(1, network.depth + 1)]
    return (len(ring.pairs) + 1) * multiplications(network.layers, outputs)


def multiplications(layers: Sequence[Layer], outputs: Sequence[int]) -> int:
    """Return the multiplications of a pass, roughly, given the sites of each layer."""
    each = zip(layers, outputs, strict=True)
    return sum(n * len(layer.array) * (layer.array[0].size + _PER_NUMBER) for layer, n in each)
