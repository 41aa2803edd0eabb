"""Figures of training runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from solver.commands.history import chosen_outcomes, history_options
from solver.commands.output import progress_bar
from solver.commands.plot.group import draw, output_option, plot


@plot.command(
    name="training",
    short_help="What training did to a network, from its run.",
    help="""\b
Examples:
  solver plot training run -o run.pdf
  solver plot training run.zip --construction uniform --construction shift -o run.svg

Draw errors, R and filter frequencies over the steps of a run that 'solver train' left in a folder (or its .zip), and D,
G and R through the layers before and after, with D after shuffling; --construction adds hand-built networks.""",
)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--construction", "names", multiple=True, help="A hand-built network to compare with; repeatable.")
@click.option("--shuffles", default=8, show_default=True, help="Shuffled networks that a mean is taken over.")
@output_option
def plot_training(run: Path, names: tuple[str, ...], shuffles: int, output: Path) -> None:
    """Draw a training run."""

    def figure() -> Any:
        from solver.constructions.registry import construct
        from solver.plots.training import training_figure
        from solver.sensitivity.sensitivities import sensitivities
        from solver.train.folder import read_record
        from solver.train.history import QUICK, history

        training = read_record(run).training
        size = training.architecture.filter_size
        networks = [construct(name, training.task, filter_size=size) for name in names]
        with progress_bar(str(run), about="layers of ") as progress:
            found = history(run, shuffles=shuffles, progress=progress)
        return training_figure(found, [sensitivities(each, training.task, sampling=QUICK) for each in networks])

    draw(output, figure)


@plot.command(
    name="runs",
    short_help="Many training runs side by side.",
    help="""\b
Examples:
  solver plot runs runs/*.zip -o error.pdf
  solver plot runs runs.json --figure layers -o layers.pdf

Draw the test error against R_f (or another measure), or D, G, R and filter frequencies through the layers beside
hand-built networks, of runs that 'solver train' left or the JSON that 'solver history' wrote of several.""",
)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option("--figure", "kind", type=click.Choice(["error", "layers"]), default="error", show_default=True)
@click.option("--measure", default="R_f", show_default=True, help="R_f, D_f, G_f or R_L (L: the last hidden layer).")
@history_options
@output_option
def plot_runs(runs: tuple[Path, ...], kind: str, measure: str, output: Path, **options: Any) -> None:
    """Draw runs side by side."""

    def figure() -> Any:
        from solver.numbers.exact import choice
        from solver.plots.outcomes import error_figure, layers_of_runs_figure
        from solver.train.outcomes import MEASURES

        choice(measure, "measure", MEASURES)
        found = chosen_outcomes(runs, options)
        return error_figure(found, measure) if kind == "error" else layers_of_runs_figure(found)

    draw(output, figure)
