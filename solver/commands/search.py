"""``solver search``."""

from __future__ import annotations

from typing import Any

import click

from solver.commands.options import PRINTED, TASK, command, shared
from solver.commands.output import progress_bar, write
from solver.commands.question import chosen_task


@command("""\b
Examples:
  solver search --layer 1
  solver search --layer 2 --channels 4 --seed 1 --format json

Search the filters and biases of layers 1..k for a low D_k, ReLUs that cut included, while side channels keep
f_p = ReLU(xi - d). D of what is found is exact, and stands between the least D of linear layers and the least D of any
function of as many pixels, both proven. --channels is the H of each searched layer. Needs PyTorch.""")
@shared(*TASK)
@click.option("--layer", default=1, show_default=True, help="Hidden layer k.")
@shared(
    *("deformation", "collisions", "seed"),
    deformation={"help": "As in 'solver report'."},
    seed={"help": "Seed of the starts."},
)
@click.option("--restarts", default=16, show_default=True, help="Descents, each from its own start.")
@click.option("--steps", default=300, show_default=True, help="Adam steps of a descent, before L-BFGS.")
@click.option("--linear", is_flag=True, help="Keep biases at 0 and filters non-negative.")
@shared(*PRINTED, digits={"default": 10})
def search(**options: Any) -> None:
    """Search for maps of lower D than any linear layer has."""
    from solver.optimal.search import search_deformation
    from solver.question.deformation import Deformation
    from solver.report.documents.search import search_json, search_text

    with progress_bar(f"layer {options['layer']}", about="search of ") as progress:
        found = search_deformation(
            chosen_task(options),
            options["layer"],
            channels=options["channels"],
            filter_size=options["filter_size"] or 3,
            deformation=Deformation(law=options["deformation"], collisions=options["collisions"]),
            progress=progress,
            **{name: options[name] for name in ("seed", "restarts", "steps", "linear")},
        )
    write((search_json if options["format"] == "json" else search_text)(found, options["digits"]), options["output"])
