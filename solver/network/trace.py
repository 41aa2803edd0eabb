"""The forward pass: every activation of a network, exactly, for a batch of images.

Rational networks run in integers: each layer carries one common denominator, and its activations are
int64 arrays where the numbers that came allow and Python integers where they do not.  Algebraic
networks run in object arrays of field elements.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from solver.errors import InputError
from solver.network.layer import Layer
from solver.network.network import Network
from solver.numbers.exact import Exact, exact
from solver.numbers.product import INT64_LIMIT, as_integers, common_denominator, largest, product
from solver.question.ensemble import Representatives
from solver.question.lattice import Shape, as_shape

_ENTRIES = 2**22
MOST_SITES = 2**29
"""Sites of all images of a batch; more would take some gigabytes."""

Each = int | Sequence[int]
"""One whole number per axis, or one for all."""


@dataclass(frozen=True)
class Activation:
    """The maps a_k of a batch: ``values / denominator``, of shape (batch, channels, *sites)."""

    values: np.ndarray
    denominator: int

    def exact(self) -> np.ndarray:
        """Return the maps as an object array of exact numbers (int where integral, else Fraction or Algebraic)."""
        values = self.values.astype(object)
        if self.denominator == 1:
            return values
        return np.frompyfunc(lambda v: _reduced(v * Fraction(1, self.denominator)), 1, 1)(values)

    def channel_sum(self) -> Activation:
        """Return the maps summed over channels, as a single channel."""
        return Activation(self._summable(1, self.values.shape[1]).sum(axis=1, keepdims=True), self.denominator)

    def squared_norms(self) -> list[Exact]:
        """Return ||a||^2 of every image, exactly."""
        values = self._summable(2, prod(self.values.shape[1:]))
        sums = (values * values).sum(axis=tuple(range(1, values.ndim)))
        return [v * Fraction(1, self.denominator**2) for v in sums.tolist()]

    def site_sums(self, period: int = 1) -> np.ndarray:
        """Return the sums over sites of each residue mod a period, exact, of shape (batch, channels * period)."""
        values = self.values.reshape(*self.values.shape[:2], -1, period).astype(object)
        return values.sum(axis=2).reshape(len(values), -1) * Fraction(1, self.denominator)

    def _summable(self, power: int, terms: int) -> np.ndarray:
        """Return the values in a type that holds sums of so many products of so many of them."""
        values = self.values
        fit = values.dtype != np.int64 or values.size == 0 or largest(values) ** power * terms < INT64_LIMIT
        return values if fit else values.astype(object)

    def __getitem__(self, index: Any) -> Activation:
        return Activation(self.values[index], self.denominator)

    def __sub__(self, other: Activation) -> Activation:
        assert self.denominator == other.denominator
        return Activation(self.values - other.values, self.denominator)


def dense_images(images: list[dict[int, int]], length: int | Shape) -> np.ndarray:
    """Return images given as ``{site: value}`` as an integer array of shape (n, length), or (n, rows, columns).

    Raises
    ------
    InputError
        If that would take more than some gigabytes.
    """
    shape = as_shape(length)
    if len(images) * prod(shape) > MOST_SITES:
        raise InputError(
            f"{len(images)} images of {prod(shape)} sites are too many to enumerate; "
            "a smaller displacement or a smaller receptive field needs fewer"
        )
    dense = np.zeros((len(images), prod(shape)), dtype=np.int64)
    for row, image in zip(dense, images, strict=True):
        row[list(image)] = list(image.values())
    return dense.reshape(-1, *shape)


def activations(network: Network, images: ArrayLike) -> list[Activation]:
    """Return a_0 (the images), a_k = act(w_k * a_(k-1) + b_k), k = 1..depth, of a batch (docs/theory.md, section 2).

    Costs batch * l * (filter entries) integer operations, as matrix products (`solver.numbers.product`).

    Parameters
    ----------
    network : Network
    images : array of shape (batch, l) or (l,); on a frame (batch, rows, columns) or (rows, columns)
        Integers or exact numbers.

    Raises
    ------
    InputError
        For floats, other shapes, rings shorter than a filter, and strides that do not divide the ring.

    Examples
    --------
    >>> box = Network(layers=[Layer(filters=[[[1, 1, 1]]])] * 2)
    >>> activations(box, [0, 0, 0, 1, 0, 0])[2].exact().tolist()
    [[[0, 1, 2, 3, 2, 1]]]
    """
    return [a for _, a in layer_passes(network, images)]


def layer_passes(network: Network, images: ArrayLike) -> Iterator[tuple[Activation, Activation]]:
    """Yield z_k = w_k * a_(k-1) + b_k and a_k of a batch of images, for k = 0, ..., depth; z_0 = a_0 are the images."""
    a, denominator = _as_batch(images, network)
    yield Activation(a, denominator or 1), Activation(a, denominator or 1)
    for layer in network.layers:
        weights, bias = layer.array, layer.bias
        if denominator:
            factor = common_denominator(layer.weights)
            denominator *= factor
            weights, _ = as_integers(layer.array, factor)
            bias = tuple(int(b * denominator) for b in layer.bias)
        z = correlate(a, layer, weights, bias)
        a = activated(z, layer.activation, denominator or 1)
        yield Activation(z, denominator or 1), Activation(a, denominator or 1)


def preactivations(network: Network, images: ArrayLike, layer: int) -> Activation:
    """Return z_k = w_k * a_(k-1) + b_k of one layer, before its activation."""
    return next(islice(layer_passes(network, images), layer, None))[0]


def response(network: Network, images: ArrayLike) -> list[Exact | int]:
    """Return f_p of every image of a batch, exactly; arguments, errors and cost are those of `activations`.

    For constructions f_p(d) = ReLU(xi - d) (derivations/response.py).

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> task = TwoPixelTask(length=32, scale=7)
    >>> response(construct("shift", task), [task.image(0, d) for d in (1, 6, 7)])
    [6, 1, 0]
    """
    *_, (_, last) = layer_passes(network, images)
    weights = network.pooled_readout(prod(np.shape(images)[-network.axes :]))
    return [
        _reduced(sum(v * s for v, s in zip(weights, row, strict=True)) + network.constant) for row in last.site_sums()
    ]


def readouts(network: Network, last: Activation, ring: Representatives) -> list[Exact]:
    """Return f_p on the task's full ring from last-layer maps on the representing one; row 0 is the empty image.

    The sites that the representing ring leaves out see background only, so they add its activation.
    """
    weights, sums = network.pooled_readout(ring.task.sites), last.site_sums()
    return [
        sum(v * (s + ring.stretch * b) for v, s, b in zip(weights, row, sums[0], strict=True)) + network.constant
        for row in sums
    ]


def activated(z: np.ndarray, activation: str, one: int = 1) -> np.ndarray:
    """Return max(z, 0), z, or z clipped to [-one, one], in any number type; ``one`` is what stands for 1 in ``z``."""
    if z.dtype == np.int64:
        one = min(one, INT64_LIMIT)
    with np.errstate(all="ignore"):  # comparing algebraic numbers leaves floating-point flags behind
        if activation == "relu":
            return np.maximum(z, 0)
        return np.clip(z, -one, one) if activation == "hardtanh" else z


def correlate(a: np.ndarray, layer: Layer, weights: ArrayLike, bias: ArrayLike) -> np.ndarray:
    """Return the periodic cross-correlation w * a + b over the last axes (channels, *sites) of ``a``.

    ``weights`` are nested like ``layer.filters``, in any number type that multiplies the array's.
    """
    return correlation(a, weights, bias, stride=layer.stride, origin=-layer.first_offset)


def correlation(
    a: np.ndarray, filters: ArrayLike, bias: ArrayLike, *, stride: Each = 1, origin: Each = 0
) -> np.ndarray:
    """Return z(c, p) = sum_i sum_j filters(c, i, j) a(i, p stride + j - origin) + bias(c), sites taken periodically.

    Parameters
    ----------
    a : array of shape (..., inputs, *sites)
        float64, integers (int64 or Python's), or exact numbers.
    filters : array or nested sequence of shape (channels, inputs, *sizes)
        As many sizes as there are spatial axes.
    bias : sequence of numbers, one per channel
    stride, origin : int, or one per spatial axis

    Returns
    -------
    array of shape (..., channels, *(sites / stride))
        Of the type that `product` gives.

    Raises
    ------
    InputError
        If a filter is longer than an axis or a stride does not divide one.

    Examples
    --------
    >>> correlation(np.array([[1, 0, 2, 0]]), [[[1, 10]]], [5]).tolist()
    [[6, 25, 7, 15]]
    """
    w = np.array(filters, dtype=a.dtype if a.dtype.kind == "f" else object)
    matrix = np.concatenate([w.reshape(len(w), -1), np.array(bias, dtype=w.dtype)[:, None]], axis=1)
    sizes = w.shape[2:]
    strides, origins = (np.broadcast_to(each, len(sizes)).tolist() for each in (stride, origin))
    batch = a.reshape(-1, *a.shape[-len(sizes) - 1 :])
    each = max(1, _ENTRIES // max(1, prod(sizes) * prod(batch.shape[1:])))  # columns of some ten megabytes at a time
    parts = []
    for start in range(0, max(1, len(batch)), each):
        columns = _columns(batch[start : start + each], sizes, strides, origins)
        z = product(matrix, columns.reshape(*columns.shape[:2], -1))
        parts.append(z.reshape(len(columns), len(matrix), *columns.shape[2:]))
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return whole.reshape(*a.shape[: -len(sizes) - 1], *whole.shape[1:])


def _columns(batch: np.ndarray, sizes: Sequence[int], strides: Sequence[int], origins: Sequence[int]) -> np.ndarray:
    """Return what the taps read at every output, (batch, inputs * taps + 1, *outputs); the bias reads the last, 1."""
    sites = batch.shape[2:]
    for length, size, stride in zip(sites, sizes, strides, strict=True):
        if size > length:
            raise InputError(f"filter size {size} exceeds the {length} sites of the layer's input")
        if length % stride:
            raise InputError(f"stride {stride} does not divide the {length} sites of the layer's input")
    pads = [(origin, size - 1 - origin) for size, origin in zip(sizes, origins, strict=True)]
    padded = np.pad(batch, [(0, 0), (0, 0), *pads], mode="wrap")
    n, inputs, taps = *batch.shape[:2], prod(sizes)
    columns = np.empty((n, inputs * taps + 1, *(s // t for s, t in zip(sites, strides, strict=True))), batch.dtype)
    columns[:, -1] = 1
    for number, tap in enumerate(np.ndindex(*sizes)):
        view = tuple(slice(j, j + s, t) for j, s, t in zip(tap, sites, strides, strict=True))
        columns[:, number:-1:taps] = padded[(slice(None), slice(None), *view)]
    return columns


def _as_batch(images: ArrayLike, network: Network) -> tuple[np.ndarray, int]:
    """Return images of shape (batch, 1, *sites) in the cheapest exact type, times a denominator: 0 for fields."""
    array, axes = np.asarray(images), network.axes
    array = array[None] if array.ndim == axes else array
    if array.ndim != axes + 1 or array.size == 0:
        expected = "(batch, l)" if axes == 1 else "(batch, rows, columns)"
        raise InputError(f"images: expected an array of shape {expected}, got shape {np.shape(images)}")
    denominator = 1
    if not np.issubdtype(array.dtype, np.integer):
        if array.dtype != object:
            raise InputError(f"images: expected integers or exact numbers, got an array of {array.dtype}")
        array = np.frompyfunc(lambda v: exact(v, "image"), 1, 1)(array)
        if network.is_rational and all(isinstance(v, Fraction) for v in array.flat):
            array, denominator = as_integers(array)
        else:
            denominator = 0
    if not (network.is_rational and denominator):
        return array[:, None].astype(object), 0
    return array[:, None].astype(np.int64 if largest(array) < INT64_LIMIT else object), denominator


def _reduced(value: Any) -> Any:
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value
