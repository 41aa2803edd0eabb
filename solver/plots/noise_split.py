"""The noise response of every layer in its two parts: how rectified noise piles up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from solver.plots.points import layer_tick, value_and_error
from solver.plots.style import PALETTE, house_style, new_figure
from solver.sensitivity.results import LayerValues
from solver.sensitivity.sensitivities import Sensitivities
from solver.values import MissingValue

PARTS = {"G_coherent": "coherent: mean change", "G_incoherent": "incoherent: fluctuations"}
"""The parts in the order in which they are drawn, with their legends."""
_COLORS = dict(zip(PARTS, (PALETTE[1], PALETTE[0]), strict=True))
_MARKERS = dict(zip(PARTS, ("o", "s"), strict=True))
_HATCHES = dict(zip(PARTS, ("////", ""), strict=True))


def noise_split_figure(results: Sequence[Sensitivities] = ()) -> Any:
    """Return a figure of G over the layers, one column a network: both parts, and below them the share of each.

    The upper panels are logarithmic, where parts do not stack, so each part is a line; a part that is 0, or not above
    its own error, is not drawn.  The lower panels are linear: bars that add up to G.

    Parameters
    ----------
    results : sequence of Sensitivities
        One a construction; `uniform` and `shift` at l = 32, xi = 7 if left out.
    """
    from solver.report.documents.slides import slides_report

    networks = tuple(results) or slides_report().networks
    with house_style():
        figure, axes = new_figure(
            2, len(networks), width=2.5, height=2.0, sharex="col", sharey="row", height_ratios=(2, 1)
        )
        for s, upper, lower in zip(networks, axes[0], axes[1], strict=True):
            layers = [layer for layer in s.layers if not isinstance(layer.G, MissingValue)]
            places = [layer.layer for layer in layers]
            _draw_parts(upper, layers, places)
            _draw_shares(lower, layers, places)
            upper.set_title(s.network.name)
            lower.set_xticks([layer.layer for layer in s.layers], [layer_tick(layer) for layer in s.layers])
            lower.set_xlabel("layer")
        axes[0, 0].set_ylabel("$G$")
        axes[1, 0].set_ylabel("share of $G$")
        figure.legend(
            *axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3 if len(networks) > 1 else 1
        )
    return figure


def _draw_parts(axis: Any, layers: list[LayerValues], places: list[int]) -> None:
    axis.set_yscale("log")
    totals = [value_and_error(layer.G)[0] for layer in layers]
    axis.plot(places, totals, color="0.6", linestyle=":", label="$G$", zorder=1)
    for name, label in PARTS.items():
        points = [(k, *value_and_error(getattr(layer, name))) for k, layer in zip(places, layers, strict=True)]
        seen = [point for point in points if point[1] > point[2]]
        x, y, errors = zip(*seen, strict=True) if seen else ((), (), ())
        axis.errorbar(x, y, errors, color=_COLORS[name], marker=_MARKERS[name], label=label)


def _draw_shares(axis: Any, layers: list[LayerValues], places: list[int]) -> None:
    bottom = [0.0] * len(layers)
    for name in PARTS:
        shares = [value_and_error(getattr(layer, name))[0] / value_and_error(layer.G)[0] for layer in layers]
        axis.bar(places, shares, bottom=bottom, color=_COLORS[name], alpha=0.8, width=0.7, hatch=_HATCHES[name])
        bottom = [low + share for low, share in zip(bottom, shares, strict=True)]
    axis.set_ylim(0, 1)
