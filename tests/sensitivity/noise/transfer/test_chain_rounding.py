"""Errors of the transfer operator where terms cancel, against proven balls; noise too weak for it, and its cost."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from solver import GaussianNoise, Layer, Network, TwoPixelTask, construct
from solver.errors import NotApplicableError
from solver.sensitivity.noise.route import Evaluation, Sampling
from solver.sensitivity.noise.routes import chosen_route
from solver.sensitivity.noise.sampled.sampling import sampled_noise
from solver.sensitivity.noise.transfer.layer import LAYER_TRANSFER
from solver.sensitivity.question import Question
from tests.noise_routes import layer_series, layer_transfer, output_series, output_transfer

HALF = Fraction(1, 2)


def two_layers(weights: list[Any], bias: Any, level: Any) -> Network:
    return Network(layers=[Layer(filters=[[[1]]], bias=[bias]), Layer(filters=[[weights]], bias=[-level])])


def layer_response(network: Network, task: TwoPixelTask, noise: GaussianNoise) -> Any:
    return layer_transfer(network, task, noise, 2)


@pytest.mark.parametrize(
    ("network", "length", "energy"),
    [
        (two_layers([1], 0, 3), 20, 1),  # 13 deviations: the response is 0 to 40 digits
        (two_layers([HALF], HALF, 2), 14, 30),
        (two_layers([1, 3], Fraction(-1, 4), HALF), 20, Fraction(1, 3)),
    ],
)
def test_rounding_of_a_layer_is_within_its_error(network: Network, length: int, energy: Any) -> None:
    task, noise = TwoPixelTask(length=length, scale=3), GaussianNoise(energy=energy)
    found = layer_response(network, task, noise)
    proven = layer_series(network, task, noise, 2).enclose_split(20)
    for part in ("total", "coherent", "incoherent"):
        value = getattr(found, part)
        assert abs(value.estimate - float(getattr(proven, part))) <= value.uncertainty < 1e-11


@pytest.mark.parametrize(
    ("weights", "bias", "energy"),
    [([1, 1], Fraction(-1, 4), Fraction(1, 3)), ([1, 1], Fraction(-1, 4), Fraction(1, 10)), ([2, 2], HALF, HALF)],
)
def test_rounding_of_the_output_is_within_its_error(weights: list[Any], bias: Any, energy: Any) -> None:
    """The mean changes of the units nearly add up to 0, and so does their square."""
    network = two_layers(weights, bias, HALF)
    task, noise = TwoPixelTask(length=20, scale=3), GaussianNoise(energy=energy)
    found = output_transfer(network, task, noise)
    proven = output_series(network, task, noise).enclose_split(20)
    for part in ("total", "coherent", "incoherent"):
        value = getattr(found, part)
        assert abs(value.estimate - float(getattr(proven, part))) <= value.uncertainty < 1e-9


@pytest.mark.parametrize("energy", ["1/1000000", f"1/{10**20}"])
@pytest.mark.parametrize("name", ["uniform", "shift"])
def test_noise_too_weak_for_the_operator_is_refused_at_once(name: str, energy: str) -> None:
    task, noise = TwoPixelTask(length=20, scale=5), GaussianNoise(energy=energy)
    with pytest.raises(NotApplicableError, match="the noise is too weak against the level to be resolved"):
        layer_response(construct(name, task), task, noise)


def test_unequal_taps_are_no_matter() -> None:
    """With them no two states of the noise have the same kink; what is sampled agrees."""
    task = TwoPixelTask(length=14, scale=5)
    network = construct("cyclotomic", task)
    assert chosen_route(Question(network, task), 2, Evaluation()).route is LAYER_TRANSFER
    found = layer_response(network, task, GaussianNoise()).total
    sampled = sampled_noise(network, task, GaussianNoise(), {2: None}, Sampling(points=1024))[2].total
    assert found.uncertainty < 1e-11 * found.estimate
    assert abs(found.estimate - sampled.estimate) < 4 * sampled.uncertainty


def test_many_panels_cost_auto_too_much() -> None:
    task = TwoPixelTask(length=33, scale=9)
    choice = chosen_route(Question(construct("cyclotomic", task), task), 4, Evaluation())
    assert choice.route is not LAYER_TRANSFER
    assert "multiplications, more than 6e+10" in dict(choice.refused)["transfer"]
