"""Decimals of any size: rounded with what that costs, and with their error in brackets.

0.5256(3) holds everything from 0.5253 to 0.5259.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import inf, nan, nextafter

LEAST, MOST = -7, 20
"""Powers of ten between which a number is written without an exponent."""
WIDE = Context(prec=10**6, Emin=MIN_EMIN, Emax=MAX_EMAX, rounding=ROUND_HALF_EVEN)
"""Decimals of any size, as exact as they are given."""

_FAR = 5000
_UP = Context(prec=3, Emin=MIN_EMIN, Emax=MAX_EMAX, rounding=ROUND_CEILING)


def bracketed(number: Decimal, error: Decimal) -> str:
    """Return a number rounded to the first digit of its error > 0, with that digit of the error in brackets.

    |shown number - number| + error <= shown error: the digit in brackets covers the rounding too.

    Examples
    --------
    >>> bracketed(Decimal("6.6655374976"), Decimal("9.94e-7")), bracketed(Decimal("1780.2"), Decimal(120))
    ('6.665537(2)', '1800(200)')
    >>> bracketed(Decimal("-3.14e-40"), Decimal("2e-42")), bracketed(Decimal(0), Decimal("3e-300"))
    ('-3.14(2)E-40', '0(3)E-300')
    """
    place, last = error.adjusted(), 10
    while last > 9:
        shown = WIDE.quantize(number, Decimal((0, (1,), place)))
        covered = WIDE.add(abs_difference(shown, number), error)
        last = int(WIDE.scaleb(covered, -place).to_integral_value(ROUND_CEILING, WIDE))
        place += 1
    place = place - 1
    size = max(shown.adjusted(), place) if shown else place
    if LEAST < size < MOST:
        return f"{without_exponent(shown)}({last * 10 ** max(place, 0)})"
    return f"{without_exponent(WIDE.scaleb(shown, -size))}({last})E{size:+d}"


def rounded_decimal(number: Decimal, digits: int, error: Decimal) -> tuple[Decimal, Decimal]:
    """Return a number rounded to significant digits, and a bound on what its error becomes, to 3 digits.

    Rounding adds half a unit of the last digit, unless it changes nothing.

    Examples
    --------
    >>> rounded_decimal(Decimal("0.12345"), 3, Decimal("0.001"))
    (Decimal('0.123'), Decimal('0.0015'))
    """
    rounded = Context(prec=digits, Emin=MIN_EMIN, Emax=MAX_EMAX, rounding=ROUND_HALF_EVEN).plus(number)
    exponent = rounded.as_tuple().exponent
    assert isinstance(exponent, int)
    rounding = Decimal(0) if rounded == number else Decimal((0, (5,), exponent - 1))
    return rounded, _UP.add(rounding, error)


def abs_difference(a: Decimal, b: Decimal) -> Decimal:
    """Return |a - b|, exactly."""
    return WIDE.abs(WIDE.subtract(a, b))


def decimal_ratio(a: Decimal, b: Decimal) -> Decimal:
    """Return a / b to 28 digits, of any size."""
    return Context(prec=28, Emin=MIN_EMIN, Emax=MAX_EMAX).divide(a, b)


def without_exponent(number: Decimal) -> str:
    """Return a number in plain digits, a zero without a sign."""
    return f"{number if number else abs(number):f}"


def as_fractions(number: Decimal, error: Decimal) -> tuple[Fraction, Fraction] | None:
    """Return a number and its error as rationals, None where either is not finite or above 10^5000.

    What lies below 10^-5000 counts as 0 within 10^-5000: a rational whose exponent has many digits fills all memory.
    """
    if not all(v.is_finite() and v.adjusted() <= _FAR for v in (number, error)):
        return None
    kept = [Fraction(v) if v.adjusted() >= -_FAR else Fraction(0) for v in (number, error)]
    lost = sum(bool(v) and v.adjusted() < -_FAR for v in (number, error))
    return kept[0], kept[1] + Fraction(10 * lost, 10**_FAR)


def as_floats(number: Fraction, error: Fraction) -> tuple[float, float]:
    """Return the nearest float of a number, and its error with what that rounds; nan and inf beyond their range.

    Examples
    --------
    >>> as_floats(Fraction(1, 4), Fraction(0)), as_floats(Fraction(1, 3), Fraction(0))[1] > 0
    ((0.25, 0.0), True)
    """
    try:
        nearest = float(number)
        whole = error + abs(Fraction(nearest) - number)
        above = float(whole)
    except OverflowError:
        return nan, inf
    return nearest, above if above >= whole else nextafter(above, inf)
