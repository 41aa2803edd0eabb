"""Noise that is rectified a second time, at the pooled output (`uniform`, `shift-mixed`): deterministically.

With C = (theta - S)+ a unit is a = (S - theta)+ = S - theta + C, so the readout f = sum_p v a_p has

    Var f = v^2 (K^2 Var(sum_i r_i) + 2 K sum_q Cov(sum_i r_i, C_q) + sum_pq Cov(C_p, C_q)),    K = sum_o K_o.

The first term is closed form; the others are local and come from a transfer operator (`CoupledChains`).
Equal patterns of means are evaluated once, and distances out of sight are one class, so the cost does not
grow with l except through the nodes that weaker noise needs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np

from solver.errors import NotApplicableError
from solver.gaussian.coupled_chains import ChainResolution, CoupledChains
from solver.gaussian.enclosure import enclose
from solver.gaussian.moments import rectified_mean, rectified_product
from solver.network.network import Network
from solver.noise import GaussianNoise
from solver.sensitivity.rectified_twice import UnitRing, ring_units
from solver.task import TwoPixelTask
from solver.values import NumericValue

METHOD = "transfer operator on pairs of windows; error is estimated from two resolutions"
STEEPEST = 12.0
"""Largest theta / (least weight * sigma * last tap) for which both levels are resolved."""

Progress = Callable[[int, int], None]
Pattern = tuple[Fraction, ...]
Counts = dict[Pattern, Fraction]


@dataclass(frozen=True)
class PooledWindows:
    """The pooled sum of equal windows over one field, and the images that stand for the ensemble.

    Attributes
    ----------
    readout : Fraction
        v, the weight of every unit in f.
    weights, taps : tuple of Fraction
        K_1, ..., K_n and w_0, ..., w_D with w_D > 0.
    level, noise_variance : Fraction
        theta and s^2.
    images : list of (means, weight)
        The field's means along the representing ring; the weights sum to 1.
    background : list of Fraction
        The means along the ring without an image.
    stretch : Fraction
        Rings of background that the representing ring leaves out.
    """

    readout: Fraction
    weights: tuple[Fraction, ...]
    taps: tuple[Fraction, ...]
    level: Fraction
    noise_variance: Fraction
    images: list[tuple[list[Fraction], Fraction]]
    background: list[Fraction]
    stretch: Fraction

    @property
    def memory(self) -> int:
        """D, the number of noises that neighbouring sites share."""
        return len(self.taps) - 1

    @property
    def steepness(self) -> float:
        """theta / (least weight * sigma * last tap)."""
        return float(self.level / (min(self.weights) * self.taps[-1])) / float(self.noise_variance) ** 0.5

    @property
    def is_symmetric(self) -> bool:
        """Whether a pattern and its mirror image are alike."""
        return self.weights == self.weights[::-1] and self.taps == self.taps[::-1]

    def chains(self, resolution: ChainResolution) -> CoupledChains:
        """Return the transfer operator at a resolution."""
        taps, weights = (tuple(float(w) for w in ws) for ws in (self.taps, self.weights))
        return CoupledChains(taps, weights, float(self.level), float(self.noise_variance) ** 0.5, resolution)

    def patterns(self, sites: list[int]) -> Counts:
        """Return the means seen at ``sites`` from every unit, by how often they occur."""
        counts: Counts = defaultdict(Fraction)
        for means, weight in [*self.images, (self.background, self.stretch)]:
            for pattern, times in self.seen(means, sites).items():
                counts[pattern] += weight * times
        return {pattern: weight for pattern, weight in counts.items() if weight}

    def seen(self, means: list[Fraction], sites: list[int]) -> dict[Pattern, int]:
        """Return the means seen at ``sites`` from every unit of one image, by how often they occur."""
        length = len(means)
        counts: dict[Pattern, int] = defaultdict(int)
        for p in range(length):
            pattern = tuple(means[(p + o) % length] for o in sites)
            counts[min(pattern, pattern[::-1]) if self.is_symmetric else pattern] += 1
        return counts

    def covariance(self, lag: int) -> Fraction:
        """Return the covariance of z at two sites."""
        return self.noise_variance * sum((a * b for a, b in zip(self.taps, self.taps[lag:], strict=False)), Fraction(0))


def chain_readout_response(
    network: Network, task: TwoPixelTask, noise: GaussianNoise, *, progress: Progress | None = None
) -> NumericValue:
    """Return <(f_p(x + eta) - f_p(x))^2> of a network whose last layer rectifies a moving average of rectified noise.

    Parameters
    ----------
    progress : callable(done, total)
        Called after each lag between two windows, at each of two resolutions.

    Raises
    ------
    NotApplicableError
        If the units are not equal windows of consecutive positive weights over a field of one to three taps,
        the ring is too short, or the noise is too weak to be resolved.
    """
    windows = pooled_windows(network, task, noise)
    closed = float(sum(windows.weights)) ** 2 * _sum_variance(windows)
    stages = 2 * (len(windows.weights) + windows.memory)
    parts = []
    for fine in (False, True):
        parts.append([closed])
        for part in _parts(windows, fine):
            parts[-1].append(part)
            if progress:
                progress(len(parts[0]) + len(parts[-1]) * fine - 1 - fine, stages)
    coarse, exact = (float(windows.readout) ** 2 * np.array(each) for each in parts)
    error = np.abs(exact - coarse).sum() + 1e-13 * np.abs(exact).sum()
    return NumericValue(float(exact.sum()), float(error), METHOD)


def pooled_windows(network: Network, task: TwoPixelTask, noise: GaussianNoise) -> PooledWindows:
    """Return a network's pooled output as a sum of equal windows.

    Raises
    ------
    NotApplicableError
        If it is not one; says which condition fails.
    """
    ring = ring_units(network, task, noise, network.depth)
    units = ring.units
    readout = [Fraction(v) for v in network.pooled_readout(task.length)]  # type: ignore[arg-type]
    kernels = {kernel for kernel, v in zip(units.kernels, readout, strict=True) if v and kernel}
    if len(kernels) != 1:
        raise NotApplicableError("the units that the readout sees are not equal windows")
    offsets, weights = zip(*kernels.pop(), strict=True)
    if list(offsets) != list(range(offsets[0], offsets[0] + len(offsets))):
        raise NotApplicableError("the transfer operator takes windows of consecutive sites")
    if len(units.taps) > 3:
        raise NotApplicableError("the transfer operator takes fields of at most three taps")
    if 2 * (len(offsets) + len(units.taps)) - 3 > ring.length:
        raise NotApplicableError("two windows meet on both sides of the ring")
    taps = units.taps if units.taps[-1] > 0 else tuple(-w for w in units.taps)
    images = [(units.field_means(image, ring.length), weight) for image, weight in ring.images]
    background = units.field_means({}, ring.length)
    variance = noise.variance(task.length)
    windows = PooledWindows(sum(readout), weights, taps, units.level, variance, images, background, ring.stretch)
    if windows.steepness > STEEPEST:
        raise NotApplicableError("the noise is too weak against the level to be resolved")
    return windows


def _parts(windows: PooledWindows, fine: bool) -> Iterator[float]:
    """Yield what adds up to <(f - f0)^2> / v^2 beyond the closed part: lag by lag, then the square of the mean."""
    single, pair = resolutions(windows, fine)
    count, memory = len(windows.weights), windows.memory
    chains = windows.chains(single)
    alone = windows.patterns(list(range(count)))
    shortfalls = dict(zip(alone, chains.shortfalls(_floats(alone)), strict=True))

    def mean(pattern: Pattern) -> float:
        return float(shortfalls[min(pattern, pattern[::-1]) if windows.is_symmetric else pattern][0])

    wide = windows.patterns(list(range(-memory, count + memory)))
    tilts = chains.tilts(_floats(wide))
    variances = [second - first**2 for first, second in shortfalls.values()]
    yield 2 * float(sum(windows.weights)) * _weighted(wide, tilts) + _weighted(alone, variances)
    for lag in range(1, count + memory):
        if lag < count:
            together = windows.patterns(list(range(count + lag)))
            products = windows.chains(pair).products(_floats(together), lag)
            covariances = [c - mean(p[:count]) * mean(p[lag:]) for p, c in zip(together, products, strict=True)]
        else:
            together = windows.patterns([*range(count), *range(lag, lag + count)])
            covariances = list(chains.distant_covariances(_floats(together), lag))
        yield 2 * _weighted(together, covariances)
    yield _square_of_mean(windows, mean)


def _square_of_mean(windows: PooledWindows, mean: Callable[[Pattern], float]) -> float:
    """Return <(sum_p (E a_p - a0_p))^2> over the images."""

    @cache
    def shift(pattern: Pattern) -> float:
        pairs = list(zip(windows.weights, pattern, strict=True))
        calm = max(sum((w * max(m, Fraction(0)) for w, m in pairs), -windows.level), Fraction(0))
        moved = sum(float(w) * _mean(m, windows.covariance(0)) for w, m in pairs)
        return moved - float(windows.level + calm) + mean(pattern)

    def total(means: list[Fraction]) -> float:
        seen = windows.seen(means, list(range(len(windows.weights))))
        return sum(times * shift(pattern) for pattern, times in seen.items())

    rest = float(windows.stretch) * total(windows.background)
    return sum(float(weight) * (total(means) + rest) ** 2 for means, weight in windows.images)


def _sum_variance(windows: PooledWindows) -> float:
    """Return Var(sum_i r_i), averaged over the images."""
    variance = windows.covariance(0)
    total = 0.0
    for lag in range(windows.memory + 1):
        for (left, right), weight in windows.patterns([0, lag]).items():
            covariance = _covariance(left, right, variance, windows.covariance(lag))
            total += float(weight) * covariance * (2 if lag else 1)
    return total


def resolutions(windows: PooledWindows, fine: bool) -> tuple[ChainResolution, ChainResolution]:
    """Return the resolutions for one window and for two, coarse or fine."""
    nodes = int(8 + 1.4 * windows.steepness) + 4 * fine
    if windows.memory == 0:
        return (ChainResolution(1, 1, nodes + 6, nodes + 6),) * 2
    if fine:
        return ChainResolution(0.48, 7.5, nodes + 3, nodes + 3), ChainResolution(0.6, 6.9, nodes, nodes - 2)
    return ChainResolution(0.55, 7.0, nodes + 3, nodes + 3), ChainResolution(0.65, 6.5, nodes, nodes - 2)


def _floats(counts: Counts) -> list[tuple[float, ...]]:
    return [tuple(float(m) for m in pattern) for pattern in counts]


def _weighted(counts: Counts, values: object) -> float:
    return float(np.dot([float(weight) for weight in counts.values()], np.asarray(values)))


@cache
def _mean(mean: Fraction, variance: Fraction) -> float:
    return float(enclose(rectified_mean(mean, variance), 20))


@cache
def _covariance(left: Fraction, right: Fraction, variance: Fraction, covariance: Fraction) -> float:
    product = rectified_product(left, right, variance, variance, covariance)
    return float(enclose(product, 30) - enclose(rectified_mean(left, variance) * rectified_mean(right, variance), 30))


__all__ = ["PooledWindows", "UnitRing", "chain_readout_response", "pooled_windows"]
