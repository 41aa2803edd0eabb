"""Figures of networks: what they answer, their kernels, one pair on its way through them, their frequencies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from solver.commands.options import added, chosen_networks, chosen_task, construction_option, task_options
from solver.commands.plot.group import draw, output_option, plot

drawn_options = added(task_options, construction_option, output_option)
"""The options of the task and its networks, and the output."""


@plot.command(
    short_help="Draw f_p(d) of networks and the claim ReLU(xi - d).",
    help="""\b
Examples:
  solver plot response -o response.pdf
  solver plot response --construction all --length 64 --scale 9 -o response.svg

Draw the output f_p of each network against the distance d of the pixels, exactly, and the line ReLU(xi - d).""",
)
@drawn_options
def response(names: tuple[str, ...], output: Path, **options: Any) -> None:
    """Draw the response."""

    def figure() -> Any:
        from solver.plots.responses import response_figure

        task = chosen_task(options)
        return response_figure(chosen_networks(names, task, options), task)

    draw(output, figure)


@plot.command(
    short_help="Draw the effective kernels of every layer.",
    help="""\b
Examples:
  solver plot kernels -o kernels.pdf
  solver plot kernels --construction all --scale 9 -o kernels.svg

Draw the effective kernel K_k of every layer and channel, a stem for each tap.""",
)
@drawn_options
def kernels(names: tuple[str, ...], output: Path, **options: Any) -> None:
    """Draw the effective kernels."""

    def figure() -> Any:
        from solver.plots.kernels import kernels_figure

        return kernels_figure(chosen_networks(names, chosen_task(options), options))

    draw(output, figure)


@plot.command(
    short_help="Draw one pair of pixels, and a deformation of it, in every layer.",
    help="""\b
Examples:
  solver plot activations -o maps.pdf
  solver plot activations --construction uniform --distance 6 --move 1,-1 -o maps.svg

Draw the maps of an image x with pixels at one distance (filled bars), and of tau x, which moves them (outlines). A
layer with a bias is drawn before and after it cuts, with its threshold.""",
)
@drawn_options
@click.option("--distance", default=5, show_default=True, help="Distance d of the image's pixels.")
@click.option("--move", default="1,0", show_default=True, help="Pixels by which tau moves the two, such as 1,-1.")
def activations(names: tuple[str, ...], distance: int, move: str, output: Path, **options: Any) -> None:
    """Draw the activations."""
    pair = re.fullmatch(r"\s*([+-]?[0-9]{1,4})\s*,\s*([+-]?[0-9]{1,4})\s*", move)
    if pair is None:
        raise click.BadParameter(f"expected two whole numbers such as 1,-1, got {move!r}", param_hint="--move")
    moves = int(pair[1]), int(pair[2])

    def figure() -> Any:
        from solver.plots.activations import activations_figure

        task = chosen_task(options)
        return activations_figure(chosen_networks(names, task, options), task, distance, moves)

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
@drawn_options
def frequencies(names: tuple[str, ...], output: Path, **options: Any) -> None:
    """Draw the frequency content."""

    def figure() -> Any:
        from solver.plots.frequencies import frequencies_figure

        task = chosen_task(options)
        return frequencies_figure(chosen_networks(names, task, options), task)

    draw(output, figure)
