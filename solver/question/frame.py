"""The two-pixel task in two dimensions: a periodic frame, its metric and labels, and the exact law of displacements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from solver.errors import InputError
from solver.numbers.exact import choice, integer
from solver.question.lattice import Shape, coordinates, half, site_after
from solver.question.task import ENSEMBLES, TwoPixelTask

METRICS = {
    "l2": "Euclidean distance, sqrt(d_1^2 + d_2^2), compared through its square",
    "linf": "the larger of the two components",
}
LARGEST_FRAME = 2**24


@dataclass(frozen=True, kw_only=True)
class FrameTask:
    """Images of two pixels of value 1 on a periodic frame (a torus), labelled by whether their distance is below xi.

    A displacement v = (v_1, v_2) leads from one pixel to the other; each component is taken periodically, d_i =
    min(v_i, n_i - v_i), and v and -v are one pair.

    Parameters
    ----------
    shape : (int, int), or int for a square
        Rows and columns, each at least 4.
    scale : int
        The scale xi, 2 <= xi <= half the shorter side, in pixels; the tie, distance = xi, is -1.
    metric : {"l2", "linf"}
        sqrt(d_1^2 + d_2^2) or max(d_1, d_2).
    distances : {"pairs", "balanced", "flat"}
        The ensemble: every pair of sites, weight 1/2 for each class, or every distance that occurs equally likely.
    gap : int
        Keep distances < xi - gap as +1 and >= xi + gap as -1, and drop those between.

    Raises
    ------
    InputError
        For values outside these ranges, and when the gap leaves a class without images.

    Examples
    --------
    >>> task = FrameTask(shape=6, scale=3, metric="l2")
    >>> sum(task.displacement_law.values()) == 1 and len(list(task.pairs())) == 36 * 35 // 2
    True
    >>> [task.label(v) for v in ((2, 2), (0, 3), (0, 4))]
    [1, -1, 1]
    """

    shape: Any = (32, 32)
    scale: int = 7
    metric: str = "linf"
    distances: str = "pairs"
    gap: int = 0

    def __post_init__(self) -> None:
        sides = (self.shape,) * 2 if isinstance(self.shape, int | str) else self.shape
        if not isinstance(sides, tuple | list) or len(sides) != 2:
            raise InputError(f"shape: expected a whole number or two (rows, columns), got {self.shape!r}")
        object.__setattr__(self, "shape", tuple(integer(n, "shape", 4) for n in sides))
        for name, least in (("scale", 2), ("gap", 0)):
            object.__setattr__(self, name, integer(getattr(self, name), name, least))
        if self.sites > LARGEST_FRAME:
            raise InputError(f"shape: a frame has at most {LARGEST_FRAME} sites, got {self.sites}")
        if 2 * self.scale > min(self.shape):
            raise InputError(
                f"scale: expected at most half the shorter side ({min(self.shape) // 2} here), got {self.scale}"
            )
        choice(self.metric, "metric", METRICS)
        choice(self.distances, "distances", ENSEMBLES)
        if self.scale - self.gap <= 1 or not self._class_vectors(-1):
            side = "close" if self.scale - self.gap <= 1 else "distant"
            raise InputError(f"gap: {self.gap} leaves the ensemble without {side} pairs; take a smaller one")

    @property
    def sites(self) -> int:
        """Number of sites of the frame."""
        rows, columns = self.shape
        return int(rows * columns)

    @property
    def labels(self) -> str:
        """What makes the label, as for a ring: the distance, always."""
        return "distance"

    @property
    def period(self) -> int:
        """The translation along either axis that leaves the ensemble as it is."""
        return 1

    @property
    def details(self) -> str:
        """The gap as text to follow the ensemble's name, if there is one."""
        return f", gap {self.gap}" if self.gap else ""

    @property
    def rule(self) -> str:
        """What makes the label, as text."""
        return "y = sign(xi - d), the tie d = xi is -1"

    def components(self, vector: Shape) -> Shape:
        """Return (d_1, d_2), the periodic lengths of a displacement along each axis."""
        return tuple(min(v % n, -v % n) for v, n in zip(vector, self.shape, strict=True))

    def square(self, vector: Shape) -> int:
        """Return the squared distance of two pixels at this displacement, in the task's metric."""
        parts = [d * d for d in self.components(vector)]
        return sum(parts) if self.metric == "l2" else max(parts)

    def label(self, vector: Shape) -> int:
        """Return y = +1 where the distance is below xi and -1 elsewhere (the tie is -1)."""
        return self._side(self.square(vector))

    def keeps(self, vector: Shape) -> bool:
        """Return whether images at this displacement are in the ensemble."""
        return self.square(vector) in self._kept

    def pair_count(self, vector: Shape) -> int:
        """Return the number of unordered pairs at +-v: n_1 n_2, or half of it where v = -v."""
        return self.sites // 2 if self._is_own_opposite(vector) else self.sites

    def probability(self, vector: Shape) -> Fraction:
        """Return the probability that the pixels of an image lie at +v or -v of each other."""
        square = self.square(vector)
        if square not in self._kept:
            return Fraction(0)
        return self._vector_weight(square) * (1 if self._is_own_opposite(vector) else 2)

    @cached_property
    def displacement_law(self) -> dict[Shape, Fraction]:
        """The probability of every displacement, one of v and -v; O(sites)."""
        vectors = half((coordinates(n, self.shape) for n in range(self.sites)), self.shape)
        law = {v: self.probability(v) for v in vectors}
        return {v: p for v, p in law.items() if p}

    def pairs(self) -> Iterator[tuple[int, int, Fraction]]:
        """Yield every image as the numbers of two sites, row by row, and its probability."""
        for vector, weight in self.displacement_law.items():
            count = self.pair_count(vector)
            opposite = self._is_own_opposite(vector)
            for first in range(self.sites):
                second = site_after(first, vector, self.shape)
                if not opposite or first < second:
                    yield first, second, weight / count

    def images(self) -> tuple[np.ndarray, list[Fraction]]:
        """Return all images, an integer array of shape (n, rows, columns), and their n exact probabilities."""
        pairs = list(self.pairs())
        images = np.zeros((len(pairs), self.sites), dtype=np.int64)
        for image, (first, second, _) in zip(images, pairs, strict=True):
            image[[first, second]] = 1
        return images.reshape(-1, *self.shape), [weight for _, _, weight in pairs]

    @cached_property
    def _kept(self) -> dict[int, int]:
        """Squared distances that the ensemble keeps, with the number of vectors (v and -v apart) at each."""
        near = max(0, self.scale - self.gap) ** 2
        return {s: n for s, n in self._vectors.items() if s < near or s >= (self.scale + self.gap) ** 2}

    @cached_property
    def _vectors(self) -> dict[int, int]:
        """Number of displacements, v and -v apart, at each squared distance; 0 is left out."""
        axes = []
        for length in self.shape:
            place = np.arange(length)
            axes.append(np.minimum(place, length - place) ** 2)
        grid = (np.add if self.metric == "l2" else np.maximum).outer(*axes)
        squares, counts = np.unique(grid, return_counts=True)
        return {int(s): int(n) for s, n in zip(squares, counts, strict=True) if s}

    def _vector_weight(self, square: int) -> Fraction:
        """Return the probability of one displacement, v and -v apart."""
        if self.distances == "flat":
            return Fraction(1, len(self._kept) * self._kept[square])
        if self.distances == "balanced":
            return Fraction(1, 2 * self._class_vectors(self._side(square)))
        return Fraction(1, self._class_vectors(1) + self._class_vectors(-1))

    def _class_vectors(self, label: int) -> int:
        return self._class_counts[label]

    @cached_property
    def _class_counts(self) -> dict[int, int]:
        return {y: sum(n for s, n in self._kept.items() if self._side(s) == y) for y in (1, -1)}

    def _side(self, square: int) -> int:
        return 1 if square < self.scale**2 else -1

    def _is_own_opposite(self, vector: Shape) -> bool:
        return all(2 * v % n == 0 for v, n in zip(vector, self.shape, strict=True))


Task = TwoPixelTask | FrameTask
"""The tasks that the engine takes; both have ``shape`` and ``sites``."""


def ring_only(task: Any, name: str) -> None:
    """Refuse a task on a frame.

    Raises
    ------
    InputError
        Naming what needs a ring.
    """
    if isinstance(task, FrameTask):
        raise InputError(f"task: {name} is for rings; expected a TwoPixelTask, got a FrameTask")
