"""``solver report``."""

from __future__ import annotations

from typing import Any

import click

from solver.commands.options import (
    chosen_networks,
    chosen_task,
    question_options,
    route_options,
    task_options,
)
from solver.commands.output import progress_bar
from solver.commands.report_format import format_options, shown_columns, write_report
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
@format_options
@click.option("--frequencies", is_flag=True, help="Add the mean frequencies of filters (JSON always holds them).")
@click.option("--shuffles", type=click.IntRange(2), help="Add D after shuffling channels, from so many shuffles.")
def report(names: tuple[str, ...], frequencies: bool, shuffles: int | None, **options: Any) -> None:
    """Print the report."""
    from solver.report.report import Report

    for name, given in (("frequencies", frequencies), ("shuffles", shuffles)):
        if given and options["form"] == "latex":
            raise click.BadParameter(f"{name} are for text and json; leave out --format latex", param_hint=f"--{name}")
    shown = shown_columns(options)
    networks = chosen_networks(names, chosen_task(options), options)
    results = chosen_results(networks, options, shown)
    shuffled = _shuffled(results, shuffles, options["seed"]) if shuffles else ()
    say_where_kept(results, options)
    write_report(Report(tuple(results), shuffled), options, frequencies=frequencies)


def _shuffled(results: list[Any], shuffles: int, seed: int) -> tuple[Any, ...]:
    from solver.sensitivity.shuffling.deformation import shuffled_deformations

    found = []
    for each in results:
        with progress_bar(each.network.name, about="shuffles of ") as progress:
            found.append(shuffled_deformations(each, shuffles, seed=seed, progress=progress))
    return tuple(found)
