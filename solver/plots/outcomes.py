"""Training runs side by side: the test error against a sensitivity; D, G, R and frequencies through the layers."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from solver.constructions.registry import construct
from solver.errors import InputError, UnreachableScaleError
from solver.network.frequency.content import mean_filter_frequency
from solver.numbers.exact import choice
from solver.plots.points import number
from solver.plots.style import PALETTE, house_style, look, new_figure, plain_ticks
from solver.plots.training import START, layer_number, least_deformations
from solver.sensitivity.sensitivities import Sensitivities, sensitivities
from solver.train.history import QUICK
from solver.train.outcomes import MEASURES, Outcome, by_images, settings
from solver.train.training import Training
from solver.values import MissingValue

COLUMNS = {"D": "$D$", "G": "$G$", "R": "$R$", "filter_frequency": "filter frequency"}
"""What is drawn of the layers, and its axis."""
SIGNS = "ov^sDP*X"
"""The markers of numbers of training images, in increasing order."""
BY_HAND = {1: ("uniform", "shift"), 2: ("strided", "strided-shift")}
"""The hand-built networks to compare with, by stride: those that solve the task."""


def error_figure(outcomes: Sequence[Outcome], measure: str = "R_f") -> Any:
    """Return a figure of the test error against one of `MEASURES`, a panel for each task and architecture.

    A point is a run: hollow and grey before training, filled after; its marker and colour say P.

    Raises
    ------
    InputError
        If there are no runs, or no such measure.
    """
    choice(measure, "measure", MEASURES)
    panels = settings(_some(outcomes))
    with house_style():
        figure, axes = new_figure(1, len(panels), height=2.9, sharey=True)
        for axis, panel in zip(axes[0], panels, strict=True):
            looks = _looks(panel)
            for P, runs in by_images(panel).items():
                color, sign = looks[P]
                axis.plot(*_points(runs, measure, 0), sign, color=START, markerfacecolor="none")
                axis.plot(*_points(runs, measure, -1), sign, color=color, label=f"$P = {P}$")
            layer = measure.replace("L", str(panel[0].training.architecture.layers))
            axis.set(xscale="log", xlabel=f"${layer}$", title=_title(panel[0].training))
            plain_ticks(axis, "x")
            axis.legend(title="trained (grey: before)", fontsize=7, title_fontsize=7)
        axes[0, 0].set(ylabel="test error")
    return figure


def layers_of_runs_figure(outcomes: Sequence[Outcome], references: Sequence[Sensitivities] | None = None) -> Any:
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
    panels = settings(_some(outcomes))
    with house_style():
        figure, axes = new_figure(len(panels), len(COLUMNS), width=2.9, height=2.7)
        for row, panel in zip(axes, panels, strict=True):
            training = panel[0].training
            beside = by_hand(training) if references is None else [s for s in references if s.task == training.task]
            for axis, quantity in zip(row, COLUMNS, strict=True):
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


def _some(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    if not outcomes:
        raise InputError("runs: expected at least one, got none")
    return outcomes


def _looks(panel: Sequence[Outcome]) -> dict[int, tuple[str, str]]:
    sizes = list(by_images(panel))
    return {P: (PALETTE[i % len(PALETTE)], SIGNS[i % len(SIGNS)]) for i, P in enumerate(sizes)}


def _points(runs: Sequence[Outcome], measure: str, moment: int) -> tuple[list[float], list[float]]:
    pairs = [(each.number(measure, moment), each.test_error(moment)) for each in runs]
    known = [(value, error) for value, error in pairs if value is not None and error is not None]
    return [value for value, _ in known], [error for _, error in known]


def _draw_runs(axis: Any, panel: Sequence[Outcome], quantity: str) -> None:
    after = _over_runs(panel, quantity, -1)
    axis.fill_between(list(after), *zip(*((min(v), max(v)) for v in after.values()), strict=True), color="0.9")
    before = _over_runs(panel, quantity, 0)
    axis.plot(list(before), [median(v) for v in before.values()], "o--", color=START, label="before training")
    looks = _looks(panel)
    for P, runs in by_images(panel).items():
        found, (color, sign) = _over_runs(runs, quantity, -1), looks[P]
        label = f"trained, $P = {P}$"
        axis.plot(list(found), [median(v) for v in found.values()], marker=sign, color=color, label=label, alpha=0.8)


def _draw_beside(axis: Any, training: Training, beside: Sequence[Sensitivities], quantity: str) -> None:
    last = training.architecture.layers + 1
    for place, each in enumerate(beside):
        known = _beside(each, quantity, last)
        style = look(each.network.name, place + 4) | {"color": "0.1", "linestyle": (":", "-.")[place % 2]}
        axis.plot(*zip(*known, strict=True), label=each.network.name, linewidth=1, markersize=3, **style)
    least = least_deformations(training) if quantity == "D" else {}
    if least:
        axis.plot(list(least), list(least.values()), "k_", markersize=9, label="least, linear layer")


def _beside(found: Sensitivities, quantity: str, last: int) -> list[tuple[int, float]]:
    """Return a quantity of a hand-built network by layer, f_p at the place ``last``."""
    if quantity == "filter_frequency":
        layers = range(1, found.network.depth + 1)
        return [(k, number(mean_filter_frequency(found.network, k))) for k in layers]
    values = [(last if k.name == "output" else k.layer, getattr(k, quantity)) for k in found.layers]
    return [(k, float(value)) for k, value in values if not isinstance(value, MissingValue)]


def _finish(axis: Any, training: Training, quantity: str) -> None:
    last = training.architecture.layers + 1
    axis.set(xlabel="layer", ylabel=COLUMNS[quantity])
    axis.set_xticks(range(last + 1), [*map(str, range(last)), "$f_p$"])
    if quantity == "filter_frequency":
        axis.set(xlim=(0.7, last - 0.7), ylim=(-0.05, None))
        return
    axis.set_yscale("log")
    plain_ticks(axis)


def _over_runs(runs: Sequence[Outcome], quantity: str, moment: int) -> dict[int, list[float]]:
    """Return the values of a quantity over runs, by layer, where there are any."""
    found: dict[int, list[float]] = {}
    for k, column in enumerate(zip(*(each.moments[moment].layers for each in runs), strict=True)):
        values = [value for layer in column if (value := layer_number(layer, quantity)) is not None]
        found |= {k: values} if values else {}
    return found


def _title(training: Training) -> str:
    task, net = training.task, training.architecture
    rule = "same block" if task.labels == "blocks" else f"$d < {task.scale}$"
    gap = f", gap {task.gap}" if task.gap else ""
    return f"{rule} ($\\xi = {task.scale}${gap}); {net.layers} layers, stride {net.stride}"
