"""A question as it is typed, its images with their weights, and what becomes of each: by enumeration of all pairs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, product
from math import prod
from typing import Any

Pixels = tuple[tuple[int, int], ...]
"""An image: the sites that are not 0, by number, each with its value, in order."""


@dataclass(frozen=True, kw_only=True)
class PlainCase:
    """A task, a deformation and a noise in the words and numbers in which they are asked for (docs/theory.md).

    Nothing is checked: what is asked for was accepted elsewhere.

    Parameters
    ----------
    shape : tuple of int
        The sites along each axis: (l,) for a ring.
    scale, gap : int
    distances, labels, metric, collisions : str
    law : str or mapping
        A name, or probabilities of steps as text or as a mapping.
    energy : rational, or its text, or "exact"
        l sigma^2.
    rectified, channel_mean : bool

    Examples
    --------
    >>> case = PlainCase(shape=(8,), scale=3)
    >>> len(case.weights), case.total_energy, case.variance
    (28, Fraction(52, 21), Fraction(1, 3))
    """

    shape: tuple[int, ...] = (32,)
    scale: int = 7
    distances: str = "pairs"
    gap: int = 0
    labels: str = "distance"
    metric: str = "linf"
    law: Any = "independent"
    collisions: str = "add"
    energy: Any = "8/3"
    rectified: bool = False
    channel_mean: bool = False

    @property
    def sites(self) -> int:
        """The number of sites."""
        return prod(self.shape)

    @cached_property
    def weights(self) -> dict[tuple[int, int], Fraction]:
        """The probability of every image, by its two sites."""
        far = {pair: self._square(*pair) for pair in combinations(range(self.sites), 2)}
        near, edge = (self.scale - self.gap) ** 2, (self.scale + self.gap) ** 2
        kept = {pair: square for pair, square in far.items() if square < near or square >= edge}
        if self.distances == "pairs":
            return {pair: Fraction(1, len(kept)) for pair in kept}
        classes = kept if self.distances == "flat" else {pair: self._label(*pair) for pair in kept}
        sizes = Counter(classes.values())
        return {pair: Fraction(1, len(sizes) * sizes[classes[pair]]) for pair in kept}

    @cached_property
    def moves(self) -> dict[tuple[tuple[int, ...], tuple[int, ...]], Fraction]:
        """The probabilities of the steps of both pixels, one vector each."""
        steps = list(product((-1, 0, 1), repeat=len(self.shape)))
        still = (0,) * len(self.shape)
        near = [v for v in steps if sum(abs(x) for x in v) <= 1]
        named = {
            "independent": [(v, w) for v in steps for w in steps],
            "mirror": [(v, tuple(-x for x in v)) for v in steps],
            "rigid": [(v, v) for v in steps],
            "single": [(v, still) for v in steps] + [(still, v) for v in steps],
            "neighbours": [(v, w) for v in near for w in near],
        }
        if isinstance(self.law, str) and self.law in named:
            drawn = Counter(named[self.law])
            return {move: Fraction(n, drawn.total()) for move, n in drawn.items()}
        return _typed_moves(self.law)

    def outcomes(self, first: int, second: int) -> dict[Pixels, Fraction]:
        """Return every deformed image of a pair, with its probability."""
        found: dict[Pixels, Fraction] = {}
        orders = list(self._orders(first, second))
        for one, other in orders:
            kept = {move: p for move, p in self.moves.items() if not self._rejected(one, other, move)}
            whole = sum(kept.values()) * len(orders)
            for (s, t), p in kept.items():
                image = self._image(self._moved(one, s), self._moved(other, t))
                found[image] = found.get(image, Fraction(0)) + p / whole
        return found

    @cached_property
    def total_energy(self) -> Fraction:
        """<||tau x - x||^2>."""
        total = Fraction(0)
        for pair, weight in self.weights.items():
            for image, p in self.outcomes(*pair).items():
                difference = Counter(dict(image))
                difference.subtract(dict.fromkeys(pair, 1))
                total += weight * p * sum(u * u for u in difference.values())
        return total

    @property
    def apart_energy(self) -> Fraction:
        """The same for pixels far apart: 2 for each of them that moves."""
        return sum((2 * p * (any(s) + any(t)) for (s, t), p in self.moves.items()), Fraction(0))

    @cached_property
    def variance(self) -> Fraction:
        """sigma^2 of each site, before any rectification."""
        return (self.total_energy if self.energy == "exact" else Fraction(self.energy)) / self.sites

    def place(self, site: int) -> tuple[int, ...]:
        """Return where a site is, row by row."""
        found = []
        for n in reversed(self.shape):
            site, here = divmod(site, n)
            found.append(here)
        return tuple(reversed(found))

    def number(self, place: tuple[int, ...]) -> int:
        """Return the number of the site at a place, taken periodically."""
        site = 0
        for x, n in zip(place, self.shape, strict=True):
            site = site * n + x % n
        return site

    def _square(self, first: int, second: int) -> int:
        apart = [abs(x - y) for x, y in zip(self.place(first), self.place(second), strict=True)]
        around = [min(d, n - d) ** 2 for d, n in zip(apart, self.shape, strict=True)]
        return sum(around) if self.metric == "l2" else max(around)

    def _label(self, first: int, second: int) -> int:
        if self.labels == "blocks":
            return 1 if first // self.scale == second // self.scale else -1
        return 1 if self._square(first, second) < self.scale**2 else -1

    def _orders(self, first: int, second: int) -> Iterator[tuple[int, int]]:
        """Yield which pixel the law calls the first: on a ring the one from which the other is at +d, d <= l/2."""
        for one, other in ((first, second), (second, first)):
            if len(self.shape) > 1 or 2 * ((other - one) % self.sites) <= self.sites:
                yield one, other

    def _rejected(self, one: int, other: int, move: Any) -> bool:
        if self.collisions != "reject":
            return False
        if len(self.shape) > 1:
            return self._moved(one, move[0]) == self._moved(other, move[1])
        (s,), (t,) = move
        return not 0 < (other - one) % self.sites + t - s < self.sites

    def _moved(self, site: int, step: tuple[int, ...]) -> int:
        return self.number(tuple(x + v for x, v in zip(self.place(site), step, strict=True)))

    def _image(self, first: int, second: int) -> Pixels:
        if first == second:
            return ((first, 1 if self.collisions == "merge" else 2),)
        return ((min(first, second), 1), (max(first, second), 1))


def _typed_moves(law: Any) -> dict[tuple[tuple[int, ...], tuple[int, ...]], Fraction]:
    """Return the moves of a law given as text, ``t:p`` for each pixel or ``s,t:p`` for both, or as a mapping."""
    if isinstance(law, str):
        entries = (entry.split(":") for entry in re.split(r"[\s;]+", law.strip()))
        law = {tuple(int(t) for t in steps.split(",")): p for steps, p in entries}
    assert isinstance(law, Mapping)
    table = {key if isinstance(key, tuple) else (key,): Fraction(p) for key, p in law.items()}
    if any(len(steps) == 1 for steps in table):
        return {(s, t): p * q for s, p in table.items() for t, q in table.items() if p * q}
    return {((steps[0],), (steps[1],)): p for steps, p in table.items() if p}
