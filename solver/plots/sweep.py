"""One quantity of a sweep against one of its axes, a line for each combination of the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from solver.errors import InputError
from solver.numbers.exact import choice
from solver.plots.points import known
from solver.plots.style import COLORS, SIGNS, Figure, house_style, new_figure
from solver.report.layers import chosen_layers
from solver.sensitivity.quantities import NAMES
from solver.sweep.answer import recorded_layer
from solver.sweep.grid import AXES

ALIASES = {"xi": "scale", "l": "length", "s": "filter_size", "H": "channels", "energy": "noise_energy"}
MOST_LINES = 12

Lines = dict[str, list[tuple[str, float, float]]]
"""The points (x, value, error) of each line, by its name."""


@house_style()
def sweep_figure(cells: Sequence[Mapping[str, Any]], x: str, quantity: str, layer: str) -> Figure:
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
    lines, label = _lines(cells, axis, choice(quantity, "quantity", NAMES), layer)
    values = list(dict.fromkeys(cell[axis] for cell in cells))
    numbers = [_number(text) for text in values]
    places = dict(zip(values, range(len(values)) if None in numbers else numbers, strict=True))
    figure, ((axes,),) = new_figure(width=4.6, height=3.2)
    colors = COLORS if lines.keys() <= COLORS.keys() else {}
    for marker, (name, points) in zip(SIGNS, lines.items(), strict=False):
        at = sorted((places[text], value, error) for text, value, error in points)
        axes.errorbar(*zip(*at, strict=True), marker=marker, color=colors.get(name), label=name)
    axes.set_yscale("log")
    if None in numbers or len(places) <= MOST_LINES:
        axes.set_xticks(list(places.values()), list(places))
    symbol = AXES[axis].symbol
    axes.set(xlabel=f"${symbol}$" if symbol else axis, ylabel=f"{quantity} at {label}")
    if list(lines) != [""]:
        axes.legend()
    return figure


def _lines(cells: Sequence[Mapping[str, Any]], axis: str, quantity: str, layer: str) -> tuple[Lines, str]:
    """Return the lines, and what the layer is called."""
    if layer == "all" or "," in layer:
        raise InputError(f"layer: expected one number, last or output; got {layer!r}")
    (wanted,) = chosen_layers(layer)
    others = [name for name in AXES if name != axis and len({cell[name] for cell in cells}) > 1]
    lines: Lines = defaultdict(list)
    labels = set()
    for cell in cells:
        for found, value in known(map(recorded_layer, cell.get("layers", ())), quantity):
            depth = int(cell["depth"])
            number = {"last": depth, "output": depth + 1}.get(wanted, int(wanted) if wanted.isdigit() else None)
            if found.layer == number and value.value(6) > 0:
                choices = ((AXES[each].symbol, cell[each]) for each in others)
                name = ", ".join(f"${symbol}={text}$" if symbol else text for symbol, text in choices)
                lines[name].append((cell[axis], float(value.value(12)), float(value.error(12))))
                labels.add("$f_p$" if found.name == "output" else f"layer {found.label}")
    if not lines:
        raise InputError(f"sweep: no cell holds {quantity} at layer {layer}")
    if len(lines) > MOST_LINES:
        raise InputError(f"sweep: {len(lines)} lines, at most {MOST_LINES} can be told apart; sweep fewer values")
    return lines, labels.pop() if len(labels) == 1 else f"the {layer} layer"


def _number(text: str) -> float | None:
    try:
        return float(Fraction(text))
    except ValueError:
        return None
