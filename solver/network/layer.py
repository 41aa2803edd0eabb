"""One convolutional layer, as frozen exact data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from solver.errors import InputError
from solver.numbers.algebraic import in_common_field
from solver.numbers.exact import choice, exact, integer

ACTIVATIONS = ("relu", "identity", "hardtanh")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """a = activation(w * x + b): periodic cross-correlation, bias, activation (docs/theory.md, section 2).

    a(c, p) = act( sum_i sum_j w[c][i][j] x(i, p * stride + j - origin) + b[c] )

    On a frame p and j are vectors, and the stride, the size and the origin are those of both axes.

    Parameters
    ----------
    filters : nested sequence of exact numbers, shape (channels, input channels, s), or (..., s, s) on a frame
    bias : sequence of exact numbers, one per channel; zeros if omitted
    stride : int
        Sites between outputs; it must divide the length of the layer's input.
    activation : {"relu", "identity", "hardtanh"}
        max(z, 0), z, or z clipped to [-1, 1].
    origin : int
        The tap that sits on the output's own site; the middle one, (size - 1) // 2, if omitted.
    names : sequence of str
        A name for every channel; "1", "2", ... if omitted.

    Attributes
    ----------
    array : object array of exact numbers
        The filters.
    weights : list of exact numbers
        All filter entries and biases.
    channels, input_channels : int
    size : int
        Filter size s, in sites, along each axis.
    axes : int
        Spatial axes: 1 on a ring, 2 on a frame.
    first_offset : int
        Offset of the first tap from the output's site.

    Raises
    ------
    InputError
        For ragged filters, floats, and sizes that do not match.

    Examples
    --------
    >>> Layer(filters=[[[1, 1, 1]]]).size
    3
    """

    filters: tuple[Any, ...]
    bias: tuple[Any, ...] = ()
    stride: int = 1
    activation: str = "relu"
    origin: int | None = None
    names: tuple[str, ...] = ()
    array: np.ndarray = field(init=False, repr=False, compare=False)
    weights: list[Any] = field(init=False, repr=False, compare=False)
    channels: int = field(init=False, repr=False, compare=False)
    input_channels: int = field(init=False, repr=False, compare=False)
    size: int = field(init=False, repr=False, compare=False)
    axes: int = field(init=False, repr=False, compare=False)
    first_offset: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        array = _checked_shape(self.filters)
        channels, inputs, size = array.shape[:3]
        given, names = _sequence(self.bias, "bias") or (Fraction(0),) * channels, _sequence(self.names, "names")
        names = tuple(map(str, names)) or tuple(str(c + 1) for c in range(channels))
        origin = (size - 1) // 2 if self.origin is None else integer(self.origin, "origin", 0)
        for what, got in (("bias", len(given)), ("names", len(names))):
            if got != channels:
                raise InputError(f"{what}: expected one per channel ({channels}), got {got}")
        if len(set(names)) < channels:
            raise InputError(f"names: channel names must differ, got {', '.join(names)}")
        if origin >= size:
            raise InputError(f"origin: expected a tap from 0 to {size - 1}, got {origin}")
        choice(self.activation, "activation", ACTIVATIONS)
        numbers = [*(exact(w, "filter") for w in array.flat), *(exact(b, "bias") for b in given)]
        weights = in_common_field(numbers)
        array = np.array(weights[: array.size], dtype=object).reshape(array.shape)
        array.setflags(write=False)
        stride, bias, rows = integer(self.stride, "stride", 1), tuple(weights[array.size :]), [*array.flat]
        sizes: tuple[int, ...] = array.shape
        for taps in reversed(sizes):
            rows = [tuple(rows[n : n + taps]) for n in range(0, len(rows), taps)]
        (filters,) = rows
        vars(self).update(filters=filters, bias=bias, stride=stride, origin=origin, names=names)
        vars(self).update(array=array, weights=weights, channels=channels, input_channels=inputs)
        vars(self).update(size=size, axes=array.ndim - 2, first_offset=-origin)

    @cached_property
    def is_non_negative(self) -> bool:
        """Whether no filter entry and no bias is negative: non-negative maps stay so."""
        return all(w >= 0 for w in self.weights)


def _sequence(values: Any, name: str) -> tuple[Any, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InputError(f"{name}: expected a sequence with one entry per channel, got {values!r}")
    return tuple(values)


def _checked_shape(filters: Any) -> np.ndarray:
    """Return filters, as they came, as an array of shape (channels, inputs, s) or (channels, inputs, s, s)."""
    expected = (
        "filters: expected nested sequences of shape (channels, input channels, filter size), "
        "or (channels, input channels, size, size) on a frame"
    )
    array = np.array(filters, dtype=object)
    ragged = any(isinstance(part, list | tuple | np.ndarray) for part in array.flat)
    if array.ndim and not array.size:
        raise InputError(f"{expected}, got an empty one")
    if array.ndim == 4 and array.shape[2] != array.shape[3]:
        rows = ", ".join([str(array.shape[3])] * array.shape[2])
        raise InputError(f"filters: on a frame they are square; got rows of {rows} taps")
    if ragged:
        raise InputError(f"{expected}, got rows of different lengths")
    if array.ndim not in (3, 4):
        raise InputError(f"{expected}, got {type(filters).__name__}")
    return array
