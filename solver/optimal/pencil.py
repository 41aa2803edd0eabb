"""The least quotient of two quadratic forms: as an algebraic number, or proven to any digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import flint
import numpy as np
from flint import arb, fmpq, fmpq_mat, fmpz_poly

from solver.errors import InputError, SolverError
from solver.numbers.algebraic import NumberField
from solver.numbers.exact import Exact
from solver.values import EnclosedValue

PROVEN_LEAST = "generalised Rayleigh quotient: D of a rational kernel from above, exact pivots of N - D M from below"
_ATTEMPTS = 40
_PRECISIONS = (128, 256, 512, 1024)


@dataclass(frozen=True)
class Pencil:
    """The quotient K'N K / K'M K of two symmetric rational matrices, M positive definite.

    Raises
    ------
    InputError
        If M is not positive definite.
    """

    numerator: fmpq_mat
    denominator: fmpq_mat

    def __post_init__(self) -> None:
        if not is_positive_definite(self.denominator):
            raise InputError("the denominator of D vanishes for some kernel of this width; take fewer taps")

    @property
    def size(self) -> int:
        """Number of taps that are free."""
        return int(self.numerator.nrows())

    def quotient(self, kernel: Sequence[fmpq]) -> fmpq:
        """Return the quotient at a kernel."""
        k = fmpq_mat(self.size, 1, list(kernel))
        numerator, denominator = ((k.transpose() * form * k)[0, 0] for form in (self.numerator, self.denominator))
        return numerator / denominator

    def exceeds(self, value: fmpq) -> bool:
        """Return whether every quotient is larger than a number: N - value M is positive definite."""
        return is_positive_definite(self.numerator - self.denominator * value)

    def restricted(self, factor: Sequence[Fraction]) -> Pencil:
        """Return the quotient over the kernels that are a multiple of a given one, in the other factor."""
        free = self.size - len(factor) + 1
        basis = fmpq_mat(self.size, free)
        for j in range(free):
            for i, v in enumerate(factor):
                basis[i + j, j] = as_fmpq(v)
        return Pencil(*(basis.transpose() * form * basis for form in (self.numerator, self.denominator)))


def is_positive_definite(matrix: fmpq_mat) -> bool:
    """Return whether a symmetric rational matrix is positive definite: all pivots of its elimination are positive.

    The pivots are computed as balls, and exactly where the balls do not decide.
    """
    for precision in _PRECISIONS:
        with flint.ctx.workprec(precision):
            decided = _positive_pivots([[arb(v) for v in row] for row in matrix.tolist()])
        if decided is not None:
            return decided
    return bool(_positive_pivots(matrix.tolist()))


def exact_least(pencil: Pencil) -> tuple[Exact, tuple[Exact, ...]]:
    """Return the least root D of det(N - D M), and a vector K with (N - D M) K = 0 whose last free entry is 1.

    All roots are real, as M is positive definite.
    """
    matrix = pencil.denominator.inv() * pencil.numerator
    least = _least_root([f for f, _ in matrix.charpoly().numer().factor()[1]])
    rows = [[as_fraction(v) - (least if i == j else 0) for j, v in enumerate(r)] for i, r in enumerate(matrix.tolist())]
    return least, _null_vector(rows)


def enclosed_least(pencil: Pencil) -> EnclosedValue:
    """Return the least quotient, enclosed to any digits by proof."""

    @cache
    def enclose(digits: int) -> arb:
        lower, upper, _ = bounded_least(pencil, digits + 1)
        with flint.ctx.workprec(4 * digits + 40):
            return arb(lower).union(arb(upper))

    return EnclosedValue(enclose, PROVEN_LEAST, lambda: r"\min_K \frac{K^{\top} N K}{K^{\top} M K}")


def bounded_least(pencil: Pencil, digits: int) -> tuple[fmpq, fmpq, list[fmpq]]:
    """Return a < the least quotient <= b with b - a <= 10^-digits b, and a kernel whose quotient is b.

    The kernel is found by Rayleigh iteration from a floating-point eigenvector and rounded; b is its quotient, and a
    is proven by the signs of the pivots of N - a M.  Costs some n^3 rational operations.

    Raises
    ------
    SolverError
        If no kernel is found that close to the least.
    """
    import scipy.linalg

    forms = [np.array(form.tolist(), dtype=object).astype(float) for form in (pencil.numerator, pencil.denominator)]
    _, vectors = scipy.linalg.eigh(*forms, subset_by_index=[0, 0])
    kernel = _rounded([fmpq(*float(v).as_integer_ratio()) for v in vectors[:, 0]], 53)
    for _ in range(_ATTEMPTS):
        upper = pencil.quotient(kernel)
        lower = upper * (1 - fmpq(1, 10**digits))
        if upper == 0 or pencil.exceeds(lower):
            return lower, upper, kernel
        right = pencil.denominator * fmpq_mat(pencil.size, 1, kernel)
        try:
            solved = (pencil.numerator - pencil.denominator * upper).solve(right)
        except ZeroDivisionError:
            continue
        kernel = _rounded(solved.entries(), 4 * digits + 40)
    raise SolverError(f"no kernel of {pencil.size} taps was proven best to {digits} digits; ask for fewer digits")


def as_fmpq(value: Fraction) -> fmpq:
    """Return a Fraction as a flint rational."""
    return fmpq(value.numerator, value.denominator)


def as_fraction(value: fmpq) -> Fraction:
    """Return a flint rational as a Fraction."""
    return Fraction(int(value.p), int(value.q))


def _positive_pivots(rows: list[list[Any]]) -> bool | None:
    """Return whether every pivot of an elimination is positive; None once the sign of one is not known."""
    for i, pivot_row in enumerate(rows):
        pivot = pivot_row[i]
        if not pivot > 0:
            return False if pivot <= 0 else None
        for j in range(i + 1, len(rows)):
            ratio = rows[j][i] / pivot
            rows[j] = [x - ratio * y for x, y in zip(rows[j], pivot_row, strict=True)]
    return True


def _rounded(kernel: list[fmpq], bits: int) -> list[fmpq]:
    """Return a kernel scaled to a largest entry of 1, its entries rounded to multiples of 2^-bits."""
    largest = max(kernel, key=abs)
    return [fmpq((v / largest * 2**bits + fmpq(1, 2)).floor(), 2**bits) for v in kernel]


def _least_root(factors: list[fmpz_poly]) -> Exact:
    """Return the least root of irreducible polynomials with real roots only; refines balls until they decide whose."""
    import sympy

    precision, found = 64, factors
    while len(found) > 1:
        with flint.ctx.workprec(precision):
            least = [min((z.real for z, _ in f.complex_roots()), key=lambda x: x.mid()) for f in factors]
        found = [f for f, x in zip(factors, least, strict=True) if not any(y < x for y in least)]
        precision *= 2
    coefficients = [int(c) for c in found[0].coeffs()]
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
        top = len(pivots)
        below = next((i for i in range(top, size) if rows[i][column] != 0), None)
        if below is None:
            continue
        rows[top], rows[below] = rows[below], rows[top]
        scale = 1 / rows[top][column]
        rows[top] = [v * scale for v in rows[top]]
        for i, row in enumerate(rows):
            if i != top and row[column] != 0:
                rows[i] = [v - row[column] * w for v, w in zip(row, rows[top], strict=True)]
        pivots.append(column)
    free = max(set(range(size)) - set(pivots))
    vector: list[Any] = [Fraction(int(i == free)) for i in range(size)]
    for row, column in zip(rows, pivots, strict=False):
        vector[column] = -row[free]
    return tuple(vector)
