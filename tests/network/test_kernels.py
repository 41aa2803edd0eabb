"""Effective kernels: against the forward pass, against polynomials, and their autocorrelations."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from solver import TwoPixelTask, activations, construct, effective_kernel
from solver.network.kernels import Kernel, identity_kernel
from tests.strategies import RATIONALS, networks

LENGTH = 16


def powers(size: int, exponent: int) -> list[int]:
    """The coefficients of (1 + z + ... + z^(s-1))^k."""
    z = sympy.Symbol("z")
    return [int(c) for c in sympy.Poly(sum(z**j for j in range(size)) ** exponent, z).all_coeffs()]


def applied(kernel: Kernel, maps: np.ndarray) -> np.ndarray:
    """The kernel's affine convolution by its definition, on maps of shape (input channels, sites)."""
    sites = maps.shape[-1]
    out = [
        [
            sum(
                kernel.values[c, i, o] * maps[i, (p * kernel.stride + o + kernel.first_offset) % sites]
                for i in range(maps.shape[0])
                for o in range(kernel.width)
            )
            + kernel.bias[c]
            for p in range(sites // kernel.stride)
        ]
        for c in range(kernel.channels)
    ]
    return np.array(out, dtype=object)


@given(networks(LENGTH, RATIONALS), st.data())
def test_kernel_is_the_forward_pass_without_relu(network: Any, data: Any) -> None:
    linear = network.with_identity()
    maps = activations(linear, np.eye(LENGTH, dtype=np.int64)[: data.draw(st.integers(1, 4))])
    after = data.draw(st.integers(0, network.depth))
    layer = data.draw(st.integers(after, network.depth))
    kernel = effective_kernel(network, layer, after=after)
    for image, expected in zip(maps[after].exact(), maps[layer].exact(), strict=True):
        assert np.array_equal(applied(kernel, image), expected)


@pytest.mark.parametrize("size", [3, 5, 7])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_uniform_kernel_is_s_nomial(size: int, depth: int) -> None:
    task = TwoPixelTask(length=60, scale=(size - 1) * depth + 1)
    network = construct("uniform", task, filter_size=size)
    for k in range(1, depth + 1):
        kernel = effective_kernel(network, k)
        assert kernel.values.tolist() == [[powers(size, k)]]
        assert kernel.first_offset == -(size - 1) // 2 * k
        assert kernel.bias.tolist() == [-1 if k == depth else 0]


@pytest.mark.parametrize(("scale", "size"), [(7, 3), (8, 3), (5, 5), (6, 5), (13, 5)])
def test_shift_kernels_are_deltas_then_a_box(scale: int, size: int) -> None:
    network = construct("shift", TwoPixelTask(length=26, scale=scale), filter_size=size)
    for k in range(1, network.depth):
        kernel = effective_kernel(network, k)
        assert np.array_equal(kernel.values[:, 0], np.eye((size - 1) * k + 1, dtype=int))
        offsets = [kernel.first_offset + n for n in range(kernel.width)]
        assert [f"offset {o:+d}" if o else "offset 0" for o in offsets] == list(network.layers[k - 1].names)
    last = effective_kernel(network, network.depth).values.ravel().tolist()
    assert "".join(map(str, last)).strip("0") == "1" * scale


@pytest.mark.parametrize("size", [3, 5])
def test_shift_mixed_sums_to_uniform(size: int) -> None:
    task = TwoPixelTask(length=40, scale=3 * (size - 1) + 1)
    mixed, uniform = (construct(name, task, filter_size=size) for name in ("shift-mixed", "uniform"))
    for k in range(1, 4):
        summed = effective_kernel(mixed, k).channel_sum()
        assert summed.values.tolist() == effective_kernel(uniform, k).values.tolist()


@given(networks(LENGTH, RATIONALS))
def test_autocorrelations_and_squared_sums(network: Any) -> None:
    """A_0 + 2 (A_1 + A_2 + ...) is the squared sum of every filter's taps; S2 adds up input channels first."""
    kernel = effective_kernel(network, network.depth)
    correlations = kernel.autocorrelations()
    assert len(correlations) == kernel.width
    assert correlations[0] == sum(v * v for v in kernel.values.ravel())
    whole = sum(kernel.values[c, i].sum() ** 2 for c in range(kernel.channels) for i in range(kernel.values.shape[1]))
    assert correlations[0] + 2 * sum(correlations[1:]) == whole == kernel.squared_sums()


def test_autocorrelation_by_hand() -> None:
    values = np.array([[[1, 2, -3]], [[0, 1, 1]]], dtype=object)
    kernel = Kernel(values, np.array([0, 0], dtype=object))
    assert kernel.autocorrelations() == [14 + 2, 2 - 6 + 1, -3]
    assert kernel.squared_sums() == 0 + 4
    assert kernel.channel_sum().values.tolist() == [[[1, 3, -2]]]


@pytest.mark.parametrize(
    ("values", "bias", "expected"),
    [([0, 1], 0, True), ([0, -1], 0, False), ([1, 1], -1, False), ([Fraction(1, 9)], 1, True)],
)
def test_is_non_negative(values: list[Any], bias: int, expected: bool) -> None:
    kernel = Kernel(np.array([[values]], dtype=object), np.array([bias], dtype=object))
    assert kernel.is_non_negative() is expected


def test_identity_kernel_copies() -> None:
    maps = np.arange(6).reshape(2, 3)
    assert applied(identity_kernel(2), maps).tolist() == maps.tolist()


def test_kernels_are_computed_once() -> None:
    network = construct("shift", TwoPixelTask())
    assert effective_kernel(network, 2) is effective_kernel(network, 2)
    assert set(network.kernels) == {(0, 0), (0, 1), (0, 2)}
    for shared in (effective_kernel(network, 2).values, network.layers[0].array):
        with pytest.raises(ValueError, match="read-only"):
            shared[0] = 0
    assert network == construct("shift", TwoPixelTask()) and "kernels" not in repr(network)
