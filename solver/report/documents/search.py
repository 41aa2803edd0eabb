"""What a search for a low D found, as text and as JSON (schema ``solver.search/1``)."""

from __future__ import annotations

import json
from typing import Any

from solver.optimal.search import Attempt, SearchResult
from solver.report.words import decimal
from solver.report.writers.json import value_object
from solver.sensitivity.response.claim import check_claim
from solver.values import ExactValue

SCHEMA = "solver.search/1"
SETTINGS = ("layer", "channels", "filter_size", "seed", "steps")
METHOD = "found by descent, rounded to rational weights, then exact"


def search_text(found: SearchResult, digits: int) -> str:
    """Return the least D found between its bounds, the descents and the weights."""
    task = found.task
    taps = (found.filter_size - 1) * found.layer + 1
    lines = [
        f"D of layer {found.layer}, H = {found.channels}, filter size {found.filter_size}; ring of l = {task.length} "
        f"sites, scale xi = {task.scale}, distances '{task.distances}'{task.details}, "
        f"deformation '{found.deformation.name}', collisions '{found.deformation.collisions}'; seed {found.seed}, "
        f"{len(found.attempts)} descents of {found.steps} steps"
        f"{', biases 0 and filters non-negative' if found.only_linear else ''}",
        "",
        f"least of any function of {taps} pixels  {decimal(found.any_map, digits)}  (proven: no network is below)",
        f"least found                       {decimal(ExactValue(found.least, METHOD), digits)}  ({METHOD})",
        f"least of linear layers            {decimal(found.linear, digits)}  (proven)",
        f"least found / least of linear     {_ratio(found, digits)}",
        "",
        *(
            f"layer {k}: {'a ReLU cuts on the data' if cut else 'no ReLU cuts on the data'}"
            for k, cut in enumerate(found.cuts, start=1)
        ),
        f"completed with side channels of amplitude 1/1000: D = "
        f"{decimal(ExactValue(found.least_completed(), METHOD), digits)}, f_p = ReLU(xi - d): {_claim(found)}",
        "",
        "descents:",
        *(f"  {n}. {each.start}: {_end(each, digits)}" for n, each in enumerate(found.attempts, start=1)),
        "",
        "weights of the best:",
        *(f"  {line}" for line in _weight_lines(found.best)),
    ]
    return "\n".join(lines) + "\n"


def search_json(found: SearchResult, digits: int) -> str:
    """Return the same as JSON; every number is text."""
    task = found.task
    content = {
        "schema": SCHEMA,
        "task": found.task.head,
        "deformation": {"law": found.deformation.name, "collisions": found.deformation.collisions},
        "search": {name: str(getattr(found, name)) for name in SETTINGS} | {"restarts": str(len(found.attempts))},
        "only_linear": found.only_linear,
        "least_of_any_map": value_object(found.any_map, digits),
        "least_found": value_object(ExactValue(found.least, METHOD), digits),
        "least_of_linear": value_object(found.linear, digits),
        "cuts": list(found.cuts),
        "completed": {
            "amplitude": "1/1000",
            "D": value_object(ExactValue(found.least_completed(), METHOD), digits),
            "claim_holds": not check_claim(found.completed(), task),
        },
        "descents": [
            {"start": each.start, "D": None if each.D is None else value_object(ExactValue(each.D, METHOD), digits)}
            for each in found.attempts
        ],
        "layers": [
            {
                "filters": [[[str(w) for w in taps] for taps in channel] for channel in layer.filters],
                "bias": [str(b) for b in layer.bias],
            }
            for layer in found.best.layers
        ],
    }
    return json.dumps(content, indent=2) + "\n"


def _ratio(found: SearchResult, digits: int) -> Any:
    return f"{float(found.least) / float(found.linear):.{min(digits, 12)}g}"


def _claim(found: SearchResult) -> str:
    return "exactly" if not check_claim(found.completed(), found.task) else "broken"


def _end(attempt: Attempt, digits: int) -> str:
    if attempt.D is None:
        return "the map is the same for every image"
    return decimal(ExactValue(attempt.D, METHOD), digits)


def _weight_lines(attempt: Attempt) -> list[str]:
    lines = []
    for k, layer in enumerate(attempt.layers, start=1):
        for c, (channel, bias) in enumerate(zip(layer.filters, layer.bias, strict=True), start=1):
            filters = "; ".join(" ".join(map(str, taps)) for taps in channel)
            lines.append(f"layer {k}, channel {c}: filters {filters}; bias {bias}")
    return lines
