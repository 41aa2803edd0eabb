"""``solver table``."""

from __future__ import annotations

from typing import Any

import click

from solver.commands.options import QUESTION, RING, ROUTE, command, number_list, shared
from solver.commands.output import given_command, say_where_kept, write
from solver.commands.question import chosen_cache, chosen_networks, chosen_question, chosen_results


@command("""\b
Examples:
  solver table --scales 3,5,7 --layers output,last --columns D,G,R
  solver table --scales 3..31 --length 100 --columns D_exact,D
  solver table --scales 2..8 --layers all --construction all -o scales.tex

Print a longtable: rows are scales and their layers, each construction is a group of columns. A construction that
cannot reach a scale is left blank there.""")
@click.option("--scales", default="3,5,7", show_default=True, help="Scales xi, such as 3,5,7 or 3..9.")
@shared("layers", *RING, *QUESTION, *ROUTE, "digits", "columns", "width", "output", digits={"default": 6})
def table(scales: str, layers: str, columns: str | None, **options: Any) -> None:
    """Print a LaTeX table over many scales."""
    from solver.errors import UnreachableScaleError
    from solver.report.columns import chosen_columns
    from solver.report.documents.sweep import sweep_latex
    from solver.report.layers import chosen_layers

    chosen, digits = chosen_layers(layers), options["digits"]
    shown = None if columns is None else chosen_columns(columns)
    asked = {scale: chosen_question(options | {"scale": scale}) for scale in number_list(scales, "--scales")}
    networks = {scale: chosen_networks(options, each.task, skip=True) for scale, each in asked.items()}
    if not any(networks.values()):
        raise UnreachableScaleError(f"no construction given reaches any of the scales {scales}; 'shift' reaches all")
    found = {scale: chosen_results(networks[scale], each, shown, chosen, digits) for scale, each in asked.items()}
    by_name = {scale: {each.network.name: each for each in results} for scale, results in found.items()}
    text = sweep_latex(by_name, chosen, digits, given_command(), columns=columns, width=options["width"])
    say_where_kept([each for results in found.values() for each in results], chosen_cache(options))
    write(text, options["output"])
