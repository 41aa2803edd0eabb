"""Figures of sensitivities: D, G and R through the layers, the parts of G."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from solver.commands.options import added, chosen_networks, chosen_task, question_options, route_options, task_options
from solver.commands.plot.group import draw, output_option, plot
from solver.commands.results import chosen_results

results_options = added(task_options, question_options, route_options, output_option)
"""The options of the whole question, and the output."""


@plot.command(
    short_help="Draw D, G and R over the layers.",
    help="""\b
Examples:
  solver plot layers -o layers.pdf
  solver plot layers --quantity D --construction all --length 64 --scale 9 -o D.svg
  solver plot layers --quantity D,G,R --method sampling -o sampled.png

Draw D, G or R of every layer and of f_p, a panel for each; numeric values carry their errors as bars.""",
)
@click.option("--quantity", "quantities", default="D,G", show_default=True, help="D, G and R, or some: D,R.")
@results_options
def layers(quantities: str, names: tuple[str, ...], output: Path, **options: Any) -> None:
    """Draw D, G and R."""
    chosen = [name.strip() for name in quantities.split(",") if name.strip()]

    def figure() -> Any:
        from solver.plots.layers import check_quantities, layers_figure

        check_quantities(chosen)
        return layers_figure(_results(names, options, chosen), chosen)

    draw(output, figure)


@plot.command(
    name="noise-split",
    short_help="Draw the coherent and the incoherent part of G over the layers.",
    help="""\b
Examples:
  solver plot noise-split -o split.pdf
  solver plot noise-split --construction all --method deterministic -o split.svg

Draw the coherent part of G (the mean change over the noise) and the incoherent one (fluctuations) over the layers.""",
)
@results_options
def noise_split(names: tuple[str, ...], output: Path, **options: Any) -> None:
    """Draw the parts of G."""

    def figure() -> Any:
        from solver.plots.noise_split import noise_split_figure

        return noise_split_figure(_results(names, options))

    draw(output, figure)


def _results(names: Sequence[str], options: dict[str, Any], quantities: Sequence[str] = ("G",)) -> list[Any]:
    """Return the sensitivities, without the cost of noise where only D is drawn."""
    from solver.report.columns import chosen_columns

    networks = chosen_networks(names, chosen_task(options), options)
    return chosen_results(networks, options, chosen_columns(quantities))
