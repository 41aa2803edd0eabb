"""Networks as files: JSON, schema ``solver.network/1``, exact both ways; every number is text."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

from solver.errors import InputError
from solver.files import replace_file
from solver.network.files.generator_text import coefficients, generator_text
from solver.network.files.reading import SCHEMA, network_of
from solver.network.layer import Layer
from solver.network.network import Network
from solver.numbers.exact import common_denominator

LARGEST_FILE = 2**28
LONGEST_NUMBER = 1000


def write_network(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network to a file, which is replaced only once the new content is complete.

    Raises
    ------
    InputError
        As `network_text` does.
    OSError
        If the file cannot be written.
    """
    replace_file(Path(path), network_text(network))


def read_network(path: str | os.PathLike[str]) -> Network:
    """Return the network of a file that `write_network` wrote.

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
    try:
        return network_of(content.decode("utf-8"), name)
    except UnicodeDecodeError:
        raise InputError(f"{name}: is not UTF-8 text; expected a network file, JSON of schema {SCHEMA!r}") from None


def network_from_text(text: str) -> Network:
    """Return the network that `network_text` wrote."""
    return network_of(text, "network")


def network_text(network: Network) -> str:
    """Return a network as JSON text, schema ``solver.network/1``.

    Weights are text: rationals ``p/q``, times the layer's ``unit`` where that is shorter, or coefficients joined by
    commas of polynomials in the ``generator`` of the number field.

    Raises
    ------
    InputError
        For weights of more than 1000 digits, names with characters that do not print, and number fields whose
        generator has no text.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> network = construct("cyclotomic", TwoPixelTask(scale=5))
    >>> network_from_text(network_text(network)) == network
    True
    """
    head: dict[str, Any] = {"schema": SCHEMA, "name": _printable(network.name)}
    fields = {w.field for w in _numbers(network) if not isinstance(w, Fraction)}
    if fields:
        (field,) = fields
        head["generator"] = generator_text(field.expression)
    tail: dict[str, Any] = {
        "readout": _text(network.readout),
        "constant": _text([network.constant]),
        "pooling": network.pooling,
    }
    if network.claim is not None:
        claim = network.claim
        tail["claim"] = {
            "scale": str(claim.scale),
            "offset": _text([claim.offset]),
            "smallest_length": str(claim.smallest_length),
            **({} if claim.labels == "distance" else {"labels": claim.labels}),
        }
        if claim.labels != "distance":
            tail["claim"] |= {"labels": claim.labels}
    layers = ",\n".join(_layer_text(layer) for layer in network.layers)
    return f'{_dumped(head)[:-1]}, "layers": [\n{layers}\n],\n{_dumped(tail)[1:]}\n'


def _numbers(network: Network) -> list[Any]:
    offsets = [] if network.claim is None else [network.claim.offset]
    return [*(w for layer in network.layers for w in layer.weights), *network.readout, network.constant, *offsets]


def _layer_text(layer: Layer) -> str:
    """Return a layer as JSON, a line for each channel."""
    unit = Fraction(1, common_denominator(c for w in layer.weights for c in coefficients(w)))
    rows, bias = _texts(layer, Fraction(1))
    if unit != 1:
        scaled, scaled_bias = _texts(layer, unit)
        if _length(scaled, scaled_bias) < _length(rows, bias):
            rows, bias = scaled, scaled_bias
        else:
            unit = Fraction(1)
    entry = {"activation": layer.activation, "stride": str(layer.stride), "origin": str(layer.origin)}
    if layer.names != tuple(str(c + 1) for c in range(layer.channels)):
        entry |= {"names": [_printable(name) for name in layer.names]}  # type: ignore[dict-item]
    if unit != 1:
        entry |= {"unit": _text([unit])}
    filters = ",\n  ".join(map(_dumped, rows))
    return f'{_dumped(entry | {"bias": bias})[:-1]}, "filters": [\n  {filters}]}}'


def _texts(layer: Layer, unit: Fraction) -> tuple[list[list[str]], str]:
    return [[_filter_text(taps, unit) for taps in channel] for channel in layer.filters], _text(layer.bias, unit)


def _filter_text(taps: Any, unit: Fraction) -> str:
    """Return a filter as text, the rows of one on a frame joined by semicolons (a single row ends in one)."""
    if not isinstance(taps[0], tuple):
        return _text(taps, unit)
    return ";".join(_text(row, unit) for row in taps) + ";" * (len(taps) == 1)


def _length(rows: list[list[str]], bias: str) -> int:
    return sum(len(text) for row in rows for text in row) + len(bias)


def _text(numbers: Iterable[Any], unit: Fraction = Fraction(1)) -> str:
    """Return exact numbers over a unit as text, joined by spaces."""
    return " ".join(",".join(_rational_text(c / unit) for c in coefficients(w)) for w in numbers)


def _rational_text(number: Fraction) -> str:
    if max(abs(number.numerator), number.denominator) >= 10**LONGEST_NUMBER:
        raise InputError(f"network file: a weight has more than {LONGEST_NUMBER} digits")
    return str(number)


def _printable(name: str) -> str:
    if not name.isprintable():
        raise InputError(f"network file: the name {name!r} holds characters that do not print; choose another")
    return name


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
