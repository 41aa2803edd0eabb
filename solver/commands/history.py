"""``solver history``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from solver.commands.options import PRINTED, command, number_list, shared
from solver.commands.output import progress_bar, write

history_options = shared(
    *("shuffles", "points", "seed"),
    shuffles={"default": 8, "help": "Shuffled networks that a mean is taken of."},
    points={"default": 128, "help": "Noises of a set that G is sampled with."},
    seed={"help": "Seed of noise and shuffles."},
)
"""The options that say how the layers of a run are looked at."""


@command("""\b
Examples:
  solver history run
  solver history run.zip --steps 0,1000 --format json -o run.json
  solver history runs/*.zip --format json -o runs.json
  solver history runs.json --tables correlations

Print what training did: errors, D, G, R and filter frequencies of every layer at the checkpoints of a RUN that 'solver
train' left (its folder, or a .zip of it). Of several runs, print a line each at the last checkpoint and, over runs that
differ in training images and seed alone, medians by layer and Spearman's rank correlation of the test error with R, D
and G. The JSON of several runs is itself a RUN to give. D is exact, G is sampled.""")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option("--steps", help="Of one run: checkpoints to look at, such as 0,100 [default: all].")
@click.option("--tables", default="runs,layers,correlations", show_default=True, help="Of several runs: what to print.")
@history_options
@shared(*PRINTED, digits={"help": "Significant digits [default: 4, in JSON 6]."})
def history(runs: tuple[Path, ...], steps: str | None, tables: str, **options: Any) -> None:
    """Print D, G, R and filter frequencies over a training run, or of many runs."""
    if len(runs) == 1 and runs[0].suffix != ".json":
        write(_one_run(runs[0], steps, options), options["output"])
        return
    if steps is not None:
        raise click.BadParameter("is for one run; of several the first and the last are shown", param_hint="--steps")
    from solver.report.documents.outcomes import outcomes_json, outcomes_text

    found, digits = chosen_outcomes(runs, options), options["digits"] or 6
    text = outcomes_json(found, digits) if options["format"] == "json" else outcomes_text(found, tables.split(","))
    write(text, options["output"])


def chosen_outcomes(runs: Sequence[Path], options: dict[str, Any]) -> list[Any]:
    """Return runs at their ends: those of a .json as they are there, others as they are found now."""
    from solver.errors import InputError
    from solver.report.documents.outcomes import read_outcomes
    from solver.train.outcomes import outcome

    found: list[Any] = []
    with progress_bar(f"{len(runs)} runs", about="layers of ") as progress:
        for done, path in enumerate(runs):
            found += read_outcomes(path) if path.suffix == ".json" else [outcome(path, **_how(options))]
            if progress:
                progress(done + 1, len(runs))
    names = [each.name for each in found]
    if doubled := [name for name in names if names.count(name) > 1]:
        raise InputError(f"runs: two are called {doubled[0]!r}; give each once, under a name of its own")
    return found


def _one_run(path: Path, steps: str | None, options: dict[str, Any]) -> str:
    from solver.report.documents.training import history_json, history_text
    from solver.train.history import history as found_history

    chosen = None if steps is None else number_list(steps, "--steps")
    with progress_bar(str(path), about="layers of ") as progress:
        found = found_history(path, steps=chosen, progress=progress, **_how(options))
    digits = options["digits"]
    return history_json(found, digits or 6) if options["format"] == "json" else history_text(found, digits or 4)


def _how(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of `solver.train.history.history` that were given."""
    from dataclasses import replace

    from solver.train.history import QUICK

    sampling = replace(QUICK, points=options["points"], seed=options["seed"])
    return {"shuffles": options["shuffles"], "sampling": sampling}
