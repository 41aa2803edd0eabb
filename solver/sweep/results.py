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
from solver.network.graph import escaped
from solver.numbers.exact import choice
from solver.reading import json_structure
from solver.report.columns import chosen_columns
from solver.report.documents.sweep import Keyed, keyed_grid
from solver.report.layers import chosen
from solver.report.tables import fitted_grid, longtable, notes, preamble
from solver.report.writers.json import json_lines
from solver.sensitivity.quantities import Quantity
from solver.sensitivity.results import LayerValues
from solver.sweep.answer import recorded_layer
from solver.sweep.grid import AXES, Sweep

SCHEMA = "solver.sweep/1"
PARTS = ("value", "error", "kind", "exact", "method", "why")
AXIS_WORDS = {"distances": "ensemble", "deformation": "displacements", "noise_energy": "noise energy"}


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
        heads = {(q, part): f"{q}_{part}" if part != "value" else q for q in quantities for part in PARTS}
        names = [*AXES, "layer", "name", *heads.values(), "why"]
        writer = csv.DictWriter(text, names, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for cell in self._shown(layers, quantities):
            for layer in cell.get("layers", ()):
                values = {head: layer[q].get(part) or "" for (q, part), head in heads.items()}
                writer.writerow({**cell, "layer": layer["layer"], "name": layer["name"], **values})
            if "why" in cell:
                writer.writerow(cell)
        return text.getvalue()

    def to_json(self, layers: Sequence[str] = ("all",), quantities: Sequence[str] = ("D", "G", "R")) -> str:
        """Return the axes, the settings and every cell as JSON text, schema ``solver.sweep/1``."""
        axes = {name: list(values) for name, values in self.sweep.axes.items()}
        head = {"schema": SCHEMA, "axes": axes, "settings": self.sweep.settings.texts}
        cells = (json.dumps(cell, ensure_ascii=False) for cell in self._shown(layers, quantities))
        return json_lines(head, "cells", cells)

    def to_latex(
        self,
        layers: Sequence[str] = ("last", "output"),
        columns: str | Sequence[str] = ("D", "G", "R"),
        *,
        digits: int = 6,
        command: str | None = None,
        width: float | None = None,
    ) -> str:
        """Return a longtable: rows are cells and their layers, each construction is a group of columns.

        The axes that vary are columns of labels, the others stand in the caption.

        Raises
        ------
        InputError
            If no cell has any of the layers, or for columns that do not exist or were not evaluated.
        """
        self._checked(columns)
        axes = self._row_axes
        keyed, heads = self._keyed(axes), tuple(f"${AXES[a].symbol}$" if AXES[a].symbol else _word(a) for a in axes)
        grid, parts = fitted_grid(lambda shown: keyed_grid(heads, keyed, layers, shown, digits), columns, width)
        caption = self._caption(axes) + notes(grid, parts)
        reasons = "".join(f"% {reason}\n" for reason in self._reasons(axes))
        if reasons:
            caption += " A blank: there is no such network or task; the source says why."
        return preamble(parts, command, "needs longtable; ") + reasons + longtable(parts, caption, "tab:sweep")

    def to_markdown(
        self,
        layers: Sequence[str] = ("last", "output"),
        columns: str | Sequence[str] = ("D", "G", "R"),
        *,
        digits: int = 6,
    ) -> str:
        """Return the same table in Markdown, its labels repeated in every row; cells that do not exist stand below."""
        axes = self._row_axes
        heads = tuple(map(_word, axes))
        grid = keyed_grid(heads, self._keyed(axes), layers, self._checked(columns), digits)
        shown = [(each, column) for each in grid.groups for column in each.columns]
        lines = [[*grid.labels, *(f"{each.title} {c.latex}{' exact' * c.exact}" for each, c in shown)]]
        lines.append(["---"] * len(lines[0]))
        for row in grid.rows:
            cells = [each.texts.get((row.key, c), ("", ""))[0] for each, c in shown]
            lines.append([*row.key[0], row.key[1], *cells])
        table = "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("$", "")
        return table + "".join(f"\n- {reason}" for reason in self._reasons(axes)) + "\n"

    @property
    def _row_axes(self) -> list[str]:
        """The axes that rows of a table differ in."""
        return [name for name in self.sweep.varied if name != "construction"]

    def _checked(self, columns: str | Sequence[str]) -> tuple[Quantity, ...]:
        """Return the columns, all of them evaluated."""
        found = chosen_columns(columns)
        absent = {column.name for column in found} - set(self.sweep.settings.names)
        if absent:
            raise InputError(f"columns: this sweep holds D alone, got {', '.join(sorted(absent))}")
        return found

    def _keyed(self, axes: Sequence[str]) -> Keyed:
        keyed: dict[tuple[str, ...], dict[str, Sequence[LayerValues]]] = {}
        for number, cell in enumerate(self.sweep.cells):
            by_name = keyed.setdefault(tuple(_text(axis, cell[axis]) for axis in axes), {})
            if "why" not in self.answers[number]:
                by_name[cell["construction"]] = self.layers(number)
        return keyed

    def _reasons(self, axes: Sequence[str]) -> list[str]:
        """Return each cell that does not exist by its choices, and why."""
        return [
            " ".join([*(f"{axis}={cell[axis]}" for axis in (*axes, "construction")), "left out:", found["why"]])
            for cell, found in zip(self.sweep.cells, self.answers, strict=True)
            if "why" in found
        ]

    def _caption(self, axes: Sequence[str]) -> str:
        options = self.sweep.settings
        hidden = {*axes, "construction", *(["noise_energy"] if options.deformation_only else [])}
        parts = []
        for name, (value, *_) in self.sweep.axes.items():
            if name not in hidden:
                symbol = AXES[name].symbol
                parts.append(f"${symbol}={value}$" if symbol else f"{_word(name)} {escaped(value)}")
        flags = {"noise rectified": options.rectified, "channels averaged first": options.channel_mean}
        return f"Stability of networks; {', '.join([*parts, *(flag for flag, given in flags.items() if given)])}."

    def _shown(self, layers: Sequence[str], quantities: Sequence[str]) -> list[dict[str, Any]]:
        """Return each cell with the layers and quantities asked for."""
        for quantity in quantities:
            choice(quantity, "quantity of this sweep", self.sweep.settings.names)
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
    kept = {str(each.layer) for each in chosen([recorded_layer(each) for each in found["layers"]], layers)}
    shown = [
        {name: each[name] for name in ("layer", "name", *quantities)}
        for each in found["layers"]
        if each["layer"] in kept
    ]
    return {"depth": found["depth"], "widths": found["widths"], "layers": shown}


def _text(axis: str, value: str) -> str:
    plain = AXES[axis].symbol and value not in ("exact",)
    return f"${value}$" if plain else escaped(value)


def _word(axis: str) -> str:
    return AXIS_WORDS.get(axis, axis)
