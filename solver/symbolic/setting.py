"""What a formula is about: a construction, its task for every l and xi, and a deformation."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from typing import Any

from solver.constructions.registry import CONSTRUCTIONS, construct
from solver.errors import InputError, UnreachableScaleError
from solver.network.network import Network
from solver.numbers.exact import choice, integer
from solver.question.deformation import Deformation
from solver.question.task import ENSEMBLES, TwoPixelTask

LONG = 10**9
"""Sites of a ring on which far pairs are out of sight."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A construction and an ensemble whose l, and perhaps xi, are left open.

    Parameters
    ----------
    construction : str
        A name in the registry.
    filter_size : int
    distances, gap
        As for `TwoPixelTask`.
    deformation : Deformation
    """

    construction: str
    filter_size: int = 3
    distances: str = "pairs"
    gap: int = 0
    deformation: Deformation = field(default_factory=Deformation)

    def __post_init__(self) -> None:
        choice(self.construction, "construction", CONSTRUCTIONS)
        choice(self.distances, "distances", ENSEMBLES)
        integer(self.filter_size, "filter size", CONSTRUCTIONS[self.construction].smallest_size)
        integer(self.gap, "gap", 0)
        self.network(self.long_task(self.smallest_scale))  # refuses an even filter size

    @property
    def every_scale(self) -> bool:
        """Whether the construction has a network for every xi, and not for (s-1) k + 1 alone."""
        return CONSTRUCTIONS[self.construction].every_scale

    @property
    def smallest_scale(self) -> int:
        """The least xi that the gap allows and the construction reaches."""
        return next(xi for xi in count(2 + self.gap) if self.reaches(xi))

    @property
    def strided(self) -> bool:
        """Whether the construction has strides."""
        return CONSTRUCTIONS[self.construction].strided_depth is not None

    def step(self, scale: int) -> int:
        """Return the total stride for a scale, which divides every l."""
        network = self.network(self.long_task(scale))
        return network.total_stride(network.depth)

    def reaches(self, scale: int) -> bool:
        """Return whether there is a network for a scale."""
        if scale < 2 + self.gap:
            return False
        try:
            CONSTRUCTIONS[self.construction].depth(self.long_task(scale), self.filter_size)
        except UnreachableScaleError:
            return False
        return True

    def smallest_length(self, scale: int) -> int:
        """Return the least l for a scale: both classes need images, the filters must fit, and strides divide l."""
        least = max(4, 2 * (scale + self.gap), self.filter_size)
        return next_multiple(least, self.step(scale)) if self.strided else least

    def long_task(self, scale: int) -> TwoPixelTask:
        """Return the task at an l that is large, and divided by every power of the filter size below it."""
        length = LONG if not self.strided else self.filter_size ** LONG.bit_length()
        return self.task(length, scale)

    def task(self, length: int, scale: int) -> TwoPixelTask:
        """Return the task at one l and xi."""
        return TwoPixelTask(length=length, scale=scale, distances=self.distances, gap=self.gap)

    def network(self, task: TwoPixelTask) -> Network:
        """Return the construction's network for a task."""
        return construct(self.construction, task, filter_size=self.filter_size)

    def layer_index(self, layer: str, scale: int) -> int:
        """Return the number of a layer given as a number, ``last`` or ``output``; the output is depth + 1."""
        depth = self.network(self.long_task(scale)).depth
        if layer in ("last", "output"):
            return depth + (layer == "output")
        if not layer.isdecimal() or int(layer) > depth:
            raise InputError(
                f"layer: expected 0 to {depth}, 'last' or 'output' for {self.construction!r} at scale {scale}, "
                f"got {layer!r}"
            )
        return int(layer)


def next_multiple(least: int, step: int) -> int:
    """Return the first multiple of ``step`` from ``least`` on."""
    return -(-least // step) * step


def shallow(network: Network, layer: int) -> Network:
    """Return the layers that a layer's maps depend on (all, for the last layer and the output)."""
    return network if layer >= network.depth else Network(layers=network.layers[: max(layer, 1)])


def point_text(point: dict[str, int]) -> str:
    """Return ``l = 32, xi = 7``."""
    return ", ".join(f"{name} = {value}" for name, value in point.items())


def fraction(number: Any) -> Fraction:
    """Return a sympy rational as a Fraction."""
    return Fraction(int(number.p), int(number.q))
