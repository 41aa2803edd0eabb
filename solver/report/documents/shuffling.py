"""What shuffling channels does, as text and as JSON (schema ``solver.shuffle/1``)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import StringIO
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from solver.report.report import Report
from solver.report.words import decimal, heading, network_heading
from solver.report.writers.json import value_object
from solver.sensitivity.results import LayerValues
from solver.sensitivity.shuffling.shuffling import Shuffling
from solver.values import MissingValue, Value

SCHEMA = "solver.shuffle/1"
COLUMNS = {
    "D": "D",
    "D_shuffled": "D shuffled",
    "D_of_means": "D of means",
    "G": "G",
    "G_shuffled": "G shuffled",
    "R": "R",
    "R_shuffled": "R shuffled",
}
NOTE = (
    "Shuffled: the input filters of every output channel permuted, uniformly and independently. "
    "D shuffled, G shuffled: means over shuffled networks; D of means: mean numerator / mean denominator; "
    "R shuffled = D shuffled / G shuffled; = where no shuffle changes the value."
)


def shuffling_text(found: Sequence[Shuffling], digits: int) -> str:
    """Return a table for each network, with the share of shuffles that keep its claim and the methods."""
    parts = ["\n".join(heading(Report(tuple(each.before for each in found))))]
    parts += [_network_text(each, digits) for each in found]
    values = [
        getattr(layer, name)
        for each in found
        for layer, unchanged in zip(each.layers, each.unchanged, strict=True)
        if not unchanged
        for name in COLUMNS
    ]
    notes = [value.why if isinstance(value, MissingValue) else value.method for value in values]
    return "\n\n".join([*parts, *(["\n".join(dict.fromkeys(notes))] if notes else []), NOTE]) + "\n"


def shuffling_json(found: Sequence[Shuffling], digits: int) -> str:
    """Return the same as JSON; every number is text."""
    s = found[0].before
    content = {
        "schema": SCHEMA,
        "task": s.task.head,
        "deformation": {"law": s.deformation.name, "collisions": s.deformation.collisions},
        "noise": {"energy": str(s.noise.energy), "rectified": s.noise.rectified},
        "networks": [
            {
                "construction": each.before.network.name,
                "shuffled_networks": str(each.count),
                "claim_kept": value_object(each.claim_kept, digits),
                "layers": [
                    _layer_object(layer, same, digits) for layer, same in zip(each.layers, each.unchanged, strict=True)
                ],
            }
            for each in found
        ],
    }
    return json.dumps(content, indent=2) + "\n"


def _layer_object(layer: LayerValues, unchanged: bool, digits: int) -> dict[str, Any]:
    values = {name: getattr(layer, name) for name in COLUMNS}
    why = {name: value.why for name, value in values.items() if isinstance(value, MissingValue)}
    entry: dict[str, Any] = {"layer": layer.layer, "name": layer.name, "unchanged": unchanged}
    entry |= {name: value_object(value, digits) for name, value in values.items()}
    return entry | ({"why": why} if why else {})


def _network_text(found: Shuffling, digits: int) -> str:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("layer", *COLUMNS.values()):
        table.add_column(column, justify="right", no_wrap=True)
    for layer, unchanged in zip(found.layers, found.unchanged, strict=True):
        table.add_row(layer.label, *(_cell(layer, name, unchanged, digits) for name in COLUMNS))
    buffer = StringIO()
    Console(file=buffer, width=10_000, color_system=None).print(table)
    lines = [line.rstrip() for line in buffer.getvalue().splitlines() if line.strip()]
    counted = f"{found.count} different shuffled networks; {_claim(found.claim_kept)}"
    return "\n".join([network_heading(found.before), counted, "", *lines])


def _claim(kept: Value) -> str:
    if isinstance(kept, MissingValue):
        return kept.why
    return f"share that keeps the claim about f_p: {kept.exact if kept.exact is not None else decimal(kept, 6)}"


def _cell(layer: LayerValues, name: str, unchanged: bool, digits: int) -> str:
    if unchanged and name not in ("D", "G", "R"):
        return "="
    return decimal(getattr(layer, name), digits)
