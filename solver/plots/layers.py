"""D, G and R of one case, layer by layer, for several constructions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from solver.errors import InputError
from solver.numbers.exact import choice
from solver.plots.points import known, layer_places, value_and_error
from solver.plots.style import Axes, Figure, house_style, legend_above, look, new_figure, plain_ticks
from solver.report.documents.slides import slides_report
from solver.sensitivity.sensitivities import Sensitivities

_SYMBOLS = {"D": "$D_k$", "G": "$G_k$", "R": "$R_k = D_k / G_k$"}
"""The quantities and their labels."""
_VISIBLE = 0.01
"""Errors below this share of their value would lie inside the markers."""


@house_style()
def layers_figure(results: Sequence[Sensitivities] = (), quantities: Sequence[str] = ("D", "G")) -> Figure:
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
    check_drawn(quantities)
    chosen = tuple(results) or slides_report().networks
    places, ticks = layer_places(chosen)
    figure, axes = new_figure(columns=len(quantities), width=3.2)
    for axis, quantity in zip(axes[0], quantities, strict=True):
        for place, (result, at) in enumerate(zip(chosen, places, strict=True)):
            _draw(axis, result, quantity, at, look(result.network.name, place))
        axis.set(yscale="log", xlabel="layer $k$", ylabel=_SYMBOLS[quantity])
        axis.set_xticks(list(ticks), list(ticks.values()))
        plain_ticks(axis)
    legend_above(figure, axes[0, 0], min(len(chosen), 5))
    return figure


def check_drawn(quantities: Sequence[str]) -> None:
    """Refuse quantities that are unknown, given twice, or none at all."""
    for quantity in quantities:
        choice(quantity, "quantity", _SYMBOLS)
    if not quantities or len(set(quantities)) < len(quantities):
        raise InputError(f"quantities: expected D, G or R, each at most once, got {', '.join(quantities) or 'none'}")


def _draw(axis: Axes, result: Sensitivities, quantity: str, at: dict[int, int], style: dict[str, Any]) -> None:
    points = [(at[layer.layer], *value_and_error(value)) for layer, value in known(result.layers, quantity)]
    x, y, error = np.array([point for point in points if point[1] > 0]).reshape(-1, 3).T
    axis.plot(x, y, markerfacecolor="none", label=result.network.name, **style)
    if (shown := error > _VISIBLE * y).any():
        axis.errorbar(x[shown], y[shown], error[shown], fmt="none", ecolor=style["color"], capsize=3)
