"""``solver derive``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from solver.commands.options import command
from solver.commands.output import bar
from solver.errors import NotApplicableError, SolverError

if TYPE_CHECKING:
    from solver.derive.scripts import Derivation


@command("""\b
Examples:
  solver derive
  solver derive response ensemble_energy --output notes
  solver derive --no-pdf

Run the derivations, check each against the solver, and write DIR/derivations.pdf: their prose, code and results, and
the tables and figures of the slides' case (with NAMES, only those derivations). The LaTeX goes to DIR/derivations.
Exit 1 if a check fails.""")
@click.argument("names", nargs=-1)
@click.option(
    "--output",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build"),
    show_default=True,
    metavar="DIR",
    help="Where to write.",
)
@click.option("--no-pdf", is_flag=True, help="Check and write the LaTeX, without running pdflatex.")
@click.option("--keep-going/--stop", default=True, show_default=True, help="Go on or stop after a failed check.")
def derive(names: tuple[str, ...], folder: Path, no_pdf: bool, keep_going: bool) -> None:
    """Check the derivations and write them as a PDF."""
    from solver.derive.document import compile_pdf, write_sources
    from solver.derive.scripts import chosen_scripts, derivations_folder, run

    scripts = chosen_scripts(derivations_folder(), names)
    sources = folder / "derivations"
    sources.mkdir(parents=True, exist_ok=True)
    outcomes: list[Derivation] = []
    written, problem = sources, ""
    with bar("", total=len(scripts) + 1, completed=-1) as update:
        for path in scripts:
            if update:
                update(description=path.stem, advance=1)
            outcomes.append(run(path))
            if not update:
                click.echo(_line(outcomes[-1]))
            if outcomes[-1].failure and not keep_going:
                break
        if update:
            update(description="the document", advance=1)
        try:
            written = write_sources(outcomes, sources, complete=not names)
            if not no_pdf:
                written = compile_pdf(written, folder / "derivations.pdf")
        except SolverError as error:
            problem = str(error)
    if not names and find_spec("matplotlib") is None:
        click.echo("solver: figures left out: pip install 'adaptive-pooling-solver[plot]' draws them", err=True)
    _summarise(outcomes, len(scripts), written)
    if problem:
        raise NotApplicableError(problem)


def _line(outcome: Derivation) -> str:
    return f"{outcome.name:28}" + (f"FAILED {outcome.failure}" if outcome.failure else f"ok {outcome.seconds:6.1f} s")


def _summarise(outcomes: list[Derivation], total: int, written: Path) -> None:
    """Print how many derivations hold and where the document is; exit 1 with the tracebacks if some do not."""
    failed = [outcome for outcome in outcomes if outcome.failure]
    for outcome in failed:
        click.echo(f"\n{outcome.path}\n{outcome.trace}", err=True)
    left = f", {total - len(outcomes)} not run" if total > len(outcomes) else ""
    click.echo(f"{len(outcomes) - len(failed)} of {total} derivations hold{left}; written: {written}")
    if failed:
        click.echo("solver: failed: " + "; ".join(f"{each.name} ({each.failure})" for each in failed), err=True)
        raise click.exceptions.Exit(1)
