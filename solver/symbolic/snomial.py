"""The coefficients of (1 + z + ... + z^(s-1))^n, as a sympy function."""

from __future__ import annotations

from math import comb
from typing import Any

from sympy import Function, Integer


class Snomial(Function):
    r"""\binom{n}{j}_s, the coefficient of z^j in (1 + z + ... + z^(s-1))^n; 0 outside 0 <= j <= (s-1) n.

    Stays symbolic until n, j and s are integers.  For s = 2 it is the binomial coefficient; for s = 3
    and j = n it is the central trinomial coefficient.  Costs j/s big products.

    Examples
    --------
    >>> [Snomial(4, j, 3) for j in range(4, 9)]
    [19, 16, 10, 4, 1]
    """

    nargs = 3

    @classmethod
    def eval(cls, n: Any, j: Any, s: Any) -> Any:
        if n.is_Integer and j.is_Integer and s.is_Integer and n >= 0 and s >= 1:
            return Integer(snomial_coefficient(int(n), int(j), int(s)))
        return None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        n, j, s = (printer._print(arg) for arg in self.args)
        text = rf"\binom{{{n}}}{{{j}}}_{{{s}}}"
        return rf"{text}^{{{exp}}}" if exp else text


def snomial_coefficient(n: int, j: int, s: int) -> int:
    """Return the coefficient of z^j in (1 + ... + z^(s-1))^n = (1 - z^s)^n (1 - z)^-n, expanding both factors."""
    j = min(j, (s - 1) * n - j)
    if j < 0:
        return 0
    if n == 0:
        return 1
    return sum((-1) ** i * comb(n, i) * comb(n + j - s * i - 1, n - 1) for i in range(j // s + 1))
