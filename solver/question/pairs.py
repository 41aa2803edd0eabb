"""Pairs of pixels on a periodic lattice: the task that ring and frame share, and the probabilities of its images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from solver.errors import InputError
from solver.question.lattice import Shape, Step, as_step, components, coordinates, site_after

if TYPE_CHECKING:
    from solver.question.task import TwoPixelTask

ENSEMBLES = {
    "pairs": "every unordered pair of sites equally likely",
    "balanced": "each class carries weight 1/2, uniform over its pairs",
    "flat": "every distance equally likely",
}

LABELS = {
    "distance": "Task 1: y = +1 where the distance is below the scale",
    "blocks": "Task 2: y = +1 where both pixels share a block; block n holds the sites n xi .. (n+1) xi - 1",
}


class Task(ABC):
    """Images of two pixels of value 1 on a periodic lattice, labelled by whether their distance is below the scale.

    A displacement leads from one pixel to the other: a distance 1 <= d <= l/2 on a ring, a vector with one component
    for each axis beyond, of which v and -v are one.

    Attributes
    ----------
    scale, gap : int
    distances, labels : str
        The ensemble, of `ENSEMBLES`, and what makes the label, of `LABELS`.
    shape : tuple of int
        The sites along each axis.
    axes, sites : int
        1 on a ring, 2 on a frame; the number of sites, l.
    metric : str
        How components of a displacement make a distance; empty on a ring, where there is one.
    period : int
        The translation that leaves the ensemble as it is: xi for balanced blocks, else 1.
    place, place_latex : str
        Where the pixels live, in words and in LaTeX.
    details : str
        The gap and the labels as text to follow the ensemble's name, each only where it is not the default.
    rule : str
        What makes the label, in words.
    tag : str
        The task as the end of a LaTeX label.
    """

    scale: int
    gap: int
    distances: str
    labels: str
    shape: Shape
    axes: int
    sites: int
    metric: str
    period: int
    place: str
    place_latex: str
    details: str
    rule: str
    tag: str

    def _describe(self, shape: Shape, labels: str, metric: str) -> None:
        """Set what follows from the fields."""
        blocks = labels == "blocks"
        kind = f"{self.distances}{'-blocks' * blocks}{metric and f'-{metric}'}"
        vars(self).update(
            axes=len(shape),
            sites=prod(shape),
            period=self.scale if blocks and self.distances == "balanced" else 1,
            details=f"{f', gap {self.gap}' if self.gap else ''}{', labels by blocks' * blocks}",
            rule="y = +1 where both pixels share a block of xi sites, else -1"
            if blocks
            else "y = sign(xi - d), the tie d = xi is -1",
            tag=f"{kind}-l{'x'.join(map(str, shape))}-xi{self.scale}",
        )

    @property
    @abstractmethod
    def head(self) -> dict[str, Any]:
        """The task as the object that JSON holds: every number is text."""

    @property
    @abstractmethod
    def everywhere(self) -> Task:
        """The task on the same sites with every pair of sites equally likely."""

    @abstractmethod
    def displacements(self) -> Iterable[Step]:
        """Return every displacement of two pixels, one of v and -v."""

    @abstractmethod
    def _class_total(self, label: int) -> int:
        """Return the number of pairs of a class, or of its distances for `flat`."""

    @abstractmethod
    def _pairs_as_far(self, step: Step) -> int:
        """Return the number of pairs of sites at the same distance."""

    def no_ring(self, name: str, instead: str = "expected a TwoPixelTask") -> str | None:
        """Return why something that is for rings does not apply to this task; None on a ring."""
        return None if self.axes == 1 else f"task: {name} is for rings, got a {type(self).__name__}; {instead}"

    def as_ring(self, name: str) -> TwoPixelTask:
        """Return the task, for what needs a ring.

        Raises
        ------
        InputError
            On a frame, as `no_ring` says.
        """
        if why := self.no_ring(name):
            raise InputError(why)
        return cast("TwoPixelTask", self)

    def components(self, step: Step) -> Shape:
        """Return the periodic lengths of a displacement along each axis: d on a ring, (d_1, d_2) on a frame."""
        return tuple(min(v % n, -v % n) for v, n in zip(components(step), self.shape, strict=True))

    def distance(self, first: int, second: int) -> Step:
        """Return the periodic distance of two sites, along each axis of a frame."""
        places = zip(coordinates(first, self.shape), coordinates(second, self.shape), strict=True)
        return as_step(self.components(tuple(j - i for i, j in places)))

    def square(self, step: Step) -> int:
        """Return the squared distance of two pixels at this displacement, in the task's metric."""
        parts = [d * d for d in self.components(step)]
        return sum(parts) if self.metric == "l2" else max(parts)

    def label(self, step: Step) -> int:
        """Return y = +1 where the distance is below xi and -1 elsewhere (the tie is -1).

        Raises
        ------
        InputError
            If blocks make the label, as then it depends on where the pair is.
        """
        if self.labels == "blocks":
            raise InputError("label: with labels 'blocks' a distance has no label; ask pair_label(first, second)")
        return 1 if self.square(step) < self.scale**2 else -1

    def pair_label(self, first: int, second: int) -> int:
        """Return the label y of the image with pixels at two sites."""
        if self.labels == "distance":
            return self.label(self.distance(first, second))
        one, other = (site % self.sites // self.scale for site in (first, second))
        return 1 if one == other else -1

    def keeps(self, step: Step) -> bool:
        """Return whether images at this displacement are in the ensemble."""
        if self.axes == 1 and components(step) != self.components(step):
            return False  # a distance on a ring is at most l/2
        square = self.square(step)
        return 0 < square < (self.scale - self.gap) ** 2 or square >= (self.scale + self.gap) ** 2

    def pair_count(self, step: Step) -> int:
        """Return the number of unordered pairs of sites at +-v: l, or half of it where v = -v, as at d = l/2."""
        own_opposite = all(2 * v % n == 0 for v, n in zip(components(step), self.shape, strict=True))
        return self.sites // 2 if own_opposite else self.sites

    def probability(self, step: Step) -> Fraction:
        """Return the probability that the pixels of an image lie at this displacement, or its opposite; O(1)."""
        if not self.keeps(step):
            return Fraction(0)
        count = self.pair_count(step)
        together = self._together(step)
        weight = together * self._class_weights[1] + (count - together) * self._class_weights[-1]
        return weight / self._pairs_as_far(step) if self.distances == "flat" else weight

    def pair_probability(self, first: int, second: int) -> Fraction:
        """Return the probability of the image with pixels at two sites; O(1)."""
        step = self.distance(first, second)
        if self.period > 1 and self.keeps(step):
            return self._class_weights[self.pair_label(first, second)]
        return self.probability(step) / self.pair_count(step)

    @cached_property
    def displacement_law(self) -> dict[Step, Fraction]:
        """The probability of every displacement that the ensemble keeps; costs O(sites)."""
        return {v: self.probability(v) for v in self.displacements() if self.keeps(v)}

    def pairs(self) -> Iterator[tuple[int, int, Fraction]]:
        """Yield every image as sites (i, j), with j = i + d, and its probability; at most l(l-1)/2 items.

        Sites of a frame are numbered row by row.
        """
        for step, weight in self.displacement_law.items():
            count = self.pair_count(step)
            for first in range(self.sites):
                second = site_after(first, step, self.shape)
                if count == self.sites or first < second:
                    yield first, second, self.pair_probability(first, second) if self.period > 1 else weight / count

    def images(self) -> tuple[np.ndarray, list[Fraction]]:
        """Return all images, an integer array of shape (n, l) or (n, rows, columns), and their n probabilities."""
        pairs = list(self.pairs())
        images = np.stack([self.image(i, j) for i, j, _ in pairs])
        return images, [weight for _, _, weight in pairs]

    def image(self, first: int, second: int) -> np.ndarray:
        """Return the image with pixels at two sites, an integer array of shape (l,) or (rows, columns)."""
        image = np.zeros(self.sites, dtype=np.int64)
        image[first % self.sites] += 1
        image[second % self.sites] += 1
        return image.reshape(self.shape)

    def _together(self, step: Step) -> int:
        """Return how many of the pairs at this displacement have the label +1."""
        if self.labels == "blocks":
            return self.sites // self.scale * max(self.scale - max(self.components(step)), 0)
        return self.pair_count(step) if self.label(step) > 0 else 0

    @cached_property
    def _class_weights(self) -> dict[int, Fraction]:
        """The weight of one pair (of one distance for `flat`) of each class."""
        totals = {label: self._class_total(label) for label in (1, -1)}
        if self.distances == "balanced":
            return {label: Fraction(1, 2 * total) for label, total in totals.items()}
        return dict.fromkeys(totals, Fraction(1, sum(totals.values())))
