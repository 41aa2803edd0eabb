"""Deformations: outcomes, collision rules worked by hand, energies against enumeration."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

from solver import Deformation, TwoPixelTask, deformation_energy
from solver.question.correlations import difference_correlations, pixel_correlations
from solver.question.deformation import COLLISIONS, deformation_outcomes, far_energy
from tests.cases import Case, of_kind
from tests.strategies import deformations, tasks

THIRD = Fraction(1, 3)


@given(tasks(), deformations())
def test_outcomes_of_every_image_sum_to_one(task: TwoPixelTask, deformation: Deformation) -> None:
    for i, j, _ in task.pairs():
        outcomes = deformation_outcomes(task, deformation, i, j)
        assert sum(p for _, p in outcomes) == 1
        allowed = {1, 2} if deformation.collisions == "merge" else {2}
        assert {int(image.sum()) for image, _ in outcomes} <= allowed


@given(tasks(), deformations())
def test_energy_equals_enumeration(task: TwoPixelTask, deformation: Deformation) -> None:
    assert deformation_energy(task, deformation) == sum(
        weight * p * int(((moved - task.image(i, j)) ** 2).sum())
        for i, j, weight in task.pairs()
        for moved, p in deformation_outcomes(task, deformation, i, j)
    )


@given(tasks(), deformations())
def test_correlations_equal_enumeration(task: TwoPixelTask, deformation: Deformation) -> None:
    lags = range(2 * task.length)
    pixels, differences = [Fraction(0)] * len(lags), [Fraction(0)] * len(lags)
    for i, j, weight in task.pairs():
        x = task.image(i, j)
        for r in lags:
            pixels[r] += weight * int(x @ np.roll(x, r))
        for moved, p in deformation_outcomes(task, deformation, i, j):
            for r in lags:
                differences[r] += weight * p * int((moved - x) @ np.roll(moved - x, r))
    assert pixel_correlations(task, lags[-1]) == pixels
    assert difference_correlations(task, deformation, lags[-1]) == differences


@of_kind("energy")
def test_energy_of_the_default_ensemble(case: Case) -> None:
    law, collisions = case.arguments
    task = TwoPixelTask(length=32, scale=7)
    assert deformation_energy(task, Deformation(law=law, collisions=collisions)) == case.number


@pytest.mark.parametrize("length", [8, 31, 32, 1000, 10**12])
def test_energy_of_pairs_in_closed_form(length: int) -> None:
    task = TwoPixelTask(length=length, scale=4)
    assert deformation_energy(task, Deformation()) == Fraction(8, 3) - Fraction(4, 3 * (length - 1))


@of_kind("pair energy")
def test_energy_of_one_pair(case: Case) -> None:
    distance, collisions = case.arguments
    task = TwoPixelTask(length=12, scale=3)
    outcomes = deformation_outcomes(task, Deformation(collisions=collisions), 5, 5 + distance)
    assert sum(p * int(((y - task.image(5, 5 + distance)) ** 2).sum()) for y, p in outcomes) == case.number


@of_kind("far energy")
def test_far_energy(case: Case) -> None:
    (law,) = case.arguments
    deformation = Deformation(law=law)
    assert far_energy(deformation) == case.number
    outcomes = deformation_outcomes(TwoPixelTask(length=12, scale=3), deformation, 0, 6)
    x = TwoPixelTask(length=12, scale=3).image(0, 6)
    assert sum(p * int(((y - x) ** 2).sum()) for y, p in outcomes) == case.number


@pytest.mark.parametrize(
    ("collisions", "meeting"), [("add", {2: 2}), ("merge", {2: 1}), ("reject", {2: 2})], ids=COLLISIONS
)
def test_where_pixels_meet(collisions: str, meeting: dict[int, int]) -> None:
    deformation = Deformation(collisions=collisions)
    assert deformation.deformed(1, 3, (1, -1), 8) == meeting
    assert deformation.deformed(0, 7, (-1, 1), 8) == {7: 1, 0: 1}


def test_reject_drops_meetings_and_swaps() -> None:
    deformation = Deformation(collisions="reject")
    at_1 = {(-1, -1), (-1, 0), (-1, 1), (0, 0), (0, 1), (1, 1)}
    assert deformation.outcomes(1, 10) == dict.fromkeys(at_1, Fraction(1, 6))
    assert deformation.outcomes(2, 10) == dict.fromkeys(set(Deformation().moves) - {(1, -1)}, Fraction(1, 8))
    assert deformation.outcomes(5, 10) == Deformation().moves


def test_reject_looks_around_the_ring() -> None:
    outcomes = Deformation(collisions="reject").outcomes(2, 4)
    assert set(Deformation().moves) - set(outcomes) == {(1, -1), (-1, 1)}


def test_opposite_pixels_are_read_both_ways() -> None:
    task, law = TwoPixelTask(length=4, scale=2), {(1, 0): 1}
    outcomes = deformation_outcomes(task, Deformation(law=law), 0, 2)
    assert sorted((y.tolist(), p) for y, p in outcomes) == [
        ([0, 1, 1, 0], Fraction(1, 2)),
        ([1, 0, 0, 1], Fraction(1, 2)),
    ]


def test_pair_given_the_long_way_round_is_the_same_pair() -> None:
    task, deformation = TwoPixelTask(length=9, scale=3), Deformation(law={(1, 0): "1/3", (0, 2): "2/3"})
    there, back = (deformation_outcomes(task, deformation, *pair) for pair in ((8, 1), (1, 8)))
    assert sorted((y.tolist(), p) for y, p in there) == sorted((y.tolist(), p) for y, p in back)


def test_names_stand_for_their_joint_laws() -> None:
    steps = (-1, 0, 1)
    assert Deformation().moves == {(s, t): Fraction(1, 9) for s in steps for t in steps}
    assert Deformation(law="mirror").moves == {(-1, 1): THIRD, (0, 0): THIRD, (1, -1): THIRD}
    assert Deformation(law="rigid").moves == {(-1, -1): THIRD, (0, 0): THIRD, (1, 1): THIRD}
    single = Deformation(law="single").moves
    assert single == {(0, 0): THIRD} | dict.fromkeys([(-1, 0), (1, 0), (0, -1), (0, 1)], Fraction(1, 6))


@pytest.mark.parametrize(
    ("text", "mapping"),
    [
        ("-1:1/4 0:1/2 1:1/4", {-1: "1/4", 0: "1/2", 1: "1/4"}),
        ("+3:0.25;0:0.75", {3: Fraction(1, 4), 0: Fraction(3, 4)}),
        ("-1,1:1/2 1,-1:1/2", {(-1, 1): "1/2", (1, -1): "1/2"}),
        ("  0:1  ", {0: 1}),
    ],
)
def test_text_and_mapping_agree(text: str, mapping: dict[object, object]) -> None:
    assert Deformation(law=text).moves == Deformation(law=mapping).moves
    assert Deformation(law=text) == Deformation(law=mapping)


@given(deformations())
def test_name_reads_back_as_the_same_law(deformation: Deformation) -> None:
    again = Deformation(law=deformation.name, collisions=deformation.collisions)
    assert again == deformation and again.moves == deformation.moves
    assert hash(again) == hash(deformation)


def test_law_for_each_pixel_is_the_product_law() -> None:
    moves = Deformation(law={0: "1/4", 2: "3/4"}).moves
    assert moves == {(0, 0): Fraction(1, 16), (0, 2): Fraction(3, 16), (2, 0): Fraction(3, 16), (2, 2): Fraction(9, 16)}


def test_outcomes_of_no_probability_are_dropped() -> None:
    deformation = Deformation(law={0: 1, 7: 0})
    assert deformation.moves == {(0, 0): 1} and deformation.reach == 0
