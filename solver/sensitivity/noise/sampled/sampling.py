"""Noise that is rectified more than once, or met a hard tanh, by randomised quasi-Monte Carlo, with an error.

A layer is sampled from single units where that costs less than the ring, as it does unless they see nearly all of it;
f_p from the whole ring.  Where E||z - z0||^2 is closed form at the last pre-activation, only
||a - a0||^2 - beta ||z - z0||^2 is sampled, beta fitted to a few noises that are used for nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from solver.network.network import Network
from solver.question.noise import Noise
from solver.question.pairs import Task
from solver.sensitivity.noise.closed import control
from solver.sensitivity.noise.response import NUMERIC, NoiseResponse, keep, stored
from solver.sensitivity.noise.route import SAMPLED_METHOD, Evaluation, Progress, Route, Sampling, beyond_floats
from solver.sensitivity.noise.sampled.single_units import unit_points, unit_response
from solver.sensitivity.noise.sampled.whole_ring import ring_responses
from solver.values import NumericValue, Value

if TYPE_CHECKING:
    from solver.sensitivity.question import Question


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
    The tolerance is asked of the totals.  Errors are those of `split_estimate`.  Costs for f_p are those of
    `ring_responses`, and about a quarter of them for each layer below (`unit_points`).

    Parameters
    ----------
    controls : dict
        The layers, each with the closed value of <||z_k(x + eta) - z_k(x)||^2> at its last
        pre-activation (for depth + 1, of the pooled one), or None where that is not known.
    """
    noise.assume("independent")
    found: dict[int, NoiseResponse[NumericValue]] = {}
    for k, known in controls.items():
        if points := unit_points(network, task, k, sampling):
            found[k] = unit_response(
                network, task, noise, k, known, sampling, points, channel_mean=channel_mean, progress=progress
            )
    rest = {k: known for k, known in controls.items() if k not in found}
    if rest:
        found |= ring_responses(network, task, noise, rest, sampling, channel_mean=channel_mean, progress=progress)
    return {k: found[k] for k in controls}


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
