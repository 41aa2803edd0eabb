"""Exact numbers: the little grammar, what is refused, rounding."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from solver import InputError, NumberField
from solver.numbers.exact import decimal_text, exact, integer, rational, sign
from solver.numbers.product import common_denominator

FRACTIONS = st.fractions()


@given(FRACTIONS)
def test_text_of_a_fraction_reads_back(number: Fraction) -> None:
    assert rational(str(number)) == exact(str(number)) == number


@given(st.integers(-(10**27), 10**27), st.integers(0, 20))
def test_finite_decimals_read_exactly(mantissa: int, places: int) -> None:
    text = f"{Decimal(mantissa).scaleb(-places):f}"
    assert rational(text) == Fraction(mantissa, 10**places)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (np.int64(-2), -2),
        ("+7", 7),
        (" 8/3 ", Fraction(8, 3)),
        ("-0.250", Fraction(-1, 4)),
        ("6/4", Fraction(3, 2)),
        (sympy.Rational(2, 6), Fraction(1, 3)),
        (sympy.Integer(5), 5),
    ],
)
def test_accepted(value: object, expected: Fraction) -> None:
    got = rational(value)
    assert got == expected and type(got) is Fraction


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1/",
        "/2",
        "1.",
        ".5",
        "1e3",
        "1_000",
        "1/2/3",
        "--1",
        "1 /2",
        "0x10",
        "inf",
        "nan",
        "1.5/2",
        "٣",
        "½",
        "1\n2",
    ],
)
def test_text_outside_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a rational number; write an integer"):
        rational(text)


@given(st.text() | st.from_regex(r"[+-]?[0-9./]{1,8}", fullmatch=True))
def test_text_within_the_grammar_is_a_fraction_and_other_text_an_input_error(text: str) -> None:
    if re.fullmatch(r"\s*[+-]?[0-9]+(\.[0-9]+|/0*[1-9][0-9]*)?\s*", text, re.ASCII):
        assert rational(text) == Fraction(text.strip())
    else:
        with pytest.raises(InputError, match="value: "):
            rational(text)


@pytest.mark.parametrize("value", [0.5, 1.0, np.float64(0.25), np.float32(0.1)])
def test_floats_are_refused_with_the_fix(value: float) -> None:
    fix = str(Fraction(str(value)))
    with pytest.raises(InputError, match=rf"x: the float .* is not exact; .* the text '{fix}'"):
        exact(value, "x")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_floats_that_are_no_numbers(value: float) -> None:
    with pytest.raises(InputError, match="is not a number solver can use"):
        rational(value)


@pytest.mark.parametrize("value", [True, np.True_, None, Decimal("0.1"), [1], b"1", 1j])
@pytest.mark.parametrize("parse", [rational, exact])
def test_other_types_are_refused(parse: object, value: object) -> None:
    with pytest.raises(InputError, match=r"w: .* is not an? (rational|exact) number; give an int"):
        parse(value, "w")  # type: ignore[operator]


def test_division_by_zero_is_refused() -> None:
    with pytest.raises(InputError, match=r"w: '1/0' divides by zero"):
        rational("1/0", "w")


def test_exact_takes_sympy_surds_and_field_elements() -> None:
    root = exact(sympy.sqrt(2))
    assert root * root == 2
    element = NumberField(sympy.sqrt(3)).generator
    assert exact(element) is element


def test_rational_refuses_surds() -> None:
    with pytest.raises(InputError, match="is not a rational number"):
        rational(sympy.sqrt(2))


@pytest.mark.parametrize("number", [sympy.I, sympy.oo, sympy.nan, sympy.Symbol("x"), sympy.zoo])
def test_sympy_objects_that_are_no_real_numbers_are_refused(number: object) -> None:
    with pytest.raises(InputError, match="is not a real algebraic number"):
        exact(number)


@pytest.mark.parametrize("number", [sympy.pi, sympy.E, sympy.sin(1), sympy.Float("0.1")])
def test_transcendental_numbers_are_refused(number: object) -> None:
    with pytest.raises(InputError, match="algebraic number"):
        exact(number)


@pytest.mark.parametrize("value", [True, 2.0, "2", None, Fraction(2), np.True_])
def test_integer_takes_integers_only(value: object) -> None:
    with pytest.raises(InputError, match="n: expected an integer, got"):
        integer(value, "n", 0)


def test_integer_has_a_minimum() -> None:
    assert integer(np.int32(2), "n", 2) == 2
    with pytest.raises(InputError, match="n: expected an integer of at least 2, got 1"):
        integer(1, "n", 2)


@given(FRACTIONS)
def test_sign(number: Fraction) -> None:
    assert number == sign(number) * abs(number)


@given(st.lists(FRACTIONS, max_size=5))
def test_common_denominator_is_the_least(numbers: list[Fraction]) -> None:
    n = common_denominator(numbers)
    assert all((x * n).denominator == 1 for x in numbers)
    primes = sympy.primefactors(n) if n < 10**12 else []
    assert all(any((x * (n // p)).denominator != 1 for x in numbers) for p in primes)


@given(FRACTIONS, st.integers(1, 40))
def test_decimal_text_is_within_its_error(number: Fraction, digits: int) -> None:
    rounded, error = decimal_text(number, digits)
    assert abs(Fraction(rounded) - number) <= Fraction(error)
    assert (error == 0) == (Fraction(rounded) == number)
    assert len(rounded.as_tuple().digits) <= digits
    assert Fraction(error) * 10**digits <= 5 * abs(Fraction(rounded))
