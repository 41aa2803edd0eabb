"""Expansions in a large variable of expressions in s-nomial coefficients, exponentials and the variable itself."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

import sympy
from sympy import Poly, Rational

from solver.errors import NotApplicableError
from solver.gaussian.functions import as_sympy
from solver.symbolic.expansions.laplace import central_series, cumulant
from solver.symbolic.snomial import Snomial

if TYPE_CHECKING:
    from sympy import Expr

_H, _Q = sympy.symbols("h q", positive=True)
_MORE_ORDERS = 12


@dataclass(frozen=True)
class Expansion:
    """The leading terms of an expression for a large variable.

    Attributes
    ----------
    exact : sympy expression
    variable : sympy symbol
    terms : tuple of sympy expressions
        Falling powers of the variable, none of them 0; of an exponential too, the same one in each.
    exponents : tuple of sympy numbers
        Of the variable, in each term.
    order : sympy number or None
        The remainder is O(variable^-order), the next power that occurs; None if no power is left over, so that the
        remainder is 0 or exponentially small.
    """

    exact: Expr
    variable: Expr
    terms: tuple[Expr, ...]
    exponents: tuple[Expr, ...]
    order: Expr | None

    def sum(self, terms: int | None = None) -> Expr:
        """Return the sum of the first terms, of all if omitted."""
        return sympy.Add(*self.terms[:terms])

    @property
    def coefficients(self) -> tuple[Expr, ...]:
        """The terms without their powers of the variable."""
        return tuple(sympy.expand(t / self.variable**e) for t, e in zip(self.terms, self.exponents, strict=True))

    def exact_at(self, value: int) -> Expr:
        """Return the exact expression at a number."""
        return self.exact.subs(self.variable, value)

    def latex(self) -> str:
        """Return the terms and the order of the remainder as LaTeX."""
        rest = "" if self.order is None else rf" + O\left({sympy.latex(self.variable**-self.order)}\right)"
        return " + ".join(map(sympy.latex, self.terms)).replace("+ - ", "- ") + rest

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {self.latex()}$"


def expansion(expression: Expr, variable: Expr, terms: int = 2) -> Expansion:
    """Return the leading terms of an expression for a large variable v.

    Numerator and denominator become power series in v^(-1/2); of the powers of an exponential s^(c v) only the largest
    is kept, the others being exponentially small against it.

    Parameters
    ----------
    expression : sympy expression
        Rational in v, in exponentials s^(c v + b) with 2c an integer, and in central coefficients
        Snomial(n, (s-1) n/2 + r, s) with n = a v + b; one s > 1 throughout.  Other symbols are constants.
    variable : sympy symbol
    terms : int

    Raises
    ------
    NotApplicableError
        If the expression depends on v in another way, or if further terms vanish.

    Examples
    --------
    >>> from solver.symbolic.symbols import k
    >>> expansion(Snomial(2 * k, 2 * k + 1, 3) / Snomial(2 * k, 2 * k, 3), k).terms
    (1, -3/(8*k))
    """
    growth = _Growth.of(as_sympy(expression), variable)
    if growth.rational == 0:
        return Expansion(expression, variable, (), (), None)
    (above, up), (below, down) = map(_largest_power, sympy.fraction(growth.rational))
    for orders in range(terms + 1, terms + _MORE_ORDERS):
        quotient = _divided(growth.series(above, orders), growth.series(below, orders), 2 * (terms + orders))
        named = [growth.plain(raw) for raw in quotient.coefficients]
        found = [(e, c) for e, c in enumerate(named, start=quotient.first) if c != 0]
        if len(found) > terms or quotient.exact:
            break
    else:
        raise NotApplicableError(f"{expression}: fewer than {terms + 1} terms within {orders} orders of 1/{variable}")
    scale = growth.base ** (variable * Rational(up - down, 2))
    exponents = [-Rational(e, 2) for e, _ in found]
    shown = [c * scale * variable**e for e, (_, c) in zip(exponents, found, strict=True)]
    order = -exponents[terms] if len(found) > terms else None
    return Expansion(expression, variable, tuple(shown[:terms]), tuple(exponents[:terms]), order)


@dataclass(frozen=True)
class _Growth:
    """An expression as a rational one in v, q = base^(v/2) and symbols for s-nomials over s^n and for constants."""

    rational: Expr
    variable: Expr
    base: Expr
    centrals: dict[Expr, Expr]
    constants: dict[Expr, Expr]  # as polynomials over the rationals are fast

    @staticmethod
    def of(expression: Expr, variable: Expr) -> _Growth:
        """Return an expression with its growing parts named."""
        powers = [x for x in expression.atoms(sympy.Pow) if x.exp.has(variable)]
        centrals = {sympy.Dummy(positive=True): x for x in expression.atoms(Snomial) if x.has(variable)}
        sizes = {x.args[2] for x in centrals.values()}
        bases = {_root(b)[0] for b in (*sizes, *(x.base for x in powers))}
        if max(len(bases), len(sizes)) > 1:
            raise NotApplicableError(f"{expression}: expected exponentials and s-nomials with one s > 1")
        names = {x: _exponential(x.base, x.exp, variable) for x in powers}
        names |= {x: _exponential(x.args[2], x.args[0], variable) * name for name, x in centrals.items()}
        expression = expression.xreplace(names)
        constants = {sympy.Dummy(positive=True): x for x in _constants(expression)}
        rational = sympy.together(expression.xreplace({x: name for name, x in constants.items()}))
        if not rational.is_rational_function(variable, _Q, *centrals):
            raise NotApplicableError(f"{expression} is not rational in {variable}, exponentials and s-nomials")
        base = bases.pop() if bases else sympy.S.One
        return _Growth(rational if centrals else sympy.cancel(rational), variable, base, centrals, constants)

    def series(self, polynomial: Expr, orders: int) -> _Series:
        """Return a polynomial in v and the symbols of the s-nomials as a series, each of those to ``orders`` terms."""
        poly = Poly(polynomial, self.variable)
        total = sympy.Add(*(c * _H ** (2 * (poly.degree() - degree)) for (degree,), c in poly.terms()))
        missing = {name: sympy.Dummy() for name in self.centrals}
        known = {name: self._central(name, orders) + rest * _H ** (2 * orders + 1) for name, rest in missing.items()}
        coefficients = Poly(total.xreplace(known), _H).all_coeffs()[::-1]
        first = next((i for i, c in enumerate(coefficients) if c != 0), len(coefficients))
        right = list(takewhile(lambda c: not c.has(*missing.values()), coefficients[first:]))
        return _Series(first - 2 * poly.degree(), right, len(right) == len(coefficients) - first)

    def _central(self, name: Expr, orders: int) -> Expr:
        """Return Snomial(n, (s-1) n/2 + r, s)/s^n = (1 + e_1/n + ...)/sqrt(2 pi kappa_2 n) in h; n = a v + b."""
        n, j, s = map(sympy.expand, self.centrals[name].args)
        lag = sympy.expand(j - (s - 1) * n / 2)
        slope, offset = n.coeff(self.variable), n.subs(self.variable, 0)
        if lag.has(self.variable) or slope * self.variable + offset != n or not slope.is_positive:
            raise NotApplicableError(
                f"{self.centrals[name]} is no central coefficient with n affine in {self.variable}"
            )
        total = sympy.S.Zero
        for i, e in enumerate(central_series(s, lag, orders)):
            binomial = [sympy.binomial(-i - Rational(1, 2), m) * (offset / slope) ** m for m in range(orders - i)]
            total += e * slope**-i * sympy.Add(*(b * _H ** (2 * (i + m) + 1) for m, b in enumerate(binomial)))
        return total * self._name(1 / sympy.sqrt(2 * sympy.pi * sympy.factor(cumulant(2, s)) * slope))

    def _name(self, constant: Expr) -> Expr:
        name = next((name for name, x in self.constants.items() if x == constant), sympy.Dummy(positive=True))
        self.constants[name] = constant
        return name

    def plain(self, coefficient: Expr) -> Expr:
        """Return a coefficient with its constants put in."""
        put = coefficient.xreplace(self.constants)
        return min((sympy.factor(put), sympy.expand(put)), key=sympy.count_ops)


class _Series(NamedTuple):
    """sum_i c_i h^(first + i), up to the last c_i that is known; the rest is 0 where that is exact."""

    first: int
    coefficients: list[Expr]
    exact: bool


def _divided(above: _Series, below: _Series, most: int) -> _Series:
    """Return the quotient, at most ``most`` coefficients of it, by long division."""
    exact = above.exact and below.exact and len(below.coefficients) == 1
    known = [len(s.coefficients) for s in (above, below) if not s.exact]
    count = len(above.coefficients) if exact else min([most, *known])
    rest = [*above.coefficients, *[sympy.S.Zero] * count][:count]
    found: list[Expr] = []
    for c in rest:
        used = sum(b * q for b, q in zip(below.coefficients[1:], reversed(found), strict=False))
        found.append(sympy.factor((c - used) / below.coefficients[0]))
    return _Series(above.first - below.first, found, exact)


def _constants(expression: Expr) -> list[Expr]:
    """Return the irrational constants of an expression: pi, roots, functions of numbers."""
    known = expression.atoms(sympy.Function, sympy.NumberSymbol)
    known |= {x for x in expression.atoms(sympy.Pow) if not x.exp.is_Integer}
    return sorted((x for x in known if x.is_number and not x.is_Rational), key=sympy.default_sort_key)


def _exponential(base: Expr, exponent: Expr, variable: Expr) -> Expr:
    """Return s^(c v + b) as s^b q^(2c), with s the root of the base."""
    if base.is_number and not base > 1:
        raise NotApplicableError(f"{base}**({exponent}): expected a base > 1")
    base, power = _root(base)
    slope = sympy.expand(power * exponent).coeff(variable)
    rest = sympy.expand(power * exponent - slope * variable)
    if rest.has(variable) or not (2 * slope).is_Integer:
        raise NotApplicableError(f"{base}**({exponent}): expected an exponent c {variable} + b with 2c an integer")
    return base**rest * _Q ** (2 * slope)


def _root(base: Expr) -> tuple[Expr, int]:
    """Return (r, n) with base = r^n and n as large as can be; symbols are left alone."""
    return (base.is_Integer and sympy.perfect_power(base)) or (base, 1)


def _largest_power(polynomial: Expr) -> tuple[Expr, int]:
    """Return the coefficient of the largest power of q, and that power."""
    poly = Poly(polynomial, _Q)
    return poly.LC(), int(poly.degree())
