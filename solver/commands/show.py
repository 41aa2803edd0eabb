"""``solver show``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from solver.commands.options import TASK, command, shared
from solver.commands.output import write
from solver.commands.question import chosen_networks, chosen_task

if TYPE_CHECKING:
    from solver.network.network import Network
    from solver.question.task import TwoPixelTask


@command("""\b
Examples:
  solver show uniform
  solver show shift --scale 6 --distance 4 --format latex
  solver show shift --format json -o shift.json
  solver show --network shift.json

Print a network layer by layer: filters, effective kernels, the activations of one image. It is the construction NAME or
that of a file; --format json writes such a file.""")
@click.argument("name", required=False)
@shared(*TASK)
@click.option("--network", "file", type=click.Path(path_type=Path), help="A network file, in place of NAME.")
@click.option(
    "--distance", type=click.IntRange(1), default=3, show_default=True, help="Distance of the image's pixels."
)
@shared("format", "output", format={"type": click.Choice(["text", "latex", "tikz", "json"])})
def show(name: str | None, file: Path | None, distance: int, **options: Any) -> None:
    """Print a network layer by layer, or write it to a file."""
    if (name is None) == (file is None):
        raise click.UsageError("give the NAME of a construction, or --network FILE")
    task = chosen_task(options)
    named = {"construction": () if name is None else (name,), "network": () if file is None else (file,)}
    (network,) = chosen_networks(options | named, task)
    if distance > task.length // 2:
        told = f"expected at most {task.length // 2} on a ring of {task.length}"
        raise click.BadParameter(told, param_hint="--distance")
    write(_shown(network, task, distance, options["format"]), options["output"])


def _shown(network: Network, task: TwoPixelTask, distance: int, form: str) -> str:
    if form == "json":
        from solver.network.files.writing import network_text

        return network_text(network)
    if form == "tikz":
        from solver.network.graph import channel_graph, graph_tikz

        return graph_tikz(channel_graph(network)) + "\n"
    from solver.report.documents.show import network_latex, shown_network

    return (shown_network if form == "text" else network_latex)(network, task, distance)
