"""The noise response of every layer in its two parts: how rectified noise piles up."""

from __future__ import annotations

from collections.abc import Sequence

from solver.plots.points import known, layer_tick, value_and_error
from solver.plots.style import PALETTE, Axes, Figure, house_style, legend_above, new_figure
from solver.report.documents.slides import slides_report
from solver.sensitivity.results import LayerValues
from solver.sensitivity.sensitivities import Sensitivities

_PARTS = {
    "G_coherent": ("coherent: mean change", PALETTE[1], "o", "////"),
    "G_incoherent": ("incoherent: fluctuations", PALETTE[0], "s", ""),
}
"""The parts in the order in which they are drawn, with their legends, colours, markers and hatches."""


@house_style()
def noise_split_figure(results: Sequence[Sensitivities] = ()) -> Figure:
    """Return a figure of G over the layers, one column a network: both parts, and below them the share of each.

    The upper panels are logarithmic, where parts do not stack, so each part is a line; a part that is 0, or not above
    its own error, is not drawn.  The lower panels are linear: bars that add up to G.

    Parameters
    ----------
    results : sequence of Sensitivities
        One a construction; `uniform` and `shift` at l = 32, xi = 7 if left out.
    """
    chosen = tuple(results) or slides_report().networks
    figure, axes = new_figure(2, len(chosen), width=2.5, height=2.0, sharex="col", sharey="row", height_ratios=(2, 1))
    for s, (upper, lower) in zip(chosen, axes.T, strict=True):
        _draw(upper, lower, [layer for layer, _ in known(s.layers, "G")])
        upper.set(title=s.network.name, yscale="log")
        lower.set_xticks([layer.layer for layer in s.layers], [layer_tick(layer) for layer in s.layers])
        lower.set(xlabel="layer", ylim=(0, 1))
    axes[0, 0].set_ylabel("$G$")
    axes[1, 0].set_ylabel("share of $G$")
    legend_above(figure, axes[0, 0], 3 if len(chosen) > 1 else 1)
    return figure


def _draw(upper: Axes, lower: Axes, layers: Sequence[LayerValues]) -> None:
    places, totals = [k.layer for k in layers], [value_and_error(k.G)[0] for k in layers]
    upper.plot(places, totals, color="0.6", linestyle=":", label="$G$", zorder=1)
    bottom = [0.0] * len(layers)
    for name, (label, color, marker, hatch) in _PARTS.items():
        points = [(k.layer, *value_and_error(getattr(k, name))) for k in layers]
        seen = [point for point in points if point[1] > point[2]]
        x, y, errors = zip(*seen, strict=True) if seen else ((), (), ())
        upper.errorbar(x, y, errors, color=color, marker=marker, label=label)
        shares = [part / total for (_, part, _), total in zip(points, totals, strict=True)]
        lower.bar(places, shares, bottom=bottom, color=color, alpha=0.8, width=0.7, hatch=hatch)
        bottom = [low + share for low, share in zip(bottom, shares, strict=True)]
