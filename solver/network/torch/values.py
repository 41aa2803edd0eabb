"""What a torch module has computed up to some step, exactly: maps, pooled channels, or the output f_p."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isfinite
from typing import Any, ClassVar, TypeAlias

from solver.errors import InputError
from solver.network.layer import Layer
from solver.network.network import Network

ONE = Fraction(1)
Numbers: TypeAlias = Sequence[Fraction]


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
    kept: ClassVar[bool] = False

    @property
    def shape(self) -> tuple[Any, ...]:
        """What is known of it."""
        return (BATCH, len(self.gains), SITES)

    def padded(self, left: int, right: int) -> Maps:
        """Return the maps with sites repeated around the ring."""
        expect(
            self.padding == (0, 0),
            "pads maps that are padded already, which is no ring; pad once before each convolution",
        )
        expect(min(left, right) >= 0, f"pads by {left} and {right} sites; expected none below 0")
        return replace(self, padding=(left, right))

    def convolved(self, filters: Any, bias: Any, stride: int) -> Maps:
        """Return the maps after one more layer, with the padding as its origin and the gains in its filters.

        On a ring whose length the stride divides, size - stride <= left + right <= size - 1 gives length/stride sites.
        """
        left, right = self.padding
        inputs, size = len(filters[0]), len(filters[0][0])
        expect(inputs == len(self.gains), f"takes {inputs} channels, but its input has {len(self.gains)}")
        expect(
            size - stride <= left + right <= size - 1,
            f"pads {left} + {right} sites for filters that span {size}, so its maps do not close to a ring; "
            f"expected left + right = {size - 1} circular ones",
        )
        if set(self.gains) != {ONE}:
            filters = [[[w * g for w in f] for f, g in zip(c, self.gains, strict=True)] for c in filters]
        layer = Layer(filters=filters, bias=bias, stride=stride, activation="identity", origin=left)
        return Maps((*self.layers, layer), True, (ONE,) * layer.channels)

    def activated(self, activation: str) -> Maps:
        """Return the maps after an activation."""
        if self.is_open and self.padding == (0, 0):
            return replace(self._with(activation=activation), is_open=False)
        repeated = self.layers and self.layers[-1].activation == activation == "relu" and not self.is_open
        expect(
            repeated and min(self.gains) >= 0,
            "is an activation that does not follow a convolution; move it or leave it out",
        )
        return self

    def times(self, factors: Numbers) -> Maps:
        """Return the maps times a factor a channel."""
        if not self.is_open:
            return replace(self, gains=_products(self.gains, factors))
        last = self.layers[-1]
        filters = tuple(
            tuple(_products(taps, [f] * last.size) for taps in c) for c, f in zip(last.filters, factors, strict=True)
        )
        return self._with(filters=filters, bias=_products(last.bias, factors))

    def plus(self, constants: Numbers) -> Maps:
        """Return the maps plus a constant a channel."""
        expect(self.is_open, "adds to maps that are not a convolution's; put the constant into a bias")
        return self._with(bias=tuple(b + c for b, c in zip(self.layers[-1].bias, constants, strict=True)))

    def pooled(self, pooling: str) -> Pooled:
        """Return the channels after a mean or sum over all sites, with an axis of one site left."""
        expect(self.layers, "pools the image itself; expected at least one convolution before")
        expect(self.padding == (0, 0), "pools padded maps; expected a convolution after the padding")
        return Pooled(self.layers, pooling, self.gains)

    def _with(self, **changes: Any) -> Maps:
        return replace(self, layers=(*self.layers[:-1], replace(self.layers[-1], **changes)))


@dataclass(frozen=True)
class Pooled:
    """Channels (batch, channels, 1), or (batch, channels) unless ``kept``: pooled maps times a gain a channel."""

    layers: tuple[Layer, ...]
    pooling: str
    gains: tuple[Fraction, ...]
    kept: bool = True

    @property
    def shape(self) -> tuple[Any, ...]:
        """What is known of it."""
        return (BATCH, len(self.gains), 1) if self.kept else (BATCH, len(self.gains))

    def times(self, factors: Numbers) -> Pooled:
        """Return the channels times a factor each."""
        return replace(self, gains=_products(self.gains, factors))

    def plus(self, constants: Numbers) -> Pooled:
        """Refuse: constants belong to the head."""
        raise InputError("adds to the pooled channels; put the constant into the bias of the head")

    def read(self, weights: Numbers, constant: Fraction) -> Output:
        """Return the affine readout of the channels, of shape (batch, 1)."""
        expect(not self.kept, "reads channels of shape (batch, channels, 1); flatten them first")
        expect(len(weights) == len(self.gains), f"reads {len(weights)} channels, but there are {len(self.gains)}")
        readout = _products(self.gains, weights)
        return Output(Network(layers=self.layers, pooling=self.pooling, readout=readout, constant=constant))


@dataclass(frozen=True)
class Output:
    """The f_p of a network, of shape (batch, 1), or (batch,) unless ``kept``."""

    network: Network
    kept: bool = True

    @property
    def shape(self) -> tuple[Any, ...]:
        """What is known of it."""
        return (BATCH, 1) if self.kept else (BATCH,)

    def times(self, factors: Numbers) -> Output:
        """Return f_p times a factor."""
        net, (f,) = self.network, factors
        readout = _products(net.readout, [f] * len(net.readout))
        return replace(self, network=replace(net, readout=readout, constant=net.constant * f))

    def plus(self, constants: Numbers) -> Output:
        """Return f_p plus a constant."""
        return replace(self, network=replace(self.network, constant=self.network.constant + constants[0]))


Traced: TypeAlias = Maps | Pooled | Output


class Unknown:
    """A size that the module alone does not fix."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


BATCH, SITES = Unknown("the batch size"), Unknown("the number of sites")


def expect(fact: object, otherwise: str) -> None:
    """Refuse a step unless a fact holds.

    Raises
    ------
    InputError
        That says what the step does ``otherwise``.
    """
    if not fact:
        raise InputError(otherwise)


def exact_numbers(tensor: Any, what: str) -> list[Fraction]:
    """Return the entries of a tensor, flat, each float as the dyadic rational it is.

    Raises
    ------
    InputError
        For entries that are infinite or not a number, types that are neither float nor integer, and tensors without
        values.
    """
    kind = str(tensor.dtype).removeprefix("torch.")
    known = ("float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8")
    expect(kind in known, f"holds {what} as {kind}; expected float16, bfloat16, float32 or float64")
    try:
        values = tensor.detach().flatten().tolist()
    except (RuntimeError, ValueError, NotImplementedError) as error:
        raise InputError(f"holds no values in {what} ({str(error).splitlines()[0]}); run the module once") from None
    return [exact_number(value, what) for value in values]


def exact_number(value: float, what: str) -> Fraction:
    """Return a float or an int as the rational it is."""
    expect(isfinite(value), f"holds {value} in {what}; expected finite numbers")
    return Fraction(value)


def _products(numbers: Sequence[Any], factors: Numbers) -> tuple[Fraction, ...]:
    return tuple(n * f for n, f in zip(numbers, factors, strict=True))
