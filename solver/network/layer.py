"""One convolutional layer, as frozen exact data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.algebraic import in_common_field
from solver.errors import InputError
from solver.exact import Exact, choice, exact, integer

ACTIVATIONS = ("relu", "identity", "hardtanh")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """a = activation(w * x + b): periodic cross-correlation, bias, activation.

    a(c, p) = act( sum_i sum_j w[c][i][j] x(i, p * stride + j - origin) + b[c] )

    Parameters
    ----------
    filters : nested sequence of exact numbers, shape (channels, input channels, filter size)
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

    filters: tuple[tuple[tuple[Any, ...], ...], ...]
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
        weights = in_common_field([w for channel in filters for taps in channel for w in taps] + list(bias))
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
    def size(self) -> int:
        """Filter size s, in sites."""
        return len(self.filters[0][0])

    @property
    def first_offset(self) -> int:
        """Offset of the first tap from the output's site."""
        assert self.origin is not None
        return -self.origin

    @property
    def weights(self) -> list[Any]:
        """All filter entries and biases, in one list."""
        return [w for channel in self.filters for filter_ in channel for w in filter_] + list(self.bias)


def _sequence(values: Any, name: str) -> tuple[Any, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InputError(f"{name}: expected a sequence with one entry per channel, got {values!r}")
    return tuple(values)


def _nested(filters: Any) -> tuple[tuple[tuple[Exact, ...], ...], ...]:
    expected = "filters: expected nested sequences of shape (channels, input channels, filter size)"
    try:
        if any(isinstance(part, str) for channel in filters for part in (channel, *channel)):
            raise TypeError
        nested = tuple(tuple(tuple(exact(w, "filter") for w in f) for f in channel) for channel in filters)
    except TypeError:
        raise InputError(f"{expected}, got {type(filters).__name__}") from None
    inner: list[Sequence[Any]] = [f for channel in nested for f in channel]
    if not nested or not inner or not inner[0]:
        raise InputError(f"{expected}, got an empty one")
    if len({len(channel) for channel in nested}) > 1 or len({len(f) for f in inner}) > 1:
        raise InputError(f"{expected}, got rows of different lengths")
    return nested


def reshaped(layer_filters: Any, numbers: list[Any]) -> tuple[tuple[tuple[Exact, ...], ...], ...]:
    """Return a flat list of numbers in the nested shape of a layer's filters."""
    flat = iter(numbers)
    return tuple(tuple(tuple(next(flat) for _ in taps) for taps in channel) for channel in layer_filters)
