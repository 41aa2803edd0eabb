"""The moments of every layer from one image for each distance that the network can tell apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from fractions import Fraction
from math import lcm
from operator import mul

import numpy as np

from solver.network.network import Network
from solver.network.representatives import network_representatives
from solver.network.trace import Activation, dense_images, layer_passes, readouts
from solver.numbers.product import product
from solver.question.deformation import Deformation
from solver.question.ensemble import Representatives
from solver.question.pairs import Task
from solver.sensitivity.deformation.moments import PairMoments

_ENTRIES = 2**20


def distance_moments(
    network: Network,
    task: Task,
    deformation: Deformation,
    *,
    channel_mean: bool = False,
    only: Collection[int] | None = None,
) -> list[PairMoments]:
    """Return the moments of layers 0..depth and of f_p (last), from one image per distance in sight.

    The cost, receptive field^2 * filter entries, does not depend on l: pairs out of each other's sight
    are one class, and sites that see only background drop out of every difference.  With a total
    stride P, it is P l^2 / 2 * filter entries: every phase of every distance.  Equal images run once.

    Parameters
    ----------
    only : collection of int, optional
        The layers that are asked for; the moments of others are 0.
    """
    ring = network_representatives(network, task, deformation)
    moves = _Moves(ring, deformation)
    maps = [a for _, a in layer_passes(network, dense_images(moves.images, ring.shape))]
    found = []
    for k, a in enumerate(maps):
        if only is None or k in only:
            found.append(_moments(moves, a.channel_sum() if channel_mean else a, network.total_stride(k)))
        else:
            found.append(PairMoments(Fraction(0), Fraction(0)))
    f = readouts(network, maps[-1], ring)
    plain, weights = [f[n] for n in moves.plain], moves.weights
    mean = sum(map(mul, plain, weights))
    change = sum(((f[after] - f[before]) ** 2 * p for (before, after), p in moves.probabilities.items()), Fraction(0))
    return [*found, PairMoments(change, 2 * sum((v - mean) ** 2 * w for v, w in zip(plain, weights, strict=True)))]


class _Moves:
    """The images of representing pairs, plain and deformed, each different one once, with the moves between them.

    Attributes
    ----------
    images : list of ``{site: value}``, the empty one first
    plain, weights : list
        The undeformed images, by their number, and the weight of each.
    probabilities : dict of (before, after) to Fraction
    """

    def __init__(self, ring: Representatives, deformation: Deformation) -> None:
        self.task = ring.task
        self.images: list[dict[int, int]] = [{}]
        self.probabilities: defaultdict[tuple[int, int], Fraction] = defaultdict(Fraction)
        self._numbers = {frozenset[tuple[int, int]](): 0}
        self.plain = [self._number(image) for image in ring.images]
        self.weights = [w for _, _, w in ring.pairs]
        for before, pair in zip(self.plain, ring.pairs, strict=True):
            for image, p in ring.outcomes(deformation, pair):
                self.probabilities[before, self._number(image)] += pair[2] * p

    def _number(self, image: dict[int, int]) -> int:
        number = self._numbers.setdefault(frozenset(image.items()), len(self.images))
        if number == len(self.images):
            self.images.append(image)
        return number


def _moments(moves: _Moves, a: Activation, stride: int) -> PairMoments:
    """Return the moments of one layer of a total stride, from its maps of all images."""
    deviation = a[moves.plain] - a[[0]]
    period = lcm(stride, moves.task.period)  # of the mean map, in pixels
    mean = product(np.array([moves.weights], dtype=object), deviation.site_sums(period // stride))[0]
    square = sum(m * m for m in mean) * Fraction(period, moves.task.sites)
    spread = 2 * (sum(map(mul, deviation.squared_norms(), moves.weights)) - square)
    pairs, size = list(moves.probabilities), max(1, _ENTRIES // a.values[0].size)
    parts = (np.array(pairs[i : i + size]).T for i in range(0, len(pairs), size))  # some ten megabytes of maps each
    steps = (n for before, after in parts for n in (a[after] - a[before]).squared_norms())
    return PairMoments(sum(map(mul, steps, moves.probabilities.values())), spread)
