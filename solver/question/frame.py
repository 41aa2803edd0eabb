"""The two-pixel task in two dimensions: a periodic frame, its metric and labels, and the exact law of displacements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from solver.errors import InputError
from solver.numbers.exact import choice, integer
from solver.question.lattice import Shape, Step, coordinates, half
from solver.question.pairs import ENSEMBLES, Task

METRICS = {
    "l2": "Euclidean distance, sqrt(d_1^2 + d_2^2), compared through its square",
    "linf": "the larger of the two components",
}
LARGEST_FRAME = 2**24


@dataclass(frozen=True, kw_only=True)
class FrameTask(Task):
    """Images of two pixels of value 1 on a periodic frame (a torus), labelled by whether their distance is below xi.

    A displacement v = (v_1, v_2) leads from one pixel to the other; each component is taken periodically, d_i =
    min(v_i, n_i - v_i), and v and -v are one pair (derivations/two_dimensions.py).

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
        rows, columns = self.shape
        if rows * columns > LARGEST_FRAME:
            raise InputError(f"shape: a frame has at most {LARGEST_FRAME} sites, got {rows * columns}")
        if 2 * self.scale > min(self.shape):
            raise InputError(
                f"scale: expected at most half the shorter side ({min(self.shape) // 2} here), got {self.scale}"
            )
        choice(self.metric, "metric", METRICS)
        choice(self.distances, "distances", ENSEMBLES)
        metric, sites = r"\ell_\infty" if self.metric == "linf" else r"\ell_2", rows * columns
        vars(self).update(
            labels="distance",
            place=f"periodic frame of {rows} x {columns} (l = {sites} sites), metric {self.metric}",
            place_latex=rf"a periodic frame of ${rows}\times{columns}$ ($\ell={sites}$), distances in ${metric}$",
        )
        self._describe(self.shape, self.labels, self.metric)
        if self.scale - self.gap <= 1 or not self._class_total(-1):
            side = "close" if self.scale - self.gap <= 1 else "distant"
            raise InputError(f"gap: {self.gap} leaves the ensemble without {side} pairs; take a smaller one")

    @property
    def head(self) -> dict[str, Any]:
        """The task as the object that JSON holds: every number is text."""
        rest = {name: str(getattr(self, name)) for name in ("metric", "scale", "distances", "gap", "labels")}
        return {"shape": [str(n) for n in self.shape], **rest}

    @property
    def everywhere(self) -> FrameTask:
        """The task on the same sites with every pair of sites equally likely."""
        return FrameTask(shape=self.shape, scale=self.scale, metric=self.metric)

    def displacements(self) -> Iterator[Shape]:
        """Yield every displacement of two pixels, one of v and -v."""
        return half((coordinates(n, self.shape) for n in range(self.sites)), self.shape)

    def _pairs_as_far(self, step: Step) -> int:
        return self._vectors[self.square(step)] * self.sites // 2

    def _class_total(self, label: int) -> int:
        near, far = (self.scale - self.gap) ** 2, (self.scale + self.gap) ** 2
        counts = [n for s, n in self._vectors.items() if (s < near if label > 0 else s >= far)]
        return len(counts) if self.distances == "flat" else sum(counts) * self.sites // 2

    @cached_property
    def _vectors(self) -> dict[int, int]:
        """Number of displacements, v and -v apart, at each squared distance; 0 is left out."""
        axes = [np.minimum(np.arange(n), n - np.arange(n)) ** 2 for n in self.shape]
        grid = (np.add if self.metric == "l2" else np.maximum).outer(*axes)
        squares, counts = np.unique(grid, return_counts=True)
        return {int(s): int(n) for s, n in zip(squares, counts, strict=True) if s}
