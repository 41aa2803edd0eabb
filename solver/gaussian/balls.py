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
from flint import arb

from solver.errors import NotApplicableError
from solver.numbers.decimals import WIDE
from solver.numbers.exact import decimal_text, rounded_up

MOST_BITS = 10**6
NOTHING_KNOWN = Decimal("NaN"), Decimal("Infinity")
"""What is rounded of a number that could be any."""
_LARGEST_POWER = 9 * 10**17
LEAST_DECIMAL = Decimal((0, (1,), -_LARGEST_POWER))
FAR = 1000
"""Standard deviations beyond which a tail is evaluated by its asymptotic function."""


def enclose(expression: Any, digits: int) -> arb:
    """Return a ball around a closed expression whose radius is below 10^-digits times its size.

    The ball is proven to hold the number: every step is ball arithmetic, bivariate distributions are
    integrated with a proven bound.  Precision is raised until the radius is small enough at any size of the number, or
    up to the stop of `refined`: a sum that cancels beyond it, 0 for one, comes back as a wider ball.

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
    ball = widest(expression, digits)
    if not ball.is_finite():
        raise NotApplicableError(f"{expression!s:.80} could not be enclosed to {digits} digits")
    return ball


def widest(expression: Any, digits: int) -> arb:
    """Return the ball of `enclose`, which holds every number where the expression is not seen to be finite.

    A sum that cancels is written in tails, `solver.gaussian.functions.in_tails`, so that what is rational cancels
    exactly: weak noise leaves differences below any precision, as of Phi(10^9) and 1.
    """
    (ball,) = refined(lambda: (_ball(expression),), digits, times=2)
    if is_resolved(ball, digits) or not hasattr(expression, "atoms"):
        return ball
    from solver.gaussian.functions import in_tails

    size = max((n.bit_length() for x in expression.atoms(sympy.Rational) for n in (x.p, x.q)), default=0)
    tails = in_tails(expression)
    return refined(lambda: (_ball(tails),), digits, size)[0]


def refined(compute: Callable[[], tuple[arb, ...]], digits: int, size: int = 0, *, times: int = 10) -> tuple[arb, ...]:
    """Return balls computed at a precision that makes each radius small against its number, if one below the stop does.

    The stop is some ``times`` the bits of the digits, and 16 times the ``size``, the bits of the numbers that go in:
    what they can cancel, and no endless search for the digits of a 0.
    """
    precision = int(digits * 3.33) + 20
    most = times * precision + 16 * size
    while True:
        with flint.ctx.workprec(precision):
            balls = compute()
        if precision == most or all(is_resolved(ball, digits) for ball in balls):
            return balls
        precision = min(2 * precision, most)


def is_resolved(ball: arb, digits: int) -> bool:
    """Return whether the radius of a ball is below 10^-digits times its number."""
    return bool(ball.is_finite()) and ball.rel_accuracy_bits() > digits * 3.33


def rational_ball(number: Any) -> arb:
    """Return a ball around an int or a Fraction, at the current precision."""
    return arb(flint.fmpq(int(number.numerator), int(number.denominator)))


def exact_ball(number: Any) -> arb:
    """Return a ball around a rational or an `Algebraic` number, at the current precision."""
    return number.enclosure(flint.ctx.prec) if hasattr(number, "polynomial") else rational_ball(number)


def rounded(ball: arb, digits: int) -> tuple[Decimal, Decimal]:
    """Return the midpoint of a ball to significant digits, and a bound on its distance from what the ball holds.

    At any size: beyond 10^+-4000 the ball is divided by a power of ten first.  NaN within infinity if the ball is not
    finite, 0 within `LEAST_DECIMAL` if it lies below all decimals.
    """
    if not ball.is_finite():
        return NOTHING_KNOWN
    with flint.ctx.workprec(int(4 * digits) + 200):
        power = _power_of_ten(ball)
        if abs(power) > _LARGEST_POWER:
            return (Decimal(0), LEAST_DECIMAL) if power < 0 else NOTHING_KNOWN
        shift = power if abs(power) > 4000 else 0
        midpoint, radius = midpoint_radius(ball / arb(10) ** shift if shift else ball)
    decimal, _ = decimal_text(midpoint, digits)
    error = rounded_up(abs(Fraction(decimal) - midpoint) + radius)
    return WIDE.scaleb(decimal, shift), WIDE.scaleb(error, shift)


def _power_of_ten(ball: arb) -> int:
    """Return about log10 of the largest number of a ball, 0 for the number 0."""
    largest = ball.abs_upper()
    return 0 if largest.is_zero() else int((largest.log() / arb(10).log()).mid().floor().fmpz())


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
    if expression in (sympy.zoo, sympy.nan):
        return arb.nan()
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
    for bit in f"{exponent:b}":
        power = power * power * (base if bit == "1" else 1)
    return power


def normal_density(x: arb) -> arb:
    """Return phi(x) = exp(-x^2 / 2) / sqrt(2 pi)."""
    return (-x * x / 2).exp() / (2 * arb.pi()).sqrt()


def normal_cdf(x: arb) -> arb:
    """Return Phi(x) = erfc(-x / sqrt 2) / 2; where |x| > 1000, by exp(-x^2/2) U(1/2, 1/2, x^2/2) / (2 sqrt pi).

    The latter is the same number below -1000 (Tricomi's U), where the balls of erfc grow with x instead of shrinking.
    """
    if x > FAR:
        return 1 - normal_cdf(-x)
    if not x < -FAR:
        return (-x / arb(2).sqrt()).erfc() / 2
    half = x * x / 2
    return (-half).exp() * half.hypgeom_u(arb(0.5), arb(0.5)) / (2 * arb.pi().sqrt())
