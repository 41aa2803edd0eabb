"""Sensitivities over many scales as a LaTeX longtable: rows are scales and layers, groups are constructions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from solver.errors import InputError
from solver.network.graph import escaped
from solver.report.columns import Column
from solver.report.tables import Grid, Row, group, longtable, preamble
from solver.report.words import layer_label
from solver.report.writers.latex import fitted_grid, notes, question
from solver.sensitivity.results import LayerValues
from solver.sensitivity.sensitivities import Sensitivities

LAYERS = ("last", "output", "all")
Results = Mapping[int, Mapping[str, Sensitivities]]
Key = tuple[str, ...]
"""What a block of rows shares, as LaTeX."""
Keyed = Mapping[Key, Mapping[str, Sequence[LayerValues]]]


def chosen_layers(text: str) -> tuple[str, ...]:
    """Return the layers to show, as given: numbers, ``last`` (layer k~), ``output`` or ``all``.

    Raises
    ------
    InputError
        For anything else, or a layer given twice.

    Examples
    --------
    >>> chosen_layers("1, last,output")
    ('1', 'last', 'output')
    """
    names = [name.strip() for name in text.split(",")]
    for i, name in enumerate(names):
        if name not in LAYERS and not (name.isascii() and name.isdigit() and str(int(name[:5])) == name):
            raise InputError(f"layers: expected numbers, {', '.join(LAYERS)}, joined by commas; got {name!r}")
        if name in names[:i]:
            raise InputError(f"layers: each once; got {name!r} twice")
    return tuple(names)


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
    first = next(result for by_name in results.values() for result in by_name.values())
    caption = question(first, grid, scale=_scales(list(results))) + notes(grid, parts)
    labels = "" if first.task.labels == "distance" else f"-{first.task.labels}"
    label = f"tab:scales-{first.task.distances}{labels}-l{first.task.sites}-xi{min(results)}-{max(results)}"
    return preamble(parts, command, "needs longtable; ") + longtable(parts, caption, label)


def keyed_grid(
    heads: tuple[str, ...], results: Keyed, layers: Sequence[str], columns: tuple[Column, ...], digits: int
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
    names = dict.fromkeys(name for by_name in results.values() for name in by_name)
    cells: dict[str, dict[tuple[Key, str], LayerValues]] = {name: {} for name in names}
    rows: list[Row] = []
    for key, by_name in results.items():
        found = {name: chosen(each, layers) for name, each in by_name.items()}
        for name, shown in found.items():
            cells[name] |= {(key, label): layer for label, layer in shown.items()}
        labels = sorted({label for shown in found.values() for label in shown}, key=_order)
        for label in labels or ([] if by_name else [""]):
            first = label == (labels or [""])[0]
            texts = key if first else ("",) * len(key)
            rows.append(Row((key, label), (*texts, f"${label}$" if label else ""), first and len(rows) > 0))
    if not any(cells.values()):
        raise InputError(f"layers: no network here has any of {', '.join(layers)}")
    ruled = len(rows) > len(results)
    rows = [Row(row.key, row.labels, row.ruled and ruled) for row in rows]
    groups = tuple(group(escaped(name), columns, cells[name], digits) for name in names)
    return Grid((*heads, "layer"), tuple(rows), groups)


def _scales(scales: list[int]) -> str:
    """Return the scales, four or more in a row by their ends."""
    if len(scales) > 3 and scales == list(range(scales[0], scales[-1] + 1)):
        return rf"{scales[0]},\dots,{scales[-1]}"
    return ",".join(map(str, scales))


def chosen(found: Sequence[LayerValues], names: Sequence[str]) -> dict[str, LayerValues]:
    """Return the layers asked for that a network has, by label; ``found`` are all of them, with the output last."""
    depth = len(found) - 2
    wanted = {"last": [depth], "output": [depth + 1], "all": list(range(depth + 2))}
    numbers = {str(k): [k] for k in range(depth + 1)}
    places = sorted({k for name in names for k in (wanted | numbers).get(name, [])})
    return {layer_label(found[k]): found[k] for k in places}


def _order(label: str) -> tuple[bool, int]:
    return (not label.isdigit(), int(label) if label.isdigit() else 0)
