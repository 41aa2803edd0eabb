"""D, G and R of one case, layer by layer, for several constructions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from solver.errors import InputError
from solver.numbers.exact import choice
from solver.plots.points import layer_places, value_and_error
from solver.plots.style import house_style, look, new_figure, plain_ticks
from solver.sensitivity.sensitivities import Sensitivities
from solver.values import MissingValue

SYMBOLS = {"D": "$D_k$", "G": "$G_k$", "R": "$R_k = D_k / G_k$"}
"""The quantities and their labels."""
VISIBLE = 0.01
"""Errors below this share of their value would lie inside the markers."""


def layers_figure(results: Sequence[Sensitivities] = (), quantities: Sequence[str] = ("D", "G")) -> Any:
    """Return a figure of D, G or R against the layer, one panel a quantity, on logarithmic axes.

    Numeric values carry their errors as bars, where they could be seen; values that are 0 or do not exist are left out.

    Parameters
    ----------
    results : sequence of Sensitivities
        One a construction; `uniform` and `shift` at l = 32, xi = 7 if left out.
    quantities : sequence of {"D", "G", "R"}

    Raises
    ------
    InputError
        If a quantity is unknown, given twice, or none is given.
    """
    from solver.report.documents.slides import slides_report

    check_quantities(quantities)
    chosen = tuple(results) or slides_report().networks
    places, ticks = layer_places(chosen)
    with house_style():
        figure, axes = new_figure(columns=len(quantities), width=3.2)
        for axis, quantity in zip(axes[0], quantities, strict=True):
            for place, (result, at) in enumerate(zip(chosen, places, strict=True)):
                _draw(axis, result, quantity, at, place)
            axis.set(yscale="log", xlabel="layer $k$", ylabel=SYMBOLS[quantity])
            axis.set_xticks(list(ticks), list(ticks.values()))
            plain_ticks(axis)
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=min(len(chosen), 5))
    return figure


def check_quantities(quantities: Sequence[str]) -> None:
    """Refuse quantities that are unknown, given twice, or none at all."""
    for quantity in quantities:
        choice(quantity, "quantity", SYMBOLS)
    if not quantities or len(set(quantities)) < len(quantities):
        raise InputError(f"quantities: expected D, G or R, each at most once, got {', '.join(quantities) or 'none'}")


def _draw(axis: Any, result: Sensitivities, quantity: str, at: dict[int, int], place: int) -> None:
    known = [each for each in result.layers if not isinstance(getattr(each, quantity), MissingValue)]
    points = [(at[each.layer], *value_and_error(getattr(each, quantity))) for each in known]
    seen = [point for point in points if point[1] > 0]
    style = look(result.network.name, place)
    axis.plot(
        [x for x, _, _ in seen], [y for _, y, _ in seen], markerfacecolor="none", label=result.network.name, **style
    )
    bars = [point for point in seen if point[2] > VISIBLE * point[1]]
    if bars:
        axis.errorbar(*zip(*bars, strict=True), fmt="none", ecolor=style["color"], capsize=3)
