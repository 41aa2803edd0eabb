"""Quantities known to be combinations of a few functions of l, pinned down by exact values on as many rings."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from operator import mul
from typing import TYPE_CHECKING, TypeVar

from flint import fmpq, fmpq_mat

from solver.errors import SolverError
from solver.gaussian.functions import as_sympy
from solver.numbers.exact import Exact, rational
from solver.symbolic.symbols import ell

if TYPE_CHECKING:
    from sympy import Expr

_Key = TypeVar("_Key", bound=Hashable)


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

    functions: tuple[Expr, ...]
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

    def solved(self, evaluate: Callable[[int], Mapping[_Key, Exact]]) -> dict[_Key, list[Expr]]:
        """Return the coefficients of named quantities that are evaluated together on every ring; 0 where left out.

        Raises
        ------
        SolverError
            If a value that was held out is missed: then the quantity does not lie in the span.
        """
        rows = {length: evaluate(length) for length in (*self.fitted, *self.held_out)}
        keys = dict.fromkeys(key for row in rows.values() for key in row)
        return {key: self._coefficients({n: row.get(key, Fraction(0)) for n, row in rows.items()}) for key in keys}

    def combinations(self, evaluate: Callable[[int], Mapping[_Key, Exact]]) -> dict[_Key, Expr]:
        """Return the same quantities as expressions in l."""
        return {key: sum(map(mul, c, self.functions)) for key, c in self.solved(evaluate).items()}

    def _coefficients(self, values: Mapping[int, Exact]) -> list[Expr]:
        known = [values[length] for length in self.fitted]
        coefficients = [_product(row, known) for row in self._inverse]
        for length in self.held_out:
            if _product(self._row(length), coefficients) != values[length]:
                raise SolverError(f"no combination of {self.functions} passes through the value at l = {length}")
        return [as_sympy(c) for c in coefficients]

    def _row(self, length: int) -> list[Fraction]:
        return [rational(as_sympy(f).subs(ell, length)) for f in self.functions]

    @cached_property
    def _inverse(self) -> list[list[Fraction]]:
        rows = [[fmpq(v.numerator, v.denominator) for v in self._row(length)] for length in self.fitted]
        return [[Fraction(int(v.p), int(v.q)) for v in row] for row in fmpq_mat(rows).inv().tolist()]


def _product(row: list[Fraction], values: list[Exact]) -> Exact:
    return sum(map(mul, row, values), 0 * values[0])
