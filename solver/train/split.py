"""Which images are trained on and which are left to test, drawn exactly, and how a network does on both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from random import Random
from typing import Any

import numpy as np

from solver.errors import InputError
from solver.network.network import Network
from solver.network.trace import response
from solver.question.task import TwoPixelTask
from solver.train.training import Training

Sites = tuple[int, int]


@dataclass(frozen=True)
class Split:
    """The images of a task, as pairs of sites (i, j), i < j, apart into those trained on and the rest.

    Attributes
    ----------
    train, test : tuple of pairs
        Each in increasing order.
    label : dict
        y of every pair.
    weight : dict
        The probability of every pair in the task's ensemble.
    """

    train: tuple[Sites, ...]
    test: tuple[Sites, ...]
    label: dict[Sites, int]
    weight: dict[Sites, Fraction]


def split(training: Training) -> Split:
    """Return the images of a run.

    P different images are drawn, and every group of the ensemble gives the same number: `pairs` has one group, all
    images; `balanced` has one for each label; `flat` one for each distance.  Where P does not divide evenly, the first
    groups (close before distant) give one image more.

    Raises
    ------
    InputError
        If a group has fewer images than it is to give.
    """
    groups = image_groups(training.task)
    rng = Random(f"training images, seed {training.seed}")
    train: list[Sites] = []
    for n, (name, group) in enumerate(groups.items()):
        wanted = training.images // len(groups) + (n < training.images % len(groups))
        if wanted > len(group):
            raise InputError(f"images: {name} has {len(group)} of them, fewer than the {wanted} to be drawn from it")
        train += rng.sample(group, wanted)
    chosen = set(train)
    every = sorted(pair for group in groups.values() for pair in group)
    return Split(
        train=tuple(sorted(train)),
        test=tuple(pair for pair in every if pair not in chosen),
        label={pair: training.task.pair_label(*pair) for pair in every},
        weight={p: Fraction(1, len(groups) * len(group)) for group in groups.values() for p in group},
    )


def image_groups(task: TwoPixelTask) -> dict[str, list[Sites]]:
    """Return the groups of images that carry equal weight in the task's ensemble, by a name for each."""
    kept = [pair for pair in combinations(range(task.length), 2) if task.keeps(task.distance(*pair))]
    name: Callable[[Sites], str] = {
        "pairs": lambda pair: "the ensemble",
        "balanced": lambda pair: f"label {task.pair_label(*pair):+d}",
        "flat": lambda pair: f"distance {task.distance(*pair)}",
    }[task.distances]
    groups: dict[str, list[Sites]] = {}
    for pair in kept:
        groups.setdefault(name(pair), []).append(pair)
    return groups


@dataclass(frozen=True)
class Errors:
    """How a network does on the images of a run.

    Attributes
    ----------
    train_loss : Fraction
        Mean of max(0, m - y f_p) over the training images.
    train_error, test_error : Fraction or None
        Probability of y f_p <= 0 in the task's ensemble, among the images of each side; None if there are none.
    """

    train_loss: Fraction
    train_error: Fraction | None
    test_error: Fraction | None


def exact_errors(network: Network, length: int, split: Split, margin: Fraction) -> Errors:
    """Return the loss and the errors of a network on a ring; costs a forward pass in exact arithmetic."""
    f = responses_at(network, length, split.label)
    gain = {pair: split.label[pair] * value for pair, value in f.items()}
    loss = sum((max(Fraction(0), margin - gain[pair]) for pair in split.train), Fraction(0))

    def error(pairs: Iterable[Sites]) -> Fraction | None:
        total, wrong = (
            sum((split.weight[pair] for pair in some), Fraction(0))
            for some in (pairs, [pair for pair in pairs if gain[pair] <= 0])
        )
        return wrong / total if total else None

    return Errors(loss / len(split.train), error(split.train), error(split.test))


def responses_at(network: Network, length: int, pairs: Iterable[Sites]) -> dict[Sites, Any]:
    """Return f_p of images with pixels at pairs of sites.

    A shift by the total stride of the layers moves the last maps by one site and leaves f_p alone, so that images are
    evaluated once for all their shifts.
    """
    period = network.total_stride(network.depth)
    first_of = {pair: _shifted_back(pair, period, length) for pair in pairs}
    places = sorted(set(first_of.values()))
    images = np.zeros((len(places), length), dtype=np.int64)
    for row, sites in enumerate(places):
        images[row, list(sites)] = 1
    value = dict(zip(places, response(network, images), strict=True))
    return {pair: value[place] for pair, place in first_of.items()}


def _shifted_back(pair: Sites, period: int, length: int) -> Sites:
    """Return the least of the pairs that shifts by multiples of the period make of one, around the ring."""
    return min((a % period, (a % period + b - a) % length) for a, b in (pair, pair[::-1]))
