"""``solver shuffle``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from solver.commands.options import chosen_networks, chosen_task, question_options, route_options, task_options
from solver.commands.output import check_writable, write
from solver.commands.results import chosen_results, say_where_kept


@click.command(
    short_help="Print D, G and R before and after shuffling channels.",
    help="""\b
Examples:
  solver shuffle --construction shift
  solver shuffle --construction all --method sampling --format json -o shuffled.json

Permute the input filters of every output channel at random and print D, G and R before and after: exactly where there
are few different networks, else from a seeded sample.""",
)
@task_options
@question_options
@route_options
@click.option("--most", default=5000, show_default=True, help="List all shuffled networks up to this many.")
@click.option("--shuffles", default=400, show_default=True, help="Shuffled networks to sample beyond.")
@click.option("--noisy", default=200, show_default=True, help="Different shuffled networks to evaluate G of, at most.")
@click.option("--digits", type=click.IntRange(1, 1000), default=6, show_default=True, help="Significant digits.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file, not to stdout.")
def shuffle(
    names: tuple[str, ...],
    most: int,
    shuffles: int,
    noisy: int,
    digits: int,
    form: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Print the sensitivities before and after."""
    from solver.report.documents.shuffling import shuffling_json, shuffling_text
    from solver.sensitivity.shuffling.draws import Shuffles
    from solver.sensitivity.shuffling.shuffling import shuffling

    if options["channel_mean"]:
        raise click.BadParameter("shuffling is defined for norms over all channels", param_hint="--channel-mean")
    check_writable(output)
    how = Shuffles(most=most, sample=shuffles, noisy=noisy, seed=options["seed"])
    results = chosen_results(chosen_networks(names, chosen_task(options), options), options)
    found = [shuffling(each, how) for each in results]
    say_where_kept(results, options)
    write((shuffling_json if form == "json" else shuffling_text)(found, digits), output)
