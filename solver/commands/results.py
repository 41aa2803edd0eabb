"""The sensitivities that commands ask for, with a progress bar and the values kept on disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from solver.commands.options import chosen_question
from solver.commands.output import progress_bar


def chosen_results(networks: Sequence[Any], options: dict[str, Any], columns: Sequence[Any] | None = None) -> list[Any]:
    """Return the sensitivities of networks for the question that the options ask; D alone if no column needs more."""
    return results_for(networks, chosen_question(options), options, columns)


def results_for(
    networks: Sequence[Any], question: tuple[Any, Any, Any, Any], options: dict[str, Any], columns: Any = None
) -> list[Any]:
    """Return the sensitivities of networks for a task, deformation, noise and sampling."""
    from solver.cache import Cache, default_folder
    from solver.sensitivity.sensitivities import sensitivities

    task, deformation, noise, sampling = question
    if columns is not None and all(column.quantity == "D" for column in columns):
        mean = options["channel_mean"]
        return [
            sensitivities(each, task, deformation=deformation, noise=noise, channel_mean=mean, quantities=("D",))
            for each in networks
        ]
    results = []
    for network in networks:
        with progress_bar(f"{network.name}, xi = {task.scale}") as progress:
            results.append(
                sensitivities(
                    network,
                    task,
                    deformation=deformation,
                    noise=noise,
                    channel_mean=options["channel_mean"],
                    method=options["method"],
                    sampling=sampling,
                    cache=None if options["no_cache"] else Cache(default_folder()),
                    progress=progress,
                )
            )
    return results


def say_where_kept(results: Sequence[Any], options: dict[str, Any]) -> None:
    """Say on stderr where slow values are kept, if there are any."""
    from solver.cache import default_folder

    if not options["no_cache"] and any(layer.G.kind == "numeric" for each in results for layer in each.layers):
        click.echo(f"solver: slow values are kept in {default_folder()} (--no-cache to skip)", err=True)
