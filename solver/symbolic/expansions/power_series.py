"""Power series in a small h, known to some order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy


@dataclass(frozen=True)
class Series:
    """sum_i c_i h^(first + i); c_i are not written beyond the last one that is not 0.

    ``valid`` is the number of c_i that are known; None if all.
    """

    first: int
    coefficients: tuple[Any, ...]
    valid: int | None

    def terms(self) -> list[tuple[int, Any]]:
        """Return the known exponents of h and their coefficients."""
        return [(self.first + i, c) for i, c in enumerate(self.coefficients[: self.valid])]

    def over(self, other: Series, most: int) -> Series:
        """Return the quotient, at most ``most`` coefficients of it, by long division."""
        valid = min((s.valid for s in (self, other) if s.valid is not None), default=None)
        exact = valid is None and len(other.coefficients) == 1
        count = len(self.coefficients) if exact else most if valid is None else min(valid, most)
        rest = [*self.coefficients, *[sympy.S.Zero] * count][:count]
        found: list[Any] = []
        for n in range(count):
            used = sum(other.coefficients[i] * found[n - i] for i in range(1, min(n + 1, len(other.coefficients))))
            found.append(sympy.factor((rest[n] - used) / other.coefficients[0]))
        return Series(self.first - other.first, tuple(found), None if exact else count)


def cut_series(poly: Any, degree: int, valid: int | None) -> Series:
    """Return h^-degree times a polynomial known up to h^valid as a series that starts with its first term."""
    coefficients = poly.all_coeffs()[::-1]
    first = next((i for i, c in enumerate(coefficients) if c != 0), len(coefficients))
    known = coefficients[first:valid]
    return Series(first - degree, tuple(known), None if valid is None else valid - first)
