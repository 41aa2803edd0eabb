"""Quantities known to be combinations of a few functions of l, pinned down by exact values on as many rings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy
from flint import fmpq, fmpq_mat

from solver.errors import SolverError
from solver.gaussian.functions import as_sympy
from solver.symbolic.setting import fraction
from solver.symbolic.symbols import ell


@dataclass(frozen=True)
class RingSpan:
    """All combinations of some functions of l, for l >= first.

    Attributes
    ----------
    functions : tuple of sympy expressions in l, rational at every l
    first : int
        The shortest ring from which on the quantities asked for are known to be combinations of them.
    step : int
        Only multiples of it are rings; ``first`` is one.
    """

    functions: tuple[Any, ...]
    first: int
    step: int = 1

    @property
    def fitted(self) -> range:
        """The rings from which the coefficients are solved, as many as there are functions."""
        return range(self.first, self.first + self.step * len(self.functions), self.step)

    @property
    def held_out(self) -> tuple[int, ...]:
        """Further rings, on which every combination is checked."""
        last = self.fitted[-1]
        return (last + self.step, last + 2 * self.step, 3 * last + self.step)

    def coefficients(self, values: dict[int, Any]) -> list[Any]:
        """Return the coefficients of the combination with given exact values, checked at the rings held out.

        Raises
        ------
        SolverError
            If it misses a value that was held out: then the quantity does not lie in the span.
        """
        known = [values[length] for length in self.fitted]
        coefficients = [sum((c * v for c, v in zip(row, known, strict=True)), 0 * known[0]) for row in self._inverse]
        for length in self.held_out:
            row = self._row(length)
            if sum((c * f for c, f in zip(coefficients, row, strict=True)), 0 * known[0]) != values[length]:
                raise SolverError(f"no combination of {self.functions} passes through the value at l = {length}")
        return [as_sympy(c) for c in coefficients]

    def combination(self, coefficients: list[Any]) -> Any:
        """Return the expression in l that has these coefficients."""
        return sympy.Add(*(c * f for c, f in zip(coefficients, self.functions, strict=True)))

    def solved(self, evaluate: Callable[[int], list[Any]]) -> list[list[Any]]:
        """Return the coefficients of each of a list of quantities that are evaluated together on every ring."""
        rows = {length: evaluate(length) for length in (*self.fitted, *self.held_out)}
        count = len(rows[self.first])
        return [self.coefficients({length: row[n] for length, row in rows.items()}) for n in range(count)]

    def _row(self, length: int) -> list[Any]:
        return [fraction(as_sympy(f).subs(ell, length)) for f in self.functions]

    @cached_property
    def _inverse(self) -> list[list[Any]]:
        rows = [self._row(length) for length in self.fitted]
        matrix = fmpq_mat([[fmpq(v.numerator, v.denominator) for v in row] for row in rows]).inv()
        return [[Fraction(int(v.p), int(v.q)) for v in row] for row in matrix.tolist()]
