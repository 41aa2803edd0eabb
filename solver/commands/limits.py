"""``solver limits``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from solver.commands.options import chosen_networks, chosen_task, construction_option, noise_options, task_options
from solver.commands.output import check_writable, given_command, progress_bar, write


@click.command(
    short_help="Print the limits of G/sigma^2 for weak and strong noise.",
    help="""\b
Examples:
  solver limits
  solver limits --construction all --rectified-noise --format latex

Print lim G/sigma^2 for sigma -> 0 and sigma -> infinity, of every layer and of the output.""",
)
@task_options
@construction_option
@noise_options
@click.option("--tolerance", help="Sample until each error is this fraction of its value, such as 0.001.")
@click.option("--channel-mean", is_flag=True, help="Average channels before taking norms.")
@click.option("--digits", type=click.IntRange(1, 1000), help="Significant digits [default: 15, in LaTeX 6].")
@click.option("--format", "form", type=click.Choice(["text", "json", "latex"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file, not to stdout.")
def limits(
    names: tuple[str, ...],
    tolerance: str | None,
    channel_mean: bool,
    digits: int | None,
    form: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Print the limits."""
    from solver.question.noise import GaussianNoise
    from solver.report.documents.limits import limits_json, limits_latex, limits_text
    from solver.sensitivity.limits.limits import noise_limits
    from solver.sensitivity.noise.sampled.sampling import Sampling

    check_writable(output)
    task = chosen_task(options)
    noise = GaussianNoise(energy=options["noise_energy"], rectified=options["rectified_noise"])
    sampling = Sampling(seed=options["seed"], tolerance=tolerance)
    reports = []
    for network in chosen_networks(names, task, options):
        with progress_bar(network.name) as progress:
            found = noise_limits(
                network, task, noise=noise, channel_mean=channel_mean, sampling=sampling, progress=progress
            )
        reports.append(found)
    if form == "json":
        text = limits_json(reports, digits or 15)
    elif form == "latex":
        text = limits_latex(reports, digits or 6, given_command())
    else:
        text = limits_text(reports, digits or 15)
    write(text, output)
