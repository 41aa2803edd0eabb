"""``solver verify``."""

from __future__ import annotations

from typing import Any

import click

from solver.commands.options import chosen_networks, chosen_question, question_options, task_options


@click.command(
    short_help="Compare every quantity by two routes on one case.",
    help="""\b
Examples:
  solver verify
  solver verify --length 16 --scale 5 --construction all --collisions merge

Compare every quantity by two routes on one case; exit 1 if any differ.""",
)
@task_options
@question_options
def verify(names: tuple[str, ...], **options: Any) -> None:
    """Run the cross-checks."""
    from solver.report.documents.verification import verification

    task, deformation, noise, sampling = chosen_question(options)
    failed = 0
    for network in chosen_networks(names, task, options):
        click.echo(f"{network.name}:")
        for check in verification(network, task, deformation, noise, sampling):
            failed += not check.passed
            click.echo(f"  {'ok  ' if check.passed else 'FAIL'} {check.name}: {check.outcome}")
    click.echo(f"{failed} checks failed" if failed else "all checks agree")
    if failed:
        raise click.exceptions.Exit(1)
