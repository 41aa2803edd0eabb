"""One quantity of a sweep against one of its axes, a line for each combination of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from solver.errors import InputError
from solver.numbers.exact import choice
from solver.plots.style import COLORS, house_style, new_figure
from solver.report.documents.sweep import chosen_layers
from solver.report.words import layer_label
from solver.sensitivity.quantities import NAMES
from solver.sweep.grid import AXES
from solver.sweep.recorded import recorded_layer
from solver.values import MissingValue

ALIASES = {"xi": "scale", "l": "length", "s": "filter_size", "H": "channels", "energy": "noise_energy"}
MOST_LINES = 12
_MARKERS = "os^Dv<>pP*Xh"


def sweep_figure(cells: Sequence[Mapping[str, Any]], x: str, quantity: str, layer: str) -> Any:
    """Return a figure of a quantity at one layer against an axis, from the cells of ``solver.sweep/1``.

    Parameters
    ----------
    cells : sequence of mappings
        As `solver.sweep.results.read_json` gives them.
    x : str
        One of `AXES`, or xi, l, s, H or energy; words and laws stand at equal steps.
    quantity : str
        One of `NAMES`.
    layer : str
        A number, ``last`` or ``output``.

    Raises
    ------
    InputError
        If there is no such axis, quantity or layer, no value, or more lines than can be told apart.
    """
    axis = choice(ALIASES.get(x, x), "x", AXES)
    choice(quantity, "quantity", NAMES)
    if layer == "all" or "," in layer:
        raise InputError(f"layer: expected one number, last or output; got {layer!r}")
    lines, labels = _lines(cells, axis, quantity, layer)
    if not lines:
        raise InputError(f"sweep: no cell holds {quantity} at layer {layer}")
    if len(lines) > MOST_LINES:
        raise InputError(f"sweep: {len(lines)} lines, at most {MOST_LINES} can be told apart; sweep fewer values")
    numbers = all(_number(cell[axis]) is not None for cell in cells)
    places = {text: _number(text) if numbers else i for i, text in enumerate(dict.fromkeys(c[axis] for c in cells))}
    with house_style():
        figure, axes = new_figure(width=4.6, height=3.2)
        place = axes[0, 0]
        colors = COLORS if lines.keys() <= COLORS.keys() else {}
        for marker, (name, points) in zip(_MARKERS, lines.items(), strict=False):
            at = sorted((places[text], value, error) for text, value, error in points)
            place.errorbar(*zip(*at, strict=True), marker=marker, color=colors.get(name), label=name)
        place.set_yscale("log")
        if not numbers or len(places) <= MOST_LINES:
            place.set_xticks(list(places.values()), list(places))
        symbol = AXES[axis].symbol
        place.set(xlabel=f"${symbol}$" if symbol else axis, ylabel=f"{quantity} at {labels}")
        if list(lines) != [""]:
            place.legend()
    return figure


def _lines(
    cells: Sequence[Mapping[str, Any]], axis: str, quantity: str, layer: str
) -> tuple[dict[str, list[tuple[str, float, float]]], str]:
    """Return the points (x, value, error) of each line by its name, and what the layer is called."""
    others = [name for name in AXES if name != axis and len({cell[name] for cell in cells}) > 1]
    (wanted,) = chosen_layers(layer)
    lines: dict[str, list[tuple[str, float, float]]] = {}
    labels = set()
    for cell in cells:
        for record in cell.get("layers", ()):
            found = recorded_layer(record)
            value = getattr(found, quantity)
            if isinstance(value, MissingValue) or not _is_wanted(cell, found.layer, wanted) or not value.value(6) > 0:
                continue
            name = ", ".join(
                cell[each] if not AXES[each].symbol else f"${AXES[each].symbol}={cell[each]}$" for each in others
            )
            lines.setdefault(name, []).append((cell[axis], float(value.value(12)), float(value.error(12))))
            labels.add("$f_p$" if found.name == "output" else f"layer {layer_label(found)}")
    return lines, labels.pop() if len(labels) == 1 else f"the {layer} layer"


def _is_wanted(cell: Mapping[str, Any], layer: int, wanted: str) -> bool:
    depth = int(cell["depth"])
    return layer == {"last": depth, "output": depth + 1}.get(wanted, int(wanted) if wanted.isdigit() else None)


def _number(text: str) -> float | None:
    try:
        return float(Fraction(text))
    except ValueError:
        return None
