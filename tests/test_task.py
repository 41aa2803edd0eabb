"""The task: exact probabilities of its images, against counting pairs one by one."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import tasks

from solver import TwoPixelTask


def counted_law(task: TwoPixelTask) -> dict[int, Fraction]:
    """The law of the distance, by listing all pairs of sites."""
    distances = Counter(min(j - i, task.length - j + i) for i, j in combinations(range(task.length), 2))
    low, high = task.scale - task.gap, task.scale + task.gap
    kept = {d: n for d, n in distances.items() if d < low or d >= high}
    if task.distances == "flat":
        kept = dict.fromkeys(kept, 1)
    total = {y: sum(n for d, n in kept.items() if (d < task.scale) == y) for y in (True, False)}
    if task.distances == "balanced":
        return {d: Fraction(n, 2 * total[d < task.scale]) for d, n in kept.items()}
    return {d: Fraction(n, sum(total.values())) for d, n in kept.items()}


@given(tasks(lengths=st.integers(4, 40)))
def test_distance_law_equals_counting(task: TwoPixelTask) -> None:
    assert task.distance_law == counted_law(task)


@given(tasks(lengths=st.integers(4, 40)))
def test_probabilities_sum_to_one(task: TwoPixelTask) -> None:
    assert sum(task.distance_law.values()) == 1
    assert sum(weight for _, _, weight in task.pairs()) == 1


@given(tasks())
def test_every_image_comes_once_with_its_weight(task: TwoPixelTask) -> None:
    images, weights = task.images()
    pairs = {frozenset(np.flatnonzero(image).tolist()): w for image, w in zip(images, weights, strict=True)}
    law, count = counted_law(task), Counter()
    everything = [frozenset(pair) for pair in combinations(range(task.length), 2)]
    distance = {p: min(max(p) - min(p), task.length - max(p) + min(p)) for p in everything}
    count.update(distance.values())
    assert pairs == {p: law[d] / count[d] for p, d in distance.items() if d in law}
    assert len(pairs) == len(images) and np.all(images.sum(axis=1) == 2)


@given(tasks())
def test_second_pixel_lies_at_plus_d(task: TwoPixelTask) -> None:
    distances = [(j - i) % task.length for i, j, _ in task.pairs()]
    assert all(2 * d <= task.length and task.keeps(d) for d in distances)


def test_probability_outside_the_ensemble_is_zero() -> None:
    task = TwoPixelTask(length=32, scale=7, gap=2)
    assert [d for d in range(-2, 40) if task.probability(d) == 0] == [-2, -1, 0, 5, 6, 7, 8, *range(17, 40)]


@pytest.mark.parametrize("length", [14, 15, 32, 33])
def test_balanced_classes_weigh_one_half(length: int) -> None:
    task = TwoPixelTask(length=length, scale=6, distances="balanced", gap=1)
    assert sum(p for d, p in task.distance_law.items() if task.label(d) == 1) == Fraction(1, 2)


def test_label_counts_of_the_slides() -> None:
    """At l = 32, xi = 7: 6 distances of 32 pairs are close, of 496 pairs in all; the tie d = 7 is -1."""
    task = TwoPixelTask(length=32, scale=7)
    labels = Counter(task.label(min((j - i) % 32, (i - j) % 32)) for i, j, _ in task.pairs())
    assert labels == {1: 192, -1: 304}
    assert (task.label(6), task.label(7)) == (1, -1)


def test_image_wraps_and_adds() -> None:
    task = TwoPixelTask(length=6, scale=2)
    assert task.image(-1, 7).tolist() == [0, 1, 0, 0, 0, 1]
    assert task.image(2, 8).tolist() == [0, 0, 2, 0, 0, 0]


def test_a_huge_ring_costs_nothing() -> None:
    task = TwoPixelTask(length=10**15, scale=7)
    assert task.probability(3) == Fraction(2, 10**15 - 1)
    assert task.probability(10**15 // 2) == Fraction(1, 10**15 - 1)
