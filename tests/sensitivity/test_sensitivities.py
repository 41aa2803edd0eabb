"""D, G and R together: the known values, kinds, routes, and what widening and averaging leave alone."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from solver import Deformation, GaussianNoise, Layer, Network, Sampling, TwoPixelTask, construct, sensitivities
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.noise.routes import ROUTES
from solver.sensitivity.noise.transfer.output import OUTPUT_TRANSFER
from solver.sensitivity.question import Question
from tests.cases import Case, of_kind
from tests.quick import quick_sensitivities

TASK = TwoPixelTask(length=32, scale=7)
FEW = Sampling(points=256, replicates=4)


@cache
def computed(name: str) -> Any:
    return quick_sensitivities(name, TASK, Sampling(points=256, replicates=8))


@pytest.mark.slow
def test_the_default_report_has_twelve_digits() -> None:
    """Every G of both constructions at l = 32 and xi = 7, none of it sampled."""
    for name in ("uniform", "shift"):
        for each in sensitivities(construct(name, TASK), TASK).layers:
            assert "quasi-Monte Carlo" not in each.G.method
            assert each.G.error() <= 4 * abs(each.G.value()) / 10**12


def test_auto_samples_the_output_where_pairs_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    task = TwoPixelTask(length=12, scale=5)
    network = construct("uniform", task)
    assert sensitivities(network, task).output.G.method.startswith("transfer operator on pairs")
    cheap = tuple(replace(each, quick=10) if each is OUTPUT_TRANSFER else each for each in ROUTES)
    monkeypatch.setattr("solver.sensitivity.noise.routes.ROUTES", cheap)
    assert sensitivities(network, task, sampling=FEW).output.G.method.startswith("randomised quasi-Monte Carlo")


@of_kind("G")
def test_known_noise_values(case: Case) -> None:
    name, layer = case.arguments
    g = computed(name)[layer].G
    assert abs(Fraction(g.value(30)) - case.number) <= case.last_digit / 2 + Fraction(g.error(30))
    assert g.exact == (case.number if "/" in case.value else None)


@of_kind("G sampled")
def test_known_sampled_values(case: Case) -> None:
    """The known values are good to two parts in a thousand; ours to a few standard errors, if sampled."""
    name, layer = case.arguments
    g = computed(name)[layer].G
    error = Fraction(g.error())
    assert abs(Fraction(g.value()) - case.number) <= case.number / 500 + 4 * error
    assert error < case.number / 200


@of_kind("D")
def test_known_deformation_values(case: Case) -> None:
    name, layer = case.arguments
    assert computed(name)[layer].D.exact == case.number


@pytest.mark.parametrize("name", ["uniform", "shift", "shift-mixed"])
def test_kinds_and_routes(name: str) -> None:
    layers = computed(name).layers
    assert [each.name for each in layers] == ["input", "hidden", "hidden", "hidden", "output"]
    assert [each.D.kind for each in layers] == ["exact"] * 5
    assert [each.D.method for each in layers] == ["kernel autocorrelations"] * 3 + ["one image per distance"] * 2
    assert [each.G.kind for each in layers[:3]] == ["exact", "closed", "closed"]
    assert [each.R.kind for each in layers[:3]] == ["exact", "closed", "closed"]
    assert [each.G_identity.kind for each in layers] == ["exact"] * 4 + ["missing"]
    assert layers[4].G_identity.why.startswith("with identity activations every image gives the same value here")
    assert computed(name).output is layers[-1]


@pytest.mark.parametrize("name", ["uniform", "shift"])
def test_ratio_and_price_are_quotients(name: str) -> None:
    for each in computed(name).layers:
        assert float(each.R) == pytest.approx(float(each.D) / float(each.G), rel=1e-12)
        if each.name != "output":  # with identity activations f_p sees no distance
            assert float(each.price) == pytest.approx(float(each.G) / float(each.G_identity), rel=1e-12)


def test_hidden_stability_of_uniform_improves_and_of_shift_does_not() -> None:
    """The slides' point: low-frequency filters gain stability below k~, high-frequency ones do not."""
    uniform, shift = ([each.D.exact for each in computed(name).layers[:3]] for name in ("uniform", "shift"))
    assert uniform[0] > uniform[1] > uniform[2] and shift[0] == shift[1] == shift[2] == uniform[0]


@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("mean", [False, True])
def test_widening_leaves_closed_values_alone(rectified: bool, mean: bool) -> None:
    """Norms of H copies are H times as large (H^2 for the channels' sum), in G's numerator and denominator alike."""
    noise, scale = GaussianNoise(rectified=rectified), Fraction(4 if mean else 2)
    plain, wide = (construct("uniform", TASK, channels=h) for h in (1, 2))
    responses = [
        closed_response(Question(network, TASK, noise=noise, channel_mean=mean), 1) for network in (plain, wide)
    ]
    spreads = [distance_moments(n, TASK, Deformation(), channel_mean=mean)[1].spread for n in (plain, wide)]
    assert spreads[1] == scale * spreads[0]
    (a, da), (b, db) = (value.bounded(30) for response in responses if response for value in [response.total])
    assert abs(Fraction(b) - scale * Fraction(a)) <= Fraction(db) + scale * Fraction(da)


def test_a_flat_network_has_no_sensitivities() -> None:
    flat = Network(layers=[Layer(filters=[[[1]]], bias=[-5])])
    result = sensitivities(flat, TASK, sampling=FEW)
    reason = "every image of the ensemble gives the same value here, so the denominator is 0"
    assert [(each.D.kind, each.G.kind, each.R.kind) for each in result.layers[1:]] == [("missing",) * 3] * 2
    assert {each.D.why for each in result.layers[1:]} == {reason}


def test_options_reach_the_numbers() -> None:
    network = construct("shift", TASK)
    mean = sensitivities(network, TASK, channel_mean=True, sampling=FEW)
    assert mean[1].D.exact == computed("uniform")[1].D.exact
    single = sensitivities(network, TASK, deformation=Deformation(law="single"), sampling=FEW)
    assert single[0].D.exact < computed("shift")[0].D.exact
    louder = sensitivities(network, TASK, noise=GaussianNoise(energy="16/3"), sampling=FEW)
    assert louder[0].G.exact == 2 * computed("shift")[0].G.exact


def test_results_know_their_response() -> None:
    assert dict(computed("uniform").response) == {d: max(7 - d, 0) for d in range(1, 17)}
