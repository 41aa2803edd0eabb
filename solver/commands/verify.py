"""``solver verify``."""

from __future__ import annotations

from typing import Any

import click

from solver.commands.options import QUESTION, TASK, command, shared
from solver.commands.question import chosen_networks, chosen_question, chosen_task


@command("""\b
Examples:
  solver verify
  solver verify --length 16 --scale 5 --construction all --collisions merge

Compare every quantity by two routes on one case; exit 1 if any differ.""")
@shared(*TASK, *QUESTION)
def verify(**options: Any) -> None:
    """Compare every quantity by two routes on one case."""
    from solver.report.documents.verification import verification

    task = chosen_task(options)
    asked = chosen_question(options, task)
    failed = 0
    for network in chosen_networks(options, task):
        click.echo(f"{network.name}:")
        for check in verification(network, task, asked.deformation, asked.noise, asked.how.sampling):
            failed += not check.passed
            click.echo(f"  {'ok  ' if check.passed else 'FAIL'} {check.name}: {check.outcome}")
    click.echo(f"{failed} checks failed" if failed else "all checks agree")
    if failed:
        raise click.exceptions.Exit(1)
