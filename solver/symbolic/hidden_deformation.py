"""D of the layers below the last, in l and k and, where the ensemble knows xi, in xi.

No ReLU cuts there (weights and images are >= 0), so a_k = K_k * x and D needs the autocorrelations A_r and
S2 = (sum K)^2 alone: <||K*u||^2> = sum_r A_r C_r for u = tau x - x, and sum_r A_r X_r for x.

C_r is own_r + p times a constant.  With M(z) the mean of (z^t2 - 1)(z^-t1 - 1), a pair at distance d > 2R, R the
reach, adds M(z) z^d and its mirror image to the lags; where all distances around r have one probability p, the sum
over d at lag r is p M(1) = 0 unless it is cut off at d = 0.  So beyond r = 4R every C_r vanishes, as long as r + 2R
stays below the distance at which the probability changes.  X_r is p for every r > 0 below that distance.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

import sympy

from solver.numbers.exact import Exact
from solver.question.correlations import difference_correlations
from solver.question.deformation import Deformation
from solver.question.task import TwoPixelTask
from solver.symbolic.formula import Formula, Point
from solver.symbolic.hidden_layer import HiddenKernel, HiddenLayer
from solver.symbolic.in_length import ratio
from solver.symbolic.setting import Setting
from solver.symbolic.span import RingSpan
from solver.symbolic.symbols import class_weights, ell, xi

if TYPE_CHECKING:
    from sympy import Expr


def deformation_of_hidden(hidden: HiddenLayer) -> Formula:
    """Return D of a hidden layer, on the range that every shorter ring confirms."""
    setting = hidden.setting
    first = _certain_length(setting.deformation)
    conditions = hidden.conditions(setting.deformation.reach)
    draft = hidden.formula(
        deformation_quotient(setting, hidden.kernel),
        conditions,
        reason="sums of kernel autocorrelations; no ReLU cuts, as no weight, bias or pixel is negative",
        certain=f"l >= {first} in the range",
    )

    def on_ring(length: int) -> list[Point]:
        places = hidden.places(range(1, length), range(2, length // 2 + 1))
        return [point for place in places if draft.holds_at(point := {"l": length, **place})]

    rings = range(first - 1, setting.smallest_length(setting.smallest_scale) - 1, -1)
    shorter = list(takewhile(lambda length: all(map(draft.agrees_at, on_ring(length))), rings))
    ends = () if len(shorter) == len(rings) else (sympy.Ge(ell, min(shorter, default=first)),)
    certified = tuple(point for length in shorter for point in on_ring(length))
    held_out = tuple(point for length in (first, first + 1, 2 * first + 9) for point in on_ring(length))[:12]
    formula = replace(
        draft,
        conditions=(*conditions, *ends),
        proof=replace(draft.proof, certified=certified, held_out=held_out),
    )
    formula.check(held_out)
    return formula


def deformation_quotient(setting: Setting, kernel: HiddenKernel) -> Expr:
    """Return sum_r A_r C_r / 2 (2 A_0 + p (S2 - A_0) - 4 S2/l), with p the probability of a distance below xi."""
    p = setting.weights().near
    first, *others = correlation_coefficients(setting.deformation)
    a, s2 = [*sympy.symbols(f"A:{len(others) + 1}"), sympy.Symbol("S")], sympy.Symbol("S2")
    displacement = a[0] * (first[0] + first[1] * p)
    displacement += sum(2 * a[lag] * (own + cut * p) for lag, (own, cut) in enumerate(others, start=1))
    above, below = ratio(displacement, 2 * (2 * a[0] + p * (s2 - a[0]) - 4 * s2 / ell)).as_numer_denom()
    values = {x: kernel.autocorrelation(lag) for lag, x in enumerate(a[:-1])} | {s2: kernel.squared_sum}
    if all(v.is_number for v in values.values()):
        return ratio(above.subs(values), below.subs(values))
    numerator, denominator = (by_lag(part, [*a, s2]).subs(values) for part in (above, below))
    return numerator / denominator


def by_lag(product: Expr, symbols: list[Expr]) -> Expr:
    """Return a factored polynomial with the autocorrelations' coefficients collected, the first one positive."""
    factors = []
    for factor in sympy.Mul.make_args(product):
        if factor.has(*symbols):
            terms = sympy.Poly(factor, *symbols).terms()
            powers = [sympy.prod(x**n for x, n in zip(symbols, e, strict=True)) for e, _ in terms]
            factor = sympy.Add(*(sympy.factor(c) * power for (_, c), power in zip(terms, powers, strict=True)))
        factors.append(factor)
    return sympy.Mul(*factors)


def correlation_coefficients(deformation: Deformation) -> list[list[Expr]]:
    """Return for r = 0..4 reach the two coefficients of C_r = own_r + cut_r p; beyond, C_r = 0."""
    span = RingSpan((sympy.Integer(1), class_weights("pairs", xi, 0).near), _certain_length(deformation))

    def correlations(length: int) -> dict[int, Exact]:
        task = TwoPixelTask(length=length, scale=2)
        return dict(enumerate(difference_correlations(task, deformation, 4 * deformation.reach)))

    return list(span.solved(correlations).values())


def _certain_length(deformation: Deformation) -> int:
    """Return the least l at which lags up to 4R see one probability p: the sight of `difference_correlations`."""
    return max(12 * deformation.reach + 2, 4)
