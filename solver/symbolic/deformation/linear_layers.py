"""D of the layers below the last, in l and k and, where the ensemble knows xi, in xi.

No ReLU cuts there (weights and images are >= 0), so a_k = K_k * x and D needs the autocorrelations A_r and
S2 = (sum K)^2 alone: <||K*u||^2> = sum_r A_r C_r for u = tau x - x, and sum_r A_r X_r for x.

C_r is own_r + p times a constant.  With M(z) the mean of (z^t2 - 1)(z^-t1 - 1), a pair at distance d > 2R, R the
reach, adds M(z) z^d and its mirror image to the lags; where all distances around r have one probability p, the sum
over d at lag r is p M(1) = 0 unless it is cut off at d = 0.  So beyond r = 4R every C_r vanishes, as long as r + 2R
stays below the distance at which the probability changes.  X_r is p for every r > 0 below that distance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import sympy

from solver.constructions.registry import CONSTRUCTIONS
from solver.errors import NotApplicableError
from solver.question.correlations import difference_correlations
from solver.question.deformation import Deformation
from solver.question.task import TwoPixelTask
from solver.symbolic.deformation.snomial import Snomial
from solver.symbolic.deformation.weights import class_weights
from solver.symbolic.formula import Formula, Point, Proof
from solver.symbolic.noise.hidden_range import hidden_range, scale_at
from solver.symbolic.rings import measured_deformation, ratio
from solver.symbolic.setting import Setting
from solver.symbolic.span import RingSpan
from solver.symbolic.symbols import ell, k, xi


@dataclass(frozen=True)
class HiddenKernel:
    """The autocorrelations of the effective kernels of a construction's hidden layers, per copy of one kernel.

    The kernel of layer k is (1 + z + ... + z^(s-1))^power, some shifts of it in as many channels: its
    autocorrelation at lag r is the coefficient of z^((s-1) power + r) in the square.

    Attributes
    ----------
    power : sympy expression in k
    size : int
        s.
    """

    power: Any
    size: int

    def autocorrelation(self, lag: int) -> Any:
        """Return A_r."""
        return Snomial(2 * self.power, (self.size - 1) * self.power + lag, self.size)

    @property
    def squared_sum(self) -> Any:
        """S2 = s^(2 power)."""
        return sympy.Integer(self.size) ** (2 * self.power)

    @property
    def width(self) -> Any:
        """The largest lag, plus 1."""
        return (self.size - 1) * self.power + 1


def hidden_kernel(setting: Setting, layer: Any) -> HiddenKernel:
    """Return the kernel of a hidden layer; every layer 0 is the image.

    Raises
    ------
    NotApplicableError
        If the construction's kernels are no powers of one polynomial.
    """
    if layer == 0:
        return HiddenKernel(sympy.S.Zero, setting.filter_size)
    power = CONSTRUCTIONS[setting.construction].hidden_power
    if power is None:
        known = [name for name, each in CONSTRUCTIONS.items() if each.hidden_power is not None]
        raise NotApplicableError(
            f"the hidden layers of {setting.construction!r} have no formula in k or xi; there is one in l for a given "
            f"scale (--in l), and in k for {', '.join(known)}"
        )
    return HiddenKernel(power[0] * layer + power[1], setting.filter_size)


def deformation_of_hidden(
    setting: Setting, variables: tuple[str, ...], layer: int | None, scale: int | None
) -> Formula:
    """Return D of hidden layer ``layer`` (None: of layer k, symbolic) in ``variables``.

    ``scale`` is used where the formula depends on xi and xi is not among the variables.
    """
    number: Any = k if layer is None else sympy.Integer(layer)
    kernel = hidden_kernel(setting, number)
    fixed, conditions = hidden_range(setting, variables, number, scale, kernel.width - 1, setting.deformation.reach)
    expression = deformation_ratio(setting, kernel).subs(xi, fixed.get("xi", xi))
    draft = Formula(
        quantity="D",
        expression=expression,
        setting=setting,
        layer="k" if layer is None else str(layer),
        variables=variables,
        fixed=fixed,
        conditions=conditions,
        proof=Proof(
            method="derived",
            reason="sums of kernel autocorrelations; no ReLU cuts, as no weight, bias or pixel is negative",
            certain=f"l >= {_certain_length(setting.deformation)} in the range",
        ),
        measure=lambda point: _measured(setting, layer, {**fixed, **point}),
    )
    return _certified(draft, layer)


def deformation_ratio(setting: Setting, kernel: HiddenKernel) -> Any:
    """Return sum_r A_r C_r / 2 (2 A_0 + p (S2 - A_0) - 4 S2/l), with p the probability of a distance below xi."""
    p = class_weights(setting.distances, xi, setting.gap).near
    first, *others = correlation_coefficients(setting.deformation)
    a, s2 = [*sympy.symbols(f"A:{len(others) + 1}"), sympy.Symbol("S")], sympy.Symbol("S2")
    displacement = a[0] * (first[0] + first[1] * p)
    displacement += sum(2 * a[lag] * (own + cut * p) for lag, (own, cut) in enumerate(others, start=1))
    above, below = ratio(displacement, 2 * (2 * a[0] + p * (s2 - a[0]) - 4 * s2 / ell)).as_numer_denom()
    values = {x: kernel.autocorrelation(lag) for lag, x in enumerate(a[:-1])} | {s2: kernel.squared_sum}
    if all(v.is_number for v in values.values()):
        return ratio(above.subs(values), below.subs(values))
    numerator, denominator = (by_lag(part, [*a, s2]).subs(values) for part in (above, below))
    return numerator / denominator


def by_lag(product: Any, symbols: list[Any]) -> Any:
    """Return a factored polynomial with the autocorrelations' coefficients collected, the first one positive."""
    factors = []
    for factor in sympy.Mul.make_args(product):
        if factor.has(*symbols):
            poly = sympy.Poly(factor, *symbols)
            factor = sympy.Add(
                *(sympy.factor(c) * sympy.prod(x**n for x, n in zip(symbols, e, strict=True)) for e, c in poly.terms())
            )
        factors.append(factor)
    return sympy.Mul(*factors)


def correlation_coefficients(deformation: Deformation) -> list[list[Any]]:
    """Return for r = 0..4 reach the two coefficients of C_r = own_r + cut_r p; beyond, C_r = 0."""
    reach = deformation.reach
    span = RingSpan((sympy.Integer(1), class_weights("pairs", xi, 0).near), _certain_length(deformation))

    def correlations(length: int) -> list[Any]:
        return difference_correlations(TwoPixelTask(length=length, scale=2), deformation, 4 * reach)

    return span.solved(correlations)


def _certain_length(deformation: Deformation) -> int:
    """Return the least l at which lags up to 4R see one probability p: the sight of `difference_correlations`."""
    return max(12 * deformation.reach + 2, 4)


def _measured(setting: Setting, layer: int | None, point: Point) -> Any:
    """Return D from a network."""
    number = layer if layer is not None else point["k"]
    return measured_deformation(setting, number, point["l"], scale_at(setting, number, point))


def _certified(draft: Formula, layer: int | None) -> Formula:
    """Return the formula on the range that every shorter ring confirms, and compared at points within it."""
    first = _certain_length(draft.setting.deformation)
    certified: list[Point] = []
    length = first
    while length > draft.setting.smallest_length(draft.setting.smallest_scale):
        points = list(hidden_points(draft, layer, length - 1))
        if not all(draft.agrees_at(point) for point in points):
            break
        certified += points
        length -= 1
    else:
        length = 0
    conditions = (*draft.conditions, *([sympy.Ge(ell, length)] if length else []))
    held_out = tuple(p for n in (first, first + 1, 2 * first + 9) for p in hidden_points(draft, layer, n))[:12]
    formula = replace(
        draft,
        conditions=conditions,
        proof=replace(draft.proof, certified=tuple(certified), held_out=held_out),
    )
    formula.check(held_out)
    return formula


def hidden_points(draft: Formula, layer: int | None, length: int) -> Iterator[Point]:
    """Yield the points of the range on one ring."""
    setting = draft.setting
    scales = [s for s in range(2, length // 2 + 1) if setting.reaches(s)] if "xi" in draft.variables else [0]
    layers = range(1, length) if layer is None else [layer]
    for number in layers:
        for scale in scales:
            point = {"l": length, "xi": scale, "k": number}
            point = {name: value for name, value in point.items() if name in draft.variables}
            if draft.holds_at(point):
                yield point
