"""What a torch module has computed up to some step, exactly: maps, pooled channels, or the output f_p."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isfinite
from typing import Any, TypeAlias

from solver.errors import InputError
from solver.network.layer import Layer
from solver.network.network import Network

ONE = Fraction(1)


@dataclass(frozen=True)
class Maps:
    """Maps (batch, channels, sites): the last layer's, times a gain a channel, and padded if padding is not (0, 0).

    Attributes
    ----------
    layers : tuple of Layer
    is_open : bool
        Whether the last layer waits for its activation: until one comes, it is the identity.
    gains : tuple of Fraction, one a channel
        Factors applied after the last activation; the next convolution or the readout takes them up.
    padding : (int, int)
        Sites repeated around the ring on the left and on the right, which the next convolution has to use up.
    """

    layers: tuple[Layer, ...] = ()
    is_open: bool = False
    gains: tuple[Fraction, ...] = (ONE,)
    padding: tuple[int, int] = (0, 0)
    rank = 3

    @property
    def channels(self) -> int:
        """Number of channels."""
        return len(self.gains)

    def padded(self, left: int, right: int) -> Maps:
        """Return the maps with sites repeated around the ring."""
        if self.padding != (0, 0):
            raise InputError("pads maps that are padded already, which is no ring; pad once before each convolution")
        if min(left, right) < 0:
            raise InputError(f"pads by {left} and {right} sites; expected none below 0")
        return replace(self, padding=(left, right))

    def convolved(self, filters: Any, bias: Any, stride: int) -> Maps:
        """Return the maps after one more layer, with the padding as its origin and the gains in its filters.

        On a ring whose length the stride divides, size - stride <= left + right <= size - 1 gives length/stride sites.
        """
        left, right = self.padding
        inputs, size = len(filters[0]), len(filters[0][0])
        if inputs != self.channels:
            raise InputError(f"takes {inputs} channels, but its input has {self.channels}")
        if not size - stride <= left + right <= size - 1:
            raise InputError(
                f"pads {left} + {right} sites for filters that span {size}, so its maps do not close to a ring; "
                f"expected left + right = {size - 1} circular ones"
            )
        if set(self.gains) != {ONE}:
            filters = [[[w * g for w in f] for f, g in zip(c, self.gains, strict=True)] for c in filters]
        layer = Layer(filters=filters, bias=bias, stride=stride, activation="identity", origin=left)
        return Maps((*self.layers, layer), True, (ONE,) * layer.channels)

    def activated(self, activation: str) -> Maps:
        """Return the maps after an activation."""
        if self.is_open and self.padding == (0, 0):
            return replace(
                self, layers=(*self.layers[:-1], replace(self.layers[-1], activation=activation)), is_open=False
            )
        repeated = self.layers and self.layers[-1].activation == activation == "relu" and not self.is_open
        if repeated and min(self.gains) >= 0:
            return self
        raise InputError("is an activation that does not follow a convolution; move it or leave it out")

    def times(self, factors: Sequence[Fraction]) -> Maps:
        """Return the maps times a factor a channel."""
        if not self.is_open:
            return replace(self, gains=tuple(g * f for g, f in zip(self.gains, factors, strict=True)))
        last = self.layers[-1]
        filters: Any = [[[w * f for w in taps] for taps in c] for c, f in zip(last.filters, factors, strict=True)]
        bias: Any = [b * f for b, f in zip(last.bias, factors, strict=True)]
        return replace(self, layers=(*self.layers[:-1], replace(last, filters=filters, bias=bias)))

    def plus(self, constants: Sequence[Fraction]) -> Maps:
        """Return the maps plus a constant a channel."""
        if not self.is_open:
            raise InputError("adds to maps that are not a convolution's; put the constant into a bias")
        last = self.layers[-1]
        bias: Any = [b + c for b, c in zip(last.bias, constants, strict=True)]
        return replace(self, layers=(*self.layers[:-1], replace(last, bias=bias)))

    def pooled(self, pooling: str, *, kept: bool) -> Pooled:
        """Return the channels after a mean or sum over all sites; ``kept`` if an axis of one site is left."""
        if not self.layers:
            raise InputError("pools the image itself; expected at least one convolution before")
        if self.padding != (0, 0):
            raise InputError("pools padded maps; expected a convolution after the padding")
        return Pooled(self.layers, pooling, self.gains, kept)


@dataclass(frozen=True)
class Pooled:
    """Channels (batch, channels), or (batch, channels, 1) where ``kept``: pooled maps times a gain a channel."""

    layers: tuple[Layer, ...]
    pooling: str
    gains: tuple[Fraction, ...]
    kept: bool

    @property
    def rank(self) -> int:
        """Number of axes."""
        return 3 if self.kept else 2

    @property
    def channels(self) -> int:
        """Number of channels."""
        return len(self.gains)

    def times(self, factors: Sequence[Fraction]) -> Pooled:
        """Return the channels times a factor each."""
        return replace(self, gains=tuple(g * f for g, f in zip(self.gains, factors, strict=True)))

    def plus(self, constants: Sequence[Fraction]) -> Pooled:
        """Refuse: constants belong to the head."""
        raise InputError("adds to the pooled channels; put the constant into the bias of the head")

    def without_sites(self) -> Pooled:
        """Return the channels as (batch, channels)."""
        return replace(self, kept=False)

    def read(self, weights: Sequence[Fraction], constant: Fraction, *, column: bool) -> Output:
        """Return the affine readout of the channels; ``column`` if it has shape (batch, 1)."""
        if self.kept:
            raise InputError("reads channels of shape (batch, channels, 1); flatten them first")
        if len(weights) != self.channels:
            raise InputError(f"reads {len(weights)} channels, but there are {self.channels}")
        readout = tuple(g * w for g, w in zip(self.gains, weights, strict=True))
        return Output(self.layers, self.pooling, readout, constant, column)


@dataclass(frozen=True)
class Output:
    """f_p of shape (batch,), or (batch, 1) where ``column``."""

    layers: tuple[Layer, ...]
    pooling: str
    readout: tuple[Fraction, ...]
    constant: Fraction
    column: bool
    channels = 1

    @property
    def rank(self) -> int:
        """Number of axes."""
        return 2 if self.column else 1

    def without_column(self) -> Output:
        """Return f_p as (batch,)."""
        return replace(self, column=False)

    def times(self, factors: Sequence[Fraction]) -> Output:
        """Return f_p times a factor."""
        (f,) = factors
        return replace(self, readout=tuple(v * f for v in self.readout), constant=self.constant * f)

    def plus(self, constants: Sequence[Fraction]) -> Output:
        """Return f_p plus a constant."""
        return replace(self, constant=self.constant + constants[0])

    def network(self, name: str) -> Network:
        """Return the network that computes it."""
        return Network(
            layers=self.layers, readout=self.readout, constant=self.constant, pooling=self.pooling, name=name
        )


Traced: TypeAlias = Maps | Pooled | Output


def exact_numbers(tensor: Any, what: str) -> list[Fraction]:
    """Return the entries of a tensor, flat, each float as the dyadic rational it is.

    Raises
    ------
    InputError
        For entries that are infinite or not a number, types that are neither float nor integer, and tensors without
        values.
    """
    kind = str(tensor.dtype).removeprefix("torch.")
    if kind not in ("float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8"):
        raise InputError(f"holds {what} as {kind}; expected float16, bfloat16, float32 or float64")
    try:
        values = tensor.detach().flatten().tolist()
    except (RuntimeError, ValueError, NotImplementedError) as error:
        raise InputError(f"holds no values in {what} ({str(error).splitlines()[0]}); run the module once") from None
    return [exact_number(value, what) for value in values]


def exact_number(value: Any, what: str) -> Fraction:
    """Return a float or an int as the rational it is."""
    if not isfinite(value):
        raise InputError(f"holds {value} in {what}; expected finite numbers")
    return Fraction(value)
