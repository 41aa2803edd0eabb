"""Noise that is rectified a second time: independent sites by proven balls, moving averages by a transfer operator.

Units that see the same means are evaluated once, and distances out of sight are one class, so the cost
does not grow with l.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import flint
from flint import arb, fmpq

from solver.errors import NotApplicableError
from solver.gaussian.independent import RectifiedSums, Term, Terms
from solver.network.network import Network
from solver.noise import GaussianNoise
from solver.sensitivity.rectified_noise import noise_representatives
from solver.sensitivity.sliding import SlidingUnits, Window, sliding_units, window_ring
from solver.task import TwoPixelTask

PROVEN = "one-dimensional integrals in ball arithmetic; error is a proven bound"
STEEPEST = 1000
"""Largest theta^2 / min(w^2 v) that the series of `RectifiedSums` are used for."""


@dataclass(frozen=True)
class UnitRing:
    """The units of a layer on the representing ring, with the images that stand for the ensemble."""

    units: SlidingUnits
    length: int
    images: list[tuple[dict[int, int], Fraction]]
    stretch: Fraction
    variance: Fraction

    def weighted_windows(self, *, background: bool) -> Iterator[tuple[list[list[Window]], Fraction]]:
        """Yield the windows of each image with its weight; sites left out of the ring count as empty images."""
        for image, weight in self.images:
            yield self.units.windows(image, self.length), weight
        if background and self.stretch:
            yield self.units.windows({}, self.length), self.stretch


def ring_units(network: Network, task: TwoPixelTask, noise: GaussianNoise, layer: int) -> UnitRing:
    """Return the sliding units of a layer on the ring that represents the task.

    Raises
    ------
    NotApplicableError
        If the layer does not rectify one stationary field a second time.
    """
    units = sliding_units(network, noise, layer)
    ring = noise_representatives(network, task)
    stretch = Fraction(ring.missing_sites, ring.length)
    if units.span + len(units.taps) > ring.length:
        raise NotApplicableError("a window wraps around the ring")
    return UnitRing(units, ring.length, window_ring(ring), stretch, units.variance(noise.variance(task.length)))


def independent_layer_response(
    network: Network, task: TwoPixelTask, noise: GaussianNoise, layer: int, *, channel_mean: bool = False
) -> BallSum:
    """Return <||a(x + eta) - a(x)||^2> of a layer whose units sum independent sites.

    With ``channel_mean`` the maps are summed over channels first.

    Raises
    ------
    NotApplicableError
        If the sites are not independent, or two channels weigh a shared site differently.
    """
    ring = _independent(network, task, noise, layer)
    channels = range(len(ring.units.kernels))
    pairs = [(c, d) for c in channels for d in channels] if channel_mean else [(c, c) for c in channels]
    total = BallSum(ring)
    for windows, weight in ring.weighted_windows(background=True):
        for c, d in pairs:
            for p in range(ring.length):
                total.differences[_split(ring, windows, (c, p), (d, p))] += weight
    return total


def independent_readout_response(network: Network, task: TwoPixelTask, noise: GaussianNoise) -> BallSum:
    """Return <(f_p(x + eta) - f_p(x))^2> of a network whose last layer's units sum independent sites.

    Raises
    ------
    NotApplicableError
        If the sites are not independent, or two units weigh a shared site differently.
    """
    ring = _independent(network, task, noise, network.depth)
    readout = [Fraction(v) for v in network.pooled_readout(task.length)]  # type: ignore[arg-type]
    total = BallSum(ring)
    reach = ring.units.span - 1
    lags = range(-min(reach, (ring.length - 1) // 2), min(reach, ring.length // 2) + 1)
    channels = [(c, v) for c, v in enumerate(readout) if v]
    for windows, weight in ring.weighted_windows(background=True):
        for (c, v), (d, w) in ((x, y) for x in channels for y in channels):
            for p in range(ring.length):
                for lag in lags:
                    split = _split(ring, windows, (c, p), (d, (p + lag) % ring.length))
                    if split[0]:
                        total.covariances[split] += weight * v * w
    background = _shifts(ring, ring.units.windows({}, ring.length), readout)
    for windows, weight in ring.weighted_windows(background=False):
        shifts = _shifts(ring, windows, readout)
        for terms, v in background.items():
            shifts[terms] += ring.stretch * v
        total.squares.append((dict(shifts), weight))
    return total


class BallSum:
    """A rational combination of moments of units, gathered by pattern, that evaluates to any number of digits.

    ``covariances`` of two units and ``differences`` E[(a - a0)(a' - a0')] are keyed by their common, left and
    right summands; each entry of ``squares`` is a combination of mean differences E[a] - a0, to be squared.
    """

    def __init__(self, ring: UnitRing) -> None:
        self.level = ring.units.level
        self.smallest_scale = min(w * w for kernel in ring.units.kernels for _, w in kernel) * ring.variance
        self.most_terms = max(len(kernel) for kernel in ring.units.kernels)
        self.differences: dict[tuple[Terms, Terms, Terms], Fraction] = defaultdict(Fraction)
        self.covariances: dict[tuple[Terms, Terms, Terms], Fraction] = defaultdict(Fraction)
        self.squares: list[tuple[dict[Terms, Fraction], Fraction]] = []

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
        mean = cache(sums.excess)
        with flint.ctx.workprec(sums.precision):
            total = arb(0)
            for (common, left, right), weight in self.covariances.items():
                means = mean(_joined(common, left)) * mean(_joined(common, right))
                total += _arb(weight) * (_product(sums, common, left, right) - means)
            for (common, left, right), weight in self.differences.items():
                p, q = _joined(common, left), _joined(common, right)
                p0, q0 = self._calm(p), self._calm(q)
                product = _product(sums, common, left, right)
                total += _arb(weight) * (product - p0 * mean(q) - q0 * mean(p) + p0 * q0)
            for shifts, weight in self.squares:
                shift = sum((_arb(v) * (mean(terms) - self._calm(terms)) for terms, v in shifts.items()), arb(0))
                total += _arb(weight) * shift * shift
            return total

    def _calm(self, terms: Terms) -> arb:
        """Return the unit's activation without noise."""
        return _arb(max(sum((t.weight * max(t.mean, Fraction(0)) for t in terms), -self.level), Fraction(0)))


def _independent(network: Network, task: TwoPixelTask, noise: GaussianNoise, layer: int) -> UnitRing:
    ring = ring_units(network, task, noise, layer)
    if len(ring.units.taps) > 1:
        raise NotApplicableError("the sites of the rectified field are correlated")
    smallest = min(w * w for kernel in ring.units.kernels for _, w in kernel)
    if ring.units.level**2 > STEEPEST * smallest * ring.variance:
        raise NotApplicableError("the noise is too weak against the level for the series to be summed")
    return ring


def _split(
    ring: UnitRing, windows: list[list[Window]], one: tuple[int, int], other: tuple[int, int]
) -> tuple[Terms, Terms, Terms]:
    """Return the common, left and right summands of two units, given as (channel, site)."""
    p, q = (_summands(ring, windows, unit) for unit in (one, other))
    common = [p[site] for site in p if site in q]
    if any(p[site] != q[site] for site in p if site in q):
        raise NotApplicableError("two units weigh a shared site differently")
    left, right = [p[site] for site in p if site not in q], [q[site] for site in q if site not in p]
    return tuple(sorted(common)), tuple(sorted(left)), tuple(sorted(right))


def _summands(ring: UnitRing, windows: list[list[Window]], unit: tuple[int, int]) -> dict[int, Term]:
    channel, site = unit
    kernel = ring.units.kernels[channel]
    pairs = zip(kernel, windows[channel][site], strict=True)
    return {(site + o) % ring.length: Term(w, m, ring.variance) for (o, w), m in pairs}


def _shifts(ring: UnitRing, windows: list[list[Window]], readout: list[Fraction]) -> dict[Terms, Fraction]:
    shifts: dict[Terms, Fraction] = defaultdict(Fraction)
    for c, v in enumerate(readout):
        for p in range(ring.length):
            shifts[tuple(sorted(_summands(ring, windows, (c, p)).values()))] += v
    return shifts


def _product(sums: RectifiedSums, common: Terms, left: Terms, right: Terms) -> arb:
    return sums.excess_product(common, left, right) if left or right else sums.excess_square(common)


def _joined(common: Terms, other: Terms) -> Terms:
    return tuple(sorted((*common, *other)))


def _arb(number: Any) -> arb:
    return arb(fmpq(number.numerator, number.denominator))
