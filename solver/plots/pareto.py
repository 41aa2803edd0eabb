"""D against G of a hidden layer over all filters of a family, the front, and the hand-built networks on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from solver.constructions.registry import reaching_networks
from solver.network.network import Network
from solver.optimal.deformation import best_deformation
from solver.optimal.pareto import Point, filter_points, layer_point, pareto_front, symmetric_filters
from solver.plots.style import PALETTE, house_style, look, new_figure
from solver.question.task import TwoPixelTask

STEPS = {1: 40, 2: 8}
"""Filters (t, 1 - t, t) drawn in a layer: t in steps of 1 over this number."""


def pareto_figure(task: TwoPixelTask | None = None, networks: Sequence[Network] = ()) -> Any:
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
    chosen = tuple(networks) or reaching_networks(task)
    with house_style():
        figure, axes = new_figure(1, 2, width=3.6, height=3.3)
        for axis, layer in zip(axes[0], STEPS, strict=True):
            _draw_family(axis, family(task, layer))
            axis.axvline(
                float(best_deformation(2 * layer + 1, task).value), color="0.3", linestyle=":", label="least $D$"
            )
            for place, network in enumerate(chosen):
                if layer < network.depth:
                    _draw_network(axis, layer_point(network, layer, task), place)
            axis.set(xlabel=f"$D_{layer}$", ylabel=f"$G_{layer}$", title=f"layer {layer}, $l = {task.length}$")
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=8)
    return figure


def family(task: TwoPixelTask, layer: int) -> list[Point]:
    """Return the points of all products of ``layer`` filters (t, 1 - t, t)."""
    filters: list[list[Any]] = [[]]
    for _ in range(layer):
        filters = [[*each, taps] for each in filters for taps in symmetric_filters(STEPS[layer])]
    return filter_points(filters, task)


def _draw_family(axis: Any, points: list[Point]) -> None:
    front = pareto_front(points)
    axis.plot([p.D for p in points], [p.G for p in points], ".", color="0.75", label="filters $(t, 1-t, t)$")
    axis.plot([p.D for p in front], [p.G for p in front], color=PALETTE[6], linewidth=1, label="front")
    best = min(points, key=lambda p: p.R)
    axis.plot([best.D], [best.G], "*", color=PALETTE[6], markersize=8, label="least $R$")


def _draw_network(axis: Any, point: Point, place: int) -> None:
    look_of = look(point.name, place)
    axis.plot([point.D], [point.G], linestyle="none", label=point.name, markersize=6, markerfacecolor="none", **look_of)
