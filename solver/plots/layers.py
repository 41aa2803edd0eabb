"""D and G of one case, layer by layer, for several constructions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from solver.plots.style import COLORS, house_style, new_figure
from solver.report.words import layer_label
from solver.sensitivity.sensitivities import Sensitivities
from solver.values import MissingValue


def layers_figure(results: Sequence[Sensitivities] = ()) -> Any:
    """Return a figure of D (left) and G (right) against the layer, on logarithmic axes.

    Parameters
    ----------
    results : sequence of Sensitivities
        One a construction; `uniform` and `shift` at l = 32, xi = 7 if left out.
    """
    from solver.report.slides import slides_report

    chosen = tuple(results) or slides_report().networks
    with house_style():
        figure, axes = new_figure(columns=2)
        for axis, quantity in zip(axes[0], ("D", "G"), strict=True):
            for result in chosen:
                _draw(axis, result, quantity)
            axis.set(yscale="log", xlabel="layer", title=f"${quantity}$")
        axes[0, 0].legend()
    return figure


def _draw(axis: Any, result: Sensitivities, quantity: str) -> None:
    known = [layer for layer in result.layers if not isinstance(getattr(layer, quantity), MissingValue)]
    axis.plot(
        [f"${layer_label(layer)}$" for layer in known],
        [float(getattr(layer, quantity)) for layer in known],
        marker="o",
        color=COLORS.get(result.network.name),
        label=result.network.name,
    )
