"""``solver constructions``."""

from __future__ import annotations

import click


@click.command(name="constructions")
def list_constructions() -> None:
    """List the hand-built networks and what they claim."""
    from solver.constructions.registry import CONSTRUCTIONS

    for each in CONSTRUCTIONS.values():
        reach = "every xi" if each.every_scale else "xi = (s-1) k~ + 1"
        click.echo(f"{each.name}: {each.summary}\n  {each.claim}; reaches {reach}, s odd")
