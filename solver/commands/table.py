"""``solver table``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from solver.commands.options import (
    chosen_networks,
    chosen_task,
    number_list,
    question_options,
    ring_options,
    route_options,
    table_options,
)
from solver.commands.output import check_writable, given_command, write
from solver.commands.results import chosen_results, say_where_kept


@click.command(
    short_help="Print a LaTeX table over many scales.",
    help="""\b
Examples:
  solver table --scales 3,5,7 --layers output,last --columns D,G,R
  solver table --scales 3..31 --length 100 --columns D_exact,D
  solver table --scales 2..8 --layers all --construction all -o scales.tex

Print a longtable: rows are scales and their layers, each construction is a group of columns. A construction that
cannot reach a scale is left blank there.""",
)
@click.option("--scales", default="3,5,7", show_default=True, help="Scales xi, such as 3,5,7 or 3..9.")
@click.option("--layers", default="last,output", show_default=True, help="Numbers, last (layer k~), output or all.")
@ring_options
@question_options
@route_options
@click.option("--digits", type=click.IntRange(1, 1000), default=6, show_default=True, help="Significant digits.")
@table_options
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file, not to stdout.")
def table(
    scales: str,
    layers: str,
    names: tuple[str, ...],
    digits: int,
    columns: str | None,
    width: float | None,
    output: Path | None,
    **options: Any,
) -> None:
    """Print the table."""
    from solver.errors import UnreachableScaleError
    from solver.report.columns import chosen_columns
    from solver.report.documents.sweep import chosen_layers, sweep_latex

    check_writable(output)
    chosen = chosen_layers(layers)
    shown = None if columns is None else chosen_columns(columns)
    tasks = {scale: options | {"scale": scale} for scale in number_list(scales, "--scales")}
    networks = {scale: chosen_networks(names, chosen_task(each), each, skip=True) for scale, each in tasks.items()}
    if not any(networks.values()):
        raise UnreachableScaleError(f"no construction given reaches any of the scales {scales}; 'shift' reaches all")
    found = {scale: chosen_results(each, tasks[scale], shown) for scale, each in networks.items()}
    by_name = {scale: {each.network.name: each for each in results} for scale, results in found.items()}
    text = sweep_latex(by_name, chosen, digits, given_command(), columns=columns, width=width)
    say_where_kept([each for results in found.values() for each in results], options)
    write(text, output)
