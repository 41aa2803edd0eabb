"""R = D/G as a formula, from those of D and G."""

from __future__ import annotations

from typing import Any

import sympy

from solver.symbolic.formula import Formula, Point, Proof
from solver.values import quotient


def sensitivity_ratio(deformation: Formula, noise: Formula) -> Formula:
    """Return R of a layer, valid where both its D and its G are; it stands on the proofs of both."""
    first, second = deformation.proof, noise.proof
    methods = {first.method, second.method}
    formula = Formula(
        quantity="R",
        expression=deformation.expression / noise.expression,
        setting=deformation.setting,
        layer=deformation.layer,
        variables=deformation.variables,
        fixed={**deformation.fixed, **noise.fixed},
        conditions=(),
        proof=Proof(
            method="identified" if "identified" in methods else "derived",
            reason=f"R = D/G; D {first.method}: {first.reason}; G {second.method}: {second.reason}",
            certain=f"D {first.certain}, G {second.certain}",
            unknowns=first.unknowns + second.unknowns,
            fitted=_joined(first.fitted, second.fitted),
            held_out=_joined(first.held_out, second.held_out),
            certified=_joined(first.certified, second.certified),
            identities=(*first.identities, *second.identities),
        ),
        noise=noise.noise,
        measure=lambda point: quotient(
            deformation.measure(point), noise.measure(point), method="network", zero="the noise changes nothing"
        ),
    )
    return formula.narrowed(strictest((*deformation.conditions, *noise.conditions)))


def strictest(conditions: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return relations without those that another one of the same left side implies by a number."""
    kept: list[Any] = []
    for condition in dict.fromkeys(conditions):
        if not any(_implies(other, condition) for other in kept):
            kept = [other for other in kept if not _implies(condition, other)] + [condition]
    return tuple(kept)


def _implies(condition: Any, other: Any) -> bool:
    if not (isinstance(condition, sympy.Ge) and isinstance(other, sympy.Ge) and condition.lhs == other.lhs):
        return False
    return bool(sympy.expand(condition.rhs - other.rhs).is_nonnegative)


def _joined(first: tuple[Point, ...], second: tuple[Point, ...]) -> tuple[Point, ...]:
    points = {tuple(point.values()): point for point in (*first, *second)}
    return tuple(points[values] for values in sorted(points))
