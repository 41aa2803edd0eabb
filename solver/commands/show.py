"""``solver show``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from solver.commands.options import chosen_networks, chosen_task, task_options
from solver.commands.output import check_writable, write


@click.command(
    short_help="Print a construction layer by layer.",
    help="""\b
Examples:
  solver show uniform
  solver show shift --scale 6 --distance 4 --format latex

Print a construction layer by layer: filters, effective kernels, the activations of one image.""",
)
@click.argument("name")
@task_options
@click.option(
    "--distance", type=click.IntRange(1), default=3, show_default=True, help="Distance of the image's pixels."
)
@click.option("--format", "form", type=click.Choice(["text", "latex", "tikz"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file, not to stdout.")
def show(name: str, distance: int, form: str, output: Path | None, **options: Any) -> None:
    """Print a construction layer by layer."""
    check_writable(output)
    task = chosen_task(options)
    (network,) = chosen_networks((name,), task, options)
    if distance > task.length // 2:
        raise click.BadParameter(
            f"expected at most {task.length // 2} on a ring of {task.length}", param_hint="--distance"
        )
    if form == "tikz":
        from solver.network.graph import channel_graph, graph_tikz

        write(graph_tikz(channel_graph(network)) + "\n", output)
        return
    from solver.report.show import network_latex, network_text

    write((network_text if form == "text" else network_latex)(network, task, distance), output)
