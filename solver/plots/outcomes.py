"""Training runs side by side: the test error against a sensitivity; D, G, R and frequencies through the layers."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np

from solver.constructions.registry import construct
from solver.errors import InputError, UnreachableScaleError
from solver.network.frequency.content import mean_filter_frequency
from solver.numbers.exact import choice
from solver.plots.points import known
from solver.plots.style import START, Axes, Figure, house_style, in_turn, look, new_figure, plain_ticks
from solver.plots.training import least_deformations
from solver.sensitivity.sensitivities import Sensitivities, sensitivities
from solver.train.history import QUICK
from solver.train.outcomes import MEASURES, Outcome, by_images, error_points, settings
from solver.train.training import Training

_COLUMNS = {"D": "$D$", "G": "$G$", "R": "$R$", "filter_frequency": "filter frequency"}
"""What is drawn of the layers, and its axis."""
BY_HAND = {1: ("uniform", "shift"), 2: ("strided", "strided-shift")}
"""The hand-built networks to compare with, by stride: those that solve the task."""


@house_style()
def error_figure(outcomes: Sequence[Outcome], measure: str = "R_f") -> Figure:
    """Return a figure of the test error against one of `MEASURES`, a panel for each task and architecture.

    A point is a run: hollow and grey before training, filled after; its marker and colour say P.

    Raises
    ------
    InputError
        If there are no runs, or no such measure.
    """
    choice(measure, "measure", MEASURES)
    panels = _panels(outcomes)
    figure, axes = new_figure(1, len(panels), height=2.9, sharey=True)
    for axis, panel in zip(axes[0], panels, strict=True):
        for place, (P, runs) in enumerate(by_images(panel).items()):
            style = in_turn(place) | {"linestyle": "none"}
            before = {"color": START, "markerfacecolor": "none"}
            for moment, options in ((0, before), (-1, {"label": f"$P = {P}$"})):
                errors, values = np.reshape(error_points(runs, measure, moment), (-1, 2)).T
                axis.plot(values, errors, **style | options)
        layer = measure.replace("L", str(panel[0].training.architecture.layers))
        axis.set(xscale="log", xlabel=f"${layer}$", title=_title(panel[0].training))
        plain_ticks(axis, "x")
        axis.legend(title="trained (grey: before)", fontsize=7, title_fontsize=7)
    axes[0, 0].set(ylabel="test error")
    return figure


@house_style()
def layers_of_runs_figure(outcomes: Sequence[Outcome], references: Sequence[Sensitivities] | None = None) -> Figure:
    """Return a figure of D, G, R and filter frequencies of runs by layer, a row for each task and architecture.

    Lines are medians over the runs of one P (before training: over all), bands the range of all runs after training.
    With them, the hand-built networks that solve the task and, where the stride is 1, the least D of a layer linear in
    the image.

    Parameters
    ----------
    outcomes : sequence of Outcome
    references : sequence of Sensitivities, optional
        What to draw beside them, in the row of its task, in place of the hand-built networks of `BY_HAND`.

    Raises
    ------
    InputError
        If there are no runs.
    """
    panels = _panels(outcomes)
    figure, axes = new_figure(len(panels), len(_COLUMNS), width=2.9, height=2.7)
    for row, panel in zip(axes, panels, strict=True):
        training = panel[0].training
        beside = by_hand(training) if references is None else [s for s in references if s.task == training.task]
        for axis, quantity in zip(row, _COLUMNS, strict=True):
            _draw_runs(axis, panel, quantity)
            _draw_beside(axis, training, beside, quantity)
            _finish(axis, training, quantity)
        row[0].set_title(_title(training), loc="left")
        handles, labels = row[0].get_legend_handles_labels()
        row[-1].legend(handles, labels, fontsize=7, loc="center left", bbox_to_anchor=(1.02, 0.5))
    return figure


def by_hand(training: Training) -> list[Sensitivities]:
    """Return the sensitivities of hand-built networks for the task and filter size of a run, G of them sampled."""
    task, net = training.task, training.architecture
    found = []
    for name in BY_HAND.get(net.stride, ()):
        try:
            network = construct(name, task, filter_size=net.filter_size)
        except (UnreachableScaleError, InputError):
            continue
        if network.claim and network.claim.labels == task.labels:
            found.append(sensitivities(network, task, method="sampling", sampling=QUICK))
    return found


def _panels(outcomes: Sequence[Outcome]) -> list[tuple[Outcome, ...]]:
    if not outcomes:
        raise InputError("runs: expected at least one, got none")
    return settings(outcomes)


def _draw_runs(axis: Axes, panel: Sequence[Outcome], quantity: str) -> None:
    after = _over_runs(panel, quantity, -1)
    axis.fill_between(list(after), list(map(min, after.values())), list(map(max, after.values())), color="0.9")
    before = _over_runs(panel, quantity, 0)
    axis.plot(list(before), list(map(median, before.values())), "o--", color=START, label="before training")
    for place, (P, runs) in enumerate(by_images(panel).items()):
        found = _over_runs(runs, quantity, -1)
        style = in_turn(place) | {"label": f"trained, $P = {P}$", "alpha": 0.8}
        axis.plot(list(found), list(map(median, found.values())), **style)


def _draw_beside(axis: Axes, training: Training, beside: Sequence[Sensitivities], quantity: str) -> None:
    last = training.architecture.layers + 1
    for place, each in enumerate(beside):
        if quantity == "filter_frequency":
            points = [(k, float(mean_filter_frequency(each.network, k))) for k in range(1, each.network.depth + 1)]
        else:
            values = known(each.layers, quantity)
            points = [(last if k.name == "output" else k.layer, float(value)) for k, value in values]
        style = look(each.network.name, place + 4) | {"color": "0.1", "linestyle": (":", "-.")[place % 2]}
        axis.plot(*zip(*points, strict=True), label=each.network.name, linewidth=1, markersize=3, **style)
    least = least_deformations(training) if quantity == "D" else {}
    if least:
        axis.plot(list(least), list(least.values()), "k_", markersize=9, label="least, linear layer")


def _finish(axis: Axes, training: Training, quantity: str) -> None:
    last = training.architecture.layers + 1
    axis.set(xlabel="layer", ylabel=_COLUMNS[quantity])
    axis.set_xticks(range(last + 1), [*map(str, range(last)), "$f_p$"])
    if quantity == "filter_frequency":
        axis.set(xlim=(0.7, last - 0.7), ylim=(-0.05, None))
        return
    axis.set_yscale("log")
    plain_ticks(axis)


def _over_runs(runs: Sequence[Outcome], quantity: str, moment: int) -> dict[int, list[float]]:
    """Return the values of a quantity over runs, by layer, where there are any."""
    columns = zip(*(each.moments[moment].layers for each in runs), strict=True)
    found = {k: [float(value) for _, value in known(column, quantity)] for k, column in enumerate(columns)}
    return {k: values for k, values in found.items() if values}


def _title(training: Training) -> str:
    task, net = training.task, training.architecture
    rule = "same block" if task.labels == "blocks" else f"$d < {task.scale}$"
    gap = f", gap {task.gap}" if task.gap else ""
    return f"{rule} ($\\xi = {task.scale}${gap}); {net.layers} layers, stride {net.stride}"
