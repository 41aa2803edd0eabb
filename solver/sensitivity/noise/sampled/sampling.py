"""Noise that is rectified more than once, or met a hard tanh: randomised quasi-Monte Carlo, with a standard error.

Where the last pre-activation is closed form, that part is taken out: a - a0 = lin + comp with
lin = z - z0 and comp = (-z)+ - (-z0)+, so only (a - a0)^2 - lin^2 = 2 lin comp + comp^2 is sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from solver.network.network import Network
from solver.network.representatives import noise_representatives
from solver.network.trace import activated, correlate, dense_images
from solver.question.ensemble import Representatives
from solver.question.noise import Noise
from solver.question.pairs import Task
from solver.sensitivity.noise.closed import control
from solver.sensitivity.noise.response import NUMERIC, NoiseResponse, keep, stored
from solver.sensitivity.noise.route import SAMPLED_METHOD, Evaluation, Progress, Route, Sampling
from solver.sensitivity.noise.sampled.estimate import Samples, split_estimate
from solver.sensitivity.noise.sampled.threads import drawn_results
from solver.values import NumericValue, Value

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

Run = TypeVar("Run")
Found = TypeVar("Found")
MOST_POINTS = 2**17
_CHUNK = 2**19


def sampled_noise(
    network: Network,
    task: Task,
    noise: Noise,
    controls: dict[int, float | None],
    sampling: Sampling,
    *,
    channel_mean: bool = False,
    progress: Progress | None = None,
) -> dict[int, NoiseResponse[NumericValue]]:
    """Return <||a_k(x + eta) - a_k(x)||^2> of the layers asked for, and of f_p under the key depth + 1.

    The parts are unbiased.  They add up, except for f_p on a ring too long to be sampled whole: within the error.
    The tolerance is asked of the totals; the parts can be less certain.

    Costs points * replicates forward passes on the representing ring for each distance in sight, and keeps
    the mean map of each replicate.

    Parameters
    ----------
    controls : dict
        The layers, each with the closed value of <||z_k(x + eta) - z_k(x)||^2> at its last
        pre-activation (for depth + 1, of the pooled one), or None where that is not known.
    """
    noise.assume("independent")
    ring = noise_representatives(network, task)
    trace = FloatTrace(network)

    def estimated(runs: list[dict[int, Samples]], method: str) -> dict[int, NoiseResponse[NumericValue]]:
        return {
            k: split_estimate([run[k] for run in runs], ring, known, k > network.depth, method)
            for k, known in controls.items()
        }

    points = sampling.points_for(network.total_stride(network.depth), prod(ring.shape[:-1]))
    return sampled_until_met(
        sampling,
        points,
        partial(sobol_noises, noise, task.sites, ring.length),
        partial(_replicate, trace, ring, controls, channel_mean),
        estimated,
        lambda found: [each.total for each in found.values()],
        progress,
    )


def sampled_until_met(
    sampling: Sampling,
    points: int,
    noises: Callable[[int, np.random.Generator], np.ndarray],
    replicate: Callable[[np.ndarray], Run],
    estimated: Callable[[list[Run], str], Found],
    judged: Callable[[Found], Iterable[NumericValue]],
    progress: Progress | None,
) -> Found:
    """Return estimates from independent replicates, with four times the points until those judged are met."""
    generator = np.random.default_rng(sampling.seed)

    def drawn() -> Callable[[], Run]:
        return partial(replicate, noises(points, generator))

    while True:
        found = estimated(drawn_results(drawn, sampling.replicates, progress), sampling.method(points))
        if sampling.is_met(judged(found)) or 4 * points > MOST_POINTS:
            return found
        points *= 4


def sobol_noises(noise: Noise, length: int, sites: int, points: int, generator: np.random.Generator) -> np.ndarray:
    """Return one scrambled Sobol set of noises, of shape (points, sites)."""
    from scipy.stats import qmc

    return noise.samples(qmc.Sobol(sites, scramble=True, rng=generator), points, length)


def _replicate(
    trace: FloatTrace, ring: Representatives, controls: dict[int, float | None], channel_mean: bool, eta: np.ndarray
) -> dict[int, Samples]:
    images = dense_images([{}, *ring.images], ring.shape).astype(float)[:, None]
    calm = trace(images)
    widest = max(trace.network.channels) * images.size
    chunks = np.array_split(eta, min(len(eta), max(1, len(eta) * widest // _CHUNK)))
    sums: dict[int, Any] = dict.fromkeys(controls, (0, 0, 0))
    for chunk in chunks:
        noisy = trace(images + chunk.reshape(-1, 1, 1, *ring.shape))
        for key, known in controls.items():
            parts = _differences(trace.network, ring, key, calm, noisy, channel_mean, known is not None)
            sums[key] = [total + part.sum(axis=0) for total, part in zip(sums[key], parts, strict=True)]
    return {key: Samples(*(total / len(eta) for total in sums[key])) for key in controls}


def _differences(
    network: Network, ring: Representatives, key: int, calm: Any, noisy: Any, channel_mean: bool, controlled: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return ||a - a0||^2 and ||z - z0||^2 of shape (points, images), and a - a0 of (points, images, units).

    The second is 0 unless it is ``controlled`` for.
    """
    layer = min(key, network.depth)
    (z0, a0), (z, a) = calm[layer], noisy[layer]

    def change(after: np.ndarray, before: np.ndarray) -> np.ndarray:
        if key > network.depth:
            weights = np.array([float(v) for v in network.pooled_readout(ring.task.sites)])
            return (over_sites(after - before).sum(axis=-1) @ weights)[..., None]
        moved = over_sites(after - before)
        moved = moved.sum(axis=-2, keepdims=True) if channel_mean else moved
        return moved.reshape(*moved.shape[:2], -1)

    def over_sites(maps: np.ndarray) -> np.ndarray:
        return maps.reshape(*maps.shape[: -network.axes], -1)

    moved = change(a, a0)
    square = np.einsum("pmu,pmu->pm", moved, moved)
    if not controlled:
        return square, np.zeros_like(square), moved
    linear = change(z, z0)
    return square, np.einsum("pmu,pmu->pm", linear, linear), moved


class FloatTrace:
    """The forward pass in float64, of images of shape (..., 1, *sites)."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._weights = [(layer.array.astype(float), [float(b) for b in layer.bias]) for layer in network.layers]

    def __call__(self, a: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the pre-activations and activations of layers 0..depth."""
        trace = [(a, a)]
        for layer, (weights, bias) in zip(self.network.layers, self._weights, strict=True):
            z = correlate(a, layer, weights, bias)
            a = activated(z, layer.activation)
            trace.append((z, a))
        return trace


def sampled_responses(
    question: Question, layers: Sequence[int], how: Evaluation
) -> dict[int, NoiseResponse[NumericValue]]:
    """Return the sampled responses of layers; those that are not in the cache come from one set of samples."""
    texts = {k: question.text(k, repr(how.sampling)) for k in layers}
    values = {k: stored(how.cache, text, NUMERIC) for k, text in texts.items()}
    missing = {k: control(question, k) for k, value in values.items() if value is None}
    if missing:
        fresh = sampled_noise(
            question.network,
            question.task,
            question.noise,
            missing,
            how.sampling,
            channel_mean=question.channel_mean,
            progress=how.progress,
        )
        for k, value in fresh.items():
            keep(how.cache, texts[k], value, NUMERIC)
        values |= fresh
    return {k: value for k, value in values.items() if value is not None}


def _refusal(question: Question, layer: int) -> str | None:
    return question.noise.lacks("independent")


def _response(question: Question, layer: int, how: Evaluation) -> NoiseResponse[Value]:
    found: NoiseResponse[Value] = sampled_responses(question, [layer], how)[layer]
    return found


SAMPLED = Route(
    name="sampling",
    method=SAMPLED_METHOD,
    refusal=_refusal,
    response=_response,
    sources=("joe2008sobol", "matousek1998discrepancy", "owen1998scrambling"),
)
"""Randomised quasi-Monte Carlo, with a standard error."""
