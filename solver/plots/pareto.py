"""D against G of a hidden layer over all filters of a family, the front, and the hand-built networks on it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from solver.constructions.registry import reaching_networks
from solver.network.network import Network
from solver.optimal.deformation import best_deformation
from solver.optimal.pareto import filter_points, layer_point, pareto_front, symmetric_filters
from solver.plots.style import HOLLOW, PALETTE, Axes, Figure, house_style, look, new_figure
from solver.question.task import TwoPixelTask

STEPS = {1: 40, 2: 8}
"""Filters (t, 1 - t, t) drawn in a layer: t in steps of 1 over this number."""


@house_style()
def pareto_figure(task: TwoPixelTask | None = None, networks: Sequence[Network] = ()) -> Figure:
    """Return a figure of D against G, one panel for layers 1 and 2: filters (t, 1 - t, t), the front, the networks.

    The dotted line is the least D over all kernels of 3 or 5 taps, the star the least R = D/G of the family.

    Parameters
    ----------
    task : TwoPixelTask
        l = 32, xi = 7 if left out.
    networks : sequence of Network
        Those to mark, with filters of 3 taps; every construction that reaches the scale if left out.
    """
    task = task or TwoPixelTask()
    figure, axes = new_figure(1, 2, width=3.6, height=3.3)
    for axis, layer in zip(axes[0], STEPS, strict=True):
        _draw_family(axis, task, layer)
        least = float(best_deformation(2 * layer + 1, task).value)
        axis.axvline(least, color="0.3", linestyle=":", label="least $D$")
        for place, network in enumerate(tuple(networks) or reaching_networks(task)):
            if layer < network.depth:
                point = layer_point(network, layer, task)
                style = look(point.name, place) | HOLLOW | {"markersize": 6}
                axis.plot([point.D], [point.G], label=point.name, **style)
        axis.set(xlabel=f"$D_{layer}$", ylabel=f"$G_{layer}$", title=f"layer {layer}, $l = {task.length}$")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=8)
    return figure


def _draw_family(axis: Axes, task: TwoPixelTask, layer: int) -> None:
    """Draw the points of all products of ``layer`` filters (t, 1 - t, t), and those that no other beats."""
    points = filter_points(product(symmetric_filters(STEPS[layer]), repeat=layer), task)
    front = pareto_front(points)
    axis.plot([p.D for p in points], [p.G for p in points], ".", color="0.75", label="filters $(t, 1-t, t)$")
    axis.plot([p.D for p in front], [p.G for p in front], color=PALETTE[6], linewidth=1, label="front")
    best = min(points, key=lambda p: p.R)
    axis.plot([best.D], [best.G], "*", color=PALETTE[6], markersize=8, label="least $R$")
