"""The answers of a sweep as CSV, JSON, a LaTeX longtable and Markdown; the JSON can be read back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from solver.errors import InputError
from solver.numbers.exact import choice
from solver.reading import json_structure
from solver.report.documents.sweep import chosen
from solver.sensitivity.quantities import NAMES
from solver.sensitivity.results import LayerValues
from solver.sweep.grid import AXES, Sweep
from solver.sweep.recorded import recorded_layer

SCHEMA = "solver.sweep/1"
PARTS = ("value", "error", "kind", "exact", "method", "why")


@dataclass(frozen=True)
class SweepResults:
    """A sweep with the answer to each of its cells, in grid order.

    Attributes
    ----------
    sweep : Sweep
    answers : tuple of dict
        As `solver.sweep.answer.answer` gives them.
    """

    sweep: Sweep
    answers: tuple[dict[str, Any], ...]

    def layers(self, number: int) -> tuple[LayerValues, ...]:
        """Return the layers of a cell, from the image to the output; none if it does not exist."""
        return tuple(map(recorded_layer, self.answers[number].get("layers", ())))

    def to_csv(self, layers: Sequence[str] = ("all",), quantities: Sequence[str] = ("D", "G", "R")) -> str:
        """Return a row for each cell and layer: the axes, the layer, value, error, kind, ... of each quantity, why."""
        text = io.StringIO()
        heads = [f"{quantity}_{part}" if part != "value" else quantity for quantity in quantities for part in PARTS]
        writer = csv.DictWriter(text, [*AXES, "layer", "name", *heads, "why"], restval="", lineterminator="\n")
        writer.writeheader()
        for cell in self._shown(layers, quantities):
            place = {axis: cell[axis] for axis in AXES}
            for layer in cell.get("layers", ()):
                values = {
                    f"{quantity}_{part}" if part != "value" else quantity: layer[quantity].get(part) or ""
                    for quantity in quantities
                    for part in PARTS
                }
                writer.writerow(place | {"layer": layer["layer"], "name": layer["name"]} | values)
            if "why" in cell:
                writer.writerow(place | {"why": cell["why"]})
        return text.getvalue()

    def to_json(self, layers: Sequence[str] = ("all",), quantities: Sequence[str] = ("D", "G", "R")) -> str:
        """Return the axes, the settings and every cell as JSON text, schema ``solver.sweep/1``."""
        axes = {name: list(values) for name, values in self.sweep.axes.items()}
        return _dumped(
            {"schema": SCHEMA, "axes": axes, "settings": self.sweep.settings.texts},
            list(self._shown(layers, quantities)),
        )

    def to_latex(
        self,
        layers: Sequence[str] = ("last", "output"),
        columns: str | Sequence[str] = ("D", "G", "R"),
        *,
        digits: int = 6,
        command: str | None = None,
        width: float | None = None,
    ) -> str:
        """Return a longtable: rows are cells and their layers, each construction is a group of columns."""
        from solver.sweep.longtable import results_latex

        return results_latex(self, layers, columns, digits, command, width)

    def to_markdown(
        self,
        layers: Sequence[str] = ("last", "output"),
        columns: str | Sequence[str] = ("D", "G", "R"),
        *,
        digits: int = 6,
    ) -> str:
        """Return the same table in Markdown."""
        from solver.sweep.longtable import results_markdown

        return results_markdown(self, layers, columns, digits)

    def _shown(self, layers: Sequence[str], quantities: Sequence[str]) -> list[dict[str, Any]]:
        """Return each cell with the layers and quantities asked for."""
        known = NAMES[:1] if self.sweep.settings.deformation_only else NAMES
        for quantity in quantities:
            choice(quantity, "quantity of this sweep", known)
        return [
            dict(cell.choices) | _reduced(found, layers, quantities)
            for cell, found in zip(self.sweep.cells, self.answers, strict=True)
        ]


class CellsText(Struct, frozen=True):
    """The cells of a sweep as its file holds them, beside the axes and the settings."""

    schema: Annotated[Literal["solver.sweep/1"], Meta(description=repr(SCHEMA))]
    cells: list[dict[str, Any]]


def read_json(text: str) -> list[dict[str, Any]]:
    """Return the cells of a file that `SweepResults.to_json` wrote.

    Raises
    ------
    InputError
        If the text is something else.
    """
    source = f"sweep: expected JSON of schema {SCHEMA!r}, as `solver sweep -o FILE.json` writes it"
    cells = json_structure(text, CellsText, source).cells
    for n, cell in enumerate(cells):
        if not set(AXES) <= set(cell) or not {"layers", "why"} & set(cell):
            raise InputError(f"{source}: cells[{n}]: expected {', '.join(AXES)}, and layers or why")
    return cells


def _reduced(found: Mapping[str, Any], layers: Sequence[str], quantities: Sequence[str]) -> dict[str, Any]:
    if "why" in found:
        return {"why": found["why"]}
    kept = {str(each.layer) for each in chosen([recorded_layer(each) for each in found["layers"]], layers).values()}
    shown = [
        {"layer": each["layer"], "name": each["name"]} | {quantity: each[quantity] for quantity in quantities}
        for each in found["layers"]
        if each["layer"] in kept
    ]
    return {"depth": found["depth"], "widths": found["widths"], "layers": shown}


def _dumped(head: dict[str, Any], cells: list[dict[str, Any]]) -> str:
    """Return JSON with a line for each cell."""
    lines = ",\n".join(json.dumps(cell, ensure_ascii=False) for cell in cells)
    return f'{json.dumps(head)[:-1]}, "cells": [\n{lines}\n]}}\n'
