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

from solver.errors import InputError
from solver.network.convolution import INT64_LIMIT, correlation, largest
from solver.network.layer import Layer, leaves, reshaped
from solver.network.network import Network
from solver.numbers.exact import common_denominator, exact, exact_sum


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
        divide = np.frompyfunc(lambda v: _reduced(v * Fraction(1, self.denominator)), 1, 1)
        return divide(values)

    def channel_sum(self) -> Activation:
        """Return the maps summed over channels, as a single channel."""
        values = self.values if self._is_safe(1, self.values.shape[1]) else self.values.astype(object)
        return Activation(values.sum(axis=1, keepdims=True), self.denominator)

    def squared_norms(self) -> list[Any]:
        """Return ||a||^2 of every image, exactly."""
        scale = Fraction(1, self.denominator**2)
        values = self.values if self._is_safe(2, prod(self.values.shape[1:])) else self.values.astype(object)
        sums = (values * values).sum(axis=tuple(range(1, values.ndim)))
        return [_plain(v) * scale for v in sums]

    def site_sums(self) -> np.ndarray:
        """Return the sums over sites, an object array of exact numbers of shape (batch, channels)."""
        return self.phase_sums(1)

    def phase_sums(self, period: int) -> np.ndarray:
        """Return the sums over sites of each residue mod a period, of shape (batch, channels * period)."""
        values = self.values.reshape(*self.values.shape[:2], -1, period)
        return exact_sum(values, axis=2).reshape(len(values), -1) * Fraction(1, self.denominator)

    def _is_safe(self, power: int, terms: int) -> bool:
        """Return whether sums of so many products of so many values stay below 2^62."""
        values = self.values
        return values.dtype != np.int64 or values.size == 0 or largest(values) ** power * terms < INT64_LIMIT

    def __getitem__(self, index: Any) -> Activation:
        return Activation(self.values[index], self.denominator)

    def __sub__(self, other: Activation) -> Activation:
        assert self.denominator == other.denominator
        return Activation(self.values - other.values, self.denominator)


def activations(network: Network, images: Any) -> list[Activation]:
    """Return a_0 (the images), a_1, ..., a_depth of a batch of images.

    Parameters
    ----------
    network : Network
    images : array of shape (batch, l) or (l,); on a frame (batch, rows, columns) or (rows, columns)
        Integers or exact numbers.

    Raises
    ------
    InputError
        For floats, other shapes, rings shorter than a filter, and strides that do not divide the ring.

    Notes
    -----
    Costs batch * l * (filter entries) integer operations, as matrix products (`solver.network.convolution`).
    """
    start, steps = _prepared(network, images)
    return [Activation(start, steps[0].denominator), *(a for _, a in _passes(network, start, steps[1:]))]


def layer_passes(network: Network, images: Any) -> Iterator[tuple[Activation, Activation]]:
    """Yield z_k = w_k * a_(k-1) + b_k and a_k of a batch of images, for k = 1, ..., depth, each when asked for."""
    start, steps = _prepared(network, images)
    return _passes(network, start, steps[1:])


def preactivations(network: Network, images: Any, layer: int) -> Activation:
    """Return z_k = w_k * a_(k-1) + b_k of one layer, before its activation."""
    return next(islice(layer_passes(network, images), layer - 1, None))[0]


def response(network: Network, images: Any) -> list[Any]:
    """Return f_p of every image of a batch, exactly."""
    last = activations(network, images)[-1]
    weights = network.pooled_readout(prod(np.asarray(images).shape[-network.axes :]))
    return [
        _reduced(sum(v * s for v, s in zip(weights, row, strict=True)) + network.constant) for row in last.site_sums()
    ]


def activated(z: np.ndarray, activation: str, one: int = 1) -> np.ndarray:
    """Return max(z, 0), z, or z clipped to [-one, one], in any number type; ``one`` is what stands for 1 in ``z``."""
    if z.dtype == np.int64:
        one = min(one, INT64_LIMIT)
    with np.errstate(all="ignore"):  # comparing algebraic numbers leaves floating-point flags behind
        if activation == "relu":
            return np.maximum(z, 0)
        return np.clip(z, -one, one) if activation == "hardtanh" else z


def correlate(a: np.ndarray, layer: Layer, weights: Any, bias: Sequence[Any]) -> np.ndarray:
    """Return the periodic cross-correlation w * a + b over the last axes (channels, *sites) of ``a``.

    ``weights`` are nested like ``layer.filters``, in any number type that multiplies the array's.
    """
    return correlation(a, weights, bias, stride=layer.stride, origin=-layer.first_offset)


def _passes(network: Network, a: np.ndarray, steps: list[_Step]) -> Iterator[tuple[Activation, Activation]]:
    for layer, step in zip(network.layers, steps, strict=True):
        z = correlate(a, layer, step.weights, step.bias)
        a = activated(z, layer.activation, step.denominator)
        yield Activation(z, step.denominator), Activation(a, step.denominator)


@dataclass(frozen=True)
class _Step:
    """What one layer runs with: its weights times a common integer, and the denominator of its activations."""

    weights: Any
    bias: Any
    denominator: int


def _prepared(network: Network, images: Any) -> tuple[np.ndarray, list[_Step]]:
    """Return the batch, of shape (batch, 1, *sites), in the cheapest exact type, and the steps to run it through."""
    batch = _as_batch(images, network.axes)
    numbers = batch.ravel()
    if not (network.is_rational and all(isinstance(v, int | Fraction | np.integer) for v in numbers)):
        steps = [_Step(layer.filters, layer.bias, 1) for layer in network.layers]
        return batch.astype(object), [_Step(None, None, 1), *steps]
    denominator = 1 if batch.dtype == np.int64 else common_denominator(numbers)
    if batch.dtype == object:
        batch = np.frompyfunc(lambda v: int(v * denominator), 1, 1)(batch)
    small = largest(batch) < INT64_LIMIT
    return batch.astype(np.int64 if small else object), _integer_steps(network, denominator)


def _as_batch(images: Any, axes: int) -> np.ndarray:
    array = np.asarray(images)
    array = array[None] if array.ndim == axes else array
    if array.ndim != axes + 1 or array.size == 0:
        expected = "(batch, l)" if axes == 1 else "(batch, rows, columns)"
        raise InputError(f"images: expected an array of shape {expected}, got shape {np.shape(images)}")
    if np.issubdtype(array.dtype, np.integer):
        fits = array.dtype != np.uint64 or array.max() < INT64_LIMIT
        return array.astype(np.int64 if fits else object)[:, None]
    if array.dtype != object:
        raise InputError(f"images: expected integers or exact numbers, got an array of {array.dtype}")
    return np.frompyfunc(lambda v: exact(v, "image"), 1, 1)(array)[:, None]


def _integer_steps(network: Network, denominator: int) -> list[_Step]:
    steps = [_Step(None, None, denominator)]
    for layer in network.layers:
        factor = common_denominator(layer.weights)
        bias_factor = common_denominator([b * factor * denominator for b in layer.bias])
        factor *= bias_factor
        integers = [w.numerator * (factor // w.denominator) for w in leaves(layer.filters)]
        weights = reshaped(layer.filters, integers)
        denominator *= factor
        steps.append(_Step(weights, [int(b * denominator) for b in layer.bias], denominator))
    return steps


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, np.integer) else value


def _reduced(value: Any) -> Any:
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value
