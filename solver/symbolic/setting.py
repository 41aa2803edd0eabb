"""What a formula is about: a construction, its task for every l and xi, and a deformation."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from solver.constructions.registry import CONSTRUCTIONS, construct
from solver.deformation import Deformation
from solver.exact import choice, integer
from solver.network.network import Network
from solver.task import ENSEMBLES, TwoPixelTask


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
        integer(self.filter_size, "filter size", 3)
        integer(self.gap, "gap", 0)
        self.network(self.task(10**9, self.smallest_scale))  # refuses an even filter size

    @property
    def every_scale(self) -> bool:
        """Whether the construction has a network for every xi, and not for (s-1) k + 1 alone."""
        return CONSTRUCTIONS[self.construction].every_scale

    @property
    def smallest_scale(self) -> int:
        """The least xi that the gap allows and the construction reaches."""
        return next(xi for xi in range(2 + self.gap, 2 + self.gap + self.filter_size) if self.reaches(xi))

    def reaches(self, scale: int) -> bool:
        """Return whether there is a network for a scale."""
        return scale >= 2 + self.gap and (self.every_scale or (scale - 1) % (self.filter_size - 1) == 0)

    def smallest_length(self, scale: int) -> int:
        """Return the least l for a scale: both classes need images, and the filters must fit the ring."""
        return max(4, 2 * (scale + self.gap), self.filter_size)

    def task(self, length: int, scale: int) -> TwoPixelTask:
        """Return the task at one l and xi."""
        return TwoPixelTask(length=length, scale=scale, distances=self.distances, gap=self.gap)

    def network(self, task: TwoPixelTask) -> Network:
        """Return the construction's network for a task."""
        return construct(self.construction, task, filter_size=self.filter_size)

    def layer_index(self, layer: str, scale: int) -> int:
        """Return the number of a layer given as a number, ``last`` or ``output``; the output is depth + 1."""
        from solver.errors import InputError

        depth = self.network(self.task(10**9, scale)).depth
        if layer in ("last", "output"):
            return depth + (layer == "output")
        if not layer.isdecimal() or int(layer) > depth:
            raise InputError(
                f"layer: expected 0 to {depth}, 'last' or 'output' for {self.construction!r} at scale {scale}, "
                f"got {layer!r}"
            )
        return int(layer)


def shallow(network: Network, layer: int) -> Network:
    """Return the layers that a layer's maps depend on (all, for the last layer and the output)."""
    return network if layer >= network.depth else Network(layers=network.layers[: max(layer, 1)])


def point_text(point: dict[str, int]) -> str:
    """Return ``l = 32, xi = 7``."""
    return ", ".join(f"{name} = {value}" for name, value in point.items())


def fraction(number: Any) -> Fraction:
    """Return a sympy rational as a Fraction."""
    return Fraction(int(number.p), int(number.q))
