"""``solver sweep``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from solver.commands.options import number_list, route_options
from solver.commands.output import check_writable, given_command, progress_bar, write

FORMATS = ("csv", "json", "tex", "md")


def axis_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each axis of a sweep."""
    listed = {
        "--scale": ("7", "Scales xi, such as 5,7 or 3..9."),
        "--length": ("32", "Sites of the ring, l, likewise."),
        "--filter-size": ("3", "Filter sizes s, likewise: odd, or with strides 2 and more."),
        "--channels": ("1", "Copies of every channel: a number H, or their scales, such as 1:2:1/2."),
        "--construction": ("uniform,shift", "Networks, or 'all'."),
        "--distances": ("pairs", "Ensembles: pairs, balanced, flat."),
        "--labels": ("distance", "distance (Task 1), blocks (Task 2), or both."),
        "--gap": ("0", "Gaps around xi, such as 0,1."),
        "--collisions": ("add", "add, merge, reject."),
        "--noise-energy": ("8/3", "l sigma^2: rationals, or 'exact'."),
    }
    for name, (default, text) in reversed(listed.items()):
        command = click.option(name, default=default, show_default=True, help=text)(command)
    law = "Displacements: names joined by commas, or one law such as '-1:1/4 0:1/2 1:1/4'; repeatable."
    return click.option("--deformation", "laws", multiple=True, default=("independent",), show_default=True, help=law)(
        command
    )


@click.command(
    short_help="Evaluate a grid of tasks, networks, deformations and noises.",
    help="""\b
Examples:
  solver sweep --distances pairs,balanced,flat --collisions add,merge,reject --quantities D
  solver sweep --scale 5,7,9 --length 32,64 --noise-energy 8/3,exact -o sweep.csv -o sweep.json
  solver sweep --scale 3..31 --length 100 --quantities D --layers output -o scales.tex

Evaluate every combination of the lists given. Finished cells are kept beside the first output (or in --state): run the
same command again after an interruption, and it goes on where it stopped.""",
)
@axis_options
@click.option("--rectified-noise", is_flag=True, help="Add max(eta, 0) in place of eta.")
@click.option("--seed", default=0, show_default=True, help="Seed of sampled values.")
@route_options
@click.option("--layers", default="last,output", show_default=True, help="Numbers, last (layer k~), output or all.")
@click.option("--quantities", default="D,G,R", show_default=True, help="Of a layer; D alone costs no noise.")
@click.option("--digits", type=click.IntRange(1, 1000), help="Significant digits [default: 15, in tables 6].")
@click.option("--columns", help="In tables: columns such as D_exact,D,G [default: the quantities].")
@click.option("--width", type=click.FloatRange(50, 10_000), help="In LaTeX: points of a line [default: 345].")
@click.option("--jobs", type=click.IntRange(1), help="Processes [default: one a core].")
@click.option("--cluster", help="Address of a Dask scheduler, such as tcp://host:8786, in place of --jobs.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="File of finished cells.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Of stdout [default: csv].")
@click.option(
    "-o", "--output", "outputs", multiple=True, type=click.Path(dir_okay=False, path_type=Path),
    help="A .csv, .json, .tex or .md file; repeatable.",
)  # fmt: skip
def sweep(
    layers: str,
    quantities: str,
    digits: int | None,
    columns: str | None,
    width: float | None,
    jobs: int | None,
    cluster: str | None,
    state: Path | None,
    form: str | None,
    outputs: tuple[Path, ...],
    **options: Any,
) -> None:
    """Run the sweep."""
    from solver.cache import Cache, default_folder
    from solver.report.columns import chosen_columns
    from solver.report.documents.sweep import chosen_layers
    from solver.sensitivity.quantities import NAMES
    from solver.sweep.run import run_sweep

    wanted = [name.strip() for name in quantities.split(",")]
    unknown = [name for name in wanted if name not in NAMES]
    if unknown or len(set(wanted)) < len(wanted):
        raise click.BadParameter(f"expected names from {', '.join(NAMES)}, each once", param_hint="--quantities")
    shown, columns = chosen_layers(layers), columns or ",".join(wanted)
    chosen_columns(columns)
    targets: list[tuple[Path | None, str]] = [(path, _format(path)) for path in outputs] or [(None, form or "csv")]
    if outputs and form:
        raise click.UsageError("--format is for stdout; the ending of -o picks the format of a file")
    state = state or (outputs[0].with_name(f"{outputs[0].name}.cells") if outputs else None)
    for path in (*outputs, state):
        check_writable(path)
    grid = _grid(options, wanted, digits or 15)
    cache = None if options["no_cache"] else Cache(default_folder())
    with progress_bar(f"{len(grid.cells)} cells", about="sweep of ") as progress:
        found = run_sweep(grid, state=state, jobs=jobs or -1, cluster=cluster, cache=cache, progress=progress)
    for path, kind in targets:
        if kind == "tex":
            text = found.to_latex(shown, columns, digits=digits or 6, command=given_command(), width=width)
        elif kind == "md":
            text = found.to_markdown(shown, columns, digits=digits or 6)
        else:
            text = {"csv": found.to_csv, "json": found.to_json}[kind](shown, wanted)
        write(text, path)
    absent = sum("why" in each for each in found.answers)
    if absent:
        click.echo(f"solver: {absent} of {len(found.answers)} cells do not exist; each says why", err=True)


def _grid(options: dict[str, Any], quantities: list[str], digits: int) -> Any:
    from solver.constructions.registry import CONSTRUCTIONS
    from solver.sensitivity.noise.sampled.sampling import Sampling
    from solver.sweep.grid import Settings, Sweep

    names = _words(options["construction"])
    laws = [law for text in options["laws"] for law in ([text] if ":" in text else _words(text))]
    numbers = ("scale", "length", "filter_size", "gap")
    return Sweep(
        **{name: number_list(options[name], f"--{name.replace('_', '-')}") for name in numbers},
        **{name: _words(options[name]) for name in ("channels", "distances", "labels", "collisions", "noise_energy")},
        construction=list(CONSTRUCTIONS) if "all" in names else names,
        deformation=laws,
        settings=Settings(
            rectified=options["rectified_noise"],
            channel_mean=options["channel_mean"],
            method=options["method"],
            sampling=Sampling(seed=options["seed"], tolerance=options["tolerance"]),
            deformation_only=quantities == ["D"],
            digits=digits,
        ),
    )


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _format(path: Path) -> str:
    kind = path.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        raise click.BadParameter(
            f"expected a name ending in .csv, .json, .tex or .md, got {str(path)!r}", param_hint="-o"
        )
    return kind
