"""Units of independent sites at weak noise: values by both evaluators, at a cost that long rings do not raise."""

from __future__ import annotations

from fractions import Fraction

import pytest
from flint import arb

from solver import GaussianNoise, Layer, Network, TwoPixelTask, construct
from solver.gaussian.balls import midpoint_radius
from solver.gaussian.independent import RectifiedSums
from solver.gaussian.steps.sums import SteppedSums
from solver.sensitivity.noise.ball_sum import BallSum
from solver.sensitivity.noise.route import Evaluation
from solver.sensitivity.noise.routes import chosen_route, noise_responses
from solver.sensitivity.noise.series import MOST_PRODUCTS, SERIES, ball_sum
from solver.sensitivity.question import Question

LENGTHS = (32, 100, 300, 1000, 3000, 10**6)
MOST = 3 * 10**7
"""Operations, about three seconds; the longest series takes hours."""


def question(name: str, length: int, rectified: bool) -> Question:
    task = TwoPixelTask(length=length, scale=7)
    if name == "strided":
        task = TwoPixelTask(length=-(-length // 8) * 8, scale=8)
    return Question(construct(name, task), task, noise=GaussianNoise(rectified=rectified))


def stepped(total: BallSum, digits: int) -> SteppedSums:
    return SteppedSums(total.level, total.working_digits(digits), total.units)


@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize(("name", "length"), [("shift", 16), ("shift", 60), ("strided", 32), ("shift-mixed", 32)])
def test_both_evaluators_agree(name: str, length: int, rectified: bool) -> None:
    """Few digits, so that the steps' errors are large beside those of the series."""
    asked = question(name, length, rectified)
    for layer in [k for k in asked.layers if SERIES.refusal(asked, k) is None and k >= asked.depth]:
        total = ball_sum(asked, layer)
        plain = total.response(RectifiedSums(total.level, 30, total.smallest_scale, total.most_terms))
        for digits in (-2, 3, 10):
            found = total.response(stepped(total, digits))
            for part in ("total", "coherent", "incoherent"):
                assert getattr(found, part).overlaps(getattr(plain, part))


@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("name", ["shift", "strided"])
def test_operations_are_bounded_at_every_length(name: str, rectified: bool) -> None:
    for length in LENGTHS:
        asked = question(name, length, rectified)
        for layer in (asked.depth, asked.depth + 1):
            total = ball_sum(asked, layer)
            sums = stepped(total, 20)
            total.response(sums)
            assert sums.operations <= sums.cost([*total.covariances, *total.differences]) < 2 * MOST
            assert sums.operations < MOST
            assert SERIES.cost(asked, layer) < MOST_PRODUCTS


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("rectified", [False, True])
def test_long_rings_take_the_series_by_themselves(length: int, rectified: bool) -> None:
    for name in ("shift", "strided"):
        asked = question(name, length, rectified)
        routes = [chosen_route(asked, k, Evaluation()).route for k in asked.layers]
        assert routes[-2:] == [SERIES, SERIES]


@pytest.mark.parametrize("digits", [15, 50])
@pytest.mark.parametrize("length", [1000, 10**6])
def test_digits_asked_are_served(length: int, digits: int) -> None:
    response = noise_responses(question("shift", length, False))[-1]
    for part in (response.total, response.coherent, response.incoherent):
        middle, radius = midpoint_radius(part.enclose(digits))  # type: ignore[attr-defined]
        assert 0 < radius * 10**digits < middle


def test_more_digits_lie_within_fewer() -> None:
    total = ball_sum(question("shift", 10**6, False), 4)
    fine = total.enclose_split(40)
    for digits in (1, 5, 15):
        coarse = total.enclose_split(digits)
        assert coarse.total.contains(fine.total) or coarse.total.overlaps(fine.total)
        assert coarse.incoherent.overlaps(fine.incoherent) and coarse.coherent.overlaps(fine.coherent)


@pytest.mark.parametrize("exponent", [20, 60])
def test_vanishing_noise_has_its_limit(exponent: int) -> None:
    """E delta^2 of the last layer is sigma^2 times a constant, but for terms that vanish faster than any power."""
    task, ratios = TwoPixelTask(length=32, scale=7), []
    for inverse in (10**exponent, 10 ** (2 * exponent)):
        asked = Question(construct("shift", task), task, noise=GaussianNoise(energy=Fraction(1, inverse)))
        ratios.append(ball_sum(asked, 3).enclose(20) * inverse)
    assert ratios[0].overlaps(ratios[1])


def test_of_units_that_noise_never_reaches_a_wide_ball_is_left() -> None:
    """At level 3 no pair of pixels and no noise of this size lifts a unit: the sum is below 10^-10^5."""
    layers = [Layer(filters=[[[1, 0, 0]], [[0, 1, 0]], [[0, 0, 1]]]), Layer(filters=[[[1], [1], [1]]], bias=[-3])]
    task = TwoPixelTask(length=10**6, scale=3)
    asked = Question(Network(layers=layers, readout=[1]), task, noise=GaussianNoise())
    assert chosen_route(asked, asked.layers[-1], Evaluation()).route is not SERIES
    left = ball_sum(asked, 2).enclose(10)
    assert left.contains(0) and left.abs_upper() < arb("1e-100")
