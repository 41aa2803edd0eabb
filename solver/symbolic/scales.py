"""D of the last map of `shift` and of every output ReLU(xi - d), in l and xi: sums over the regimes of the distance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sympy

from solver.constructions.registry import CONSTRUCTIONS
from solver.errors import NotApplicableError
from solver.sensitivity.deformation.moments import PairMoments
from solver.symbolic.deformation.two_windows import TwoWindows
from solver.symbolic.deformation.weights import class_weights
from solver.symbolic.formula import Formula, Proof
from solver.symbolic.rings import deformation_in_length, measured_deformation, ratio
from solver.symbolic.setting import Setting
from solver.symbolic.symbols import ell, xi

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
    long_ring = TwoWindows(setting.deformation, setting.gap, None, _meeting(setting))
    moments = regime_moments(setting, layer, long_ring)
    excess = smallest_excess(setting, layer, long_ring, moments)
    quotient = ratio(moments.displacement, moments.spread)
    smallest, identities = smallest_scale(setting, layer, long_ring.smallest_scale, excess, quotient)
    certain = certain_excess(long_ring)
    draft = Formula(
        quantity="D",
        expression=with_kernel_sum(quotient, setting),
        setting=setting,
        layer=layer,
        variables=("l", "xi"),
        fixed={},
        conditions=(
            *scale_conditions(setting, smallest),
            sympy.Ge(ell, 2 * xi + excess),
            *([sympy.Ge(ell, setting.filter_size)] if setting.filter_size > 2 * smallest + excess else []),
        ),
        proof=Proof(
            method="derived",
            reason="summed over the distances near 0, in between, and around xi (symbolic.deformation.two_windows)",
            certain=f"xi >= {long_ring.smallest_scale} and l >= 2 xi + {certain}",
            identities=(*_excess_lines(excess, certain), *identities),
        ),
        measure=lambda point: measured_deformation(
            setting, setting.layer_index(layer, point["xi"]), point["l"], point["xi"]
        ),
    )
    return held_out(draft, setting, smallest, excess)


def regime_moments(setting: Setting, layer: str, windows: TwoWindows) -> PairMoments:
    """Return the numerator and the denominator of D in l and xi (in xi, for a given excess)."""
    weights = class_weights(setting.distances, xi, setting.gap)
    length = ell if windows.excess is None else 2 * xi + windows.excess

    def mean(profile: Any) -> Any:
        return profile.mean(weights, setting.gap, windows.excess)

    if layer == "last":
        sites = mean(windows.output(1))
        return PairMoments(mean(windows.map_change()), 2 * (sites - sites**2 / length))
    spread = 2 * (mean(windows.output(2)) - mean(windows.output(1)) ** 2)
    return PairMoments(mean(windows.output_change()), spread)


def certain_excess(windows: TwoWindows) -> int:
    """Return the least l - 2 xi at which no distance around xi sees the end of the ring."""
    return 4 * windows.deformation.reach + 2 * windows.gap + 1


def smallest_excess(setting: Setting, layer: str, windows: TwoWindows, moments: PairMoments) -> int:
    """Return the least l - 2 xi from which on the moments of every ring, folded as it is, equal the general ones."""
    excess = certain_excess(windows)
    while excess > 2 * setting.gap:
        shorter = regime_moments(setting, layer, replace(windows, excess=excess - 1))
        at = {ell: 2 * xi + excess - 1}
        pairs = ((shorter.displacement, moments.displacement), (shorter.spread, moments.spread))
        if any(sympy.cancel(sympy.together(a - b.subs(at))) != 0 for a, b in pairs):
            break
        excess -= 1
    return excess


def smallest_scale(
    setting: Setting, layer: str, certain: int, excess: int, quotient: Any
) -> tuple[int, tuple[str, ...]]:
    """Return the least xi from which on the formula holds, comparing smaller ones for all l, and what was shown."""
    scales = [s for s in range(setting.smallest_scale, certain) if setting.reaches(s)]
    shown: list[int] = []
    for scale in reversed(scales):
        formula = deformation_in_length(setting, layer, scale)
        expected = with_kernel_sum(quotient, setting).subs(xi, scale)
        difference = sympy.cancel(sympy.together(formula.expression - expected))
        if difference != 0 or formula.conditions[0].rhs > max(2 * scale + excess, setting.smallest_length(scale)):
            break
        shown.append(scale)
    text = f"equal to the formulas in l for all l in range, identified for xi = {', '.join(map(str, shown))}"
    return (shown[-1] if shown else max(certain, setting.smallest_scale)), (text,) * bool(shown)


def scale_conditions(setting: Setting, smallest: int) -> tuple[Any, ...]:
    """Return the relations that say which xi a construction reaches, from ``smallest`` on."""
    step = setting.filter_size - 1
    divides = () if setting.every_scale else (sympy.Eq(sympy.Mod(xi - 1, step), 0),)
    return (sympy.Ge(xi, smallest, evaluate=False), *divides)


def with_kernel_sum(expression: Any, setting: Setting) -> Any:
    """Return an expression with the sum of the kernel at the last layer put in: xi for a box, s^k~ for s-nomials.

    Raises
    ------
    NotApplicableError
        If the expression depends on the sum, and the construction's is no known function of xi.
    """
    if setting.construction in _BOXES or not expression.has(_KERNEL_SUM):
        return expression.subs(_KERNEL_SUM, xi)
    if CONSTRUCTIONS[setting.construction].last_kernel != "power":
        raise NotApplicableError(
            f"the sum of the last kernel of {setting.construction!r} is no known function of xi, and D of its output "
            "depends on it where pixels merge; there is a formula in l for a given scale (--in l)"
        )
    size = sympy.Integer(setting.filter_size)
    return expression.subs(_KERNEL_SUM, size ** ((xi - 1) / (size - 1)))


def held_out(draft: Formula, setting: Setting, smallest: int, excess: int) -> Formula:
    """Return the formula with its proof extended by points at which it equals what the networks give."""
    scales = [s for s in range(smallest, smallest + 4 * setting.filter_size) if setting.reaches(s)][:3]
    lengths = {s: max(2 * s + excess, setting.smallest_length(s)) for s in scales}
    points = tuple({"l": lengths[s] + more, "xi": s} for s in scales for more in (0, 1, s + 7))
    formula = replace(draft, proof=replace(draft.proof, held_out=points))
    formula.check(points)
    return formula


def _meeting(setting: Setting) -> Any:
    """Return f of a pixel of value 1: sum (K - 1)+ less the constant 2 (sum K - xi), for K >= 1 on xi sites."""
    return sympy.S.Zero if setting.construction in _BOXES else xi - _KERNEL_SUM


def _excess_lines(excess: int, certain: int) -> tuple[str, ...]:
    if excess == certain:
        return ()
    return (f"the sums over the rings of l = 2 xi + {excess}..{certain - 1}, where d turns back at l/2, are the same",)
