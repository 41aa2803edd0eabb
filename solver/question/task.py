"""The two-pixel tasks: the ring, its scale and labels, and the exact probabilities of its images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from solver.errors import InputError
from solver.numbers.exact import choice, integer

ENSEMBLES = {
    "pairs": "every unordered pair of sites equally likely",
    "balanced": "each class carries weight 1/2, uniform over its pairs",
    "flat": "every distance equally likely",
}

LABELS = {
    "distance": "Task 1: y = +1 where the distance is below the scale",
    "blocks": "Task 2: y = +1 where both pixels share a block; block n holds the sites n xi .. (n+1) xi - 1",
}

FARTHEST_DIVISOR = 10**5
"""How far from a scale that does not divide the length a message looks for one that does."""


@dataclass(frozen=True, kw_only=True)
class TwoPixelTask:
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

    @property
    def shape(self) -> tuple[int]:
        """The sites along each axis, of which there is one."""
        return (self.length,)

    @property
    def sites(self) -> int:
        """Number of sites, l."""
        return self.length

    @property
    def period(self) -> int:
        """The translation that leaves the ensemble as it is: xi for balanced blocks, else 1."""
        return self.scale if self.labels == "blocks" and self.distances == "balanced" else 1

    @property
    def details(self) -> str:
        """The gap and the labels as text to follow the ensemble's name, each only where it is not the default."""
        blocks = ", labels by blocks" if self.labels == "blocks" else ""
        return f"{f', gap {self.gap}' if self.gap else ''}{blocks}"

    @property
    def rule(self) -> str:
        """What makes the label, as text."""
        if self.labels == "blocks":
            return "y = +1 where both pixels share a block of xi sites, else -1"
        return "y = sign(xi - d), the tie d = xi is -1"

    def distance(self, first: int, second: int) -> int:
        """Return the periodic distance of two sites."""
        apart = (second - first) % self.length
        return min(apart, self.length - apart)

    def label(self, distance: int) -> int:
        """Return y = +1 for d < xi and -1 for d >= xi (the tie d = xi is -1).

        Raises
        ------
        InputError
            If blocks make the label, as then it depends on where the pair is.
        """
        if self.labels == "blocks":
            raise InputError("label: with labels 'blocks' a distance has no label; ask pair_label(first, second)")
        return self._side(distance)

    def pair_label(self, first: int, second: int) -> int:
        """Return the label y of the image with pixels at two sites of the ring."""
        if self.labels == "distance":
            return self._side(self.distance(first, second))
        one, other = (site % self.length // self.scale for site in (first, second))
        return 1 if one == other else -1

    def keeps(self, distance: int) -> bool:
        """Return whether images at this distance are in the ensemble."""
        inside = 1 <= distance <= self.length // 2
        return inside and (distance < self.scale - self.gap or distance >= self.scale + self.gap)

    def pair_count(self, distance: int) -> int:
        """Return the number of unordered pairs of sites at this distance: l, or l/2 for d = l/2."""
        return self.length // 2 if 2 * distance == self.length else self.length

    def probability(self, distance: int) -> Fraction:
        """Return the probability that an image of the ensemble has this distance; O(1)."""
        if not self.keeps(distance):
            return Fraction(0)
        if self.period > 1:
            together = self.length // self.scale * max(self.scale - distance, 0)
            apart = self.pair_count(distance) - together
            return together * self._class_weight(1) + apart * self._class_weight(-1)
        return self._class_weight(self._side(distance)) * self._count(distance)

    def pair_probability(self, first: int, second: int) -> Fraction:
        """Return the probability of the image with pixels at two sites; O(1)."""
        distance = self.distance(first, second)
        if self.period > 1 and self.keeps(distance):
            return self._class_weight(self.pair_label(first, second))
        return self.probability(distance) / self.pair_count(max(distance, 1))

    @cached_property
    def distance_law(self) -> dict[int, Fraction]:
        """The probability of every distance that the ensemble keeps; costs O(l)."""
        return {d: self.probability(d) for d in range(1, self.length // 2 + 1) if self.keeps(d)}

    def pairs(self) -> Iterator[tuple[int, int, Fraction]]:
        """Yield every image as sites (i, j), with j = i + d around the ring, and its probability; l(l-1)/2 items."""
        for distance, weight in self.distance_law.items():
            count = self.pair_count(distance)
            for first in range(count):
                second = (first + distance) % self.length
                yield first, second, self.pair_probability(first, second) if self.period > 1 else weight / count

    def images(self) -> tuple[np.ndarray, list[Fraction]]:
        """Return all images, an integer array of shape (n, l), and their n exact probabilities."""
        pairs = list(self.pairs())
        images = np.stack([self.image(i, j) for i, j, _ in pairs])
        return images, [weight for _, _, weight in pairs]

    def image(self, first: int, second: int) -> np.ndarray:
        """Return the image with pixels at two sites, an integer array of shape (l,)."""
        image = np.zeros(self.length, dtype=np.int64)
        image[first % self.length] += 1
        image[second % self.length] += 1
        return image

    def _side(self, distance: int) -> int:
        return 1 if distance < self.scale else -1

    def _count(self, distance: int) -> int:
        return 1 if self.distances == "flat" else self.pair_count(distance)

    def _class_weight(self, label: int) -> Fraction:
        """Return the weight of one pair (of one distance for `flat`) of a class."""
        total = self._class_total(label)
        if self.distances == "balanced":
            return Fraction(1, 2 * total)
        return Fraction(1, total + self._class_total(-label))

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
