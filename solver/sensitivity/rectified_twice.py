"""Noise that is rectified a second time, where the sites it comes from are independent (`shift`): proven balls.

A unit of the second rectifying layer is (S - theta)+ with S a sum of independent rectified Gaussians, so its
moments, and those of two units that share summands, are one-dimensional integrals (`RectifiedSums`).  Units
that see the same pattern of summands are evaluated once, and distances out of sight are one class.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import flint
import numpy as np
from flint import arb, fmpq

from solver.errors import NotApplicableError
from solver.gaussian.independent import RectifiedSums, Term, Terms
from solver.network.kernels import effective_kernel
from solver.network.linearity import stays_linear
from solver.network.network import Network
from solver.noise import GaussianNoise
from solver.sensitivity.rectified_noise import RectifiedFields, kernel_matrix, rectifying_layer
from solver.task import TwoPixelTask

METHOD = "one-dimensional integrals in ball arithmetic; error is a proven bound"


@dataclass(frozen=True)
class _Unit:
    """One output unit: which independent fields it sums, with which weights, and its weight in the readout."""

    weights: dict[int, Fraction]
    readout: Fraction
    site: int


class IndependentUnits:
    """The noise response of a layer of units (S - theta)+ with independent summands, and of its pooled readout.

    Raises
    ------
    NotApplicableError
        If the layer is not of this form; says which condition fails.
    """

    def __init__(
        self, network: Network, task: TwoPixelTask, noise: GaussianNoise, layer: int, *, channel_mean: bool = False
    ) -> None:
        source = rectifying_layer(network, layer - 1, noise)
        if source is None or not stays_linear(network, layer - 1, after=source):
            raise NotApplicableError(f"the noise does not reach layer {layer} rectified exactly once")
        if not network.is_rational or network.layers[layer - 1].activation != "relu":
            raise NotApplicableError(f"layer {layer} is not a ReLU layer with rational weights")
        self.fields = RectifiedFields(network, task, noise, layer)
        kernel = effective_kernel(network, layer, after=source)
        levels = {-b for b in kernel.bias}
        if len(levels) > 1 or min(levels) <= 0:
            raise NotApplicableError(f"the effective biases of layer {layer} are not one negative number")
        self.level = levels.pop()
        self.channel_mean = channel_mean
        self._ids, self._variances = self._independent_fields()
        self._units = self._all_units(kernel_matrix(kernel, self.fields.sites), network, task, layer)

    def _independent_fields(self) -> tuple[np.ndarray, list[Fraction]]:
        """Return for each source unit the index of its field, equal units sharing one, and the fields' variances."""
        fields = self.fields
        rows: dict[Any, int] = {}
        ids = [rows.setdefault((*row, b), len(rows)) for row, b in zip(fields.operator, fields.bias, strict=True)]
        first = [ids.index(n) for n in range(len(rows))]
        covariance = fields.covariance[np.ix_(first, first)]
        if np.count_nonzero(covariance) != len(first) or not all(np.diag(covariance) > 0):
            raise NotApplicableError("the rectified pre-activations are not independent of each other")
        self._first = first
        return np.array(ids), list(np.diag(covariance))

    def _all_units(self, operator: np.ndarray, network: Network, task: TwoPixelTask, layer: int) -> list[_Unit]:
        sites = self.fields.output_sites
        readout = network.pooled_readout(task.length) if layer == network.depth else ()
        units = []
        for n, row in enumerate(operator):
            weights: dict[int, Fraction] = defaultdict(Fraction)
            for i in np.flatnonzero(row):
                weights[int(self._ids[i])] += Fraction(int(row[i])) if isinstance(row[i], np.integer) else row[i]
            if any(w < 0 for w in weights.values()):
                raise NotApplicableError("a summand has a negative weight")
            channel, site = divmod(n, sites)
            v = Fraction(readout[channel]) if readout else Fraction(0)
            units.append(_Unit({i: w for i, w in weights.items() if w}, v, site))
        return units

    @cached_property
    def _overlaps(self) -> list[tuple[int, int]]:
        """Pairs of units that share a summand, both orders."""
        sees: dict[int, set[int]] = defaultdict(set)
        for n, unit in enumerate(self._units):
            for i in unit.weights:
                sees[i].add(n)
        pairs = {(n, m) for units in sees.values() for n in units for m in units}
        for n, m in pairs:
            p, q = self._units[n].weights, self._units[m].weights
            if any(p[i] != q[i] for i in p.keys() & q.keys()):
                raise NotApplicableError("two units weigh a shared summand differently")
        return sorted(pairs)

    def layer_response(self) -> BallSum:
        """Return E||a(x + eta) - a(x)||^2 of the layer, channels averaged first (up to a factor) if asked for."""
        pairs = [(n, n) for n in range(len(self._units))]
        if self.channel_mean:
            pairs = [(n, m) for n, m in self._overlaps if self._units[n].site == self._units[m].site]
            self._refuse_disjoint_channels()
        total = self._sum()
        for means, weight in self.fields.weighted_means():
            patterns = self._patterns(means)
            for n, m in pairs:
                total.add_difference(*self._split(patterns, n, m), weight)
        return total

    def readout_response(self) -> BallSum:
        """Return E[(f_p(x + eta) - f_p(x))^2] of the pooled readout of the layer."""
        total = self._sum()
        for means, weight in self.fields.weighted_means():
            patterns = self._patterns(means)
            for n, m in self._overlaps:
                factor = weight * self._units[n].readout * self._units[m].readout
                total.add_covariance(*self._split(patterns, n, m), factor)
        background = self._shifts(self.fields.background)
        for means, weight in self.fields.weighted_means(background=False):
            shifts = self._shifts(means)
            for terms, v in background.items():
                shifts[terms] += self.fields.stretch * v
            total.squares.append((dict(shifts), weight))
        return total

    def _refuse_disjoint_channels(self) -> None:
        sites: dict[int, list[int]] = defaultdict(list)
        for n, unit in enumerate(self._units):
            sites[unit.site].append(n)
        known = set(self._overlaps)
        if any((n, m) not in known for units in sites.values() for n in units for m in units):
            raise NotApplicableError("channels that share no summand cannot be averaged by this route")

    def _sum(self) -> BallSum:
        scales = [w * w * self._variances[i] for unit in self._units for i, w in unit.weights.items()]
        return BallSum(self.level, min(scales), max(len(unit.weights) for unit in self._units))

    def _patterns(self, means: list[Any]) -> list[dict[int, Term]]:
        field_means = [Fraction(means[i]) for i in self._first]
        return [
            {i: Term(w, field_means[i], self._variances[i]) for i, w in unit.weights.items()} for unit in self._units
        ]

    def _split(self, patterns: list[dict[int, Term]], n: int, m: int) -> tuple[Terms, Terms, Terms]:
        """Return the common, left and right summands of two units."""
        p, q = patterns[n], patterns[m]
        common = [p[i] for i in p if i in q]
        left, right = [p[i] for i in p if i not in q], [q[i] for i in q if i not in p]
        return tuple(sorted(common)), tuple(sorted(left)), tuple(sorted(right))

    def _shifts(self, means: list[Any]) -> dict[Terms, Fraction]:
        shifts: dict[Terms, Fraction] = defaultdict(Fraction)
        for unit, pattern in zip(self._units, self._patterns(means), strict=True):
            shifts[tuple(sorted(pattern.values()))] += unit.readout
        return shifts


class BallSum:
    """A rational combination of moments of units, gathered by pattern, that evaluates to any number of digits.

    Differences are a(x + eta) - a(x); ``covariances`` and ``differences`` are keyed by the common, left and
    right summands of two units, and each entry of ``squares`` is a sum of mean differences, to be squared.
    """

    def __init__(self, level: Fraction, smallest_scale: Fraction, most_terms: int) -> None:
        self.level = level
        self.smallest_scale = smallest_scale
        self.most_terms = most_terms
        self.differences: dict[tuple[Terms, Terms, Terms], Fraction] = defaultdict(Fraction)
        self.covariances: dict[tuple[Terms, Terms, Terms], Fraction] = defaultdict(Fraction)
        self.squares: list[tuple[dict[Terms, Fraction], Fraction]] = []

    def add_difference(self, common: Terms, left: Terms, right: Terms, weight: Fraction) -> None:
        """Add weight E[(a - a0)(a' - a0')] of two units."""
        self.differences[common, left, right] += weight

    def add_covariance(self, common: Terms, left: Terms, right: Terms, weight: Fraction) -> None:
        """Add weight Cov(a, a') of two units."""
        self.covariances[common, left, right] += weight

    def enclose(self, digits: int) -> arb:
        """Return a ball around the sum, of relative radius below 10^-digits."""
        working = digits + 5
        while True:
            ball = self._evaluate(working)
            if ball.rel_accuracy_bits() > digits * 3.33:
                return ball
            working *= 2

    def _evaluate(self, digits: int) -> arb:
        sums = RectifiedSums(self.level, digits, self.smallest_scale, self.most_terms)
        mean = _remembered(sums.excess)
        with flint.ctx.workprec(sums.precision):
            total = arb(0)
            for (common, left, right), weight in self.covariances.items():
                both = self._product(sums, common, left, right)
                product = mean(_joined(common, left)) * mean(_joined(common, right))
                total += _arb(weight) * (both - product)
            for (common, left, right), weight in self.differences.items():
                p, q = _joined(common, left), _joined(common, right)
                p0, q0 = self._calm(p), self._calm(q)
                both = self._product(sums, common, left, right)
                total += _arb(weight) * (both - p0 * mean(q) - q0 * mean(p) + p0 * q0)
            for shifts, weight in self.squares:
                shift = sum((_arb(v) * (mean(terms) - self._calm(terms)) for terms, v in shifts.items()), arb(0))
                total += _arb(weight) * shift * shift
            return total

    def _product(self, sums: RectifiedSums, common: Terms, left: Terms, right: Terms) -> arb:
        if not left and not right:
            return sums.excess_square(common)
        return sums.excess_product(common, left, right)

    def _calm(self, terms: Terms) -> arb:
        """Return the unit's activation without noise."""
        return _arb(max(sum((t.weight * max(t.mean, Fraction(0)) for t in terms), -self.level), Fraction(0)))


def _remembered(function: Callable[[Terms], arb]) -> Callable[[Terms], arb]:
    from functools import cache

    return cache(function)


def _joined(common: Terms, other: Terms) -> Terms:
    return tuple(sorted((*common, *other)))


def _arb(number: Fraction) -> arb:
    return arb(fmpq(number.numerator, number.denominator))
