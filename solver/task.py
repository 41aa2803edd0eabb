"""The two-pixel task: the ring, its scale and labels, and the exact probabilities of its images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from solver.errors import InputError
from solver.exact import choice, integer

ENSEMBLES = {
    "pairs": "every unordered pair of sites equally likely",
    "balanced": "each class carries weight 1/2, uniform over its pairs",
    "flat": "every distance equally likely",
}


@dataclass(frozen=True, kw_only=True)
class TwoPixelTask:
    """Images of two pixels of value 1 on a periodic ring, labelled by whether their distance is below a scale.

    Parameters
    ----------
    length : int
        Sites of the ring, l >= 4.
    scale : int
        The scale xi, 2 <= xi <= l/2, in pixels; the label is +1 for d < xi and -1 for d >= xi.
    distances : {"pairs", "balanced", "flat"}
        The ensemble: how likely each periodic distance is.
    gap : int
        Keep d < xi - gap as +1 and d >= xi + gap as -1, and drop the distances between.

    Raises
    ------
    InputError
        For values outside these ranges, and when the gap leaves a class without images.

    Examples
    --------
    >>> task = TwoPixelTask(length=32, scale=7)
    >>> sum(task.distance_law.values()) == 1 and len(list(task.pairs())) == 496
    True
    """

    length: int = 32
    scale: int = 7
    distances: str = "pairs"
    gap: int = 0

    def __post_init__(self) -> None:
        for name, least in (("length", 4), ("scale", 2), ("gap", 0)):
            object.__setattr__(self, name, integer(getattr(self, name), name, least))
        if 2 * self.scale > self.length:
            raise InputError(
                f"scale: expected at most half the length ({self.length // 2} for length {self.length}), "
                f"got {self.scale}"
            )
        choice(self.distances, "distances", ENSEMBLES)
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

    def label(self, distance: int) -> int:
        """Return y = +1 for d < xi and -1 for d >= xi (the tie d = xi is -1)."""
        return 1 if distance < self.scale else -1

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
        return self._class_weight(self.label(distance)) * self._count(distance)

    @cached_property
    def distance_law(self) -> dict[int, Fraction]:
        """The probability of every distance that the ensemble keeps; costs O(l)."""
        return {d: self.probability(d) for d in range(1, self.length // 2 + 1) if self.keeps(d)}

    def pairs(self) -> Iterator[tuple[int, int, Fraction]]:
        """Yield every image as sites (i, j), with j = i + d around the ring, and its probability; l(l-1)/2 items."""
        for distance, weight in self.distance_law.items():
            count = self.pair_count(distance)
            for first in range(count):
                yield first, (first + distance) % self.length, weight / count

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

    def _count(self, distance: int) -> int:
        return 1 if self.distances == "flat" else self.pair_count(distance)

    def _class_weight(self, label: int) -> Fraction:
        """Return the weight of one pair (of one distance for `flat`) of a class."""
        total = self._class_total(label)
        if self.distances == "balanced":
            return Fraction(1, 2 * total)
        return Fraction(1, total + self._class_total(-label))

    def _class_total(self, label: int) -> int:
        if label > 0:
            first, last = 1, self.scale - self.gap - 1
        else:
            first, last = self.scale + self.gap, self.length // 2
        count = last - first + 1
        if self.distances == "flat":
            return count
        half = self.length // 2 if self.length % 2 == 0 and first <= self.length // 2 <= last else 0
        return count * self.length - half
