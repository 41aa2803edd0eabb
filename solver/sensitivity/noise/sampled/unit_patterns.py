"""What one unit of a layer sees of the images of an ensemble, and how often: all that its noise response depends on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import permutations, product
from math import prod

import numpy as np

from solver.network.network import Network
from solver.network.representatives import noise_representatives
from solver.question.lattice import coordinates
from solver.question.pairs import Task

Places = tuple[tuple[int, ...], ...]
"""Where in a unit's receptive field the pixels are, in order."""


@dataclass(frozen=True)
class UnitPatterns:
    """The distinct patterns under the receptive field of the units of a layer.

    A sum over the units of a layer, averaged over the ensemble, is the sum over patterns of ``counts`` times what one
    unit has, as the noise is alike at every site.

    Attributes
    ----------
    images : array of shape (patterns, *receptive field)
        The first is empty.
    counts : array of shape (patterns,)
        The mean number of units of a channel that see each; they sum to the sites of the layer.
    """

    images: np.ndarray
    counts: np.ndarray


@lru_cache(maxsize=32)
def unit_patterns(network: Network, task: Task, layer: int) -> UnitPatterns:
    """Return the patterns that a unit of a layer sees, whose receptive field fits on the ring or the frame.

    Where every filter is its own mirror image, so are the patterns.  Costs a step for each unit that sees a pixel of
    a representing image.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> task = TwoPixelTask(length=32, scale=7)
    >>> seen = unit_patterns(construct("shift", task), task, 1)
    >>> [len(seen.images), round(float(seen.counts.sum()), 9)]
    [7, 32.0]
    """
    lowest = network.lowest(layer)
    ring = noise_representatives(lowest, task)
    size, stride, axes = network.receptive_field(layer), network.total_stride(layer), network.axes
    offset = sum(each.first_offset * network.total_stride(k) for k, each in enumerate(network.layers[:layer]))
    units = prod(n // stride for n in ring.shape)
    counts: dict[Places, Fraction] = defaultdict(Fraction, {(): ring.stretch * units})
    for image, (_, _, weight) in zip(ring.images, ring.pairs, strict=True):
        seen: dict[tuple[int, ...], list[tuple[int, ...]]] = defaultdict(list)
        for site in image:
            for unit, place in _views(coordinates(site, ring.shape), ring.shape, size, stride, offset):
                seen[unit].append(place)
        for places in seen.values():
            counts[_folded(places, size) if lowest.is_symmetric else tuple(sorted(places))] += weight
        counts[()] += weight * (units - len(seen))
    images = np.zeros((len(counts), *[size] * axes))
    for row, pattern in zip(images, counts, strict=True):
        for place in pattern:
            row[place] = 1
    return UnitPatterns(images, np.array([float(count) for count in counts.values()]))


def _views(
    site: tuple[int, ...], shape: tuple[int, ...], size: int, stride: int, offset: int
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Yield each unit that sees a site, and where in its receptive field, which has no more sites than the ring."""
    for place in product(range(size), repeat=len(shape)):
        first = [(s - offset - p) % n for s, p, n in zip(site, place, shape, strict=True)]
        if not any(f % stride for f in first):
            yield tuple(f // stride for f in first), place


def _folded(places: list[tuple[int, ...]], size: int) -> Places:
    """Return the one pattern that stands for a pattern, its reflections and, on a frame, their transposes."""
    turned = []
    for flips in product((False, True), repeat=len(places[0])):
        for order in permutations(range(len(flips))):
            moved = ([size - 1 - p if flip else p for p, flip in zip(at, flips, strict=True)] for at in places)
            turned.append(tuple(sorted(tuple(at[axis] for axis in order) for at in moved)))
    return min(turned)
