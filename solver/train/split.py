"""Which images are trained on and which are left to test: drawn from the task's images, exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from random import Random

from solver.errors import InputError
from solver.question.task import TwoPixelTask
from solver.train.training import Training

Pair = tuple[int, int]


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

    train: tuple[Pair, ...]
    test: tuple[Pair, ...]
    label: dict[Pair, int]
    weight: dict[Pair, Fraction]


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
    train: list[Pair] = []
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


def image_groups(task: TwoPixelTask) -> dict[str, list[Pair]]:
    """Return the groups of images that carry equal weight in the task's ensemble, by a name for each."""
    kept = [pair for pair in combinations(range(task.length), 2) if task.keeps(task.distance(*pair))]
    name: Callable[[Pair], str] = {
        "pairs": lambda pair: "the ensemble",
        "balanced": lambda pair: f"label {task.pair_label(*pair):+d}",
        "flat": lambda pair: f"distance {task.distance(*pair)}",
    }[task.distances]
    groups: dict[str, list[Pair]] = {}
    for pair in kept:
        groups.setdefault(name(pair), []).append(pair)
    return groups


def error_probability(split: Split, pairs: Iterable[Pair], wrong: Iterable[Pair]) -> Fraction | None:
    """Return the probability of the wrong ones among these images, in the ensemble; None if there are no images."""
    total = sum((split.weight[pair] for pair in pairs), Fraction(0))
    return sum((split.weight[pair] for pair in wrong), Fraction(0)) / total if total else None
