"""A value as a cell: rounded or exact, in text and in LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from solver.numbers.decimals import LEAST, MOST, WIDE, bracketed
from solver.numbers.exact import decimal_text
from solver.sensitivity.quantities import Quantity
from solver.sensitivity.results import LayerValues
from solver.values import UNRESOLVED, MissingValue, NumericValue, Value, latex_decimal, text_with_error

LONGEST_FRACTION = 40
"""Characters of an exact number in text."""
LONGEST_EXACT = 40
"""Digits of a numerator or denominator in LaTeX; longer ones are dots."""
STACKED = r"\providecommand{\stackedfrac}[2]{\displaystyle\frac{#1}{#2}\rule[-1.15em]{0pt}{2.75em}}"
"""The command that stacked fractions need, with a strut that keeps them off the next row."""


def text_heads(columns: Sequence[Quantity]) -> list[str]:
    """Return the heads of columns in text: a quantity's name over the first of its columns, nothing over the next."""
    before = [None, *(column.name for column in columns)]
    return [column.text if column.name != name else "" for name, column in zip(before, columns, strict=False)]


def text_cell(column: Quantity, layer: LayerValues, digits: int) -> str:
    """Return what a column shows of a layer, in text."""
    value = layer.values[column.name]
    return exact_text(value) if column.exact else decimal(value, min(digits, column.most_digits))


def text_row(columns: Sequence[Quantity], layer: LayerValues, digits: int) -> list[str]:
    """Return the layer's label and what every column shows of it, in text."""
    return [layer.label, *(text_cell(column, layer, digits) for column in columns)]


def latex_cells(column: Quantity, layer: LayerValues, digits: int) -> tuple[str, str]:
    """Return what a column shows of a layer in LaTeX, its fraction in a line and stacked."""
    value = layer.values[column.name]
    if column.exact:
        return exact_cell(value, stacked=False), exact_cell(value, stacked=True)
    return (cell(value, min(digits, column.most_digits)),) * 2


def decimal(value: Value, digits: int) -> str:
    """Return a value to significant digits, or to its error where that touches them; a dash for a missing one.

    A number in brackets is the error of the number before it, rounding included; without brackets the last digit is
    good to 0.55.
    """
    if isinstance(value, MissingValue):
        return "-"
    number, error = value.bounded(digits)
    if number.is_nan():
        return UNRESOLVED
    last = WIDE.scaleb(Decimal(1), number.adjusted() - digits + 1)
    if isinstance(value, NumericValue):
        if value.uncertainty and (not number or 20 * Decimal(value.uncertainty) >= last):
            return text_with_error(value)
    elif error > last or (error and not number):
        return bracketed(number, error)
    return f"{number:f}" if LEAST < number.adjusted() < MOST else str(number)


def found_by(value: Value) -> str:
    """Return how a value was found, or why there is none."""
    return value.why if isinstance(value, MissingValue) else value.method


def exact_text(value: Value) -> str:
    """Return an exact value as text if it is short enough to read, else an empty text."""
    text = "" if value.exact is None else str(value.exact)
    return text if len(text) <= LONGEST_FRACTION else ""


def short_number(number: Any, longest: int = 20) -> str:
    """Return an exact number as text, a rational of more characters than ``longest`` as ~ and 6 digits.

    Examples
    --------
    >>> short_number(Fraction(1, 3)), short_number(Fraction(1, 3**20), longest=10)
    ('1/3', '~2.86797E-10')
    """
    text = str(number)
    if len(text) <= longest or not isinstance(number, Fraction):
        return text
    rounded, _ = decimal_text(number, 6)
    return f"~{rounded:f}" if LEAST < rounded.adjusted() < MOST else f"~{rounded}"


def cell(value: Value | None, digits: int) -> str:
    """Return a value in LaTeX, to significant digits, or to its error where that is larger; a dash where none is."""
    if value is None or isinstance(value, MissingValue):
        return "--"
    return f"${latex_decimal(decimal(value, digits))}$"


def exact_cell(value: Value | None, *, stacked: bool) -> str:
    """Return an exact value in LaTeX as p/q or p over q, an algebraic one as its LaTeX, any other as a blank."""
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
