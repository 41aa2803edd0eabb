"""The least quotient of two small quadratic forms as an algebraic number, with the vector that reaches it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
from flint import fmpz_poly

from solver.numbers.algebraic import NumberField
from solver.numbers.exact import Exact
from solver.optimal.pencil import Pencil, as_fraction


def exact_least(pencil: Pencil) -> tuple[Exact, tuple[Exact, ...]]:
    """Return the least root D of det(N - D M), and a vector K with (N - D M) K = 0 whose last free entry is 1.

    All roots are real, as M is positive definite.
    """
    matrix = pencil.denominator.inv() * pencil.numerator
    factors = [f for f, _ in matrix.charpoly().numer().factor()[1]]
    least = _least_root(factors[_least_factor(factors)])
    rows = [[as_fraction(v) - (least if i == j else 0) for j, v in enumerate(r)] for i, r in enumerate(matrix.tolist())]
    return least, _null_vector(rows)


def _least_factor(factors: list[fmpz_poly]) -> int:
    """Return which of several polynomials without common roots has the least root; refines balls until they decide."""
    precision = 64
    while True:
        with flint.ctx.workprec(precision):
            least = [min((z.real for z, _ in f.complex_roots()), key=lambda x: x.mid()) for f in factors]
        found = [i for i, x in enumerate(least) if not any(y < x for y in least)]
        if len(found) == 1:
            return found[0]
        precision *= 2


def _least_root(polynomial: fmpz_poly) -> Exact:
    """Return the least root of an irreducible polynomial with real roots only."""
    import sympy

    coefficients = [int(c) for c in polynomial.coeffs()]
    if len(coefficients) == 2:
        return Fraction(-coefficients[0], coefficients[1])
    if len(coefficients) == 3:
        c, b, a = coefficients
        outside, radical = sympy.sqrt(b * b - 4 * a * c).as_coeff_Mul()
        root = NumberField(radical).generator * int(outside)
        return (-b - root) / (2 * a) if a > 0 else (-b + root) / (2 * a)
    x = sympy.Symbol("x")
    return NumberField(sympy.CRootOf(sympy.Poly(coefficients[::-1], x), 0)).generator


def _null_vector(rows: list[list[Any]]) -> tuple[Any, ...]:
    """Return a vector that a singular square matrix takes to 0, by Gauss-Jordan elimination."""
    size, pivots = len(rows), list[int]()
    for column in range(size):
        below = [i for i in range(len(pivots), size) if rows[i][column] != 0]
        if not below:
            continue
        top = len(pivots)
        rows[top], rows[below[0]] = rows[below[0]], rows[top]
        scale = 1 / rows[top][column]
        rows[top] = [v * scale for v in rows[top]]
        for i in range(size):
            if i != top and rows[i][column] != 0:
                factor = rows[i][column]
                rows[i] = [v - factor * w for v, w in zip(rows[i], rows[top], strict=True)]
        pivots.append(column)
    free = max(set(range(size)) - set(pivots))
    vector: list[Any] = [Fraction(int(i == free)) for i in range(size)]
    for row, column in enumerate(pivots):
        vector[column] = -rows[row][free]
    return tuple(vector)
