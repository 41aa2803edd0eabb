"""``solver plot``: one subcommand a figure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from solver.commands.history import chosen_outcomes, history_options
from solver.commands.options import NETWORKS, QUESTION, ROUTE, TASK, shared
from solver.commands.output import progress_bar
from solver.commands.question import chosen_networks, chosen_question, chosen_results, chosen_task

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from solver.network.network import Network
    from solver.question.task import TwoPixelTask
    from solver.sensitivity.sensitivities import Sensitivities

OUTPUT = {"required": True, "help": "A .png, .svg or .pdf file."}
output_option = shared("output", output=OUTPUT)
networks_options = shared(*TASK, *NETWORKS, "output", output=OUTPUT)
"""The options of the task and its networks, and the output."""
results_options = shared(*TASK, *QUESTION, *ROUTE, "output", output=OUTPUT)
"""The options of the whole question, and the output."""


@click.group(short_help="Draw a figure as PNG, SVG or PDF.", help="Draw a figure; the ending of -o picks the format.")
def plot() -> None:
    """Group of the figures."""


def figure(text: str) -> Callable[[Callable[..., Figure]], click.Command]:
    """Return what makes a function that returns a figure a subcommand with this help, its docstring the short one.

    The subcommand calls the function once its output is known to be writable, and writes the figure there.
    """

    def command(function: Callable[..., Figure]) -> click.Command:
        @wraps(function)
        def run(output: Path, **given: Any) -> None:
            from solver.plots.style import FIGURE_FORMATS, save

            if output.suffix.lower().lstrip(".") not in FIGURE_FORMATS:
                told = f"expected a name ending in .png, .svg or .pdf, got {str(output)!r}"
                raise click.BadParameter(told, param_hint="-o")
            save(function(**given), output)
            click.echo(f"solver: wrote {output}", err=True)

        return plot.command(short_help=function.__doc__, help=text)(run)

    return command


@figure("""Draw exact D and G against their expansions in depth, in scale and in the effective window.

Markers are exact, lines are sums of one (dashed) or two terms.""")
@output_option
@click.option("--panel", "panels", multiple=True, help="depth, noise, scale or window; repeatable [default: all].")
def asymptotes(panels: tuple[str, ...]) -> Figure:
    """Exact D and G against their asymptotes."""
    from solver.plots.asymptotes import asymptotes

    return asymptotes(panels)


@figure("""\b
Examples:
  solver sweep --scale 3,5,7,9 --length 32,64 --quantities D -o results.json
  solver plot sweep results.json --x xi --quantity D --layer output -o scales.pdf

Draw one quantity of a sweep, as its JSON holds it, against one axis: a line for each combination of the others.""")
@click.argument("results", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--x", default="xi", show_default=True, help="xi, l, s, H, gap, energy, distances, deformation, ...")
@click.option("--quantity", default="D", show_default=True, help="D, G, R, price, ...")
@click.option("--layer", default="output", show_default=True, help="A number, last or output.")
@output_option
def sweep(results: Path, x: str, quantity: str, layer: str) -> Figure:
    """Draw one quantity of a sweep against one of its axes."""
    from solver.plots.sweep import sweep_figure
    from solver.sweep.results import read_json

    return sweep_figure(read_json(results.read_text(encoding="utf-8")), x, quantity, layer)


@figure("""\b
Examples:
  solver plot pareto -o pareto.pdf
  solver plot pareto --length 64 --scale 9 -o pareto.svg

Draw D against G of layers 1 and 2 over filters (t, 1 - t, t), the front that no filter beats, the least D over all
kernels, and every construction that reaches the scale.""")
@shared("length", "scale", "output", output=OUTPUT)
def pareto(length: int, scale: int) -> Figure:
    """D against G over kernels, with the front and the constructions on it."""
    from solver.plots.pareto import pareto_figure
    from solver.question.task import TwoPixelTask

    return pareto_figure(TwoPixelTask(length=length, scale=scale))


def _networks(options: dict[str, Any]) -> tuple[list[Network], TwoPixelTask]:
    task = chosen_task(options)
    return chosen_networks(options, task), task


@figure("""\b
Examples:
  solver plot response -o response.pdf
  solver plot response --construction all --length 64 --scale 9 -o response.svg

Draw the output f_p of each network against the distance d of the pixels, exactly, and the line ReLU(xi - d).""")
@networks_options
def response(**options: Any) -> Figure:
    """Draw f_p(d) of networks and the claim ReLU(xi - d)."""
    from solver.plots.responses import response_figure

    return response_figure(*_networks(options))


@figure("""\b
Examples:
  solver plot kernels -o kernels.pdf
  solver plot kernels --construction all --scale 9 -o kernels.svg

Draw the effective kernel K_k of every layer and channel, a stem for each tap.""")
@networks_options
def kernels(**options: Any) -> Figure:
    """Draw the effective kernels of every layer."""
    from solver.plots.kernels import kernels_figure

    return kernels_figure(*_networks(options))


def _moves(_context: click.Context, _option: click.Parameter, text: str) -> tuple[int, int]:
    pair = re.fullmatch(r"\s*([+-]?[0-9]{1,4})\s*,\s*([+-]?[0-9]{1,4})\s*", text)
    if pair is None:
        raise click.BadParameter(f"expected two whole numbers such as 1,-1, got {text!r}", param_hint="--move")
    return int(pair[1]), int(pair[2])


@figure("""\b
Examples:
  solver plot activations -o maps.pdf
  solver plot activations --construction uniform --distance 6 --move 1,-1 -o maps.svg

Draw the maps of an image x with pixels at one distance (filled bars), and of tau x, which moves them (outlines). A
layer with a bias is drawn before and after it cuts, with its threshold.""")
@networks_options
@click.option("--distance", default=5, show_default=True, help="Distance d of the image's pixels.")
@click.option(
    "--move", default="1,0", show_default=True, callback=_moves, help="Pixels by which tau moves the two, such as 1,-1."
)
def activations(distance: int, move: tuple[int, int], **options: Any) -> Figure:
    """Draw one pair of pixels, and a deformation of it, in every layer."""
    from solver.plots.activations import activations_figure

    return activations_figure(*_networks(options), distance, move)


@figure("""\b
Examples:
  solver plot frequencies -o frequencies.pdf
  solver plot frequencies --construction all --scale 9 -o frequencies.svg

Draw the mean squared coefficient at each eigenvalue of the graph Laplacian, for each layer: of the filters on the path
of their taps, and of the effective kernels on the ring.""")
@networks_options
def frequencies(**options: Any) -> Figure:
    """Draw the frequency content of filters and effective kernels."""
    from solver.plots.frequencies import frequencies_figure

    return frequencies_figure(*_networks(options))


@figure("""\b
Examples:
  solver plot layers -o layers.pdf
  solver plot layers --quantity D --construction all --length 64 --scale 9 -o D.svg
  solver plot layers --quantity D,G,R --method sampling -o sampled.png

Draw D, G or R of every layer and of f_p, a panel for each; numeric values carry their errors as bars.""")
@click.option("--quantity", "quantities", default="D,G", show_default=True, help="D, G and R, or some: D,R.")
@results_options
def layers(quantities: str, **options: Any) -> Figure:
    """Draw D, G and R over the layers."""
    from solver.plots.layers import check_drawn, layers_figure

    chosen = [name.strip() for name in quantities.split(",") if name.strip()]
    check_drawn(chosen)
    return layers_figure(_results(options, chosen), chosen)


@figure("""\b
Examples:
  solver plot noise-split -o split.pdf
  solver plot noise-split --construction all --method deterministic -o split.svg

Draw the coherent part of G (the mean change over the noise) and the incoherent one (fluctuations) over the layers.""")
@results_options
def noise_split(**options: Any) -> Figure:
    """Draw the coherent and the incoherent part of G over the layers."""
    from solver.plots.noise_split import noise_split_figure

    return noise_split_figure(_results(options, ("G",)))


def _results(options: dict[str, Any], quantities: Sequence[str]) -> list[Sensitivities]:
    """Return the sensitivities, without the cost of noise where only D is drawn."""
    from solver.report.columns import chosen_columns

    asked = chosen_question(options)
    return chosen_results(chosen_networks(options, asked.task), asked, chosen_columns(quantities))


@figure("""\b
Examples:
  solver plot training run -o run.pdf
  solver plot training run.zip --construction uniform --construction shift -o run.svg

Draw errors, R and filter frequencies over the steps of a run that 'solver train' left in a folder (or its .zip), and D,
G and R through the layers before and after, with D after shuffling; --construction adds hand-built networks.""")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--construction", "names", multiple=True, help="A hand-built network to compare with; repeatable.")
@click.option("--shuffles", default=8, show_default=True, help="Shuffled networks that a mean is taken over.")
@output_option
def training(run: Path, names: Sequence[str], shuffles: int) -> Figure:
    """What training did to a network, from its run."""
    from solver.constructions.registry import construct
    from solver.plots.training import training_figure
    from solver.sensitivity.sensitivities import sensitivities
    from solver.train.history import QUICK, history
    from solver.train.record import read_record

    trained = read_record(run).training
    networks = [construct(name, trained.task, filter_size=trained.architecture.filter_size) for name in names]
    with progress_bar(str(run), about="layers of ") as progress:
        found = history(run, shuffles=shuffles, progress=progress)
    return training_figure(found, [sensitivities(each, trained.task, sampling=QUICK) for each in networks])


@figure("""\b
Examples:
  solver plot runs runs/*.zip -o error.pdf
  solver plot runs runs.json --figure layers -o layers.pdf

Draw the test error against R_f (or another measure), or D, G, R and filter frequencies through the layers beside
hand-built networks, of runs that 'solver train' left or the JSON that 'solver history' wrote of several.""")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option("--figure", "kind", type=click.Choice(["error", "layers"]), default="error", show_default=True)
@click.option("--measure", default="R_f", show_default=True, help="R_f, D_f, G_f or R_L (L: the last hidden layer).")
@history_options
@output_option
def runs(runs: Sequence[Path], kind: str, measure: str, **options: Any) -> Figure:
    """Many training runs side by side."""
    from solver.numbers.exact import choice
    from solver.plots.outcomes import error_figure, layers_of_runs_figure
    from solver.train.outcomes import MEASURES

    choice(measure, "measure", MEASURES)
    found = chosen_outcomes(runs, options)
    return error_figure(found, measure) if kind == "error" else layers_of_runs_figure(found)
