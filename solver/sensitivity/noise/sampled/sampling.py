"""Noise that is rectified more than once, or met a hard tanh, by randomised quasi-Monte Carlo, with an error.

Where the last pre-activation is closed form, that part is taken out: a - a0 = lin + comp with
lin = z - z0 and comp = (-z)+ - (-z0)+, so only (a - a0)^2 - lin^2 = 2 lin comp + comp^2 is sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from math import prod
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from solver.network.network import Network
from solver.network.representatives import noise_representatives
from solver.network.trace import dense_images
from solver.question.ensemble import Representatives
from solver.question.noise import Noise
from solver.question.pairs import Task
from solver.sensitivity.noise.closed import control
from solver.sensitivity.noise.response import NUMERIC, NoiseResponse, keep, stored
from solver.sensitivity.noise.route import SAMPLED_METHOD, Evaluation, Progress, Route, Sampling, beyond_floats
from solver.sensitivity.noise.sampled.estimate import Samples, split_estimate
from solver.sensitivity.noise.sampled.float_trace import FloatTrace, Trace
from solver.sensitivity.noise.sampled.threads import drawn_results
from solver.sensitivity.noise.sampled.unmet import LouderNoise, Statistic, Unmet, unmet_changes
from solver.values import NumericValue, Value

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

Run = TypeVar("Run")
Found = TypeVar("Found")
Draw = Callable[[int, np.random.Generator], np.ndarray]
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

    Parts add up, except where one comes out as 0, and for f_p on a ring too long to be sampled whole: within the error.
    The tolerance is asked of the totals.  Errors are those of `split_estimate`.  Costs points * replicates forward
    passes on the representing ring for each distance in sight.

    Parameters
    ----------
    controls : dict
        The layers, each with the closed value of <||z_k(x + eta) - z_k(x)||^2> at its last
        pre-activation (for depth + 1, of the pooled one), or None where that is not known.
    """
    noise.assume("independent")
    ring = noise_representatives(network, task)
    points = sampling.points_for(network.total_stride(network.depth), prod(ring.shape[:-1]))
    noises = partial(sobol_noises, noise, task.sites, ring.length)
    replicate = Replicate(FloatTrace(network), ring, controls, channel_mean)

    def estimated(runs: list[Replicated], method: str) -> dict[int, NoiseResponse[NumericValue]]:
        unmet = replicate.unmet(runs, noises, sampling.seed, gaussian=noise.lacks("gaussian") is None)
        return {
            k: split_estimate([run.samples[k] for run in runs], ring, known, k > network.depth, method, unmet[k])
            for k, known in controls.items()
        }

    return sampled_until_met(
        sampling,
        points,
        noises,
        replicate,
        estimated,
        lambda found: [each.total for each in found.values()],
        progress,
    )


def sampled_until_met(
    sampling: Sampling,
    points: int,
    noises: Draw,
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


@dataclass(frozen=True)
class Replicated:
    """Means over the points of one replicate by layer, and on which piece each unit was at how many of them."""

    samples: dict[int, Samples]
    pieces: list[np.ndarray]
    points: int


@dataclass(frozen=True)
class Replicate:
    """The network on every representing image, with and without noise: called with the noises of one replicate."""

    trace: FloatTrace
    ring: Representatives
    controls: dict[int, float | None]
    channel_mean: bool

    @cached_property
    def images(self) -> np.ndarray:
        """The empty image and those that represent the ensemble, each with one channel."""
        return dense_images([{}, *self.ring.images], self.ring.shape).astype(float)[:, None]

    @cached_property
    def calm(self) -> Trace:
        """The pass without noise."""
        return self.trace(self.images)

    def __call__(self, eta: np.ndarray) -> Replicated:
        """Return the means over noises of shape (points, sites)."""
        sums: dict[int, Any] = dict.fromkeys(self.controls, (0, 0, 0))
        pieces: list[Any] = [0] * self.trace.network.depth
        for chunk in self.chunks(eta):
            noisy = self.trace(self.noisy(chunk))
            pieces = [old + new for old, new in zip(pieces, self.trace.pieces(noisy), strict=True)]
            for key in self.controls:
                parts = self.differences(key, noisy)
                sums[key] = [total + part.sum(axis=0) for total, part in zip(sums[key], parts, strict=True)]
        samples = {key: Samples(*(total / len(eta) for total in sums[key])) for key in self.controls}
        return Replicated(samples, pieces, len(eta))

    def unmet(self, runs: list[Replicated], noises: Draw, seed: int, *, gaussian: bool) -> dict[int, Unmet]:
        """Return by how much what no replicate met could change the means (`unmet_changes`)."""

        def statistic(key: int, noisy: Trace) -> Statistic:
            square, linear, moved = self.differences(key, noisy)
            return square - linear, moved

        louder = LouderNoise(lambda *drawn: self.chunks(noises(*drawn)), self.noisy, gaussian)
        counts: list[Any] = [sum(each) for each in zip(*(run.pieces for run in runs), strict=True)]
        samples = sum(run.points for run in runs)
        return unmet_changes(
            self.trace,
            louder,
            self.calm,
            counts,
            samples,
            seed,
            {key: partial(statistic, key) for key in self.controls},
        )

    def chunks(self, eta: np.ndarray) -> list[np.ndarray]:
        """Return noises in parts that fit into memory."""
        widest = max(self.trace.network.channels) * self.images.size
        return np.array_split(eta, min(len(eta), max(1, len(eta) * widest // _CHUNK)))

    def noisy(self, eta: np.ndarray) -> np.ndarray:
        """Return every image with every noise added, of shape (points, images, 1, *sites)."""
        noisy: np.ndarray = self.images + eta.reshape(-1, 1, 1, *self.ring.shape)
        return noisy

    def differences(self, key: int, noisy: Trace) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return ||a - a0||^2, ||z - z0||^2 and a - a0 of a layer, as `_differences` does."""
        controlled = self.controls[key] is not None
        return _differences(self.trace.network, self.ring, key, self.calm, noisy, self.channel_mean, controlled)


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
    noise = question.noise
    return noise.lacks("independent") or beyond_floats(noise.variance(question.task.sites))


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
"""Randomised quasi-Monte Carlo, with an error from replicates."""
