"""The least D of a linear layer over all kernels of a width: exact, in closed form, or proven to any digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq_mat

from solver.constructions.windows import sine_window
from solver.errors import InputError
from solver.numbers.cosines import double_cosine
from solver.numbers.exact import Exact, integer, rational
from solver.optimal.pencil import Pencil, as_fmpq, as_fraction, bounded_least, enclosed_least, exact_least
from solver.question.correlations import difference_correlations, pixel_correlations
from solver.question.deformation import Deformation, far_energy
from solver.question.task import TwoPixelTask
from solver.values import ExactValue, Value

EXACT_TAPS = 5
"""Up to this many free taps the least D is given as an algebraic number."""

LIMIT = "least eigenvalue of a path: the sine window has the largest lag-1 correlation"
ALGEBRAIC = "least root of det(N - D M), the generalised Rayleigh quotient of D"


@dataclass(frozen=True)
class Optimum:
    """The infimum of D over the kernels of a width.

    Attributes
    ----------
    value : Value
        The infimum.
    kernel : tuple of exact numbers
        A kernel of D equal to it; where the value is no exact number, a rational kernel whose D exceeds it by less
        than ``digits`` digits show.
    """

    value: Value
    kernel: tuple[Exact, ...]


def best_deformation(
    taps: int,
    task: TwoPixelTask | None = None,
    deformation: Deformation | None = None,
    *,
    multiple_of: Sequence[Any] = (1,),
    digits: int = 30,
) -> Optimum:
    """Return the least D that a layer linear in the image can have with kernels of n taps, in any number of channels.

    Channels add up, so the sum is no better than its best one.  For l -> infinity and moves by at most one pixel, min D
    = E/4 (1 - cos(pi/(n+1))), E = ||tau x - x||^2 of far pixels (derivations/best_kernel.py).  Costs O(n^3) operations.

    Parameters
    ----------
    taps : int
        n, fewer than the sites of the ring; (s-1) k + 1 in layer k.
    task, deformation : TwoPixelTask and Deformation
        Without a task, the limit l -> infinity of the ensemble `pairs`.
    multiple_of : sequence of rational numbers
        Only kernels that are this one convolved with another: those one layer above it, in a single channel.
    digits : int
        To which the kernel is found where the least D has no exact form.

    Raises
    ------
    InputError
        If the kernel is too wide for the ring or narrower than ``multiple_of``.

    Examples
    --------
    >>> best_deformation(3).value.exact == Fraction(2, 3) * (1 - double_cosine(4) / 2)
    True
    """
    task = task and task.as_ring("the best kernel")
    deformation = deformation or Deformation()
    factor = tuple(rational(v, "kernel entry") for v in multiple_of)
    if not any(factor):
        raise InputError("multiple_of: expected a kernel with an entry other than 0")
    integer(taps, "taps", len(factor))
    if task is None and deformation.reach == 1 and len(factor) == 1:
        least = far_energy(deformation) / 4 * (1 - double_cosine(taps + 1) / 2)
        return Optimum(ExactValue(least, LIMIT), sine_window(taps))
    return _least(deformation_pencil(taps, task, deformation), factor, digits)


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


def _least(pencil: Pencil, factor: tuple[Fraction, ...], digits: int) -> Optimum:
    """Return the least quotient over the multiples of a kernel."""
    pencil = pencil.restricted(factor) if len(factor) > 1 else pencil
    value: Value
    if pencil.size <= EXACT_TAPS:
        number, other = exact_least(pencil)
        value = ExactValue(number, ALGEBRAIC)
    else:
        value, other = enclosed_least(pencil), tuple(as_fraction(v) for v in bounded_least(pencil, digits)[2])
    if len(factor) == 1:
        return Optimum(value, other)
    return Optimum(value, tuple(np.convolve(np.array(factor, dtype=object), np.array(other, dtype=object))))


def _lone_correlations(taps: int, deformation: Deformation) -> list[Fraction]:
    """Return C_r of pixels far apart: 2 at lag 0 and -1 at lag |t| for each move t of either pixel."""
    correlations = [Fraction(0)] * taps
    for t, p in ((abs(t), p) for move, p in deformation.moves.items() for t in move if t):
        correlations[0] += 2 * p
        if t < taps:
            correlations[t] -= p
    return correlations


def _toeplitz(entries: Sequence[Fraction]) -> fmpq_mat:
    numbers = [as_fmpq(v) for v in entries]
    return fmpq_mat([[numbers[abs(i - j)] for j in range(len(numbers))] for i in range(len(numbers))])
