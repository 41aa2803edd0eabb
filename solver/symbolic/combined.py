"""Formulas from formulas: R = D/G, and sigma^2 = energy / l put into G or R."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import sympy

from solver.errors import InputError, NotApplicableError, SolverError
from solver.gaussian.functions import as_sympy
from solver.question.correlations import deformation_energy
from solver.symbolic.conditions import Conditions, strictest
from solver.symbolic.formula import Certificate, Formula, Point, point_text
from solver.symbolic.hidden_deformation import correlation_coefficients
from solver.symbolic.symbols import ell, sigma, xi

if TYPE_CHECKING:
    from sympy import Expr


def sensitivity_ratio(deformation: Formula, noise: Formula) -> Formula:
    """Return R of a layer, valid where both its D and its G are; it stands on the proofs of both."""
    first, second = deformation.proof, noise.proof
    formula = Formula(
        quantity="R",
        expression=deformation.expression / noise.expression,
        setting=deformation.setting,
        layer=deformation.layer,
        variables=deformation.variables,
        fixed={**deformation.fixed, **noise.fixed},
        conditions=(),
        proof=Certificate(
            method="identified" if "identified" in (first.method, second.method) else "derived",
            reason=f"R = D/G; D {first.method}: {first.reason}; G {second.method}: {second.reason}",
            certain=f"D {first.certain}, G {second.certain}",
            unknowns=first.unknowns + second.unknowns,
            fitted=_joined(first.fitted, second.fitted),
            held_out=_joined(first.held_out, second.held_out),
            certified=_joined(first.certified, second.certified),
            identities=(*first.identities, *second.identities),
        ),
        noise=noise.noise,
    )
    return formula.narrowed(strictest((*deformation.conditions, *noise.conditions)))


def without_sigma(formula: Formula) -> Formula:
    """Return a formula with sigma^2 = energy / l, the energy of its noise; D has no sigma and stays.

    The energy ``"exact"`` is a function of l, and of xi where the ensemble is; the range then leaves out rings and
    scales within reach of a deformation.

    Raises
    ------
    InputError
        If the energy is that of a deformation that moves nothing.
    NotApplicableError
        If no xi or l is left.
    SolverError
        If the energy of a ring differs.
    """
    noise = formula.noise
    if noise is None:
        return formula
    exact = noise.energy == "exact"
    energy, conditions = _ensemble_energy(formula) if exact else (as_sympy(noise.energy), formula.conditions)
    expression = formula.expression.subs(sigma, sympy.sqrt(energy / ell))
    return replace(formula, expression=expression).narrowed(conditions)


def _ensemble_energy(formula: Formula) -> tuple[Expr, Conditions]:
    """Return own + cut p, p the probability of every distance that a deformation can close, and the range of both."""
    setting, reach = formula.setting, formula.setting.deformation.reach
    own, cut = correlation_coefficients(setting.deformation)[0]
    scale = formula.fixed.get("xi", xi)
    energy = sympy.factor(sympy.cancel(sympy.together(own + cut * setting.weights().near))).subs(xi, scale)
    if energy == 0:
        raise InputError("noise energy 'exact': the deformation moves nothing and has energy 0; give a rational")
    near = [sympy.Ge(xi, 2 * reach + setting.gap + 1)] if setting.knows_scale else []
    added = [c.subs(xi, scale) for c in (*near, sympy.Ge(ell, 4 * reach + 2))]
    if sympy.false in added:
        raise NotApplicableError(
            f"noise energy 'exact': no formula in l at a scale within reach of the gap, {near[0]}; give a rational"
        )
    conditions = strictest((*formula.conditions, *(c for c in added if c is not sympy.true)))
    for point in filter(replace(formula, conditions=conditions).holds_at, formula.proof.held_out):
        task = formula.layer_at(point).task
        measured = deformation_energy(task, setting.deformation)
        if energy.subs({ell: task.length, xi: task.scale}) != as_sympy(measured):
            text = point_text({**formula.fixed, **point})
            raise SolverError(f"the energy at {text} is {measured}, and not {energy}")
    return energy, conditions


def _joined(first: tuple[Point, ...], second: tuple[Point, ...]) -> tuple[Point, ...]:
    points = {tuple(point.values()): point for point in (*first, *second)}
    return tuple(points[values] for values in sorted(points))
