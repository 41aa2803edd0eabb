"""A closed form with everything it stands on: where it holds, how that is known, and its value at a point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import sympy

from solver.errors import InputError, NotApplicableError, SolverError
from solver.gaussian.functions import OwensT
from solver.numbers.exact import integer
from solver.question.noise import Noise
from solver.symbolic.conditions import Conditions, condition_text
from solver.symbolic.measured import MeasuredLayer
from solver.symbolic.setting import Setting
from solver.symbolic.symbols import VARIABLES, sigma
from solver.values import ClosedValue, Value, as_value, quotient

if TYPE_CHECKING:
    from sympy import Basic, Expr

Point = dict[str, int]
"""Values of the variables by name, such as ``{"l": 32, "xi": 7}``."""


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """How a formula is known.

    Attributes
    ----------
    method : {"derived", "identified"}
        Derived: summed symbolically.  Identified: shown to lie in a space of few functions, solved from as many
        exact values, and held to further ones.
    reason : str
        The argument: why the sum is what it is, or why the quantity lies in that space.
    certain : str
        Where the argument alone holds.
    unknowns : int
        Coefficients that were solved for; 0 if derived.
    fitted, held_out, certified : tuples of points
        The points they were solved from; further points at which the formula was compared with the networks; and
        the points below ``certain`` that were compared one by one, all that the range adds to it.
    identities : tuple of str
        What else was shown, for all l at once.
    """

    method: str
    reason: str
    certain: str
    unknowns: int = 0
    fitted: tuple[Point, ...] = ()
    held_out: tuple[Point, ...] = ()
    certified: tuple[Point, ...] = ()
    identities: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return the proof in words."""
        lines = [f"{self.method}: {self.reason}", f"the argument holds for {self.certain}"]
        if self.fitted:
            lines.append(f"{self.unknowns} unknowns, solved from the networks at {_points_text(self.fitted)}")
        if self.held_out:
            lines.append(f"held out, equal to the networks: {_points_text(self.held_out)}")
        if self.certified:
            lines.append(f"below that, compared one by one: {_points_text(self.certified)}")
        return [*lines, *self.identities]


@dataclass(frozen=True, kw_only=True)
class Formula:
    """D, G or R (docs/theory.md, section 5) of a layer as an expression in some of l, xi, k and sigma.

    Attributes
    ----------
    quantity : {"D", "G", "R"}
    expression : sympy expression
        Rational for D; in sigma, Phi, phi and Phi2 for G and R.
    setting : Setting
        Construction, ensemble and deformation.
    layer : str
        A number, ``k``, ``last`` or ``output``.
    variables : tuple of str
        The names of what is left open, beside sigma.
    fixed : mapping
        What is not, such as ``{"xi": 7}``.
    conditions : tuple of sympy relations
        The range in which it holds.
    proof : Certificate
    noise : GaussianNoise or None
        The noise whose energy stands behind sigma, for G and R; the expression holds for any other energy too,
        unless sigma has been eliminated.

    Examples
    --------
    >>> from solver import sensitivity_formula
    >>> D = sensitivity_formula("shift", 0)
    >>> D.at(l=32) == D.measured({"l": 32}).exact
    True
    """

    quantity: str
    expression: Expr
    setting: Setting
    layer: str
    variables: tuple[str, ...]
    fixed: Mapping[str, int]
    conditions: Conditions
    proof: Certificate
    noise: Noise | None = None

    @property
    def range(self) -> Basic:
        """The range as one sympy condition."""
        return sympy.And(*self.conditions, evaluate=False)

    @property
    def range_text(self) -> str:
        """The range in words."""
        return ", ".join(condition_text(c) for c in self.conditions)

    @property
    def name(self) -> str:
        """The left-hand side as LaTeX."""
        return f"{self.quantity}_{{{_LAYERS.get(self.layer, self.layer)}}}"

    def value(self, **point: int) -> Value:
        """Return the value at a point: exact for D, a closed form for G and R, with sigma^2 = energy / l.

        Raises
        ------
        InputError
            If a variable is missing, unknown or not an integer, or the point lies outside the range.
        """
        point = self._checked(point)
        expression = self.expression.subs({VARIABLES[name]: value for name, value in point.items()})
        if self.noise is not None:
            energy = self.noise.resolved(self.layer_at(point).task, self.setting.deformation).energy
            expression = expression.subs(sigma, sympy.sqrt(sympy.Rational(energy) / point["l"]))
        return as_value(expression, f"formula, {self.proof.method}")

    def at(self, **point: int) -> Fraction:
        """Return the exact rational value at a point, as `value` does.

        Raises
        ------
        InputError
            As for `value`.
        NotApplicableError
            If the value is irrational.
        """
        number = self.value(**point).exact
        if not isinstance(number, Fraction):
            raise NotApplicableError(f"{self.quantity} of layer {self.layer} is irrational; use value(...)")
        return number

    def layer_at(self, point: Point) -> MeasuredLayer:
        """Return the layer of the network at a point; where xi does not matter, for the least one that hides it."""
        at = {**self.fixed, **point}
        layer = str(at["k"]) if self.layer == "k" else self.layer
        scale = at["xi"] if "xi" in at else self.setting.scale_above(int(layer))
        index = int(layer) if layer.isdecimal() else self.setting.layer_index(layer, scale)
        return MeasuredLayer(self.setting, index, at["l"], scale)

    def measured(self, point: Point) -> Value:
        """Return what the network at a point gives, whether or not the point lies in the range."""
        layer = self.layer_at(point)
        if self.noise is None:
            return layer.deformation()
        noise = layer.noise(self.noise)
        if self.quantity == "G":
            return noise
        return quotient(layer.deformation(), noise, method="network", zero="the noise changes nothing")

    def holds_at(self, point: Point) -> bool:
        """Return whether a point lies in the range."""
        values = {VARIABLES[name]: value for name, value in point.items()}
        return all(bool(c.subs(values)) for c in self.conditions)

    def narrowed(self, conditions: Conditions) -> Formula:
        """Return the formula on a smaller range, its proof without the points that are left out."""
        formula, proof = replace(self, conditions=conditions), self.proof
        fitted, held_out, certified = (
            tuple(filter(formula.holds_at, points)) for points in (proof.fitted, proof.held_out, proof.certified)
        )
        return replace(formula, proof=replace(proof, fitted=fitted, held_out=held_out, certified=certified))

    def check(self, points: tuple[Point, ...] | None = None) -> int:
        """Compare the formula with the networks again, at every point of its proof, and return how many those are.

        Raises
        ------
        SolverError
            If one disagrees.
        """
        if points is None:
            points = (*self.proof.fitted, *self.proof.held_out, *self.proof.certified)
        for point in points:
            if not self.agrees_at(point):
                raise SolverError(
                    f"{self.quantity} of layer {self.layer} at {point_text(point)}: the formula gives "
                    f"{self.value(**point).value()}, the network {self.measured(point).value()}"
                )
        return len(points)

    def agrees_at(self, point: Point) -> bool:
        """Return whether the formula equals what the network gives at a point: as exact numbers, or to 30 digits."""
        found, measured = self.value(**point), self.measured(point)
        if found.exact is not None or measured.exact is not None:
            return found.exact == measured.exact
        from solver.gaussian.balls import enclose

        assert isinstance(found, ClosedValue) and isinstance(measured, ClosedValue)
        difference = enclose(found.expression, 30) - enclose(measured.expression, 30)
        return bool(difference.contains(0))

    def in_owens_t(self) -> Formula:
        """Return the formula with every Phi2 whose signs are known written in Owen's T."""
        return replace(self, expression=self.expression.rewrite(OwensT))

    def latex(self) -> str:
        """Return the formula and its range as LaTeX, without dollar signs."""
        conditions = r",\ ".join(sympy.latex(c) for c in self.conditions)
        return rf"{self.name} = {sympy.latex(self.expression)}, \qquad {conditions}"

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.latex()}$"

    def __str__(self) -> str:
        return f"{self.quantity} = {self.expression},  {self.range_text}"

    def _checked(self, point: Point) -> Point:
        for name, value in point.items():
            if name not in (*self.variables, *self.fixed):
                raise InputError(f"{name}: the formula is in {', '.join(self.variables)}")
            integer(value, name, 0)
            if self.fixed.get(name, value) != value:
                raise InputError(f"{name}: the formula was made for {name} = {self.fixed[name]}, got {value}")
        missing = [name for name in self.variables if name not in point]
        if missing:
            raise InputError(f"the formula needs a value for {', '.join(missing)}")
        point = {name: int(point[name]) for name in self.variables}
        if not self.holds_at(point):
            raise InputError(f"{point_text(point)} lies outside the range of the formula, {self.range_text}")
        return point


_LAYERS = {"last": r"\tilde k", "output": "f"}


def point_text(point: Point) -> str:
    """Return ``l = 32, xi = 7``."""
    return ", ".join(f"{name} = {value}" for name, value in point.items())


def _points_text(points: tuple[Point, ...]) -> str:
    names = list(points[0])
    if len(names) == 1:
        return f"{names[0]} = {', '.join(str(p[names[0]]) for p in points)}"
    return f"({', '.join(names)}) = {', '.join('(' + ', '.join(map(str, p.values())) + ')' for p in points)}"
