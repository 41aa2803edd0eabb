"""The brute force of `solver verify` against known values, oracles and, over random questions, the engine."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from mpmath import mp

from solver import Deformation, FrameTask, GaussianNoise, Layer, Network, TwoPixelTask, construct, sensitivities
from solver.brute_force.case import PlainCase
from solver.brute_force.draws import drawn_parts
from solver.brute_force.frequencies import plain_filter_frequency, plain_kernel_frequency
from solver.brute_force.gaussians import RELATIVE, mean_change, product_change
from solver.brute_force.response import EXACT, PAIRS
from solver.brute_force.squares import plain_squares
from solver.brute_force.table import PlainTable, is_affordable, shorter_case
from solver.network.frequency.content import mean_filter_frequency, mean_kernel_frequency
from solver.question.correlations import deformation_energy
from solver.question.deformation import COLLISIONS, far_energy
from solver.question.laws import LAWS
from solver.question.pairs import ENSEMBLES
from solver.report.documents.checks import agreement
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.quantities import NAMES
from solver.sensitivity.question import Question
from tests.cases import Case, of_kind
from tests.oracles import DIGITS, number, rectified_power, rectified_product
from tests.strategies import deformations, task_networks


def case_of(task: Any, deformation: Deformation | None = None, **rest: Any) -> PlainCase:
    """A task and a deformation in words."""
    names = ("shape", "scale", "gap", "distances", "labels", "metric")
    given = deformation or Deformation()
    return PlainCase(
        law=given.law, collisions=given.collisions, **{name: getattr(task, name) for name in names}, **rest
    )


@of_kind("D")
def test_known_deformations(case: Case) -> None:
    name, layer = case.arguments
    found = known(str(name)).squares
    k = int(str(layer))
    assert found.changes[k] / found.spreads[k] == case.number


@of_kind("G")
def test_known_noise(case: Case) -> None:
    name, layer = case.arguments
    table = known(str(name))
    k = int(str(layer))
    value = float(table.noise[k].total.number) / float(table.squares.spreads[k])
    assert value == pytest.approx(float(case.number), rel=1e-12)


@cache
def known(name: str) -> PlainTable:
    """The table of a construction at l = 32, xi = 7, kept."""
    return PlainTable(construct(name, TwoPixelTask()), PlainCase())


@given(task_networks(), deformations())
def test_mean_squares_equal_the_engine(case: Any, deformation: Deformation) -> None:
    task, network = case
    found = plain_squares(network, case_of(task, deformation))
    moments = distance_moments(network, task, deformation)
    assert found.changes == [each.change for each in moments]
    assert found.spreads == [each.spread for each in moments]


@pytest.mark.parametrize("rectified", [False, True])
def test_channels_are_averaged(rectified: bool) -> None:
    task, noise = TwoPixelTask(length=6, scale=3), GaussianNoise(rectified=rectified)
    filters = [[[1, -1, 0]], [[0, 2, 1]], [[1, 1, 1]]]
    network = Network(layers=[Layer(filters=filters, activation="identity" if rectified else "relu")])
    table = PlainTable(network, case_of(task, rectified=rectified, channel_mean=True))
    found = sensitivities(network, task, noise=noise, channel_mean=True)
    for row, layer in zip(table.rows(), found.layers, strict=True):
        for name, value in layer.values.items():
            assert agreement(name, value, row[name]).passed


def test_a_dead_layer_has_nothing() -> None:
    task = TwoPixelTask(length=6, scale=3)
    network = Network(layers=[Layer(filters=[[[0, 0, 0]]])])
    table, found = PlainTable(network, case_of(task)), sensitivities(network, task)
    assert plain_filter_frequency(network, 1) is None
    for row, layer in list(zip(table.rows(), found.layers, strict=True))[1:]:
        assert all(row[name].number is None and value.kind == "missing" for name, value in layer.values.items())


@given(task_networks(), deformations())
def test_heads_equal_the_engine(case: Any, deformation: Deformation) -> None:
    task, network = case
    typed = case_of(task, deformation, energy="exact")
    assert {pair: task.pair_probability(*pair) for pair in typed.weights} == typed.weights
    assert sum(typed.weights.values()) == 1
    assert typed.total_energy == deformation_energy(task, deformation)
    assert typed.apart_energy == far_energy(deformation)
    for k in range(1, network.depth + 1):
        plain = plain_filter_frequency(network, k), plain_kernel_frequency(network, typed, k)
        if None not in plain:
            assert plain == (mean_filter_frequency(network, k), mean_kernel_frequency(network, k, task.shape))


@pytest.mark.parametrize("metric", ["linf", "l2"])
@pytest.mark.parametrize("distances", ENSEMBLES)
def test_every_image_of_a_frame(metric: str, distances: str) -> None:
    task = FrameTask(shape=(5, 4), scale=2, metric=metric, distances=distances)
    weights = case_of(task).weights
    assert weights == {pair: w for pair in combinations(range(20), 2) if (w := task.pair_probability(*pair))}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("collisions", COLLISIONS)
def test_every_law_on_a_frame(law: str, collisions: str) -> None:
    task, deformation = FrameTask(shape=(4, 4), scale=2), Deformation(law=law, collisions=collisions)
    network, typed = construct("uniform", FrameTask(shape=(6, 6), scale=3)), case_of(task, deformation)
    moments, found = distance_moments(network, task, deformation), plain_squares(network, typed)
    assert typed.total_energy == deformation_energy(task, deformation)
    assert (found.changes, found.spreads) == ([m.change for m in moments], [m.spread for m in moments])


def test_a_frame_has_every_quantity() -> None:
    task = FrameTask(shape=(4, 4), scale=2)
    network = construct("uniform", FrameTask(shape=(6, 6), scale=3))
    rows = list(PlainTable(network, case_of(task, energy="32/9")).rows())
    assert [row["G"].how for row in rows] == [EXACT, PAIRS, PAIRS]
    found = sensitivities(network, task)
    for row, layer in zip(rows, found.layers, strict=True):
        assert set(row) == set(NAMES) == set(layer.values) and row["D"].number == layer.D.exact
        assert float(row["G"].number) == pytest.approx(float(layer.G), rel=1e-9)


GAUSSIANS = [
    (1, 0, "1/4", "1/4", "1/6"), (0, 0, 1, 1, 0), (-2, "1/2", "1/12", "1/3", "-1/9"), (3, -3, 1, 2, "7/5"),
    (1, 1, 2, 2, 2), (1, -1, 2, 2, -2), (1, 2, 1, 4, "199/100"), (1, 1, "1/10000", "1/10000", "1/20000"),
]  # fmt: skip


@pytest.mark.parametrize("gauss", GAUSSIANS)
def test_quadratures_keep_their_bound(gauss: tuple[Any, ...]) -> None:
    m1, m2, v1, v2, c = map(Fraction, gauss)
    with mp.workdps(DIGITS):
        shift = rectified_power(m1, v1, 1) - number(max(m1, Fraction(0)))
        other = rectified_power(m2, v2, 1) - number(max(m2, Fraction(0)))
        both = rectified_product(m1, m2, v1, v2, c)
        expected = both - number(max(m1, Fraction(0))) * (other + number(max(m2, Fraction(0))))
        expected -= number(max(m2, Fraction(0))) * shift
        size = mp.sqrt(number(v1 * v2))
        assert abs(mean_change(float(m1), float(v1)) - shift) <= RELATIVE * mp.sqrt(number(v1)) / 100
        found = product_change(*map(float, (m1, m2, v1, v2, c)))
        assert abs(found - expected) <= RELATIVE * size / 100


@pytest.mark.parametrize("rectified", [False, True])
def test_draws_hold_what_is_closed(rectified: bool) -> None:
    task = TwoPixelTask(length=8, scale=3)
    network, noise = construct("shift", task), GaussianNoise(rectified=rectified)
    drawn = drawn_parts(network, case_of(task, rectified=rectified), [0, 1], 10**5)
    for k in (0, 1):
        closed = closed_response(Question(network, task, noise=noise), k)
        if closed is None:
            continue
        for part, value in vars(drawn[k]).items():
            exact = float(getattr(closed, part))
            assert abs(value.number - exact) < 5 * value.error
            assert value.error < 0.02 * float(closed.total) and value.resolved


def test_what_is_too_rare_is_not_resolved() -> None:
    network = Network(layers=[Layer(filters=[[[10]]], bias=[-5]), Layer(filters=[[[1]]], bias=[-6])])
    table = PlainTable(network, PlainCase(shape=(8,), scale=3, energy="1/200"))
    assert [parts.total.resolved for parts in table.noise] == [True, True, False, False]


def test_a_shorter_ring_fits() -> None:
    task = TwoPixelTask(length=192, scale=8, labels="blocks", distances="balanced")
    network = construct("strided", task)
    shorter = shorter_case(network, case_of(task))
    assert not is_affordable(network, case_of(task)) and shorter is not None and shorter.shape == (24,)
    first, wide = Layer(filters=[[[1] * 3]] * 64), Layer(filters=[[[1] * 3] * 64] * 64)
    assert shorter_case(Network(layers=[first, wide, wide]), PlainCase(shape=(100,), scale=40)) is None


def test_rational_weights_of_any_size_are_exact() -> None:
    task = TwoPixelTask(length=6, scale=2)
    layer = Layer(filters=[[["1/3", "-2/7", 10**30]]], bias=["1/11"], activation="hardtanh")
    network = Network(layers=[layer, Layer(filters=[[["1/5", 1]]], stride=2)], readout=["3/7"], constant=1)
    found, moments = plain_squares(network, case_of(task)), distance_moments(network, task, Deformation())
    assert (found.changes, found.spreads) == ([m.change for m in moments], [m.spread for m in moments])
