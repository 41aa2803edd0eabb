"""Matrix products against plain loops in every arithmetic, at the edge of each, and D of dense dyadic networks."""

from __future__ import annotations

from fractions import Fraction
from itertools import product as every
from typing import Any

import numpy as np
import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from solver import Deformation, InputError, Layer, Network, NumberField, TwoPixelTask, activations, to_torch
from solver.network.trace import Activation, correlation
from solver.numbers.product import FLOAT_LIMIT, INT64_LIMIT, number_type, product
from solver.question.deformation import deformation_outcomes
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import image_moments
from tests.dense import dense
from tests.plain import plain_layer
from tests.strategies import DYADICS, deformations, layers, tasks

SINGLE = st.floats(-2, 2, width=32).map(Fraction)
DOUBLE = st.floats(-2, 2).map(Fraction)
SIZES = st.sampled_from([3, 2**20, 2**26, 2**31, 2**53, 2**62, 2**100])


def loops(a: np.ndarray, w: np.ndarray, b: list[Any], stride: Any, origin: Any) -> np.ndarray:
    """The correlation of one stack of maps (inputs, *sites) by its definition."""
    sites = a.shape[1:]
    outputs = [n // s for n, s in zip(sites, stride, strict=True)]
    z = np.empty((len(w), *outputs), dtype=object)
    for c, *place in every(range(len(w)), *map(range, outputs)):
        z[c, *place] = b[c]
        for i, *tap in every(range(len(a)), *map(range, w.shape[2:])):
            read = [(p * s + j - o) % n for p, s, j, o, n in zip(place, stride, tap, origin, sites, strict=True)]
            z[c, *place] += w[c, i, *tap] * a[i, *read]
    return z


@st.composite
def correlations(draw: Any) -> tuple[Any, ...]:
    """Integers of any size, one to three spatial axes, any filter size, origin and stride that fits."""
    axes, inputs, channels = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    outputs = [draw(st.integers(1, 3)) for _ in range(axes)]
    stride = [draw(st.integers(1, 2)) for _ in range(axes)]
    sites = [p * s for p, s in zip(outputs, stride, strict=True)]
    sizes = [draw(st.integers(1, min(3, n))) for n in sites]
    origin = [draw(st.integers(0, s - 1)) for s in sizes]

    def integers(*shape: int) -> np.ndarray:
        most, count = draw(SIZES), int(np.prod(shape))
        return np.array(draw(st.lists(st.integers(-most, most), min_size=count, max_size=count)), dtype=object)

    a, w = integers(2, inputs, *sites).reshape(2, inputs, *sites), integers(channels, inputs, *sizes)
    return a, w.reshape(channels, inputs, *sizes), integers(channels).tolist(), stride, origin


@given(correlations())
def test_integers_of_any_size_on_any_number_of_axes(case: Any) -> None:
    a, w, b, stride, origin = case
    z = correlation(a, w, b, stride=stride, origin=origin)
    for one, each in zip(a, z, strict=True):
        assert np.array_equal(each, loops(one, w, b, stride, origin))


def test_one_stride_stands_for_every_axis_and_leading_axes_are_kept() -> None:
    a = np.arange(2 * 3 * 2 * 4 * 6).reshape(2, 3, 2, 4, 6)
    w = np.arange(5 * 2 * 2 * 2).reshape(5, 2, 2, 2) - 17
    z = correlation(a, w, [0] * 5, stride=2)
    assert z.shape == (2, 3, 5, 2, 3) and z.dtype == np.int64
    assert np.array_equal(z[1, 2], loops(a[1, 2], w, [0] * 5, (2, 2), (0, 0)))
    floats = correlation(a.astype(float), w, [0] * 5, stride=2)
    assert floats.dtype == float and np.array_equal(floats, z)


def test_chunks_do_not_change_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    a = np.arange(5 * 6).reshape(5, 1, 6)
    whole = correlation(a, [[[1, -2, 3]]], [4], origin=1)
    monkeypatch.setattr("solver.network.trace._ENTRIES", 20)
    assert np.array_equal(correlation(a, [[[1, -2, 3]]], [4], origin=1), whole)


@pytest.mark.parametrize(
    ("limit", "below", "above"), [(FLOAT_LIMIT, np.float64, np.int64), (INT64_LIMIT, np.int64, object)]
)
def test_numbers_at_the_edge_of_a_type(limit: int, below: type, above: type) -> None:
    left = np.array([[1, 1]], dtype=object)
    inside = np.array([[limit // 2 - 1], [1]], dtype=object)
    outside = np.array([[limit], [1]], dtype=object)
    half = np.array([[limit // 2], [1]], dtype=object)
    assert [number_type(left, right) for right in (inside, half, outside)] == [below, above, above]
    assert product(left, inside).item() == limit // 2 and product(left, outside).item() == limit + 1


def test_a_network_just_above_2_to_53_is_not_left_to_floats() -> None:
    """Three pixels of value 1 under taps 2^52, 2^52 and 1 give 2^53 + 1, which float64 rounds to 2^53."""
    network = Network(layers=[Layer(filters=[[[2**52, 2**52, 1]]])])
    image = np.array([[1, 1, 1, 0, 0]])
    exact = activations(network, image)[1].exact()[0, 0, 1]
    in_floats = correlation(image[:, None].astype(float), [[[2.0**52, 2.0**52, 1.0]]], [0.0], origin=1)[0, 0, 1]
    assert exact == 2**53 + 1 and int(in_floats) == 2**53


def test_sums_of_int64_maps_that_leave_int64() -> None:
    maps = Activation(np.array([[[2**61, 0], [2**61, 1]]]), 2)
    assert maps.channel_sum().values.tolist() == [[[2**62, 1]]]
    assert maps.channel_sum().channel_sum().squared_norms() == [Fraction(2**124 + 1, 4)]
    assert (maps - Activation(-maps.values, 2)).squared_norms() == [Fraction(2**125 + 4, 4)]


def test_a_hard_tanh_whose_one_is_beyond_int64() -> None:
    layer = Layer(filters=[[["1/2"]]], bias=[Fraction(1, 2**70)], activation="hardtanh")
    maps = activations(Network(layers=[layer, layer]), np.array([[0, 1, 4]]))
    assert maps[1].exact().tolist() == [[[Fraction(1, 2**70), Fraction(1, 2) + Fraction(1, 2**70), 1]]]


def test_zero_images_under_weights_with_huge_denominators() -> None:
    layer = Layer(filters=[[[Fraction(1, 2**70)]]], activation="hardtanh")
    assert activations(Network(layers=[layer]), np.zeros((1, 3), dtype=int))[1].exact().tolist() == [[[0, 0, 0]]]


def test_fractions_and_surds_multiply() -> None:
    g = NumberField(sympy.sqrt(2)).generator
    left = np.array([[Fraction(1, 3), Fraction(-1, 7)], [Fraction(2), Fraction(0)]], dtype=object)
    right = np.array([[Fraction(3, 2), 1], [7, Fraction(1, 2)]], dtype=object)
    expected = [[Fraction(-1, 2), Fraction(1, 3) - Fraction(1, 14)], [3, 2]]
    assert product(left, right).tolist() == expected
    assert product(left * g, right * g).tolist() == [[2 * v for v in row] for row in expected]


@pytest.mark.parametrize("one_hot", [False, True])
def test_rows_that_are_mostly_zero_give_the_same(one_hot: bool) -> None:
    generator = np.random.default_rng(0)
    left = generator.integers(-5, 6, (6, 40)) * (np.eye(6, 40, dtype=int) if one_hot else 1)
    for big in (1, 2**40, 2**80):
        right = generator.integers(-5, 6, (40, 3)).astype(object) * big
        assert np.array_equal(product(left, right), left.astype(object) @ right)
    assert np.array_equal(product(left.astype(float), left.T.astype(float)), left @ left.T)


def test_what_does_not_fit_is_refused() -> None:
    a = np.zeros((1, 1, 4, 3), dtype=int)
    with pytest.raises(InputError, match="filter size 4 exceeds the 3 sites"):
        correlation(a, np.ones((1, 1, 1, 4), dtype=int), [0])
    with pytest.raises(InputError, match="stride 2 does not divide the 3 sites"):
        correlation(a, np.ones((1, 1, 1, 1), dtype=int), [0], stride=2)


@given(st.data(), st.sampled_from([DYADICS, SINGLE, DOUBLE]))
def test_dense_dyadic_layers_equal_the_definition(data: Any, weights: Any) -> None:
    layer = data.draw(layers(1, 6, weights, activations=("relu", "hardtanh")))
    above = data.draw(layers(layer.channels, 6 // layer.stride, weights))
    image = data.draw(st.lists(st.integers(-2, 2), min_size=6, max_size=6))
    maps = [image]
    for each, a in zip((layer, above), activations(Network(layers=[layer, above]), np.array(image))[1:], strict=True):
        maps = plain_layer(each, maps)
        assert a.exact()[0].tolist() == maps


@settings(max_examples=8)
@given(tasks(lengths=st.sampled_from([4, 8])), deformations(), st.integers(0, 99), st.sampled_from([(3, 1), (2, 2)]))
def test_d_of_dense_float32_networks_equals_every_image(
    task: TwoPixelTask, deformation: Deformation, seed: int, shape: tuple[int, int]
) -> None:
    network = dense(3, 2, *shape, seed=seed)
    assert distance_moments(network, task, deformation) == image_moments(network, task, deformation)


def torch_moments(network: Network, task: TwoPixelTask, number: Any) -> list[tuple[Any, Any]]:
    """Numerator and denominator of D of layers 0..depth by torch in float64, over every image and every outcome.

    ``number`` says what the torch maps are taken as: Fraction, to add up exactly what torch found, or float.
    """
    module = to_torch(network)

    def maps(images: np.ndarray) -> list[np.ndarray]:
        with torch.no_grad():
            found = [a.numpy().reshape(len(images), -1) for a in module.maps(torch.from_numpy(images[:, None, :]))]
        return [np.vectorize(number, otypes=[object])(a) for a in found]

    images, weights = task.images()
    law = np.array([number(w) for w in weights], dtype=object)
    plain = maps(images)
    above: list[Any] = [0] * len(plain)
    for n, (i, j, _) in enumerate(task.pairs()):
        outcomes = deformation_outcomes(task, Deformation(), i, j)
        moved = maps(np.stack([image for image, _ in outcomes]))
        chances = np.array([number(p) for _, p in outcomes], dtype=object)
        for k, a in enumerate(moved):
            above[k] += law[n] * (((a - plain[k][n]) ** 2).sum(axis=1) * chances).sum()
    below = [2 * ((law @ (a * a).sum(axis=1)) - ((law @ a) ** 2).sum()) for a in plain]
    return list(zip(above, below, strict=True))


@pytest.mark.parametrize("shape", [(3, 1), (2, 2)])
def test_d_equals_torch_over_every_image(shape: tuple[int, int]) -> None:
    """With few bits torch rounds nothing, so what it finds adds up to the same fraction; with 24, to 12 digits."""
    task = TwoPixelTask(length=8, scale=3)
    single = dense(4, 3, *shape)
    coarse = Network(
        layers=[
            Layer(
                filters=[
                    [[Fraction(round(w * 64), 64) for w in taps] for taps in channel] for channel in layer.filters
                ],
                bias=[Fraction(round(b * 64), 64) for b in layer.bias],
                stride=layer.stride,
            )
            for layer in single.layers
        ]
    )
    exact = [(m.change, m.spread) for m in distance_moments(coarse, task, Deformation())[:-1]]
    assert torch_moments(coarse, task, Fraction) == exact
    found = [above / below for above, below in torch_moments(single, task, float)]
    expected = [float(m.change / m.spread) for m in distance_moments(single, task, Deformation())[:-1]]
    assert found == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.slow
@pytest.mark.parametrize(("depth", "shape"), [(3, (3, 1)), (5, (2, 2))])
def test_d_of_64_channels_equals_torch_to_12_digits(depth: int, shape: tuple[int, int]) -> None:
    network, task = dense(64, depth, *shape), TwoPixelTask(length=32, scale=7)
    expected = [float(m.change / m.spread) for m in distance_moments(network, task, Deformation())[:-1]]
    found = [above / below for above, below in torch_moments(network, task, float)]
    assert found == pytest.approx(expected, rel=1e-12, abs=0)
