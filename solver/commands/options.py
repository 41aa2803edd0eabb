"""The options that commands share: each is described once, and a command names those it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from solver.commands.output import check_writable
from solver.sensitivity.noise.methods import METHODS

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

SHARED: dict[str, dict[str, Any]] = {
    "scale": {"default": 7, "help": "The task's scale xi, in pixels."},
    "length": {"default": 32, "help": "Sites of the ring, l."},
    "filter_size": {
        "type": int,
        "help": "Filter size s, odd; with strides at least 2. [default: 3, with strides 2]",
    },
    "channels": {"default": 1, "help": "Equal copies H of every channel."},
    "distances": {"default": "pairs", "help": "Ensemble: pairs, balanced or flat."},
    "labels": {"default": "distance", "help": "distance (Task 1) or blocks (Task 2)."},
    "gap": {"default": 0, "help": "Drop distances within this gap around xi."},
    "construction": {
        "multiple": True,
        "default": ("uniform", "shift"),
        "help": "A network to report on; repeat it, or 'all' for every one that reaches the scale.",
    },
    "network": {
        "multiple": True,
        "type": click.Path(path_type=Path),
        "help": "A network file to report on, in place of the default constructions; repeatable.",
    },
    "deformation": {
        "default": "independent",
        "help": "independent, mirror, rigid, single, or a law such as '-1:1/4 0:1/2 1:1/4'.",
    },
    "collisions": {"default": "add", "help": "add, merge or reject."},
    "noise_energy": {"default": "8/3", "help": "l sigma^2: a rational, or 'exact'."},
    "rectified_noise": {"is_flag": True, "default": False, "help": "Add max(eta, 0) in place of eta."},
    "seed": {"default": 0, "help": "Seed of sampled values."},
    "method": {
        "default": "auto",
        "help": f"Route for noise rectified twice: {', '.join(METHODS)}.",
    },
    "tolerance": {"help": "Sample until each error is this fraction of its value, such as 0.001."},
    "no_cache": {"is_flag": True, "default": False, "help": "Neither read nor keep slow values on disk."},
    "channel_mean": {"is_flag": True, "default": False, "help": "Average channels before taking norms."},
    "layers": {"default": "last,output", "help": "Numbers, ranges, last (layer k~), output (f_p) or all."},
    "digits": {"type": click.IntRange(1, 1000), "help": "Significant digits."},
    "columns": {"help": "In LaTeX: values such as D_exact,D,G,R [default: what fits]."},
    "width": {
        "type": click.FloatRange(50, 10_000),
        "help": "In LaTeX: points of a line of your document [default: 345, a bare article].",
    },
    "format": {"type": click.Choice(["text", "json"]), "default": "text"},
    "output": {
        "type": click.Path(dir_okay=False, path_type=Path),
        "callback": check_writable,
        "help": "Write to a file, not to stdout.",
    },
    "jobs": {"type": click.IntRange(1), "help": "Processes [default: one a core]."},
}
"""The settings of an option by its name, which is also the name of its value."""

DEFAULTS = {name: settings.get("default") for name, settings in SHARED.items()}
"""What stands for an option that a command does not take."""

RING = ("length", "filter_size", "channels", "distances", "labels", "gap")
TASK = ("scale", *RING)
NETWORKS = ("construction", "network")
NOISE = ("noise_energy", "rectified_noise", "seed")
QUESTION = (*NETWORKS, "deformation", "collisions", *NOISE)
ROUTE = ("method", "tolerance", "no_cache", "channel_mean")
PRINTED = ("digits", "format", "output")
LATEX_TOO: dict[str, dict[str, Any]] = {
    "digits": {"help": "Significant digits [default: 15, in LaTeX 6]."},
    "format": {"type": click.Choice(["text", "json", "latex"])},
}
"""What changes of those where LaTeX is a format too."""


def command(text: str) -> Callable[[Callable[..., None]], click.Command]:
    """Return what makes a function a command with this help, and its docstring the short one."""
    return lambda function: click.command(short_help=function.__doc__, help=text)(function)


def shared(*names: str, **changed: Mapping[str, Any]) -> Decorator:
    """Return what adds options of `SHARED` to a command, listed in this order.

    Parameters
    ----------
    *names : str
        Of options; one that is not shared is described by what is ``changed`` of it alone.
    **changed : mapping
        Settings of an option, by its name, that this command has in place of the shared ones.
    """

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            settings = {"show_default": True, **SHARED.get(name, {}), **changed.get(name, {})}
            short = ("-o",) if name == "output" else ()
            command = click.option(*short, f"--{name.replace('_', '-')}", name, **settings)(command)
        return command

    return decorated


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
