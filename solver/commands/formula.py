"""``solver formula``."""

from __future__ import annotations

import re
from typing import Any

import click

_DESCRIPTION = "Print D of a layer as a formula in l, xi or k."


@click.command(
    short_help=_DESCRIPTION,
    help=f"""\b
Examples:
  solver formula --construction shift --layer output --in l,xi --at l=32,xi=7
  solver formula --construction uniform --layer last --in l --scale 9 --latex
  solver formula --construction uniform --in l,k

{_DESCRIPTION} With its range, and how it is known. The last layer is k~.""",
)
@click.option("--construction", default="shift", show_default=True, help="A network: uniform, shift or shift-mixed.")
@click.option("--layer", help="A number, last or output; none in l,k.")
@click.option("--in", "variables", default="l", show_default=True, help="Variables: l, or l,xi, or l,k.")
@click.option("--quantity", default="D", show_default=True, help="D.")
@click.option("--at", "point", help="A point such as l=32,xi=7; its value is the last line.")
@click.option("--latex", is_flag=True, help="Print the formula as LaTeX, and no proof.")
@click.option("--scale", default=7, show_default=True, help="The scale xi, where it is not a variable.")
@click.option("--filter-size", default=3, show_default=True, help="Filter size s, odd.")
@click.option("--distances", default="pairs", show_default=True, help="Ensemble: pairs, balanced or flat.")
@click.option("--gap", default=0, show_default=True, help="Drop distances within this gap around xi.")
@click.option("--deformation", "law", default="independent", show_default=True, help="A displacement law.")
@click.option("--collisions", default="add", show_default=True, help="add, merge or reject.")
def formula(point: str | None, latex: bool, **options: Any) -> None:
    """Print the formula, its range, its proof and its value."""
    from solver.deformation import Deformation
    from solver.symbolic.sensitivity_formula import sensitivity_formula

    at = None if point is None else _point(point)
    deformation = Deformation(law=options.pop("law"), collisions=options.pop("collisions"))
    found = sensitivity_formula(**options, deformation=deformation)
    value = None if at is None else found.value(**at)
    if latex:
        click.echo(found.latex())
    else:
        click.echo(f"{found.quantity} = {found.expression}")
        click.echo(f"range: {found.range_text}")
        for line in found.proof.lines():
            click.echo(line)
    if value is not None:
        click.echo(value.exact if value.exact is not None else f"{value.value()} (error {value.error()})")


def _point(text: str) -> dict[str, int]:
    entries = [re.fullmatch(r"([a-z]+)=([0-9]{1,15})", entry) for entry in text.replace(" ", "").split(",")]
    named = {entry[1]: int(entry[2]) for entry in entries if entry}
    if not all(entries) or len(named) != len(entries):
        raise click.BadParameter(f"expected values such as l=32,xi=7, got {text!r}", param_hint="--at")
    return named
