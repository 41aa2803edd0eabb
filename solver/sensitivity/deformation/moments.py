"""The numerator of D and the denominator of D and G, as exact mean squares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any


@dataclass(frozen=True)
class PairMoments:
    """Two exact mean squared differences of one layer's maps.

    Attributes
    ----------
    displacement : Fraction or Algebraic
        <||a(tau x) - a(x)||^2> over images and outcomes.
    spread : Fraction or Algebraic
        <||a(x1) - a(x2)||^2> over independent images, 2 (E||a||^2 - ||E a||^2).
    """

    displacement: Any
    spread: Any


def average(values: Any, weights: Iterable[Fraction]) -> Any:
    """Return sum_i w_i v_i, exactly."""
    return sum((v * w for v, w in zip(values, weights, strict=True)), Fraction(0))


def chunks(count: int, size: int) -> list[slice]:
    """Return the slices of 0..count in pieces of a size."""
    return [slice(a, b) for a, b in pairwise([*range(0, count, size), count])]
