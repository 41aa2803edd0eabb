"""The answers of a sweep as a LaTeX longtable or in Markdown: rows are combinations of choices, groups networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from solver.errors import InputError
from solver.network.graph import escaped
from solver.report.columns import Column, chosen_columns
from solver.report.documents.sweep import Keyed, keyed_grid
from solver.report.tables import longtable, preamble
from solver.report.writers.latex import fitted_grid, notes
from solver.sensitivity.results import LayerValues
from solver.sweep.grid import AXES

if TYPE_CHECKING:
    from solver.sweep.results import SweepResults

WORDS = {"distances": "ensemble", "deformation": "displacements", "noise_energy": "noise energy"}


def results_latex(
    results: SweepResults,
    layers: Sequence[str],
    columns: str | Sequence[str],
    digits: int,
    command: str | None,
    width: float | None,
) -> str:
    """Return the longtable; the axes that vary are columns of labels, the others stand in the caption.

    Raises
    ------
    InputError
        If no cell has any of the layers, or for columns that do not exist or were not evaluated.
    """
    _checked(results, columns)
    axes = [name for name in results.sweep.varied if name != "construction"]
    keyed = _keyed(results, axes)
    heads = tuple(_head(name) for name in axes)
    grid, parts = fitted_grid(lambda shown: keyed_grid(heads, keyed, layers, shown, digits), columns, width)
    caption = _caption(results, axes) + notes(grid, parts)
    reasons = "".join(f"% {' '.join(each)}\n" for each in _reasons(results, axes))
    if reasons:
        caption += " A blank: there is no such network or task; the source says why."
    return preamble(parts, command, "needs longtable; ") + reasons + longtable(parts, caption, "tab:sweep")


def results_markdown(results: SweepResults, layers: Sequence[str], columns: str | Sequence[str], digits: int) -> str:
    """Return the table in Markdown, its labels repeated in every row; the cells that do not exist stand below it.

    Raises
    ------
    InputError
        As `results_latex`.
    """
    shown = _checked(results, columns)
    axes = [name for name in results.sweep.varied if name != "construction"]
    grid = keyed_grid(tuple(WORDS.get(axis, axis) for axis in axes), _keyed(results, axes), layers, shown, digits)
    heads = [
        *grid.labels,
        *(f"{each.title} {c.head}{' exact' * c.exact}" for each in grid.groups for c in each.columns),
    ]
    lines = [heads, ["---"] * len(heads)]
    for row in grid.rows:
        cells = [each.texts.get((row.key, c), ("", ""))[0] for each in grid.groups for c in each.columns]
        lines.append([*row.key[0], row.key[1], *cells])
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("$", "")
    return table + "".join(f"\n- {' '.join(each)}" for each in _reasons(results, axes)) + "\n"


def _checked(results: SweepResults, columns: str | Sequence[str]) -> tuple[Column, ...]:
    """Return the columns, all of them evaluated."""
    chosen = chosen_columns(columns)
    wanted = {column.quantity for column in chosen}
    if results.sweep.settings.deformation_only and wanted != {"D"}:
        raise InputError(f"columns: this sweep holds D alone, got {', '.join(sorted(wanted - {'D'}))}")
    return chosen


def _keyed(results: SweepResults, axes: Sequence[str]) -> Keyed:
    keyed: dict[tuple[str, ...], dict[str, Sequence[LayerValues]]] = {}
    for number, cell in enumerate(results.sweep.cells):
        by_name = keyed.setdefault(tuple(_text(axis, cell[axis]) for axis in axes), {})
        if "why" not in results.answers[number]:
            by_name[cell["construction"]] = results.layers(number)
    return keyed


def _reasons(results: SweepResults, axes: Sequence[str]) -> list[tuple[str, ...]]:
    """Return each cell that does not exist by its choices, and why."""
    return [
        (*(f"{axis}={cell[axis]}" for axis in (*axes, "construction")), "left out:", found["why"])
        for cell, found in zip(results.sweep.cells, results.answers, strict=True)
        if "why" in found
    ]


def _caption(results: SweepResults, axes: Sequence[str]) -> str:
    fixed = [name for name in results.sweep.axes if name not in (*axes, "construction")]
    if results.sweep.settings.deformation_only:
        fixed = [name for name in fixed if name != "noise_energy"]
    parts = []
    for name in fixed:
        (value,) = results.sweep.axes[name]
        symbol = AXES[name].symbol
        parts.append(f"${symbol}={value}$" if symbol else f"{_word(name)} {escaped(value)}")
    options = results.sweep.settings
    flags = [
        *(["noise rectified"] if options.rectified else []),
        *(["channels averaged first"] if options.channel_mean else []),
    ]
    return f"Stability of networks; {', '.join([*parts, *flags])}."


def _head(axis: str) -> str:
    return f"${AXES[axis].symbol}$" if AXES[axis].symbol else _word(axis)


def _text(axis: str, value: str) -> str:
    plain = AXES[axis].symbol and value not in ("exact",)
    return f"${value}$" if plain else escaped(value)


def _word(axis: str) -> str:
    return WORDS.get(axis, axis)
