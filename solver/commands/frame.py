"""``solver frame``: the report in two dimensions."""

from __future__ import annotations

import re
from typing import Any

import click

from solver.commands.options import (
    added,
    channels_option,
    chosen_networks,
    distances_option,
    gap_option,
    network_options,
    rectified_option,
    route_options,
    scale_option,
    seed_option,
)
from solver.commands.report_format import format_options, shown_columns, write_report
from solver.commands.results import results_for, say_where_kept

frame_options = added(
    click.option("--length", default="32", show_default=True, help="Sides of the frame: n, or n1xn2."),
    scale_option,
    click.option("--metric", default="linf", show_default=True, help="linf or l2."),
    click.option("--filter-size", default=3, show_default=True, help="Filter size s, odd: s x s taps."),
    channels_option,
    distances_option,
    gap_option,
    network_options("uniform"),
    click.option(
        "--deformation",
        "law",
        default="independent",
        show_default=True,
        help="independent, mirror, rigid, single or neighbours.",
    ),
    click.option("--collisions", default="add", show_default=True, help="add, merge or reject (drop meetings)."),
    click.option("--noise-energy", help="l sigma^2: a rational, or 'exact' [default: 32/9]."),
    rectified_option,
    seed_option,
)
"""The options that describe the frame, the networks, the deformation and the noise."""


@click.command(
    short_help="Print the report for two pixels on a periodic frame.",
    help="""\b
Examples:
  solver frame
  solver frame --length 24x32 --scale 5 --metric l2 --format json

Print D, G and R of every layer and of the output, for two pixels on a periodic frame.""",
)
@frame_options
@route_options
@format_options
def frame(names: tuple[str, ...], **options: Any) -> None:
    """Print the report."""
    from solver.report.report import Report

    shown = shown_columns(options)
    question = _question(options)
    results = results_for(chosen_networks(names, question[0], options), question, options, shown)
    say_where_kept(results, options)
    write_report(Report(tuple(results)), options)


def _question(options: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
    from solver.question.deformation import Deformation
    from solver.question.frame import FrameTask
    from solver.question.noise import GaussianNoise, default_noise
    from solver.sensitivity.noise.sampled.sampling import Sampling

    match = re.fullmatch(r"([0-9]{1,9})(?:x([0-9]{1,9}))?", options["length"])
    if match is None:
        raise click.BadParameter(
            f"expected sides such as 32 or 24x32, got {options['length']!r}", param_hint="--length"
        )
    keys = ("scale", "metric", "distances", "gap")
    task = FrameTask(shape=(int(match[1]), int(match[2] or match[1])), **{key: options[key] for key in keys})
    energy = options["noise_energy"] or default_noise(task).energy
    return (
        task,
        Deformation(law=options["law"], collisions=options["collisions"]),
        GaussianNoise(energy=energy, rectified=options["rectified_noise"]),
        Sampling(seed=options["seed"], tolerance=options["tolerance"]),
    )
