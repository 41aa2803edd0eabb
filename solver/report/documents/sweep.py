"""Sensitivities of many networks in one table: rows are choices and layers, groups are constructions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from solver.errors import InputError
from solver.network.graph import escaped
from solver.report.layers import chosen
from solver.report.tables import Grid, Row, fitted_grid, group, longtable, notes, preamble
from solver.report.words import caption
from solver.sensitivity.quantities import Quantity
from solver.sensitivity.results import LayerValues
from solver.sensitivity.sensitivities import Sensitivities

Results = Mapping[int, Mapping[str, Sensitivities]]
Key = tuple[str, ...]
"""What a block of rows shares, as LaTeX."""
Keyed = Mapping[Key, Mapping[str, Sequence[LayerValues]]]


def sweep_latex(
    results: Results,
    layers: Sequence[str],
    digits: int,
    command: str | None,
    *,
    columns: str | Sequence[str] | None = None,
    width: float | None = None,
) -> str:
    """Return a longtable of results by scale, then by construction; a construction without a scale is left blank.

    It needs the package longtable; its rules are booktabs' with that package.

    Raises
    ------
    InputError
        If no network has any of the layers, or for columns that do not exist.
    """
    keyed: Keyed = {
        (f"${scale}$",): {name: each.layers for name, each in by_name.items()} for scale, by_name in results.items()
    }
    grid, parts = fitted_grid(lambda shown: keyed_grid((r"$\xi$",), keyed, layers, shown, digits), columns, width)
    question = next(result for by_name in results.values() for result in by_name.values()).question
    text = caption(question, grid.columns, scale=_scales(list(results))) + notes(grid, parts)
    task = question.task
    labels = "" if task.labels == "distance" else f"-{task.labels}"
    label = f"tab:scales-{task.distances}{labels}-l{task.sites}-xi{min(results)}-{max(results)}"
    return preamble(parts, command, "needs longtable; ") + longtable(parts, text, label)


def keyed_grid(
    heads: tuple[str, ...], results: Keyed, layers: Sequence[str], columns: tuple[Quantity, ...], digits: int
) -> Grid:
    """Return a grid whose rows are keys and their layers, with a group of columns for each construction.

    Parameters
    ----------
    heads : tuple of str
        The name of each entry of a key, as LaTeX.
    results : mapping of keys to {construction: its layers from the image to the output}
        A key without any construction is one row of blanks.

    Raises
    ------
    InputError
        If no network has any of the layers.
    """
    cells: dict[str, dict[tuple[Key, str], LayerValues]] = {name: {} for found in results.values() for name in found}
    rows: list[Row] = []
    for key, by_name in results.items():
        shown = {name: chosen(found, layers) for name, found in by_name.items()}
        for name, found in shown.items():
            cells[name] |= {(key, layer.label): layer for layer in found}
        labels = sorted({layer.label for found in shown.values() for layer in found}, key=_order)
        for label in labels or ([] if by_name else [""]):
            first = label == (labels or [""])[0]
            texts = key if first else ("",) * len(key)
            rows.append(Row((key, label), (*texts, f"${label}$" if label else ""), first and len(rows) > 0))
    if not any(cells.values()):
        raise InputError(f"layers: no network here has any of {', '.join(layers)}")
    ruled = len(rows) > len(results)
    rows = [Row(row.key, row.labels, row.ruled and ruled) for row in rows]
    groups = tuple(group(escaped(name), columns, cells[name], digits) for name in cells)
    return Grid((*heads, "layer"), tuple(rows), groups)


def _scales(scales: list[int]) -> str:
    """Return the scales, four or more in a row by their ends."""
    if len(scales) > 3 and scales == list(range(scales[0], scales[-1] + 1)):
        return rf"{scales[0]},\dots,{scales[-1]}"
    return ",".join(map(str, scales))


def _order(label: str) -> tuple[bool, int]:
    return (not label.isdigit(), int(label) if label.isdigit() else 0)
