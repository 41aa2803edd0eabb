"""What a torch module has computed up to some step, exactly: maps, pooled channels, or the output f_p."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isfinite
from typing import Any

from solver.errors import InputError
from solver.network.layer import Layer

ONE = Fraction(1)


@dataclass(frozen=True)
class Traced:
    """A value that depends on the image.

    Attributes
    ----------
    stage : {"maps", "pooled", "output"}
        Maps (batch, channels, sites); channels (batch, channels); f_p (batch,).
    layers : tuple of Layer
    gains : tuple of Fraction, one a channel
        Factors of the channels of the last layer, which the next convolution or the readout takes up; the readout of
        the output.
    constant : Fraction
        What the output adds.
    pooling : str
    is_open : bool
        Whether the last layer waits for its activation: until one comes, it is the identity.
    padding : (int, int)
        Sites repeated around the ring on the left and on the right, which the next convolution has to use up.
    kept : bool
        Whether an axis of length 1 is left at the end, by a pooling or by a head.
    """

    stage: str = "maps"
    layers: tuple[Layer, ...] = ()
    gains: tuple[Fraction, ...] = (ONE,)
    constant: Fraction = Fraction(0)
    pooling: str = "mean"
    is_open: bool = False
    padding: tuple[int, int] = (0, 0)
    kept: bool = False

    @property
    def channels(self) -> int:
        """Number of channels; 1 for the output."""
        return 1 if self.stage == "output" else len(self.gains)

    @property
    def shape(self) -> tuple[Any, ...]:
        """What is known of the shape."""
        if self.stage == "maps":
            return (BATCH, self.channels, SITES)
        return ((BATCH, self.channels) if self.stage == "pooled" else (BATCH,)) + (1,) * self.kept

    def times(self, factors: Sequence[Fraction]) -> Traced:
        """Return the value times a factor a channel."""
        if not self.is_open:
            gains = products(self.gains, [*factors] * (len(self.gains) // len(factors)))
            return replace(self, gains=gains, constant=self.constant * factors[0])
        last = self.layers[-1]
        filters: Any = [[[w * f for w in taps] for taps in c] for c, f in zip(last.filters, factors, strict=True)]
        return self.with_last(filters=filters, bias=products(last.bias, factors))

    def plus(self, constants: Sequence[Fraction]) -> Traced:
        """Return the value plus a constant a channel."""
        if self.stage == "output":
            return replace(self, constant=self.constant + constants[0])
        expect(self.stage == "maps", "adds to the pooled channels; put the constant into the bias of the head")
        expect(self.is_open, "adds to maps that are not a convolution's; put the constant into a bias")
        return self.with_last(bias=tuple(b + c for b, c in zip(self.layers[-1].bias, constants, strict=True)))

    def with_last(self, **changes: Any) -> Traced:
        """Return the value with another last layer."""
        return replace(self, layers=(*self.layers[:-1], replace(self.layers[-1], **changes)))


class Unknown:
    """A size that the module alone does not fix."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


BATCH, SITES = Unknown("the batch size"), Unknown("the number of sites")


def products(numbers: Sequence[Any], factors: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Return numbers times a factor each."""
    return tuple(n * f for n, f in zip(numbers, factors, strict=True))


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
    if not isfinite(value):
        raise InputError(f"holds {value} in {what}; expected finite numbers")
    return Fraction(value)
