"""Moments of rectified Gaussians: against quadrature at 30 digits, their limits and identities."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mp

from solver.gaussian.balls import enclose, midpoint_radius
from solver.gaussian.functions import Phi, phi
from solver.gaussian.moments import FLOATS, rectified_mean, rectified_product, rectified_square
from tests.cases import Case, of_kind
from tests.oracles import DIGITS, agrees, number, of_ball
from tests.oracles import rectified_power as power_oracle
from tests.oracles import rectified_product as product_oracle

MEANS = st.fractions(min_value=-2, max_value=2, max_denominator=8)
VARIANCES = st.fractions(min_value=Fraction(1, 12), max_value=4, max_denominator=12)
RHOS = st.fractions(min_value=Fraction(-9, 10), max_value=Fraction(9, 10), max_denominator=10)


@pytest.fixture(autouse=True)
def precision() -> Any:
    with mp.workdps(DIGITS):
        yield


def evaluated(expression: Any) -> Any:
    return of_ball(enclose(expression, 34))


@of_kind("rectified product")
def test_known_product(case: Case) -> None:
    middle, radius = midpoint_radius(enclose(rectified_product(*map(Fraction, case.arguments)), 40))
    assert abs(middle - case.number) <= case.last_digit / 2 + radius


@of_kind("rectified shift")
def test_known_square_of_a_shift(case: Case) -> None:
    """E[(X+ - m)^2] = E[X+^2] - 2 m E[X+] + m^2 for m > 0."""
    m, v = (Fraction(x) for x in case.arguments)
    shift = rectified_square(m, v) - 2 * m * rectified_mean(m, v) + m * m
    middle, radius = midpoint_radius(enclose(shift, 40))
    assert abs(middle - case.number) <= case.last_digit / 2 + radius


@given(MEANS, VARIANCES)
def test_mean_and_square_equal_quadrature(mean: Fraction, variance: Fraction) -> None:
    assert agrees(evaluated(rectified_mean(mean, variance)), power_oracle(mean, variance, 1))
    assert agrees(evaluated(rectified_square(mean, variance)), power_oracle(mean, variance, 2))


@given(MEANS, MEANS, VARIANCES, VARIANCES, RHOS)
def test_product_equals_quadrature(m1: Fraction, m2: Fraction, v1: Fraction, v2: Fraction, rho: Fraction) -> None:
    covariance = rho * min(v1, v2)
    expected = product_oracle(m1, m2, v1, v2, covariance)
    assert agrees(evaluated(rectified_product(m1, m2, v1, v2, covariance)), expected)
    assert agrees(evaluated(rectified_product(m2, m1, v2, v1, covariance)), expected)


@given(MEANS, MEANS, VARIANCES, VARIANCES, st.sampled_from([1, -1]))
def test_product_of_opposite_and_aligned_variables(
    m1: Fraction, m2: Fraction, v1: Fraction, ratio: Fraction, sign: int
) -> None:
    """rho = 1 and rho = -1 with rational standard deviations in the ratio r."""
    covariance, v2 = sign * ratio * v1, ratio**2 * v1
    expected = product_oracle(m1, m2, v1, v2, covariance)
    assert agrees(evaluated(rectified_product(m1, m2, v1, v2, covariance)), expected)


@given(MEANS, VARIANCES)
def test_product_with_itself_is_the_square(mean: Fraction, variance: Fraction) -> None:
    assert (
        sympy.expand(rectified_product(mean, mean, variance, variance, variance) - rectified_square(mean, variance))
        == 0
    )


@given(MEANS, MEANS, VARIANCES, VARIANCES)
def test_independent_variables_factorise(m1: Fraction, m2: Fraction, v1: Fraction, v2: Fraction) -> None:
    factors = rectified_mean(m1, v1) * rectified_mean(m2, v2)
    assert rectified_product(m1, m2, v1, v2, 0) == sympy.expand(factors)


@given(MEANS, VARIANCES, RHOS)
def test_rectified_and_mirrored_parts_make_the_whole(mean: Fraction, v: Fraction, rho: Fraction) -> None:
    """X Y = (X+ - (-X)+)(Y+ - (-Y)+), and E[X Y] = m1 m2 + c."""
    assume(rho)
    m2, c = Fraction(1, 3), rho * v
    parts = [
        s * t * rectified_product(s * mean, t * m2, v, v, s * t * c) for s in (1, -1) for t in (1, -1)
    ]  # fmt: skip
    assert agrees(evaluated(sympy.Add(*parts)), number(mean * m2 + c))


@given(MEANS)
def test_without_noise_the_relu_is_plain(mean: Fraction) -> None:
    top = max(mean, Fraction(0))
    assert rectified_mean(mean, 0) == sympy.Rational(top.numerator, top.denominator)
    assert rectified_square(mean, 0) == rectified_mean(mean, 0) ** 2
    assert rectified_product(mean, 1, 0, 1, 0) == sympy.expand(rectified_mean(mean, 0) * rectified_mean(1, 1))


@settings(max_examples=8)
@given(MEANS, MEANS, st.sampled_from([1, -1]))
def test_limits_of_correlation_are_approached(m1: Fraction, m2: Fraction, sign: int) -> None:
    """E[X+ Y+] moves by at most |delta c| when the covariance does (its derivative is a probability)."""
    near = sign * (1 - Fraction(1, 10**4))
    at_limit = evaluated(rectified_product(m1, m2, 1, 1, sign))
    assert abs(evaluated(rectified_product(m1, m2, 1, 1, near)) - at_limit) <= mp.mpf(10) ** -4


@given(MEANS)
def test_small_noise_leaves_the_relu(mean: Fraction) -> None:
    """0 <= E[X+] - m+ <= s / sqrt(2 pi)."""
    s = Fraction(1, 10**6)
    shift = evaluated(rectified_mean(mean, s * s)) - number(max(mean, Fraction(0)))
    assert -(mp.mpf(10) ** -30) <= shift <= number(s) / mp.sqrt(2 * mp.pi)


def test_symbolic_mean_differentiates_to_a_probability() -> None:
    from solver.gaussian.functions import Phi

    m = sympy.Symbol("m", real=True)
    assert sympy.expand(sympy.diff(rectified_mean(m, Fraction(1, 4)), m) - Phi(2 * m)) == 0


def test_signs_far_out_in_a_tail_are_cheap() -> None:
    """Sympy evaluates a factor to see its sign whenever it multiplies: here 1 - Phi(10^7), about 10^(-2 10^13)."""
    tiny = 1 - Phi(sympy.Integer(10) ** 7)
    assert (3 * (tiny - sympy.Rational(1, 2))).has(Phi)
    assert Phi(-(sympy.Integer(10) ** 7)).n(20) > 0 == phi(sympy.oo)
    assert Phi(sympy.Symbol("x")).n() == Phi(sympy.Symbol("x"))


@pytest.mark.parametrize(
    "arguments", [(0, 1, 1, 2, "1/3"), (2, 2, 1, 1, 1), (1, 3, 1, 4, 2), (0, 0, 1, 1, -1), (3, 1, 1, 1, "-1/2")]
)
def test_rectified_products_in_floats(arguments: tuple) -> None:
    m1, m2, v1, v2, c = map(Fraction, arguments)
    exact = float(enclose(rectified_product(m1, m2, v1, v2, c), 20).mid())
    found = FLOATS.product(*(np.array([float(x)]) for x in (m1, m2, v1, v2, c)))
    assert found[0] == pytest.approx(exact, rel=1e-13, abs=1e-15)
