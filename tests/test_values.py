"""Values: rounding within the stated error, kinds of quotients, missing ones, text."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import flint
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from solver import NumberField
from solver.errors import InputError
from solver.gaussian.balls import enclose, midpoint_radius
from solver.gaussian.functions import Phi, Phi2, phi
from solver.values import (
    ClosedValue,
    ExactValue,
    MissingValue,
    NumericValue,
    Value,
    as_value,
    latex_decimal,
    numeric_value,
    quotient,
    text_with_error,
)

FRACTIONS = st.fractions()
DIGITS = st.integers(1, 40)
GENERATOR = NumberField(2 * sympy.cos(2 * sympy.pi / 7)).generator
NUMERIC = NumericValue(2.0, 0.5, "sampled")
CLOSED = as_value(Phi(1), "closed form")
MISSING = MissingValue("there is none")


def exact(number: Any) -> ExactValue:
    return ExactValue(Fraction(number), "rational")


@given(FRACTIONS, DIGITS)
def test_rational_value_within_its_error(number: Fraction, digits: int) -> None:
    value, error = ExactValue(number, "").bounded(digits)
    assert abs(Fraction(value) - number) <= Fraction(error)
    assert Fraction(error) * 10**digits <= 5 * abs(Fraction(value))


@given(st.fractions(max_denominator=1000), st.fractions(max_denominator=1000), DIGITS)
def test_algebraic_value_within_its_error(a: Fraction, b: Fraction, digits: int) -> None:
    number = a * GENERATOR + b
    value, error = ExactValue(number, "").bounded(digits)
    assert abs(number - Fraction(value)) <= Fraction(error)


@given(st.fractions(min_value=-3, max_value=3, max_denominator=50), st.integers(1, 30))
def test_closed_value_within_its_error(x: Fraction, digits: int) -> None:
    expression = Phi(sympy.Rational(x.numerator, x.denominator)) - phi(sympy.Rational(1, 3))
    value, error = ClosedValue(expression, "").bounded(digits)
    middle, radius = midpoint_radius(enclose(expression, digits + 20))
    assert abs(Fraction(value) - middle) <= Fraction(error) + radius
    assert len(value.as_tuple().digits) <= digits


@given(st.floats(-1e6, 1e6), st.floats(0, 10), DIGITS)
def test_numeric_value_adds_rounding_to_its_error(estimate: float, uncertainty: float, digits: int) -> None:
    value, error = NumericValue(estimate, uncertainty, "").bounded(digits)
    assert abs(Fraction(value) - Fraction(estimate)) + Fraction(uncertainty) <= Fraction(error)


def test_exact_representation_has_no_error() -> None:
    assert exact("1/8").bounded(3) == (Decimal("0.125"), Decimal(0))
    assert exact("1/3").bounded(3) == (Decimal("0.333"), Decimal("0.0005"))


def test_missing_value_is_not_a_number() -> None:
    assert MISSING.value().is_nan() and MISSING.error().is_nan() and MISSING.latex is None


@pytest.mark.parametrize(
    ("number", "kind", "value"),
    [
        (3, "exact", Fraction(3)),
        (sympy.Rational(2, 4), "exact", Fraction(1, 2)),
        (GENERATOR, "exact", GENERATOR),
        (GENERATOR - GENERATOR + 2, "exact", Fraction(2)),
        (Phi(1), "closed", None),
        (sympy.sqrt(2), "closed", None),
    ],
)
def test_as_value_finds_the_kind(number: Any, kind: str, value: Any) -> None:
    made = as_value(number, "how")
    assert (made.kind, made.exact, made.method) == (kind, value, "how")
    assert type(made.exact) is type(value)


KINDS = {"exact": exact(2), "closed": CLOSED, "numeric": NUMERIC, "missing": MISSING}


@pytest.mark.parametrize("upper", KINDS)
@pytest.mark.parametrize("lower", KINDS)
def test_quotient_has_the_weaker_kind(upper: str, lower: str) -> None:
    order = list(KINDS)
    ratio = quotient(KINDS[upper], KINDS[lower], method="m", zero="z")
    same_expression = upper == lower == "closed"
    assert ratio.kind == ("exact" if same_expression else max(upper, lower, key=order.index))
    if ratio.kind != "missing":
        assert float(ratio) == pytest.approx(float(KINDS[upper]) / float(KINDS[lower]), rel=1e-14)


@given(FRACTIONS, FRACTIONS)
def test_exact_quotient(p: Fraction, q: Fraction) -> None:
    ratio = quotient(exact(p), exact(q), method="m", zero="it is flat")
    if q == 0:
        assert isinstance(ratio, MissingValue) and ratio.why == "it is flat"
    else:
        assert ratio.exact == p / q and ratio.method == "m"


def test_missing_reason_is_handed_on() -> None:
    for pair in ((MISSING, NUMERIC), (CLOSED, MISSING)):
        assert quotient(*pair, method="m", zero="z") == MISSING


@given(st.floats(-50, 50), st.floats(0, 5), st.floats(-50, 50), st.floats(0, 5), st.floats(-1, 1), st.floats(-1, 1))
def test_numeric_quotient_covers_both_errors(p: float, dp: float, q: float, dq: float, s: float, t: float) -> None:
    """Wherever the numbers lie within their errors, the ratio lies within its own."""
    assume(abs(q) > 1.01 * dq + 1e-3)
    ratio: Value = quotient(NumericValue(p, dp, ""), NumericValue(q, dq, ""), method="m", zero="z")
    assert isinstance(ratio, NumericValue)
    p, dp, q, dq, s, t = map(Fraction, (p, dp, q, dq, s, t))
    assert abs((p + s * dp) / (q + t * dq) - Fraction(ratio.estimate)) <= ratio.uncertainty


def test_denominator_that_may_be_zero() -> None:
    ratio = quotient(exact(1), NumericValue(0.1, 0.2, "sampled"), method="m", zero="it is flat")
    assert isinstance(ratio, MissingValue) and ratio.why == "not resolved: it is flat within its error"


@pytest.mark.parametrize(
    ("estimate", "error", "text"),
    [
        (0.52561, 0.00025, "0.5256(3)"),
        (0.52561, 0.0003, "0.5256(4)"),
        (0.52561, 0.00095, "0.526(2)"),
        (6.665537497641357, 9.944997767030445e-07, "6.665537(2)"),
        (232.13, 0.1875, "232.1(3)"),
        (232.13, 3.0, "232(4)"),
        (17780.0, 120.0, "17800(200)"),
        (0.25, 0.0, "0.25"),
        (0.1, 0.0, "0.1000000000000000(5)"),
        (-0.5, 0.5, "-0.5(5)"),
        (0.0, 0.02, "0.00(3)"),
        (-0.001, 0.02, "0.00(3)"),
        (3.0, 90.0, "0(100)"),
        (1.5e-30, 2e-33, "1.500(3)E-30"),
        (0.0, 5e-324, "0(5)E-324"),
        (-1.25e300, 1e298, "-1.25(2)E+300"),
        (math.inf, 1.0, "not resolved"),
        (math.nan, 1.0, "not resolved"),
        (1.0, math.inf, "not resolved"),
        (1.0, math.nan, "not resolved"),
    ],
)
def test_text_with_error(estimate: float, error: float, text: str) -> None:
    assert text_with_error(NumericValue(estimate, error, "")) == text


def read_back(text: str) -> tuple[Fraction, Fraction]:
    """The number and the error that a text such as 0.5256(3) or -1.25(1)E+300 states."""
    parts = re.fullmatch(r"(-?[0-9]+)(?:\.([0-9]+))?\(([0-9]+)\)(?:E([-+][0-9]+))?", text)
    assert parts, text
    whole, decimals, bracket, power = parts.groups()
    last = Fraction(10) ** (int(power or 0) - len(decimals or ""))
    return Fraction(int(whole + (decimals or ""))) * last, int(bracket) * last


ANY_FLOAT = st.floats(allow_nan=False, allow_infinity=False)
SIZES = st.tuples(st.floats(-10, 10), st.integers(-300, 299)).map(lambda pair: pair[0] * 10.0 ** pair[1])
NEAR = st.tuples(SIZES, st.floats(1, 10), st.integers(-18, 4)).map(
    lambda drawn: (drawn[0], abs(drawn[0]) * drawn[1] * 10.0 ** drawn[2])
)


@settings(max_examples=1000)
@given(st.one_of(NEAR, st.tuples(st.one_of(SIZES, ANY_FLOAT, st.just(0.0)), st.one_of(SIZES, ANY_FLOAT).map(abs))))
def test_the_error_in_brackets_covers_the_rounding(pair: tuple[float, float]) -> None:
    """In text and LaTeX, to any digits: |shown - estimate| + uncertainty <= shown error <= 3 times the left side."""
    from solver.report.cells import cell, decimal

    value = NumericValue(*pair, "")
    assume(math.isfinite(value.uncertainty) and value.uncertainty > 0)
    for text, digits in ((text_with_error(value), 0), (decimal(value, 3), 3), (decimal(value, 15), 15)):
        if "(" in text:
            shown, error = read_back(text)
            covered = abs(shown - Fraction(value.estimate)) + Fraction(value.uncertainty)
            assert covered <= error <= 3 * covered
            assert len(str(int(error / Fraction(10) ** Decimal(float(value.uncertainty)).adjusted()))) <= 2
        else:
            off = abs(Fraction(text) - Fraction(value.estimate)) + Fraction(value.uncertainty)
            assert off <= Fraction(55, 100) * Fraction(10) ** (Decimal(text).adjusted() - digits + 1)
    latex = value.latex.replace(r"\times 10^{", "E").rstrip("}")
    assert read_back(re.sub(r"E(?=[0-9])", "E+", latex)) == read_back(text_with_error(value))
    assert cell(value, 15) == f"${latex_decimal(decimal(value, 15))}$"


def test_a_negative_error_is_refused() -> None:
    with pytest.raises(InputError, match="uncertainty: expected an error of at least 0, got -1"):
        NumericValue(1.0, -1.0, "")


def test_what_is_not_resolved_is_said_so() -> None:
    from solver.report.cells import cell, decimal

    unknown = NumericValue(math.nan, math.inf, "")
    assert unknown.value().is_nan() and unknown.error() == Decimal("Infinity")
    assert decimal(unknown, 6) == "not resolved" and cell(unknown, 6) == unknown.latex.join("$$")
    for pair in ((unknown, NUMERIC), (NUMERIC, unknown)):
        ratio = quotient(*pair, method="m", zero="z")
        assert isinstance(ratio, MissingValue) and ratio.why == "a side of the quotient is not resolved"


@settings(max_examples=500)
@given(st.decimals(allow_nan=False, allow_infinity=False), st.decimals(0, 10, allow_nan=False))
def test_decimals_read_as_floats_stay_within_their_error(number: Decimal, error: Decimal) -> None:
    value = numeric_value(number, error, "")
    if math.isfinite(value.estimate):
        assume(abs(number.adjusted()) < 1000 and abs(error.adjusted()) < 1000)
        assert abs(Fraction(value.estimate) - Fraction(number)) + Fraction(error) <= Fraction(value.uncertainty)
    else:
        assert abs(number) > Decimal("1.79e308")


@pytest.mark.parametrize(
    ("value", "latex"),
    [
        (exact("-3/4"), r"-\frac{3}{4}"),
        (exact(5), "5"),
        (as_value(sympy.sqrt(2) * Phi(1), ""), r"\sqrt{2} \Phi\left(1\right)"),
        (as_value(Phi2(1, 2, sympy.Rational(1, 3)), ""), r"\Phi_2\left(1, 2; \frac{1}{3}\right)"),
        (as_value(phi(1) ** 2, ""), r"\varphi^{2}\left(1\right)"),
        (NUMERIC, "2.0(5)"),
    ],
)
def test_latex(value: Value, latex: str) -> None:
    assert value.latex == latex


def test_latex_of_an_algebraic_number() -> None:
    assert as_value(GENERATOR**2 + 1, "").latex == r"1 + 4 \cos^{2}{\left(\frac{2 \pi}{7} \right)}"
    with flint.ctx.workprec(53):
        assert float(as_value(GENERATOR, "")) == pytest.approx(1.2469796037174670611, rel=1e-16)


def test_a_numeric_value_shows_no_more_digits_than_asked_for() -> None:
    from solver.report.cells import decimal

    value = NumericValue(81.742936054704, 2e-11, "by hand")
    assert [decimal(value, digits) for digits in (3, 10, 15)] == ["81.7", "81.74293605", "81.74293605470(3)"]
