"""Noise that is rectified a second time: independent sites by proven balls, moving averages by a transfer operator.

Units that see the same means are evaluated once, and distances out of sight are one class, so the cost
does not grow with l.  Derivations: derivations/noise_last_layer.py, derivations/noise_output.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import flint
import numpy as np
from flint import arb

from solver.errors import NotApplicableError
from solver.gaussian.balls import rational_ball
from solver.gaussian.independent import RectifiedSums, Term, Terms
from solver.network.network import Network
from solver.question.noise import GaussianNoise
from solver.question.task import TwoPixelTask
from solver.sensitivity.noise.once import noise_representatives
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.units import SlidingUnits, sliding_units

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

    @property
    def sites(self) -> int:
        """Sites of the rectified field."""
        return self.units.sites(self.length)

    @property
    def smallest_scale(self) -> Fraction:
        """The least w^2 v of a summand."""
        return min(w * w for kernel in self.units.kernels for _, w in kernel) * self.variance


def ring_units(network: Network, task: TwoPixelTask, noise: GaussianNoise, layer: int) -> UnitRing:
    """Return the sliding units of a layer on the ring that represents the task.

    Raises
    ------
    NotApplicableError
        If the layer does not rectify one stationary field a second time.
    """
    units = sliding_units(network, noise, layer)
    ring = noise_representatives(network, task)
    if units.span + len(units.taps) > units.sites(ring.length):
        raise NotApplicableError("a window wraps around the ring")
    images = [(image, weight) for image, (_, _, weight) in zip(ring.images, ring.pairs, strict=True)]
    return UnitRing(units, ring.length, images, ring.stretch, units.variance(noise.variance(task.length)))


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
    patterns, total = _Patterns(ring), BallSum(ring)
    for ids, weight in patterns.weighted_ids(background=True):
        for c, d in pairs:
            for split, count in patterns.splits(ids, c, d, lag=0):
                total.differences[split] += weight * count
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
    reach, count = (ring.units.span - 1) // ring.units.step, ring.sites // ring.units.step
    lags = range(-min(reach, (count - 1) // 2), min(reach, count // 2) + 1)
    channels = [(c, v) for c, v in enumerate(readout) if v]
    patterns, total = _Patterns(ring), BallSum(ring)
    for ids, weight in patterns.weighted_ids(background=True):
        for (c, v), (d, w) in ((x, y) for x in channels for y in channels):
            for lag in lags:
                for split, count in patterns.splits(ids, c, d, lag):
                    if split[0]:
                        total.covariances[split] += weight * v * w * count
    background = patterns.shifts(patterns.ids({}), readout)
    for ids, weight in patterns.weighted_ids(background=False):
        shifts = patterns.shifts(ids, readout)
        for terms, v in background.items():
            shifts[terms] += ring.stretch * v
        total.squares.append((dict(shifts), weight))
    return total


class _Patterns:
    """The summands of every unit as small integers, so that equal patterns are counted by numpy."""

    def __init__(self, ring: UnitRing) -> None:
        self.ring = ring
        self._terms: list[Term] = []
        self._index: dict[Term, int] = {}
        self._offsets = [[o % ring.sites for o, _ in kernel] for kernel in ring.units.kernels]

    def weighted_ids(self, *, background: bool) -> Iterator[tuple[list[np.ndarray], Fraction]]:
        """Yield the ids of each image with its weight; sites left out of the ring count as empty images."""
        for image, weight in self.ring.images:
            yield self.ids(image), weight
        if background and self.ring.stretch:
            yield self.ids({}), self.ring.stretch

    def ids(self, image: dict[int, int]) -> list[np.ndarray]:
        """Return for each channel the summands of its units, an integer array of shape (units, window)."""
        means = self.ring.units.field_means(image, self.ring.length)
        kinds, at = list(dict.fromkeys(means)), np.arange(0, self.ring.sites, self.ring.units.step)[:, None]
        positions = np.array([kinds.index(m) for m in means])
        result = []
        for kernel, offsets in zip(self.ring.units.kernels, self._offsets, strict=True):
            table = np.array(
                [[self._id(self.ring.units.term(w, m, self.ring.variance)) for m in kinds] for _, w in kernel]
            )
            window = positions[(at + np.array(offsets)) % self.ring.sites]
            result.append(table[np.arange(len(offsets)), window])
        return result

    def splits(
        self, ids: list[np.ndarray], c: int, d: int, lag: int
    ) -> Iterator[tuple[tuple[Terms, Terms, Terms], int]]:
        """Yield the summands that units (c, p) and (d, p + lag) share, and each one's own, by how many p have them.

        Which of the two is the left one does not matter, so their own summands come in sorted order.
        """
        common, left, right = self._overlap(c, d, lag)
        one, other = ids[c], np.roll(ids[d], -lag, axis=0)
        blocks = [np.sort(part, axis=1) for part in (one[:, common], one[:, left], other[:, right])]
        rows, counts = np.unique(np.concatenate(blocks, axis=1), axis=0, return_counts=True)
        ends = np.cumsum([len(common), len(left)])
        for row, count in zip(rows, counts, strict=True):
            shared, *apart = (self._sum(part) for part in np.split(row, ends))
            p, q = sorted(apart)
            yield (shared, p, q), int(count)

    def shifts(self, ids: list[np.ndarray], readout: list[Fraction]) -> dict[Terms, Fraction]:
        """Return the readout's weights summed over the units of each pattern."""
        shifts: dict[Terms, Fraction] = defaultdict(Fraction)
        for channel, v in zip(ids, readout, strict=True):
            for row, count in zip(*np.unique(np.sort(channel, axis=1), axis=0, return_counts=True), strict=True):
                shifts[self._sum(row)] += v * int(count)
        return shifts

    def _overlap(self, c: int, d: int, lag: int) -> tuple[list[int], list[int], list[int]]:
        """Return which summands two units share, as indices into the first, and which each has for itself."""
        weights = [[w for _, w in self.ring.units.kernels[n]] for n in (c, d)]
        one = {o: i for i, o in enumerate(self._offsets[c])}
        moved = lag * self.ring.units.step
        other = {(o + moved) % self.ring.sites: i for i, o in enumerate(self._offsets[d])}
        if any(weights[0][one[o]] != weights[1][other[o]] for o in one.keys() & other.keys()):
            raise NotApplicableError("two units weigh a shared site differently")
        common = [i for o, i in one.items() if o in other]
        return common, [i for o, i in one.items() if o not in other], [i for o, i in other.items() if o not in one]

    def _id(self, term: Term) -> int:
        if term not in self._index:
            self._index[term] = len(self._terms)
            self._terms.append(term)
        return self._index[term]

    def _sum(self, row: np.ndarray) -> Terms:
        return tuple(sorted(self._terms[i] for i in row))


class BallSum:
    """A rational combination of moments of units, gathered by pattern, that evaluates to any number of digits.

    ``covariances`` of two units and ``differences`` E[(a - a0)(a' - a0')] are keyed by their common, left and
    right summands; each entry of ``squares`` is a combination of mean differences E[a] - a0, to be squared.
    Covariances are incoherent, squares coherent, and a difference is Cov(a, a') + (E[a] - a0) (E[a'] - a0').
    """

    def __init__(self, ring: UnitRing) -> None:
        self.level = ring.units.level
        self.smallest_scale = ring.smallest_scale
        self.most_terms = max(len(kernel) for kernel in ring.units.kernels)
        self.differences: dict[tuple[Terms, Terms, Terms], Fraction] = defaultdict(Fraction)
        self.covariances: dict[tuple[Terms, Terms, Terms], Fraction] = defaultdict(Fraction)
        self.squares: list[tuple[dict[Terms, Fraction], Fraction]] = []

    def enclose(self, digits: int) -> arb:
        """Return a ball around the sum, of relative radius below 10^-digits."""
        return self.enclose_split(digits).total

    def enclose_split(self, digits: int) -> NoiseResponse[arb]:
        """Return balls around the sum and its two parts; a part may be 0 to 10^-(10 digits) of the sum instead."""
        working = digits + 5
        while True:
            balls = self._evaluate(working)
            small = abs(balls.total) * arb(10) ** (-10 * digits)
            parts = [part for part in (balls.coherent, balls.incoherent) if not abs(part) < small]
            if all(ball.rel_accuracy_bits() > digits * 3.33 for ball in (balls.total, *parts)):
                return balls
            working *= 2

    def _evaluate(self, digits: int) -> NoiseResponse[arb]:
        sums = RectifiedSums(self.level, digits, self.smallest_scale, self.most_terms)
        mean = cache(sums.excess)
        with flint.ctx.workprec(sums.precision):
            incoherent, coherent = arb(0), arb(0)
            for (common, left, right), weight in self.covariances.items():
                means = mean(joined(common, left)) * mean(joined(common, right))
                incoherent += rational_ball(weight) * (_product(sums, common, left, right) - means)
            total = incoherent
            for (common, left, right), weight in self.differences.items():
                p, q = joined(common, left), joined(common, right)
                p0, q0 = rational_ball(self.calm(p)), rational_ball(self.calm(q))
                product = _product(sums, common, left, right)
                total += rational_ball(weight) * (product - p0 * mean(q) - q0 * mean(p) + p0 * q0)
                coherent += rational_ball(weight) * (mean(p) - p0) * (mean(q) - q0)
                if common:
                    incoherent += rational_ball(weight) * (product - mean(p) * mean(q))
            for shifts, weight in self.squares:
                calm = sum((v * self.calm(terms) for terms, v in shifts.items()), Fraction(0))
                shift = sum((rational_ball(v) * mean(terms) for terms, v in shifts.items()), -rational_ball(calm))
                total += rational_ball(weight) * shift * shift
                coherent += rational_ball(weight) * shift * shift
            return NoiseResponse(total, coherent, incoherent)

    def calm(self, terms: Terms) -> Fraction:
        """Return a unit's activation without noise."""
        return max(sum((t.calm for t in terms), -self.level), Fraction(0))


def _independent(network: Network, task: TwoPixelTask, noise: GaussianNoise, layer: int) -> UnitRing:
    ring = ring_units(network, task, noise, layer)
    if not ring.units.is_independent:
        raise NotApplicableError("the sites of the rectified field are correlated")
    if not (network.is_rational and ring.units.is_positive):
        raise NotApplicableError("the series are for positive rational weights and a negative bias")
    if ring.units.level**2 > STEEPEST * ring.smallest_scale:
        raise NotApplicableError("the noise is too weak against the level for the series to be summed")
    return ring


def _product(sums: RectifiedSums, common: Terms, left: Terms, right: Terms) -> arb:
    return sums.excess_product(common, left, right) if left or right else sums.excess_square(common)


def joined(common: Terms, other: Terms) -> Terms:
    """Return the summands of one unit from those it shares and those of its own."""
    return tuple(sorted((*common, *other)))
