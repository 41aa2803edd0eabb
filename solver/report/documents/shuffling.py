"""What shuffling channels does, as text and as JSON (schema ``solver.shuffle/1``)."""

from __future__ import annotations

from collections.abc import Sequence

from solver.report.cells import decimal, found_by, text_cell
from solver.report.words import heading, network_heading
from solver.report.writers.json import json_text, layer_object, value_object
from solver.report.writers.text import table_lines
from solver.sensitivity.quantities import NAMES, Quantity
from solver.sensitivity.shuffling.shuffling import ShuffledLayer, Shuffling
from solver.values import MissingValue, Value

SCHEMA = "solver.shuffle/1"
SHUFFLING = (
    Quantity("D", "D"),
    Quantity("D_shuffled", "D shuffled"),
    Quantity("D_of_means", "D of means"),
    Quantity("G", "G"),
    Quantity("G_shuffled", "G shuffled"),
    Quantity("R", "R"),
    Quantity("R_shuffled", "R shuffled"),
)
_NOTE = (
    "Shuffled: the input filters of every output channel permuted, uniformly and independently. "
    "D shuffled, G shuffled: means over shuffled networks; D of means: mean numerator / mean denominator; "
    "R shuffled = D shuffled / G shuffled; = where no shuffle changes the value."
)


def shuffling_text(found: Sequence[Shuffling], digits: int) -> str:
    """Return a table for each network, with the share of shuffles that keep its claim and the methods."""
    parts = ["\n".join(heading(found[0].before.question)), *(_network_text(each, digits) for each in found)]
    notes = [
        found_by(value)
        for each in found
        for layer in each.layers
        if not layer.unchanged
        for value in layer.values.values()
    ]
    return "\n\n".join([*parts, *(["\n".join(dict.fromkeys(notes))] if notes else []), _NOTE]) + "\n"


def shuffling_json(found: Sequence[Shuffling], digits: int) -> str:
    """Return the same as JSON; every number is text."""
    question = found[0].before.question
    networks = [
        {
            "construction": each.before.network.name,
            "shuffled_networks": str(each.count),
            "claim_kept": value_object(each.claim_kept, digits),
            "layers": [layer_object(layer, digits, before={"unchanged": layer.unchanged}) for layer in each.layers],
        }
        for each in found
    ]
    head = {
        "task": question.task.head,
        "deformation": question.deformation.head,
        "noise": question.noise.head,
    }
    return json_text({"schema": SCHEMA, **head, "networks": networks})


def _network_text(found: Shuffling, digits: int) -> str:
    rows = [[layer.label, *(_cell(layer, each, digits) for each in SHUFFLING)] for layer in found.layers]
    table = table_lines(["layer", *(each.text for each in SHUFFLING)], rows)
    counted = f"{found.count} different shuffled networks; {_claim(found.claim_kept)}"
    return "\n".join([network_heading(found.before.network), counted, "", *table])


def _cell(layer: ShuffledLayer, quantity: Quantity, digits: int) -> str:
    return "=" if layer.unchanged and quantity.name not in NAMES else text_cell(quantity, layer, digits)


def _claim(kept: Value) -> str:
    if isinstance(kept, MissingValue):
        return kept.why
    return f"share that keeps the claim about f_p: {kept.exact if kept.exact is not None else decimal(kept, 6)}"
