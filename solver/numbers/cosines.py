"""The cosines of the angles 2 pi m/n, exact: in one number field where that is small, as sympy expressions beyond."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from solver.numbers.algebraic import Algebraic, NumberField

if TYPE_CHECKING:
    from solver.numbers.exact import Exact

LARGEST_DEGREE = 12


@lru_cache(maxsize=64)
def double_cosines(period: int) -> tuple[Any, ...]:
    """Return 2 cos(2 pi m/n), m = 0..n-1, for n = ``period``: rationals, and elements of Q(2 cos(2 pi/n)).

    The field has degree phi(n)/2; beyond 12 they are sympy expressions.

    Examples
    --------
    >>> double_cosines(6) == (2, 1, -1, -2, -1, 1)
    True
    """
    import sympy

    if sympy.totient(period) > 2 * LARGEST_DEGREE:
        return tuple(2 * sympy.cos(2 * sympy.pi * m / period) for m in range(period))
    cosines = multiple_cosines(double_cosine(period, 2), period - 1)
    return tuple(map(rational_if_so, cosines[:period]))


def double_cosine(half: int, turns: int = 1) -> Exact:
    """Return 2 cos(pi turns/half), the generator of its field unless it is an integer."""
    import sympy

    number = 2 * sympy.cos(sympy.pi * turns / half)
    return Fraction(int(number)) if number.is_Integer else NumberField(number).generator


def multiple_cosines(first: Exact, count: int) -> list[Exact]:
    """Return 2 cos(j a), j = 0..count, from 2 cos a: c_(j+1) = c_1 c_j - c_(j-1)."""
    cosines: list[Exact] = [Fraction(2), first]
    while len(cosines) <= count:
        cosines.append(first * cosines[-1] - cosines[-2])
    return cosines


def rational_if_so(number: Any) -> Any:
    """Return an algebraic number that is rational as a `Fraction`, any other number as it is."""
    constant = number.rational() if isinstance(number, Algebraic) else None
    return number if constant is None else constant
