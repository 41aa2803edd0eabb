"""One convolutional layer, as frozen exact data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from solver.errors import InputError
from solver.numbers.algebraic import in_common_field
from solver.numbers.exact import choice, exact, integer

ACTIVATIONS = ("relu", "identity", "hardtanh")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """a = activation(w * x + b): periodic cross-correlation, bias, activation.

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

    def __post_init__(self) -> None:
        filters = _nested(self.filters)
        channels, size = len(filters), len(filters[0][0])
        bias = tuple(exact(b, "bias") for b in _sequence(self.bias, "bias")) or (Fraction(0),) * channels
        names = tuple(str(name) for name in _sequence(self.names, "names")) or tuple(
            str(c + 1) for c in range(channels)
        )
        origin = (size - 1) // 2 if self.origin is None else integer(self.origin, "origin", 0)
        for what, got in (("bias", len(bias)), ("names", len(names))):
            if got != channels:
                raise InputError(f"{what}: expected one per channel ({channels}), got {got}")
        if len(set(names)) < channels:
            raise InputError(f"names: channel names must differ, got {', '.join(names)}")
        if origin >= size:
            raise InputError(f"origin: expected a tap from 0 to {size - 1}, got {origin}")
        choice(self.activation, "activation", ACTIVATIONS)
        object.__setattr__(self, "stride", integer(self.stride, "stride", 1))
        weights = in_common_field([*leaves(filters), *bias])
        filters, bias = reshaped(filters, weights[: len(weights) - channels]), tuple(weights[-channels:])
        for name, value in (("filters", filters), ("bias", bias), ("origin", origin), ("names", names)):
            object.__setattr__(self, name, value)

    @property
    def channels(self) -> int:
        """Number of output channels."""
        return len(self.filters)

    @property
    def input_channels(self) -> int:
        """Number of input channels."""
        return len(self.filters[0])

    @property
    def axes(self) -> int:
        """Spatial axes: 1 on a ring, 2 on a frame."""
        return 2 if isinstance(self.filters[0][0][0], tuple) else 1

    @property
    def size(self) -> int:
        """Filter size s, in sites, along each axis."""
        return len(self.filters[0][0])

    @property
    def first_offset(self) -> int:
        """Offset of the first tap from the output's site."""
        assert self.origin is not None
        return -self.origin

    @property
    def weights(self) -> list[Any]:
        """All filter entries and biases, in one list."""
        return [*leaves(self.filters), *self.bias]


def _sequence(values: Any, name: str) -> tuple[Any, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InputError(f"{name}: expected a sequence with one entry per channel, got {values!r}")
    return tuple(values)


def _nested(filters: Any) -> tuple[Any, ...]:
    expected = (
        "filters: expected nested sequences of shape (channels, input channels, filter size), "
        "or (channels, input channels, size, size) on a frame"
    )
    try:
        nested = tuple(tuple(_taps(f) for f in _no_text(channel)) for channel in _no_text(filters))
    except TypeError:
        raise InputError(f"{expected}, got {type(filters).__name__}") from None
    inner: list[Any] = [f for channel in nested for f in channel]
    if not nested or not inner or not inner[0] or inner[0] == ((),):
        raise InputError(f"{expected}, got an empty one")
    if len({len(channel) for channel in nested}) > 1 or len({_lengths(f) for f in inner}) > 1:
        raise InputError(f"{expected}, got rows of different lengths")
    return nested


def _taps(filter_: Any) -> tuple[Any, ...]:
    """Return the taps of a filter, or its rows of taps on a frame."""
    rows = tuple(filter_ if not isinstance(filter_, str) else _no_text(filter_))
    if any(isinstance(row, Sequence | np.ndarray) and not isinstance(row, str) for row in rows):
        return tuple(tuple(exact(w, "filter") for w in _no_text(row)) for row in rows)
    return tuple(exact(w, "filter") for w in rows)


def _no_text(values: Any) -> Any:
    if isinstance(values, str):
        raise TypeError
    return values


def _lengths(filter_: tuple[Any, ...]) -> tuple[int, ...]:
    """Return the number of taps, or of the taps of each row, which must be as many as there are rows."""
    if not filter_ or not isinstance(filter_[0], tuple):
        return (len(filter_),)
    if {len(row) for row in filter_} != {len(filter_)}:
        raise InputError(
            f"filters: on a frame they are square; got rows of {', '.join(str(len(r)) for r in filter_)} taps"
        )
    return (len(filter_), len(filter_))


def leaves(nested: Any) -> Iterator[Any]:
    """Yield the numbers of nested tuples, in order."""
    for part in nested:
        if isinstance(part, tuple | list):
            yield from leaves(part)
        else:
            yield part


def reshaped(layer_filters: Any, numbers: Sequence[Any]) -> tuple[Any, ...]:
    """Return a flat list of numbers in the nested shape of a layer's filters."""
    return _filled(layer_filters, iter(numbers))


def _filled(nested: Any, flat: Iterator[Any]) -> Any:
    return tuple(_filled(part, flat) for part in nested) if isinstance(nested, tuple | list) else next(flat)
