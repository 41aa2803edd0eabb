"""D of the last map of `shift` and of every output ReLU(xi - d), in l and xi: sums over the regimes of the distance."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

import sympy

from solver.constructions.registry import CONSTRUCTIONS
from solver.errors import NotApplicableError
from solver.symbolic.conditions import scale_conditions
from solver.symbolic.formula import Certificate, Formula
from solver.symbolic.in_length import deformation_in_length, ratio
from solver.symbolic.setting import Setting
from solver.symbolic.symbols import ell, xi
from solver.symbolic.two_windows import TwoWindows

if TYPE_CHECKING:
    from sympy import Expr

_KERNEL_SUM = sympy.Symbol("S", positive=True)
_BOXES = [name for name, each in CONSTRUCTIONS.items() if each.last_kernel == "box"]


def deformation_in_scale(setting: Setting, layer: str) -> Formula:
    """Return D of the layer ``last`` (of `shift` and `cyclotomic`) or ``output`` in l and xi.

    Raises
    ------
    NotApplicableError
        For ``last`` of another construction: its map is no polynomial in xi.
    """
    if layer == "last" and setting.construction not in _BOXES:
        raise NotApplicableError(
            f"D of the last map of {setting.construction!r} has no formula in xi; there is one in l for a given scale "
            f"(--in l), one in l and xi for its output, and one for the last map of {' and '.join(_BOXES)}"
        )
    long_ring = TwoWindows(setting.deformation, setting.weights(), setting.gap, _meeting(setting))
    moments = _moments(layer, long_ring)
    certain = 4 * long_ring.deformation.reach + 2 * long_ring.gap + 1  # no distance around xi sees the end of the ring
    excess = _smallest_excess(layer, long_ring, moments, certain)
    expression = _with_kernel_sum(ratio(*moments), setting)
    smallest, identities = _smallest_scale(setting, layer, long_ring.smallest_scale, excess, expression)
    folded = f"the sums over the rings of l = 2 xi + {excess}..{certain - 1}, where d turns back at l/2, are the same"
    held_out = _held_out(setting, smallest, excess)
    formula = Formula(
        quantity="D",
        expression=expression,
        setting=setting,
        layer=layer,
        variables=("l", "xi"),
        fixed={},
        conditions=(
            *scale_conditions(setting, smallest),
            sympy.Ge(ell, 2 * xi + excess),
            *([sympy.Ge(ell, setting.filter_size)] if setting.filter_size > 2 * smallest + excess else []),
        ),
        proof=Certificate(
            method="derived",
            reason="summed over the distances near 0, in between, and around xi (solver.symbolic.two_windows)",
            certain=f"xi >= {long_ring.smallest_scale} and l >= 2 xi + {certain}",
            held_out=held_out,
            identities=(folded, *identities) if excess < certain else identities,
        ),
    )
    formula.check(held_out)
    return formula


def _moments(layer: str, windows: TwoWindows) -> tuple[Expr, Expr]:
    """Return the numerator and the denominator of D in l and xi (in xi, for a given excess)."""
    mean = windows.output(1)
    if layer == "last":
        length = ell if windows.excess is None else 2 * xi + windows.excess
        return windows.map_change(), 2 * (mean - mean**2 / length)
    return windows.output_change(), 2 * (windows.output(2) - mean**2)


def _smallest_excess(layer: str, windows: TwoWindows, moments: tuple[Expr, Expr], certain: int) -> int:
    """Return the least l - 2 xi from which on the moments of every ring, folded as it is, equal the general ones."""

    def agrees(excess: int) -> bool:
        shorter = _moments(layer, replace(windows, excess=excess))
        pairs = zip(shorter, moments, strict=True)
        return all(sympy.cancel(sympy.together(a - b.subs(ell, 2 * xi + excess))) == 0 for a, b in pairs)

    return min(takewhile(agrees, range(certain - 1, 2 * windows.gap - 1, -1)), default=certain)


def _smallest_scale(
    setting: Setting, layer: str, certain: int, excess: int, expression: Expr
) -> tuple[int, tuple[str, ...]]:
    """Return the least xi from which on D holds, comparing smaller ones for all l, and what was shown."""

    def agrees(scale: int) -> bool:
        formula = deformation_in_length(setting, layer, scale)
        same = sympy.cancel(sympy.together(formula.expression - expression.subs(xi, scale))) == 0
        return same and bool(formula.conditions[0].rhs <= max(2 * scale + excess, setting.smallest_length(scale)))

    scales = [s for s in range(setting.smallest_scale, certain) if setting.reaches(s)]
    shown = list(takewhile(agrees, reversed(scales)))
    text = f"equal to the formulas in l for all l in range, identified for xi = {', '.join(map(str, shown))}"
    return min(shown, default=max(certain, setting.smallest_scale)), (text,) * bool(shown)


def _held_out(setting: Setting, smallest: int, excess: int) -> tuple[dict[str, int], ...]:
    """Return points of the range at small scales."""
    scales = [s for s in range(smallest, smallest + 4 * setting.filter_size) if setting.reaches(s)][:3]
    lengths = {s: max(2 * s + excess, setting.smallest_length(s)) for s in scales}
    return tuple({"l": lengths[s] + more, "xi": s} for s in scales for more in (0, 1, s + 7))


def _with_kernel_sum(expression: Expr, setting: Setting) -> Expr:
    """Return an expression with the sum of the kernel at the last layer put in: xi for a box, s^k~ for s-nomials."""
    if setting.construction in _BOXES or not expression.has(_KERNEL_SUM):
        return expression.subs(_KERNEL_SUM, xi)
    if setting.family.last_kernel != "power":
        raise NotApplicableError(
            f"the sum of the last kernel of {setting.construction!r} is no known function of xi, and D of its output "
            "depends on it where pixels merge; there is a formula in l for a given scale (--in l)"
        )
    size = sympy.Integer(setting.filter_size)
    return expression.subs(_KERNEL_SUM, size ** ((xi - 1) / (size - 1)))


def _meeting(setting: Setting) -> Expr:
    """Return f of a pixel of value 1: sum (K - 1)+ less the constant 2 (sum K - xi), for K >= 1 on xi sites."""
    return sympy.S.Zero if setting.construction in _BOXES else xi - _KERNEL_SUM
