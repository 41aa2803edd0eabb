"""What training does: errors, R and filter frequencies over the steps; D, G and R through the layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from solver.optimal.deformation import best_deformation
from solver.plots.points import known
from solver.plots.style import END, PALETTE, SIGNS, START, Axes, Figure, house_style, look, new_figure, plain_ticks
from solver.sensitivity.results import LayerValues
from solver.sensitivity.sensitivities import Sensitivities
from solver.train.history import History
from solver.train.training import Training


@house_style()
def training_figure(found: History, references: Sequence[Sensitivities] = ()) -> Figure:
    """Return a figure of a run in six panels.

    Top: the test error; R of the output and of the last hidden layer; filter frequencies, all over the steps.  Bottom:
    D, G and R through the layers, before training (grey) and after (black), with D after shuffling dotted, and the
    least D of a layer linear in the image where the stride is 1.

    Parameters
    ----------
    found : History
    references : sequence of Sensitivities
        Hand-built networks on the same task, drawn in their colours.
    """
    figure, (above, below) = new_figure(2, 3)
    for kind, style, sign in (("train", "--", "s"), ("test", "-", "o")):
        errors = [(each.checkpoint.step, getattr(each.checkpoint, f"{kind}_error")) for each in found.moments]
        points = [(step, float(error)) for step, error in errors if error is not None]
        _plot(above[0], points, linestyle=style, marker=sign, color=END, label=kind)
    above[0].set(title="error", ylim=(-0.02, None))
    for layer, label, sign in ((-1, "$f_p$", "o"), (-2, "last hidden", "s")):
        _plot(above[1], _over_steps(found, layer, "R"), label=label, marker=sign)
    above[1].set(title="$R$", yscale="log")
    for layer in range(1, len(found.moments[0].layers) - 1):
        points = _over_steps(found, layer, "filter_frequency")
        _plot(above[2], points, label=f"layer {layer}", marker=SIGNS[layer % len(SIGNS)])
    above[2].set(title="filter frequency", ylim=(0, None))
    for axis in above:
        axis.legend()
        axis.set_xscale("symlog", linthresh=1)
        axis.set(xlabel="step", xlim=(0, None))
    for axis, quantity in zip(below, ("D", "G", "R"), strict=True):
        _draw_layers(axis, found, references, quantity)
    below[0].legend(fontsize=7)
    return figure


def least_deformations(training: Training) -> dict[int, float]:
    """Return the least D that a layer linear in the image can have, by layer; empty for networks with strides."""
    net, task = training.architecture, training.task
    taps = {} if net.stride > 1 else {k: (net.filter_size - 1) * k + 1 for k in range(1, net.layers + 1)}
    fitting = {k: n for k, n in taps.items() if n <= task.length // 2}
    return {k: float(best_deformation(n, task, digits=6).value) for k, n in fitting.items()}


def _draw_layers(axis: Axes, found: History, references: Sequence[Sensitivities], quantity: str) -> None:
    first, last = found.moments[0].layers, found.moments[-1].layers
    _plot(axis, _through(first, quantity), color=START, label="before", marker="x")
    _plot(axis, _through(last, quantity), color=END, label="after", marker="D")
    if quantity == "D":
        _plot(axis, _through(last, "D_shuffled"), color=END, linestyle=":", label="shuffled", marker="*")
        least = least_deformations(found.record.training).items()
        _plot(axis, list(least), color=PALETTE[2], linestyle="--", label="least, linear")
    for place, each in enumerate(references):
        _plot(axis, _through(each.layers, quantity), label=each.network.name, **look(each.network.name, place))
    axis.set(title=f"${quantity}$", yscale="log", xlabel="layer")
    plain_ticks(axis)
    axis.set_xticks(range(len(first)), [*range(len(first) - 1), "$f_p$"])


def _over_steps(found: History, layer: int, quantity: str) -> list[tuple[int, float]]:
    values = [(moment.checkpoint.step, known([moment.layers[layer]], quantity)) for moment in found.moments]
    return [(step, float(value)) for step, pairs in values for _, value in pairs]


def _through(layers: Sequence[LayerValues], quantity: str) -> list[tuple[int, float]]:
    return [(layer.layer, float(value)) for layer, value in known(layers, quantity)]


def _plot(axis: Axes, points: list[tuple[int, float]], **options: Any) -> None:
    if points:
        axis.plot(*zip(*points, strict=True), **options)
