"""``solver shuffle``."""

from __future__ import annotations

from typing import Any

import click

from solver.commands.options import PRINTED, QUESTION, ROUTE, TASK, command, shared
from solver.commands.output import say_where_kept, write
from solver.commands.question import chosen_networks, chosen_question, chosen_results


@command("""\b
Examples:
  solver shuffle --construction shift
  solver shuffle --construction all --method sampling --format json -o shuffled.json

Permute the input filters of every output channel at random and print D, G and R before and after: exactly where there
are few different networks, else from a seeded sample.""")
@shared(*TASK, *QUESTION, *ROUTE)
@click.option("--most", default=5000, show_default=True, help="List all shuffled networks up to this many.")
@click.option("--shuffles", default=400, show_default=True, help="Shuffled networks to sample beyond.")
@click.option("--noisy", default=200, show_default=True, help="Different shuffled networks to evaluate G of, at most.")
@shared(*PRINTED, digits={"default": 6})
def shuffle(most: int, shuffles: int, noisy: int, **options: Any) -> None:
    """Print D, G and R before and after shuffling channels."""
    from solver.report.documents.shuffling import shuffling_json, shuffling_text
    from solver.sensitivity.shuffling.draws import Shuffles
    from solver.sensitivity.shuffling.shuffling import shuffling

    if options["channel_mean"]:
        raise click.BadParameter("shuffling is defined for norms over all channels", param_hint="--channel-mean")
    how = Shuffles(most=most, sample=shuffles, noisy=noisy, seed=options["seed"])
    asked = chosen_question(options)
    results = chosen_results(chosen_networks(options, asked.task), asked)
    found = [shuffling(each, how) for each in results]
    say_where_kept(results, asked.how.cache)
    text = (shuffling_json if options["format"] == "json" else shuffling_text)(found, options["digits"])
    write(text, options["output"])
