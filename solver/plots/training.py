"""What training does: errors, R and filter frequencies over the steps; D, G and R through the layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from solver.optimal.deformation import best_deformation
from solver.plots.style import PALETTE, house_style, look, new_figure, plain_ticks
from solver.sensitivity.results import LayerValues
from solver.sensitivity.sensitivities import Sensitivities
from solver.train.history import History, Moment
from solver.train.training import Training
from solver.values import MissingValue

START, END = "0.6", PALETTE[6]
SIGNS = "os^Dv<>p"


def training_figure(found: History, references: Sequence[Sensitivities] = ()) -> Any:
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
    with house_style():
        figure, axes = new_figure(2, 3)
        _draw_errors(axes[0, 0], found)
        _draw_stability(axes[0, 1], found)
        _draw_frequencies(axes[0, 2], found)
        for axis in axes[0]:
            axis.set_xscale("symlog", linthresh=1)
            axis.set(xlabel="step", xlim=(0, None))
        for axis, quantity in zip(axes[1], ("D", "G", "R"), strict=True):
            _draw_layers(axis, found, references, quantity)
        axes[1, 0].legend(fontsize=7)
    return figure


def least_deformations(training: Training) -> dict[int, float]:
    """Return the least D that a layer linear in the image can have, by layer; empty for networks with strides."""
    if training.architecture.stride > 1:
        return {}
    taps = {k: (training.architecture.filter_size - 1) * k + 1 for k in range(1, training.architecture.layers + 1)}
    return {
        k: float(best_deformation(n, training.task, digits=6).value)
        for k, n in taps.items()
        if n <= training.task.length // 2
    }


def _draw_errors(axis: Any, found: History) -> None:
    steps = [moment.checkpoint.step for moment in found.moments]
    for name, style, sign in (("train", "--", "s"), ("test", "-", "o")):
        errors = [getattr(moment.checkpoint, f"{name}_error") for moment in found.moments]
        known = [(step, float(error)) for step, error in zip(steps, errors, strict=True) if error is not None]
        axis.plot(*zip(*known, strict=True), linestyle=style, marker=sign, color=END, label=name)
    axis.set(title="error", ylim=(-0.02, None))
    axis.legend()


def _draw_stability(axis: Any, found: History) -> None:
    for layer, label, sign in ((-1, "$f_p$", "o"), (-2, "last hidden", "s")):
        _plot(axis, _over_steps(found, layer, "R"), label=label, marker=sign)
    axis.set(title="$R$", yscale="log")
    axis.legend()


def _draw_frequencies(axis: Any, found: History) -> None:
    for layer in range(1, len(found.moments[0].layers) - 1):
        sign = SIGNS[layer % len(SIGNS)]
        _plot(axis, _over_steps(found, layer, "filter_frequency"), label=f"layer {layer}", marker=sign)
    axis.set(title="filter frequency", ylim=(0, None))
    axis.legend()


def _draw_layers(axis: Any, found: History, references: Sequence[Sensitivities], quantity: str) -> None:
    for moment, color, label, sign in (
        (found.moments[0], START, "before", "x"),
        (found.moments[-1], END, "after", "D"),
    ):
        _plot(axis, _through_layers(moment, quantity), color=color, label=label, marker=sign)
    if quantity == "D":
        _plot(
            axis,
            _through_layers(found.moments[-1], "D_shuffled"),
            color=END,
            linestyle=":",
            label="shuffled",
            marker="*",
        )
        _plot(
            axis,
            list(least_deformations(found.record.training).items()),
            color=PALETTE[2],
            linestyle="--",
            label="least, linear",
        )
    for place, each in enumerate(references):
        points = [
            (layer.layer, float(getattr(layer, quantity)))
            for layer in each.layers
            if not isinstance(getattr(layer, quantity), MissingValue)
        ]
        _plot(axis, points, label=each.network.name, **look(each.network.name, place))
    axis.set(title=f"${quantity}$", yscale="log", xlabel="layer")
    plain_ticks(axis)
    axis.set_xticks(range(len(found.moments[0].layers)), [*range(len(found.moments[0].layers) - 1), "$f_p$"])


def _over_steps(found: History, layer: int, quantity: str) -> list[tuple[int, float]]:
    return [
        (moment.checkpoint.step, value)
        for moment in found.moments
        if (value := layer_number(moment.layers[layer], quantity)) is not None
    ]


def _through_layers(moment: Moment, quantity: str) -> list[tuple[int, float]]:
    return [(each.layer, value) for each in moment.layers if (value := layer_number(each, quantity)) is not None]


def layer_number(layer: LayerValues, quantity: str) -> float | None:
    """Return a quantity of a layer, None where it does not exist."""
    value = getattr(layer, quantity)
    return None if isinstance(value, MissingValue) else float(value)


def _plot(axis: Any, points: list[tuple[int, float]], **options: Any) -> None:
    if points:
        axis.plot(*zip(*points, strict=True), **options)
