"""The moments of every layer from one image for each distance that the network can tell apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from fractions import Fraction
from operator import mul
from typing import Any

import numpy as np

from solver.network.linearity import dense_images
from solver.network.network import Network
from solver.network.representatives import network_representatives
from solver.network.trace import Activation, activations
from solver.numbers.exact import Exact
from solver.numbers.product import product
from solver.question.deformation import Deformation
from solver.question.ensemble import Representatives, network_phases
from solver.question.pairs import Task
from solver.sensitivity.deformation.moments import PairMoments
from solver.sensitivity.response.by_displacement import readouts

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
    maps = activations(network, dense_images(moves.images, ring.shape))
    found = []
    for k, a in enumerate(maps):
        if only is None or k in only:
            found.append(_moments(moves, a.channel_sum() if channel_mean else a, network.total_stride(k)))
        else:
            found.append(PairMoments(Fraction(0), Fraction(0)))
    f = readouts(network, maps[-1], ring)
    mean = _mean([f[n] for n in moves.plain], moves.weights)
    change = _mean([(f[after] - f[before]) ** 2 for before, after in moves.probabilities], moves.probabilities.values())
    return [*found, PairMoments(change, 2 * _mean([(f[n] - mean) ** 2 for n in moves.plain], moves.weights))]


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
    period = network_phases(stride, moves.task)  # of the mean map, in pixels
    mean = product(np.array([moves.weights], dtype=object), deviation.site_sums(period // stride))[0]
    square = sum(m * m for m in mean) * Fraction(period, moves.task.sites)
    spread = 2 * (_mean(deviation.squared_norms(), moves.weights) - square)
    return PairMoments(_mean(_squared_steps(a, list(moves.probabilities)), moves.probabilities.values()), spread)


def _squared_steps(a: Activation, moves: list[tuple[int, int]]) -> Iterator[Any]:
    """Yield ||a(after) - a(before)||^2 of each move, some ten megabytes of maps at a time."""
    size = max(1, _ENTRIES // a.values[0].size)
    for chunk in (slice(i, i + size) for i in range(0, len(moves), size)):
        before, after = np.array(moves[chunk]).T
        yield from (a[after] - a[before]).squared_norms()


def _mean(values: Iterable[Exact], weights: Iterable[Fraction]) -> Exact:
    return sum(map(mul, values, weights), Fraction(0))
