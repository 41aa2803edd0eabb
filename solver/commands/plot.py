"""``solver plot``: one subcommand a figure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from solver.commands.options import (
    chosen_networks,
    chosen_task,
    construction_option,
    question_options,
    route_options,
    scale_option,
    task_options,
)
from solver.commands.output import check_writable, progress_bar
from solver.commands.results import chosen_results


@click.group(short_help="Draw a figure as PNG, SVG or PDF.", help="Draw a figure; the ending of -o picks the format.")
def plot() -> None:
    """Group of the figures."""


output_option = click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="A .png, .svg or .pdf file."
)


def draw(output: Path, figure: Callable[[], Any]) -> None:
    """Make a figure and write it, once the place is known to be writable."""
    from solver.plots.style import FORMATS, save

    if output.suffix.lower().lstrip(".") not in FORMATS:
        raise click.BadParameter(f"expected a name ending in .png, .svg or .pdf, got {str(output)!r}", param_hint="-o")
    check_writable(output)
    save(figure(), output)
    click.echo(f"solver: wrote {output}", err=True)


@plot.command(
    name="noise-split",
    short_help="Draw the coherent and the incoherent part of G over the layers.",
    help="""\b
Examples:
  solver plot noise-split -o split.pdf
  solver plot noise-split --construction all --method deterministic -o split.svg

Draw the coherent part of G (the mean change over the noise) and the incoherent one (fluctuations) over the layers.""",
)
@task_options
@question_options
@route_options
@output_option
def noise_split(names: tuple[str, ...], output: Path, **options: Any) -> None:
    """Draw the parts of G."""

    def figure() -> Any:
        from solver.plots.noise_split import noise_split_figure

        return noise_split_figure(chosen_results(chosen_networks(names, chosen_task(options), options), options))

    draw(output, figure)


@plot.command(
    short_help="Draw the frequency content of filters and effective kernels.",
    help="""\b
Examples:
  solver plot frequencies -o frequencies.pdf
  solver plot frequencies --construction all --scale 9 -o frequencies.svg

Draw the mean squared coefficient at each eigenvalue of the graph Laplacian, for each layer: of the filters on the path
of their taps, and of the effective kernels on the ring.""",
)
@task_options
@construction_option
@output_option
def frequencies(names: tuple[str, ...], output: Path, **options: Any) -> None:
    """Draw the frequency content."""

    def figure() -> Any:
        from solver.plots.frequencies import frequencies_figure

        task = chosen_task(options)
        return frequencies_figure(chosen_networks(names, task, options), task)

    draw(output, figure)


@plot.command(short_help="Exact D and G against their asymptotes.")
@output_option
@click.option("--panel", "panels", multiple=True, help="depth, noise, scale or window; repeatable [default: all].")
def asymptotes(output: Path, panels: tuple[str, ...]) -> None:
    """Draw exact D and G against their expansions in depth, in scale and in the effective window.

    Markers are exact, lines are sums of one (dashed) or two terms.
    """

    def figure() -> Any:
        from solver.plots.asymptotes import asymptotes

        return asymptotes(panels)

    draw(output, figure)


@plot.command(
    name="sweep",
    short_help="Draw one quantity of a sweep against one of its axes.",
    help="""\b
Examples:
  solver sweep --scale 3,5,7,9 --length 32,64 --quantities D -o results.json
  solver plot sweep results.json --x xi --quantity D --layer output -o scales.pdf

Draw one quantity of a sweep, as its JSON holds it, against one axis: a line for each combination of the others.""",
)
@click.argument("results", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--x", default="xi", show_default=True, help="xi, l, s, H, gap, energy, distances, deformation, ...")
@click.option("--quantity", default="D", show_default=True, help="D, G, R, price, ...")
@click.option("--layer", default="output", show_default=True, help="A number, last or output.")
@output_option
def plot_sweep(results: Path, x: str, quantity: str, layer: str, output: Path) -> None:
    """Draw a sweep."""

    def figure() -> Any:
        from solver.plots.sweep import sweep_figure
        from solver.sweep.results import read_json

        return sweep_figure(read_json(results.read_text(encoding="utf-8")), x, quantity, layer)

    draw(output, figure)


@plot.command(
    short_help="D against G over kernels, with the front and the constructions on it.",
    help="""\b
Examples:
  solver plot pareto -o pareto.pdf
  solver plot pareto --length 64 --scale 9 -o pareto.svg

Draw D against G of layers 1 and 2 over filters (t, 1 - t, t), the front that no filter beats, the least D over all
kernels, and every construction that reaches the scale.""",
)
@click.option("--length", default=32, show_default=True, help="Sites of the ring, l.")
@scale_option
@output_option
def pareto(length: int, scale: int, output: Path) -> None:
    """Draw D against G."""

    def figure() -> Any:
        from solver.plots.pareto import pareto_figure
        from solver.task import TwoPixelTask

        return pareto_figure(TwoPixelTask(length=length, scale=scale))

    draw(output, figure)


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
@click.argument("run", type=click.Path(exists=True, path_type=Path))
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
