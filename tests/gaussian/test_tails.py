"""Closed forms at any size: the digits asked for in far tails, against quadrature in mpmath, identities, and a stop."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import flint
import pytest
from flint import arb
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from sympy import Rational, Symbol, sqrt

from solver.errors import NotApplicableError
from solver.gaussian.balls import enclose, exact_ball, is_resolved, normal_cdf, rounded, widest
from solver.gaussian.bivariate import bivariate_cdf, owens_t
from solver.gaussian.functions import OwensT, Phi, Phi2, as_sympy, phi
from solver.gaussian.moments import BALLS
from solver.numbers.decimals import WIDE
from solver.report.cells import decimal
from solver.values import as_value
from tests.oracles import number, of_ball

SIZES = st.one_of(
    st.fractions(-9, 9, max_denominator=8),
    st.tuples(st.integers(-99, 99), st.integers(-12, 4)).map(lambda n: n[0] * Fraction(10) ** n[1]),
)
RHOS = st.one_of(
    st.fractions(Fraction(-19, 20), Fraction(19, 20), max_denominator=20),
    st.tuples(st.integers(1, 20), st.sampled_from([-1, 1])).map(lambda n: n[1] * (1 - Fraction(1, 10 ** n[0]))),
)
BITS = 400
"""Of a ball in these tests: the digits that correlations near 1 and sizes to 10^12 cancel are fewer."""


@pytest.fixture(autouse=True)
def precision() -> Any:
    with mp.workdps(60), flint.ctx.workprec(BITS):
        yield


def far_fraction(x: Any, first: int) -> Any:
    """Laplace's continued fraction x + n/(x + (n+1)/(x + ...)), of which phi(x) / Phi(-x) is the one from n = 1."""
    fraction = x
    for n in range(int(2000 / x) + 8 + first, first - 1, -1):
        fraction = x + n / fraction
    return fraction


def log_density_at(x: Any) -> Any:
    return -x * x / 2 - mp.log(2 * mp.pi) / 2


def log_tail(x: Any) -> Any:
    """log Phi(-x): by erfc, and for x > 20 by a continued fraction."""
    if x < 20:
        return mp.log(mp.erfc(x / mp.sqrt(2)) / 2)
    return log_density_at(x) - mp.log(far_fraction(x, 1))


def log_ramp(z: Any) -> Any:
    """log E[(z + Z)+] = log(z Phi(z) + phi(z)), for z < -20 as phi over two continued fractions."""
    if z > -20:
        return mp.log(z * mp.erfc(-z / mp.sqrt(2)) / 2 + mp.npdf(z))
    return log_density_at(z) - mp.log(far_fraction(-z, 1)) - mp.log(far_fraction(-z, 2))


def peaked(log_density: Callable[[Any], Any], last: Any, scale: Any) -> Any:
    """int_-oo^last exp(log_density), for a concave exponent, on panels between the points where it falls by steps."""
    low, step = last - scale, scale
    best = max(log_density(low), log_density(last))
    while log_density(low) > best - 1000:
        step *= 2
        low -= step
        best = max(best, log_density(low))
    left, right = low, last
    for _ in range(160):
        one, two = left + (right - left) / 3, right - (right - left) / 3
        left, right = (one, right) if log_density(one) < log_density(two) else (left, two)
    top = log_density(right)

    def fallen(end: Any, fall: int) -> Any:
        near, far = right, end
        if log_density(end) > top - fall:
            return end
        for _ in range(130):
            middle = (near + far) / 2
            near, far = (middle, far) if log_density(middle) > top - fall else (near, middle)
        return near

    points = sorted(
        {right, *(fallen(end, fall) for end in (low, last) for fall in (1, 4, 9, 16, 30, 50, 75, 110, 150))}
    )
    return mp.exp(top) * mp.quad(lambda x: mp.exp(log_density(x) - top), points)


def bivariate_oracle(*arguments: Any) -> Any:
    """P(X <= a, Y <= b) = int_-oo^a phi(x) Phi((b - rho x)/q) dx, whose integrand is log-concave."""
    a, b, rho = map(number, arguments)
    q = mp.sqrt(number(1 - arguments[2] ** 2))

    def log_density(x: Any) -> Any:
        return log_density_at(x) + log_tail((rho * x - b) / q)

    return peaked(log_density, a, 1 / (1 + abs(a)))


def agree(ball: arb, expected: Any, digits: int = 20) -> bool:
    """Whether a ball is resolved, and holds a positive number, to some significant digits."""
    return is_resolved(ball, digits) and abs(of_ball(ball) / expected - 1) < mpf(10) ** -digits


@pytest.mark.parametrize("number_of_cases", [4, pytest.param(60, marks=pytest.mark.slow)])
def test_bivariate_distribution_at_any_size(number_of_cases: int) -> None:
    """Every pair of signs, correlations to 1 - 10^-20, arguments to 10^6, values far below the range of floats."""

    @settings(max_examples=number_of_cases)
    @given(SIZES, SIZES, RHOS)
    def check(a: Fraction, b: Fraction, rho: Fraction) -> None:
        ball = bivariate_cdf(*map(exact_ball, (a, b, rho)))
        assert agree(ball, bivariate_oracle(a, b, rho))

    check()


@settings(max_examples=100)
@given(SIZES, SIZES, RHOS)
def test_complements_add_up(a: Fraction, b: Fraction, rho: Fraction) -> None:
    """Phi2(a, b; rho) + Phi2(a, -b; -rho) = Phi(a), both parts resolved however small."""
    x, y, r = map(exact_ball, (a, b, rho))
    parts = bivariate_cdf(x, y, r), bivariate_cdf(x, -y, -r)
    assert all(is_resolved(part, 30) and part > 0 for part in parts)
    assert (parts[0] + parts[1] - normal_cdf(x)).contains(0) and is_resolved(parts[0] + parts[1], 30)
    assert bivariate_cdf(y, x, r).overlaps(parts[0])


def test_a_known_tail() -> None:
    """By mpmath at 400 digits."""
    expression = Phi2(-6, -6, Rational(-19, 20))
    assert str(as_value(expression, "").value(16)) == "7.178241656778979E-318"
    assert str(expression.evalf(16)) == "7.178241656778979e-318"


@pytest.mark.parametrize("b", [-(10**6), 10**6 - 1])
def test_bivariate_distribution_of_a_million_deviations(b: int) -> None:
    """Its digits and, as sympy evaluates it, its size: 10^-8685889638080 where both are in the tail."""
    expression = Phi2(-(10**6), b, Rational(-19, 20))
    expected = bivariate_oracle(Fraction(-(10**6)), Fraction(b), Fraction(-19, 20))
    assert agree(enclose(expression, 30), expected)
    assert abs(expression.evalf(20)._to_mpmath(200) / expected - 1) < mpf(10) ** -18


@settings(max_examples=20)
@given(SIZES, SIZES)
def test_owens_t_at_any_size(h: Fraction, a: Fraction) -> None:
    """Against exp(-h^2/2)/(2 pi) int_0^a exp(-(h t)^2/2)/(1 + t^2) dt, cut where nothing is left."""
    assume(a != 0)
    x, end = abs(number(h)), abs(number(a))
    edge = min(end, mp.sqrt(300) / x) if x else end
    points = [mpf(0), *(p for n in range(-16, 20) for p in [edge * mpf(2) ** -n] if n >= 0 and p < edge), edge]
    points = sorted({*points, *(p for p in map(mpf, (0.25, 0.5, 1, 2, 4, 8)) if p < edge)})
    area = mp.quad(lambda t: mp.exp(-((x * t) ** 2) / 2) / (1 + t * t), points)
    ball = owens_t(exact_ball(h), exact_ball(a))
    assert agree(ball if a > 0 else -ball, mp.exp(-x * x / 2) * area / (2 * mp.pi))


@given(st.integers(-(10**9), 10**9).map(lambda n: Fraction(n, 100)))
def test_one_tail(x: Fraction) -> None:
    assert agree(normal_cdf(exact_ball(x)), mp.exp(log_tail(-number(x))))


@pytest.mark.parametrize("number_of_cases", [4, pytest.param(60, marks=pytest.mark.slow)])
def test_products_of_rectified_numbers_at_any_size(number_of_cases: int) -> None:
    """E[X+ Y+] of means a, b and variances 1, for signs, sizes and correlations as above."""

    @settings(max_examples=number_of_cases)
    @given(SIZES, SIZES, RHOS)
    def check(a: Fraction, b: Fraction, rho: Fraction) -> None:
        assert agree(BALLS.product(a, b, Fraction(1), Fraction(1), rho), product_oracle(a, b, rho))

    check()


def product_oracle(a: Fraction, b: Fraction, rho: Fraction) -> Any:
    """E[X+ Y+] = int x+ phi(x - a) E[Y+ | X = x] dx, whose integrand is log-concave."""
    m, n, r = map(number, (a, b, rho))
    q = mp.sqrt(number(1 - rho**2))

    def log_density(x: Any) -> Any:
        """Of -x, so that the integral runs up to 0."""
        if x >= 0:
            return mpf("-inf")
        return mp.log(-x) + log_density_at(x + m) + mp.log(q) + log_ramp((n - r * (x + m)) / q)

    return peaked(log_density, mpf(0), 1 / (1 + abs(m)))


@settings(max_examples=100)
@given(SIZES, SIZES, RHOS, st.sampled_from([Fraction(1), Fraction(1, 10**12), Fraction(10**9)]))
def test_covariance_from_tails(a: Fraction, b: Fraction, rho: Fraction, v: Fraction) -> None:
    """Cov(X+, Y+) = E[X+ Y+] - E[X+] E[Y+], wherever this resolves it."""
    assume(rho != 0)
    covariance = BALLS.covariance(a, b, v, v, rho * v)
    assert is_resolved(covariance, 20) and (covariance > 0) == (rho > 0)
    assert covariance.overlaps(BALLS.product(a, b, v, v, rho * v) - BALLS.mean(a, v) * BALLS.mean(b, v))


@settings(max_examples=100)
@given(SIZES, SIZES)
def test_opposite_numbers_at_any_size(a: Fraction, b: Fraction) -> None:
    """rho = -1 is resolved for a + b > 0, symmetric, and close to rho = -1 + 10^-60."""
    assume(a + b > Fraction(1, 1000))
    one = Fraction(1)
    ball = BALLS.product(a, b, one, one, -one)
    with flint.ctx.workprec(2000):
        near = BALLS.product(a, b, one, one, Fraction(1, 10**60) - 1)
    assert ball > 0 and is_resolved(ball, 20) and abs(near / ball - 1) < arb("1e-20")


def test_shifts_of_the_mean_at_any_size() -> None:
    """E[X+] - m+ is even in m, and positive."""
    for m in (Fraction(10**7), Fraction(1, 3), Fraction(0)):
        shift = BALLS.shift(m, Fraction(1))
        assert shift > 0 and is_resolved(shift, 30) and shift.overlaps(BALLS.shift(-m, Fraction(1)))
        assert shift.overlaps(BALLS.mean(m, Fraction(1)) - exact_ball(m))


UNRESOLVED = Phi2(2, 0, Rational(1, 3)) + Phi2(2, 0, Rational(-1, 3)) - Phi(2)
"""A hidden 0, for which no precision gives a digit."""


def test_what_cancels_is_an_interval() -> None:
    ball = widest(UNRESOLVED, 20)
    assert ball.contains(0) and not is_resolved(ball, 20) and ball.abs_upper() < arb("1e-150")
    shown = decimal(as_value(UNRESOLVED, ""), 6)
    mantissa, _, power = shown.partition("E")
    assert mantissa.endswith(")") and int(power) < -150


def test_a_quotient_by_what_cancels_is_not_resolved() -> None:
    value = as_value(1 / UNRESOLVED, "")
    assert value.value().is_nan() and value.error() == Decimal("Infinity") and decimal(value, 6) == "not resolved"
    with pytest.raises(NotApplicableError, match="could not be enclosed to 20 digits"):
        enclose(1 / UNRESOLVED, 20)


def test_tails_cancel_exactly_what_is_rational() -> None:
    """1 - Phi(10^4) needs 7 10^7 bits as a difference; written in tails it needs none."""
    assert agree(enclose(1 - Phi(10**4), 30), mp.exp(log_tail(mpf(10**4))))
    assert agree(enclose(Phi(10**4) - Phi(9999), 30), mp.exp(log_tail(mpf(9999))) - mp.exp(log_tail(mpf(10**4))))
    both = enclose(Phi(8000) + Phi(9000) - Phi2(8000, 9000, Rational(-1, 2)) - 1, 30)
    assert agree(-both, bivariate_oracle(Fraction(-8000), Fraction(-9000), Fraction(-1, 2)))
    x = Symbol("x", positive=True)
    assert enclose(Phi(1) + Phi(-1) - 1, 10) == 0 and as_value(Phi(x) - Phi(x), "").exact == 0


def test_numbers_below_all_decimals_are_not_zero() -> None:
    """Phi(-10^12) is about 10^(-2 10^23)."""
    value, error = as_value(Phi(-(10**12)), "").bounded(15)
    assert value == 0 < error < Decimal("1E-899999999999999999")
    assert decimal(as_value(phi(10**40), ""), 6) == "0(1)E-900000000000000000"
    assert as_value(1 / Phi(-(10**12)), "").value().is_nan()


@given(SIZES, SIZES, st.integers(1, 30))
def test_a_ball_is_rounded_at_any_size(x: Fraction, power: Fraction, digits: int) -> None:
    """Its decimal, and the bound on it, of x 10^n for n to 10^15, against the same of x."""
    assume(x != 0)
    shift = int(power * 10**9)
    ball = exact_ball(x) * arb(10) ** shift
    value, error = rounded(ball, digits)
    scaled, bound = (
        Fraction(WIDE.scaleb(v, -v.adjusted())) * Fraction(10) ** (v.adjusted() - shift) for v in (value, error)
    )
    assert abs(scaled - x) <= bound and bound <= abs(x) * Fraction(51, 100) * Fraction(10) ** (1 - digits)


@pytest.mark.parametrize(
    "expression", [Phi(-40), Phi2(-40, 3, Rational(1, 2)), OwensT(40, 3), sqrt(2) * phi(60)], ids=str
)
@pytest.mark.parametrize("digits", [1, 15, 60, 200])
def test_digits_asked_for_in_a_tail(expression: Any, digits: int) -> None:
    value, error = as_value(expression, "").bounded(digits)
    assert 0 < error <= abs(value) * Decimal(10) ** (1 - digits)
    finer, _ = as_value(as_sympy(expression), "").bounded(digits + 20)
    assert abs(finer - value) <= error + abs(value) * Decimal(10) ** -(digits + 15)
