"""What a formula is about: a construction, its task for every l and xi, and a deformation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING

from solver.constructions.construction import Construction
from solver.constructions.registry import CONSTRUCTIONS, construct
from solver.errors import InputError, UnreachableScaleError
from solver.network.network import Network
from solver.numbers.exact import choice, integer
from solver.question.deformation import Deformation
from solver.question.noise import Noise
from solver.question.pairs import ENSEMBLES
from solver.question.task import TwoPixelTask
from solver.symbolic.symbols import ClassWeights, class_weights, xi

if TYPE_CHECKING:
    from sympy import Expr

LONG = 10**9
"""Sites of a ring on which far pairs are out of sight."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A construction and an ensemble whose l, and perhaps xi, are left open.

    Parameters
    ----------
    construction : str
        A name in the registry, such as ``"uniform"``.
    filter_size : int
        s, as for `construct`.
    distances, gap
        The ensemble, as for `TwoPixelTask`.
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
        integer(self.filter_size, "filter size", self.family.smallest_size)
        integer(self.gap, "gap", 0)
        self.network(self.long_task(self.smallest_scale))  # refuses an even filter size

    @property
    def family(self) -> Construction:
        """The entry of the construction in the registry."""
        return CONSTRUCTIONS[self.construction]

    @property
    def knows_scale(self) -> bool:
        """Whether the ensemble depends on xi."""
        return self.distances == "balanced" or self.gap > 0

    @property
    def smallest_scale(self) -> int:
        """The least xi that the gap allows and the construction reaches."""
        return next(s for s in count(2 + self.gap) if self.reaches(s))

    @property
    def strided(self) -> bool:
        """Whether the construction has strides."""
        return self.family.strided_depth is not None

    def for_noise(self, noise: Noise) -> Setting:
        """Return the setting with the deformation that G depends on: none but for the energy ``"exact"``."""
        return self if noise.energy == "exact" else replace(self, deformation=Deformation())

    def step(self, scale: int) -> int:
        """Return the total stride for a scale, which divides every l."""
        network = self.network(self.long_task(scale))
        return network.total_stride(network.depth)

    def reaches(self, scale: int) -> bool:
        """Return whether there is a network for a scale."""
        if scale < 2 + self.gap:
            return False
        try:
            self._depth(scale)
        except UnreachableScaleError:
            return False
        return True

    def scale_above(self, layer: int) -> int:
        """Return the least xi at which a layer is hidden."""
        room = 2 if self.family.every_scale else self.filter_size
        return max((self.filter_size - 1) * layer + room if layer else 0, self.smallest_scale)

    def smallest_length(self, scale: int) -> int:
        """Return the least l for a scale: both classes need images, the filters must fit, and strides divide l."""
        least = max(4, 2 * (scale + self.gap), self.filter_size)
        return next_multiple(least, self.step(scale)) if self.strided else least

    def long_task(self, scale: int) -> TwoPixelTask:
        """Return the task at an l that is large, and divided by every power of the filter size below it."""
        return self.task(LONG if not self.strided else self.filter_size ** LONG.bit_length(), scale)

    def task(self, length: int, scale: int) -> TwoPixelTask:
        """Return the task at one l and xi."""
        return TwoPixelTask(length=length, scale=scale, distances=self.distances, gap=self.gap)

    def network(self, task: TwoPixelTask) -> Network:
        """Return the construction's network for a task."""
        return construct(self.construction, task, filter_size=self.filter_size)

    def weights(self, scale: Expr | int = xi) -> ClassWeights:
        """Return the probabilities of one distance of each class, in l."""
        return class_weights(self.distances, scale, self.gap)

    def layer_index(self, layer: str, scale: int) -> int:
        """Return the number of a layer given as a number, ``last`` or ``output``; the output is depth + 1."""
        depth = self._depth(scale)
        if layer in ("last", "output"):
            return depth + (layer == "output")
        if not layer.isdecimal() or int(layer) > depth:
            raise InputError(
                f"layer: expected 0 to {depth}, 'last' or 'output' for {self.construction!r} at scale {scale}, "
                f"got {layer!r}"
            )
        return int(layer)

    def _depth(self, scale: int) -> int:
        return self.family.depth(self.long_task(scale), self.filter_size)


def next_multiple(least: int, step: int) -> int:
    """Return the first multiple of ``step`` from ``least`` on."""
    return -(-least // step) * step
