"""``solver sweep``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from solver.commands.options import ROUTE, SHARED, command, number_list, shared
from solver.commands.output import given_command, progress_bar, write
from solver.commands.question import Options, chosen_cache

if TYPE_CHECKING:
    from solver.sweep.grid import Sweep
    from solver.sweep.results import SweepResults

FORMATS = ("csv", "json", "tex", "md")
AXIS_OPTIONS: dict[str, Mapping[str, Any]] = {
    "deformation": {
        "multiple": True,
        "default": ("independent",),
        "help": "Displacements: names joined by commas, or one law such as '-1:1/4 0:1/2 1:1/4'; repeatable.",
    },
    "scale": {"default": "7", "help": "Scales xi, such as 5,7 or 3..9."},
    "length": {"default": "32", "help": "Sites of the ring, l, likewise."},
    "filter_size": {
        "type": str,
        "default": "3",
        "help": "Filter sizes s, likewise: odd, or with strides 2 and more.",
    },
    "channels": {"default": "1", "help": "Copies of every channel: a number H, or their scales, such as 1:2:1/2."},
    "construction": {"multiple": False, "default": "uniform,shift", "help": "Networks, or 'all'."},
    "distances": {"help": "Ensembles: pairs, balanced, flat."},
    "labels": {"help": "distance (Task 1), blocks (Task 2), or both."},
    "gap": {"default": "0", "help": "Gaps around xi, such as 0,1."},
    "collisions": {"help": "add, merge, reject."},
    "noise_energy": {"help": "l sigma^2: rationals, or 'exact'."},
}
"""The options of the axes of a sweep, each a list."""


@command("""\b
Examples:
  solver sweep --distances pairs,balanced,flat --collisions add,merge,reject --quantities D
  solver sweep --scale 5,7,9 --length 32,64 --noise-energy 8/3,exact -o sweep.csv -o sweep.json
  solver sweep --scale 3..31 --length 100 --quantities D --layers output -o scales.tex

Evaluate every combination of the lists given. Finished cells are kept beside the first output (or in --state): run the
same command again after an interruption, and it goes on where it stopped.""")
@shared(
    *(*AXIS_OPTIONS, "rectified_noise", "seed", *ROUTE, "layers", "quantities", "digits", "columns", "width", "jobs"),
    **AXIS_OPTIONS,
    quantities={"default": "D,G,R", "help": "Of a layer; D alone costs no noise."},
    digits={"help": "Significant digits [default: 15, in tables 6]."},
    columns={"help": "In tables: columns such as D_exact,D,G [default: the quantities]."},
    width={"help": "In LaTeX: points of a line [default: 345]."},
)
@click.option("--cluster", help="Address of a Dask scheduler, such as tcp://host:8786, in place of --jobs.")
@shared(
    *("state", "format", "output"),
    state={**SHARED["output"], "help": "File of finished cells."},
    format={"type": click.Choice(FORMATS), "default": None, "help": "Of stdout [default: csv]."},
    output={"multiple": True, "help": "A .csv, .json, .tex or .md file; repeatable."},
)
def sweep(state: Path | None, **options: Any) -> None:
    """Evaluate a grid of tasks, networks, deformations and noises."""
    from solver.report.columns import chosen_columns
    from solver.report.layers import chosen_layers
    from solver.sweep.run import run_sweep

    quantities, layers = _quantities(options["quantities"]), chosen_layers(options["layers"])
    columns = options["columns"] or ",".join(quantities)
    chosen_columns(columns)
    outputs, form = options["output"], options["format"]
    targets: list[tuple[Path | None, str]] = [(path, _format(path)) for path in outputs] or [(None, form or "csv")]
    if outputs and form:
        raise click.UsageError("--format is for stdout; the ending of -o picks the format of a file")
    state = state or (outputs[0].with_name(f"{outputs[0].name}.cells") if outputs else None)
    grid, cache = _grid(options, quantities), chosen_cache(options)
    how = {"jobs": options["jobs"] or -1, "cluster": options["cluster"], "cache": cache}
    with progress_bar(f"{len(grid.cells)} cells", about="sweep of ") as progress:
        found = run_sweep(grid, state=state, progress=progress, **how)
    for path, kind in targets:
        write(_text(found, kind, layers, quantities, columns, options), path)
    absent = sum("why" in each for each in found.answers)
    if absent:
        click.echo(f"solver: {absent} of {len(found.answers)} cells do not exist; each says why", err=True)


def _text(
    found: SweepResults, kind: str, layers: Sequence[str], quantities: list[str], columns: str, options: Options
) -> str:
    digits = options["digits"] or 6
    if kind == "tex":
        return found.to_latex(layers, columns, digits=digits, command=given_command(), width=options["width"])
    if kind == "md":
        return found.to_markdown(layers, columns, digits=digits)
    return {"csv": found.to_csv, "json": found.to_json}[kind](layers, quantities)


def _quantities(text: str) -> list[str]:
    from solver.sensitivity.quantities import NAMES

    names = _words(text)
    if set(names) - set(NAMES) or len(set(names)) < len(names):
        raise click.BadParameter(f"expected names from {', '.join(NAMES)}, each once", param_hint="--quantities")
    return names


def _grid(options: Options, quantities: list[str]) -> Sweep:
    from solver.constructions.registry import CONSTRUCTIONS
    from solver.sensitivity.noise.route import Sampling
    from solver.sweep.grid import Settings, Sweep

    names = _words(options["construction"])
    numbers = ("scale", "length", "filter_size", "gap")
    return Sweep(
        **{name: number_list(options[name], f"--{name.replace('_', '-')}") for name in numbers},
        **{name: _words(options[name]) for name in ("channels", "distances", "labels", "collisions", "noise_energy")},
        construction=list(CONSTRUCTIONS) if "all" in names else names,
        deformation=[law for text in options["deformation"] for law in ([text] if ":" in text else _words(text))],
        settings=Settings(
            rectified=options["rectified_noise"],
            channel_mean=options["channel_mean"],
            method=options["method"],
            sampling=Sampling(seed=options["seed"], tolerance=options["tolerance"]),
            deformation_only=quantities == ["D"],
            digits=options["digits"] or 15,
        ),
    )


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _format(path: Path) -> str:
    kind = path.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        told = f"expected a name ending in .csv, .json, .tex or .md, got {str(path)!r}"
        raise click.BadParameter(told, param_hint="-o")
    return kind
