"""The ranges of formulas, as relations between l, xi and k."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import sympy

from solver.symbolic.setting import Setting
from solver.symbolic.symbols import k, xi

if TYPE_CHECKING:
    from sympy import Basic

Conditions = tuple["Basic", ...]
"""Relations such as l >= 2 xi + 1, all of which hold."""

_ABOVE = sympy.Symbol("k - 1", integer=True, nonnegative=True)


def condition_text(condition: Basic) -> str:
    """Return ``l >= 14`` or ``2 divides xi - 1``."""
    left, right = condition.args
    if isinstance(condition, sympy.Eq):
        return f"{left.args[1]} divides {left.args[0]}"
    return f"{left} {condition.rel_op} {right}"


def scale_conditions(setting: Setting, smallest: int) -> Conditions:
    """Return the relations that say which xi a construction reaches, from ``smallest`` on."""
    divides = () if setting.family.every_scale else (sympy.Eq(sympy.Mod(xi - 1, setting.filter_size - 1), 0),)
    return (sympy.Ge(xi, smallest, evaluate=False), *divides)


def strictest(conditions: Iterable[Basic]) -> Conditions:
    """Return relations without those that another one of the same left side implies for every k >= 1."""
    kept: list[Basic] = []
    for condition in dict.fromkeys(conditions):
        if not any(_implies(other, condition) for other in kept):
            kept = [other for other in kept if not _implies(condition, other)] + [condition]
    return tuple(kept)


def _implies(condition: Basic, other: Basic) -> bool:
    if not (isinstance(condition, sympy.Ge) and isinstance(other, sympy.Ge) and condition.lhs == other.lhs):
        return False
    return bool(sympy.expand((condition.rhs - other.rhs).subs(k, _ABOVE + 1)).is_nonnegative)
