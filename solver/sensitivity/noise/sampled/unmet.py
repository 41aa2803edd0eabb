"""What no sample met: pieces of activations that the noise reaches too rarely, and how much they could change.

A sampled mean knows nothing of an event that never happened, and N samples rule it out only down to a probability of
1.15/N (at 68.27 %; 3/N at 95 %).  The events here are units that reach a piece of their activation: the open side of a
ReLU, an end of a hard tanh.  What one unit met, all have met that have the same channel and pre-activation without
noise, and as many samples; what one replicate alone met counts as not met, at twice that probability.  The samples are
those of the network *as met*, which goes on linearly there.  Louder noise meets the pieces; by how much the network and
the network as met then differ, times a bound on the probability, widens the error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from solver.sensitivity.noise.sampled.float_trace import FloatTrace, Trace, shared

RULE_OF_THREE = 3
UNSEEN = 1.148
"""Over N: the most probable that an event is at 68.27 %, the level of one error, if N samples never met it."""
SELDOM = 2
"""Replicates that must meet a piece: one alone tells its size no better than its probability."""
LOUDER = tuple(1.5 * 2**n for n in (0, 0.75, 1.75, 2.75, 3.75, 4.75, 5.75, 6.75))
"""By how much noise is made louder, one after the other, as long as there are pieces that were not met."""
FEWEST, MOST = 16, 64
"""Points of each louder noise."""
LEAST_PROBABILITY = 1e-300
_LARGEST = 1e300

Statistic = tuple[np.ndarray, np.ndarray]
"""What is squared, of shape (images, points), and the changes of units, of shape (units, images, points)."""


@dataclass(frozen=True)
class Unmet:
    """By how much means could change for what was not met, for each image (row 0 is the empty one).

    Attributes
    ----------
    square : array of shape (images,)
        The mean of what is squared.
    moved : array of shape (images, units)
        The mean change of each unit.
    """

    square: np.ndarray
    moved: np.ndarray

    def __add__(self, other: Unmet) -> Unmet:
        return Unmet(self.square + other.square, self.moved + other.moved)


@dataclass(frozen=True)
class LouderNoise:
    """Noise that can be made louder.

    Parameters
    ----------
    draw : callable(points, generator) -> list of arrays of shape (points, sites)
        In parts that fit into memory.
    noisy : callable(noises) -> array
        The images with noises added, as `FloatTrace` takes them.
    gaussian : bool
        Whether what lies far out is as rare as in a Gaussian; else only what N samples rule out is used.
    """

    draw: Callable[[int, np.random.Generator], list[np.ndarray]]
    noisy: Callable[[np.ndarray], np.ndarray]
    gaussian: bool


def unmet_changes(
    trace: FloatTrace,
    noise: LouderNoise,
    kinds: Sequence[np.ndarray],
    met: Sequence[np.ndarray],
    samples: np.ndarray,
    seed: int,
    statistics: Mapping[int, Callable[[Trace], Statistic]],
) -> dict[int, Unmet]:
    """Return by how much what was not met could change the statistics of layers.

    Costs up to 16 passes for each of up to 64 points.  ``kinds`` tell which units are `alike`, ``met`` on which pieces
    each unit was (`FloatTrace.pieces`), ``samples`` how many there were of each image; ``statistics`` of a trace come
    by layer.
    """
    met = shared(kinds, met, samples)
    generator, points = np.random.default_rng([seed, 1]), min(max(int(samples.max()) // 256, FEWEST), MOST)
    probability = np.minimum(SELDOM * UNSEEN / samples, 1)
    found = dict.fromkeys(statistics, Unmet(np.zeros(1), np.zeros((1, 1))))
    for louder in LOUDER:
        if all(each[there].all() for each, there in zip(met, trace.there, strict=True)):
            break
        parts: dict[int, list[list[np.ndarray]]] = {key: [] for key in statistics}
        hits = met
        for eta in noise.draw(points, generator):
            with np.errstate(over="ignore", invalid="ignore"):
                images = noise.noisy(louder * eta)
                plain, as_met = trace(images), trace(images, met)
                for key, of in statistics.items():
                    parts[key].append(_sums(of(plain), of(as_met)))
            hits = trace.pieces(plain, hits)
        found = {key: found[key] + _conditional(part, probability) for key, part in parts.items()}
        met = shared(kinds, hits)
        if noise.gaussian:
            probability = np.minimum(probability, _beyond(louder, points))
    return found


def _sums(plain: Statistic, as_met: Statistic) -> list[np.ndarray]:
    """Return the sums over points of both changes, and at how many points there is any, for each image."""
    square, moved = (
        np.nan_to_num(np.abs(a - b), nan=_LARGEST, posinf=_LARGEST) for a, b in zip(plain, as_met, strict=True)
    )
    happened = (square > 0) | (moved > 0).any(axis=0)
    return [each.sum(axis=-1) for each in (square, moved.swapaxes(0, 1), happened)]


def _conditional(parts: list[list[np.ndarray]], probability: np.ndarray) -> Unmet:
    """Return the change of means if an event of some probability changes as much as where it happened."""
    square, moved, happened = (sum(each) for each in zip(*parts, strict=True))
    share = probability / np.maximum(happened, 1)
    return Unmet(square * share, moved * share[:, None])


def _beyond(louder: float, points: int) -> float:
    """Return a bound on the probability of what so many points of louder noise never met.

    It is rarer there than 3/points, so that it begins a number of louder sigma away.
    """
    from scipy.special import ndtr, ndtri

    return max(float(ndtr(louder * ndtri(min(RULE_OF_THREE / points, 0.5)))), LEAST_PROBABILITY)
