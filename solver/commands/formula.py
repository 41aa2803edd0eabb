"""``solver formula``."""

from __future__ import annotations

import re
from typing import Any

import click

from solver.commands.options import command, shared


@command("""\b
Examples:
  solver formula --construction shift --layer output --in l,xi --at l=32,xi=7
  solver formula --construction uniform --layer last --in l --scale 9 --latex
  solver formula --construction uniform --in l,k
  solver formula --construction shift --layer 1 --in l,xi --quantity G --at l=32,xi=7

Print D, G or R of a layer as a formula in l, xi or k. With its range, and how it is known. The last layer is k~.
G and R are in sigma, Phi, phi and Phi2, for layers whose noise is rectified once at most.""")
@click.option("--construction", default="shift", show_default=True, help="A network: see 'solver constructions'.")
@click.option("--layer", help="A number, last or output; none in l,k.")
@click.option("--in", "variables", default="l", show_default=True, help="Variables: l, or l,xi, or l,k.")
@click.option("--quantity", default="D", show_default=True, help="D, G or R.")
@click.option("--at", "point", help="A point such as l=32,xi=7; its value is the last line.")
@click.option("--latex", is_flag=True, help="Print the formula as LaTeX, and no proof.")
@shared(
    *("scale", "filter_size", "distances", "gap", "deformation", "collisions", "noise_energy", "rectified_noise"),
    scale={"help": "The scale xi, where it is not a variable."},
    filter_size={"help": "Filter size s [default: 3, with strides 2]."},
    deformation={"help": "A displacement law."},
)
@click.option("--eliminate-sigma", is_flag=True, help="Put sigma^2 = energy / l into the formula.")
@click.option("--owens-t", is_flag=True, help="Write Phi2 in Owen's T.")
def formula(point: str | None, latex: bool, owens_t: bool, **options: Any) -> None:
    """Print D, G or R of a layer as a formula in l, xi or k."""
    from solver.question.deformation import Deformation
    from solver.question.noise import GaussianNoise
    from solver.symbolic.sensitivity_formula import sensitivity_formula

    at = None if point is None else _point(point)
    deformation = Deformation(law=options.pop("deformation"), collisions=options.pop("collisions"))
    noise = GaussianNoise(energy=options.pop("noise_energy"), rectified=options.pop("rectified_noise"))
    found = sensitivity_formula(**options, deformation=deformation, noise=noise)
    found = found.in_owens_t() if owens_t else found
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
