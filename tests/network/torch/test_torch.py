"""The torch module computes the same numbers, bit for bit where floats can hold them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.quick import UNSTRIDED
from tests.strategies import DYADICS, task_networks

torch = pytest.importorskip("torch")

from solver import Deformation, Layer, Network, TwoPixelTask, activations, construct, response  # noqa: E402
from solver.network.torch.writing import to_torch  # noqa: E402
from solver.question.deformation import deformation_outcomes  # noqa: E402
from solver.sensitivity.deformation.distances import distance_moments  # noqa: E402


def tensor(images: np.ndarray) -> Any:
    return torch.from_numpy(images).double()[:, None, :]


def as_double(exact: Any) -> Any:
    return torch.from_numpy(np.array(exact, dtype=object).astype(float))


IRRATIONAL = {"cyclotomic": (5, 7, 8), "sine": (5, 7, 9)}
RATIONAL = sorted(set(UNSTRIDED) - set(IRRATIONAL))


@pytest.mark.parametrize("name", IRRATIONAL)
def test_algebraic_maps_on_every_image(name: str) -> None:
    """Irrational weights are rounded in torch; the exact maps are not."""
    for scale in IRRATIONAL[name]:
        task = TwoPixelTask(length=18, scale=scale)
        network, (images, _) = construct(name, task), task.images()
        with torch.no_grad():
            maps, f = to_torch(network).maps(tensor(images)), to_torch(network)(tensor(images))
        exact = activations(network, images)
        for ours, theirs in zip(exact, maps, strict=True):
            assert torch.allclose(as_double(ours.exact()), theirs, rtol=0, atol=1e-13)
        assert torch.allclose(as_double(response(network, images)), f, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", RATIONAL)
@pytest.mark.parametrize(("length", "scale", "size"), [(10, 5, 3), (13, 5, 5), (32, 7, 3)])
def test_hand_built_maps_equal_on_every_image(name: str, length: int, scale: int, size: int) -> None:
    task = TwoPixelTask(length=length, scale=scale)
    network, (images, _) = construct(name, task, filter_size=size), task.images()
    maps = to_torch(network).maps(tensor(images))
    for ours, theirs in zip(activations(network, images), maps, strict=True):
        assert torch.equal(as_double(ours.exact()), theirs)


@given(task_networks(DYADICS))
def test_random_maps_equal_on_every_image(case: Any) -> None:
    task, network = case
    images, _ = task.images()
    maps = to_torch(network).maps(tensor(images))
    for ours, theirs in zip(activations(network, images), maps, strict=True):
        assert torch.equal(as_double(ours.exact()), theirs)


@given(task_networks(DYADICS, lengths=st.sampled_from([4, 8])))
def test_random_responses_equal_on_every_image(case: Any) -> None:
    """Rings of 2^n sites, so that the mean over sites is exact too."""
    task, network = case
    images, _ = task.images()
    assert torch.equal(to_torch(network)(tensor(images)), as_double(response(network, images)))


@pytest.mark.parametrize("name", RATIONAL)
def test_hand_built_response_is_the_tent(name: str) -> None:
    """The mean over 32 sites is exact in floats, so f_p is too."""
    task = TwoPixelTask(length=32, scale=7)
    distances = torch.tensor([(j - i) % 32 for i, j, _ in task.pairs()])
    f = to_torch(construct(name, task))(tensor(task.images()[0]))
    assert torch.equal(f, torch.relu(7.0 - distances.double()))


@pytest.mark.parametrize("name", UNSTRIDED)
@pytest.mark.parametrize("collisions", ["add", "reject"])
def test_displacement_by_enumeration_in_torch(name: str, collisions: str) -> None:
    """D with every step, forward pass, averages and norms, in torch."""
    task, deformation = TwoPixelTask(length=14, scale=5), Deformation(collisions=collisions)
    network, (images, weights) = construct(name, task), task.images()
    module, p = to_torch(network), as_double(weights)
    outcomes = [deformation_outcomes(task, deformation, i, j) for i, j, _ in task.pairs()]
    source = torch.tensor([n for n, each in enumerate(outcomes) for _ in each])
    q = as_double([w * v for w, each in zip(weights, outcomes, strict=True) for _, v in each])
    moved = tensor(np.stack([y for each in outcomes for y, _ in each]))
    with torch.no_grad():
        maps = [*module.maps(tensor(images)), module(tensor(images))]
        moved_maps = [*module.maps(moved), module(moved)]
    for a, b, exact in zip(maps, moved_maps, distance_moments(network, task, deformation), strict=True):
        a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
        displacement = q @ ((b - a[source]) ** 2).sum(dim=1)
        spread = 2 * (p @ (a**2).sum(dim=1) - ((p @ a) ** 2).sum())
        assert float(displacement / spread) == pytest.approx(float(exact.change / exact.spread), rel=1e-12)


@pytest.mark.parametrize("fine", ["bias", "readout", "constant"])
def test_weights_arrive_in_double_precision(fine: str) -> None:
    number = 1 + Fraction(1, 2**40)
    network = Network(
        layers=[Layer(filters=[[[1]]], bias=[number if fine == "bias" else 0])],
        readout=[number if fine == "readout" else 1],
        constant=number if fine == "constant" else 0,
        pooling="sum",
    )
    images = np.array([[1, 0, 0, 0]])
    assert torch.equal(to_torch(network)(tensor(images)), as_double(response(network, images)))


def test_module_is_a_module_in_double() -> None:
    module = to_torch(construct("shift", TwoPixelTask(length=16, scale=5)))
    assert isinstance(module, torch.nn.Module) and not module.training
    assert {parameter.dtype for parameter in module.parameters()} == {torch.float64}
