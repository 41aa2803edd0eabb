"""``solver show``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from solver.commands.options import chosen_networks, chosen_task, task_options
from solver.commands.output import check_writable, write

FORMATS = ("text", "latex", "tikz", "json")


@click.command(
    short_help="Print a network layer by layer, or write it to a file.",
    help="""\b
Examples:
  solver show uniform
  solver show shift --scale 6 --distance 4 --format latex
  solver show shift --format json -o shift.json
  solver show --network shift.json

Print a network layer by layer: filters, effective kernels, the activations of one image. It is the construction NAME or
that of a file; --format json writes such a file.""",
)
@click.argument("name", required=False)
@task_options
@click.option("--network", "file", type=click.Path(path_type=Path), help="A network file, in place of NAME.")
@click.option(
    "--distance", type=click.IntRange(1), default=3, show_default=True, help="Distance of the image's pixels."
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file, not to stdout.")
def show(name: str | None, file: Path | None, distance: int, form: str, output: Path | None, **options: Any) -> None:
    """Print a network layer by layer."""
    if (name is None) == (file is None):
        raise click.UsageError("give the NAME of a construction, or --network FILE")
    check_writable(output)
    task = chosen_task(options)
    files = () if file is None else (file,)
    (network,) = chosen_networks(() if name is None else (name,), task, options | {"files": files})
    if distance > task.length // 2:
        raise click.BadParameter(
            f"expected at most {task.length // 2} on a ring of {task.length}", param_hint="--distance"
        )
    write(_shown(network, task, distance, form), output)


def _shown(network: Any, task: Any, distance: int, form: str) -> str:
    if form == "json":
        from solver.network.files.writing import network_text

        return network_text(network)
    if form == "tikz":
        from solver.network.graph import channel_graph, graph_tikz

        return graph_tikz(channel_graph(network)) + "\n"
    from solver.report.documents.show import network_latex
    from solver.report.documents.show import network_text as plain_text

    return (plain_text if form == "text" else network_latex)(network, task, distance)
