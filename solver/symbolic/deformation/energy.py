"""sigma^2 = energy / l put into a formula of G or R."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sympy

from solver.errors import InputError, NotApplicableError, SolverError
from solver.gaussian.functions import as_sympy
from solver.question.correlations import deformation_energy
from solver.symbolic.deformation.linear_layers import correlation_coefficients
from solver.symbolic.deformation.weights import class_weights
from solver.symbolic.formula import Formula
from solver.symbolic.noise.hidden_range import knows_scale
from solver.symbolic.quotient import strictest
from solver.symbolic.setting import point_text
from solver.symbolic.symbols import ell, sigma, xi


def without_sigma(formula: Formula) -> Formula:
    """Return a formula with sigma^2 = energy / l, the energy of its noise; D has no sigma and stays.

    The energy ``"exact"`` is a function of l, and of xi where the ensemble is; the range then leaves out rings and
    scales within reach of a deformation.

    Raises
    ------
    NotApplicableError
        If no xi or l is left.
    """
    noise = formula.noise
    if noise is None:
        return formula
    if noise.energy != "exact":
        energy, conditions = as_sympy(noise.energy), formula.conditions
    else:
        energy, conditions = ensemble_energy(formula)
    expression = formula.expression.subs(sigma, sympy.sqrt(energy / ell))
    return replace(formula, expression=expression).narrowed(conditions)


def ensemble_energy(formula: Formula) -> tuple[Any, tuple[Any, ...]]:
    """Return <||tau x - x||^2> over the ensemble in the variables of a formula, and the range of both.

    It is own + cut p, with p the probability of every distance that a deformation can close.

    Raises
    ------
    InputError
        If the deformation moves nothing.
    NotApplicableError
        If no xi or l is left.
    SolverError
        If the energy of a ring differs.
    """
    setting, reach = formula.setting, formula.setting.deformation.reach
    own, cut = correlation_coefficients(setting.deformation)[0]
    p = class_weights(setting.distances, xi, setting.gap).near
    energy = sympy.factor(sympy.cancel(sympy.together(own + cut * p))).subs(formula.fixed_symbols)
    if energy == 0:
        raise InputError("noise energy 'exact': the deformation moves nothing and has energy 0; give a rational")
    near = [sympy.Ge(xi, 2 * reach + setting.gap + 1)] if knows_scale(setting) else []
    added = [c.subs(formula.fixed_symbols) for c in (*near, sympy.Ge(ell, 4 * reach + 2))]
    if sympy.false in added:
        raise NotApplicableError(
            f"noise energy 'exact': no formula in l at a scale within reach of the gap, {near[0]}; give a rational"
        )
    joint = replace(formula, conditions=strictest((*formula.conditions, *(c for c in added if c is not sympy.true))))
    _compare(energy, joint)
    return energy, joint.conditions


def _compare(energy: Any, formula: Formula) -> None:
    for point in filter(formula.holds_at, formula.proof.held_out):
        place = {**formula.fixed, **point}
        scale = place.get("xi", formula.setting.smallest_scale)
        measured = deformation_energy(formula.setting.task(point["l"], scale), formula.setting.deformation)
        if energy.subs({ell: point["l"], xi: scale}) != as_sympy(measured):
            raise SolverError(f"the energy at {point_text(place)} is {measured}, and not {energy}")
