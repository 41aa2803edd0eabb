"""The grid of a sweep: every combination of choices of network, task, deformation and noise."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import product
from typing import Any

from solver import __version__
from solver.constructions.registry import CONSTRUCTIONS
from solver.errors import InputError
from solver.numbers.exact import choice, integer, rational
from solver.question.deformation import COLLISIONS, Deformation
from solver.question.noise import GaussianNoise
from solver.question.pairs import ENSEMBLES, LABELS
from solver.sensitivity.noise.methods import METHODS
from solver.sensitivity.noise.route import Sampling
from solver.sensitivity.quantities import NAMES
from solver.sensitivity.question import NUMBERS

MOST_CELLS = 10**6


@dataclass(frozen=True)
class Axis:
    """One choice of a cell: its symbol as LaTeX (empty for words), and how a value is read as canonical text."""

    symbol: str
    canonical: Callable[[Any], str]


def channel_scales(text: str) -> tuple[Any, ...]:
    """Return the scales c_1, ..., c_H that an entry of the axis ``channels`` stands for.

    Examples
    --------
    >>> [len(channel_scales("3")), [str(c) for c in channel_scales("1:1/2")]]
    [3, ['1', '1/2']]
    """
    if ":" in text:
        return tuple(rational(part, "channels") for part in text.split(":"))
    return (rational(1),) * int(text)


def _channels(value: Any) -> str:
    if not isinstance(value, str) or ":" not in value:
        return _whole(value, "channels", 1)
    scales = channel_scales(value)
    if min(scales) <= 0:
        raise InputError(f"channels: expected a number H or positive scales such as 1:2:1/2, got {value!r}")
    return ":".join(map(str, scales))


def _whole(value: Any, name: str, minimum: int) -> str:
    number = rational(value, name) if isinstance(value, str) else value
    return str(integer(number.numerator if getattr(number, "denominator", 0) == 1 else number, name, minimum))


def _number(symbol: str, name: str, minimum: int) -> Axis:
    return Axis(symbol, lambda value: _whole(value, name, minimum))


def _word(name: str, allowed: Iterable[str]) -> Axis:
    return Axis("", lambda value: choice(value, name, allowed))


AXES: dict[str, Axis] = {
    "length": _number(r"\ell", "length", 4),
    "scale": _number(r"\xi", "scale", 2),
    "filter_size": _number("s", "filter size", 2),
    "channels": Axis("H", _channels),
    "distances": _word("distances", ENSEMBLES),
    "gap": _number("g", "gap", 0),
    "labels": _word("labels", LABELS),
    "deformation": Axis("", lambda value: Deformation(law=value).name),
    "collisions": _word("collisions", COLLISIONS),
    "noise_energy": Axis(r"\ell\sigma^2", lambda value: str(GaussianNoise(energy=value).energy)),
    "construction": _word("construction", CONSTRUCTIONS),
}
"""The choices in grid order: the last one changes fastest."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What all cells of a sweep share.

    Parameters
    ----------
    rectified, channel_mean, method, sampling
        As for `GaussianNoise` and `sensitivities`.
    deformation_only : bool
        Evaluate D alone, at no cost of noise.
    digits : int
        Significant digits to which every value is recorded.
    """

    rectified: bool = False
    channel_mean: bool = False
    method: str = "auto"
    sampling: Sampling = field(default_factory=Sampling)
    deformation_only: bool = False
    digits: int = 15

    def __post_init__(self) -> None:
        choice(self.method, "method", METHODS)
        integer(self.digits, "digits", 1)

    @property
    def names(self) -> tuple[str, ...]:
        """The quantities that are evaluated."""
        return ("D",) if self.deformation_only else NAMES

    @property
    def texts(self) -> dict[str, str]:
        """Every setting that a value depends on, and the version of solver, as text."""
        numbers = {"solver": f"{__version__} ({NUMBERS})", "values": "D" if self.deformation_only else "all"}
        if not self.deformation_only:
            numbers |= {"method": self.method, "sampling": repr(self.sampling)}
        flags = {"rectified": str(self.rectified), "channel_mean": str(self.channel_mean), "digits": str(self.digits)}
        return numbers | flags


@dataclass(frozen=True)
class Cell:
    """One full question: canonical text for each of `AXES`, and the settings."""

    choices: tuple[tuple[str, str], ...]
    settings: Settings

    def __getitem__(self, axis: str) -> str:
        return dict(self.choices)[axis]

    @cached_property
    def text(self) -> str:
        """Canonical text that names everything the answer depends on."""
        return json.dumps(dict(self.choices) | self.settings.texts, sort_keys=True)


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Every combination of the values of eleven axes.

    Parameters
    ----------
    length, scale, filter_size, gap : sequence of int
    channels : sequence of H, or of scales such as "1:2:1/2" for positively scaled copies
    distances, labels, deformation, collisions, construction : sequence of names (or laws, for ``deformation``)
    noise_energy : sequence of rationals or "exact"
        A single value stands for a sequence of one; values are kept in the order given, each once.
    settings : Settings

    Raises
    ------
    InputError
        For a value that no cell could have, or more than a million cells.  A combination that cannot exist, such as a
        scale that a construction does not reach, is no error: its cell says why.

    Examples
    --------
    >>> [cell["scale"] + cell["construction"] for cell in Sweep(scale=(5, 7), construction="shift").cells]
    ['5shift', '7shift']
    """

    length: Any = 32
    scale: Any = 7
    filter_size: Any = 3
    channels: Any = 1
    distances: Any = "pairs"
    gap: Any = 0
    labels: Any = "distance"
    deformation: Any = "independent"
    collisions: Any = "add"
    noise_energy: Any = "8/3"
    construction: Any = ("uniform", "shift")
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        count = 1
        for name, axis in AXES.items():
            values = tuple(dict.fromkeys(axis.canonical(value) for value in _several(getattr(self, name))))
            count *= len(values)
            if not values:
                raise InputError(f"{name}: expected at least one value, got none")
            object.__setattr__(self, name, values)
        if count > MOST_CELLS:
            raise InputError(f"sweep: expected at most {MOST_CELLS} cells, got {count}; sweep fewer values at once")

    @property
    def axes(self) -> dict[str, tuple[str, ...]]:
        """The values of every axis, in grid order."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name in AXES}

    @property
    def varied(self) -> list[str]:
        """The axes with more than one value."""
        return [name for name, values in self.axes.items() if len(values) > 1]

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell, in grid order."""
        names = list(self.axes)
        return tuple(Cell(tuple(zip(names, each, strict=True)), self.settings) for each in product(*self.axes.values()))


def _several(values: Any) -> tuple[Any, ...]:
    single = isinstance(values, str) or not isinstance(values, Iterable) or hasattr(values, "items")
    return (values,) if single else tuple(values)
