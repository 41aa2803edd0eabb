"""Effective kernels: what a stack of layers does where no activation cuts, a single affine convolution."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from solver.errors import InputError
from solver.network.layer import Layer
from solver.network.network import Network
from solver.numbers.exact import Exact
from solver.numbers.product import product
from solver.question.lattice import lags


@dataclass(frozen=True)
class Kernel:
    """An affine convolution: out(c, p) = sum_i sum_o values[c, i, o - first_offset] x(i, p * stride + o) + bias[c].

    On a frame p and o are vectors; the first offset and the stride are those of both axes.

    Attributes
    ----------
    values : object array of exact numbers, shape (channels, input channels, width), or (..., width, width) on a frame
    bias : object array of exact numbers, shape (channels,)
    first_offset : int
        Offset of the first entry, in input sites.
    stride : int
        Input sites between outputs.
    channels : int
        Number of output channels.
    width : int
        Number of input sites spanned along each axis.
    axes : int
        Spatial axes: 1 on a ring, 2 on a frame.
    """

    values: np.ndarray
    bias: np.ndarray
    first_offset: int = 0
    stride: int = 1

    channels: int = field(init=False, repr=False)
    width: int = field(init=False, repr=False)
    axes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        channels, _, width, *_ = self.values.shape
        vars(self).update(channels=channels, width=width, axes=self.values.ndim - 2)

    def is_non_negative(self) -> bool:
        """Return whether no entry and no bias is negative: such a kernel keeps non-negative maps non-negative."""
        return all(v >= 0 for v in (*self.values.flat, *self.bias))

    def channel_sum(self) -> Kernel:
        """Return the kernel of the sum over output channels."""
        return Kernel(
            self.values.sum(axis=0, keepdims=True), self.bias.sum(keepdims=True), self.first_offset, self.stride
        )

    def autocorrelations(self) -> list[Exact]:
        """Return A_r = sum_c sum_i sum_o K(c, i, o) K(c, i, o + r) for r = 0..width-1; O(width^2 channels).

        On a frame the list has an entry for each lag of `lattice.lags`, 0 <= r_1 < width and |r_2| < width.
        """
        k, n = self.values, self.width
        here: Any
        there: Any
        found = []
        for lag in lags(n - 1, self.axes):
            here = tuple(slice(max(0, -r), n - max(0, r)) for r in lag)
            there = tuple(slice(max(0, r), n - max(0, -r)) for r in lag)
            found.append((k[(..., *here)] * k[(..., *there)]).sum())
        return found

    def squared_sums(self) -> Exact:
        """Return S2 = sum_c (sum_i sum_o K(c, i, o))^2."""
        return (self.values.sum(axis=tuple(range(1, self.values.ndim))) ** 2).sum()


def identity_kernel(channels: int, axes: int = 1) -> Kernel:
    """Return the kernel that copies its input."""
    values = np.full((channels, channels, *(1,) * axes), Fraction(0), dtype=object)
    values[range(channels), range(channels)] = Fraction(1)
    return Kernel(values, np.full(channels, Fraction(0), dtype=object))


def effective_kernel(network: Network, layer: int, *, after: int = 0) -> Kernel:
    """Return the affine convolution from a_after to a_layer that the network performs if no activation cuts.

    K_k = w_k * K_(k-1) (derivations/effective_kernels.py), kept with the network: each costs its composition once.

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
    known = network.kernels
    if (after, after) not in known:
        known[after, after] = identity_kernel(network.layers[after - 1].channels if after else 1, network.axes)
    for k in range(after, layer):
        if (after, k + 1) not in known:
            known[after, k + 1] = composed(known[after, k], network.layers[k])
            known[after, k + 1].values.setflags(write=False)
    return known[after, layer]


def composed(kernel: Kernel, layer: Layer) -> Kernel:
    """Return the affine convolution that a kernel and then a layer perform if the activation cuts nothing."""
    width = kernel.width + (layer.size - 1) * kernel.stride
    inputs = kernel.values.shape[1]
    values = np.full((layer.channels, inputs, *(width,) * kernel.axes), Fraction(0), dtype=object)
    for tap in np.ndindex(*layer.array.shape[2:]):
        reached: Any = tuple(slice(j * kernel.stride, j * kernel.stride + kernel.width) for j in tap)
        mixed = product(layer.array[(..., *tap)], kernel.values.reshape(layer.input_channels, -1))
        values[(..., *reached)] += mixed.reshape(layer.channels, *kernel.values.shape[1:])
    bias = np.array(layer.bias, dtype=object)
    if (kernel.bias != 0).any():
        sums = layer.array.sum(axis=tuple(range(2, layer.array.ndim)))
        bias = bias + product(sums, kernel.bias[:, None])[:, 0]
    first = kernel.first_offset + layer.first_offset * kernel.stride
    return Kernel(values, bias, first, kernel.stride * layer.stride)
