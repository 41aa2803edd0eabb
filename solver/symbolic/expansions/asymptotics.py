"""D on long rings, in deep networks and at large scales: limits and expansions of the formulas in l, xi and k.

On a long ring the two pixels are out of each other's sight.  So D of a map is that of the response K to one pixel: with
A_r its autocorrelations and o_r those of one pixel's displacement (C_r for l -> infinity),
D -> sum_r o_r A_r / (4 A_0), for the default law (2/3)(1 - A_1/A_0).  Derivation: derivations/limits.py.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Poly

from solver.errors import InputError, NotApplicableError
from solver.question.deformation import Deformation
from solver.symbolic.deformation.linear_layers import correlation_coefficients
from solver.symbolic.deformation.snomial import Snomial
from solver.symbolic.expansions.expansion import Expansion, expansion
from solver.symbolic.formula import Formula
from solver.symbolic.hidden_layer import HiddenKernel
from solver.symbolic.symbols import VARIABLES, ell, k


def long_ring(formula: Formula) -> Any:
    """Return the limit of D for l -> infinity, exact in what else the formula is in.

    Raises
    ------
    NotApplicableError
        If the formula is not of D.

    Examples
    --------
    >>> from solver import sensitivity_formula
    >>> long_ring(sensitivity_formula("shift", "output", "l,xi"))
    4/(xi*(2*xi - 1))
    """
    expression, names = _rational_in_length(formula)
    above, below = (Poly(part, ell) for part in sympy.fraction(sympy.together(expression)))
    excess = above.degree() - below.degree()
    if excess < 0:
        return sympy.S.Zero
    limit = sympy.factor(above.LC() / below.LC()) if excess == 0 else sympy.oo
    return limit.xreplace({name: x for x, name in names.items()})


def on_ring(formula: Formula, length: Any) -> Any:
    """Return D on a ring that grows along, with l written in the other variables, such as c xi.

    Raises
    ------
    NotApplicableError
        If the formula is not of D, or differs between even and odd l.
    """
    expression, names = _rational_in_length(formula)
    if expression.has(_PARITY):
        raise NotApplicableError("the ensemble 'flat' tells even from odd l; take the limit l -> infinity instead")
    return expression.xreplace({name: x for x, name in names.items()}).subs(ell, length)


_PARITY = sympy.Symbol("parity")


def _rational_in_length(formula: Formula) -> tuple[Any, dict[Any, Any]]:
    """Return D with floor(l/2) = (l - parity)/2, and with names for what does not depend on l."""
    if formula.quantity != "D":
        raise NotApplicableError(f"expected a formula of D, got one of {formula.quantity}")
    expression = formula.expression.subs(sympy.floor(ell / 2), (ell - _PARITY) / 2)
    grown = [x for x in expression.atoms(Snomial, sympy.Pow) if isinstance(x, Snomial) or not x.exp.is_Integer]
    names = {x: sympy.Symbol(f"_{i}") for i, x in enumerate(sorted(grown, key=sympy.default_sort_key))}
    return expression.xreplace(names), names


def large(formula: Formula, *, length: Any = None, terms: int = 2) -> Expansion:
    """Return the leading terms of D for large xi or k, on a long ring or on one that grows along.

    Parameters
    ----------
    formula : Formula
        Of D, in l and one of xi and k.
    length : sympy expression
        l in the other variable, such as ``c * xi``; None for l -> infinity.
    terms : int

    Raises
    ------
    InputError
        If that ring is too short for the formula.
    NotApplicableError
        If the formula is not of D, or has no other variable.

    Examples
    --------
    >>> from solver import sensitivity_formula
    >>> large(sensitivity_formula("uniform", None, "l,k")).terms
    (1/(4*k), -9/(64*k**2))
    """
    names = [name for name in formula.variables if name != "l"]
    if len(names) != 1:
        raise NotApplicableError(f"expected a formula in l and one of xi and k, got one in {formula.variables}")
    variable = VARIABLES[names[0]]
    if length is None:
        return expansion(long_ring(formula), variable, terms)
    room = [sympy.limit(length - c.rhs, variable, sympy.oo) for c in formula.conditions if c.lhs == ell]
    if any(gap.is_extended_negative for gap in room):
        raise InputError(f"length: l = {length} leaves the range of the formula, {formula.range_text}")
    return expansion(on_ring(formula, length), variable, terms)


def deep_deformation(size: Any, terms: int = 2) -> Expansion:
    """Return the leading terms of D_k of `uniform` on a long ring, for the default law; s may be a symbol.

    Examples
    --------
    >>> deep_deformation(sympy.Symbol("s")).terms[0]
    2/(k*(s**2 - 1))
    """
    return expansion(one_pixel_deformation(HiddenKernel(k, size).autocorrelation), k, terms)


def one_pixel_deformation(autocorrelation: Any, deformation: Deformation | None = None) -> Any:
    """Return sum_r o_r A_r / (4 A_0), the limit for l -> infinity where a map responds to single pixels.

    ``autocorrelation(r)`` returns A_r.  For the ensembles `pairs` and `flat`, where close pixels become rare.
    """
    own = [o for o, _ in correlation_coefficients(deformation or Deformation())]
    change = own[0] * autocorrelation(0) + 2 * sum(o * autocorrelation(r) for r, o in enumerate(own) if r and o != 0)
    return change / (4 * autocorrelation(0))


def last_map_deformation(size: int, deformation: Deformation | None = None) -> Any:
    """Return D of the last map of `uniform` for l -> infinity, in its depth k = (xi - 1)/(s - 1).

    One pixel leaves K - 1 on the xi sites of its window, as all K >= 1 there.  The autocorrelations of that are
    A_r - 2 S + 2 (K_0 + ... + K_(r-1)) + xi - r with S = s^k, for r <= xi; for the default law
    D -> (2/3)(A_0 - A_1 - 1)/(A_0 - 2 s^k + xi).  Valid for k >= 2, and from xi >= 2 reach on.
    """
    kernel = HiddenKernel(k, size)

    def autocorrelation(lag: int) -> Any:
        edge = sympy.Add(*(_edge_entry(j, size) for j in range(lag)))
        return kernel.autocorrelation(lag) - 2 * sympy.Integer(size) ** k + 2 * edge + kernel.width - lag

    return one_pixel_deformation(autocorrelation, deformation)


def _edge_entry(j: int, size: int) -> Any:
    """Return the coefficient of z^j in (1 + z + ... + z^(s-1))^k, a polynomial in k: (1 - z^s)^k (1 - z)^-k."""
    terms = (
        (-1) ** i * sympy.ff(k, i) * sympy.rf(k, j - size * i) / sympy.factorial(i) / sympy.factorial(j - size * i)
        for i in range(j // size + 1)
    )
    return sympy.expand(sympy.Add(*terms))
