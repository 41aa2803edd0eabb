"""Sampling as a route: it applies to any network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from solver.sensitivity.noise.closed import control
from solver.sensitivity.noise.kept import NUMERIC, keep, stored
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.route import Evaluation, Route
from solver.sensitivity.noise.sampled.sampling import METHOD, sampled_noise
from solver.values import NumericValue, Value

if TYPE_CHECKING:
    from solver.sensitivity.question import Question


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
    method=METHOD,
    refusal=_refusal,
    response=_response,
    sources=("joe2008sobol", "matousek1998discrepancy", "owen1998scrambling"),
)
"""Randomised quasi-Monte Carlo, with a standard error."""
