"""``solver search``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from solver.commands.options import chosen_task, task_options
from solver.commands.output import check_writable, progress_bar, write


@click.command(
    short_help="Search for maps of lower D than any linear layer has.",
    help="""\b
Examples:
  solver search --layer 1
  solver search --layer 2 --channels 4 --seed 1 --format json

Search the filters and biases of layers 1..k for a low D_k, ReLUs that cut included, while side channels keep
f_p = ReLU(xi - d). D of what is found is exact, and stands between the least D of linear layers and the least D of any
function of as many pixels, both proven. --channels is the H of each searched layer. Needs PyTorch.""",
)
@task_options
@click.option("--layer", default=1, show_default=True, help="Hidden layer k.")
@click.option("--deformation", "law", default="independent", show_default=True, help="As in 'solver report'.")
@click.option("--collisions", default="add", show_default=True, help="add, merge or reject.")
@click.option("--seed", default=0, show_default=True, help="Seed of the starts.")
@click.option("--restarts", default=16, show_default=True, help="Descents, each from its own start.")
@click.option("--steps", default=300, show_default=True, help="Adam steps of a descent, before L-BFGS.")
@click.option("--linear", is_flag=True, help="Keep biases at 0 and filters non-negative.")
@click.option("--digits", type=click.IntRange(1, 1000), default=10, show_default=True, help="Significant digits.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file, not to stdout.")
def search(
    layer: int,
    law: str,
    collisions: str,
    seed: int,
    restarts: int,
    steps: int,
    linear: bool,
    digits: int,
    form: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Search, and print what was found."""
    from solver.optimal.search import search_deformation
    from solver.question.deformation import Deformation
    from solver.report.documents.search import search_json, search_text

    check_writable(output)
    with progress_bar(f"layer {layer}", about="search of ") as progress:
        found = search_deformation(
            chosen_task(options),
            layer,
            channels=options["channels"],
            filter_size=options["filter_size"] or 3,
            deformation=Deformation(law=law, collisions=collisions),
            seed=seed,
            restarts=restarts,
            steps=steps,
            linear=linear,
            progress=progress,
        )
    write((search_json if form == "json" else search_text)(found, digits), output)
