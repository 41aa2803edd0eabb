"""Proven enclosures: a closed sympy expression evaluated in ball arithmetic."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import Any

import flint
import sympy
from flint import acb, arb

from solver.errors import NotApplicableError
from solver.numbers.exact import decimal_text, rounded_up

MOST_BITS = 10**6


def enclose(expression: Any, digits: int) -> arb:
    """Return a ball around a closed expression whose radius is below 10^-digits times its size.

    The ball is proven to hold the number: every step is ball arithmetic, bivariate distributions are
    integrated with a proven bound.  Precision is raised until the radius is small enough, or until the
    number is seen to be 0 to 10^-(10 digits).

    Raises
    ------
    NotApplicableError
        If the expression has free symbols, a function with no ball evaluation, or no finite value.

    Examples
    --------
    >>> from solver.gaussian.functions import Phi
    >>> abs(enclose(Phi(1) + Phi(-1), 30) - 1) < arb("1e-29")
    True
    """
    return refined(lambda: (_ball(expression),), digits, lambda: f"{expression!s:.80}")[0]


def refined(compute: Callable[[], tuple[arb, ...]], digits: int, name: Callable[[], str]) -> tuple[arb, ...]:
    """Return balls computed at a precision that makes each radius small enough for `enclose`; errors tell the name."""
    precision = int(digits * 3.33) + 20
    while True:
        with flint.ctx.workprec(precision):
            balls = compute()
            tiny = arb(10) ** (-10 * digits)
            enough = all(b.rel_accuracy_bits() > digits * 3.33 or b.abs_upper() < tiny for b in balls)
        if enough:
            return balls
        if precision > MOST_BITS:
            raise NotApplicableError(f"{name()} could not be enclosed to {digits} digits with {precision} bits")
        precision *= 2


def rational_ball(number: Any) -> arb:
    """Return a ball around an int or a Fraction, at the current precision."""
    return arb(flint.fmpq(int(number.numerator), int(number.denominator)))


def exact_ball(number: Any) -> arb:
    """Return a ball around a rational or an `Algebraic` number, at the current precision."""
    return number.enclosure(flint.ctx.prec) if hasattr(number, "polynomial") else rational_ball(number)


def rounded(ball: arb, digits: int) -> tuple[Decimal, Decimal]:
    """Return the midpoint of a ball to significant digits, and a bound on its distance from what the ball holds."""
    midpoint, radius = midpoint_radius(ball)
    decimal, _ = decimal_text(midpoint, digits)
    return decimal, rounded_up(abs(Fraction(decimal) - midpoint) + radius)


def midpoint_radius(ball: arb) -> tuple[Fraction, Fraction]:
    """Return the midpoint and radius of a ball as exact rationals."""
    return _dyadic(ball.mid()), _dyadic(ball.rad())


def _dyadic(number: arb) -> Fraction:
    mantissa, exponent = number.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


_FUNCTIONS = {sympy.exp: arb.exp, sympy.asin: arb.asin, sympy.atan: arb.atan, sympy.cos: arb.cos, sympy.sin: arb.sin}


def _ball(expression: Any) -> arb:
    """Return a ball around a closed expression; the functions of `solver.gaussian.functions` bring their own."""
    if isinstance(expression, numbers.Rational):
        return rational_ball(expression)
    if hasattr(expression, "polynomial"):
        return _ball(expression.sympy())
    if expression is sympy.pi:
        return arb.pi()
    kind, arguments = type(expression), getattr(expression, "args", ())
    if kind is sympy.Pow:
        return _power(*arguments)
    function = getattr(kind, "of_balls", None) or _FUNCTIONS.get(kind)
    if not (function or kind in (sympy.Add, sympy.Mul)):
        raise NotApplicableError(f"no ball evaluation for {expression!s} ({kind.__name__})")
    balls = [_ball(argument) for argument in arguments]
    if function:
        return function(*balls)
    return sum(balls, arb(0)) if kind is sympy.Add else prod(balls, start=arb(1))


def _power(base: Any, exponent: Any) -> arb:
    if exponent.is_Integer:
        return _integer_power(_ball(base), int(exponent))
    if (2 * exponent).is_Integer:
        return _integer_power(_ball(base).sqrt(), int(2 * exponent))
    return _ball(base) ** _ball(exponent)


def _integer_power(base: arb, exponent: int) -> arb:
    """Return base^exponent by products: python-flint's ``**`` gives nan for balls around 0."""
    if exponent < 0:
        return 1 / _integer_power(base, -exponent)
    power = arb(1)
    for _ in range(exponent):
        power = power * base
    return power


def normal_density(x: arb) -> arb:
    """Return phi(x) = exp(-x^2 / 2) / sqrt(2 pi)."""
    return (-x * x / 2).exp() / (2 * arb.pi()).sqrt()


def normal_cdf(x: arb) -> arb:
    """Return Phi(x) = erfc(-x / sqrt 2) / 2."""
    return (-x / arb(2).sqrt()).erfc() / 2


def bivariate_cdf(a: arb, b: arb, rho: arb) -> arb:
    """Return Phi2(a, b; rho) with a proven radius.

    Phi(a) Phi(b) + 1/(2 pi) int_0^asin(rho) exp(-(a^2 + b^2 - 2 a b sin t) / (2 cos^2 t)) dt,
    from d Phi2 / d rho = the bivariate density (Plackett 1954) with rho = sin t.  The exponent is evaluated as
    (a -+ b)^2 / (2 cos^2 t) +- a b / (1 +- sin t), upper signs for rho > 0, which stays sharp near rho = +-1.
    """
    sign = 1 if rho > 0 else -1
    difference = a - sign * b
    gap, product = acb(difference * difference / 2), acb(sign * a * b)

    def integrand(t: acb, _: bool) -> acb:
        sine, cosine = t.sin(), t.cos()
        return (-gap / (cosine * cosine) - product / (1 + sign * sine)).exp()

    integral = acb.integral(integrand, acb(0), acb(rho.asin())).real
    return normal_cdf(a) * normal_cdf(b) + integral / (2 * arb.pi())


def owens_t(h: arb, a: arb) -> arb:
    """Return Owen's T(h, a) with a proven radius, as its integral over 0..a; the poles at +-i stay off the path."""
    square = acb(h * h / 2)

    def integrand(t: acb, _: bool) -> acb:
        stretch = 1 + t * t
        return (-square * stretch).exp() / stretch

    return acb.integral(integrand, acb(0), acb(a)).real / (2 * arb.pi())
