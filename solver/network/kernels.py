"""Effective kernels: what a stack of layers does where no activation cuts, a single affine convolution."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from solver.errors import InputError
from solver.exact import sign
from solver.network.convolution import product
from solver.network.network import Network


@dataclass(frozen=True)
class Kernel:
    """An affine convolution: out(c, p) = sum_i sum_o values[c, i, o - first_offset] x(i, p * stride + o) + bias[c].

    Attributes
    ----------
    values : object array of exact numbers, shape (channels, input channels, width)
    bias : object array of exact numbers, shape (channels,)
    first_offset : int
        Offset of the first entry, in input sites.
    stride : int
        Input sites between outputs.
    """

    values: np.ndarray
    bias: np.ndarray
    first_offset: int = 0
    stride: int = 1

    @property
    def channels(self) -> int:
        """Number of output channels."""
        return int(self.values.shape[0])

    @property
    def width(self) -> int:
        """Number of input sites spanned."""
        return int(self.values.shape[2])

    def is_non_negative(self) -> bool:
        """Return whether no entry and no bias is negative: such a kernel keeps non-negative maps non-negative."""
        return all(sign(v) >= 0 for v in (*self.values.ravel(), *self.bias))

    def channel_sum(self) -> Kernel:
        """Return the kernel of the sum over output channels."""
        return Kernel(
            self.values.sum(axis=0, keepdims=True), self.bias.sum(keepdims=True), self.first_offset, self.stride
        )

    def autocorrelations(self) -> list[Any]:
        """Return A_r = sum_c sum_i sum_o K(c, i, o) K(c, i, o + r) for r = 0..width-1; O(width^2 channels)."""
        k = self.values
        return [(k[..., : self.width - r] * k[..., r:]).sum() for r in range(self.width)]

    def squared_sums(self) -> Any:
        """Return S2 = sum_c (sum_i sum_o K(c, i, o))^2."""
        return (self.values.sum(axis=(1, 2)) ** 2).sum()


def identity_kernel(channels: int) -> Kernel:
    """Return the kernel that copies its input."""
    values = np.full((channels, channels, 1), Fraction(0), dtype=object)
    values[range(channels), range(channels), 0] = Fraction(1)
    return Kernel(values, np.full(channels, Fraction(0), dtype=object))


def effective_kernel(network: Network, layer: int, *, after: int = 0) -> Kernel:
    """Return the affine convolution from a_after to a_layer that the network performs if no activation cuts.

    Parameters
    ----------
    network : Network
    layer : int
        1 <= layer <= depth (or ``layer == after``, the identity).
    after : int
        Start from this layer's activation; 0 is the image.

    Raises
    ------
    InputError
        If the network has no such layer.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> network = construct("uniform", TwoPixelTask(length=32, scale=7))
    >>> effective_kernel(network, 2).values.ravel().tolist() == [1, 2, 3, 2, 1]
    True
    """
    if not 0 <= after <= layer <= network.depth:
        raise InputError(f"layer: expected {after} to {network.depth} for this network, got {layer}")
    inputs = 1 if after == 0 else network.layers[after - 1].channels
    kernel = identity_kernel(inputs)
    for each in network.layers[after:layer]:
        kernel = composed(kernel, each)
    return kernel


def composed(kernel: Kernel, layer: Any) -> Kernel:
    """Return the affine convolution that a kernel and then a layer perform if the activation cuts nothing."""
    width = kernel.width + (layer.size - 1) * kernel.stride
    values = np.full((layer.channels, kernel.values.shape[1], width), Fraction(0), dtype=object)
    filters = np.array(layer.filters, dtype=object)
    for j in range(layer.size):
        start = j * kernel.stride
        mixed = product(filters[..., j], kernel.values.reshape(layer.input_channels, -1))
        values[..., start : start + kernel.width] += mixed.reshape(layer.channels, -1, kernel.width)
    bias = np.array(layer.bias, dtype=object)
    if (kernel.bias != 0).any():
        bias = bias + product(filters.sum(axis=-1), kernel.bias[:, None])[:, 0]
    first = kernel.first_offset + layer.first_offset * kernel.stride
    return Kernel(values, bias, first, kernel.stride * layer.stride)
