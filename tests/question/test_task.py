"""The task: exact probabilities of its images, against counting pairs one by one."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver import InputError, TwoPixelTask
from tests.strategies import tasks


def counted_images(task: TwoPixelTask) -> dict[frozenset[int], Fraction]:
    """The probability of every image, by listing all pairs of sites."""
    distance = {frozenset(p): min(p[1] - p[0], task.length - p[1] + p[0]) for p in combinations(range(task.length), 2)}
    kept = {p: d for p, d in distance.items() if d < task.scale - task.gap or d >= task.scale + task.gap}
    count = Counter(kept.values())
    if task.distances == "flat":
        return {p: Fraction(1, count[d] * len(count)) for p, d in kept.items()}
    if task.distances == "pairs":
        return dict.fromkeys(kept, Fraction(1, len(kept)))
    close = {p: d < task.scale for p, d in kept.items()}
    if task.labels == "blocks":
        close = {p: len({site // task.scale for site in p}) == 1 for p in kept}
    total = Counter(close.values())
    return {p: Fraction(1, 2 * total[y]) for p, y in close.items()}


def counted_law(task: TwoPixelTask) -> dict[int, Fraction]:
    """The law of the distance, by adding up images."""
    law: dict[int, Fraction] = Counter()
    for (i, j), weight in ((sorted(p), w) for p, w in counted_images(task).items()):
        law[min(j - i, task.length - j + i)] += weight
    return law


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
    assert pairs == counted_images(task)
    assert len(pairs) == len(images) and np.all(images.sum(axis=1) == 2)
    assert pairs == {p: task.pair_probability(*p) for p in pairs}


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


def test_blocks_label_pairs_by_the_block_they_share() -> None:
    task = TwoPixelTask(length=32, scale=8, labels="blocks")
    assert [task.pair_label(*p) for p in ((0, 7), (7, 8), (31, 0), (-1, 24), (8, 47))] == [1, -1, -1, 1, 1]
    labels = Counter(task.pair_label(i, j) for i, j, _ in task.pairs())
    assert labels == {1: 4 * 28, -1: 496 - 4 * 28}


def test_labels_by_distance_do_not_ask_where_a_pair_is() -> None:
    task = TwoPixelTask(length=32, scale=7)
    assert [task.pair_label(*p) for p in ((0, 6), (6, 0), (31, 5), (0, 7), (3, 28))] == [1, 1, 1, -1, -1]


@pytest.mark.parametrize("length", [16, 24, 32])
def test_balanced_blocks_weigh_one_half(length: int) -> None:
    task = TwoPixelTask(length=length, scale=8, labels="blocks", distances="balanced")
    assert task.period == 8
    assert sum(w for i, j, w in task.pairs() if task.pair_label(i, j) > 0) == Fraction(1, 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": 32, "scale": 7}, "for this length take scale 8 or 4, for this scale take length 28 or 35"),
        ({"length": 13, "scale": 5}, "blocks of 5 sites do not fill a ring of 13; for this scale take length 10 or 15"),
        ({"length": 32, "scale": 8, "gap": 1}, "gap: blocks have no distances to drop"),
    ],
)
def test_blocks_fill_the_ring_and_have_no_gap(options: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        TwoPixelTask(labels="blocks", **options)


def test_a_distance_has_no_label_in_blocks() -> None:
    with pytest.raises(InputError, match=r"ask pair_label\(first, second\)"):
        TwoPixelTask(length=32, scale=8, labels="blocks").label(3)


def test_unknown_labels_are_refused() -> None:
    with pytest.raises(InputError, match="labels: 'squares' is unknown; choose one of distance, blocks"):
        TwoPixelTask(labels="squares")
