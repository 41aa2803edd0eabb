"""The registry of known numbers is itself sound: no doubles, every value parses, every case is used."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from tests.cases import CASES, Case


def test_names_differ() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def test_what_is_asked_differs() -> None:
    assert len({(case.kind, case.arguments) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_value_is_a_reduced_fraction_or_a_decimal(case: Case) -> None:
    number = Fraction(case.value)
    assert "." in case.value or case.value in (str(number), f"{number.numerator}/{number.denominator}")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_source_is_given(case: Case) -> None:
    assert re.match(r"theory, section [3-6]|worked out by hand|arXiv \d{4}\.\d{5}|derivations/\w+\.py", case.source)


def test_every_kind_is_asked_for_by_a_test() -> None:
    texts = [path.read_text() for path in Path(__file__).parent.rglob("test_*.py")]
    asked = {kind for text in texts for kind in re.findall(r'of_kind\("([^"]+)"\)', text)}
    assert asked == {case.kind for case in CASES}
