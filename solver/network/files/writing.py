"""Networks as files: JSON, schema ``solver.network/1``, exact both ways; every number is text."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from solver.errors import InputError
from solver.files import replace_file
from solver.network.files.generator_text import generator_text
from solver.network.files.reading import SCHEMA
from solver.network.layer import Layer
from solver.network.network import Network
from solver.numbers.exact import Exact
from solver.numbers.product import common_denominator

LONGEST_WEIGHT = 1000

_dumped = partial(json.dumps, ensure_ascii=False)


def write_network(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a ``network`` to the file at ``path``, which is replaced only once the new content is complete.

    Raises
    ------
    InputError
        As `network_text` does.
    OSError
        If the file cannot be written.
    """
    replace_file(Path(path), network_text(network))


def network_text(network: Network) -> str:
    """Return a ``network`` as JSON text, schema ``solver.network/1``.

    Weights are text: rationals ``p/q``, times the layer's ``unit`` where that is shorter, or coefficients joined by
    commas of polynomials in the ``generator`` of the number field.

    Raises
    ------
    InputError
        For weights of more than 1000 digits, names with characters that do not print, and number fields whose
        generator has no text.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct, network_from_text
    >>> network = construct("cyclotomic", TwoPixelTask(scale=5))
    >>> network_from_text(network_text(network)) == network
    True
    """
    claim = network.claim
    numbers = [*(w for layer in network.layers for w in layer.weights), *network.readout, network.constant]
    fields = {w.field for w in [*numbers, *([claim.offset] if claim else [])] if not isinstance(w, Fraction)}
    head = {"schema": SCHEMA, "name": _printable(network.name)}
    if fields:
        head["generator"] = generator_text(fields.pop().expression)
    tail: dict[str, Any] = {
        "readout": _text(network.readout),
        "constant": _text([network.constant]),
        "pooling": network.pooling,
    }
    if claim:
        tail["claim"] = {
            "scale": str(claim.scale),
            "offset": _text([claim.offset]),
            "smallest_length": str(claim.smallest_length),
        }
        if claim.labels != "distance":
            tail["claim"]["labels"] = claim.labels
    layers = ",\n".join(_layer_text(layer) for layer in network.layers)
    return f'{_dumped(head)[:-1]}, "layers": [\n{layers}\n],\n{_dumped(tail)[1:]}\n'


def _layer_text(layer: Layer) -> str:
    """Return a layer as JSON, a line for each channel, over the unit that makes it shorter."""
    least = Fraction(1, common_denominator(c for w in layer.weights for c in _coefficients(w)))
    texts = {unit: _weight_texts(layer, unit) for unit in (Fraction(1), least)}
    unit = min(texts, key=lambda each: sum(map(len, [text for row in texts[each] for text in row])))
    *rows, bias = texts[unit]
    entry: dict[str, Any] = {"activation": layer.activation, "stride": str(layer.stride), "origin": str(layer.origin)}
    if layer.names != tuple(str(c + 1) for c in range(layer.channels)):
        entry["names"] = [_printable(name) for name in layer.names]
    if unit != 1:
        entry["unit"] = _text([unit])
    filters = ",\n  ".join(map(_dumped, rows))
    return f'{_dumped(entry | {"bias": bias[0]})[:-1]}, "filters": [\n  {filters}]}}'


def _weight_texts(layer: Layer, unit: Fraction) -> list[list[str]]:
    """Return the text of every filter, by channels, and that of all biases at the end."""
    return [*([_filter_text(taps, unit) for taps in channel] for channel in layer.filters), [_text(layer.bias, unit)]]


def _filter_text(taps: Any, unit: Fraction) -> str:
    """Return a filter as text, the rows of one on a frame joined by semicolons (a single row ends in one)."""
    if not isinstance(taps[0], tuple):
        return _text(taps, unit)
    return ";".join(_text(row, unit) for row in taps) + ";" * (len(taps) == 1)


def _text(numbers: Iterable[Exact], unit: Fraction = Fraction(1)) -> str:
    """Return exact numbers over a unit as text, joined by spaces."""
    return " ".join(",".join(_rational_text(c / unit) for c in _coefficients(w)) for w in numbers)


def _coefficients(number: Exact) -> list[Fraction]:
    """Return an exact number as the coefficients of a polynomial in the generator of its field, from the constant."""
    if isinstance(number, Fraction):
        return [number]
    return [Fraction(int(c.p), int(c.q)) for c in number.polynomial.coeffs()] or [Fraction(0)]


def _rational_text(number: Fraction) -> str:
    if max(abs(number.numerator), number.denominator) >= 10**LONGEST_WEIGHT:
        raise InputError(f"network file: a weight has more than {LONGEST_WEIGHT} digits")
    return str(number)


def _printable(name: str) -> str:
    if not name.isprintable():
        raise InputError(f"network file: the name {name!r} holds characters that do not print; choose another")
    return name
