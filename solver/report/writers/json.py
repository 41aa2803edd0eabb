"""The report as JSON, schema ``solver.report/1``: every number is text."""

from __future__ import annotations

import json
from typing import Any

from solver.errors import InputError
from solver.question.correlations import deformation_energy
from solver.question.deformation import far_energy
from solver.question.lattice import Step, components
from solver.report.documents.frequencies import filter_squares, mean_frequencies
from solver.report.report import Report
from solver.report.words import broken_claim, filter_size, responses
from solver.sensitivity.response.by_displacement import mean_response
from solver.sensitivity.response.threshold import best_threshold
from solver.sensitivity.results import LayerValues
from solver.sensitivity.sensitivities import Sensitivities
from solver.sensitivity.shuffling.deformation import ShuffledDeformation
from solver.values import MissingValue, Value

LONGEST_RESPONSE = 10**7
SCHEMA = "solver.report/1"
QUANTITIES = ("D", "G", "G_coherent", "G_incoherent", "R", "G_identity", "price")


def report_json(report: Report, digits: int) -> str:
    """Return the report as JSON text.

    Raises
    ------
    InputError
        If f_p(d), which the schema writes out for every d, would fill more than some hundred megabytes.
    """
    if report.first.task.sites > LONGEST_RESPONSE:
        raise InputError(
            f"length: JSON writes f_p at every distance, so at most {LONGEST_RESPONSE} sites, "
            f"got {report.first.task.sites}; text and LaTeX have no such limit"
        )
    return json.dumps(report_object(report, digits), indent=2) + "\n"


def report_object(report: Report, digits: int) -> dict[str, Any]:
    """Return the report as the nested dicts and lists that JSON knows."""
    s = report.first
    return {
        "schema": SCHEMA,
        "task": s.task.head,
        "deformation": {
            "law": s.deformation.name,
            "collisions": s.deformation.collisions,
            "energy": str(deformation_energy(s.task, s.deformation)),
            "energy_apart": str(far_energy(s.deformation, s.task.axes)),
        },
        "noise": {
            "energy": str(s.noise.energy),
            "variance": str(s.noise.variance(s.task.sites)),
            "rectified": s.noise.rectified,
        },
        "channel_mean": s.channel_mean,
        "networks": [
            _network(each, shuffled, digits)
            for each, shuffled in zip(report.networks, report.shuffled or [()] * len(report.networks), strict=True)
        ],
    }


def _network(s: Sensitivities, shuffled: tuple[ShuffledDeformation, ...], digits: int) -> dict[str, Any]:
    claim, broken = s.network.claim, broken_claim(s)
    response, why = responses(s)
    entry: dict[str, Any] = {
        "construction": s.network.name,
        "filter_size": filter_size(s),
        "depth": str(s.network.depth),
        "channels": [str(c) for c in s.network.channels],
        "response": None if response is None else {displacement_text(d): str(f) for d, f in response.items()},
        "response_offset": None if claim is None else str(claim.offset),
        "claim_holds": None if broken is None else not broken,
        "layers": [
            _layer(s, layer, digits) | _shuffled(each, digits)
            for layer, each in zip(s.layers, shuffled or [None] * len(s.layers), strict=True)
        ],
    }
    if s.task.axes > 1:
        best = best_threshold(s.network, s.task)
        entry["threshold"] = {"level": str(best.level), "error": str(best.error)}
    elif response is None:
        mean = mean_response(s.network, s.task)
        entry |= {"mean_response": {str(d): str(f) for d, f in mean.items()}, "why": {"response": why}}
    return entry


def displacement_text(step: Step) -> str:
    """Return a distance, or the components of a displacement joined by a comma."""
    return ",".join(map(str, components(step)))


def _layer(s: Sensitivities, layer: LayerValues, digits: int) -> dict[str, Any]:
    frequencies = mean_frequencies(s, layer.layer)
    values = {name: getattr(layer, name) for name in QUANTITIES} | frequencies
    entry: dict[str, Any] = {"layer": layer.layer, "name": layer.name}
    entry |= {name: value_object(v, digits) for name, v in values.items()}
    if frequencies:
        entry["filter_squares"] = [
            {"eigenvalue": value_object(eigenvalue, digits), "mean_square": value_object(square, digits)}
            for eigenvalue, square in filter_squares(s, layer.layer)
        ]
    why = {name: v.why for name, v in values.items() if isinstance(v, MissingValue)}
    return entry | ({"why": why} if why else {})


def _shuffled(each: ShuffledDeformation | None, digits: int) -> dict[str, Any]:
    """Return D after shuffling as an object: the mean, the spread, and D of every different network as text."""
    if each is None:
        return {}
    values = {"mean": value_object(each.mean, digits), "spread": value_object(each.spread, digits)}
    return {"D_shuffled": values | {"each": [str(value.value(digits)) for value in each.each]}}


def value_object(value: Value, digits: int) -> dict[str, Any] | None:
    """Return a value as the object that JSON holds, None if it is missing."""
    if isinstance(value, MissingValue):
        return None
    rounded, error = value.value(digits), value.error(digits)
    return {
        "kind": value.kind,
        "exact": None if value.exact is None else str(value.exact),
        "value": str(rounded),
        "error": str(error),
        "method": value.method,
        "latex": value.latex,
    }
