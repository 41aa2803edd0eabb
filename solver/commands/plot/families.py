"""Figures of families: asymptotes, sweeps, the front of D against G."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from solver.commands.options import scale_option
from solver.commands.plot.group import draw, output_option, plot


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
        from solver.question.task import TwoPixelTask

        return pareto_figure(TwoPixelTask(length=length, scale=scale))

    draw(output, figure)
