"""The least D of a linear layer over all kernels of a width: exact, in closed form, or proven to any digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from solver.constructions.windows import sine_window
from solver.errors import InputError
from solver.numbers.cosines import double_cosine
from solver.numbers.exact import Exact, integer, rational
from solver.optimal.exact_quotient import exact_least
from solver.optimal.pencil import Pencil, as_fraction, ball_between, deformation_pencil, least_quotient
from solver.question.deformation import Deformation, far_energy
from solver.question.task import TwoPixelTask
from solver.values import EnclosedValue, ExactValue, Value

EXACT_TAPS = 5
"""Up to this many free taps the least D is given as an algebraic number."""

LIMIT = "least eigenvalue of a path: the sine window has the largest lag-1 correlation"
ALGEBRAIC = "least root of det(N - D M), the generalised Rayleigh quotient of D"
PROVEN = "generalised Rayleigh quotient: D of a rational kernel from above, exact pivots of N - D M from below"


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

    Channels add up in both forms, so the sum is no better than its best channel.  For l -> infinity and moves by at
    most one pixel, min D = E/4 (1 - cos(pi/(n+1))) with E = ||tau x - x||^2 of pixels far apart
    (derivations/best_kernel.py).

    Parameters
    ----------
    taps : int
        n, fewer than the sites of the ring; (s-1) k + 1 in layer k.
    task : TwoPixelTask, optional
        Without it, the limit l -> infinity of the ensemble `pairs`.
    deformation : Deformation, optional
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
    if task is not None:
        task.as_ring("the best kernel")
    deformation = deformation or Deformation()
    factor = tuple(rational(v, "kernel entry") for v in multiple_of)
    if not any(factor):
        raise InputError("multiple_of: expected a kernel with an entry other than 0")
    integer(taps, "taps", len(factor))
    if task is None and deformation.reach == 1 and len(factor) == 1:
        least = far_energy(deformation) / 4 * (1 - double_cosine(taps + 1) / 2)
        return Optimum(ExactValue(least, LIMIT), sine_window(taps))
    pencil = deformation_pencil(taps, task, deformation)
    pencil = pencil.restricted(factor) if len(factor) > 1 else pencil
    if pencil.size <= EXACT_TAPS:
        number, other = exact_least(pencil)
        return Optimum(ExactValue(number, ALGEBRAIC), _multiple(factor, other))
    rational_kernel = tuple(as_fraction(v) for v in least_quotient(pencil, digits)[2])
    return Optimum(enclosed_least(pencil), _multiple(factor, rational_kernel))


def enclosed_least(pencil: Pencil) -> Value:
    """Return the least quotient of a pencil, enclosed to any digits by proof."""

    @cache
    def enclose(digits: int) -> Any:
        lower, upper, _ = least_quotient(pencil, digits + 1)
        return ball_between(lower, upper, digits)

    return EnclosedValue(enclose, PROVEN, lambda: r"\min_K \frac{K^{\top} N K}{K^{\top} M K}")


def _multiple(factor: tuple[Fraction, ...], other: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(np.convolve(np.array(factor, dtype=object), np.array(other, dtype=object)))
