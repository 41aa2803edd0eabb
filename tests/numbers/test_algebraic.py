"""Real algebraic numbers against sympy, and as members of Python's numbers."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import Any

import flint
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from solver import InputError, NumberField
from solver.numbers.algebraic import Algebraic

FIELDS = [
    NumberField(sympy.sqrt(2)),
    NumberField(-sympy.sqrt(5)),
    NumberField(2 * sympy.cos(2 * sympy.pi / 7)),
    NumberField(2 * sympy.cos(4 * sympy.pi / 7)),
    NumberField(sympy.real_root(2, 3)),
]
COEFFICIENTS = st.lists(st.fractions(min_value=-5, max_value=5, max_denominator=6), max_size=4)


def polynomial(field: NumberField, coefficients: list[Fraction]) -> Any:
    """The element sum c_n g^n."""
    total: Any = field.generator * 0
    for n, c in enumerate(coefficients):
        total = total + c * field.generator**n
    return total


@st.composite
def pairs(draw: Any) -> tuple[Any, Any]:
    """Draw two elements of one field."""
    field = draw(st.sampled_from(FIELDS))
    return polynomial(field, draw(COEFFICIENTS)), polynomial(field, draw(COEFFICIENTS))


def value(x: Any) -> sympy.Float:
    """The number to 60 digits, by sympy."""
    return sympy.Float(x.sympy().evalf(60), 60)


@pytest.mark.parametrize("field", FIELDS, ids=lambda f: str(f.expression))
def test_generator_is_a_root_of_its_modulus(field: NumberField) -> None:
    g, coefficients = field.generator, field.modulus.coeffs()
    assert polynomial(field, [Fraction(int(c.p), int(c.q)) for c in coefficients]) == 0
    assert len(coefficients) == sympy.degree(sympy.minimal_polynomial(field.expression)) + 1
    assert g != 0


@given(pairs())
def test_ring_operations_equal_sympy(pair: tuple[Any, Any]) -> None:
    x, y = pair
    for op in (operator.add, operator.sub, operator.mul):
        assert abs(value(op(x, y)) - op(value(x), value(y))) < sympy.Float("1e-50")


@given(pairs())
def test_field_laws_hold_exactly(pair: tuple[Any, Any]) -> None:
    x, y = pair
    assert (x + y) ** 2 == x * x + 2 * x * y + y * y
    assert x - y == -(y - x) and x - x == 0
    if y != 0:
        assert (x / y) * y == x and y.inverse() * y == 1 and 1 / y == y.inverse()


@given(pairs())
def test_sign_and_order_equal_sympy(pair: tuple[Any, Any]) -> None:
    x, y = pair
    exact_sign = sympy.sign(value(x - y)) if x != y else 0
    assert (x - y).sign() == exact_sign
    assert (x < y, x <= y, x > y, x >= y) == (exact_sign < 0, exact_sign <= 0, exact_sign > 0, exact_sign >= 0)
    assert abs(x).sign() == abs(x.sign()) and abs(x) in (x, -x)


@given(pairs())
def test_ball_holds_the_number(pair: tuple[Any, Any]) -> None:
    x, _ = pair
    for precision in (20, 64, 200):
        ball = x.enclosure(precision)
        with flint.ctx.workprec(400):
            assert ball.overlaps(flint.arb(str(x.sympy().evalf(110)), flint.arb("1e-100")))


def test_sign_is_decided_however_close_to_zero() -> None:
    """The convergents p/q of sqrt 2 come within 1/q^2, on alternate sides."""
    g = FIELDS[0].generator
    p, q = 1, 1
    for n in range(200):
        assert (g - Fraction(p, q)).sign() == (1 if n % 2 == 0 else -1)
        p, q = p + 2 * q, p + q


def test_conjugates_are_told_apart() -> None:
    largest, negative = FIELDS[2].generator, FIELDS[3].generator
    assert FIELDS[2].modulus == FIELDS[3].modulus
    assert largest.sign() == 1 and negative.sign() == -1


@given(st.fractions(), st.sampled_from(FIELDS))
def test_rational_elements_equal_and_hash_like_fractions(number: Fraction, field: NumberField) -> None:
    x = field.generator * 0 + number
    assert x == number and number == x and hash(x) == hash(number)
    assert x.rational() == number and type(x.rational()) is Fraction
    assert {x: "found"}[number] == "found"


@given(pairs())
def test_equal_elements_hash_equal(pair: tuple[Any, Any]) -> None:
    x, y = pair
    assert hash(x * y) == hash(y * x) and x * y == y * x
    assert (x == y) == (hash(x) == hash(y) and str(x) == str(y))


def test_irrational_elements_are_no_rationals() -> None:
    g = FIELDS[0].generator
    assert g.rational() is None and g != Fraction(14142, 10000) and g != "sqrt(2)"


def test_element_of_the_field_from_sympy() -> None:
    field = FIELDS[2]
    x = field.element(2 * sympy.cos(4 * sympy.pi / 7))
    assert x == field.generator**2 - 2
    with pytest.raises(InputError, match="does not lie in the field"):
        field.element(sympy.sqrt(2))


@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv, operator.lt])
def test_two_fields_do_not_mix(op: Any) -> None:
    with pytest.raises(InputError, match="do not mix; make both elements of one NumberField"):
        op(FIELDS[0].generator, FIELDS[1].generator)
    assert FIELDS[0].generator != FIELDS[1].generator


@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv, operator.lt])
def test_floats_do_not_mix(op: Any) -> None:
    with pytest.raises(TypeError):
        op(FIELDS[0].generator, 0.5)
    with pytest.raises(TypeError):
        op(0.5, FIELDS[0].generator)


def test_division_by_zero() -> None:
    with pytest.raises(ZeroDivisionError):
        (FIELDS[0].generator - FIELDS[0].generator).inverse()


def test_numbers_do_not_change() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        FIELDS[0].generator.polynomial = 1


def test_negative_powers_are_inverse_or_refused() -> None:
    g = FIELDS[0].generator
    assert g**-1 == g.inverse()


def test_float_of_a_number() -> None:
    assert float(FIELDS[0].generator) == 2**0.5
    assert isinstance(FIELDS[0].generator, Algebraic)
