"""Exact numbers: what solver takes as a number, and how text becomes one.

A number is an ``int``, a ``Fraction``, text such as ``"1/2"``, a sympy number or an
`solver.numbers.algebraic.Algebraic`.  A float is refused: 0.1 is not one tenth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from solver.errors import InputError

if TYPE_CHECKING:
    from sympy import Expr

    from solver.numbers.algebraic import Algebraic

Rational: TypeAlias = int | Fraction
Exact: TypeAlias = "Fraction | Algebraic"
"""What numbers become."""
Number: TypeAlias = "int | Fraction | str | Algebraic | Expr"
"""What is taken for an exact number."""

LARGEST_INTEGER = 10**15

_RATIONAL = re.compile(r"[+-]?[0-9]{1,1000}(?:/[0-9]{1,1000}|\.[0-9]{1,1000})?")


def rational(value: Any, name: str = "value") -> Fraction:
    """Return ``value`` as a `Fraction`, or say why it is not one.

    Text is an integer, a quotient ``p/q`` or a finite decimal; nothing is ever evaluated.

    Raises
    ------
    InputError
        For floats, other types, malformed text and zero denominators.

    Examples
    --------
    >>> rational("8/3") == Fraction(8, 3) and rational("0.25") == Fraction(1, 4)
    True
    """
    number = _as_fraction(value, name)
    if number is None:
        raise InputError(
            f"{name}: {_shown(value)} is not a rational number; give an int, a Fraction or text such as '1/2'"
        )
    return number


def exact(value: Any, name: str = "value") -> Exact:
    """Return ``value`` as a `Fraction`, or as an `Algebraic` number if it is a real irrational one.

    Raises
    ------
    InputError
        For floats, malformed text, and sympy expressions that are not real algebraic numbers.
    """
    number = _as_fraction(value, name)
    if number is not None:
        return number
    from solver.numbers.algebraic import Algebraic, NumberField

    if isinstance(value, Algebraic):
        return value
    if _is_sympy(value):
        return NumberField(value).generator
    raise InputError(
        f"{name}: {_shown(value)} is not an exact number; give an int, a Fraction, text such as '1/2' or a sympy number"
    )


def integer(value: Any, name: str, minimum: int) -> int:
    """Return ``value`` as an int of at least ``minimum``.

    Raises
    ------
    InputError
        If it is not an integer (``True`` is not) or lies below ``minimum``.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise InputError(f"{name}: expected an integer, got {_shown(value)}")
    value = int(value)
    if value < minimum:
        raise InputError(f"{name}: expected an integer of at least {minimum}, got {_shown(value)}")
    if abs(value) > LARGEST_INTEGER:
        raise InputError(f"{name}: expected an integer of at most {LARGEST_INTEGER:.0e}, got {_shown(value)}")
    return value


def choice(value: Any, name: str, allowed: Iterable[str]) -> str:
    """Return ``value`` if it is one of the allowed names.

    Raises
    ------
    InputError
        If it is not; lists them.
    """
    if not isinstance(value, str) or value not in allowed:
        raise InputError(f"{name}: {_shown(value)} is unknown; choose one of {', '.join(allowed)}")
    return value


def sign(value: Exact | int) -> int:
    """Return -1, 0 or 1, decided exactly."""
    if isinstance(value, int | Fraction):
        return (value > 0) - (value < 0)
    return value.sign()


def bits(value: Exact | int) -> int:
    """Return the bits of the longest integer in a number."""
    if isinstance(value, int | Fraction):
        return max(value.numerator.bit_length(), value.denominator.bit_length())
    return max((bits(Fraction(int(c.p), int(c.q))) for c in value.polynomial.coeffs()), default=0)


def decimal_text(value: Fraction, digits: int) -> tuple[Decimal, Decimal]:
    """Return ``value`` rounded to significant ``digits`` and the exact rounding error's upper bound.

    Examples
    --------
    >>> decimal_text(Fraction(1, 4), 5)
    (Decimal('0.25'), Decimal('0'))
    """
    context = Context(prec=digits, rounding=ROUND_HALF_EVEN, Emin=-(10**9), Emax=10**9)
    rounded = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    if Fraction(rounded) == value:
        return rounded, Decimal(0)
    exponent = rounded.as_tuple().exponent
    assert isinstance(exponent, int)
    return rounded, Decimal((0, (5,), exponent - 1))


def rounded_up(error: Fraction) -> Decimal:
    """Return a bound to 3 digits, rounded up."""
    context = Context(prec=3, rounding=ROUND_CEILING, Emin=-(10**9), Emax=10**9)
    return context.divide(Decimal(error.numerator), Decimal(error.denominator))


def _as_fraction(value: Any, name: str) -> Fraction | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, Fraction):
        return value
    if isinstance(value, Integral):
        return Fraction(int(value))
    if isinstance(value, float | np.floating):
        if not np.isfinite(value):
            raise InputError(f"{name}: {value!r} is not a number solver can use")
        meant = repr(str(Fraction(str(value))))
        raise InputError(f"{name}: the float {value!r} is not exact; write Fraction({meant}) or the text {meant}")
    if isinstance(value, str):
        return _parse(value, name)
    if _is_sympy(value) and value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    return None


def _parse(text: str, name: str) -> Fraction:
    if not _RATIONAL.fullmatch(text.strip()):
        raise InputError(
            f"{name}: {_shown(text)} is not a rational number; write an integer, a quotient such as '8/3', or '0.25'"
        )
    try:
        return Fraction(text.strip())
    except ZeroDivisionError:
        raise InputError(f"{name}: {_shown(text)} divides by zero") from None


def _is_sympy(value: Any) -> bool:
    return hasattr(value, "is_algebraic") and hasattr(value, "free_symbols")


def _shown(value: Any) -> str:
    if isinstance(value, int) and abs(value) > 10**60:
        return f"an integer of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
