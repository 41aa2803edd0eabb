"""Points of D against G equal the closed forms, and the front holds those that no other beats."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from solver import GaussianNoise, Layer, Network, TwoPixelTask, construct, sensitivities
from solver.brute_force.case import PlainCase
from solver.brute_force.squares import plain_squares
from solver.cli import main
from solver.errors import NotApplicableError
from solver.optimal.deformation import best_deformation
from solver.optimal.pareto import LayerPoint, filter_points, layer_point, pareto_front, symmetric_filters
from tests.cases import Case, of_kind
from tests.oracles import DIGITS, number, rectified_power
from tests.quick import UNSTRIDED

TASK = TwoPixelTask()


@of_kind("G")
def test_points_hold_the_known_noise(case: Case) -> None:
    name, layer = case.arguments
    if layer:
        point = layer_point(construct(str(name), TASK), int(str(layer)), TASK)
        assert pytest.approx(float(case.number), rel=1e-13) == point.G


@pytest.mark.parametrize("name", UNSTRIDED)
@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("length", [16, 20])
def test_points_equal_the_closed_forms(name: str, rectified: bool, length: int) -> None:
    task, noise = TwoPixelTask(length=length, scale=5), GaussianNoise(rectified=rectified)
    network = construct(name, task)
    point = layer_point(network, 1, task, noise=noise)
    first = sensitivities(Network(layers=network.layers[:1]), task, noise=noise).layers[1]
    assert first.D.kind == "exact" and first.G.kind in ("exact", "closed")
    assert pytest.approx(float(first.D), rel=1e-14) == point.D and pytest.approx(float(first.G), rel=1e-14) == point.G


def beats(one: LayerPoint, other: LayerPoint) -> bool:
    """Whether neither D nor G is larger, and one is smaller."""
    return one.D <= other.D and one.G <= other.G and (one.D, one.G) != (other.D, other.G)


points = st.lists(
    st.builds(LayerPoint, st.just("p"), st.integers(1, 9).map(float), st.integers(1, 9).map(float)), min_size=1
)


@given(points)
def test_the_front_is_what_no_point_beats(found: list[LayerPoint]) -> None:
    front = pareto_front(found)
    assert {(p.D, p.G) for p in front} == {(p.D, p.G) for p in found if not any(beats(q, p) for q in found)}
    assert [p.D for p in front] == sorted({p.D for p in front}) and front[0].R == front[0].D / front[0].G


def test_layer_one_trades_deformation_for_noise() -> None:
    """The front runs from the copy of the image to the least D; `uniform` lies past its end, `shift` on it."""
    found = filter_points([[taps] for taps in symmetric_filters(20)], TASK)
    front = pareto_front(found)
    assert front[-1].name == "(0, 1, 0)"
    best = float(best_deformation(3, TASK).value)
    assert best <= front[0].D < 1.01 * best
    uniform, shift = (layer_point(construct(name, TASK), 1, TASK) for name in ("uniform", "shift"))
    assert any(beats(p, uniform) for p in found) and not any(beats(p, shift) for p in found)


def test_noise_that_is_rectified_twice_has_no_point() -> None:
    network = Network(layers=[Layer(filters=[[[1, 1, 1]]]), Layer(filters=[[[1, "-1/4", 1]]])])
    with pytest.raises(NotApplicableError, match="rectified once"):
        layer_point(network, 2, TASK)


def test_the_figure_marks_the_constructions(tmp_path: Path) -> None:
    from solver.plots.pareto import pareto_figure

    task = TwoPixelTask(length=16, scale=5)
    one, two = pareto_figure(task, [construct("uniform", task)]).axes
    lines = {line.get_label(): line for line in one.lines}
    point = layer_point(construct("uniform", task), 1, task)
    assert [*lines["uniform"].get_xdata()] == [point.D] and [*lines["uniform"].get_ydata()] == [point.G]
    assert lines["least $D$"].get_xdata()[0] == float(best_deformation(3, task).value)
    assert len(lines["filters $(t, 1-t, t)$"].get_xdata()) == 41 and "uniform" not in [x.get_label() for x in two.lines]


@pytest.mark.slow
def test_the_command_draws(tmp_path: Path) -> None:
    path = tmp_path / "pareto.svg"
    with pytest.raises(SystemExit) as done:
        main(["plot", "pareto", "-o", str(path)])
    assert done.value.code == 0 and path.read_text().startswith("<?xml")


@pytest.mark.parametrize("energy", ["8/3", "1/1000", "1/10000", "1/100000", "1/1000000", "1000000"])
@pytest.mark.parametrize(
    "taps", [("0", "1", "0"), ("1/40", "19/20", "1/40"), ("1/2", "0", "1/2"), ("13/40", "7/20", "13/40")]
)
def test_points_are_good_to_thirteen_digits(energy: str, taps: tuple[str, ...]) -> None:
    """Layer 1 from every image and unit: E[(X+ - m+)^2] by quadrature at 40 digits, over an enumerated denominator."""
    task, noise = TwoPixelTask(length=8, scale=3), GaussianNoise(energy=energy)
    network = Network(layers=[Layer(filters=[[taps]])])
    weights = [Fraction(w) for w in taps]
    variance = noise.variance(8) * sum(w * w for w in weights)
    case = PlainCase(shape=(8,), scale=3)
    counts: Counter[Fraction] = Counter()
    for i, j in case.weights:
        for p in range(8):
            counts[
                sum((w for o, w in zip((-1, 0, 1), weights, strict=True) if (p + o) % 8 in (i, j)), Fraction(0))
            ] += 1
    squares = plain_squares(network, case)
    with mp.workdps(DIGITS):
        total = mpf(0)
        for m, count in counts.items():
            x = number(m)
            square = rectified_power(m, variance, 2) - 2 * x * rectified_power(m, variance, 1) + x * x
            total += square * count / len(case.weights)
        exact = total / number(squares.spreads[1])
        point = layer_point(network, 1, task, noise=noise)
        assert abs(point.G / exact - 1) < 1e-13
    assert pytest.approx(float(squares.changes[1] / squares.spreads[1]), rel=1e-15) == point.D
