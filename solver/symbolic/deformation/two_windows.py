"""What a deformation changes, at every distance: in the map of windows that see two pixels, and in ReLU(xi-d).

A window is xi consecutive sites.  The last map of `shift` is 1 where a window holds two pixels, 0 elsewhere, and
(xi - c)+ windows hold a set of pixels that spans c sites from first to last.  So two such maps, of pixels (i, j) and
(i', j'), differ at (xi - c)+ + (xi - c')+ - 2 (xi - c'')+ sites, where c'' spans all four.  On the ring a set of
pixels spans c on one side and l - c_in on the other, c_in between its innermost pixels, and both count.

Each value is affine in (d, xi), or a product of two that are, as long as the order of the pixels and the signs of all
xi - c stay the same: that fails for small d and around d = xi only.  `Profile` holds the pieces.
By hand, for the default law: derivations/deformation_last_layer.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sympy import Integer, S

from solver.gaussian.functions import as_sympy
from solver.question.deformation import Deformation
from solver.symbolic.deformation.profile import Profile
from solver.symbolic.symbols import d, xi

Overlap = Callable[[int, int], Any]
"""(xi - c)+ of a set of pixels, from its outer and inner spans on a line where the pair is `far_apart`."""


@dataclass(frozen=True)
class TwoWindows:
    """Values of one deformation at every distance, for l = 2 xi + excess (None: on any longer ring).

    Attributes
    ----------
    deformation : Deformation
    gap : int
    excess : int or None
    meeting : sympy expression
        The output for two pixels that have merged into one.
    """

    deformation: Deformation
    gap: int = 0
    excess: int | None = None
    meeting: Any = S.Zero

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

    def map_change(self) -> Profile:
        """Return the mean number of windows that hold two pixels either before or after the deformation."""
        return self._profile(self._map_change)

    def output_change(self) -> Profile:
        """Return the mean squared change of ReLU(xi - d)."""
        return self._profile(self._output_change)

    def output(self, power: int) -> Profile:
        """Return ReLU(xi - d)^power."""
        return self._profile(lambda base, f: f(base, base) ** power)

    def _profile(self, value: Callable[[int, Overlap], Any]) -> Profile:
        far_apart, margin = self.far_apart, self.margin
        near = tuple(value(n, lambda outer, inner: xi - outer) for n in range(1, 2 * self.deformation.reach + 1))
        bulk = value(far_apart, lambda outer, inner: xi - d - (outer - far_apart))
        edge = tuple(value(far_apart, self._edge_overlap(e)) for e in range(-margin, margin))
        return Profile(near, bulk, edge)

    def _edge_overlap(self, e: int) -> Overlap:
        """Return (xi - c)+ around d = xi + e; the other side's is (xi - (l - c_in))+ = (e + c_in - excess)+."""

        def overlap(outer: int, inner: int) -> Any:
            this, other = self.far_apart - e - outer, e + inner - self.far_apart
            return Integer(max(this, 0) + (max(other - self.excess, 0) if self.excess is not None else 0))

        return overlap

    def _map_change(self, base: int, f: Overlap) -> Any:
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

    def _output_change(self, base: int, f: Overlap) -> Any:
        total = S.Zero
        for (a, b), p in self._moves(base):
            after = abs(base + b - a)
            total += p * ((self.meeting if self._merged(base, a, b) else f(after, after)) - f(base, base)) ** 2
        return total

    def _merged(self, base: int, a: int, b: int) -> bool:
        return self.deformation.collisions == "merge" and base + b == a

    def _moves(self, base: int) -> list[tuple[tuple[int, int], Any]]:
        return [(move, as_sympy(p)) for move, p in self.deformation.outcomes(base, 10 * self.far_apart).items()]
