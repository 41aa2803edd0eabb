"""Moments of pairs of pre-activations as functions of sigma, and sums of them with coefficients in l."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Integer

from solver.gaussian.functions import as_sympy
from solver.gaussian.moments import SYMBOLS
from solver.symbolic.symbols import sigma

if TYPE_CHECKING:
    from sympy import Expr

PairKind = tuple[Any, ...]
"""(x, y, c) stands for Cov(X+, Y+), (x, y) for mu_X mu_Y, and () for sigma^2, as in `SecondMoment`; x and y are
(mean, variance), variances and the covariance c are in units of sigma^2."""

PairCounts = dict[PairKind, Any]
"""Mean numbers of pairs of units by their kind."""


def pair_moment(kind: PairKind) -> Expr:
    """Return the moment that a kind stands for, in sigma."""
    if not kind:
        return sigma**2
    (m1, v1), (m2, v2) = ((as_sympy(mean), as_sympy(variance) * sigma**2) for mean, variance in kind[:2])
    if len(kind) == 3:
        joint = SYMBOLS.product(m1, m2, v1, v2, as_sympy(kind[2]) * sigma**2)
        return joint - SYMBOLS.mean(m1, v1) * SYMBOLS.mean(m2, v2)
    return SYMBOLS.shift(m1, v1) * SYMBOLS.shift(m2, v2)


def over_spread(counts: Mapping[PairKind, Expr], spread: Expr) -> tuple[Expr, dict[Expr, Expr]]:
    """Return the sum of number times moment, over ``spread``, as a rational factor and {function of sigma: polynomial}.

    The polynomials have integer coefficients and no factor in common; functions that cancel are left out.
    """
    gathered: dict[Expr, list[Expr]] = defaultdict(list)
    for kind, count in counts.items():
        for term in sympy.Add.make_args(sympy.expand(pair_moment(kind))):
            number, function = term.as_coeff_Mul()
            gathered[function].append(number * count)
    parts = {f: sympy.fraction(sympy.together(sympy.Add(*terms))) for f, terms in gathered.items()}
    below = reduce(sympy.lcm, dict.fromkeys(part[1] for part in parts.values()), Integer(1))
    above = {f: sympy.expand(n * sympy.cancel(below / d)) for f, (n, d) in parts.items()}
    above = {f: polynomial for f, polynomial in above.items() if polynomial != 0}
    common = reduce(sympy.gcd, above.values(), Integer(0))
    factor = sympy.factor(sympy.cancel(common / (below * sympy.together(spread))))
    return factor, {f: sympy.quo(p, common) if common.free_symbols else p / common for f, p in above.items()}
