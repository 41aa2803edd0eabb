"""``solver frame``: the report in two dimensions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from solver.commands.options import QUESTION, ROUTE, command, shared
from solver.commands.question import Options, chosen_networks, chosen_question
from solver.commands.report import report_options, report_results, write_report

if TYPE_CHECKING:
    from solver.question.frame import FrameTask


@command("""\b
Examples:
  solver frame
  solver frame --length 24x32 --scale 5 --metric l2 --format json

Print D, G and R of every layer and of the output, for two pixels on a periodic frame.""")
@shared(
    *("length", "scale", "metric", "filter_size", "channels", "distances", "gap", *QUESTION, *ROUTE),
    length={"default": "32", "help": "Sides of the frame: n, or n1xn2."},
    metric={"default": "linf", "help": "linf or l2."},
    filter_size={"default": 3, "help": "Filter size s, odd: s x s taps."},
    construction={"default": ("uniform",)},
    deformation={"help": "independent, mirror, rigid, single or neighbours."},
    collisions={"help": "add, merge or reject (drop meetings)."},
    noise_energy={"default": None, "help": "l sigma^2: a rational, or 'exact' [default: 32/9]."},
)
@report_options
def frame(**options: Any) -> None:
    """Print the report for two pixels on a periodic frame."""
    from solver.question.noise import default_noise

    task = _frame_task(options)
    options["noise_energy"] = options["noise_energy"] or default_noise(task).energy
    asked = chosen_question(options, task)
    write_report(report_results(chosen_networks(options, task), asked, options), options)


def _frame_task(options: Options) -> FrameTask:
    from solver.question.frame import FrameTask

    sides = re.fullmatch(r"([0-9]{1,9})(?:x([0-9]{1,9}))?", options["length"])
    if sides is None:
        told = f"expected sides such as 32 or 24x32, got {options['length']!r}"
        raise click.BadParameter(told, param_hint="--length")
    shape = (int(sides[1]), int(sides[2] or sides[1]))
    return FrameTask(shape=shape, **{key: options[key] for key in ("scale", "metric", "distances", "gap")})
