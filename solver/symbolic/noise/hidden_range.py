"""Where a formula for the hidden layers holds: layer k lies below the last, and no distance in sight ends early."""

from __future__ import annotations

from typing import Any

import sympy

from solver.errors import InputError
from solver.symbolic.formula import Point
from solver.symbolic.scales import scale_conditions
from solver.symbolic.setting import Setting
from solver.symbolic.symbols import ell, k, xi


def knows_scale(setting: Setting) -> bool:
    """Return whether the ensemble depends on xi."""
    return setting.distances == "balanced" or setting.gap > 0


def hidden_range(
    setting: Setting, variables: tuple[str, ...], number: Any, scale: int | None, lag: Any, reach: int
) -> tuple[dict[str, int], tuple[Any, ...]]:
    """Return what is not left open, and the relations under which a formula for layer ``number`` (or k) holds.

    Parameters
    ----------
    variables : tuple of {"l", "xi", "k"}
    number : sympy integer, or k
    scale : int or None
        xi, used where the ensemble knows it and it is no variable.
    lag, reach : sympy expression in k, and int
        The formula takes every distance up to ``lag + 2 reach`` to have one probability.

    Raises
    ------
    InputError
        If no point is left.
    """
    needs_scale = "xi" in variables or knows_scale(setting)
    fixed = {} if "xi" in variables or not needs_scale or scale is None else {"xi": scale}
    conditions = _conditions(setting, number, needs_scale, lag + 2 * reach)
    if fixed:
        conditions = [c.subs(xi, scale) for c in conditions]
    if sympy.false in conditions:
        raise InputError(
            f"layer: {number} is no hidden layer of {setting.construction!r} with a formula by kernels at scale "
            f"{scale}; use --in l"
        )
    return fixed, tuple(c for c in conditions if c is not sympy.true)


def scale_at(setting: Setting, number: int, point: Point) -> int:
    """Return xi at a point; where it does not matter, the least one at which layer ``number`` is hidden."""
    width = (setting.filter_size - 1) * number
    least = width + (2 if setting.every_scale else setting.filter_size) if number else 0
    return point.get("xi", max(least, setting.smallest_scale))


def _conditions(setting: Setting, number: Any, needs_scale: bool, sight: Any) -> list[Any]:
    step = setting.filter_size - 1
    conditions = [sympy.Ge(k, 1, evaluate=False)] if number == k else []
    smallest = step * number + 2 if setting.every_scale else step * (number + 1) + 1
    smallest = smallest if number != 0 else sympy.Integer(setting.smallest_scale)
    if not needs_scale:
        bounds = [2 * smallest] + ([2 * (sight + 1)] if setting.distances == "flat" or sight.has(k) else [])
        return [*conditions, *(sympy.Ge(ell, b) for b in _largest(bounds))]
    one_law = setting.distances == "pairs" and setting.gap == 0
    bounds = [smallest, sympy.Integer(setting.smallest_scale)] + ([] if one_law else [sight + setting.gap + 1])
    divides = () if setting.every_scale else scale_conditions(setting, 0)[1:]
    return [
        *conditions,
        *(sympy.Ge(xi, b) for b in _largest(bounds)),
        *divides,
        sympy.Ge(ell, 2 * xi + 2 * setting.gap),
    ]


def _largest(bounds: list[Any]) -> list[Any]:
    """Return the bounds without those that another one implies for every k >= 1."""
    kept: list[Any] = []
    for b in dict.fromkeys(map(sympy.expand, bounds)):
        if not any(_implied(b, other) for other in kept):
            kept = [other for other in kept if not _implied(other, b)] + [b]
    return kept


def _implied(bound: Any, by: Any) -> bool:
    """Return whether ``by - bound`` >= 0 at k = 1 and does not fall with k (both are affine in k)."""
    difference = sympy.expand(by - bound)
    return bool(difference.subs(k, 1) >= 0 and difference.coeff(k) >= 0)
