"""The closed form of D, G or R of a layer, in the variables asked for."""

from __future__ import annotations

from typing import Any

from solver.constructions.registry import CONSTRUCTIONS
from solver.errors import InputError, NotApplicableError
from solver.numbers.exact import choice, integer
from solver.question.deformation import Deformation
from solver.question.noise import GaussianNoise
from solver.symbolic.deformation.energy import without_sigma
from solver.symbolic.deformation.linear_layers import deformation_of_hidden
from solver.symbolic.formula import Formula
from solver.symbolic.noise.hidden import noise_of_hidden
from solver.symbolic.noise.in_length import noise_in_length
from solver.symbolic.quotient import sensitivity_ratio
from solver.symbolic.rings import deformation_in_length
from solver.symbolic.scales import deformation_in_scale
from solver.symbolic.setting import Setting
from solver.symbolic.symbols import VARIABLES

QUANTITIES = ("D", "G", "R")


def sensitivity_formula(
    construction: str,
    layer: Any = None,
    variables: Any = "l",
    *,
    quantity: str = "D",
    scale: int = 7,
    filter_size: int | None = None,
    distances: str = "pairs",
    gap: int = 0,
    deformation: Deformation | None = None,
    noise: GaussianNoise | None = None,
    eliminate_sigma: bool = False,
) -> Formula:
    """Return a sensitivity of one layer as an expression, with its range and its proof.

    Parameters
    ----------
    construction : str
        A name in the registry, such as ``"uniform"``.
    layer : int or str
        A number, ``last`` (layer k~) or ``output``; left out where k is a variable.
    variables : text or sequence of {"l", "xi", "k"}
        ``l`` (any layer with a formula), ``l,xi`` (hidden layers; for D the output and the last layer of `shift` too),
        ``l,k`` (hidden layers; ``l,xi,k`` where the ensemble knows xi).
    quantity : {"D", "G", "R"}
        G and R = D/G are in sigma, Phi, phi and Phi2, and exist where the noise is rectified once or not at all.
    scale : int
        xi, where it is not a variable.
    filter_size, distances, gap, deformation
        As for `construct`, `TwoPixelTask` and `sensitivities`.
    noise : GaussianNoise
        Plain or rectified; its energy is what `Formula.value` puts into sigma^2 = energy / l.
    eliminate_sigma : bool
        Put sigma^2 = energy / l into the expression.

    Raises
    ------
    InputError
        For arguments outside these ranges.
    NotApplicableError
        For combinations without a formula; says what there is.

    Notes
    -----
    For xi = 7 and s = 3 a formula costs about a second in l or in l,xi and some seconds in l,k.  Formulas hold for
    any number of equal copies of the channels.

    Examples
    --------
    >>> formula = sensitivity_formula("shift", "output", "l,xi")
    >>> formula.range_text, formula.at(l=32, xi=7)
    ('xi >= 2, l >= 2*xi + 1', Fraction(124, 1939))
    >>> print(sensitivity_formula("shift", 0, "l", quantity="G"))
    G = l**2*sigma**2/(4*(l - 2)),  l >= 14
    """
    choice(quantity, "quantity", QUANTITIES)
    if not isinstance(eliminate_sigma, bool):
        raise InputError(f"eliminate_sigma: expected True or False, got {eliminate_sigma!r}")
    default = CONSTRUCTIONS[choice(construction, "construction", CONSTRUCTIONS)].default_size
    setting = Setting(
        construction=construction,
        filter_size=default if filter_size is None else filter_size,
        distances=distances,
        gap=gap,
        deformation=deformation or Deformation(),
    )
    names, place = _names(variables), _layer(layer)
    if "k" in names and place is not None:
        raise InputError(f"layer: {place!r} was asked for in k, which is the layer; leave out one of them")
    if "k" not in names and place is None:
        raise InputError("layer: give a number, 'last' or 'output', or ask for a formula in l,k")
    scale = integer(scale, "scale", 2)
    if setting.strided and names != ("l",):
        raise NotApplicableError(
            f"{construction!r} has strides, which have to divide l: there is a formula in l for a given scale (--in l)"
        )
    if quantity == "D":
        return _deformation(setting, names, place, scale)
    formula = _noise(setting, names, place, scale, noise or GaussianNoise())
    if quantity == "R":
        formula = sensitivity_ratio(_deformation(setting, names, place, scale), formula)
    return without_sigma(formula) if eliminate_sigma else formula


def _deformation(setting: Setting, names: tuple[str, ...], place: str | None, scale: int) -> Formula:
    """Return D."""
    if place is None:
        return deformation_of_hidden(setting, names, None, scale)
    if "xi" not in names:
        return deformation_in_length(setting, place, scale)
    if place in ("last", "output"):
        return deformation_in_scale(setting, place)
    return deformation_of_hidden(setting, names, int(place), None)


def _noise(setting: Setting, names: tuple[str, ...], place: str | None, scale: int, noise: GaussianNoise) -> Formula:
    """Return G."""
    if place is None:
        return noise_of_hidden(setting, names, None, scale, noise)
    if "xi" not in names:
        return noise_in_length(setting, place, scale, noise)
    if place in ("last", "output"):
        raise NotApplicableError(
            f"G of {'the output' if place == 'output' else 'the last layer'} has no formula in xi, as its noise is "
            "rectified more than once; hidden layers have one (--layer with a number, --in l,xi)"
        )
    return noise_of_hidden(setting, names, int(place), None, noise)


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
