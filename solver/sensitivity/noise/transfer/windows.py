"""Equal windows over one moving average, whose units rectify it a second time: a layer's, or those of f_p."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from solver.gaussian.chains.columns import Counts, Pattern
from solver.gaussian.chains.coupled_chains import ChainResolution, CoupledChains
from solver.sensitivity.noise.route import beyond_floats
from solver.sensitivity.noise.units import Refusal, UnitRing, Window, unit_ring

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

LARGEST_LEVEL = 10.0
"""Largest theta / (least weight * sigma * last tap) for which both levels of a pair are resolved."""
LONGEST_PANEL, SIGNED_PANEL = 10.0, 6.0
"""The most of a level, in units of least weight * sigma * last tap, that is one polynomial; less on long stretches."""
SHARPEST = Fraction(1, 2)
"""Least ratio of an outer tap to the largest tap for which the kinks in a noise are resolved."""
MOST_ENTRIES = 3e7
"""The largest matrix of one step (a quarter of a gigabyte)."""


@dataclass(frozen=True)
class EqualWindows:
    """Equal windows at every site of one field, and the images that stand for the ensemble.

    Attributes
    ----------
    readout : exact number
        v, the weight of every unit in f; 1 for the windows of a layer.
    weights, taps : tuple of exact numbers
        K_1, ..., K_n, of either sign and 0 in gaps, and w_0, ..., w_D with w_D > 0.
    level : exact number
        theta.
    noise_variance : Fraction
        s^2.
    images : list of (means, weight)
        The field's means along the representing ring; the weights sum to 1.
    background : list of Fraction
        The means along the ring without an image.
    stretch : Fraction
        Rings of background that the representing ring leaves out.
    """

    readout: Any
    weights: tuple[Any, ...]
    taps: tuple[Any, ...]
    level: Any
    noise_variance: Fraction
    images: list[tuple[list[Any], Fraction]]
    background: list[Any]
    stretch: Fraction

    @property
    def memory(self) -> int:
        """D, the number of noises that neighbouring sites share."""
        return len(self.taps) - 1

    @property
    def is_positive(self) -> bool:
        """Whether the level and every weight are positive, so that levels only fall and stay bounded."""
        return self.level > 0 and min(self.weights) > 0

    @property
    def unit(self) -> float:
        """least |weight| * sigma * last tap, the finest scale in a level."""
        return float(min(abs(w) for w in self.weights if w) * self.taps[-1]) * float(self.noise_variance) ** 0.5

    @property
    def steepness(self) -> float:
        """theta / (least weight * sigma * last tap)."""
        return float(self.level) / self.unit

    @property
    def sharpness(self) -> Any:
        """The lesser outer tap over the largest: how fast a site's mean turns with a noise that it shares."""
        return min(abs(self.taps[0]), self.taps[-1]) / max(abs(w) for w in self.taps)

    @property
    def narrowness(self) -> float:
        """How narrow a function of a noise is, against that of equal taps: squares of widths 1 and 1/sharpness add."""
        return float(np.sqrt(2 / (1 + float(self.sharpness) ** -2)))

    @property
    def is_symmetric(self) -> bool:
        """Whether a pattern and its mirror image are alike."""
        return self.weights == self.weights[::-1] and self.taps == self.taps[::-1]

    @cached_property
    def alone(self) -> Counts:
        """The means that one window sees, by how often they occur."""
        return self.patterns(range(len(self.weights)))

    def patterns(self, sites: Sequence[int], *, turn: bool = True) -> Counts:
        """Return the means seen at ``sites`` from every unit, by how often they occur.

        Patterns that are mirror images of each other count as one, if they are alike, unless ``turn`` is false.
        """
        counts: Counts = defaultdict(Fraction)
        for means, weight in [*self.images, (self.background, self.stretch)]:
            for pattern, times in self.seen(means, sites, turn=turn).items():
                counts[pattern] += weight * times
        return {pattern: weight for pattern, weight in counts.items() if weight}

    def seen(self, means: list[Any], sites: Sequence[int], *, turn: bool = True) -> dict[Pattern, int]:
        """Return the means seen at ``sites`` from every unit of one image, by how often they occur."""
        distinct = {mean: k for k, mean in enumerate(dict.fromkeys(means))}  # hashed once, as exact numbers are slow
        values, at = list(distinct), [distinct[mean] for mean in means]
        found = Counter(tuple(at[(p + o) % len(at)] for o in sites) for p in range(len(at)))
        counts: dict[Pattern, int] = defaultdict(int)
        for places, times in found.items():
            pattern = tuple(values[k] for k in places)
            counts[self.turned(pattern) if turn else pattern] += times
        return counts

    def turned(self, pattern: Pattern) -> Pattern:
        """Return the one of a pattern and its mirror image that stands for both, if they are alike."""
        return min(pattern, pattern[::-1]) if self.is_symmetric else pattern

    def covariance(self, lag: int) -> Any:
        """Return the covariance of z at two sites."""
        return self.noise_variance * sum((a * b for a, b in zip(self.taps, self.taps[lag:], strict=False)), Fraction(0))

    def calm_excess(self, pattern: Pattern) -> Any:
        """Return S - theta without noise of a window that sees a pattern."""
        return sum((w * max(m, Fraction(0)) for w, m in zip(self.weights, pattern, strict=True)), -self.level)

    @property
    def opposite(self) -> EqualWindows:
        """Windows of -S over the level -theta: their shortfall is the unit a = (S - theta)+ itself."""
        return replace(self, weights=tuple(-w for w in self.weights), level=-self.level)

    def chains(self, *, fine: bool, pair: bool = False) -> CoupledChains:
        """Return the transfer operator for one window or for two, at the coarser or the finer resolution."""
        taps, weights = (tuple(float(w) for w in ws) for ws in (self.taps, self.weights))
        deviation = float(self.noise_variance) ** 0.5
        return CoupledChains(taps, weights, float(self.level), deviation, self.resolution(fine=fine, pair=pair))

    def resolution(self, *, fine: bool, pair: bool) -> ChainResolution:
        """Return the resolution of `chains`.

        A level needs 2 nodes for each least weight * sigma, 3 where no shared noise blurs it; pairs are a few per cent
        of the whole and get by with the geometric mean of the weights.  Twelve digits at l = 32 and xi = 7.
        """
        longest = min(self.steepness, LONGEST_PANEL) if self.is_positive else SIGNED_PANEL
        nodes = int(10 + (2.2 if self.memory else 3) * longest) + 3 * fine
        panel = longest * self.unit
        if self.memory == 0:
            return ChainResolution(1, 9.0 if fine else 8.5, nodes, nodes * 3 // 4, panel)
        if not pair:
            step, reach = (0.44, 8.6) if fine else (0.48, 8.2)
            return ChainResolution(self.narrowness * step, reach, nodes, nodes * 3 // 4, panel)
        sizes = [abs(float(w)) for w in self.weights if w]
        typical = np.exp(np.mean(np.log(sizes))) / min(sizes)
        few = int(8 + 3 * self.steepness / typical) + 2 * fine
        step, reach = (0.52, 7.5) if fine else (0.56, 7.0)
        return ChainResolution(self.narrowness * step, reach, few, int(np.ceil(0.6 * few)))

    def weak_noise(self, patterns: Sequence[tuple[float, ...]]) -> str | None:
        """Return in words that the level takes too many panels, if it does."""
        entries = self.chains(fine=True).largest_step(patterns)
        return "the noise is too weak against the level to be resolved" if entries > MOST_ENTRIES else None


@lru_cache(maxsize=16)
def equal_windows(question: Question, layer: int) -> EqualWindows | Refusal:
    """Return the equal windows of a layer, of which every channel has one, or f_p as a sum of them."""
    ring = unit_ring(question, layer)
    if isinstance(ring, Refusal):
        return ring
    variance = question.noise.variance(question.task.sites)
    if not layer > question.depth:
        return _equal_windows(ring, set(ring.units.kernels), Fraction(1), variance)
    readout = question.network.pooled_readout(question.task.sites)
    kernels = {kernel for kernel, v in zip(ring.units.kernels, readout, strict=True) if v}
    windows = _equal_windows(ring, kernels, sum(readout, Fraction(0)), variance)
    if isinstance(windows, Refusal):
        return windows
    if not windows.is_positive:
        return Refusal("pairs of windows need positive weights without gaps and a negative bias")
    if windows.steepness > LARGEST_LEVEL:
        return Refusal("the noise is too weak against the level for pairs to be resolved")
    if 2 * (len(windows.weights) + len(windows.taps)) - 3 > ring.sites:
        return Refusal("two windows meet on both sides of the ring")
    return windows


def _equal_windows(ring: UnitRing, kernels: set[Window], readout: Any, variance: Fraction) -> EqualWindows | Refusal:
    if len(kernels) != 1:
        return Refusal("the units are not equal windows")
    if why := beyond_floats(variance):
        return Refusal(why)
    units = ring.units
    if units.has_strides:
        return Refusal("units with strides do not slide over the field")
    known = dict(kernels.pop())
    weights = tuple(known.get(o, Fraction(0)) for o in range(min(known), max(known) + 1))
    if len(units.taps) > 3:
        return Refusal("the transfer operator takes fields of at most three taps")
    turn = slice(None, None, -1 if abs(units.taps[0]) > abs(units.taps[-1]) else 1)  # larger outer tap last
    taps = units.taps[turn]
    taps = taps if taps[-1] > 0 else tuple(-w for w in taps)
    images = [(means[turn], weight) for means, weight in ring.images]
    windows = EqualWindows(readout, weights[turn], taps, units.level, variance, images, ring.background, ring.stretch)
    if windows.sharpness < SHARPEST:
        return Refusal("an outer tap of the field is too small against the others to be resolved")
    return windows


def float_patterns(patterns: Iterable[Pattern]) -> list[tuple[float, ...]]:
    """Return the patterns as floats."""
    return [tuple(float(m) for m in pattern) for pattern in patterns]


def float_counts(counts: Counts) -> Counts:
    """Return how often patterns occur, with their means as floats."""
    return dict(zip(float_patterns(counts), counts.values(), strict=True))


def weighted_sum(counts: Counts, values: object) -> float:
    """Return the sum of one value per pattern, weighted by how often it occurs."""
    return float(np.dot([float(weight) for weight in counts.values()], np.asarray(values)))
