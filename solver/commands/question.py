"""What the options of a command ask: a task, a deformation, a noise and networks, how to answer, and the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from solver.commands.options import DEFAULTS
from solver.commands.output import shown_rows

if TYPE_CHECKING:
    from solver.cache import Cache
    from solver.network.network import Network
    from solver.question.deformation import Deformation
    from solver.question.noise import GaussianNoise
    from solver.question.pairs import Task
    from solver.question.task import TwoPixelTask
    from solver.sensitivity.noise.route import Evaluation
    from solver.sensitivity.quantities import Quantity
    from solver.sensitivity.sensitivities import Sensitivities

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """What is asked of every network, as in `solver.sensitivity.question.Question`, and how it is evaluated."""

    task: Task
    deformation: Deformation
    noise: GaussianNoise
    channel_mean: bool
    how: Evaluation


def chosen_task(options: Options) -> TwoPixelTask:
    """Return the task on a ring."""
    from solver.question.task import TwoPixelTask

    return TwoPixelTask(**{key: options[key] for key in ("length", "scale", "distances", "gap", "labels")})


def chosen_cache(options: Options) -> Cache | None:
    """Return where slow values are kept."""
    from solver.cache import Cache, default_folder

    return None if options["no_cache"] else Cache(default_folder())


def chosen_question(options: Options, task: Task | None = None) -> Asked:
    """Return what the options ask, on a ring unless a task is given; those that a command lacks are at a default."""
    from solver.question.deformation import Deformation
    from solver.question.noise import GaussianNoise
    from solver.sensitivity.noise.route import Evaluation, Sampling

    options = {**DEFAULTS, **options}
    cache = chosen_cache(options)
    return Asked(
        task=task or chosen_task(options),
        deformation=Deformation(law=options["deformation"], collisions=options["collisions"]),
        noise=GaussianNoise(energy=options["noise_energy"], rectified=options["rectified_noise"]),
        channel_mean=options["channel_mean"],
        how=Evaluation(
            method=options["method"],
            sampling=Sampling(seed=options["seed"], tolerance=options["tolerance"]),
            cache=cache,
        ),
    )


def chosen_networks(options: Options, task: Task, *, skip: bool = False) -> list[Network]:
    """Return the networks named and those of files; files alone take the place of the default constructions.

    Constructions that cannot reach the scale are left out if ``skip`` or all are asked for.
    """
    from solver.constructions.registry import CONSTRUCTIONS, construct
    from solver.errors import UnreachableScaleError

    names, files = options["construction"], options.get("network", ())
    if files and _is_default("construction"):
        names = ()
    if files and not _is_default("channels"):
        told = "copies channels of constructions; leave it out with --network"
        raise click.BadParameter(told, param_hint="--channels")
    if files and not names and not _is_default("filter_size"):
        told = "is for constructions; the network of a file has its own sizes"
        raise click.BadParameter(told, param_hint="--filter-size")
    if "all" in names:
        skip, names = True, [name for name, each in CONSTRUCTIONS.items() if task.axes == 1 or each.on_frames]
    networks = []
    for name in dict.fromkeys(names):
        try:
            networks.append(construct(name, task, filter_size=options["filter_size"], channels=options["channels"]))
        except UnreachableScaleError as error:
            if not skip:
                raise
            click.echo(f"solver: left out: {error}", err=True)
    return networks + (_networks_of(files, {each.name for each in networks}, task) if files else [])


def _networks_of(files: Sequence[Path], taken: set[str], task: Task) -> list[Network]:
    """Return the networks of files, each under a name of its own: with its file's where the name is taken."""
    from solver.network.files.reading import read_network
    from solver.network.representatives import check_axes

    networks = []
    for file in dict.fromkeys(files):
        network = read_network(file)
        check_axes(network, task)
        if network.name in taken:
            network = replace(network, name=f"{network.name} ({file})")
        taken.add(network.name)
        networks.append(network)
    return networks


def _is_default(option: str) -> bool:
    """Return whether an option of the running command was left at its default."""
    return click.get_current_context().get_parameter_source(option) is click.core.ParameterSource.DEFAULT


def chosen_results(
    networks: Sequence[Network],
    asked: Asked,
    columns: Sequence[Quantity] | None = None,
    layers: Sequence[str] = ("all",),
    digits: int = 6,
) -> list[Sensitivities]:
    """Return the answers for networks about the layers named; D alone, at no cost of noise, if no column needs more.

    On a terminal, each layer is shown to some digits as soon as it is found.
    """
    from solver.report.cells import text_heads, text_row
    from solver.report.columns import printed_columns
    from solver.report.layers import layers_of
    from solver.sensitivity.quantities import NAMES
    from solver.sensitivity.question import Question
    from solver.sensitivity.sensitivities import answers, collected

    names = ("D",) if columns is not None and all(column.name == "D" for column in columns) else NAMES
    shown, results = columns or printed_columns("exactly", "always"), []
    with shown_rows(["", "layer", *text_heads(shown)]) as (show, begun):
        for network in networks:
            question = Question(network, asked.task, asked.deformation, asked.noise, asked.channel_mean)
            how, found = replace(asked.how, progress=begun(f"{network.name}, xi = {asked.task.scale}")), []
            for layer, why in answers(question, how, names, layers_of(layers, network.depth)):
                found.append((layer, why))
                show([network.name, *text_row(shown, layer, digits)])
            results.append(collected(question, found))
    return results
