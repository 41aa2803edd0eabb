"""What a quantity is known as: exact, a closed form, numeric with an error, or not existing at all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import inf, isfinite, nan
from typing import Any, ClassVar

from solver.errors import InputError
from solver.numbers.decimals import as_floats, as_fractions, bracketed, rounded_decimal
from solver.numbers.exact import Exact, bits, decimal_text, integer

GUARD_DIGITS = 5
UNRESOLVED = "not resolved"
"""What is printed of a number of which nothing is known."""
_NOTHING_KNOWN = Decimal("NaN"), Decimal("Infinity")


class Value(ABC):
    """A quantity with its kind; `value` and `error` round it to any number of significant digits.

    Attributes
    ----------
    kind : {"exact", "closed", "numeric", "missing"}
    method : str
        The route that produced it.
    """

    kind: ClassVar[str]
    method: str

    @property
    def exact(self) -> Exact | None:
        """The number itself, for kind "exact"."""
        return None

    @abstractmethod
    def bounded(self, digits: int) -> tuple[Decimal, Decimal]:
        """Return the value rounded to significant digits, and a bound on its distance from the quantity."""

    @property
    @abstractmethod
    def latex(self) -> str | None:
        """The quantity as LaTeX, without dollar signs."""

    def value(self, digits: int = 15) -> Decimal:
        """Return the quantity to a number of significant digits."""
        return self.bounded(integer(digits, "digits", 1))[0]

    def error(self, digits: int = 15) -> Decimal:
        """Return a bound on |value(digits) - quantity|; a standard error for sampled quantities, as `method` says."""
        return self.bounded(integer(digits, "digits", 1))[1]

    def __float__(self) -> float:
        return float(self.value(17))


@dataclass(frozen=True)
class ExactValue(Value):
    """A rational or algebraic number."""

    kind: ClassVar[str] = "exact"
    number: Exact
    method: str

    @property
    def exact(self) -> Exact:
        return self.number

    def bounded(self, digits: int) -> tuple[Decimal, Decimal]:
        if isinstance(self.number, Fraction):
            return decimal_text(self.number, digits)
        from solver.gaussian.balls import exact_ball, refined, rounded

        (ball,) = refined(lambda: (exact_ball(self.number),), digits + GUARD_DIGITS, bits(self.number))
        return rounded(ball, digits)

    @property
    def latex(self) -> str:
        if isinstance(self.number, Fraction):
            p, q = self.number.numerator, self.number.denominator
            return str(p) if q == 1 else rf"{'-' if p < 0 else ''}\frac{{{abs(p)}}}{{{q}}}"
        import sympy

        return str(sympy.latex(self.number.sympy()))


@dataclass(frozen=True)
class ClosedValue(Value):
    """A sympy expression in Phi, phi, Phi2, pi and roots; evaluates to any precision with a proven bound."""

    kind: ClassVar[str] = "closed"
    expression: Any
    method: str

    def bounded(self, digits: int) -> tuple[Decimal, Decimal]:
        from solver.gaussian.balls import rounded, widest

        return rounded(widest(self.expression, digits + GUARD_DIGITS), digits)

    @cached_property
    def latex(self) -> str:
        import sympy

        return str(sympy.latex(self.expression))


@dataclass(frozen=True)
class NumericValue(Value):
    """A number with an error: what kind of error it is, a standard error or a bound, is part of ``method``.

    An estimate or an error that is infinite or not a number says that nothing is known.

    Raises
    ------
    InputError
        If the error is negative.
    """

    kind: ClassVar[str] = "numeric"
    estimate: float
    uncertainty: float
    method: str

    def __post_init__(self) -> None:
        if self.uncertainty < 0:
            raise InputError(f"uncertainty: expected an error of at least 0, got {self.uncertainty!r}")

    def bounded(self, digits: int) -> tuple[Decimal, Decimal]:
        if not (isfinite(self.estimate) and isfinite(self.uncertainty)):
            return _NOTHING_KNOWN
        return rounded_decimal(Decimal(self.estimate), min(digits, 17), Decimal(self.uncertainty))

    @property
    def latex(self) -> str:
        return latex_decimal(text_with_error(self))


@dataclass(frozen=True)
class EnclosedValue(Value):
    """A number without an elementary closed form, known as a ball of any small radius, proven to hold it.

    ``enclose(digits)`` returns a ball of relative radius below 10^-digits, ``formula()`` its LaTeX, or None for one
    that is too long to be written out.
    """

    kind: ClassVar[str] = "numeric"
    enclose: Callable[[int], Any]
    method: str
    formula: Callable[[], str | None]

    def bounded(self, digits: int) -> tuple[Decimal, Decimal]:
        from solver.gaussian.balls import rounded

        return rounded(self.enclose(digits + GUARD_DIGITS), digits)

    @property
    def latex(self) -> str | None:
        """The number as a finite sum of integrals (notation: `solver.sensitivity.noise.series_latex`)."""
        return self.formula()


@dataclass(frozen=True)
class MissingValue(Value):
    """A quantity that does not exist, with the reason."""

    kind: ClassVar[str] = "missing"
    why: str
    method: str = "none"

    def bounded(self, digits: int) -> tuple[Decimal, Decimal]:
        return Decimal("NaN"), Decimal("NaN")

    @property
    def latex(self) -> None:
        return None


def as_value(number: Any, method: str) -> Value:
    """Return an exact number or a sympy expression as a `Value`; a sympy rational becomes exact."""
    if getattr(number, "is_Rational", False):
        number = Fraction(int(number.p), int(number.q))
    if isinstance(number, int):
        number = Fraction(number)
    if hasattr(number, "polynomial") and number.rational() is not None:
        number = number.rational()
    if isinstance(number, Fraction) or hasattr(number, "polynomial"):
        return ExactValue(number, method)
    return ClosedValue(number, method)


def quotient(numerator: Value, denominator: Value, *, method: str | None = None, zero: str) -> Value:
    """Return numerator / denominator, of the weaker of their kinds; ``zero`` says why if the denominator is 0.

    The method is that of the numerator unless another one is given.
    """
    for side in (numerator, denominator):
        if isinstance(side, MissingValue):
            return side
    method = method or numerator.method
    if denominator.exact == 0:
        return MissingValue(zero)
    if isinstance(numerator, NumericValue) or isinstance(denominator, NumericValue):
        return _numeric_quotient(numerator, denominator, zero)
    if isinstance(numerator, ExactValue) and isinstance(denominator, ExactValue):
        return as_value(numerator.number / denominator.number, method)
    if isinstance(numerator, EnclosedValue) or isinstance(denominator, EnclosedValue):
        return EnclosedValue(
            lambda digits: _ball_quotient(numerator, denominator, digits),
            method,
            lambda: _fraction(numerator.latex, denominator.latex),
        )
    return as_value(_expression(numerator) / _expression(denominator), method)


def numeric_value(number: Decimal, error: Decimal, method: str) -> NumericValue:
    """Return decimals as a numeric value, whose error covers what floats round.

    Examples
    --------
    >>> float.hex(numeric_value(Decimal("0.1"), Decimal(0), "by hand").uncertainty)
    '0x1.999999999999ap-58'
    """
    return _of_rationals(as_fractions(number, error), method)


def text_with_error(value: NumericValue) -> str:
    """Return a numeric value to the digits its error allows, the error in brackets: 0.5256(3).

    |shown number - estimate| + uncertainty <= shown error.  Without an error, the estimate to 15 digits, with the
    rounding in brackets where there is any; `UNRESOLVED` where either is infinite or not a number.
    """
    if not (isfinite(value.estimate) and isfinite(value.uncertainty)):
        return UNRESOLVED
    if value.uncertainty > 0:
        return bracketed(Decimal(value.estimate), Decimal(value.uncertainty))
    number, rounding = value.bounded(15)
    return bracketed(number, rounding) if rounding else str(number)


def latex_decimal(text: str) -> str:
    """Return a decimal, with its error in brackets or without, as LaTeX; words stay words."""
    mantissa, _, exponent = text.partition("E")
    if exponent:
        return rf"{mantissa}\times 10^{{{int(exponent)}}}"
    return rf"\text{{{text}}}" if text == UNRESOLVED else text


def _fraction(above: str | None, below: str | None) -> str | None:
    return None if above is None or below is None else rf"\frac{{{above}}}{{{below}}}"


def _numeric_quotient(numerator: Value, denominator: Value, zero: str) -> Value:
    above, below = (as_fractions(*_number_and_error(value)) for value in (numerator, denominator))
    if above is None or below is None:
        return MissingValue(f"a side of the quotient is {UNRESOLVED}")
    (p, dp), (q, dq) = above, below
    if abs(q) <= dq:
        return MissingValue(f"not resolved: {zero} within its error")
    method = next(v.method for v in (numerator, denominator) if isinstance(v, NumericValue))
    return _of_rationals((p / q, (dp + abs(p / q) * dq) / (abs(q) - dq)), method)


def _of_rationals(both: tuple[Fraction, Fraction] | None, method: str) -> NumericValue:
    """Return a numeric value from its estimate and error, None for one of which nothing is known."""
    return NumericValue(nan, inf, method) if both is None else NumericValue(*as_floats(*both), method)


def _number_and_error(value: Value) -> tuple[Decimal, Decimal]:
    """Return a numeric value as it is held, and any other to more digits than a float has."""
    if isinstance(value, NumericValue) and isfinite(value.estimate) and isfinite(value.uncertainty):
        return Decimal(value.estimate), Decimal(value.uncertainty)
    return value.bounded(25)


def _ball_quotient(numerator: Value, denominator: Value, digits: int) -> Any:
    import flint

    with flint.ctx.workprec(4 * digits + 40):
        return _ball(numerator, digits + 3) / _ball(denominator, digits + 3)


def _ball(value: Value, digits: int) -> Any:
    """Return a proven ball around an exact, closed or enclosed value."""
    from solver.gaussian.balls import widest

    return value.enclose(digits) if isinstance(value, EnclosedValue) else widest(_expression(value), digits)


def _expression(value: Value) -> Any:
    from solver.gaussian.functions import as_sympy

    return as_sympy(value.number) if isinstance(value, ExactValue) else value.expression  # type: ignore[attr-defined]
