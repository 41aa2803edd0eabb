"""<||a(tau x) - a(x)||^2> and <||a(x1) - a(x2)||^2> of every layer, over all images and all outcomes, exactly."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np

from solver.brute_force.case import Pixels, PlainCase
from solver.brute_force.passes import plain_maps, plain_readout


@dataclass(frozen=True)
class PlainSquares:
    """What is summed over all images, for layers 0..depth and, last, for f_p.

    Attributes
    ----------
    changes, spreads : list of exact numbers
        The numerators of D, and the denominators of D and G.
    responses : dict
        f_p of every image, by its two sites.
    """

    changes: list[Any]
    spreads: list[Any]
    responses: dict[tuple[int, int], Any]


def plain_squares(network: Any, case: PlainCase) -> PlainSquares:
    """Return the mean squares of a network; costs a forward pass for each different image, plain or deformed."""
    numbers: dict[Pixels, int] = {}
    before = [numbers.setdefault(tuple((site, 1) for site in pair), len(numbers)) for pair in case.weights]
    moved: defaultdict[tuple[int, int], Fraction] = defaultdict(Fraction)
    for (pair, weight), start in zip(case.weights.items(), before, strict=True):
        for image, p in case.outcomes(*pair).items():
            moved[start, numbers.setdefault(image, len(numbers))] += weight * p
    maps = plain_maps(network.layers, dense(list(numbers), case))
    f = plain_readout(network, maps[-1])
    if case.channel_mean:
        maps = [(a.sum(axis=1, keepdims=True), below * a.shape[1]) for a, below in maps]
    rows = [*((a.reshape(len(a), -1), below) for a, below in maps), (f[:, None], 1)]
    weights = list(case.weights.values())
    found = [(_change(a, moved) * Fraction(1, below**2), _spread(a[before], weights, below)) for a, below in rows]
    responses = dict(zip(case.weights, f[before], strict=True))
    return PlainSquares([change for change, _ in found], [spread for _, spread in found], responses)


def dense(images: list[Pixels], case: PlainCase) -> np.ndarray:
    """Return images as an object array of whole numbers, (batch, *sites)."""
    rows = np.zeros((len(images), case.sites), dtype=int).astype(object)
    for row, image in zip(rows, images, strict=True):
        for site, value in image:
            row[site] = value
    return rows.reshape(len(images), *case.shape)


def pair_images(case: PlainCase) -> np.ndarray:
    """Return the undeformed images, in the order of their weights."""
    return dense([tuple((site, 1) for site in pair) for pair in case.weights], case)


def _change(a: np.ndarray, moved: dict[tuple[int, int], Fraction]) -> Any:
    start, end = (np.array(each) for each in zip(*moved, strict=True))
    total: Any = Fraction(0)
    for first in range(0, len(start), 256):
        part = slice(first, first + 256)
        steps = a[end[part]] - a[start[part]]
        total += sum(s * p for s, p in zip((steps * steps).sum(axis=1), list(moved.values())[part], strict=True))
    return total


def _spread(a: np.ndarray, weights: list[Fraction], below: int) -> Any:
    """Return 2 (E||a||^2 - ||E a||^2)."""
    one = lcm(*(w.denominator for w in weights))
    whole = np.array([int(w * one) for w in weights], dtype=object)
    square = ((a * a).sum(axis=1) * whole).sum()
    mean = (a * whole[:, None]).sum(axis=0)
    return 2 * (square * Fraction(1, one) - (mean * mean).sum() * Fraction(1, one * one)) * Fraction(1, below * below)
