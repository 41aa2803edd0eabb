"""``solver constructions``."""

from __future__ import annotations

import click


@click.command()
def constructions() -> None:
    """List the hand-built networks and what they claim."""
    from solver.constructions.registry import CONSTRUCTIONS

    for each in CONSTRUCTIONS.values():
        click.echo(f"{each.name}: {each.summary}\n  {each.claim}; reaches {each.reach}")
