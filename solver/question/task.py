"""The two-pixel task: what ring and frame share, and the ring, its scale and labels."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Any, cast

import numpy as np

from solver.errors import InputError, SolverError
from solver.numbers.exact import choice, integer
from solver.question.lattice import Shape, Step, as_step, components, coordinates, site_after

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


def canonical_text(part: Any) -> str:
    """Return the class and every field of a task, a deformation or a noise as JSON text, for keys of caches."""
    return json.dumps([type(part).__qualname__, {f.name: str(getattr(part, f.name)) for f in fields(part) if f.init}])


class Task(ABC):
    """Images of two pixels of value 1 on a periodic lattice, labelled by whether their distance is below the scale.

    A displacement leads from one pixel to the other: a distance 1 <= d <= l/2 on a ring, a vector with one component
    for each axis beyond, of which v and -v are one.
    """

    scale: int
    distances: str
    gap: int

    @property
    @abstractmethod
    def shape(self) -> Shape:
        """The sites along each axis."""

    @property
    @abstractmethod
    def metric(self) -> str:
        """How components of a displacement make a distance; empty on a ring, where there is one."""

    @property
    @abstractmethod
    def labels(self) -> str:
        """What makes the label, of `LABELS`."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where the pixels live, in words."""

    @property
    @abstractmethod
    def place_latex(self) -> str:
        """Where the pixels live, in LaTeX."""

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

    @property
    def axes(self) -> int:
        """The number of axes: 1 on a ring, 2 on a frame."""
        return len(self.shape)

    @property
    def sites(self) -> int:
        """Number of sites, l."""
        return prod(self.shape)

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

    @property
    def tag(self) -> str:
        """The task as the end of a LaTeX label."""
        labels = "" if self.labels == "distance" else f"-{self.labels}"
        metric = f"-{self.metric}" if self.metric else ""
        return f"{self.distances}{labels}{metric}-l{'x'.join(map(str, self.shape))}-xi{self.scale}"

    @property
    def text(self) -> str:
        """Canonical text that names the class and every field, for keys of caches."""
        return canonical_text(self)

    def as_ring(self, name: str, refusal: SolverError | None = None) -> TwoPixelTask:
        """Return the task, for what needs a ring.

        Raises
        ------
        SolverError
            On a frame: the refusal, or an InputError that names what needs a ring.
        """
        if isinstance(self, TwoPixelTask):
            return self
        raise refusal or InputError(f"task: {name} is for rings; expected a TwoPixelTask, got a {type(self).__name__}")

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

    @property
    def shape(self) -> tuple[int]:
        """The sites along each axis, of which there is one."""
        return (self.length,)

    @property
    def metric(self) -> str:
        """Empty: on a ring there is one distance."""
        return ""

    @property
    def place(self) -> str:
        """Where the pixels live, in words."""
        return f"ring of l = {self.length} sites"

    @property
    def place_latex(self) -> str:
        """Where the pixels live, in LaTeX."""
        return rf"$\ell={self.length}$"

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
