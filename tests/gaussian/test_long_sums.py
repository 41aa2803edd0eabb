"""Closed forms of many terms as balls: against the sympy expressions, and where they are left to sampling."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import flint
import mpmath
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from solver import GaussianNoise, Layer, Network, NumberField, TwoPixelTask, sensitivities
from solver.gaussian.balls import enclose, midpoint_radius
from solver.gaussian.moments import BALLS, rectified_mean, rectified_product
from solver.sensitivity.noise import once as rectified_once
from solver.sensitivity.noise import second_moment
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.noise.once import coupled_fields, layer_second_moment
from solver.sensitivity.noise.route import Sampling
from solver.sensitivity.question import Question
from tests.dense import dense
from tests.oracles import DIGITS, agrees, of_ball, rectified_power
from tests.oracles import rectified_product as integrated

SMALL = TwoPixelTask(length=12, scale=4)
TASK = TwoPixelTask(length=32, scale=7)
NOISE = GaussianNoise()
MEANS = st.fractions(-3, 3, max_denominator=8)
VARIANCES = st.fractions(Fraction(1, 8), 4, max_denominator=8)


def overlap(ball: Any, other: Any, digits: int = 25) -> bool:
    """Whether two balls meet and are both small."""
    return bool(ball.overlaps(other)) and all(midpoint_radius(b)[1] < Fraction(1, 10**digits) for b in (ball, other))


@given(MEANS, MEANS, VARIANCES, st.fractions(-1, 1, max_denominator=8), st.fractions(0, 2, max_denominator=4))
def test_products_equal_the_expression(m1: Any, m2: Any, v1: Any, slope: Any, rest: Any) -> None:
    """Y = slope X + independent of variance ``rest``: 0 gives the limits at correlation 1 and -1, or a constant."""
    v2, c = slope * slope * v1 + rest, slope * v1
    with flint.ctx.workprec(160):
        ball = BALLS.product(m1, m2, v1, v2, c)
    assert overlap(ball, enclose(rectified_product(m1, m2, v1, v2, c), 40))
    with flint.ctx.workprec(160):
        assert overlap(BALLS.mean(m2, v2), enclose(rectified_mean(m2, v2), 40))


def test_products_equal_quadrature() -> None:
    numbers = Fraction(1), Fraction(-1, 2), Fraction(1, 4), Fraction(1, 3), Fraction(-1, 8)
    with flint.ctx.workprec(160):
        ball, mean = BALLS.product(*numbers), BALLS.mean(Fraction(-1, 2), Fraction(1, 3))
    with mpmath.workdps(DIGITS):
        assert agrees(of_ball(ball), integrated(*numbers)) and agrees(
            of_ball(mean), rectified_power(*numbers[1:4:2], 1)
        )


def test_surds_are_enclosed() -> None:
    g = NumberField(sympy.sqrt(2)).generator
    with flint.ctx.workprec(160):
        ball = BALLS.product(g, 1 - g, g, g, -g)
    root = sympy.sqrt(2)
    assert overlap(ball, enclose(rectified_product(root, 1 - root, root, root, -root), 40))


def two_layers(activation: str) -> Network:
    first = Layer(filters=[[[1, 2, -1]], [["1/2", 0, 1]], [[0, "-1/3", 1]]], bias=[0, "1/4", -1])
    above = Layer(filters=[[[1, 0], [0, -1], [2, 1]], [[0, 1], [1, 1], [0, 0]]], activation=activation)
    return Network(layers=[first, above], readout=[1, "-1/2"])


@pytest.mark.parametrize("layer", [1, 2, 3])
@pytest.mark.parametrize("mean", [False, True])
def test_long_sums_equal_the_expressions(layer: int, mean: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    question = Question(two_layers("identity"), SMALL, noise=NOISE, channel_mean=mean)
    short = closed_response(question, layer)
    monkeypatch.setattr(second_moment, "MOST_TERMS", 0)
    long = closed_response(question, layer)
    assert short is not None and long is not None
    for part in ("total", "coherent", "incoherent"):
        closed, ball = getattr(short, part), getattr(long, part)
        assert (closed.kind, ball.kind, ball.latex) == ("closed", "numeric", None)
        assert "terms, as a proven ball" in ball.method
        assert overlap(ball.enclose(30), enclose(closed.expression, 30))


def test_many_channels_that_add_up_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    network = two_layers("identity")
    assert coupled_fields(network, NOISE) == 3
    monkeypatch.setattr(rectified_once, "MOST_FIELDS", 2)
    known = [closed_response(Question(network, SMALL, noise=NOISE), k) for k in range(4)]
    assert [value is not None for value in known] == [True, True, False, False]
    assert closed_response(Question(network, SMALL, noise=NOISE, channel_mean=True), 1) is None
    sampled = sensitivities(network, SMALL, sampling=Sampling(points=256, replicates=8))
    monkeypatch.undo()
    closed = sensitivities(network, SMALL)
    for k in (2, 3):
        assert abs(float(sampled[k].G) - float(closed[k].G)) < 5 * sampled[k].G.uncertainty  # type: ignore[attr-defined]


def test_translates_are_one_field() -> None:
    layer = Layer(filters=[[[1, 2, 0]], [[0, 1, 2]], [[0, 0, 1]], [[0, 0, 0]]], bias=[0, 0, 0, 1])
    assert coupled_fields(Network(layers=[layer]), NOISE) == 3
    assert coupled_fields(Network(layers=[layer]), GaussianNoise(rectified=True)) == 1


def test_a_wide_first_layer_is_a_proven_ball(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of 5 float32 channels alone has a closed form of 7 terms; together they are the layer's."""
    wide = dense(5, 1, 3)
    layer = wide.layers[0]
    assert len(layer_second_moment(wide, TASK, NOISE, 1).covariances) == 35
    monkeypatch.setattr(second_moment, "MOST_TERMS", 10)
    found = closed_response(Question(wide, TASK, noise=NOISE), 1)
    alone = [
        closed_response(Question(Network(layers=[Layer(filters=[f], bias=[b])]), TASK, noise=NOISE), 1)
        for f, b in zip(layer.filters, layer.bias, strict=True)
    ]
    total = sum(Fraction(each.total.value(25)) for each in alone if each is not None)
    assert found is not None and "35 terms" in found.total.method
    assert all(each is not None and each.total.kind == "closed" for each in alone)
    assert abs(Fraction(found.total.value(20)) - total) < total / 10**19


def test_reports_of_dyadic_networks_are_short_in_text_and_exact_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_moment, "MOST_TERMS", 10)
    report = sensitivities(dense(9, 2, 3), TASK, sampling=Sampling(points=8, replicates=2))
    text = report.to_text()
    assert max(map(len, text.splitlines())) < 200
    assert "f_p(1..12) = ~" in text
    entry = json.loads(report.to_json())["networks"][0]
    assert all(str(report.response[int(d)]) == f for d, f in entry["response"].items())
    first, second = entry["layers"][1:3]
    assert Fraction(second["D"]["exact"]) == report[2].D.exact
    assert first["G"]["latex"] is None and first["R"]["latex"] is None and "as a proven ball" in first["G"]["method"]
    assert len(report.to_latex().splitlines()) < 40
