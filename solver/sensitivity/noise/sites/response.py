"""The noise response of layers and of f_p whose units see independent sites, deterministically."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import pairwise, product
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from solver.gaussian.sites.laws import FINE
from solver.gaussian.sites.piecewise import PiecewiseChange
from solver.gaussian.sites.sums import knot_counts
from solver.network.representatives import noise_representatives
from solver.sensitivity.noise.response import NUMERIC, NoiseResponse, kept
from solver.sensitivity.noise.route import Evaluation, Progress, Route, beyond_floats
from solver.sensitivity.noise.sites.moments import SiteMoments, seen_unit
from solver.sensitivity.noise.sites.patterns import SeenPair, SeenUnit, SitePatterns
from solver.sensitivity.noise.sites.units import SiteOffset, site_units
from solver.sensitivity.noise.transfer.output import mean_square, product_with_error, sum_of_parts
from solver.sensitivity.noise.units import Refusal
from solver.values import NumericValue, Value

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

SITES_METHOD = "laws of sums of independent sites; error is estimated from two resolutions"
MOST_KNOTS = 600
"""The places where the density of one sum is not analytic, beyond which it is not made."""
Pairing = tuple[int, int, SiteOffset]
"""Two channels, and how many units the second one is ahead."""


@dataclass(frozen=True, eq=False)
class SiteLayer:
    """A layer, or f_p, whose units see independent sites.

    Attributes
    ----------
    patterns : SitePatterns
    moments : SiteMoments
    pairings : dict of {Pairing: exact number}
        The pairs of units whose products add up, each with its weight.
    counts : dict of {SeenUnit: Fraction}
        How often each unit occurs, on average over the images.
    """

    patterns: SitePatterns
    moments: SiteMoments
    pairings: dict[Pairing, Any]
    counts: dict[SeenUnit, Fraction]

    @cached_property
    def knots(self) -> dict[tuple[PiecewiseChange, ...], list[int]]:
        """At how many places the densities of the sums that occur are not analytic, site after site."""
        sums = {self.moments.changes_of(unit.row, FINE.reach) for unit in self.counts}
        return {changes: knot_counts(changes, FINE.reach, MOST_KNOTS) for changes in sums}

    @property
    def cost(self) -> float:
        """About how many terms of polynomials are evaluated: for all laws that differ, and for pairs of units."""
        laws = {
            changes[:n]: (many + 15) * (few + 30)
            for changes, counts in self.knots.items()
            for n, (few, many) in enumerate(pairwise([0, *counts]), start=1)
        }
        return FINE.nodes**3 * sum(laws.values()) + 1e7 * len(self.pairings) * len(self.counts)


@lru_cache(maxsize=16)
def site_layer(question: Question, layer: int) -> SiteLayer | Refusal:
    """Return the units of a layer, or of f_p those of the last one, if they see independent sites in a known way."""
    variance = question.noise.variance(question.task.sites)
    if why := beyond_floats(variance):
        return Refusal(why)
    units = site_units(question, layer)
    if isinstance(units, Refusal):
        return units
    patterns = SitePatterns(units, noise_representatives(question.network, question.task))
    if patterns.wraps:
        return Refusal("a window wraps around the ring")
    pairings = _pairings(question, layer, patterns)
    if any(not patterns.is_alike(*pairing) for pairing in pairings):
        return Refusal("two units see several shared sites, each in its own way")
    moments = SiteMoments(patterns, sqrt(variance), question.noise.rectified)
    counts: dict[SeenUnit, Fraction] = defaultdict(Fraction)
    for image, weight in [*patterns.images, (patterns.background, patterns.ring.stretch)]:
        for unit, times in patterns.alone(image).items():
            counts[unit] += weight * times
    found = SiteLayer(patterns, moments, pairings, {unit: weight for unit, weight in counts.items() if weight})
    if max((counts[-1] for counts in found.knots.values() if counts), default=0) > MOST_KNOTS:
        return Refusal(f"the law of a unit has more than {MOST_KNOTS} places where it is not smooth")
    return found


def _pairings(question: Question, layer: int, patterns: SitePatterns) -> dict[Pairing, Any]:
    channels = range(len(patterns.units.channels))
    if not layer > question.depth:
        here = (0,) * question.task.axes
        return {(c, d, here): Fraction(1) for c in channels for d in channels if question.channel_mean}
    read = [(c, v) for c, v in enumerate(question.network.pooled_readout(question.task.sites)) if v != 0]
    found: dict[Pairing, Any] = defaultdict(Fraction)
    for (c, v), (d, w) in product(read, read):
        for lag in patterns.lags(c, d):  # the other way round a pair is the same one
            back = tuple(-step % n for step, n in zip(lag, patterns.grid, strict=True))
            found[min((c, d, lag), (d, c, back))] += v * w
    return found


def _pair_weights(found: SiteLayer) -> dict[SeenPair, Any]:
    """Return how much each pair of units counts."""
    weights: dict[SeenPair, Any] = defaultdict(Fraction)
    for pairing, factor in found.pairings.items():
        for pair, weight in found.patterns.pairs(*pairing).items():
            weights[pair] += factor * weight
    return {pair: weight for pair, weight in weights.items() if weight}


def _means(found: SiteLayer, pair: SeenPair) -> np.ndarray:
    """Return E d E d' of two units, and its error."""
    left, right = (found.moments.unit(seen_unit(pair, side))[0] for side in (0, 1))
    return product_with_error(left, right)


def _incoherent(found: SiteLayer, weights: dict[SeenPair, Any], progress: Progress | None) -> np.ndarray:
    """Return the sum of the covariances of all pairs, and its error."""
    total = np.zeros(2)
    sharing = {pair: weight for pair, weight in weights.items() if pair.shared}
    for done, (pair, weight) in enumerate(sharing.items(), start=1):
        (product, error), (means, slack) = found.moments.product(pair), _means(found, pair)
        total += [float(weight) * (product - means), float(abs(weight)) * (error + slack)]
        if progress:
            progress(done, len(sharing))
    return total


def layer_moments(found: SiteLayer, progress: Progress | None) -> np.ndarray:
    """Return the fluctuations and the mean changes of a layer, each with its error, in units of sigma^2."""
    incoherent, coherent = np.zeros(2), np.zeros(2)
    if found.pairings:
        weights = _pair_weights(found)
        for pair, weight in weights.items():
            coherent += float(weight) * _means(found, pair)
        return np.array([_incoherent(found, weights, progress), coherent])
    for unit, weight in found.counts.items():
        (mean, slack), (square, error) = found.moments.unit(unit)
        spare = (2 * abs(mean) + slack) * slack
        incoherent += float(weight) * np.array([square - mean**2, error + spare])
        coherent += float(weight) * np.array([mean**2, spare])
    return np.array([incoherent, coherent])


def output_moments(found: SiteLayer, readout: Sequence[float], progress: Progress | None) -> np.ndarray:
    """Return the same of f_p."""

    def total(image: np.ndarray) -> np.ndarray:
        shift = np.zeros(2)
        for unit, times in found.patterns.alone(image).items():
            v = readout[unit.channel] * times
            shift += np.array([v, abs(v)]) * found.moments.unit(unit)[0]
        return shift

    rest = float(found.patterns.ring.stretch) * total(found.patterns.background)
    coherent = mean_square([(total(image) + rest, weight) for image, weight in found.patterns.images])
    return np.array([_incoherent(found, _pair_weights(found), progress), coherent])


def _refusal(question: Question, layer: int) -> str | None:
    found = site_layer(question, layer)
    return found.why if isinstance(found, Refusal) else None


def _cost(question: Question, layer: int) -> float:
    found = site_layer(question, layer)
    assert isinstance(found, SiteLayer)
    return found.cost


def _response(question: Question, layer: int, how: Evaluation) -> NoiseResponse[Value]:
    found = site_layer(question, layer)
    assert isinstance(found, SiteLayer)

    def compute() -> NoiseResponse[NumericValue]:
        if layer > question.depth:
            readout = [float(v) for v in question.network.pooled_readout(question.task.sites)]
            parts = output_moments(found, readout, how.progress)
        else:
            parts = layer_moments(found, how.progress)
        return sum_of_parts(found.moments.deviation**2 * parts, SITES_METHOD)

    response: NoiseResponse[NumericValue] = kept(how.cache, question, layer, SITES.name, compute, NUMERIC)
    return response


SITES = Route(
    name="sites",
    method=SITES_METHOD,
    refusal=_refusal,
    response=_response,
    cost=_cost,
    quick=1e10,
)
"""Units that sum piecewise linear functions of independent pixels, on rings and frames."""
