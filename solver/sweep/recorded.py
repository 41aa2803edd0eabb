"""Values read back from the text that a cell of a sweep holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from typing import Any

from solver.errors import InputError
from solver.numbers.exact import decimal_text
from solver.sensitivity.quantities import NAMES, UNASKED
from solver.sensitivity.results import LayerValues
from solver.values import ExactValue, MissingValue, NumericValue, Value


@dataclass(frozen=True)
class RecordedValue(Value):
    """A closed form or an algebraic number, known as a decimal and a bound of its error."""

    kind: str  # type: ignore[misc]
    decimal: Decimal
    bound: Decimal
    method: str

    def bounded(self, digits: int) -> tuple[Decimal, Decimal]:
        rounded, rounding = decimal_text(Fraction(self.decimal), min(digits, len(self.decimal.as_tuple().digits)))
        return rounded, Context(prec=3, rounding=ROUND_CEILING).add(self.bound, rounding)

    @property
    def latex(self) -> str:
        return f"{self.decimal}"


def recorded_layer(record: Mapping[str, Any]) -> LayerValues:
    """Return a layer of a cell; a value that was not recorded is missing.

    Raises
    ------
    InputError
        If the record is not that of a layer.
    """
    try:
        values = {name: recorded_value(record[name]) if name in record else UNASKED for name in NAMES}
        return LayerValues(int(record["layer"]), str(record["name"]), values)
    except (KeyError, TypeError, ArithmeticError, ValueError) as error:
        raise InputError(f"sweep: a layer is not as `solver sweep` writes it: {error!r}") from None


def recorded_value(record: Mapping[str, Any]) -> Value:
    """Return a value from its record: exact where it is rational, with the recorded error elsewhere."""
    kind = record["kind"]
    if kind == "missing":
        return MissingValue(record["why"])
    decimal, error, method = Decimal(record["value"]), Decimal(record["error"]), record["method"]
    exact = record.get("exact")
    if exact is not None and set(exact) <= set("-/0123456789"):
        return ExactValue(Fraction(exact), method)
    if kind == "numeric":
        return NumericValue(float(decimal), float(error), method)
    return RecordedValue(kind, decimal, error, method)
