"""JSON as typed structures: what has another shape is refused by its place, in one line."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from solver import InputError
from solver.reading import json_structure


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    kind: Annotated[Literal["a", "b"], Meta(description="a or b")]
    number: Fraction | None = None
    count: int = 0


class Whole(Struct, frozen=True, forbid_unknown_fields=True):
    parts: tuple[Part, ...]
    versions: dict[str, str] = {}
    pair: tuple[str, int] = ("", 0)
    only: Part | UnsetType = UNSET


def test_text_of_the_shape_is_a_structure() -> None:
    text = b'{"parts": [{"kind": "a", "number": "-2.5e-1"}, {"kind": "b", "number": null}], "versions": {"x": "1"}}'
    parts = (Part("a", Fraction(-1, 4)), Part("b"))
    assert json_structure(text, Whole, "file", "parts") == Whole(parts, {"x": "1"})


REFUSED = {
    "": "file: is not JSON (Expecting value: line 1 column 1 (char 0)); expected parts",
    "[" * 100_000: "file: is nested too deeply; expected parts",
    b"\xff": "file: is not UTF-8 text; expected parts",
    '{"parts": [], "parts": []}': 'file: the field "parts" is given twice',
    "[]": "file: expected an object with the fields parts, got a list of 0",
    "{}": "file: the field 'parts' is missing; expected parts",
    '{"parts": [{}]}': "file: parts[0]: the field 'kind' is missing; expected kind",
    '{"parts": [{"kind": "a", "x": 1}]}': 'file: parts[0]: the field "x" is unknown; expected kind, number, count',
    '{"parts": [{"kind": "c"}]}': 'file: parts[0].kind: expected a or b, got "c"',
    '{"parts": [{"kind": "a", "count": 1.5}]}': "file: parts[0].count: expected an integer, got the number 1.5",
    '{"parts": [{"kind": "a", "number": "1/0"}]}': "file: parts[0].number: number: '1/0' divides by zero",
    '{"parts": [], "only": null}': "file: only: expected an object with the fields kind, got null",
    '{"parts": [], "versions": {"x": 1}}': "file: versions[...]: expected text, got an integer",
    '{"parts": [], "pair": ["", ""]}': 'file: pair[1]: expected an integer, got ""',
    '{"parts": [], "pair": ["", 1, 2]}': "file: pair: expected a list of length 2, got a list of 3",
    '{"parts": [], "\\ud800": 1}': "file: holds half of a character",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text[:40]))
def test_other_shapes_are_refused_with_their_place(text: str | bytes) -> None:
    with pytest.raises(InputError) as caught:
        json_structure(text, Whole, "file", "parts")
    assert str(caught.value) == REFUSED[text]
