"""Layers and networks as data: what they check, what they derive, and widening."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from solver import (
    Claim,
    InputError,
    Layer,
    Network,
    NumberField,
    TwoPixelTask,
    activations,
    construct,
    network_from_text,
    network_text,
    response,
)
from solver.network.changed.wider import widen
from tests.strategies import RATIONALS, task_networks

ONES = [[[1, 1, 1]]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": []}, "got an empty one"),
        ({"filters": [[]]}, "got an empty one"),
        ({"filters": [[[]]]}, "got an empty one"),
        ({"filters": 3}, "got int"),
        ({"filters": [1, 2]}, "expected nested sequences"),
        ({"filters": [[[1, 1]], [[1]]]}, "rows of different lengths"),
        ({"filters": [[[1]], [[1], [1]]]}, "rows of different lengths"),
        ({"filters": [[[1], []]]}, "rows of different lengths"),
        ({"filters": [[[0.5]]]}, r"the float 0\.5 is not exact"),
        ({"filters": [[[True]]]}, "True is not an exact number"),
        ({"filters": ONES, "bias": [1, 2]}, r"bias: expected one per channel \(1\), got 2"),
        ({"filters": ONES, "bias": [1.5]}, r"bias: the float 1\.5"),
        ({"filters": ONES, "names": ("a", "b")}, r"names: expected one per channel \(1\), got 2"),
        ({"filters": ONES * 2, "names": ("a", "a")}, "channel names must differ"),
        ({"filters": ONES, "origin": 3}, "origin: expected a tap from 0 to 2, got 3"),
        ({"filters": ONES, "origin": -1}, "origin: expected an integer of at least 0"),
        ({"filters": ONES, "stride": 0}, "stride: expected an integer of at least 1, got 0"),
        ({"filters": ONES, "activation": "tanh"}, "'tanh' is unknown; choose one of relu, identity, hardtanh"),
    ],
)
def test_layer_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Layer(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": []}, "expected at least one Layer"),
        ({"layers": [ONES]}, "expected at least one Layer"),
        ({"layers": [Layer(filters=[[[1], [1]]])]}, "layer 1 takes 2 input channels but its input has 1"),
        (
            {"layers": [Layer(filters=ONES * 2), Layer(filters=ONES)]},
            "layer 2 takes 1 input channels but its input has 2",
        ),
        ({"layers": [Layer(filters=ONES)], "readout": (1, 1)}, r"readout: .* \(1\), got 2"),
        ({"layers": [Layer(filters=ONES)], "readout": (0.1,)}, "readout: the float"),
        ({"layers": [Layer(filters=ONES)], "constant": 0.1}, "constant: the float"),
        ({"layers": [Layer(filters=ONES)], "pooling": "max"}, "'max' is unknown; choose one of mean, sum"),
    ],
)
def test_network_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Network(**options)


def test_layer_keeps_exact_numbers() -> None:
    g = NumberField(sympy.sqrt(2)).generator
    layer = Layer(filters=[[["1/2", g, np.int64(3)]]], bias=["0.25"])
    assert layer.filters == (((Fraction(1, 2), g, Fraction(3)),),)
    assert layer.bias == (Fraction(1, 4),) and layer.weights == [Fraction(1, 2), g, 3, Fraction(1, 4)]
    assert (layer.channels, layer.input_channels, layer.size, layer.first_offset, layer.names) == (1, 1, 3, -1, ("1",))


@pytest.mark.parametrize(("size", "origin"), [(1, 0), (2, 0), (3, 1), (4, 1), (5, 2)])
def test_middle_tap_is_the_origin(size: int, origin: int) -> None:
    assert Layer(filters=[[[1] * size]]).origin == origin


def test_network_sizes() -> None:
    layers = [Layer(filters=ONES, stride=2), Layer(filters=[[[1, 1]]], stride=3), Layer(filters=ONES)]
    network = Network(layers=layers)
    assert [network.receptive_field(k) for k in range(4)] == [1, 3, 3 + 2, 5 + 2 * 6]
    assert [network.output_length(36, k) for k in range(4)] == [36, 18, 6, 6]
    assert network.pooled_readout(36) == (Fraction(1, 6),)
    with pytest.raises(InputError, match="layer 2: stride 3 does not divide the 4 sites"):
        network.output_length(8, 3)


def test_rationality() -> None:
    assert Network(layers=[Layer(filters=ONES)]).is_rational
    assert not Network(layers=[Layer(filters=ONES)], readout=[sympy.sqrt(2)]).is_rational
    assert not Network(layers=[Layer(filters=[[[sympy.sqrt(2)]]])]).is_rational


def test_claim_is_the_tent() -> None:
    claim = Claim(scale=7, offset=Fraction(0), smallest_length=14)
    assert [claim.response(d) for d in (1, 6, 7, 8)] == [6, 1, 0, 0]


@pytest.mark.parametrize("offset", [18, Fraction(18), "18", "36/2", sympy.Integer(18), sympy.Rational(36, 2)])
def test_offset_of_a_claim_is_an_exact_number(offset: Any) -> None:
    layers = [Layer(filters=ONES)]
    claim = Claim(scale=5, offset=offset, smallest_length=10)
    network = Network(layers=layers, claim=claim)
    assert claim == Claim(scale=np.int64(5), offset=Fraction(18), smallest_length=np.int64(10))
    assert isinstance(claim.offset, Fraction) and isinstance(claim.scale, int)
    assert network_from_text(network_text(network)) == network


@pytest.mark.parametrize("weight", [1, sympy.sqrt(2), 1 + sympy.sqrt(2), 2 * sympy.sqrt(2), sympy.sqrt(3)])
def test_algebraic_offset_of_a_claim_comes_back_with_the_weights(weight: Any) -> None:
    claim = Claim(scale=5, offset=sympy.sqrt(2), smallest_length=10)
    network = Network(layers=[Layer(filters=[[[weight, 1, 1]]])], claim=claim)
    read = network_from_text(network_text(network))
    assert read == network and network.is_rational == (weight == 1) and read.claim is not None
    assert float(read.claim.offset) == float(sympy.sqrt(2)) and float(read.layers[0].weights[0]) == float(weight)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"offset": 0.5}, "offset: the float 0.5 is not exact"),
        ({"offset": None}, "offset: None is not an exact number"),
        ({"offset": "18 x"}, "offset: '18 x' is not a rational number"),
        ({"scale": 7.0}, "scale: expected an integer, got 7.0"),
        ({"scale": 0}, "scale: expected an integer of at least 1, got 0"),
        ({"scale": "7"}, "scale: expected an integer, got '7'"),
        ({"smallest_length": -1}, "smallest_length: expected an integer of at least 0, got -1"),
        ({"smallest_length": Fraction(14)}, "smallest_length: expected an integer, got"),
        ({"labels": "parity"}, "labels: 'parity' is unknown; choose one of distance, blocks"),
    ],
)
def test_what_is_no_claim_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        Claim(**({"scale": 7, "offset": 0, "smallest_length": 14} | options))


def test_identity_network_keeps_weights_and_drops_the_claim() -> None:
    network = construct("uniform", TwoPixelTask(length=32, scale=7))
    linear = network.with_identity()
    assert {layer.activation for layer in linear.layers} == {"identity"} and linear.claim is None
    assert [layer.weights for layer in linear.layers] == [layer.weights for layer in network.layers]


@given(task_networks(RATIONALS), st.integers(1, 3))
def test_widening_repeats_activations(case: Any, copies: int) -> None:
    task, network = case
    wide = widen(network, copies)
    images, _ = task.images()
    for a, b in zip(activations(network, images)[1:], activations(wide, images)[1:], strict=True):
        assert np.array_equal(np.repeat(a.exact(), copies, axis=1), b.exact())
    assert response(network, images) == response(wide, images)
    assert wide.channels == tuple(copies * c for c in network.channels)


def test_algebraic_weights_of_several_fields_are_put_into_one() -> None:
    """sqrt 2 and its multiples, in one layer, across layers and in the readout, and together with sqrt 3."""
    r2, r3 = sympy.sqrt(2), sympy.sqrt(3)
    near = Network(layers=[Layer(filters=[[[r2, r2 / 2]]], bias=[-r2]), Layer(filters=[[[2 * r2]]])], readout=[-r2])
    (half,) = response(near, np.array([1, 1, 0, 0]))
    assert half * half == Fraction(1, 2) and half < 0
    far = Network(layers=[Layer(filters=[[[r2]]]), Layer(filters=[[[r3]]])], pooling="sum")
    (product,) = response(far, np.array([1, 0, 0, 0]))
    assert product * product == 6 and product > 0


def test_numpy_integers_become_python_ones() -> None:
    task = TwoPixelTask(length=np.int64(32), scale=np.int64(7))  # type: ignore[arg-type]
    assert task == TwoPixelTask(length=32, scale=7) and type(task.length) is int
    assert type(Layer(filters=[[[1]]], stride=np.int64(1)).stride) is int
