"""<||a_k(x + eta) - a_k(x)||^2>, the numerator of G, by the best route for each layer: `ROUTES`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from solver.errors import NotApplicableError
from solver.sensitivity.noise.closed import CLOSED_ROUTES, LINEAR, ONCE
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.route import Evaluation, Route
from solver.sensitivity.noise.sampled.sampling import SAMPLED, sampled_responses
from solver.sensitivity.noise.sampled.scaled import SCALED
from solver.sensitivity.noise.series import SERIES
from solver.sensitivity.noise.sites.response import SITES
from solver.sensitivity.noise.transfer.layer import LAYER_TRANSFER
from solver.sensitivity.noise.transfer.output import OUTPUT_TRANSFER
from solver.sensitivity.noise.transfer.rectified_input import INPUT_TRANSFER
from solver.sensitivity.question import Question
from solver.sensitivity.results import Choice
from solver.values import NumericValue, Value

ROUTES = (LINEAR, ONCE, SERIES, LAYER_TRANSFER, OUTPUT_TRANSFER, INPUT_TRANSFER, SITES, SCALED, SAMPLED)
"""Every way to evaluate a noise response, from the strongest to the weakest; the last applies to everything."""


ROUGH = 1e-4
"""The relative error that sampling can be better than."""


def chosen_route(question: Question, layer: int, how: Evaluation) -> Choice:
    """Return the strongest route that applies to a layer, is allowed and not too costly.

    Raises
    ------
    NotApplicableError
        If ``how.method`` names a route that does not apply to a layer without a closed form.
    """
    refused: list[tuple[str, str]] = []
    for route in ROUTES:
        if not route.concerns(question, layer):
            continue
        free = route in CLOSED_ROUTES or how.method in ("auto", "deterministic", route.name)
        why = route.refusal(question, layer) if free else f"method {how.method!r} was asked for"
        if why is None and how.method == "auto" and (cost := route.cost(question, layer)) > route.quick:
            why = f"it would take {cost:.0e} multiplications, more than {route.quick:.0e}"
        if why is None:
            return Choice(route, tuple(refused))
        if route.name == how.method:
            raise NotApplicableError(f"method {route.name!r} does not apply to layer {layer}: {why}")
        refused.append((route.name, why))
    raise NotApplicableError(f"no route applies to layer {layer}: {refused[-1][1]}")


def noise_responses(question: Question, how: Evaluation | None = None) -> list[NoiseResponse[Value]]:
    """Return the noise response of layers 0..depth and of the output, as `answered_choices` does."""
    return [response for _, response in answered_choices(question, how or Evaluation(), question.layers)]


def answered_choices(
    question: Question, how: Evaluation, layers: Collection[int]
) -> Iterator[tuple[Choice, NoiseResponse[Value]]]:
    """Yield the noise response of layers, each with its route, one after the other as they are found.

    Layers that are sampled come from one set of samples, drawn for the first of them.  Where ``auto`` chose an estimate
    whose error is above `ROUGH` of it, sampling is tried too, and the smaller error taken.

    Raises
    ------
    NotApplicableError
        If ``how.method`` names a route that does not apply to a layer that has no closed form.
    """
    chosen = {k: chosen_route(question, k, how) for k in layers}
    together = [k for k, each in chosen.items() if each.route is SAMPLED]
    sampled: dict[int, NoiseResponse[NumericValue]] = {}
    for k, each in chosen.items():
        if k in together:
            sampled = sampled or sampled_responses(question, together, how)
            yield each, sampled[k]
        else:
            response = each.route.response(question, k, how)  # type: ignore[union-attr]
            yield _compared(question, k, how, each, response)


def _compared(
    question: Question, layer: int, how: Evaluation, choice: Choice, response: NoiseResponse[Value]
) -> tuple[Choice, NoiseResponse[Value]]:
    """Return a response and its route, or those of sampling where ``auto`` chose a rough one and that is better."""
    if how.method == "auto" and _is_rough(choice, response):
        (other,) = sampled_responses(question, [layer], how).values()
        if float(other.total.error()) < float(response.total.error()):
            assert isinstance(choice.route, Route)
            refused = (*choice.refused, (choice.route.name, "its error is larger than that of sampling"))
            return Choice(SAMPLED, refused), other
    return choice, response


def _is_rough(choice: Choice, response: NoiseResponse[Value]) -> bool:
    """Return whether a value that was not sampled is worse than what sampling gives in about a second."""
    value = response.total
    sampled = choice.route in (SAMPLED, SCALED)
    return isinstance(value, NumericValue) and not sampled and value.uncertainty > ROUGH * abs(value.estimate)
