"""``solver report``, and how commands print a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from solver.commands.options import LATEX_TOO, QUESTION, ROUTE, TASK, command, shared
from solver.commands.output import given_command, progress_bar, say_where_kept, write
from solver.commands.question import Asked, Options, chosen_cache, chosen_networks, chosen_question, chosen_results

if TYPE_CHECKING:
    from solver.network.network import Network
    from solver.sensitivity.quantities import Quantity
    from solver.sensitivity.sensitivities import Sensitivities

report_options = shared(
    *("layers", "split", "digits", "columns", "width", "format", "output"),
    layers={
        "default": "all",
        "help": "Numbers, ranges, last (layer k~), output (f_p) or all: only these are found.",
    },
    split={"is_flag": True, "help": "Add the coherent and the incoherent part of G (JSON always holds them)."},
    **LATEX_TOO,
)
"""The options that say how a report is printed."""


@command("""\b
Examples:
  solver report --construction all --digits 20
  solver report --length 1000000 --construction uniform --split
  solver report --length 1000 --scale 41 --layers 0..3,output

Print D, G and R of every layer and of the output.""")
@shared(*TASK, *QUESTION, *ROUTE)
@report_options
@click.option("--frequencies", is_flag=True, help="Add the mean frequencies of filters (JSON always holds them).")
@click.option("--shuffles", type=click.IntRange(2), help="Add D after shuffling channels, from so many shuffles.")
@click.option("--why", is_flag=True, help="Add the route of every D and G, and why no stronger one was taken.")
def report(**options: Any) -> None:
    """Print D, G and R of every layer and of the output."""
    for name, what in {"frequencies": "frequencies", "shuffles": "shuffles", "why": "routes"}.items():
        if options[name] and options["format"] == "latex":
            raise click.BadParameter(f"{what} are for text and json; leave out --format latex", param_hint=f"--{name}")
    asked = chosen_question(options)
    results = report_results(chosen_networks(options, asked.task), asked, options)
    shuffled = _shuffled(results, options["shuffles"], options["seed"]) if options["shuffles"] else ()
    write_report(results, options, shuffled)


def report_results(networks: Sequence[Network], asked: Asked, options: Options) -> list[Sensitivities]:
    """Return the answers that a report of networks holds."""
    from solver.errors import InputError
    from solver.report.layers import chosen_layers

    columns, layers = shown_columns(options), chosen_layers(options["layers"])
    results = chosen_results(networks, asked, columns, layers, shown_digits(options))
    if results and not any(each.layers for each in results):
        raise InputError(f"layers: no network here has any of {', '.join(layers)}")
    return results


def shown_digits(options: Options) -> int:
    """Return the significant digits that a report is printed to."""
    return options["digits"] or (6 if options["format"] == "latex" else 15)


def shown_columns(options: Options) -> tuple[Quantity, ...] | None:
    """Return the columns that a table is to have, after checks of the options.

    Raises
    ------
    click.UsageError
        For options that do not go with the format.
    """
    from solver.report.columns import chosen_columns

    if options["format"] == "latex" and options["split"]:
        raise click.BadParameter("tables take --columns G_coherent,G_incoherent instead", param_hint="--split")
    if options["format"] != "latex" and (options["columns"], options["width"]) != (None, None):
        raise click.UsageError("--columns and --width are for --format latex")
    return None if options["columns"] is None else chosen_columns(options["columns"])


def _shuffled(results: Sequence[Sensitivities], shuffles: int, seed: int) -> tuple[Any, ...]:
    from solver.sensitivity.shuffling.deformation import shuffled_deformations

    found = []
    for each in results:
        with progress_bar(each.network.name, about="shuffles of ") as progress:
            whole = shuffled_deformations(each, shuffles, seed=seed, progress=progress)
            found.append(tuple(whole[layer.layer] for layer in each))
    return tuple(found)


def write_report(results: Sequence[Sensitivities], options: Options, shuffled: tuple[Any, ...] = ()) -> None:
    """Write a report in the format that the options ask for."""
    from solver.report.report import Report

    say_where_kept(results, chosen_cache(options))
    digits, form = shown_digits(options), options["format"]
    given = given_command() if form == "latex" else None
    report = Report(tuple(results), shuffled)
    frequencies, why = options.get("frequencies", False), options.get("why", False)
    if form == "json":
        text = report.to_json(digits=digits, why=why)
    elif form == "latex":
        text = report.to_latex(digits=digits, command=given, columns=options["columns"], width=options["width"])
    else:
        text = report.to_text(digits=digits, split=options["split"], frequencies=frequencies, why=why)
    write(text, options["output"])
