"""The errors that the transfer operator states, where they are large and where they are small, hold the difference."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from solver import GaussianNoise, Layer, Network, TwoPixelTask
from solver.gaussian.chains.coupled_chains import ChainResolution, CoupledChains
from solver.gaussian.chains.truncation import neglected
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.route import Evaluation, Route
from solver.sensitivity.noise.transfer.layer import LAYER_TRANSFER
from solver.sensitivity.noise.transfer.output import OUTPUT_TRANSFER
from solver.sensitivity.noise.transfer.rectified_input import INPUT_TRANSFER
from solver.sensitivity.noise.transfer.windows import EqualWindows
from solver.sensitivity.question import Question
from solver.values import NumericValue
from tests.sensitivity.noise.transfer.nested import Ring, Unit, change, law

LENGTH = 8
TASK = TwoPixelTask(length=LENGTH, scale=3)
ORACLE = 1e-9
"""The relative error of the quadrature, and the size of what it cannot see beyond its reach."""
DEAREST = 5e8


def eighths(low: int, high: int) -> st.SearchStrategy[Fraction]:
    return st.integers(low, high).map(lambda n: Fraction(n, 8))


def either_sign(low: int, high: int) -> st.SearchStrategy[Fraction]:
    return st.tuples(eighths(low, high), st.sampled_from([-1, 1])).map(lambda pair: pair[0] * pair[1])


WEIGHTS = st.sampled_from([Fraction(n, 2) for n in (-4, -3, -2, -1, 1, 2, 3, 4)])
ENERGIES = st.tuples(st.sampled_from([1, 2, 5]), st.integers(-6, 8)).map(lambda pair: pair[0] * Fraction(10) ** pair[1])


def ring(
    taps: list[Fraction], bias: Fraction, weights: list[Fraction], level: Fraction, energy: Fraction, *, added: bool
) -> Ring:
    deviation = float(energy / LENGTH) ** 0.5
    return Ring(
        LENGTH, (1.0,) if added else tuple(map(float, taps)), float(bias), tuple(map(float, weights)), float(level),
        deviation, added,
    )  # fmt: skip


def asked(
    taps: list[Fraction], bias: Fraction, weights: list[Fraction], level: Fraction, energy: Fraction, *, added: bool
) -> Question:
    first = [] if added else [Layer(filters=[[taps]], bias=[bias])]
    network = Network(layers=[*first, Layer(filters=[[weights]], bias=[-level])])
    return Question(network, TASK, noise=GaussianNoise(energy=energy, rectified=added))


def is_quick(route: Route, question: Question, layer: int) -> bool:
    return route.refusal(question, layer) is None and route.cost(question, layer) < DEAREST


def found(route: Route, question: Question, layer: int) -> NoiseResponse[NumericValue]:
    return route.response(question, layer, Evaluation())  # type: ignore[return-value]


def holds(value: NumericValue, expected: float, smallest: float, oracle: float = ORACLE) -> bool:
    return abs(value.estimate - expected) <= value.uncertainty + oracle * abs(expected) + smallest


TAP, QUARTER, TWO = Fraction(5, 8), Fraction(1, 4), Fraction(2)
"""Rounding would leave a layer of these below 0."""
LAYERS = given(
    taps=st.lists(either_sign(5, 8), min_size=1, max_size=2),
    bias=eighths(-8, 8),
    weights=st.lists(WEIGHTS, min_size=1, max_size=2),
    level=eighths(-16, 16),
    energy=ENERGIES,
    added=st.booleans(),
)


def check_layer(
    taps: list[Fraction], bias: Fraction, weights: list[Fraction], level: Fraction, energy: Fraction, added: bool
) -> None:
    case = (taps, bias, weights, level, energy)
    route, layer = (INPUT_TRANSFER, 1) if added else (LAYER_TRANSFER, 2)
    question = asked(*case, added=added)
    assume(is_quick(route, question, layer))
    response = found(route, question, layer)
    total, coherent = ring(*case, added=added).layer()
    smallest = 1e-18 * float(energy) * float(sum(map(abs, weights))) ** 2  # 9 deviations: the oracle's reach
    assert holds(response.total, total, smallest)
    assert holds(response.coherent, coherent, smallest)
    assert holds(response.incoherent, total - coherent, smallest + ORACLE * total)
    assert min(response.total.estimate, response.coherent.estimate) >= 0


@settings(max_examples=30, deadline=None)
@LAYERS
@example(taps=[TAP], bias=QUARTER, weights=[-TWO, -TWO], level=-QUARTER / 2, energy=Fraction(1, 100), added=False)
def test_the_error_of_a_layer_holds_the_difference(**case: object) -> None:
    check_layer(**case)  # type: ignore[arg-type]


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@LAYERS
def test_the_error_of_many_layers_holds_the_difference(**case: object) -> None:
    check_layer(**case)  # type: ignore[arg-type]


@pytest.mark.parametrize("energy", [10, 10**2, 10**3, 10**4, 10**6, 10**8])
@pytest.mark.parametrize("weight", [1, 3, 10])
def test_a_bounded_unit_in_strong_noise(weight: int, energy: int) -> None:
    """(1 - (w z)+)+ is 1 or 0: its shortfall is of the size of the noise, and only a difference of large numbers."""
    task = TwoPixelTask(length=4, scale=2)
    network = Network(layers=[Layer(filters=[[[weight]]]), Layer(filters=[[[-1]]], bias=[1])])
    response = found(LAYER_TRANSFER, Question(network, task, noise=GaussianNoise(energy=energy)), 2)
    units = Ring(4, (float(weight),), 0.0, (-1.0,), -1.0, (energy / 4) ** 0.5)
    assert holds(response.total, units.layer()[0], 0.0)
    assert response.total.uncertainty < 1e-11


MEANS = given(
    taps=st.lists(either_sign(5, 8), min_size=1, max_size=2),
    bias=eighths(-8, 8),
    weights=st.lists(st.sampled_from([Fraction(n, 2) for n in (1, 2, 3, 4)]), min_size=2, max_size=2),
    level=eighths(2, 16),
    energy=ENERGIES,
    added=st.booleans(),
)


def check_mean(
    taps: list[Fraction], bias: Fraction, weights: list[Fraction], level: Fraction, energy: Fraction, added: bool
) -> None:
    case = (taps, bias, weights, level, energy)
    question = asked(*case, added=added)
    route, layer = INPUT_TRANSFER if added else OUTPUT_TRANSFER, question.depth + 1
    assume(is_quick(route, question, layer))
    response = found(route, question, layer)
    total, coherent = ring(*case, added=added).mean()
    smallest = 1e-14 * float(energy)
    assert holds(response.total, total, smallest, oracle=1e-6)  # kinks that meet slow its quadrature down
    assert holds(response.coherent, coherent, smallest)


@settings(max_examples=2, deadline=None)
@MEANS
def test_the_error_of_an_output_holds_the_difference(**case: object) -> None:
    check_mean(**case)  # type: ignore[arg-type]


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@MEANS
def test_the_error_of_many_outputs_holds_the_difference(**case: object) -> None:
    check_mean(**case)  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(
    weights=st.lists(WEIGHTS, min_size=1, max_size=2),
    level=eighths(-8, 16),
    means=st.tuples(eighths(-8, 8), eighths(-8, 8)),
    deviation=st.sampled_from([0.25, 0.5, 1.0, 4.0]),
    reach=st.sampled_from([1.5, 2.0, 3.0, 4.0, 5.0]),
)
def test_what_a_short_reach_leaves_out_is_bounded(
    weights: list[Fraction], level: Fraction, means: tuple[Fraction, ...], deviation: float, reach: float
) -> None:
    """With many nodes the tails beyond the reach are all that is missing."""
    window, seen = tuple(map(float, weights)), tuple(map(float, means))[: len(weights)]
    chains = CoupledChains((1.0,), window, float(level), deviation, ChainResolution(1, reach, 32, 24, 4 * deviation))
    unit = Unit(tuple(-w for w in window), seen, float(level))
    first, _ = change(unit, law((1.0,), range(len(window)), deviation))
    expected = first + unit.calm
    assert abs(chains.shortfalls([seen])[0, 0] - expected) <= neglected(chains, [seen])[0, 0] + 1e-9 * expected


def test_the_tails_of_correlated_sites_are_bounded() -> None:
    taps, window, seen, s = (1.0, 0.75), (1.0, -2.0), (0.5, 0.25), 0.5
    unit = Unit(tuple(-w for w in window), seen, 0.5)
    expected = change(unit, law(taps, (0, 1), s))[0] + unit.calm
    errors = []
    for reach in (1.5, 2.5, 3.5, 4.5):
        chains = CoupledChains(taps, window, 0.5, s, ChainResolution(0.3, reach, 32, 24, 1.0))
        errors.append((abs(chains.shortfalls([seen])[0, 0] - expected), neglected(chains, [seen])[0, 0]))
    assert all(error <= bound for error, bound in errors)
    assert errors[0][0] > 1e-3 and np.all(np.diff([bound for _, bound in errors]) < 0)


def coarse(self: EqualWindows, *, fine: bool, pair: bool) -> ChainResolution:
    """Grids on which nothing is resolved to more than a few digits."""
    nodes = 5 if fine else 4
    return ChainResolution(0.9 if fine else 1.1, 4.5 if fine else 4.0, nodes, nodes, 4 * self.unit)


COARSE_CASES = [
    ([Fraction(1), Fraction(1)], Fraction(-1, 4), [Fraction(1), Fraction(2)], Fraction(1), Fraction(4), False),
    ([Fraction(1)], Fraction(1, 4), [Fraction(1), Fraction(-1)], Fraction(1, 2), Fraction(2), False),
    ([Fraction(1), Fraction(3, 4)], Fraction(0), [Fraction(-1), Fraction(1, 2)], Fraction(-1), Fraction(8), False),
    ([Fraction(1)], Fraction(0), [Fraction(1), Fraction(3, 2)], Fraction(3, 2), Fraction(3), True),
]


def test_large_errors_of_layers_hold_the_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where grids are coarse the difference of the two resolutions is all there is of the error."""
    monkeypatch.setattr(EqualWindows, "resolution", coarse)
    shares = []
    for *case, added in COARSE_CASES:
        route, layer = (INPUT_TRANSFER, 1) if added else (LAYER_TRANSFER, 2)
        response = found(route, asked(*case, added=added), layer)
        for value, expected in zip((response.total, response.coherent), ring(*case, added=added).layer(), strict=True):
            shares.append(abs(value.estimate - expected) / value.uncertainty)
            assert value.uncertainty > 1e-6 * expected
    assert max(shares) <= 1 and max(shares) > 1e-2, shares


def test_large_errors_of_outputs_hold_the_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EqualWindows, "resolution", coarse)
    shares = []
    for *case, added in (COARSE_CASES[0], COARSE_CASES[3]):
        question = asked(*case, added=added)
        response = found(INPUT_TRANSFER if added else OUTPUT_TRANSFER, question, question.depth + 1)
        for value, expected in zip((response.total, response.coherent), ring(*case, added=added).mean(), strict=True):
            shares.append(abs(value.estimate - expected) / value.uncertainty)
            assert value.uncertainty > 1e-6 * expected
    assert max(shares) <= 1 and max(shares) > 1e-2, shares
