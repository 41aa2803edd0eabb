"""The closed form of D of a layer, in the variables asked for."""

from __future__ import annotations

from typing import Any

from solver.deformation import Deformation
from solver.errors import InputError
from solver.exact import choice, integer
from solver.symbolic.formula import Formula
from solver.symbolic.linear_layers import deformation_of_hidden
from solver.symbolic.rings import deformation_in_length
from solver.symbolic.scales import deformation_in_scale
from solver.symbolic.setting import Setting
from solver.symbolic.symbols import VARIABLES

QUANTITIES = ("D",)


def sensitivity_formula(
    construction: str,
    layer: Any = None,
    variables: Any = "l",
    *,
    quantity: str = "D",
    scale: int = 7,
    filter_size: int = 3,
    distances: str = "pairs",
    gap: int = 0,
    deformation: Deformation | None = None,
) -> Formula:
    """Return a sensitivity of one layer as an expression, with its range and its proof.

    Parameters
    ----------
    construction : {"uniform", "shift", "shift-mixed"}
    layer : int or str
        A number, ``last`` (layer k~) or ``output``; left out where k is a variable.
    variables : text or sequence of {"l", "xi", "k"}
        ``l`` (any layer), ``l,xi`` (hidden layers, the output, the last layer of `shift`), ``l,k`` (hidden layers).
    quantity : {"D"}
    scale : int
        xi, where it is not a variable.
    filter_size, distances, gap, deformation
        As for `construct`, `TwoPixelTask` and `sensitivities`.

    Raises
    ------
    InputError
        For arguments outside these ranges.
    NotApplicableError
        For combinations without a formula; says what there is.

    Examples
    --------
    >>> formula = sensitivity_formula("shift", "output", "l,xi")
    >>> formula.range_text, formula.at(l=32, xi=7)
    ('xi >= 2, l >= 2*xi + 1', Fraction(124, 1939))
    """
    choice(quantity, "quantity", QUANTITIES)
    setting = Setting(
        construction=construction,
        filter_size=filter_size,
        distances=distances,
        gap=gap,
        deformation=deformation or Deformation(),
    )
    names, place = _names(variables), _layer(layer)
    if "k" in names:
        if place is not None:
            raise InputError(f"layer: {place!r} was asked for in k, which is the layer; leave out one of them")
        return deformation_of_hidden(setting, names, None, integer(scale, "scale", 2))
    if place is None:
        raise InputError("layer: give a number, 'last' or 'output', or ask for a formula in l,k")
    if "xi" not in names:
        return deformation_in_length(setting, place, integer(scale, "scale", 2))
    if place in ("last", "output"):
        return deformation_in_scale(setting, place)
    return deformation_of_hidden(setting, names, int(place), None)


def _names(variables: Any) -> tuple[str, ...]:
    given = variables.replace(" ", "").split(",") if isinstance(variables, str) else list(variables)
    if set(given) - set(VARIABLES) or "l" not in given or len(given) != len(set(given)):
        raise InputError(f"variables: expected l, or l with xi or k, such as 'l,xi'; got {variables!r}")
    return tuple(name for name in VARIABLES if name in given)


def _layer(layer: Any) -> str | None:
    if layer is None or layer in ("last", "output"):
        return layer
    text = str(layer)
    if isinstance(layer, bool) or not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise InputError(f"layer: expected a number, 'last' or 'output', got {layer!r}")
    return str(int(text))
