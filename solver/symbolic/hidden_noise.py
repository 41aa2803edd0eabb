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

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import count
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import sympy
from sympy import Integer

from solver.errors import InputError, SolverError
from solver.network.layer import Layer
from solver.network.network import Network
from solver.network.representatives import noise_representatives
from solver.numbers.exact import Exact
from solver.question.noise import GaussianNoise, Noise
from solver.question.task import TwoPixelTask
from solver.sensitivity.noise.once import RectifiedFields
from solver.sensitivity.noise.second_moment import SecondMoment
from solver.symbolic.formula import Formula, Point, point_text
from solver.symbolic.hidden_deformation import by_lag
from solver.symbolic.hidden_layer import HiddenKernel, HiddenLayer, hidden_kernel
from solver.symbolic.measured import pair_counts
from solver.symbolic.pair_moments import PairCounts, PairKind, over_spread
from solver.symbolic.setting import LONG, Setting
from solver.symbolic.span import RingSpan
from solver.symbolic.symbols import class_weights, ell, k, xi

if TYPE_CHECKING:
    from sympy import Expr


def noise_of_hidden(hidden: HiddenLayer, noise: Noise) -> Formula:
    """Return G of a hidden layer, its numbers of pairs held to the networks' at the ends of its range.

    Raises
    ------
    InputError
        If there is no such hidden layer.
    NotApplicableError
        If the construction's kernels are no powers of one polynomial.
    SolverError
        If a number of pairs or a denominator differs: as they are the same for every sigma, so is G else.
    """
    hidden = replace(hidden, setting=hidden.setting.for_noise(noise))
    conditions = hidden.conditions(0)
    sums = HiddenNoise.of(hidden.setting, hidden.number, noise)
    draft = hidden.formula(
        sums.expression(hidden.setting),
        conditions,
        reason="sums of kernel autocorrelations times moments of pairs of windows (solver.symbolic.hidden_noise)",
        certain="the whole range",
        noise=noise,
    )
    points = _smallest_points(draft, hidden)
    if not points:
        raise InputError(f"{draft.setting.construction!r} has no hidden layer in the range {draft.range_text}")
    for point in points:
        if not _agrees(draft, sums, point, noise):
            text = point_text({**draft.fixed, **point})
            raise SolverError(f"G of a hidden layer at {text} is not that of the network")
    return replace(draft, proof=replace(draft.proof, held_out=tuple(points)))


@dataclass(frozen=True)
class HiddenNoise:
    """The noise response of a hidden layer as counts of pairs of windows, each a combination of A_r.

    Attributes
    ----------
    kernel : HiddenKernel
        From the image to the layer.
    after : HiddenKernel
        From the windows to the layer.
    windows : tuple of PairCounts
        M_0 and M_r + M_-r for r = 1..w, the numbers being (constant, factor of p, factor of l); empty for noise
        that nothing has rectified.
    """

    kernel: HiddenKernel
    after: HiddenKernel
    windows: tuple[PairCounts, ...]

    @classmethod
    def of(cls, setting: Setting, number: Expr, noise: Noise) -> HiddenNoise:
        """Return the noise response of a layer of a construction, per copy of its kernel."""
        kernel = hidden_kernel(setting, number)
        if number == 0 and not noise.rectified:
            return cls(kernel, kernel, ())
        first = Integer(0) if number == 0 or noise.rectified else hidden_kernel(setting, Integer(1)).power
        after = HiddenKernel(kernel.power - first, setting.filter_size)
        return cls(kernel, after, window_pairs(int((setting.filter_size - 1) * first + 1), noise.rectified))

    @cached_property
    def lags(self) -> tuple[Expr, ...]:
        """The symbols of A_0, A_1, ... of the kernel from the windows on, up to lag w - 1."""
        return sympy.symbols(f"A:{max(len(self.windows) - 1, 1)}")

    def counts(self, p: Expr) -> PairCounts:
        """Return the mean numbers of pairs in l, p, A_r and the sum of A_r beyond."""
        if not self.windows:
            return {(): ell * self.lags[0]}
        counts: PairCounts = defaultdict(int)
        for weight, windows in zip((*self.lags, _BEYOND / 2), self.windows, strict=True):
            for kind, (own, near, each) in windows.items():
                counts[kind] += weight * (own + near * p + each * ell)
        return counts

    def spread(self, p: Expr) -> Expr:
        """Return the denominator 2 (2 B_0 + p (T - B_0) - 4 T/l), B and T of the kernel from the image on."""
        return 2 * (2 * _OWN + p * (_TOTAL - _OWN) - 4 * _TOTAL / ell)

    def values(self) -> dict[Expr, Expr]:
        """Return A_r, S2 - sum_(|r| < w) A_r, B_0 and T by their symbols."""
        lags = [self.after.autocorrelation(lag) for lag in range(len(self.lags))]
        beyond = self.after.squared_sum - lags[0] - 2 * sympy.Add(*lags[1:])
        ends = {_OWN: self.kernel.autocorrelation(0), _TOTAL: self.kernel.squared_sum}
        return {**dict(zip(self.lags, lags, strict=True)), _BEYOND: beyond, **ends}

    def expression(self, setting: Setting) -> Expr:
        """Return G in l, xi and k."""
        p, values = setting.weights().near, self.values()
        numbers = {symbol: v for symbol, v in values.items() if v.is_number}
        counts = {kind: number.subs(numbers) for kind, number in self.counts(p).items()}
        factor, terms = over_spread(counts, self.spread(p).subs(numbers))
        symbols = [symbol for symbol in values if symbol not in numbers]
        if not symbols:
            return factor * sympy.Add(*(sympy.factor(c) * f for f, c in terms.items()))
        above, below = (by_lag(part, symbols) for part in factor.as_numer_denom())
        total = sympy.Add(*(by_lag(sympy.factor(c), symbols) * f for f, c in terms.items()))
        return (above * total / below).subs(values)


_BEYOND, _OWN, _TOTAL = sympy.symbols("A_beyond B0 T")


@cache
def window_pairs(width: int, rectified: bool) -> tuple[PairCounts, ...]:
    """Return M_0 and M_r + M_-r, r = 1..w, for windows of w sites, each number as (constant, factor of p, of l).

    Solved from the pairs of windows on six rings of the ensemble `pairs`; the span is 1, p, l as images out of sight
    are one class.
    """
    first = noise_representatives(_windows(width), TwoPixelTask(length=LONG, scale=2)).length
    span = RingSpan((Integer(1), class_weights("pairs", xi, 0).near, ell), first)
    found: list[PairCounts] = [{} for _ in range(width + 1)]
    for (lag, kind), numbers in span.solved(lambda length: _window_pairs_on(length, width, rectified)).items():
        found[lag][kind] = tuple(numbers)
    return tuple(found)


def _window_pairs_on(length: int, width: int, rectified: bool) -> dict[tuple[int, PairKind], Exact]:
    """Return the number of pairs by lag and kind."""
    task, noise = TwoPixelTask(length=length, scale=2), GaussianNoise(energy=length, rectified=rectified)
    network = _windows(width)
    fields = RectifiedFields(network, task, noise, network.depth)
    unit = np.eye(prod(fields.shape), dtype=object)
    found: dict[tuple[int, PairKind], Exact] = {}
    for lag in range(width + 1):
        pairs = fields.pairs(np.roll(unit, lag, axis=1) + (np.roll(unit, -lag, axis=1) if lag else 0))
        total = SecondMoment()
        for means, weight in fields.weighted_means():
            total.add(fields.local_moment(pairs, means), weight)
        found |= {(lag, kind): number for kind, number in pair_counts(total).items()}
    return found


def _windows(width: int) -> Network:
    """Return a network that rectifies windows of w sites, and sees far enough for two at lag w."""
    return Network(layers=tuple(Layer(filters=(((1,) * size,),)) for size in (width, width + 1)))


def _agrees(draft: Formula, sums: HiddenNoise, point: Point, noise: Noise) -> bool:
    """Return whether numbers of pairs and denominator, times the channels, equal the network's."""
    measured = draft.layer_at(point)
    at = {ell: measured.length, xi: measured.scale, k: measured.layer}
    p = draft.setting.weights().near.subs(at)
    values = {symbol: v.subs(at) for symbol, v in sums.values().items()} | at
    channels = measured.network.layers[measured.layer - 1].channels if measured.layer else 1
    counts = {kind: channels * n.subs(values) for kind, n in sums.counts(p).items()}
    return measured.has_counts(counts, channels * sums.spread(p).subs(values), noise)


def _smallest_points(draft: Formula, hidden: HiddenLayer) -> list[Point]:
    """Return points of the range with the least k, xi and l, and somewhat larger ones."""
    points: list[Point] = []
    setting = draft.setting
    for number in (1, 2, 3) if hidden.layer is None else (hidden.layer,):  # lags beyond w enter from k = 3 on
        widest = (setting.filter_size - 1) * (number + 2) + setting.gap + 3
        places = hidden.places([number], range(2, 2 * widest))
        for place in [place for place in places if draft.holds_at({"l": LONG, **place})][:2]:
            least = next(n for n in count(4) if draft.holds_at({"l": n, **place}))
            points += [{"l": n, **place} for n in (least, least + 1, least + 8)]
    return points
