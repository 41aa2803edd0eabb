"""Sampled noise responses: against closed forms and plain Monte Carlo; seeds and standard errors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from solver import GaussianNoise, InputError, Layer, Network, Sampling, TwoPixelTask, activations, construct
from solver.network.torch.writing import to_torch
from solver.question.ensemble import representatives
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.noise.sampled import whole_ring
from solver.sensitivity.noise.sampled.float_trace import FloatTrace
from solver.sensitivity.noise.sampled.sampling import sampled_noise
from solver.sensitivity.question import Question

TASK = TwoPixelTask(length=32, scale=7)
ONCE = Network(layers=[Layer(filters=[[[1, -1, 1]]], bias=["-1/2"]), Layer(filters=[[[1, 2]]])], readout=[5])


def sampled(network: Network, task: TwoPixelTask, layers: list[int], seed: int = 0, **options: Any) -> Any:
    how = Sampling(points=options.pop("points", 128), replicates=options.pop("replicates", 8), seed=seed)
    noise = options.pop("noise", GaussianNoise())
    found = sampled_noise(network, task, noise, dict.fromkeys(layers), how, **options)
    return {k: response.total for k, response in found.items()}


@pytest.mark.parametrize("length", [10, 32])
@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("mean", [False, True])
def test_once_rectified_networks_agree_with_the_closed_form(length: int, rectified: bool, mean: bool) -> None:
    task, noise = TwoPixelTask(length=length, scale=3, distances="flat"), GaussianNoise(rectified=rectified)
    network = Network(
        layers=[Layer(filters=[[[1, 0, 1]], [[0, 2, 0]]]), Layer(filters=[[[1, 2], [1, 0]]])], readout=[5]
    )
    for k, found in sampled(network, task, [1, 2, 3], noise=noise, channel_mean=mean).items():
        closed = closed_response(Question(network, task, noise=noise, channel_mean=mean), k)
        assert closed is not None
        assert abs(found.estimate - float(closed.total)) < 4 * found.uncertainty
        assert 0 < found.uncertainty < 0.05 * found.estimate


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_standard_error_is_honest_across_seeds(layer: int) -> None:
    """Errors in units of the standard error have a root mean square near 1 (1.2 for 8 replicates)."""
    task = TwoPixelTask(length=14, scale=3)
    closed = float(closed_response(Question(ONCE, task, noise=GaussianNoise()), layer).total)  # type: ignore[union-attr]
    runs = [sampled(ONCE, task, [layer], seed, points=32)[layer] for seed in range(40)]
    scores = np.array([(run.estimate - closed) / run.uncertainty for run in runs])
    assert 0.7 < np.sqrt((scores**2).mean()) < 1.7
    assert abs(scores.mean()) < 0.6


def test_seeds_reproduce_and_differ() -> None:
    first, again, other = (sampled(ONCE, TASK, [2, 3], seed) for seed in (5, 5, 6))
    assert first == again
    assert all(first[k].estimate != other[k].estimate for k in (2, 3))


def test_method_says_how() -> None:
    found = sampled(ONCE, TASK, [2, 3], seed=9)
    error = "error at 68.27 %, Student's t with 7 degrees of freedom"
    assert found[2].method == f"single units by randomised quasi-Monte Carlo, 8 x 256 points, seed 9; {error}"
    assert found[3].method == f"randomised quasi-Monte Carlo, 8 x 128 points, seed 9; {error}"


def test_progress_is_told() -> None:
    calls: list[tuple[int, int]] = []
    sampled(ONCE, TASK, [2], replicates=3, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("name", ["uniform", "shift"])
def test_twice_rectified_values_within_four_errors_of_plain_monte_carlo(name: str) -> None:
    torch = pytest.importorskip("torch")
    network, noise = construct(name, TASK), GaussianNoise()
    values = sampled(network, TASK, [3, 4], points=256)
    images, weights = TASK.images()
    generator = torch.Generator().manual_seed(11)
    chosen = torch.multinomial(torch.tensor([float(w) for w in weights]), 60_000, replacement=True, generator=generator)
    x = torch.from_numpy(images).double()[chosen][:, None, :]
    eta = torch.randn(x.shape, generator=generator, dtype=torch.float64) * float(noise.variance(32)) ** 0.5
    module = to_torch(network)
    with torch.no_grad():
        squares = {
            3: ((module.maps(x + eta)[3] - module.maps(x)[3]) ** 2).sum(dim=(1, 2)),
            4: (module(x + eta) - module(x)) ** 2,
        }
    for k, square in squares.items():
        error = float(square.std()) / len(square) ** 0.5
        combined = (error**2 + float(values[k].error()) ** 2) ** 0.5
        assert abs(float(values[k]) - float(square.mean())) < 4 * combined


def test_shorter_ring_agrees_with_the_full_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    task = TwoPixelTask(length=24, scale=3)
    network = construct("uniform", task)
    layers: dict[int, float | None] = dict.fromkeys([1, 2, 3])

    def on_the_ring(seed: int) -> Any:
        how = Sampling(points=256, replicates=8, seed=seed)
        found = whole_ring.ring_responses(network, task, GaussianNoise(), layers, how)
        return {k: response.total for k, response in found.items()}

    short = on_the_ring(0)
    monkeypatch.setattr(whole_ring, "noise_representatives", lambda *_: representatives(task, task.length))
    full = on_the_ring(1)
    for k in layers:
        error = (short[k].uncertainty ** 2 + full[k].uncertainty ** 2) ** 0.5
        assert abs(short[k].estimate - full[k].estimate) < 4 * error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"points": 0}, "points: expected an integer of at least 1, got 0"),
        ({"replicates": 1}, "replicates: expected an integer of at least 2, got 1"),
        ({"seed": -1}, "seed: expected an integer of at least 0, got -1"),
        ({"points": 2.5}, "points: expected an integer, got 2.5"),
    ],
)
def test_sampling_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Sampling(**options)


def test_points_grow_until_the_tolerance_is_met() -> None:
    task = TwoPixelTask(length=12, scale=5)
    network = construct("uniform", task)
    coarse, fine = (
        sampled_noise(network, task, GaussianNoise(), {2: None}, Sampling(points=16, replicates=8, tolerance=t))[
            2
        ].total
        for t in (None, "0.002")
    )
    assert fine.uncertainty <= fine.estimate / 500 < coarse.uncertainty
    assert "8 x 16 points" in coarse.method and "8 x 16 points" not in fine.method
    assert abs(fine.estimate - coarse.estimate) < 5 * (fine.uncertainty + coarse.uncertainty)


@pytest.mark.parametrize("tolerance", [0, "-1/2", 0.5, "small"])
def test_a_tolerance_is_a_positive_rational(tolerance: object) -> None:
    with pytest.raises(InputError, match="tolerance"):
        Sampling(tolerance=tolerance)


@pytest.mark.parametrize(
    ("points", "phases", "expected"), [(1024, 1, 1024), (1024, 4, 256), (1024, 32, 128), (64, 32, 64), (2**14, 32, 512)]
)
def test_strided_networks_take_fewer_points_at_more_places(points: int, phases: int, expected: int) -> None:
    assert Sampling(points=points).points_for(phases) == expected


def test_float_passes_equal_exact_ones() -> None:
    layers = [Layer(filters=[[[1, "-1/2"]], [["3/4", 2]]], stride=2), Layer(filters=[[[1, -1], ["1/8", 0]]], bias=[1])]
    network, images = Network(layers=layers), np.array([[0, 1, 0, 2], [1, 1, 0, 0]])
    trace = FloatTrace(layers)(images.T[:, None, :, None].astype(float))
    for (_, a), exact in zip(trace, activations(network, images), strict=True):
        assert np.array_equal(np.moveaxis(a[..., 0], -1, 0), exact.exact().astype(float).swapaxes(1, 2))


def test_rare_noises_that_no_sample_meets_are_in_the_error() -> None:
    """The closed part that is taken out is then all there is, and the samples miss it."""
    layers = [Layer(filters=[[[1, 1, 0]]], bias=[-4]), Layer(filters=[[[1, -1, 1]]], bias=["-1/4"])]
    network, task, noise = Network(layers=layers), TwoPixelTask(length=8, scale=3), GaussianNoise(energy="1/2")
    before = Network(layers=[layers[0], replace(layers[1], activation="identity")])
    closed = closed_response(Question(before, task, noise=noise), 2)
    assert closed is not None
    control = float(closed.total)
    found = sampled_noise(network, task, noise, {2: control}, Sampling(points=64, replicates=8))[2]
    assert 0 < control < 1e-9 and found.total.estimate == control <= found.total.uncertainty
    assert found.incoherent.uncertainty >= control
