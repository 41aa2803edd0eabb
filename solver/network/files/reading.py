"""Strict reading of network files: each error names the file, the place in it, what came and what was expected."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from solver.errors import InputError
from solver.network.layer import Layer
from solver.network.network import Claim, Network
from solver.numbers.exact import Exact, rational
from solver.reading import json_structure, shown

if TYPE_CHECKING:
    from solver.numbers.algebraic import NumberField

SCHEMA = "solver.network/1"
LARGEST_FILE = 2**28

Integer: TypeAlias = Annotated[
    str, Meta(pattern=r"\A[0-9]{1,15}\Z", description="an integer of at most 15 digits as text")
]
Numbers: TypeAlias = Annotated[str, Meta(description="numbers as text")]
Name: TypeAlias = Annotated[str, Meta(description="a name as text")]
Channel: TypeAlias = Annotated[
    tuple[Numbers, ...], Meta(min_length=1, description="a list of filters, one text for each input channel")
]


class LayerText(Struct, frozen=True, forbid_unknown_fields=True):
    """A layer as a file holds it: a text for each filter, rows joined by semicolons, numbers over the unit."""

    activation: Annotated[str, Meta(description="an activation as text")]
    stride: Integer
    origin: Integer
    bias: Numbers
    filters: Annotated[tuple[Channel, ...], Meta(min_length=1, description="a list of channels")]
    names: Annotated[tuple[Name, ...], Meta(min_length=1, description="a list of names")] | UnsetType = UNSET
    unit: Numbers = "1"


class ClaimText(Struct, frozen=True, forbid_unknown_fields=True):
    """A claim as a file holds it."""

    scale: Integer
    offset: Numbers
    smallest_length: Integer
    labels: Annotated[Literal["distance", "blocks"], Meta(description="distance or blocks")] = "distance"


class NetworkText(Struct, frozen=True, forbid_unknown_fields=True):
    """A network as a file holds it."""

    schema: Annotated[Literal["solver.network/1"], Meta(description=repr(SCHEMA))]
    name: Name
    layers: Annotated[tuple[LayerText, ...], Meta(min_length=1, description="a list of layers")]
    readout: Numbers
    constant: Numbers
    pooling: Annotated[str, Meta(description="mean or sum as text")]
    generator: Annotated[str, Meta(description="a generator as text")] | UnsetType = UNSET
    claim: ClaimText | UnsetType = UNSET


def read_network(path: str | os.PathLike[str]) -> Network:
    """Return the network of the file at ``path`` that `write_network` wrote.

    Raises
    ------
    InputError
        If the file cannot be read or holds anything else: names the file, the place in it, what came and what was
        expected.
    """
    name = os.fspath(path)
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{name}: cannot be read ({reason}); expected a network file") from None
    if len(content) > LARGEST_FILE:
        raise InputError(f"{name}: is larger than {LARGEST_FILE} bytes; expected a network file")
    return _network(content, name)


def network_from_text(text: str) -> Network:
    """Return the network of a ``text`` that `network_text` wrote.

    Raises
    ------
    InputError
        As `read_network` does.
    """
    return _network(text, "network")


def _network(text: str | bytes, source: str) -> Network:
    file = json_structure(text, NetworkText, source, f"a network file, JSON of schema {SCHEMA!r}")
    with _at(source):
        field = None if isinstance(file.generator, UnsetType) else _number_field(file.generator)
        return Network(
            layers=tuple(_layer(each, f"layers[{n}]", field) for n, each in enumerate(file.layers)),
            readout=tuple(_numbers(file.readout, "readout", field)),
            constant=_number(file.constant, "constant", field),
            pooling=file.pooling,
            name=_printable(file.name, "name", "a name"),
            claim=None if isinstance(file.claim, UnsetType) else _claim(file.claim, field),
        )


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Name the place in errors."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{place}: {error}") from None


def _number_field(text: str) -> NumberField:
    from solver.network.files.generator_text import generator
    from solver.numbers.algebraic import NumberField

    with _at("generator"):
        return NumberField(generator(text))


def _layer(layer: LayerText, place: str, field: NumberField | None) -> Layer:
    unit = _number(layer.unit, f"{place}.unit", None)
    assert isinstance(unit, Fraction)
    filters = tuple(
        tuple(_filter(text, f"{place}.filters[{c}][{n}]", field, unit) for n, text in enumerate(channel))
        for c, channel in enumerate(layer.filters)
    )
    names = () if isinstance(layer.names, UnsetType) else layer.names
    parts: dict[str, Any] = {
        "bias": tuple(_numbers(layer.bias, f"{place}.bias", field, unit)),
        "stride": int(layer.stride),
        "origin": int(layer.origin),
        "activation": layer.activation,
        "names": tuple(_printable(each, f"{place}.names[{n}]", "a name") for n, each in enumerate(names)),
    }
    with _at(place):
        return Layer(filters=filters, **parts)


def _claim(claim: ClaimText, field: NumberField | None) -> Claim:
    offset = _number(claim.offset, "claim.offset", field)
    scale, least = int(claim.scale), int(claim.smallest_length)
    with _at("claim"):
        return Claim(scale=scale, offset=offset, smallest_length=least, labels=claim.labels)


def _filter(text: str, place: str, field: NumberField | None, unit: Fraction) -> tuple[Any, ...]:
    """Return a filter, as rows if semicolons part them."""
    rows = text.removesuffix(";").split(";") if text.count(";") == 1 else text.split(";")
    taps = [tuple(_numbers(row, place, field, unit)) for row in rows]
    return tuple(taps) if ";" in text else taps[0]


def _number(text: str, place: str, field: NumberField | None) -> Exact:
    if " " in text:
        raise InputError(f"{place}: expected one number, got {shown(text)}")
    return _numbers(text, place, field)[0]


def _numbers(text: str, place: str, field: NumberField | None, unit: Fraction = Fraction(1)) -> list[Exact]:
    """Return exact numbers joined by spaces, times the unit."""
    _printable(text, place, "numbers")
    with _at(place):
        return [_exact(word, field, unit) for word in text.split(" ")]


def _exact(word: str, field: NumberField | None, unit: Fraction) -> Exact:
    coefficients = [rational(part, "number") * unit for part in word.split(",")]
    if len(coefficients) == 1:
        return coefficients[0]
    degree = 1 if field is None else field.modulus.degree()
    if field is None or len(coefficients) > degree:
        expected = f"at most {degree} coefficients in each number, as the generator's field has"
        raise InputError(f"expected {expected}, got {shown(word)}")
    from flint import fmpq, fmpq_poly

    from solver.numbers.algebraic import Algebraic

    return Algebraic(field, fmpq_poly([fmpq(c.numerator, c.denominator) for c in coefficients]))


def _printable(text: str, place: str, what: str) -> str:
    if not text.isprintable():
        raise InputError(f"{place}: expected {what} of characters that print, got {shown(text)}")
    return text
