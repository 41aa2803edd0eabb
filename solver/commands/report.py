"""``solver report``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from solver.commands.options import (
    chosen_networks,
    chosen_task,
    question_options,
    route_options,
    table_options,
    task_options,
)
from solver.commands.output import check_writable, given_command, progress_bar, write
from solver.commands.results import chosen_results, say_where_kept


@click.command(
    short_help="Print D, G and R of every layer and of the output.",
    help="""\b
Examples:
  solver report --construction all --digits 20
  solver report --length 1000000 --construction uniform --split

Print D, G and R of every layer and of the output.""",
)
@task_options
@question_options
@route_options
@click.option("--split", is_flag=True, help="Add the coherent and the incoherent part of G (JSON always holds them).")
@click.option("--frequencies", is_flag=True, help="Add the mean frequencies of filters (JSON always holds them).")
@click.option("--shuffles", type=click.IntRange(2), help="Add D after shuffling channels, from so many shuffles.")
@click.option("--digits", type=click.IntRange(1, 1000), help="Significant digits [default: 15, in LaTeX 6].")
@table_options
@click.option("--format", "form", type=click.Choice(["text", "json", "latex"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file, not to stdout.")
def report(
    names: tuple[str, ...],
    split: bool,
    frequencies: bool,
    shuffles: int | None,
    digits: int | None,
    columns: str | None,
    width: float | None,
    form: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Print the report."""
    from solver.report.columns import chosen_columns
    from solver.report.report import Report

    if split and form == "latex":
        raise click.BadParameter("tables take --columns G_coherent,G_incoherent instead", param_hint="--split")
    if frequencies and form == "latex":
        raise click.BadParameter(
            "frequencies are for text and json; leave out --format latex", param_hint="--frequencies"
        )
    if shuffles and form == "latex":
        raise click.BadParameter("shuffles are for text and json; leave out --format latex", param_hint="--shuffles")
    if form != "latex" and (columns, width) != (None, None):
        raise click.UsageError("--columns and --width are for --format latex")
    check_writable(output)
    shown = None if columns is None else chosen_columns(columns)
    networks = chosen_networks(names, chosen_task(options), options)
    results = chosen_results(networks, options, shown)
    result = Report(tuple(results), _shuffled(results, shuffles, options["seed"]) if shuffles else ())
    if form == "json":
        text = result.to_json(digits=digits or 15)
    elif form == "latex":
        text = result.to_latex(digits=digits or 6, command=given_command(), columns=columns, width=width)
    else:
        text = result.to_text(digits=digits or 15, split=split, frequencies=frequencies)
    say_where_kept(results, options)
    write(text, output)


def _shuffled(results: list[Any], shuffles: int, seed: int) -> tuple[Any, ...]:
    from solver.sensitivity.shuffled_deformation import shuffled_deformations

    found = []
    for each in results:
        with progress_bar(each.network.name, about="shuffles of ") as progress:
            found.append(shuffled_deformations(each, shuffles, seed=seed, progress=progress))
    return tuple(found)
