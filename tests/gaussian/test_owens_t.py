"""Owen's T: against quadrature, its symmetries, and Phi2 written in it for every pair of signs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp
from sympy import Rational, Symbol, sqrt

from solver.gaussian.balls import enclose
from solver.gaussian.functions import OwensT, Phi, Phi2, as_sympy, phi
from tests.oracles import DIGITS, agrees, number, of_ball

ARGUMENTS = st.fractions(min_value=-3, max_value=3, max_denominator=8)
RHOS = st.fractions(min_value=Fraction(-19, 20), max_value=Fraction(19, 20), max_denominator=20)


@pytest.fixture(autouse=True)
def precision() -> Any:
    with mp.workdps(DIGITS):
        yield


@given(ARGUMENTS, ARGUMENTS)
def test_equals_quadrature(h: Fraction, a: Fraction) -> None:
    def density(t: Any) -> Any:
        return mp.exp(-(number(h) ** 2) * (1 + t * t) / 2) / (1 + t * t) / (2 * mp.pi)

    expected = mp.quad(density, [0, number(a) / 2, number(a)])
    assert agrees(of_ball(enclose(OwensT(as_sympy(h), as_sympy(a)), 34)), expected)


@pytest.mark.parametrize("a", [Fraction(-3, 2), Fraction(0), Fraction(1, 7), Fraction(2)])
@pytest.mark.parametrize("b", [Fraction(-1, 3), Fraction(0), Fraction(1, 7), Fraction(5, 2)])
@pytest.mark.parametrize("rho", [Fraction(-9, 10), Fraction(-1, 3), Fraction(2, 3), Fraction(99, 100)])
def test_bivariate_distribution_in_it(a: Fraction, b: Fraction, rho: Fraction) -> None:
    """Positive, negative and zero arguments, equal ones, and both signs of the correlation, to 30 digits."""
    bivariate = Phi2(*map(as_sympy, (a, b, rho)))
    rewritten = bivariate.rewrite(OwensT)
    assert not rewritten.has(Phi2) and (rewritten.has(OwensT) or a == b == 0)
    assert (enclose(bivariate, 32) - enclose(rewritten, 32)).contains(0)


@given(ARGUMENTS, ARGUMENTS, RHOS)
def test_bivariate_distribution_at_random(a: Fraction, b: Fraction, rho: Fraction) -> None:
    bivariate = Phi2(*map(as_sympy, (a, b, rho)))
    assert (enclose(bivariate, 32) - enclose(bivariate.rewrite(OwensT), 32)).contains(0)


def test_symbols_of_known_sign_are_written_and_others_stay() -> None:
    s, x = Symbol("s", positive=True), Symbol("x", real=True)
    symbolic = Phi2(1 / s, -2 / s, Rational(1, 2))
    assert (enclose(symbolic.subs(s, 3), 32) - enclose(symbolic.rewrite(OwensT).subs(s, 3), 32)).contains(0)
    assert Phi2(x, 1 / s, Rational(1, 2)).rewrite(OwensT) == Phi2(x, 1 / s, Rational(1, 2))
    assert (2 * Phi2(0, 1 / s, Rational(3, 5)) + 1).rewrite(OwensT) == 2 * OwensT(1 / s, Rational(3, 4)) + Phi(
        1 / s
    ) + 1


def test_symmetries_and_special_values() -> None:
    h, a = sympy.symbols("h a", positive=True)
    assert OwensT(-h, a) == OwensT(h, a) == -OwensT(h, -a) and OwensT(h, 0) == 0
    assert OwensT(0, sqrt(3)) == Rational(1, 6)
    assert agrees(of_ball(enclose(OwensT(0, Rational(1, 2)), 34)), mp.atan(mp.mpf(1) / 2) / (2 * mp.pi))
    assert sympy.latex(OwensT(h, a) ** 2) == r"T^{2}\left(h, a\right)"
    whole = OwensT(h, 1) - Phi(h) * Phi(-h) / 2
    assert enclose(whole.subs(h, Rational(7, 5)), 30).contains(0)


def test_derivatives_are_those_of_the_integral() -> None:
    """Central differences of the enclosed function, to the order of their step squared."""
    h, a = sympy.symbols("h a", real=True)
    at, step = {h: Rational(3, 4), a: Rational(5, 3)}, Rational(1, 10**8)
    for symbol in (h, a):
        slope = enclose(OwensT(h, a).diff(symbol).subs(at), 30)
        sides = [enclose(OwensT(h, a).subs({**at, symbol: at[symbol] + sign * step}), 40) for sign in (1, -1)]
        difference = (sides[0] - sides[1]) / enclose(2 * step, 40) - slope
        assert abs(of_ball(difference)) < 1e-15 and abs(of_ball(slope)) > 1e-3
    assert OwensT(h, a).diff(a) == phi(h) * phi(a * h) / (1 + a**2)


def test_evaluates_in_sympy() -> None:
    value = OwensT(1, Rational(1, 2)).evalf(30)
    assert agrees(mp.mpf(str(value)), of_ball(enclose(OwensT(1, Rational(1, 2)), 34)), 28)
