"""What a search for a low D found, as text and as JSON (schema ``solver.search/1``)."""

from __future__ import annotations

from fractions import Fraction

from solver.optimal.search import Attempt, SearchResult
from solver.report.cells import decimal
from solver.report.words import deformation_text, task_text
from solver.report.writers.json import json_text, value_object
from solver.sensitivity.response.claim import check_claim
from solver.values import ExactValue, MissingValue, Value

SCHEMA = "solver.search/1"
SETTINGS = ("layer", "channels", "filter_size", "seed", "steps")
DESCENT = "found by descent, rounded to rational weights, then exact"


def search_text(found: SearchResult, digits: int) -> str:
    """Return the least D found between its bounds, the descents and the weights."""
    task = found.task
    taps = (found.filter_size - 1) * found.layer + 1
    ratio = f"{float(found.least) / float(found.linear):.{min(digits, 12)}g}"
    claim = "broken" if check_claim(found.completed(), task) else "exactly"
    lines = [
        f"D of layer {found.layer}, H = {found.channels}, filter size {found.filter_size}; "
        f"{task_text(task)}{task.details}, deformation {deformation_text(found.deformation)}; seed {found.seed}, "
        f"{len(found.attempts)} descents of {found.steps} steps"
        f"{', biases 0 and filters non-negative' if found.only_linear else ''}",
        "",
        f"least of any function of {taps} pixels  {decimal(found.any_map, digits)}  (proven: no network is below)",
        f"least found                       {decimal(_value(found.least), digits)}  ({DESCENT})",
        f"least of linear layers            {decimal(found.linear, digits)}  (proven)",
        f"least found / least of linear     {ratio}",
        "",
        *(f"layer {k}: {'a' if cut else 'no'} ReLU cuts on the data" for k, cut in enumerate(found.cuts, start=1)),
        f"completed with side channels of amplitude 1/1000: D = "
        f"{decimal(_value(found.least_completed()), digits)}, f_p = ReLU(xi - d): {claim}",
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
    content = {
        "schema": SCHEMA,
        "task": found.task.head,
        "deformation": found.deformation.head,
        "search": {name: str(getattr(found, name)) for name in SETTINGS} | {"restarts": str(len(found.attempts))},
        "only_linear": found.only_linear,
        "least_of_any_map": value_object(found.any_map, digits),
        "least_found": value_object(_value(found.least), digits),
        "least_of_linear": value_object(found.linear, digits),
        "cuts": list(found.cuts),
        "completed": {
            "amplitude": "1/1000",
            "D": value_object(_value(found.least_completed()), digits),
            "claim_holds": not check_claim(found.completed(), found.task),
        },
        "descents": [{"start": each.start, "D": value_object(_value(each.D), digits)} for each in found.attempts],
        "layers": [
            {
                "filters": [[[str(w) for w in taps] for taps in channel] for channel in layer.filters],
                "bias": [str(b) for b in layer.bias],
            }
            for layer in found.best.layers
        ],
    }
    return json_text(content)


def _value(number: Fraction | None) -> Value:
    return MissingValue("the map is the same for every image") if number is None else ExactValue(number, DESCENT)


def _end(attempt: Attempt, digits: int) -> str:
    value = _value(attempt.D)
    return value.why if isinstance(value, MissingValue) else decimal(value, digits)


def _weight_lines(attempt: Attempt) -> list[str]:
    lines = []
    for k, layer in enumerate(attempt.layers, start=1):
        for c, (channel, bias) in enumerate(zip(layer.filters, layer.bias, strict=True), start=1):
            filters = "; ".join(" ".join(map(str, taps)) for taps in channel)
            lines.append(f"layer {k}, channel {c}: filters {filters}; bias {bias}")
    return lines
