"""The two-pixel tasks on a ring: the distance of the pixels below the scale, or both in one block."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

from solver.errors import InputError
from solver.numbers.exact import choice, integer
from solver.question.lattice import Step
from solver.question.pairs import ENSEMBLES, LABELS, Task

FARTHEST_DIVISOR = 10**5
"""How far from a scale that does not divide the length a message looks for one that does."""


@dataclass(frozen=True, kw_only=True)
class TwoPixelTask(Task):
    """Images of two pixels of value 1 on a periodic ring, labelled by distance (Task 1) or by blocks (Task 2).

    Parameters
    ----------
    length : int
        Sites of the ring, l >= 4.
    scale : int
        The scale xi, 2 <= xi <= l/2, in pixels.
    distances : {"pairs", "balanced", "flat"}
        The ensemble: how likely each image is.
    gap : int
        Keep d < xi - gap as +1 and d >= xi + gap as -1, and drop the distances between; 0 for blocks.
    labels : {"distance", "blocks"}
        y = +1 for d < xi and -1 for d >= xi; or, on a ring cut into blocks of xi sites, +1 where both pixels share a
        block and -1 elsewhere (arXiv 2210.01506).  The scale of blocks divides the length.

    Raises
    ------
    InputError
        For values outside these ranges, when the gap leaves a class without images, and for blocks that do not fill
        the ring or come with a gap.

    Examples
    --------
    >>> task = TwoPixelTask(length=32, scale=7)
    >>> sum(task.distance_law.values()) == 1 and len(list(task.pairs())) == 496
    True
    >>> TwoPixelTask(length=32, scale=8, labels="blocks").pair_label(7, 8)
    -1
    """

    length: int = 32
    scale: int = 7
    distances: str = "pairs"
    gap: int = 0
    labels: str = "distance"

    def __post_init__(self) -> None:
        for name, least in (("length", 4), ("scale", 2), ("gap", 0)):
            object.__setattr__(self, name, integer(getattr(self, name), name, least))
        if 2 * self.scale > self.length:
            raise InputError(
                f"scale: expected at most half the length ({self.length // 2} for length {self.length}), "
                f"got {self.scale}"
            )
        choice(self.distances, "distances", ENSEMBLES)
        if choice(self.labels, "labels", LABELS) == "blocks":
            self._check_blocks()
        if self.scale - self.gap <= 1 or self.scale + self.gap > self.length // 2:
            raise InputError(
                f"gap: {self.gap} leaves the ensemble without {'close' if self.scale - self.gap <= 1 else 'distant'} "
                f"pairs; for scale {self.scale} and length {self.length} it can be at most "
                f"{min(self.scale - 2, self.length // 2 - self.scale)}"
            )
        place, latex = f"ring of l = {self.length} sites", rf"$\ell={self.length}$"
        vars(self).update(shape=(self.length,), metric="", place=place, place_latex=latex)
        self._describe(self.shape, self.labels, self.metric)

    @property
    def head(self) -> dict[str, Any]:
        """The task as the object that JSON holds: every number is text."""
        return {name: str(getattr(self, name)) for name in ("length", "scale", "distances", "gap", "labels")}

    @property
    def everywhere(self) -> TwoPixelTask:
        """The task on the same sites with every pair of sites equally likely."""
        return TwoPixelTask(length=self.length, scale=self.scale)

    @property
    def distance_law(self) -> dict[int, Fraction]:
        """The probability of every distance that the ensemble keeps, `displacement_law`; costs O(l)."""
        return cast(dict[int, Fraction], self.displacement_law)

    def displacements(self) -> range:
        """Return every distance of two pixels."""
        return range(1, self.length // 2 + 1)

    def _pairs_as_far(self, step: Step) -> int:
        return self.pair_count(step)

    def _class_total(self, label: int) -> int:
        if self.period > 1:
            return self.length * ((self.scale - 1) if label > 0 else (self.length - self.scale)) // 2
        if label > 0:
            first, last = 1, self.scale - self.gap - 1
        else:
            first, last = self.scale + self.gap, self.length // 2
        count = last - first + 1
        if self.distances == "flat":
            return count
        half = self.length // 2 if self.length % 2 == 0 and first <= self.length // 2 <= last else 0
        return count * self.length - half

    def _check_blocks(self) -> None:
        if self.gap:
            raise InputError(f"gap: blocks have no distances to drop around xi; expected 0, got {self.gap}")
        if self.length % self.scale:
            steps = range(1, min(self.length // 2, FARTHEST_DIVISOR))
            around = (n for step in steps for n in (self.scale - step, self.scale + step))
            near = [str(n) for n in around if 2 <= n <= self.length // 2 and self.length % n == 0][:2]
            instead = f"for this length take scale {' or '.join(near)}, " if near else ""
            below = self.length // self.scale * self.scale
            lengths = [str(n) for n in (below, below + self.scale) if n >= max(4, 2 * self.scale)]
            raise InputError(
                f"scale: blocks of {self.scale} sites do not fill a ring of {self.length}; "
                f"{instead}for this scale take length {' or '.join(lengths)}"
            )
