"""The closed form of D, G or R of a layer, in the variables asked for."""

from __future__ import annotations

from collections.abc import Sequence

from solver.constructions.registry import CONSTRUCTIONS
from solver.errors import InputError, NotApplicableError
from solver.numbers.exact import choice, integer
from solver.question.deformation import Deformation
from solver.question.noise import GaussianNoise, Noise
from solver.symbolic.combined import sensitivity_ratio, without_sigma
from solver.symbolic.formula import Formula
from solver.symbolic.hidden_deformation import deformation_of_hidden
from solver.symbolic.hidden_layer import HiddenLayer
from solver.symbolic.hidden_noise import noise_of_hidden
from solver.symbolic.in_length import deformation_in_length, noise_in_length
from solver.symbolic.in_scale import deformation_in_scale
from solver.symbolic.setting import Setting
from solver.symbolic.symbols import VARIABLES


def sensitivity_formula(
    construction: str,
    layer: int | str | None = None,
    variables: str | Sequence[str] = "l",
    *,
    quantity: str = "D",
    scale: int = 7,
    filter_size: int | None = None,
    distances: str = "pairs",
    gap: int = 0,
    deformation: Deformation | None = None,
    noise: Noise | None = None,
    eliminate_sigma: bool = False,
) -> Formula:
    """Return D, G or R = D/G of a ``layer`` (docs/theory.md, section 5) as a `Formula`; costs seconds.

    ``variables`` are ``l``, for any layer with a formula; ``l,xi``, for hidden layers and D of some last ones; ``l,k``,
    for hidden layers (``l,xi,k`` where the ensemble knows xi).  ``scale`` is xi where that is no variable.  G and R are
    there where the ``noise`` is rectified at most once; ``eliminate_sigma`` puts its sigma^2 = energy / l in.  All else
    is as for the ``construction`` in `construct`, for `TwoPixelTask` and `Question`.

    Raises
    ------
    InputError, NotApplicableError
        For arguments out of range, and for combinations without a formula; says what there is.

    Examples
    --------
    >>> sensitivity_formula("shift", "output", "l,xi").at(l=32, xi=7)
    Fraction(124, 1939)
    >>> print(sensitivity_formula("shift", 0, "l", quantity="G"))
    G = l**2*sigma**2/(4*(l - 2)),  l >= 14
    """
    choice(quantity, "quantity", ("D", "G", "R"))
    if not isinstance(eliminate_sigma, bool):
        raise InputError(f"eliminate_sigma: expected True or False, got {eliminate_sigma!r}")
    family = CONSTRUCTIONS[choice(construction, "construction", CONSTRUCTIONS)]
    size = family.default_size if filter_size is None else filter_size
    law, noise = deformation or Deformation(), noise or GaussianNoise()
    noise.assume("independent", "gaussian")
    setting = Setting(construction=construction, filter_size=size, distances=distances, gap=gap, deformation=law)
    found = _formula(setting, quantity, *_names_and_layer(variables, layer), integer(scale, "scale", 2), noise)
    return without_sigma(found) if eliminate_sigma else found


def _formula(
    setting: Setting, quantity: str, names: tuple[str, ...], layer: str | None, scale: int, noise: Noise
) -> Formula:
    """Return D, G or their quotient: for a given scale, of a hidden layer, or of the last ones in l and xi."""
    if setting.strided and names != ("l",):
        raise NotApplicableError(
            f"{setting.construction!r} has strides, which have to divide l: there is a formula in l for a given scale "
            "(--in l)"
        )
    if quantity == "R":
        G = _formula(setting, "G", names, layer, scale, noise)
        return sensitivity_ratio(_formula(setting, "D", names, layer, scale, noise), G)
    if names == ("l",) and layer is not None:
        if quantity == "D":
            return deformation_in_length(setting, layer, scale)
        return noise_in_length(setting, layer, scale, noise)
    if layer in ("last", "output"):
        if quantity == "D":
            return deformation_in_scale(setting, layer)
        raise NotApplicableError(
            f"G of {'the output' if layer == 'output' else 'the last layer'} has no formula in xi, as its noise is "
            "rectified more than once; hidden layers have one (--layer with a number, --in l,xi)"
        )
    hidden = HiddenLayer(setting, names, *((None, scale) if layer is None else (int(layer), None)))
    return deformation_of_hidden(hidden) if quantity == "D" else noise_of_hidden(hidden, noise)


def _names_and_layer(variables: str | Sequence[str], layer: int | str | None) -> tuple[tuple[str, ...], str | None]:
    """Return the variables in order, and the layer as text (None: layer k)."""
    given = variables.replace(" ", "").split(",") if isinstance(variables, str) else list(variables)
    if set(given) - set(VARIABLES) or "l" not in given or len(given) != len(set(given)):
        raise InputError(f"variables: expected l, or l with xi or k, such as 'l,xi'; got {variables!r}")
    text = str(layer)
    if layer not in (None, "last", "output"):
        if isinstance(layer, bool) or not (text.isascii() and text.isdecimal() and len(text) < 6):
            raise InputError(f"layer: expected a number, 'last' or 'output', got {layer!r}")
        text = str(int(text))
    if "k" in given and layer is not None:
        raise InputError(f"layer: {text!r} was asked for in k, which is the layer; leave out one of them")
    if "k" not in given and layer is None:
        raise InputError("layer: give a number, 'last' or 'output', or ask for a formula in l,k")
    return tuple(name for name in VARIABLES if name in given), None if layer is None else text
