"""The group ``solver plot``, and what its subcommands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from solver.commands.output import check_writable


@click.group(short_help="Draw a figure as PNG, SVG or PDF.", help="Draw a figure; the ending of -o picks the format.")
def plot() -> None:
    """Group of the figures."""


output_option = click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="A .png, .svg or .pdf file."
)


def draw(output: Path, figure: Callable[[], Any]) -> None:
    """Make a figure and write it, once the place is known to be writable."""
    from solver.plots.style import FORMATS, save

    if output.suffix.lower().lstrip(".") not in FORMATS:
        raise click.BadParameter(f"expected a name ending in .png, .svg or .pdf, got {str(output)!r}", param_hint="-o")
    check_writable(output)
    save(figure(), output)
    click.echo(f"solver: wrote {output}", err=True)
