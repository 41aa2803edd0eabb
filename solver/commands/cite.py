"""``solver cite``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from solver.commands.options import QUESTION, ROUTE, TASK, command, shared
from solver.commands.output import write
from solver.commands.question import chosen_networks, chosen_question, chosen_results

if TYPE_CHECKING:
    from solver.network.network import Network


@command("""\b
Examples:
  solver cite
  solver cite --construction uniform --layer 2 --quantity G
  solver cite --construction all --quantity D -o sources.bib

Print BibTeX: for the solver and the talk, and with any option of a question for the sources of exactly those results.
Comments name the method of each result and the derivations that prove it.""")
@shared(*TASK, *QUESTION, *ROUTE)
@click.option("--layer", "layers", default="all", show_default=True, help="Numbers, last (layer k~), output or all.")
@click.option(
    "--quantity", "quantities", default="D,G,R", show_default=True, help="D, G, R or other values of a report."
)
@shared("output")
def cite(layers: str, quantities: str, **options: Any) -> None:
    """Print BibTeX for the solver and for what stands behind a result."""
    from solver.citations.citation import check_quantities, citation
    from solver.report.columns import chosen_columns
    from solver.report.layers import chosen_layers

    chosen, wanted = [name.strip() for name in quantities.split(",")], chosen_layers(layers)
    check_quantities(chosen)
    results = []
    if _is_asked():
        asked = chosen_question(options)
        networks = [_seen(network, wanted) for network in chosen_networks(options, asked.task)]
        results = chosen_results(networks, asked, chosen_columns(chosen))
    write(citation(*results, layers=wanted, quantities=chosen), options["output"])


def _is_asked() -> bool:
    """Return whether the command line asks for any result."""
    context = click.get_current_context()
    given = {name for name in context.params if context.get_parameter_source(name) is not ParameterSource.DEFAULT}
    return bool(given - {"output", "no_cache"})


def _seen(network: Network, layers: Sequence[str]) -> Network:
    """Return the network up to the deepest layer asked for: what lies above does not change its values."""
    from solver.citations.citation import layer_numbers

    deepest = max(layer_numbers(layers, network.depth))
    if deepest >= network.depth:
        return network
    return replace(network, layers=network.layers[: max(1, deepest)], readout=(), claim=None)
