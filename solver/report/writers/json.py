"""The report as JSON, schema ``solver.report/1``, and what other results share with it: every number is text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from solver.errors import InputError
from solver.numbers.exact import integer
from solver.question.lattice import Step, components
from solver.report.documents.frequencies import filter_squares, mean_frequencies
from solver.report.report import Report
from solver.report.words import filter_size, responses
from solver.sensitivity.response.by_displacement import mean_response
from solver.sensitivity.response.threshold import best_threshold
from solver.sensitivity.results import Choice, LayerValues
from solver.sensitivity.sensitivities import Sensitivities
from solver.sensitivity.shuffling.deformation import ShuffledDeformation
from solver.values import MissingValue, Value

LONGEST_RESPONSE = 10**7
SCHEMA = "solver.report/1"


def report_json(report: Report, digits: int, *, why: bool = False) -> str:
    """Return the report as JSON text; with the ``routes`` of every layer if ``why``.

    Raises
    ------
    InputError
        If f_p(d), which the schema writes out for every d, would fill more than some hundred megabytes.
    """
    if report.question.task.sites > LONGEST_RESPONSE:
        raise InputError(
            f"length: JSON writes f_p at every distance, so at most {LONGEST_RESPONSE} sites, "
            f"got {report.question.task.sites}; text and LaTeX have no such limit"
        )
    return json_text(report_object(report, digits, why=why))


def report_object(report: Report, digits: int, *, why: bool = False) -> dict[str, Any]:
    """Return the report as the nested dicts and lists that JSON knows."""
    networks = []
    for s, shuffled in report.entries:
        layers = [_layer(s, layer, digits) for layer in s.layers]
        for entry, each in zip(layers, shuffled, strict=False):
            entry["D_shuffled"] = _shuffled(each, digits)
        for entry, chosen in zip(layers, s.why if why else (), strict=False):
            entry["routes"] = {name: _choice(each) for name, each in chosen.items()}
        networks.append(_network(s, layers))
    return {"schema": SCHEMA, **report.question.head, "networks": networks}


def json_text(content: Mapping[str, Any]) -> str:
    """Return what a command prints as JSON, indented."""
    return json.dumps(content, indent=2) + "\n"


def json_lines(head: Mapping[str, Any], name: str, lines: Iterable[str]) -> str:
    """Return an object in JSON whose last entry is a list with a line for each of its items, given as JSON."""
    items = ",\n".join(lines)
    return f'{json.dumps(head)[:-1]}, "{name}": [\n{items}\n]}}\n'


def layer_object(
    layer: LayerValues, digits: int, *, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a layer as the object that JSON holds: its values, what comes before and after them, and why some miss."""
    values = {name: value_object(value, digits) for name, value in layer.values.items()}
    why = {name: value.why for name, value in layer.values.items() if isinstance(value, MissingValue)}
    entry = {"layer": layer.layer, "name": layer.name, **(before or {}), **values, **(after or {})}
    return entry | ({"why": why} if why else {})


def value_object(value: Value, digits: int) -> dict[str, Any] | None:
    """Return a value as the object that JSON holds, None if it is missing."""
    return None if isinstance(value, MissingValue) else value_texts(value, digits) | {"latex": value.latex}


def value_texts(value: Value, digits: int) -> dict[str, Any]:
    """Return a value that is not missing as text: its kind, its exact number, its decimal, its error, its method."""
    rounded, error = value.bounded(integer(digits, "digits", 1))
    exact = None if value.exact is None else str(value.exact)
    return {"kind": value.kind, "exact": exact, "value": str(rounded), "error": str(error), "method": value.method}


def displacement_text(step: Step) -> str:
    """Return a distance, or the components of a displacement joined by a comma."""
    return ",".join(map(str, components(step)))


def _network(s: Sensitivities, layers: list[dict[str, Any]]) -> dict[str, Any]:
    claim, broken = s.network.claim, s.broken_claim
    response, why = responses(s)
    entry: dict[str, Any] = {
        "construction": s.network.name,
        "filter_size": filter_size(s.network),
        "depth": str(s.network.depth),
        "channels": [str(c) for c in s.network.channels],
        "response": None if response is None else {displacement_text(d): str(f) for d, f in response.items()},
        "response_offset": None if claim is None else str(claim.offset),
        "claim_holds": None if broken is None else not broken,
        "layers": layers,
    }
    if s.task.axes > 1:
        best = best_threshold(s.network, s.task)
        entry["threshold"] = {"level": str(best.level), "error": str(best.error)}
    elif response is None:
        mean = mean_response(s.network, s.task)
        entry |= {"mean_response": {str(d): str(f) for d, f in mean.items()}, "why": {"response": why}}
    return entry


def _layer(s: Sensitivities, layer: LayerValues, digits: int) -> dict[str, Any]:
    """Return a layer with the frequencies of its filters, if it has any."""
    frequencies = mean_frequencies(s, layer.layer)
    squares = [
        {"eigenvalue": value_object(eigenvalue, digits), "mean_square": value_object(square, digits)}
        for eigenvalue, square in (filter_squares(s, layer.layer) if frequencies else [])
    ]
    shown = LayerValues(layer.layer, layer.name, {**layer.values, **frequencies})
    return layer_object(shown, digits, after={"filter_squares": squares} if frequencies else None)


def _shuffled(each: ShuffledDeformation, digits: int) -> dict[str, Any]:
    """Return D after shuffling as an object: the mean, the spread, and D of every different network as text."""
    values = {"mean": value_object(each.mean, digits), "spread": value_object(each.spread, digits)}
    return values | {"each": [str(value.value(digits)) for value in each.each]}


def _choice(choice: Choice) -> dict[str, Any]:
    """Return the route taken, by its method, and why each stronger one was not, by its name."""
    return {"taken": choice.route.method, "refused": [{"route": name, "why": why} for name, why in choice.refused]}
