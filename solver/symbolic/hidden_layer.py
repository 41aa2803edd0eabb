"""A layer below the last, by number or as layer k: its kernel, the range of a formula for it, and points within."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import sympy
from sympy import Integer

from solver.constructions.registry import CONSTRUCTIONS
from solver.errors import InputError, NotApplicableError
from solver.question.noise import Noise
from solver.symbolic.conditions import Conditions, scale_conditions, strictest
from solver.symbolic.formula import Certificate, Formula, Point
from solver.symbolic.setting import Setting
from solver.symbolic.snomial import Snomial
from solver.symbolic.symbols import ell, k, xi

if TYPE_CHECKING:
    from sympy import Basic, Expr


@dataclass(frozen=True)
class HiddenKernel:
    """The autocorrelations of the effective kernel of a hidden layer, per copy of it.

    The kernel of layer k is (1 + z + ... + z^(s-1))^power, some shifts of it in as many channels: its
    autocorrelation at lag r is the coefficient of z^((s-1) power + r) in the square.

    Attributes
    ----------
    power : sympy expression in k
    size : int
        s.
    """

    power: Expr
    size: int

    def autocorrelation(self, lag: int) -> Expr:
        """Return A_r."""
        return Snomial(2 * self.power, (self.size - 1) * self.power + lag, self.size)

    @property
    def squared_sum(self) -> Expr:
        """S2 = s^(2 power)."""
        return Integer(self.size) ** (2 * self.power)

    @property
    def width(self) -> Expr:
        """The largest lag, plus 1."""
        return (self.size - 1) * self.power + 1


def hidden_kernel(setting: Setting, layer: Expr) -> HiddenKernel:
    """Return the kernel of a hidden layer, a number or k; every layer 0 is the image.

    Raises
    ------
    NotApplicableError
        If the construction's kernels are no powers of one polynomial.
    """
    if layer == 0:
        return HiddenKernel(Integer(0), setting.filter_size)
    power = setting.family.hidden_power
    if power is None:
        known = [name for name, each in CONSTRUCTIONS.items() if each.hidden_power is not None]
        raise NotApplicableError(
            f"the hidden layers of {setting.construction!r} have no formula in k or xi; there is one in l for a given "
            f"scale (--in l), and in k for {', '.join(known)}"
        )
    return HiddenKernel(power[0] * layer + power[1], setting.filter_size)


@dataclass(frozen=True)
class HiddenLayer:
    """A hidden layer, and what a formula for it is in.

    Attributes
    ----------
    setting : Setting
    variables : tuple of {"l", "xi", "k"}
    layer : int or None
        None for layer k.
    scale : int or None
        xi, used where the ensemble knows it and it is no variable.
    """

    setting: Setting
    variables: tuple[str, ...]
    layer: int | None
    scale: int | None

    @property
    def number(self) -> Expr:
        """The layer as a sympy integer, or k."""
        return k if self.layer is None else Integer(self.layer)

    @property
    def kernel(self) -> HiddenKernel:
        """The kernel from the image to the layer."""
        return hidden_kernel(self.setting, self.number)

    @property
    def fixed(self) -> dict[str, int]:
        """xi, where it matters and is not left open."""
        if "xi" in self.variables or not self.setting.knows_scale or self.scale is None:
            return {}
        return {"xi": self.scale}

    def conditions(self, reach: int) -> Conditions:
        """Return the range in which the layer is hidden, and every distance up to lag + 2 ``reach`` equally likely.

        Raises
        ------
        InputError
            If no point is left.
        """
        sight = self.kernel.width - 1 + 2 * reach
        found = [c.subs(xi, self.fixed.get("xi", xi)) for c in self._conditions(sight)]
        if sympy.false in found:
            raise InputError(
                f"layer: {self.number} is no hidden layer of {self.setting.construction!r} with a formula by kernels "
                f"at scale {self.scale}; use --in l"
            )
        return tuple(c for c in found if c is not sympy.true)

    def formula(
        self, expression: Expr, conditions: Conditions, *, reason: str, certain: str, noise: Noise | None = None
    ) -> Formula:
        """Return D or, for a noise, G of the layer, derived and not yet compared with networks."""
        return Formula(
            quantity="D" if noise is None else "G",
            expression=expression.subs(xi, self.fixed.get("xi", xi)),
            setting=self.setting,
            layer=str(self.number),
            variables=self.variables,
            fixed=self.fixed,
            conditions=conditions,
            proof=Certificate(method="derived", reason=reason, certain=certain),
            noise=noise,
        )

    def places(self, layers: Iterable[int], scales: Iterable[int]) -> Iterator[Point]:
        """Yield the values of k and xi, as far as they are variables, for numbers and scales that are reached."""
        reached = [s for s in scales if self.setting.reaches(s)] if "xi" in self.variables else [0]
        for number, scale in product(layers if self.layer is None else [self.layer], reached):
            yield {name: n for name, n in (("xi", scale), ("k", number)) if name in self.variables}

    def _conditions(self, sight: Expr) -> list[Basic]:
        setting, number, step = self.setting, self.number, self.setting.filter_size - 1
        known = [sympy.Ge(k, 1, evaluate=False)] if number == k else []
        smallest = step * number + 2 if setting.family.every_scale else step * (number + 1) + 1
        smallest = smallest if number != 0 else Integer(setting.smallest_scale)
        if "xi" not in self.variables and not setting.knows_scale:
            seen = [2 * (sight + 1)] if setting.distances == "flat" or sight.has(k) else []
            return [*known, *strictest(sympy.Ge(ell, sympy.expand(b)) for b in (2 * smallest, *seen))]
        one_law = setting.distances == "pairs" and setting.gap == 0
        bounds = [smallest, Integer(setting.smallest_scale), *([] if one_law else [sight + setting.gap + 1])]
        scales = strictest(sympy.Ge(xi, sympy.expand(b)) for b in bounds)
        return [*known, *scales, *scale_conditions(setting, 0)[1:], sympy.Ge(ell, 2 * xi + 2 * setting.gap)]
