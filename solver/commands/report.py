"""``solver report``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from solver.commands.options import chosen_networks, chosen_question, method_option, question_options, task_options
from solver.commands.output import check_writable, progress_bar, write


@click.command(
    short_help="Print D, G and R of every layer and of the output.",
    help="""\b
Examples:
  solver report --construction all --digits 20
  solver report --length 1000000 --construction uniform --split

Print D, G and R of every layer and of the output.""",
)
@task_options
@question_options
@method_option
@click.option("--tolerance", help="Sample until each error is this fraction of its value, such as 0.001.")
@click.option("--no-cache", is_flag=True, help="Neither read nor keep slow values on disk.")
@click.option("--channel-mean", is_flag=True, help="Average channels before taking norms.")
@click.option("--split", is_flag=True, help="Add the coherent and the incoherent part of G (JSON always holds them).")
@click.option("--digits", type=click.IntRange(1, 1000), help="Significant digits [default: 15, in LaTeX 6].")
@click.option("--format", "form", type=click.Choice(["text", "json", "latex"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file, not to stdout.")
def report(
    names: tuple[str, ...],
    channel_mean: bool,
    method: str,
    tolerance: str | None,
    no_cache: bool,
    split: bool,
    digits: int | None,
    form: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Print the report."""
    from solver.cache import Cache, default_folder
    from solver.report.report import Report
    from solver.sensitivity.sensitivities import sensitivities

    if split and form == "latex":
        raise click.BadParameter("expected --format text or json, got latex", param_hint="--split")
    check_writable(output)
    task, deformation, noise, sampling = chosen_question(options | {"tolerance": tolerance})
    networks = chosen_networks(names, task, options)
    cache = None if no_cache else Cache(default_folder())
    results = []
    for network in networks:
        with progress_bar(network.name) as progress:
            results.append(
                sensitivities(
                    network,
                    task,
                    deformation=deformation,
                    noise=noise,
                    channel_mean=channel_mean,
                    method=method,
                    sampling=sampling,
                    cache=cache,
                    progress=progress,
                )
            )
    result = Report(tuple(results))
    if form == "json":
        text = result.to_json(digits=digits or 15)
    elif form == "latex":
        text = result.to_latex(
            digits=digits or 6, command=shlex.join(["solver", *click.get_current_context().find_root().obj])
        )
    else:
        text = result.to_text(digits=digits or 15, split=split)
    if cache is not None and any(layer.G.kind == "numeric" for each in results for layer in each.layers):
        click.echo(f"solver: slow values are kept in {cache.folder} (--no-cache to skip)", err=True)
    write(text, output)
