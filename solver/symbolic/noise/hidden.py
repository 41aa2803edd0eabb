r"""G of the layers below the last, in l and k, in l and xi, or in all three.

The first layer rectifies the noise on windows of w sites (w = s in `uniform`, w = 1 where its filters are one-hot, and
for noise that comes rectified), later ones sum.  With delta = (z)+ - (m)+ at the sites of the first layer, and A_r and
S2 the autocorrelations and the squared sum of the kernel from there to layer k,
<||a_k(x + eta) - a_k(x)||^2> = sum_r A_r M_r, M_r = <sum_i delta_i delta_(i+r)>.

At lags r >= w two windows share no site, so their noises are independent, and what they hold is the same question at
every lag: each two sites, at a distance of probability p, hold the pixels equally often.  So M_r = M_w there, and the
sum is A_0 M_0 + 2 sum_(0 < r < w) A_r M_r + (S2 - sum_(|r| < w) A_r) M_w, as long as the distances up to (s-1) k have
that one probability.  M_r counts pairs of windows by what they hold, in numbers that are combinations of 1, p and l.
(Derivation: derivations/noise_hidden_layers.py.)
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import count
from math import prod
from typing import Any

import numpy as np
import sympy
from sympy import Integer

from solver.errors import InputError, SolverError
from solver.network.layer import Layer
from solver.network.network import Network
from solver.question.noise import GaussianNoise
from solver.question.task import TwoPixelTask
from solver.sensitivity.noise.once import RectifiedFields, noise_representatives
from solver.sensitivity.noise.second_moment import SecondMoment
from solver.symbolic.deformation.linear_layers import HiddenKernel, by_lag, hidden_kernel
from solver.symbolic.deformation.weights import class_weights
from solver.symbolic.formula import Formula, Point, Proof
from solver.symbolic.noise.hidden_range import hidden_range, scale_at
from solver.symbolic.noise.in_length import measured_noise, noise_deformation, pair_counts, same_counts
from solver.symbolic.noise.pair_moments import Counts, Kind, by_function, over
from solver.symbolic.setting import Setting, point_text
from solver.symbolic.span import RingSpan
from solver.symbolic.symbols import ell, k, xi

_LONG = 10**9


def noise_of_hidden(
    setting: Setting, variables: tuple[str, ...], layer: int | None, scale: int | None, noise: GaussianNoise
) -> Formula:
    """Return G of hidden layer ``layer`` (None: of layer k, symbolic) in ``variables`` and sigma.

    ``scale`` is used where the ensemble depends on xi and xi is not among the variables.

    Raises
    ------
    InputError
        If there is no such hidden layer.
    NotApplicableError
        If the construction's kernels are no powers of one polynomial.
    """
    setting = replace(setting, deformation=noise_deformation(setting, noise))
    number: Any = k if layer is None else Integer(layer)
    kernel = hidden_kernel(setting, number)
    fixed, conditions = hidden_range(setting, variables, number, scale, kernel.width - 1, 0)
    sums = HiddenNoise.of(setting, number, noise)
    draft = Formula(
        quantity="G",
        expression=sums.expression(setting).subs(xi, fixed.get("xi", xi)),
        setting=setting,
        layer="k" if layer is None else str(layer),
        variables=variables,
        fixed=fixed,
        conditions=conditions,
        proof=Proof(
            method="derived",
            reason="sums of kernel autocorrelations times moments of pairs of windows (solver.symbolic.noise.hidden)",
            certain="the whole range",
        ),
        noise=noise,
        measure=lambda point: _measured(setting, layer, {**fixed, **point}, noise),
    )
    return _held_out(draft, layer, sums)


class HiddenNoise:
    """The noise response of a hidden layer as counts of pairs of windows, each a combination of A_r.

    Attributes
    ----------
    kernel : HiddenKernel
        From the image to the layer.
    after : HiddenKernel
        From the windows to the layer.
    windows : tuple of Counts
        M_0 and M_r + M_-r for r = 1..w, the numbers being (constant, factor of p, factor of l); empty for noise
        that nothing has rectified.
    """

    def __init__(self, kernel: HiddenKernel, after: HiddenKernel, windows: tuple[Counts, ...]) -> None:
        self.kernel, self.after, self.windows = kernel, after, windows
        self.lags = sympy.symbols(f"A:{max(len(windows) - 1, 1)}")
        self.beyond, self.own, self.own_total = sympy.symbols("A_beyond B0 T")

    @classmethod
    def of(cls, setting: Setting, number: Any, noise: GaussianNoise) -> HiddenNoise:
        """Return the noise response of a layer of a construction, per copy of its kernel."""
        kernel = hidden_kernel(setting, number)
        if number == 0 and not noise.rectified:
            return cls(kernel, kernel, ())
        first = Integer(0) if number == 0 or noise.rectified else hidden_kernel(setting, Integer(1)).power
        width = int((setting.filter_size - 1) * first + 1)
        after = HiddenKernel(kernel.power - first, setting.filter_size)
        return cls(kernel, after, window_pairs(width, noise.rectified))

    def counts(self, p: Any) -> Counts:
        """Return the mean numbers of pairs in l, p, A_r and the sum of A_r beyond."""
        if not self.windows:
            return {(): ell * self.lags[0]}
        counts: Counts = {}
        for weight, windows in zip((*self.lags, self.beyond / 2), self.windows, strict=True):
            for kind, (own, near, each) in windows.items():
                counts[kind] = counts.get(kind, 0) + weight * (own + near * p + each * ell)
        return counts

    def spread(self, p: Any) -> Any:
        """Return the denominator 2 (2 B_0 + p (T - B_0) - 4 T/l), B and T of the kernel from the image on."""
        return 2 * (2 * self.own + p * (self.own_total - self.own) - 4 * self.own_total / ell)

    def values(self) -> dict[Any, Any]:
        """Return A_r, S2 - sum_(|r| < w) A_r, B_0 and T by their symbols."""
        lags = [self.after.autocorrelation(lag) for lag in range(len(self.lags))]
        beyond = self.after.squared_sum - lags[0] - 2 * sympy.Add(*lags[1:])
        ends = {self.own: self.kernel.autocorrelation(0), self.own_total: self.kernel.squared_sum}
        return {**dict(zip(self.lags, lags, strict=True)), self.beyond: beyond, **ends}

    def expression(self, setting: Setting) -> Any:
        """Return G in l, xi and k."""
        p, values = class_weights(setting.distances, xi, setting.gap).near, self.values()
        numbers = {symbol: v for symbol, v in values.items() if v.is_number}
        counts = {kind: number.subs(numbers) for kind, number in self.counts(p).items()}
        factor, terms = over(by_function(counts), self.spread(p).subs(numbers))
        symbols = [symbol for symbol in values if symbol not in numbers]
        if not symbols:
            return factor * sympy.Add(*(sympy.factor(c) * f for f, c in terms.items()))
        above, below = (by_lag(part, symbols) for part in factor.as_numer_denom())
        total = sympy.Add(*(by_lag(sympy.factor(c), symbols) * f for f, c in terms.items()))
        return (above * total / below).subs(values)


@cache
def window_pairs(width: int, rectified: bool) -> tuple[Counts, ...]:
    """Return M_0 and M_r + M_-r, r = 1..w, for windows of w sites, each number as (constant, factor of p, of l).

    Solved from the pairs of windows on six rings of the ensemble `pairs`; the span is 1, p, l as images out of sight
    are one class.
    """
    first = noise_representatives(_windows(width), TwoPixelTask(length=_LONG, scale=2)).length
    span = RingSpan((Integer(1), class_weights("pairs", xi, 0).near, ell), first)
    rows = {n: _window_pairs_on(n, width, rectified) for n in (*span.fitted, *span.held_out)}
    found: list[Counts] = []
    for lag in range(width + 1):
        kinds: list[Kind] = list(dict.fromkeys(kind for row in rows.values() for kind in row[lag]))
        solved = span.solved(lambda n, lag=lag, kinds=kinds: [rows[n][lag].get(kind, Fraction(0)) for kind in kinds])  # type: ignore[misc]
        found.append(dict(zip(kinds, map(tuple, solved), strict=True)))
    return tuple(found)


def _window_pairs_on(length: int, width: int, rectified: bool) -> list[Counts]:
    task, noise = TwoPixelTask(length=length, scale=2), GaussianNoise(energy=length, rectified=rectified)
    network = _windows(width)
    fields = RectifiedFields(network, task, noise, network.depth)
    unit = np.eye(prod(fields.shape), dtype=object)
    rows = []
    for lag in range(width + 1):
        pairs = fields.pairs(np.roll(unit, lag, axis=1) + (np.roll(unit, -lag, axis=1) if lag else 0))
        total = SecondMoment()
        for means, weight in fields.weighted_means():
            total.add(fields.local_moment(pairs, means), weight)
        rows.append(pair_counts(total))
    return rows


def _windows(width: int) -> Network:
    """Return a network that rectifies windows of w sites, and sees far enough for two at lag w."""
    return Network(layers=tuple(Layer(filters=(((1,) * size,),)) for size in (width, width + 1)))


def _measured(setting: Setting, layer: int | None, point: Point, noise: GaussianNoise) -> Any:
    number = layer if layer is not None else point["k"]
    return measured_noise(setting, number, point["l"], scale_at(setting, number, point), noise)


def _held_out(draft: Formula, layer: int | None, sums: HiddenNoise) -> Formula:
    """Return the formula, its numbers of pairs held to the networks' at the ends of its range: so for every sigma."""
    points = _smallest_points(draft, layer)
    if not points:
        raise InputError(f"{draft.setting.construction!r} has no hidden layer in the range {draft.range_text}")
    for point in points:
        if not _agrees(draft, layer, sums, {**draft.fixed, **point}):
            raise SolverError(f"G of a hidden layer at {point_text(point)} is not that of the network")
    return replace(draft, proof=replace(draft.proof, held_out=tuple(points)))


def _agrees(draft: Formula, layer: int | None, sums: HiddenNoise, point: Point) -> bool:
    """Return whether numbers of pairs and denominator, times the channels, equal the network's."""
    setting, number = draft.setting, layer if layer is not None else point["k"]
    length, scale = point["l"], scale_at(setting, number, point)
    at = {ell: length, xi: scale, k: number}
    p = class_weights(setting.distances, xi, setting.gap).near.subs(at)
    values = {symbol: v.subs(at) for symbol, v in sums.values().items()} | at
    layers = setting.network(setting.task(length, scale)).layers
    channels = layers[number - 1].channels if number else 1
    counts = {kind: channels * n.subs(values) for kind, n in sums.counts(p).items()}
    spread = channels * sums.spread(p).subs(values)
    return same_counts(counts, spread, setting, number, length, scale, draft.noise or GaussianNoise())


def _smallest_points(draft: Formula, layer: int | None) -> list[Point]:
    """Return points of the range with the least k, xi and l, and somewhat larger ones."""
    points: list[Point] = []
    setting = draft.setting
    for number in (1, 2, 3) if layer is None else (layer,):  # lags beyond w enter from k = 3 on
        widest = (setting.filter_size - 1) * (number + 2) + setting.gap + 3
        scales = [s for s in range(2, 2 * widest) if setting.reaches(s)] if "xi" in draft.variables else [0]
        named = [{"xi": s, "k": number} for s in scales]
        named = [{name: v for name, v in place.items() if name in draft.variables} for place in named]
        for place in [place for place in named if draft.holds_at({**place, "l": _LONG})][:2]:
            least = next(n for n in count(4) if draft.holds_at({**place, "l": n}))
            points += [{"l": n, **place} for n in (least, least + 1, least + 8)]
    return points
