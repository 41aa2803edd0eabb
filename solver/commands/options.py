"""Options that commands share, and the objects they stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def added(*options: Decorator) -> Decorator:
    """Return what adds options to a command, listed in this order."""
    return lambda command: reduce(lambda done, option: option(done), reversed(options), command)


channels_option = click.option("--channels", default=1, show_default=True, help="Equal copies H of every channel.")
distances_option = click.option(
    "--distances", default="pairs", show_default=True, help="Ensemble: pairs, balanced or flat."
)
labels_option = click.option(
    "--labels", default="distance", show_default=True, help="distance (Task 1) or blocks (Task 2)."
)
gap_option = click.option("--gap", default=0, show_default=True, help="Drop distances within this gap around xi.")
length_option = click.option("--length", default=32, show_default=True, help="Sites of the ring, l.")
rectified_option = click.option("--rectified-noise", is_flag=True, help="Add max(eta, 0) in place of eta.")
seed_option = click.option("--seed", default=0, show_default=True, help="Seed of sampled values.")
scale_option = click.option("--scale", default=7, show_default=True, help="The task's scale xi, in pixels.")


ring_options = added(
    length_option,
    click.option(
        "--filter-size",
        type=int,
        help="Filter size s, odd; with strides at least 2. [default: 3, with strides 2]",
    ),
    channels_option,
    distances_option,
    labels_option,
    gap_option,
)
"""The options that describe the task, but for its scale, and the size of the networks."""


task_options = added(scale_option, ring_options)
"""The options that describe the task and the size of the networks."""

table_options = added(
    click.option("--columns", help="In LaTeX: values such as D_exact,D,G,R [default: what fits]."),
    click.option(
        "--width",
        type=click.FloatRange(50, 10_000),
        help="In LaTeX: points of a line of your document [default: 345, a bare article].",
    ),
)
"""The options that describe a LaTeX table."""


def network_options(*default: str) -> Decorator:
    """Return what adds the options that name networks: constructions, with their defaults, and files."""
    construction = click.option(
        "--construction",
        "names",
        multiple=True,
        default=default,
        show_default=True,
        help="A network to report on; repeat it, or 'all' for every one that reaches the scale.",
    )
    network = click.option(
        "--network",
        "files",
        multiple=True,
        type=click.Path(path_type=Path),
        help="A network file to report on, in place of the default constructions; repeatable.",
    )
    return added(construction, network)


construction_option = network_options("uniform", "shift")


noise_options = added(
    click.option("--noise-energy", default="8/3", show_default=True, help="l sigma^2: a rational, or 'exact'."),
    rectified_option,
    seed_option,
)
"""The options that describe the noise."""


question_options = added(
    construction_option,
    click.option(
        "--deformation",
        "law",
        default="independent",
        show_default=True,
        help="independent, mirror, rigid, single, or a law such as '-1:1/4 0:1/2 1:1/4'.",
    ),
    click.option("--collisions", default="add", show_default=True, help="add, merge or reject."),
    noise_options,
)
"""The options that describe the networks, the deformation and the noise."""

route_options = added(
    click.option(
        "--method",
        default="auto",
        show_default=True,
        help="Route for noise rectified twice: auto, deterministic, series, transfer or sampling.",
    ),
    click.option("--tolerance", help="Sample until each error is this fraction of its value, such as 0.001."),
    click.option("--no-cache", is_flag=True, help="Neither read nor keep slow values on disk."),
    click.option("--channel-mean", is_flag=True, help="Average channels before taking norms."),
)
"""The options that say how the sensitivities are computed."""


def chosen_task(options: dict[str, Any]) -> Any:
    from solver.question.task import TwoPixelTask

    keys = ("length", "scale", "distances", "gap", "labels")
    return TwoPixelTask(**{key: options[key] for key in keys})


def chosen_question(options: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
    from solver.question.deformation import Deformation
    from solver.question.noise import GaussianNoise
    from solver.sensitivity.noise.sampled.sampling import Sampling

    return (
        chosen_task(options),
        Deformation(law=options["law"], collisions=options["collisions"]),
        GaussianNoise(energy=options["noise_energy"], rectified=options["rectified_noise"]),
        Sampling(seed=options["seed"], tolerance=options.get("tolerance")),
    )


def chosen_networks(names: Sequence[str], task: Any, options: dict[str, Any], *, skip: bool = False) -> list[Any]:
    """Return the networks named and those of files; files alone take the place of the default constructions.

    Constructions that cannot reach the scale are left out if ``skip`` or all are asked for.
    """
    from solver.constructions.registry import CONSTRUCTIONS, construct
    from solver.errors import UnreachableScaleError

    files = options.get("files", ())
    if files and _is_default("names"):
        names = ()
    _check_sizes(names, files)
    networks = []
    everything = [name for name, each in CONSTRUCTIONS.items() if task.axes == 1 or each.on_frames]
    for name in dict.fromkeys(everything if "all" in names else names):
        try:
            networks.append(construct(name, task, filter_size=options["filter_size"], channels=options["channels"]))
        except UnreachableScaleError as error:
            if not skip and "all" not in names:
                raise
            click.echo(f"solver: left out: {error}", err=True)
    return networks + (_networks_of(files, {each.name for each in networks}, task) if files else [])


def _networks_of(files: Sequence[Path], taken: set[str], task: Any) -> list[Any]:
    """Return the networks of files, each under a name of its own: with its file's where the name is taken."""
    from dataclasses import replace

    from solver.network.files.reading import read_network
    from solver.network.linearity import check_axes

    networks = []
    for file in dict.fromkeys(files):
        network = read_network(file)
        check_axes(network, task)
        if network.name in taken:
            network = replace(network, name=f"{network.name} ({file})")
        taken.add(network.name)
        networks.append(network)
    return networks


def _check_sizes(names: Sequence[str], files: Sequence[Path]) -> None:
    """Refuse sizes of constructions for networks of files, whose sizes are what they are."""
    if files and not _is_default("channels"):
        raise click.BadParameter(
            "copies channels of constructions; leave it out with --network", param_hint="--channels"
        )
    if files and not names and not _is_default("filter_size"):
        raise click.BadParameter(
            "is for constructions; the network of a file has its own sizes", param_hint="--filter-size"
        )


def _is_default(option: str) -> bool:
    """Return whether an option of the running command was left at its default."""
    return click.get_current_context().get_parameter_source(option) is click.core.ParameterSource.DEFAULT


def number_list(text: str, option: str) -> list[int]:
    """Return the numbers of a list of numbers and ranges a..b, in the order given, each once."""
    found: list[int] = []
    for part in text.replace(" ", "").split(","):
        match = re.fullmatch(r"([0-9]{1,15})(?:\.\.([0-9]{1,15}))?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first or last - first >= 1000:
            raise click.BadParameter(f"expected numbers such as 3,5,7 or 3..9, got {text!r}", param_hint=option)
        found += range(first, last + 1)
    return list(dict.fromkeys(found))
