"""What a deformation changes, on average: in the map of windows that see two pixels, and in ReLU(xi-d).

A window is xi consecutive sites.  The last map of `shift` is 1 where a window holds two pixels, 0 elsewhere, and
(xi - c)+ windows hold a set of pixels that spans c sites from first to last.  So two such maps, of pixels (i, j) and
(i', j'), differ at (xi - c)+ + (xi - c')+ - 2 (xi - c'')+ sites, where c'' spans all four.  On the ring a set of
pixels spans c on one side and l - c_in on the other, c_in between its innermost pixels, and both count.

Each value is affine in (d, xi), or a product of two that are, as long as the order of the pixels and the signs of all
xi - c stay the same: that fails for small d and around d = xi only.  So a mean over the ensemble is a sum over the
first distances, one of a polynomial, and one over the distances around xi; beyond these every value is 0.
By hand, for the default law: derivations/deformation_last_layer.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sympy
from sympy import Integer, S

from solver.gaussian.functions import as_sympy
from solver.question.deformation import Deformation
from solver.symbolic.symbols import ClassWeights, d, ell, xi

if TYPE_CHECKING:
    from sympy import Expr

_Overlap = Callable[[int, int], "Expr"]
"""(xi - c)+ of a set of pixels, from its outer and inner spans on a line where the pair is `far_apart`."""


@dataclass(frozen=True)
class TwoWindows:
    """Ensemble means in l and xi, or in xi on the ring of l = 2 xi + excess, which may end among the distances at xi.

    Attributes
    ----------
    deformation : Deformation
    weights : ClassWeights
        The probabilities of distances.
    gap : int
    meeting : sympy expression
        The output for two pixels that have merged into one.
    excess : int or None
    """

    deformation: Deformation
    weights: ClassWeights
    gap: int
    meeting: Expr
    excess: int | None = None

    @property
    def margin(self) -> int:
        """How far from d = 0 and d = xi a value may differ from its neighbours'."""
        return max(2 * self.deformation.reach, self.gap)

    @property
    def far_apart(self) -> int:
        """A distance at which the pixels keep their order."""
        return 4 * self.deformation.reach + 1

    @property
    def smallest_scale(self) -> int:
        """The least xi from which on the regimes do not meet, and xi >= c for all pixels that start close."""
        return 2 * self.deformation.reach + self.margin + 1

    def map_change(self) -> Expr:
        """Return the mean number of windows that hold two pixels either before or after the deformation."""
        return self._mean(self._map_change)

    def output_change(self) -> Expr:
        """Return the mean squared change of ReLU(xi - d)."""
        return self._mean(self._output_change)

    def output(self, power: int) -> Expr:
        """Return the mean of ReLU(xi - d)^power."""
        return self._mean(lambda base, f: f(base, base) ** power)

    def _mean(self, value: Callable[[int, _Overlap], Expr]) -> Expr:
        far_apart, margin, reach = self.far_apart, self.margin, self.deformation.reach
        near = [value(n, lambda outer, inner: xi - outer) for n in range(1, 2 * reach + 1)]
        bulk = sympy.Poly(value(far_apart, lambda outer, inner: xi - d - (outer - far_apart)), d)
        sums = sympy.Add(*(c * sympy.bernoulli(n + 1, d) / (n + 1) for (n,), c in bulk.terms()))  # Faulhaber
        total = self.weights.near * sympy.Add(*near, sums.subs(d, xi - margin) - sums.subs(d, 2 * reach + 1))
        for e in range(-margin, margin):
            total += self._edge_weight(e) * value(far_apart, self._edge_overlap(e))
        return total if self.excess is None else total.subs(ell, 2 * xi + self.excess)

    def _edge_weight(self, e: int) -> Expr:
        """Return the probability of the distance xi + e; l/2 is xi + excess/2."""
        if -self.gap <= e < self.gap or (self.excess is not None and 2 * e > self.excess):
            return S.Zero
        weight = self.weights.near if e < 0 else self.weights.far
        return weight * self.weights.half if self.excess is not None and 2 * e == self.excess else weight

    def _edge_overlap(self, e: int) -> _Overlap:
        """Return (xi - c)+ around d = xi + e; the other side's is (xi - (l - c_in))+ = (e + c_in - excess)+."""

        def overlap(outer: int, inner: int) -> Expr:
            this, other = self.far_apart - e - outer, e + inner - self.far_apart
            return Integer(max(this, 0) + (max(other - self.excess, 0) if self.excess is not None else 0))

        return overlap

    def _map_change(self, base: int, f: _Overlap) -> Expr:
        total = S.Zero
        for (a, b), p in self._moves(base):
            before = f(base, base)
            if self._merged(base, a, b):
                total += p * before
                continue
            after = abs(base + b - a)
            outer = max(0, base, a, base + b) - min(0, base, a, base + b)
            inner = min(base, base + b) - max(0, a)
            total += p * (before + f(after, after) - 2 * f(outer, inner))
        return total

    def _output_change(self, base: int, f: _Overlap) -> Expr:
        total = S.Zero
        for (a, b), p in self._moves(base):
            after = abs(base + b - a)
            total += p * ((self.meeting if self._merged(base, a, b) else f(after, after)) - f(base, base)) ** 2
        return total

    def _merged(self, base: int, a: int, b: int) -> bool:
        return self.deformation.collisions == "merge" and base + b == a

    def _moves(self, base: int) -> list[tuple[tuple[int, int], Expr]]:
        return [(move, as_sympy(p)) for move, p in self.deformation.outcomes(base, 10 * self.far_apart).items()]
