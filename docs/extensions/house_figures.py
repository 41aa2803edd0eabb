"""The figures of the findings, drawn by `solver.plots` at build time; nothing in them is typed in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sphinx.util import logging

from solver.cache import Cache, default_folder
from solver.plots.registry import FIGURES
from solver.plots.style import PALETTE, house_style, new_figure, plain_ticks, save

TRAINED = Path(__file__).resolve().parents[2] / "examples" / "trained" / "histories.json"

_log = logging.getLogger(__name__)


def draw_all(folder: Path, newest: float) -> None:
    """Draw every figure that does not exist or is older than the code."""
    folder.mkdir(exist_ok=True)
    figures: dict[str, Callable[[], Any]] = {entry.name: entry.draw for entry in FIGURES} | OWN
    for name, draw in figures.items():
        target = folder / f"{name}.svg"
        if not target.exists() or target.stat().st_mtime < newest:
            _log.info("drawing %s", name)
            save(draw(), target)


def scales() -> Any:
    """D of the output against the scale, on three rings."""
    from solver.plots.sweep import sweep_figure
    from solver.sweep.grid import Settings, Sweep
    from solver.sweep.results import read_json
    from solver.sweep.run import run_sweep

    sweep = Sweep(
        scale=range(3, 16, 2),
        length=(32, 64, 1000),
        construction="uniform",
        settings=Settings(deformation_only=True),
    )
    cells = read_json(run_sweep(sweep).to_json(quantities=("D",)))
    return sweep_figure(cells, "xi", "D", "output")


def beyond_linear() -> Any:
    """How far any function of a window can fall below the linear optimum, against l."""
    from solver import TwoPixelTask, best_deformation, least_of_any_map

    lengths = (16, 32, 64, 128)
    with house_style():
        figure, axes = new_figure(width=4.6, height=3.0)
        for taps, color, marker in ((3, PALETTE[0], "o"), (5, PALETTE[1], "s")):
            gains = []
            for length in lengths:
                task = TwoPixelTask(length=length, scale=7)
                linear, least = best_deformation(taps, task).value, least_of_any_map(taps, task)
                gains.append(1 - float(least) / float(linear))
            axes[0, 0].plot(lengths, gains, marker=marker, color=color, label=f"{taps} pixels")
        axes[0, 0].set(xscale="log", yscale="log", xlabel="$l$", ylabel="least possible gain over linear layers")
        axes[0, 0].set_xticks(lengths, [str(length) for length in lengths], minor=False)
        axes[0, 0].minorticks_off()
        axes[0, 0].legend()
    return figure


def shuffled() -> Any:
    """D and G of the layers of `shift` before and after its channels are shuffled."""
    from solver import TwoPixelTask, construct, sensitivities, shuffling
    from solver.plots.points import layer_tick

    task = TwoPixelTask(length=32, scale=7)
    before = sensitivities(construct("shift", task), task, cache=Cache(default_folder()))
    found = shuffling(before)
    looks = {"": ("as built", PALETTE[1], "s"), "_shuffled": ("shuffled", PALETTE[6], "o")}
    with house_style():
        figure, axes = new_figure(columns=2)
        for axis, quantity in zip(axes[0], ("D", "G"), strict=True):
            for part, (label, color, marker) in looks.items():
                values = [float(getattr(layer, f"{quantity}{part}")) for layer in found.layers]
                axis.plot(values, marker=marker, color=color, label=label)
            axis.set(yscale="log", xlabel="layer $k$", ylabel=f"${quantity}_k$ of shift")
            axis.set_xticks(range(len(before.layers)), [layer_tick(layer) for layer in before.layers])
            plain_ticks(axis)
        axes[0, 0].legend()
    return figure


def frequencies() -> Any:
    """Frequency content of three constructions, as many as stay legible on a page."""
    from solver import TwoPixelTask, construct
    from solver.plots.frequencies import frequencies_figure

    task = TwoPixelTask(length=32, scale=7)
    return frequencies_figure([construct(name, task) for name in ("uniform", "shift", "cyclotomic")], task)


def trained_error() -> Any:
    """The test error of the kept training runs against R of their output."""
    from solver.plots.outcomes import error_figure
    from solver.report.documents.outcomes import read_outcomes

    return error_figure(read_outcomes(TRAINED))


def trained_layers() -> Any:
    """D, G, R and filter frequencies of the kept training runs, beside hand-built networks."""
    from solver.plots.outcomes import layers_of_runs_figure
    from solver.report.documents.outcomes import read_outcomes

    return layers_of_runs_figure(read_outcomes(TRAINED))


OWN: dict[str, Callable[[], Any]] = {
    "beyond-linear": beyond_linear,
    "frequencies": frequencies,
    "scales": scales,
    "shuffled": shuffled,
    "trained-error": trained_error,
    "trained-layers": trained_layers,
}
