"""``solver limits``."""

from __future__ import annotations

from typing import Any

from solver.commands.options import LATEX_TOO, NETWORKS, NOISE, PRINTED, TASK, command, shared
from solver.commands.output import given_command, progress_bar, write
from solver.commands.question import chosen_networks, chosen_question, chosen_task


@command("""\b
Examples:
  solver limits
  solver limits --construction all --rectified-noise --format latex

Print lim G/sigma^2 for sigma -> 0 and sigma -> infinity, of every layer and of the output.""")
@shared(*TASK, *NETWORKS, *NOISE, "tolerance", "channel_mean", *PRINTED, **LATEX_TOO)
def limits(**options: Any) -> None:
    """Print the limits of G/sigma^2 for weak and strong noise."""
    from solver.report.documents.limits import limits_json, limits_latex, limits_text
    from solver.sensitivity.limits.limits import noise_limits

    task = chosen_task(options)
    asked = chosen_question(options, task)
    reports = []
    for network in chosen_networks(options, task):
        with progress_bar(network.name) as progress:
            found = noise_limits(
                network,
                task,
                noise=asked.noise,
                channel_mean=asked.channel_mean,
                sampling=asked.how.sampling,
                progress=progress,
            )
        reports.append(found)
    digits = options["digits"]
    if options["format"] == "json":
        text = limits_json(reports, digits or 15)
    elif options["format"] == "latex":
        text = limits_latex(reports, digits or 6, given_command())
    else:
        text = limits_text(reports, digits or 15)
    write(text, options["output"])
