"""Values as the cells of a LaTeX table."""

from __future__ import annotations

from fractions import Fraction

from solver.report.words import decimal
from solver.values import MissingValue, Value

STACKED = r"\providecommand{\stackedfrac}[2]{\displaystyle\frac{#1}{#2}\rule[-1.15em]{0pt}{2.75em}}"
"""The command that stacked fractions need, with a strut that keeps them off the next row."""

LONGEST_EXACT = 40
"""Digits of a numerator or denominator; longer ones are dots."""


def cell(value: Value | None, digits: int) -> str:
    """Return a value to significant digits, or to its error where that is larger; a dash where there is none."""
    if value is None or isinstance(value, MissingValue):
        return "--"
    mantissa, _, exponent = decimal(value, digits).partition("E")
    return f"${mantissa}$" if not exponent else rf"${mantissa}\times 10^{{{int(exponent)}}}$"


def exact_cell(value: Value | None, *, stacked: bool) -> str:
    """Return an exact value as p/q or p over q, an algebraic one as its LaTeX, any other as a blank."""
    if value is None or value.exact is None:
        return ""
    if not isinstance(value.exact, Fraction):
        return f"${value.latex}$"
    p, q = value.exact.numerator, value.exact.denominator
    if max(len(str(abs(p))), len(str(q))) > LONGEST_EXACT:
        return r"$\cdots$"
    if q == 1 or not stacked:
        return f"${value.exact}$"
    return rf"${'-' if p < 0 else ''}\stackedfrac{{{abs(p)}}}{{{q}}}$"
