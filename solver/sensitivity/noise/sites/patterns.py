"""What units of independent sites see, by how often they see it, alone and in pairs that share pixels."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from math import prod
from typing import NamedTuple

import numpy as np

from solver.gaussian.sites.piecewise import PiecewiseLinear, slope_ratio
from solver.question.ensemble import Representatives
from solver.sensitivity.noise.sites.units import SiteOffset, SiteUnits

SeenRow = tuple[int, ...]
"""Numbers of kinds of sites, in order."""


class SeenUnit(NamedTuple):
    """A channel, and the kinds of all sites that a unit of it sees."""

    channel: int
    row: SeenRow


class SeenPair(NamedTuple):
    """Two channels, the kinds of the sites that two units share, as one sees them and the other, and of their own."""

    channels: tuple[int, int]
    shared: tuple[tuple[int, int], ...]
    own: tuple[SeenRow, SeenRow]


class SiteKind(NamedTuple):
    """How a pixel is seen, and its value."""

    response: PiecewiseLinear
    pixel: int


@dataclass(frozen=True, eq=False)
class SitePatterns:
    """The units on the ring or frame that represents the ensemble.

    Attributes
    ----------
    units : SiteUnits
    ring : Representatives
    """

    units: SiteUnits
    ring: Representatives

    @cached_property
    def kinds(self) -> list[SiteKind]:
        """All that occur: those of background pixels first, so that sums of them come first."""
        return [SiteKind(g, x) for x in self._pixels for g in self._responses]

    @cached_property
    def _pixels(self) -> list[int]:
        return [0, *sorted({v for image in self.ring.images for v in image.values()} - {0})]

    @cached_property
    def _responses(self) -> list[PiecewiseLinear]:
        return list(dict.fromkeys(g for each in self.units.channels for g in each.responses.values()))

    @cached_property
    def grid(self) -> tuple[int, ...]:
        """Units along each axis."""
        return tuple(n // self.units.stride for n in self.ring.shape)

    @cached_property
    def images(self) -> list[tuple[np.ndarray, Fraction]]:
        """Every image, as the number of each site's value among all values, with its probability."""
        return [(self._numbers(x), w) for x, (_, _, w) in zip(self.ring.images, self.ring.pairs, strict=True)]

    @cached_property
    def background(self) -> np.ndarray:
        """The same without an image: zeros."""
        return self._numbers({})

    def _numbers(self, image: dict[int, int]) -> np.ndarray:
        numbers = np.zeros(prod(self.ring.shape), dtype=np.int64)
        for site, value in image.items():
            numbers[site] = self._pixels.index(value)
        return numbers

    @cached_property
    def _sites(self) -> list[np.ndarray]:
        """The sites that the units of each channel see, of shape (units, offsets)."""
        shape = (-1, prod(self.grid))
        found = [[self._site(o) for o in each.responses] for each in self.units.channels]
        return [np.array(each, dtype=np.int64).reshape(shape if each else (0, shape[1])).T for each in found]

    @cached_property
    def _own(self) -> list[np.ndarray]:
        """Which response each offset of a channel has."""
        places = [[self._responses.index(g) for g in each.responses.values()] for each in self.units.channels]
        return [np.array(each, dtype=np.int64) for each in places]

    def _seen(self, image: np.ndarray, channel: int, units: np.ndarray) -> np.ndarray:
        """Return the kinds of sites that some units of a channel see, of shape (units, offsets)."""
        return np.asarray(image[self._sites[channel][units]] * len(self._responses) + self._own[channel])

    def _touched(self, image: np.ndarray, channel: int) -> np.ndarray:
        """Return whether each unit of a channel sees a pixel."""
        return np.asarray((image[self._sites[channel]] != 0).any(axis=1))

    @cached_property
    def _touching(self) -> list[list[np.ndarray]]:
        """The units of each channel that see a pixel of each image, as truth values."""
        return [[self._touched(image, c) for c in range(len(self._sites))] for image, _ in self.images]

    def _site(self, offset: SiteOffset) -> np.ndarray:
        """Return the site at an offset from each unit."""
        places = np.unravel_index(np.arange(prod(self.grid)), self.grid)
        reached = [p * self.units.stride + o for p, o in zip(places, offset, strict=True)]
        return np.ravel_multi_index(reached, self.ring.shape, mode="wrap")

    def _ahead(self, lag: SiteOffset) -> np.ndarray:
        """Return the unit that is so many units ahead of each."""
        places = np.unravel_index(np.arange(prod(self.grid)), self.grid)
        return np.ravel_multi_index([p + o for p, o in zip(places, lag, strict=True)], self.grid, mode="wrap")

    def alone(self, image: np.ndarray) -> dict[SeenUnit, int]:
        """Return how many units of an image see what."""
        counts: dict[SeenUnit, int] = defaultdict(int)
        for channel in range(len(self._sites)):
            touched = np.flatnonzero(self._touched(image, channel))
            still = tuple(self._seen(self.background, channel, np.zeros(1, dtype=np.int64))[0])
            counts[SeenUnit(channel, tuple(sorted(map(int, still))))] += prod(self.grid) - len(touched)
            if len(touched):
                seen = np.sort(self._seen(image, channel, touched), axis=1)
                rows, numbers = np.unique(seen, axis=0, return_counts=True)
                for row, count in zip(rows.tolist(), numbers.tolist(), strict=True):
                    counts[SeenUnit(channel, tuple(row))] += count
        return {unit: count for unit, count in counts.items() if count}

    def lags(self, c: int, d: int) -> list[SiteOffset]:
        """Return how far ahead a unit of channel d can be that shares a pixel with one of channel c."""
        stride, found = self.units.stride, set()
        for one in self.units.channels[c].responses:
            for other in self.units.channels[d].responses:
                steps = [a - b for a, b in zip(one, other, strict=True)]
                if all(step % stride == 0 for step in steps):
                    found.add(tuple(step // stride % n for step, n in zip(steps, self.grid, strict=True)))
        return sorted(found)

    @cached_property
    def wraps(self) -> bool:
        """Whether a window meets itself around the ring."""
        return any(len(set(map(self._number, each.responses))) < len(each.responses) for each in self.units.channels)

    def shared(self, c: int, d: int, lag: SiteOffset) -> list[tuple[int, int]]:
        """Return which sites units (c, p) and (d, p + lag) share, as numbers of their offsets."""
        shift = tuple(step * self.units.stride for step in lag)
        moved = [tuple(a + b for a, b in zip(o, shift, strict=True)) for o in self.units.channels[d].responses]
        there = {self._number(o): j for j, o in enumerate(moved)}
        here = [self._number(o) for o in self.units.channels[c].responses]
        return [(i, there[site]) for i, site in enumerate(here) if site in there]

    def is_alike(self, c: int, d: int, lag: SiteOffset) -> bool:
        """Return whether two units share one site, or one's response to all that they share is a multiple."""
        ours, theirs = ([*self.units.channels[n].responses.values()] for n in (c, d))
        ratios = {slope_ratio(ours[i], theirs[j]) for i, j in set(self.shared(c, d, lag))}
        return len(self.shared(c, d, lag)) <= 1 or (len(ratios) == 1 and None not in ratios)

    def pairs(self, c: int, d: int, lag: SiteOffset) -> dict[SeenPair, Fraction]:
        """Return how often units (c, p) and (d, p + lag) see what, on average over the images."""
        shared = self.shared(c, d, lag)
        mine, theirs = (
            [n for n in range(len(self.units.channels[channel].responses)) if n not in {both[side] for both in shared}]
            for side, channel in enumerate((c, d))
        )
        split = partial(self._split, shared=shared, mine=mine, theirs=theirs, channels=(c, d))
        ahead, units, first = self._ahead(lag), prod(self.grid), np.zeros(1, dtype=np.int64)
        (still,) = split(self._seen(self.background, c, first), self._seen(self.background, d, first))
        counts: dict[SeenPair, Fraction] = defaultdict(Fraction, {still: self.ring.stretch * units})
        for weight, numbers in self._by_weight.items():
            here, there = [], []
            for n in numbers:
                image, touching = self.images[n][0], self._touching[n]
                rows = np.flatnonzero(touching[c] | touching[d][ahead])
                here.append(self._seen(image, c, rows))
                there.append(self._seen(image, d, ahead[rows]))
            one, other = np.concatenate(here), np.concatenate(there)
            counts[still] += weight * (units * len(numbers) - len(one))
            for pair, count in split(one, other).items():
                counts[pair] += weight * count
        return {pair: weight for pair, weight in counts.items() if weight}

    @cached_property
    def _by_weight(self) -> dict[Fraction, list[int]]:
        """The images of each probability."""
        numbers: dict[Fraction, list[int]] = defaultdict(list)
        for n, (_, weight) in enumerate(self.images):
            numbers[weight].append(n)
        return numbers

    def _number(self, offset: SiteOffset) -> int:
        return int(np.ravel_multi_index(offset, self.ring.shape, mode="wrap"))

    def _split(
        self,
        one: np.ndarray,
        other: np.ndarray,
        shared: list[tuple[int, int]],
        mine: list[int],
        theirs: list[int],
        channels: tuple[int, int],
    ) -> dict[SeenPair, int]:
        """Return what pairs of units see, and how many do; a pair and its exchange are one."""
        found: dict[SeenPair, int] = defaultdict(int)
        if not len(one):
            return found
        codes = one[:, [i for i, _ in shared]] * len(self.kinds) + other[:, [j for _, j in shared]]
        blocks = [_occurrences(part) for part in (codes, one[:, mine], other[:, theirs])]
        rows, numbers = np.unique(np.concatenate([each for _, each in blocks], axis=1), axis=0, return_counts=True)
        ends = np.cumsum([0, *(len(values) for values, _ in blocks)])
        for row, count in zip(rows, numbers.tolist(), strict=True):
            seen = [
                np.repeat(values, row[start:end]).tolist()
                for (values, _), start, end in zip(blocks, ends, ends[1:], strict=False)
            ]
            together = tuple(divmod(code, len(self.kinds)) for code in seen[0])
            left, right = tuple(seen[1]), tuple(seen[2])
            exchanged = tuple(sorted((b, a) for a, b in together))
            pair = SeenPair(channels, tuple(sorted(together)), (left, right))
            found[min(pair, SeenPair(channels[::-1], exchanged, (right, left)))] += count
        return found


def _occurrences(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers that occur, in order, and how often each does in each row."""
    values = np.unique(rows)
    return values, np.array([(rows == v).sum(axis=1) for v in values], dtype=np.int64).reshape(len(values), len(rows)).T
