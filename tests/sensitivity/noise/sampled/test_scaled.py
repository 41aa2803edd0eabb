"""Weak noise, scaled from stronger noise: against limits, closed forms and routes that need no scaling."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from solver import GaussianNoise, Layer, Network, Sampling, TwoPixelTask, construct, sensitivities
from solver.sensitivity.limits.limits import weak_noise_responses
from solver.sensitivity.noise.route import Evaluation
from solver.sensitivity.noise.routes import answered_choices, chosen_route
from solver.sensitivity.noise.sampled.sampling import SAMPLED
from solver.sensitivity.noise.sampled.scaled import CLEARANCE, SCALED, slack, stronger_energy
from solver.sensitivity.question import Question

TASK = TwoPixelTask(length=16, scale=5)
FEW = Evaluation(sampling=Sampling(points=512))
SIGNS = Network(
    layers=[Layer(filters=[[[1, 1]]], bias=[Fraction(-1, 2)]), Layer(filters=[[[-2, 1]], [[1, 2]]], bias=[1, -1])]
)
HARD = Network(layers=[Layer(filters=[[[1, -1]]], activation="hardtanh"), Layer(filters=[[[2, 1]]], bias=[-1])])


def asked(network: Network, exponent: int, **options: object) -> Question:
    return Question(network, TASK, noise=GaussianNoise(energy=Fraction(1, 10**exponent), **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("network", [SIGNS, HARD, construct("uniform", TASK)], ids=["signs", "hard tanh", "uniform"])
@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("exponent", [8, 30, 240])
def test_weak_noise_has_its_limit(network: Network, rectified: bool, exponent: int) -> None:
    question = asked(network, exponent, rectified=rectified)
    limits = weak_noise_responses(network, TASK, rectified=rectified, sampling=Sampling(points=512, seed=1))
    for layer in (network.depth, network.depth + 1):
        assert SCALED.refusal(question, layer) is None
        found, limit = SCALED.response(question, layer, FEW).total, limits[layer]
        ratio = float(found) / float(question.noise.variance(TASK.sites))
        error = float(found.error()) / float(question.noise.variance(TASK.sites)) + float(limit.error())
        assert abs(ratio - float(limit)) <= 5 * error


def test_scaling_agrees_with_sampling_where_both_hold() -> None:
    question = asked(SIGNS, 6)
    for layer in (2, 3):
        scaled, plain = (route.response(question, layer, FEW).total for route in (SCALED, SAMPLED))
        assert abs(float(scaled) - float(plain)) <= 5 * (float(scaled.error()) + float(plain.error()))


def test_the_reach_of_noise_is_where_a_unit_is_cut() -> None:
    """2 x - 3/2 is 1/2 on a pixel and -3/2 elsewhere; noise of size 1/4 beside it reaches the kink."""
    network = Network(layers=[Layer(filters=[[[2]]], bias=[Fraction(-3, 2)])])
    assert slack(network, TASK, 1).radius == 0.25 and slack(network, TASK, 1).slopes.tolist() == [2]
    assert stronger_energy(Question(network, TASK), 1) == Fraction(0.25 / CLEARANCE) ** 2 * 16


def test_kinks_that_are_touched_do_not_count() -> None:
    """Without a bias only pixels are off the kink; a hard tanh has two."""
    assert slack(Network(layers=[Layer(filters=[[[1, -1]]])]), TASK, 1).radius == 0.5
    assert slack(HARD, TASK, 1).radius == 0.5
    assert slack(Network(layers=[Layer(filters=[[[1]]], activation="identity")]), TASK, 1).radius == np.inf


@pytest.mark.parametrize("exponent", [14, 200, 400])
def test_very_weak_noise_is_answered(exponent: int) -> None:
    question = asked(construct("uniform", TASK), exponent)
    chosen = [chosen_route(question, k, Evaluation()) for k in question.layers]
    assert chosen[-1].route is SCALED
    reference = float(SCALED.response(asked(construct("uniform", TASK), 14), question.depth + 1, FEW).total)
    ((_, response),) = answered_choices(question, FEW, [question.depth + 1])
    value = response.total
    expected = reference * 10.0 ** (14 - exponent)
    assert abs(float(value) - expected) <= 5 * float(value.error()) + 1e-3 * expected
    assert float(value.error()) > 0


def test_noise_beyond_floats_is_refused_in_words() -> None:
    noise = GaussianNoise(energy=10**400)
    with pytest.raises(Exception, match="too weak or too strong for floats"):
        sensitivities(SIGNS, TASK, noise=noise)


def test_auto_takes_the_smaller_error() -> None:
    """Between noise that the transfer operator resolves and noise that it refuses."""
    for exponent in range(1, 7):
        for choice, response in answered_choices(asked(SIGNS, exponent), FEW, [2, 3]):
            value = response.total
            assert float(value.error()) < 1e-2 * float(value), (exponent, choice.route.method)
