"""``solver verify``."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from solver.commands.options import QUESTION, TASK, command, shared
from solver.commands.output import progress_bar
from solver.commands.question import chosen_networks, chosen_question, chosen_task

if TYPE_CHECKING:
    from solver.brute_force.case import PlainCase
    from solver.report.documents.checks import Check

WIDTH = 80


@command("""\b
Examples:
  solver verify
  solver verify --length 16 --scale 5 --construction all --collisions merge

Compare all that a report shows, and every route behind it, with a brute force
that shares no code with them, over all images and outcomes; exit 1 if any
differ.  For a ring too long for that a shorter one stands in.""")
@shared(*TASK, *QUESTION)
def verify(**options: Any) -> None:
    """Compare every quantity with a brute force."""
    from solver.report.documents.checks import Note
    from solver.report.documents.verification import verification

    task = chosen_task(options)
    asked = chosen_question(options, task)
    checks: list[Check] = []
    for network in chosen_networks(options, task):
        click.echo(f"{network.name}:")
        with progress_bar(network.name) as progress:
            for each in verification(network, typed_case(options), asked.how.sampling, progress):
                if isinstance(each, Note):
                    click.echo(fill(f"  {each.text}", WIDTH, subsequent_indent="    "))
                    continue
                checks.append(each)
                mark = "FAIL" if not each.passed else "ok  " if each.compared else "--  "
                click.echo(fill(f"  {mark} {each.name}: {each.outcome}", WIDTH, subsequent_indent=" " * 9))
    failed, left = sum(not each.passed for each in checks), sum(not each.compared for each in checks)
    rest = f", {left} could not be made" if left else ""
    click.echo(f"{failed} checks failed{rest}" if failed else f"all {len(checks) - left} checks agree{rest}")
    if failed:
        raise click.exceptions.Exit(1)


def typed_case(options: Mapping[str, Any]) -> PlainCase:
    """Return the question in the words in which it was typed, for the brute force."""
    from solver.brute_force.case import PlainCase

    return PlainCase(
        shape=(options["length"],),
        law=options["deformation"],
        energy=options["noise_energy"],
        rectified=options["rectified_noise"],
        **{name: options[name] for name in ("scale", "distances", "gap", "labels", "collisions")},
    )
