"""The forward pass: against a plain loop, in int64 and in Python integers, with rationals and with surds."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from solver import InputError, Layer, Network, NumberField, TwoPixelTask, activations, check_claim, response
from solver.network.network import Claim
from solver.network.trace import preactivations
from tests.plain import plain_layer
from tests.strategies import INTEGERS, RATIONALS, task_networks

IMAGE = np.array([[1, 0, 0, 1, 0, 0]])


@given(task_networks(RATIONALS), st.data())
def test_activations_equal_the_definition(case: Any, data: Any) -> None:
    task, network = case
    pixels = st.lists(RATIONALS, min_size=task.length, max_size=task.length)
    image = data.draw(pixels)
    maps = [image]
    for layer, a in zip(network.layers, activations(network, np.array(image, dtype=object))[1:], strict=True):
        maps = plain_layer(layer, maps)
        assert a.exact()[0].tolist() == maps
    pool = [sum(row) / Fraction(len(row) if network.pooling == "mean" else 1) for row in maps]
    expected = sum(v * f for v, f in zip(network.readout, pool, strict=True)) + network.constant
    assert response(network, np.array(image, dtype=object)) == [expected]


@given(task_networks(INTEGERS), st.integers(63, 200))
def test_python_integers_give_what_int64_gives(case: Any, power: int) -> None:
    """Scaling the image and the biases by 2^n scales every map of a ReLU network by 2^n, and forces big integers."""
    task, network = case
    images, _ = task.images()
    scaled_layers = [
        Layer(
            filters=each.filters, bias=[b * 2**power for b in each.bias],
            stride=each.stride, activation=each.activation, origin=each.origin,
        )
        for each in network.layers
    ]  # fmt: skip
    small = activations(network, images)
    large = activations(Network(layers=scaled_layers), images.astype(object) * 2**power)
    assert large[0].values.dtype == object and small[0].values.dtype == np.int64
    for a, b in zip(small, large, strict=True):
        assert np.array_equal(a.exact() * 2**power, b.exact())
        assert [v * 4**power for v in a.squared_norms()] == b.squared_norms()
        assert np.array_equal(a.site_sums() * 2**power, b.site_sums())


@pytest.mark.parametrize("weight", [2**29, 2**31, 2**40, 2**70])
def test_weights_near_and_beyond_int64(weight: int) -> None:
    network = Network(layers=[Layer(filters=[[[weight]]], bias=[-1]), Layer(filters=[[[weight, weight]]])])
    first, last = activations(network, IMAGE)[1:]
    assert first.exact().tolist() == [[[weight - 1, 0, 0, weight - 1, 0, 0]]]
    assert last.squared_norms() == [4 * (weight * (weight - 1)) ** 2]


def test_squared_norm_of_large_pixels_under_zero_weights() -> None:
    network = Network(layers=[Layer(filters=[[[0]]])])
    assert activations(network, np.array([[2**40]]))[0].squared_norms() == [2**80]


def test_large_weights_above_zero_weights() -> None:
    network = Network(layers=[Layer(filters=[[[0]]]), Layer(filters=[[[2**70]]])])
    assert response(network, IMAGE) == [0]


def test_preactivations_are_before_the_activation() -> None:
    network = Network(layers=[Layer(filters=[[[-1]]]), Layer(filters=[[[1]]], bias=["-1/2"])])
    assert preactivations(network, IMAGE, 1).exact().tolist() == [[[-1, 0, 0, -1, 0, 0]]]
    assert preactivations(network, IMAGE, 2).exact().tolist() == [[[Fraction(-1, 2)] * 6]]


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.array([[0.0, 1.0, 0.0, 0.0]]), "expected integers or exact numbers, got an array of float64"),
        (np.zeros((2, 2, 4), dtype=int), r"expected an array of shape \(batch, l\)"),
        (np.zeros((0, 4), dtype=int), r"expected an array of shape \(batch, l\)"),
        (np.array([[1, 0.5, 0, 0]], dtype=object), r"image: the float 0\.5 is not exact"),
        (np.array([[1, 0]]), "filter size 3 exceeds the 2 sites"),
        (np.array([[1, 0, 0]]), "stride 2 does not divide the 3 sites"),
    ],
)
def test_images_that_are_refused(images: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        activations(Network(layers=[Layer(filters=[[[1, 1, 1]]], stride=2)]), images)


def cyclotomic(task: TwoPixelTask) -> Network:
    """Filters [1, -2 cos(2 pi j / xi), 1], j = k~, ..., 1: their product is the box of width xi (theory, section 3)."""
    field = NumberField(2 * sympy.cos(2 * sympy.pi / task.scale))
    cosines = [field.element(2 * sympy.cos(2 * sympy.pi * j / task.scale)) for j in range((task.scale - 1) // 2, 0, -1)]
    layers = [Layer(filters=[[[1, -c, 1]]], bias=[-(n == len(cosines))]) for n, c in enumerate(cosines, start=1)]
    claim = Claim(scale=task.scale, offset=Fraction(0), smallest_length=2 * task.scale)
    return Network(layers=layers, pooling="sum", claim=claim)


@pytest.mark.parametrize("scale", [5, 7, 9])
def test_cyclotomic_network_is_exactly_the_tent(scale: int) -> None:
    task = TwoPixelTask(length=2 * scale + 1, scale=scale)
    network = cyclotomic(task)
    assert check_claim(network, task) == {}
    assert [layer.bias[0] for layer in network.layers] == [0] * (scale // 2 - 1) + [-1]


def test_surds_run_like_rationals_do() -> None:
    """A network over Q(sqrt 2) whose surds cancel equals its rational twin."""
    g = NumberField(sympy.sqrt(2)).generator
    surds = Network(
        layers=[Layer(filters=[[[g, 1 - g]]], bias=[g - 2]), Layer(filters=[[[g]]])], readout=[g], constant=g
    )
    one, both = response(surds, np.array([[1, 0, 0], [1, 1, 0]]))
    assert one == 2 * (2 * g - 2) / 3 + g
    assert both == 2 * (g - 1 + 2 * g - 2) / 3 + g
