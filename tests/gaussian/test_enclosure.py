"""Balls hold the numbers they stand for: against mpmath, and Phi2 against Owen's T."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import sympy
from flint import arb
from hypothesis import assume, given
from hypothesis import strategies as st
from mpmath import mp
from sympy import Rational, asin, cos, exp, pi, sin, sqrt

from solver.errors import NotApplicableError
from solver.gaussian.balls import enclose, midpoint_radius
from solver.gaussian.bivariate import bivariate_cdf
from solver.gaussian.functions import Phi, Phi2, as_sympy, phi
from tests.oracles import DIGITS, bivariate, number, within

ARGUMENTS = st.fractions(min_value=-4, max_value=4, max_denominator=8)
RHOS = st.fractions(min_value=Fraction(-19, 20), max_value=Fraction(19, 20), max_denominator=20)


@pytest.fixture(autouse=True)
def precision() -> Any:
    with mp.workdps(DIGITS):
        yield


@given(ARGUMENTS)
def test_density_and_distribution(x: Fraction) -> None:
    assert within(enclose(phi(as_sympy(x)), 34), mp.npdf(number(x)))
    assert within(enclose(Phi(as_sympy(x)), 34), mp.ncdf(number(x)))


@given(ARGUMENTS, ARGUMENTS, RHOS)
def test_bivariate_equals_owens_t(h: Fraction, k: Fraction, rho: Fraction) -> None:
    assume(h and k and rho)
    ball = enclose(Phi2(*map(as_sympy, (h, k, rho))), 30)
    assert within(ball, bivariate(*map(number, (h, k, rho))))


@pytest.mark.parametrize("rho", [Fraction(1, 3), Fraction(-1, 3), Fraction(999, 1000)])
def test_bivariate_of_equal_inexact_arguments_is_finite(rho: Fraction) -> None:
    """A difference that is 0 up to its ball must not be lost (arb ** 2 of such a ball is nan in python-flint)."""
    for a, b in ((arb(2).sqrt(), arb(2).sqrt()), (arb(2).sqrt(), -arb(2).sqrt())):
        assert bivariate_cdf(a, b, arb(rho.numerator) / rho.denominator).rel_accuracy_bits() > 30


@pytest.mark.parametrize("rho", [Fraction(1, 3), Fraction(9, 10), Fraction(-1, 3), Fraction(-9, 10)])
@pytest.mark.parametrize("k", [Fraction(-1), Fraction(1, 2), Fraction(2)])
def test_bivariate_of_an_argument_of_open_sign(k: Fraction, rho: Fraction) -> None:
    """A ball across 0: what it holds is below and above."""
    ball = bivariate_cdf(arb(0, arb("1e-12")), arb(k.numerator) / k.denominator, arb(rho.numerator) / rho.denominator)
    for h in (Fraction(1, 10**13), Fraction(-1, 10**13)):
        assert within(ball, bivariate(*map(number, (h, k, rho)))) and ball.rad() < arb("1e-10")


@given(ARGUMENTS, RHOS)
def test_bivariate_with_one_zero(h: Fraction, rho: Fraction) -> None:
    """P(X <= h, Y <= 0) + P(X <= h, Y >= 0) = Phi(h), the second being Phi2(h, 0; -rho)."""
    assume(h and rho)
    h, rho = as_sympy(h), as_sympy(rho)
    assert within(enclose(Phi2(h, 0, rho) + Phi2(h, 0, -rho) - Phi(h), 30), mp.mpf(0))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (pi, lambda: mp.pi),
        (sqrt(2) ** 3, lambda: mp.sqrt(8)),
        (Rational(2, 3) ** Rational(1, 3), lambda: mp.cbrt(mp.mpf(2) / 3)),
        (exp(-Rational(7, 3)) * sqrt(3) / pi**2, lambda: mp.exp(-mp.mpf(7) / 3) * mp.sqrt(3) / mp.pi**2),
        (asin(Rational(1, 3)) + cos(1) - sin(2), lambda: mp.asin(mp.mpf(1) / 3) + mp.cos(1) - mp.sin(2)),
        (Phi(sqrt(3)) * phi(sqrt(2)), lambda: mp.ncdf(mp.sqrt(3)) * mp.npdf(mp.sqrt(2))),
        (Phi(-30), lambda: mp.erfc(30 / mp.sqrt(2)) / 2),
    ],
    ids=["pi", "half powers", "cube root", "exp", "trigonometric", "product", "tail"],
)
def test_expressions(expression: Any, value: Any) -> None:
    assert within(enclose(expression, 34), value())


@pytest.mark.parametrize("digits", [5, 15, 30, 60, 200])
def test_radius_is_as_small_as_asked(digits: int) -> None:
    ball = enclose(Phi2(1, Rational(1, 2), Rational(-1, 3)) * 10**9, digits)
    middle, radius = midpoint_radius(ball)
    assert radius * 10**digits < middle


def test_higher_precision_lies_inside_lower() -> None:
    expression = Phi2(1, 2, Rational(2, 3)) - Phi(1) * phi(2)
    coarse, fine = (midpoint_radius(enclose(expression, digits)) for digits in (10, 50))
    assert abs(coarse[0] - fine[0]) <= coarse[1] + fine[1]


@pytest.mark.parametrize(
    "zero",
    [
        Phi(1) + Phi(-1) - 1,
        sqrt(2) + sqrt(3) - sqrt(5 + 2 * sqrt(6)),
        phi(1) - exp(-Rational(1, 2)) / sqrt(2 * pi),
    ],
    ids=["distribution", "roots", "density"],
)
def test_zero_is_found_to_be_tiny(zero: Any) -> None:
    assert abs(enclose(zero, 10)) < arb("1e-90")


def test_midpoint_and_radius_are_exact() -> None:
    """flint keeps a radius to 30 bits, rounded up."""
    assert midpoint_radius(arb(3) / 8) == (Fraction(3, 8), 0)
    middle, radius = midpoint_radius(arb("0.375", "0.25"))
    assert middle == Fraction(3, 8) and Fraction(1, 4) <= radius <= Fraction(1, 4) + Fraction(1, 2**28)


@pytest.mark.parametrize("expression", [Phi(sympy.Symbol("x")), sympy.gamma(sympy.Symbol("x")), sympy.zeta(3)], ids=str)
def test_unknown_expressions_are_refused(expression: Any) -> None:
    with pytest.raises(NotApplicableError, match="no ball evaluation for"):
        enclose(expression, 10)


def test_special_arguments_simplify() -> None:
    assert Phi(0) == Rational(1, 2) and Phi(sympy.oo) == 1 and Phi(-sympy.oo) == 0 and phi(-sympy.oo) == 0
    assert phi(0) == 1 / sqrt(2 * pi) and phi(-3) == phi(3)
    assert Phi2(1, 2, 0) == Phi(1) * Phi(2) and Phi2(2, 1, Rational(1, 2)) == Phi2(1, 2, Rational(1, 2))
    assert Phi2(0, 0, Rational(1, 2)) == Rational(1, 3)


@given(ARGUMENTS, ARGUMENTS, RHOS)
def test_derivatives_equal_differences(x: Fraction, y: Fraction, rho: Fraction) -> None:
    """Of Phi2, in each argument, to the accuracy of a central difference."""
    step = Fraction(1, 10**9)
    a, b, r = sympy.symbols("a b r")
    for n, symbol in enumerate((a, b, r)):
        slope = sympy.diff(Phi2(a, b, r), symbol).subs(dict(zip((a, b, r), map(as_sympy, (x, y, rho)), strict=True)))
        shifted = [[v + d * (n == m) * step for m, v in enumerate((x, y, rho))] for d in (1, -1)]
        up, down = (midpoint_radius(enclose(Phi2(*map(as_sympy, p)), 40))[0] for p in shifted)
        assert abs(_float(slope) - float((up - down) / (2 * step))) < 1e-12


def _float(expression: Any) -> float:
    return float(midpoint_radius(enclose(expression, 20))[0])
