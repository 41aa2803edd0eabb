"""G in closed form: against a double loop over sites, torch, exact formulas, and longer rings."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from solver import Deformation, GaussianNoise, Layer, Network, TwoPixelTask, construct, effective_kernel
from solver.network.torch.writing import to_torch
from solver.question.ensemble import representatives
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.noise import once as rectified_noise
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.question import Question
from tests.plain import linear_matrix, noise_response

TASK = TwoPixelTask(length=32, scale=7)
MIXED = Layer(filters=[[[1, -1, 2]], [[0, -1, 1]]], bias=["1/2", 0])
SPREADING = Layer(filters=[[[1, 2], [0, 1]], [[1, 0], [3, "1/2"]]], bias=[1, 0])
STRIDED = Layer(filters=[[[2, -1]]], stride=2, bias=["-1/3"])

RINGS = {
    "one layer": (Network(layers=[MIXED]), 5),
    "two layers": (Network(layers=[MIXED, SPREADING], readout=[1, -2], pooling="sum"), 6),
    "strided": (Network(layers=[STRIDED, Layer(filters=[[[1, 1, 1]]])]), 6),
    "strided twice": (Network(layers=[STRIDED, Layer(filters=[[[1, 1]]], stride=2)]), 8),
    "identity first": (Network(layers=[Layer(filters=[[[1, 1]]], activation="identity"), MIXED]), 5),
}
OPTIONS = [(name, rectified) for name in RINGS for rectified in (False, True)]


def value(network: Network, task: TwoPixelTask, layer: int, noise: Any = None, **options: Any) -> Any:
    found = closed_response(Question(network, task, noise=noise or GaussianNoise(), **options), layer)
    assert found is not None
    return found.total


def close(found: Any, expected: Fraction) -> bool:
    return abs(Fraction(found.value(25)) - expected) <= Fraction(found.error(25)) + Fraction(1, 10**20)


@pytest.mark.parametrize("name", RINGS)
def test_closed_form_equals_the_double_loop(name: str) -> None:
    network, length = RINGS[name]
    task, noise = TwoPixelTask(length=length, scale=2), GaussianNoise(energy="5/2")
    source = next(k for k, layer in enumerate(network.layers, start=1) if layer.activation == "relu")
    width = network.layers[source - 1].channels
    sites = network.output_length(length, source)
    for k in range(source, network.depth + 1):
        rows = linear_matrix(network.layers[source:k], width, sites)
        assert close(value(network, task, k, noise), noise_response(network, task, noise, source, rows))
    rows = linear_matrix(network.layers[source:], width, sites)
    pooled = np.repeat(
        np.array(network.pooled_readout(length), dtype=object), network.output_length(length, network.depth)
    )
    assert close(
        value(network, task, network.depth + 1, noise),
        noise_response(network, task, noise, source, (pooled @ rows)[None]),
    )


def test_channel_mean_equals_the_double_loop() -> None:
    network, length = RINGS["two layers"]
    task, noise = TwoPixelTask(length=length, scale=2), GaussianNoise()
    summed = linear_matrix(network.layers[1:], 2, length).reshape(2, length, -1).sum(axis=0)
    assert close(value(network, task, 2, channel_mean=True), noise_response(network, task, noise, 1, summed))


def test_rectified_noise_equals_the_double_loop() -> None:
    task, noise = TwoPixelTask(length=6, scale=2), GaussianNoise(rectified=True)
    network = Network(layers=[Layer(filters=[[[1, 2, 0]], [[0, 1, 3]]]), SPREADING], readout=[1, -1])
    for k in (0, 1, 2):
        rows = linear_matrix(network.layers[:k], 1, 6)
        assert close(value(network, task, k, noise), noise_response(network, task, noise, 0, rows))
    pooled = np.repeat(np.array(network.pooled_readout(6), dtype=object), 6) @ linear_matrix(network.layers, 1, 6)
    assert close(value(network, task, 3, noise), noise_response(network, task, noise, 0, pooled[None]))


def test_rectified_noise_has_half_the_energy_at_the_input() -> None:
    """E[max(eta, 0)^2] = sigma^2 / 2."""
    assert value(construct("uniform", TASK), TASK, 0, GaussianNoise(rectified=True)).exact == Fraction(4, 3)
    assert value(construct("uniform", TASK), TASK, 0).exact == Fraction(8, 3)


@pytest.mark.parametrize("name", ["uniform", "shift", "shift-mixed"])
def test_identity_networks_have_exact_noise(name: str) -> None:
    """l sigma^2 A_0 per layer; for f_p, sigma^2 l (sum of the kernel)^2 with a readout that sums."""
    network = construct(name, TASK).with_identity()
    for k in (1, 2, 3):
        kernel = effective_kernel(network, k)
        assert value(network, TASK, k).exact == Fraction(8, 3) * kernel.autocorrelations()[0]
    assert value(network, TASK, 4).exact == Fraction(8, 3) * (7 if name == "shift" else 27) ** 2


def test_identity_readout_with_strides_by_its_row() -> None:
    layers = [
        Layer(filters=[[[1, 2, 4]]], stride=2, activation="identity"),
        Layer(filters=[[[1, 1]]], activation="identity"),
    ]
    network = Network(layers=layers, readout=[3])
    row = np.array([Fraction(3, 4)] * 4, dtype=object) @ linear_matrix(network.layers, 1, 8)
    assert value(network, TwoPixelTask(length=8, scale=3), 3).exact == (row @ row) * GaussianNoise().variance(8)


def test_what_is_rectified_twice_has_no_closed_form() -> None:
    question = Question(construct("uniform", TASK), TASK, noise=GaussianNoise())
    assert [k for k in range(5) if closed_response(question, k) is None] == [3, 4]


@pytest.mark.parametrize(("name", "layer"), [("uniform", 1), ("shift", 1), ("shift-mixed", 1)])
def test_shorter_ring_equals_the_full_ring(monkeypatch: pytest.MonkeyPatch, name: str, layer: int) -> None:
    """The closed forms are equal as expressions, whether far pairs are one class or not."""
    task = TwoPixelTask(length=28, scale=5, distances="flat")
    network = construct(name, task)
    short = value(network, task, layer).expression
    assert rectified_noise.noise_representatives(network, task).missing_sites > 0
    monkeypatch.setattr(rectified_noise, "noise_representatives", full_ring)
    assert value(network, task, layer).expression == short


@pytest.mark.parametrize("bias", [0, "-1/2"])
def test_readout_on_a_shorter_ring_equals_the_full_ring(monkeypatch: pytest.MonkeyPatch, bias: Any) -> None:
    task = TwoPixelTask(length=24, scale=3)
    network = Network(layers=[Layer(filters=[[[1, -1, 1]]], bias=[bias]), Layer(filters=[[[1, 1]]])], readout=[3])
    short = value(network, task, 3).expression
    assert rectified_noise.noise_representatives(network, task).missing_sites > 0
    monkeypatch.setattr(rectified_noise, "noise_representatives", full_ring)
    assert value(network, task, 3).expression == short


def test_strided_readout_on_a_shorter_ring_equals_the_full_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    task = TwoPixelTask(length=16, scale=3)
    network = Network(layers=[Layer(filters=[[[1]]], stride=2, bias=["-1/2"])])
    short = value(network, task, 2).expression
    monkeypatch.setattr(rectified_noise, "noise_representatives", full_ring)
    assert value(network, task, 2).expression == short


def full_ring(network: Network, task: TwoPixelTask) -> Any:
    return representatives(task, task.length, phases=network.total_stride(network.depth))


@pytest.mark.parametrize(
    ("name", "layer", "rectified"), [("uniform", 2, False), ("shift", 1, False), ("shift-mixed", 2, True)]
)
def test_closed_form_within_four_standard_errors_of_torch(name: str, layer: int, rectified: bool) -> None:
    torch = pytest.importorskip("torch")
    network, noise = construct(name, TASK), GaussianNoise(rectified=rectified)
    images, weights = TASK.images()
    generator = torch.Generator().manual_seed(7)
    chosen = torch.multinomial(torch.tensor([float(w) for w in weights]), 40_000, replacement=True, generator=generator)
    x = torch.from_numpy(images).double()[chosen][:, None, :]
    eta = torch.randn(x.shape, generator=generator, dtype=torch.float64) * float(noise.variance(32)) ** 0.5
    module = to_torch(network)
    with torch.no_grad():
        plain, noisy = (module.maps(a)[layer] for a in (x, x + (eta.relu() if rectified else eta)))
    squares = ((noisy - plain) ** 2).sum(dim=(1, 2))
    error = float(squares.std()) / len(squares) ** 0.5
    assert abs(float(squares.mean()) - float(value(network, TASK, layer, noise))) < 4 * error


def test_noise_on_a_long_ring_costs_no_more() -> None:
    """As l grows at fixed l sigma^2, almost every unit sees background: E[z+^2] = sigma^2 A_0 / 2 there."""
    task = TwoPixelTask(length=10**9, scale=7)
    found = value(construct("uniform", task), task, 1)
    assert abs(float(found) / (Fraction(8, 3) * 3 / 2) - 1) < 1e-6


def test_exact_energy_is_that_of_the_ensemble() -> None:
    noise = GaussianNoise(energy="exact").resolved(TASK, Deformation())
    assert noise.energy == Fraction(244, 93) and noise.variance(32) == Fraction(61, 744)
    moments = distance_moments(construct("uniform", TASK), TASK, Deformation())[0]
    assert value(construct("uniform", TASK), TASK, 0, noise).exact == moments.change
