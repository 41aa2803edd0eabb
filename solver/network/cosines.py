"""The cosines of the angles 2 pi m/n, exact: in one number field where that is small, as sympy expressions beyond."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

from solver.algebraic import Algebraic, NumberField

LARGEST_DEGREE = 12


@lru_cache(maxsize=64)
def field_cosines(period: int) -> tuple[Any, ...]:
    """Return 2 cos(2 pi m/n), m = 0..n-1, for n = ``period``: rationals, and elements of Q(2 cos(2 pi/n)).

    By c_(m+1) = c_1 c_m - c_(m-1); the field has degree phi(n)/2.

    Examples
    --------
    >>> field_cosines(6) == (2, 1, -1, -2, -1, 1)
    True
    """
    import sympy

    angle = 2 * sympy.cos(2 * sympy.pi / period)
    first: Any = Fraction(int(angle)) if angle.is_Integer else NumberField(angle).generator
    found: list[Any] = [Fraction(2), first]
    while len(found) < period:
        found.append(rational_if_so(first * found[-1] - found[-2]))
    return tuple(found[:period])


@lru_cache(maxsize=64)
def double_cosines(period: int) -> tuple[Any, ...]:
    """Return 2 cos(2 pi m/n), m = 0..n-1: `field_cosines` where the degree is small, else sympy expressions."""
    import sympy

    if sympy.totient(period) <= 2 * LARGEST_DEGREE:
        return field_cosines(period)
    return tuple(2 * sympy.cos(2 * sympy.pi * m / period) for m in range(period))


def rational_if_so(number: Any) -> Any:
    """Return an algebraic number that is rational as a `Fraction`, any other number as it is."""
    constant = number.rational() if isinstance(number, Algebraic) else None
    return number if constant is None else constant
