"""The symbols that formulas are written in, and the probability of one distance as an expression in l and xi."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sympy
from sympy import Integer, Rational, floor

if TYPE_CHECKING:
    from sympy import Expr

ell, xi, k, d = sympy.symbols("l xi k d", integer=True, positive=True)
sigma = sympy.Symbol("sigma", positive=True)

VARIABLES = {"l": ell, "xi": xi, "k": k}
"""The variables a formula can be asked for in, by name."""


@dataclass(frozen=True)
class ClassWeights:
    """The probability of one distance d < l/2 of each class, and what d = l/2 has in comparison.

    Attributes
    ----------
    near, far : sympy expressions
        Of a distance d < xi - gap, and of one with d >= xi + gap.
    half : sympy number
        The probability of d = l/2 over ``far``.
    """

    near: Expr
    far: Expr
    half: Expr


def class_weights(distances: str, scale: Expr | int, gap: int) -> ClassWeights:
    """Return the weights of an ensemble; ``scale`` is a number or a symbol.

    Count d = l/2 as half a distance: the ring has (l-1)/2 of them, xi - gap - 1 near, (l+1)/2 - xi - gap far.
    In `flat` it counts in full, and there are floor(l/2).
    """
    if distances == "flat":
        weight = 1 / (floor(ell / 2) - 2 * gap)
        return ClassWeights(weight, weight, Integer(1))
    if distances == "balanced":
        near = 1 / (2 * (Integer(1) * scale - gap - 1))
        return ClassWeights(near, 1 / (ell + 1 - 2 * scale - 2 * gap), Rational(1, 2))
    weight = 2 / (ell - 1 - 4 * gap)
    return ClassWeights(weight, weight, Rational(1, 2))
