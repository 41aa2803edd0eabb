"""D of one layer in l, for a given scale.

Pairs out of each other's sight are one class, whatever l.  So a mean over the ensemble is (constant) + (constant) p,
with p the probability of a distance, and the moments of D are combinations of 1, 1/l, p, p^2 (p/l reduces to 1/l and
p, as p = c/(l - a)).  That proof gives the space; exact values on a few rings give the coefficients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sympy
from sympy import Integer

from solver.errors import NotApplicableError
from solver.network.linearity import network_representatives
from solver.sensitivity.deformation.moments import PairMoments, distance_moments
from solver.symbolic.deformation.weights import class_weights
from solver.symbolic.formula import Formula, Point, Proof
from solver.symbolic.setting import Setting, next_multiple, shallow
from solver.symbolic.span import RingSpan
from solver.symbolic.symbols import ell
from solver.values import Value, as_value


def length_span(setting: Setting, scale: int, sight: int, extra: tuple[Any, ...] = ()) -> RingSpan:
    """Return the combinations of 1, p and p^2, each also over l, with p the probability of a distance.

    ``sight`` is the distance from which on pairs are one class.
    """
    p = class_weights(setting.distances, scale, setting.gap).far
    powers = (Integer(1), p, p**2)
    over_l = (1 / ell,) if setting.distances != "flat" else tuple(f / ell for f in powers)
    return ring_span(setting, scale, (*powers, *over_l, *extra), sight)


def ring_span(setting: Setting, scale: int, functions: tuple[Any, ...], sight: int) -> RingSpan:
    """Return the combinations of some functions on the rings that a setting has, from 2 ``sight`` on.

    With strides l is a multiple of the total stride P.  Of the signed separations q = 1..l-1 then l/P, less those in
    sight, have each residue mod P, so the weights of the classes of far pairs are combinations of 1 and p too.

    Raises
    ------
    NotApplicableError
        With strides and distances that are not counted by pairs: these residues depend on l mod 2P.
    """
    if setting.strided and setting.distances == "flat":
        raise NotApplicableError("with strides there is no formula for distances 'flat'; for 'pairs' and 'balanced'")
    step = setting.step(scale)
    return RingSpan(functions, next_multiple(max(2 * sight, setting.smallest_length(scale)), step), step)


def measured_moments(setting: Setting, layer: int, length: int, scale: int) -> PairMoments:
    """Return the exact moments of a layer on one ring, from its network."""
    task = setting.task(length, scale)
    network = setting.network(task)
    return distance_moments(shallow(network, layer), task, setting.deformation)[layer]


def measured_deformation(setting: Setting, layer: int, length: int, scale: int) -> Value:
    """Return D of a layer on one ring."""
    moments = measured_moments(setting, layer, length, scale)
    return as_value(moments.displacement / moments.spread, "network")


def ring_moments(setting: Setting, layer: int, scale: int) -> tuple[PairMoments, RingSpan]:
    """Return the moments of a layer as expressions in l, and the span they were found in."""
    task = setting.long_task(scale)
    sight = network_representatives(shallow(setting.network(task), layer), task, setting.deformation).length // 2
    span = length_span(setting, scale, sight)

    def values(length: int) -> list[Any]:
        moments = measured_moments(setting, layer, length, scale)
        return [moments.displacement, moments.spread]

    return PairMoments(*map(span.combination, span.solved(values))), span


def deformation_in_length(setting: Setting, layer: str, scale: int) -> Formula:
    """Return D of a layer in l, for a given scale.

    The range is extended below the rings for which the argument holds as far as every shorter ring agrees.
    """
    index = setting.layer_index(layer, scale)
    moments, span = ring_moments(setting, index, scale)
    expression = ratio(moments.displacement, moments.spread)
    draft = identified_in_length(
        setting,
        layer,
        scale,
        span,
        quantity="D",
        expression=expression,
        reason=(
            "pairs out of sight are one class, so both moments are combinations of "
            + ", ".join(map(str, span.functions))
        ),
        first=span.first,
        unknowns=len(span.functions),
        measure=lambda point: measured_deformation(setting, index, point["l"], scale),
    )
    return extended_down(draft, span.first, draft.agrees_at)


def identified_in_length(
    setting: Setting, layer: str, scale: int, span: RingSpan, *, reason: str, first: int, unknowns: int, **parts: Any
) -> Formula:
    """Return a formula in l that was identified in a span, before its range is known to end at ``first`` or lower.

    ``parts`` are the quantity, the expression, the measure and, for G, the noise.
    """
    proof = Proof(
        method="identified",
        reason=reason,
        certain=f"l >= {first}",
        unknowns=unknowns,
        fitted=tuple({"l": length} for length in span.fitted),
        held_out=tuple({"l": length} for length in span.held_out),
    )
    conditions: tuple[Any, ...] = (sympy.Ge(ell, setting.smallest_length(scale), evaluate=False),)
    if span.step > 1:
        conditions = (*conditions, sympy.Eq(sympy.Mod(ell, span.step), 0))
    return Formula(
        setting=setting,
        layer=layer,
        variables=("l",),
        fixed={"xi": scale},
        conditions=conditions,
        proof=proof,
        **parts,
    )


def extended_down(draft: Formula, first: int, agrees: Callable[[Point], bool]) -> Formula:
    """Return a formula in l with the range that holds: from ``first`` on, and down as far as every ring agrees."""
    condition, *others = draft.conditions
    agreeing: list[Point] = []
    step = int(others[0].lhs.args[1]) if others else 1
    for length in range(first - step, int(condition.rhs) - 1, -step):
        if not agrees({"l": length}):
            break
        agreeing.append({"l": length})
    return replace(
        draft,
        conditions=(sympy.Ge(ell, first - step * len(agreeing), evaluate=False), *others),
        proof=replace(draft.proof, certified=tuple(agreeing)),
    )


def ratio(numerator: Any, denominator: Any) -> Any:
    """Return a quotient of expressions in l in lowest terms, factored.

    Raises
    ------
    NotApplicableError
        If the denominator vanishes.
    """
    denominator = sympy.together(denominator)
    if denominator == 0:
        raise NotApplicableError("all images give the same output, so the denominator is 0 and D does not exist")
    return sympy.factor(sympy.cancel(sympy.together(numerator) / denominator))
