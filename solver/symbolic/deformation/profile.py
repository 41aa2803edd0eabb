"""Functions of the distance in their finitely many regimes, and their exact ensemble means in l and xi."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy

from solver.symbolic.symbols import d, ell, xi
from solver.symbolic.weights import ClassWeights


@dataclass(frozen=True)
class Profile:
    """A function v of the distance, in each of its regimes.

    Attributes
    ----------
    near : tuple of expressions in xi
        v(d) for d = 1..n.
    bulk : expression in d and xi
        v(d) for n < d < xi - m.
    edge : tuple of expressions in xi
        v(xi + e) for e = -m..m-1; from xi + m on v is 0.
    """

    near: tuple[Any, ...]
    bulk: Any
    edge: tuple[Any, ...]

    def mean(self, weights: ClassWeights, gap: int, excess: int | None = None) -> Any:
        """Return the ensemble mean of v, in l and xi.

        With ``excess`` the ring is the one of l = 2 xi + excess sites, which may end before d = xi + m.
        """
        margin = len(self.edge) // 2
        bulk = _polynomial_sum(self.bulk, len(self.near), xi - margin - 1)
        total = weights.near * sympy.Add(*self.near, bulk)
        for e, v in enumerate(self.edge, start=-margin):
            total += _edge_weight(weights, gap, e, excess) * v
        return total if excess is None else total.subs(ell, 2 * xi + excess)


def _polynomial_sum(summand: Any, before: Any, last: Any) -> Any:
    """Return the sum of a polynomial in d over d = before+1..last (Faulhaber: Bernoulli polynomials)."""
    total = sympy.S.Zero
    for (n,), coefficient in sympy.Poly(summand, d).terms():
        power = sympy.bernoulli(n + 1, d)
        total += coefficient * (power.subs(d, last + 1) - power.subs(d, before + 1)) / (n + 1)
    return total


def _edge_weight(weights: ClassWeights, gap: int, e: int, excess: int | None) -> Any:
    """Return the probability of the distance xi + e; l/2 is xi + excess/2."""
    if -gap <= e < gap or (excess is not None and 2 * e > excess):
        return sympy.S.Zero
    weight = weights.near if e < 0 else weights.far
    return weight * weights.half if excess is not None and 2 * e == excess else weight
