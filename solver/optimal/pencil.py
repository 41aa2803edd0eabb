"""D of a linear layer as a quotient of two quadratic forms in its kernel, and the proven least value of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np
from flint import fmpq, fmpq_mat

from solver.errors import InputError, SolverError
from solver.question.correlations import difference_correlations, pixel_correlations
from solver.question.deformation import Deformation
from solver.question.task import TwoPixelTask

ATTEMPTS = 40
PRECISIONS = (128, 256, 512, 1024)


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
        rows = [
            [as_fmpq(factor[i - j]) if 0 <= i - j < len(factor) else fmpq(0) for j in range(free)]
            for i in range(self.size)
        ]
        basis = fmpq_mat(rows)
        return Pencil(*(basis.transpose() * form * basis for form in (self.numerator, self.denominator)))


def deformation_pencil(taps: int, task: TwoPixelTask | None, deformation: Deformation) -> Pencil:
    """Return D = sum_ij K_i K_j C_(i-j) / 2 sum_ij K_i K_j (X_(i-j) - 4/l) of a linear layer.

    Without a task, for l -> infinity in the ensemble `pairs` (or `flat`): no pixel sees the other, so C_r comes from
    one pixel at a time and X_r = 0 but for X_0 = 2.
    """
    if task is None:
        correlations, spread = _lone_correlations(taps, deformation), [Fraction(4)] + [Fraction(0)] * (taps - 1)
    else:
        if taps >= task.length:
            raise InputError(f"taps: expected fewer than the {task.length} sites of the ring, got {taps}")
        correlations = difference_correlations(task, deformation, taps - 1)
        spread = [2 * (x - Fraction(4, task.length)) for x in pixel_correlations(task, taps - 1)]
    return Pencil(_toeplitz(correlations), _toeplitz(spread))


def least_quotient(pencil: Pencil, digits: int) -> tuple[fmpq, fmpq, list[fmpq]]:
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
    bits = 4 * digits + 40
    for _ in range(ATTEMPTS):
        upper = pencil.quotient(kernel)
        lower = upper * (1 - fmpq(1, 10**digits))
        if upper == 0 or pencil.exceeds(lower):
            return lower, upper, kernel
        kernel = _improved(pencil, kernel, upper, bits)
    raise SolverError(f"no kernel of {pencil.size} taps was proven best to {digits} digits; ask for fewer digits")


def is_positive_definite(matrix: fmpq_mat) -> bool:
    """Return whether a symmetric rational matrix is positive definite: all pivots of its elimination are positive.

    The pivots are computed as balls, and exactly where the balls do not decide.
    """
    for precision in PRECISIONS:
        with flint.ctx.workprec(precision):
            decided = _positive_pivots([[flint.arb(v) for v in row] for row in matrix.tolist()])
        if decided is not None:
            return decided
    return bool(_positive_pivots(matrix.tolist()))


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


def _improved(pencil: Pencil, kernel: list[fmpq], value: fmpq, bits: int) -> list[fmpq]:
    """Return one step of Rayleigh iteration, (N - value M)^(-1) M K, rounded; K itself if that is singular."""
    right = pencil.denominator * fmpq_mat(pencil.size, 1, kernel)
    try:
        solved = (pencil.numerator - pencil.denominator * value).solve(right)
    except ZeroDivisionError:
        return kernel
    return _rounded(solved.entries(), bits)


def _rounded(kernel: list[fmpq], bits: int) -> list[fmpq]:
    """Return a kernel scaled to a largest entry of 1, its entries rounded to multiples of 2^-bits."""
    largest = max(kernel, key=abs)
    return [fmpq((v / largest * 2**bits + fmpq(1, 2)).floor(), 2**bits) for v in kernel]


def _lone_correlations(taps: int, deformation: Deformation) -> list[Fraction]:
    """Return C_r of pixels far apart: 2 at lag 0 and -1 at lag |t| for each move t of either pixel."""
    correlations = [Fraction(0)] * taps
    for move, p in deformation.moves.items():
        for t in move:
            if t:
                correlations[0] += 2 * p
                if abs(t) < taps:
                    correlations[abs(t)] -= p
    return correlations


def _toeplitz(entries: Sequence[Fraction]) -> fmpq_mat:
    numbers = [as_fmpq(v) for v in entries]
    n = len(numbers)
    return fmpq_mat([[numbers[abs(i - j)] for j in range(n)] for i in range(n)])


def as_fmpq(value: Fraction) -> fmpq:
    """Return a Fraction as a flint rational."""
    return fmpq(value.numerator, value.denominator)


def as_fraction(value: Any) -> Fraction:
    """Return a flint rational as a Fraction."""
    return Fraction(int(value.p), int(value.q))


def ball_between(lower: fmpq, upper: fmpq, digits: int) -> Any:
    """Return a ball that holds the interval."""
    with flint.ctx.workprec(4 * digits + 40):
        return flint.arb(lower).union(flint.arb(upper))
