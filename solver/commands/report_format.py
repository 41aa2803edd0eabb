"""The formats in which commands print a report, and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from solver.commands.options import added, table_options
from solver.commands.output import check_writable, given_command, write

format_options = added(
    click.option(
        "--split", is_flag=True, help="Add the coherent and the incoherent part of G (JSON always holds them)."
    ),
    click.option("--digits", type=click.IntRange(1, 1000), help="Significant digits [default: 15, in LaTeX 6]."),
    table_options,
    click.option("--format", "form", type=click.Choice(["text", "json", "latex"]), default="text", show_default=True),
    click.option(
        "-o",
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write to a file, not to stdout.",
    ),
)
"""The options that say how a report is printed."""


def shown_columns(options: dict[str, Any]) -> tuple[Any, ...] | None:
    """Return the columns that a table is to have, after checks of the options and the place to write to.

    Raises
    ------
    click.UsageError
        For options that do not go with the format.
    """
    from solver.report.columns import chosen_columns

    if options["form"] == "latex" and options["split"]:
        raise click.BadParameter("tables take --columns G_coherent,G_incoherent instead", param_hint="--split")
    if options["form"] != "latex" and (options["columns"], options["width"]) != (None, None):
        raise click.UsageError("--columns and --width are for --format latex")
    check_writable(options["output"])
    return None if options["columns"] is None else chosen_columns(options["columns"])


def write_report(report: Any, options: dict[str, Any], *, frequencies: bool = False) -> None:
    """Write a report in the format that the options ask for."""
    digits, form = options["digits"], options["form"]
    if form == "json":
        text = report.to_json(digits=digits or 15)
    elif form == "latex":
        text = report.to_latex(
            digits=digits or 6, command=given_command(), columns=options["columns"], width=options["width"]
        )
    else:
        text = report.to_text(digits=digits or 15, split=options["split"], frequencies=frequencies)
    write(text, options["output"])
