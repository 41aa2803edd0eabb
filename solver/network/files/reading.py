"""Strict reading of network files: each error names the file, the place in it, what came and what was expected."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from solver.errors import InputError
from solver.network.layer import Layer
from solver.network.network import Claim, Network
from solver.numbers.exact import rational
from solver.question.task import LABELS

SCHEMA = "solver.network/1"
_FIELDS = ("schema", "name", "layers", "readout", "constant", "pooling")
_LAYER_FIELDS = ("activation", "stride", "origin", "bias", "filters")
_CLAIM_FIELDS = ("scale", "offset", "smallest_length")
_INTEGER = re.compile(r"[0-9]{1,15}")


def network_of(text: str, source: str) -> Network:
    """Return the network of a file's text; ``source`` names the file in errors."""
    return _Place(source, "", _parsed(text, source)).network()


def _parsed(text: str, source: str) -> Any:
    """Return JSON as nested dicts and lists, without a field given twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = next(key for n, (key, _) in enumerate(pairs) if key in dict(pairs[:n]))
            raise InputError(f"{source}: the field {_shown(twice)} is given twice")
        return found

    expected = f"expected a network file, JSON of schema {SCHEMA!r}"
    try:
        return json.loads(text, object_pairs_hook=unique)
    except InputError:
        raise
    except RecursionError:
        raise InputError(f"{source}: is nested too deeply; {expected}") from None
    except ValueError as error:
        raise InputError(f"{source}: is not JSON ({error}); {expected}") from None


@dataclass(frozen=True)
class _Place:
    """A part of the file: where it is, what is there, and the number field and the unit of its numbers."""

    source: str
    path: str
    value: Any
    field: Any = None
    unit: Fraction = Fraction(1)

    def error(self, expected: str) -> InputError:
        """Return the error that says what was expected here."""
        place = f"{self.path}: " if self.path else ""
        return InputError(f"{self.source}: {place}expected {expected}, got {_shown(self.value)}")

    def refused(self, error: InputError) -> InputError:
        """Return an error of what was made of this part, with its place."""
        return InputError(f"{self.source}: {self.path}: {error}".replace(": : ", ": "))

    def at(self, key: str) -> _Place:
        """Return the part in a field."""
        return replace(self, path=f"{self.path}.{key}".removeprefix("."), value=self.value[key])

    def items(self, of: str) -> list[_Place]:
        """Return the parts of a list."""
        if not isinstance(self.value, list) or not self.value:
            raise self.error(f"a list of {of}")
        return [replace(self, path=f"{self.path}[{n}]", value=each) for n, each in enumerate(self.value)]

    def check_fields(self, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
        """Refuse what is not an object with just these fields."""
        if not isinstance(self.value, dict):
            raise self.error(f"an object with the fields {', '.join(required)}")
        missing = [key for key in required if key not in self.value]
        unknown = [key for key in self.value if key not in (*required, *optional)]
        place = f"{self.source}: {self.path}: " if self.path else f"{self.source}: "
        if missing:
            raise InputError(f"{place}the field {missing[0]!r} is missing; expected {', '.join(required)}")
        if unknown:
            known = ", ".join((*required, *optional))
            raise InputError(f"{place}the field {_shown(unknown[0])} is unknown; expected {known}")

    def text(self, what: str) -> str:
        """Return the text here."""
        if not isinstance(self.value, str):
            raise self.error(f"{what} as text")
        if not self.value.isprintable():
            raise self.error(f"{what} of characters that print")
        return self.value

    def integer(self) -> int:
        """Return the integer here."""
        text = self.text("an integer of at most 15 digits")
        if not _INTEGER.fullmatch(text):
            raise self.error("an integer of at most 15 digits as text")
        return int(text)

    def filter(self) -> tuple[Any, ...]:
        """Return the filter here, as rows if semicolons part them."""
        rows = self.text("numbers").split(";")
        if len(rows) == 1:
            return tuple(self.numbers())
        kept = rows[:1] if rows[1:] == [""] else rows
        return tuple(tuple(replace(self, value=row).numbers()) for row in kept)

    def numbers(self, count: int | None = None) -> list[Any]:
        """Return the exact numbers here, joined by spaces, times the unit."""
        words = self.text("numbers").split(" ")
        if count is not None and len(words) != count:
            raise self.error("one number" if count == 1 else f"{count} numbers joined by single spaces")
        return [self._number(word) for word in words]

    def _number(self, word: str) -> Any:
        try:
            coefficients = [rational(part, "number") * self.unit for part in word.split(",")]
        except InputError as error:
            raise self.refused(error) from None
        if len(coefficients) == 1:
            return coefficients[0]
        if self.field is None or len(coefficients) > self.field.modulus.degree():
            degree = 1 if self.field is None else self.field.modulus.degree()
            raise self.error(f"at most {degree} coefficients in each number, as the generator's field has")
        from flint import fmpq, fmpq_poly

        from solver.numbers.algebraic import Algebraic

        return Algebraic(self.field, fmpq_poly([fmpq(c.numerator, c.denominator) for c in coefficients]))

    def network(self) -> Network:
        """Return the whole file's network."""
        if isinstance(self.value, dict) and self.value.get("schema", SCHEMA) != SCHEMA:
            raise self.at("schema").error(f"{SCHEMA!r}")
        self.check_fields(_FIELDS, ("generator", "claim"))
        here = replace(self, field=self.at("generator").number_field()) if "generator" in self.value else self
        layers = [each.layer() for each in here.at("layers").items("layers")]
        parts: dict[str, Any] = {
            "readout": here.at("readout").numbers(),
            "constant": here.at("constant").numbers(1)[0],
            "pooling": here.at("pooling").text("mean or sum"),
            "name": here.at("name").text("a name"),
            "claim": here.at("claim").claim() if "claim" in self.value else None,
        }
        try:
            return Network(layers=tuple(layers), **parts)
        except InputError as error:
            raise self.refused(error) from None

    def number_field(self) -> Any:
        """Return the field that the generator here generates."""
        from solver.network.files.generator_text import generator
        from solver.numbers.algebraic import NumberField

        try:
            return NumberField(generator(self.text("a generator")))
        except InputError as error:
            raise self.refused(error) from None

    def layer(self) -> Layer:
        """Return the layer here."""
        self.check_fields(_LAYER_FIELDS, ("names", "unit"))
        unit = self.at("unit").numbers(1)[0] if "unit" in self.value else Fraction(1)
        scaled = replace(self, unit=unit)
        filters = tuple(
            tuple(taps.filter() for taps in channel.items("filters, one text for each input channel"))
            for channel in scaled.at("filters").items("channels")
        )
        names = self.at("names").items("names") if "names" in self.value else []
        parts: dict[str, Any] = {
            "bias": tuple(scaled.at("bias").numbers()),
            "stride": self.at("stride").integer(),
            "origin": self.at("origin").integer(),
            "activation": self.at("activation").text("an activation"),
            "names": tuple(each.text("a name") for each in names),
        }
        try:
            return Layer(filters=filters, **parts)
        except InputError as error:
            raise self.refused(error) from None

    def claim(self) -> Claim:
        """Return the claim here."""
        self.check_fields(_CLAIM_FIELDS, ("labels",))
        scale, smallest = self.at("scale").integer(), self.at("smallest_length").integer()
        labels = self.at("labels").text("labels") if "labels" in self.value else "distance"
        if labels not in LABELS:
            raise self.at("labels").error(" or ".join(LABELS))
        offset = self.at("offset").numbers(1)[0]
        return Claim(scale=scale, offset=offset, smallest_length=smallest, labels=labels)


def _shown(value: Any) -> str:
    """Return a short text of what came."""
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    text = f"the number {value!s}" if number else json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
