"""Which shuffled networks a mean is taken over: all of them where there are few, else a seeded sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from solver.network.changed.shuffle import random_orders, shuffle_count, shuffled, shuffles
from solver.network.network import Network
from solver.numbers.exact import integer
from solver.sensitivity.deformation.moments import PairMoments
from solver.sensitivity.noise.route import stated_error
from solver.sensitivity.noise.sampled.estimate import error_of
from solver.sensitivity.noise.sampled.unmet import RULE_OF_THREE
from solver.values import MissingValue, NumericValue, Value, as_value

FLAT_SHUFFLED = "some shuffled network gives every image the same value here, so its denominator is 0"


@dataclass(frozen=True, kw_only=True)
class Shuffles:
    """How shuffled networks are taken.

    Parameters
    ----------
    most : int
        Take all where shuffling gives at most this many different networks.
    sample : int
        Networks to draw otherwise.
    noisy : int
        Networks to draw for G, unless all taken together have no more equivalents than this.
    points : int
        Points of noise for each of them, in each of eight scrambled sets.
    seed : int
    """

    most: int = 5000
    sample: int = 400
    noisy: int = 200
    points: int = 64
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("most", 0), ("sample", 2), ("noisy", 2), ("points", 1), ("seed", 0)):
            integer(getattr(self, name), name, least)


@dataclass(frozen=True)
class Draws:
    """Shuffled networks, or networks that stand for them, with how often each occurs.

    Attributes
    ----------
    counts : Counter of Network
    complete : bool
        Whether all shuffled networks are in, so that means are exact.
    method : str
    """

    counts: Counter[Network]
    complete: bool
    method: str

    def of(self, moments: Sequence[Any], unchanged: bool) -> Draws:
        """Return the draws of a layer: complete if it is proven that no shuffle changes it."""
        if self.complete or not unchanged:
            return self
        assert self.agree(moments)
        return Draws(self.counts, True, "no shuffle changes it")

    def mean(self, values: list[Any]) -> Any:
        """Return the mean over shuffles of one value per different network, exactly if the values are exact."""
        return sum(v * count for v, count in zip(values, self.counts.values(), strict=True)) / self.counts.total()

    def error(self, values: Sequence[Any], largest: float) -> float:
        """Return the error of that mean as a sample of shuffles (`error_of`); 0 if it is over all.

        Where all n draws agree, other shuffles can have a share of up to 3/n (at 95 %), and each be off by ``largest``.
        """
        if self.complete:
            return 0.0
        if self.agree(values):
            return self.unmet * largest
        return error_of(_without(self.repeated(values)))

    def agree(self, values: Sequence[Any]) -> bool:
        """Return whether all draws have the same value."""
        return all(value == values[0] for value in values)

    @property
    def unmet(self) -> float:
        """The share that shuffles which no draw met can have, at 95 %."""
        return min(RULE_OF_THREE / self.counts.total(), 1.0)

    def repeated(self, values: Sequence[Any]) -> np.ndarray:
        """Return one value per different network as floats, each as often as it was drawn."""
        return np.repeat([float(value) for value in values], list(self.counts.values()))

    def value(self, number: Any, error: float) -> Value:
        """Return a mean as a value: exact over all shuffles, else with its error."""
        return as_value(number, self.method) if self.complete else NumericValue(float(number), error, self.method)

    def mean_ratio(self, moments: Sequence[PairMoments]) -> Value:
        """Return the mean of D over shuffles from the moments of each different network."""
        if any(each.spread == 0 for each in moments):
            return MissingValue(FLAT_SHUFFLED)
        ratios = [each.change / each.spread for each in moments]
        return self.value(self.mean(ratios), self.error(ratios, largest_change(ratios)))


def largest_change(ratios: Sequence[Any]) -> float:
    """Return by how much a D that was not drawn is taken to differ from those drawn, at most.

    D is at least 0, and 1 where a deformation changes as much as another image does.  On long rings no linear layer has
    more than 4/3, the most being that of alternating filters (derivations/frequency.py); nothing bounds it behind an
    activation, where twice what was seen is allowed for, and no less than 2.
    """
    seen = [float(ratio) for ratio in ratios]
    return max(*seen, max(2.0, 2 * max(seen)) - min(seen))


def _without(numbers: np.ndarray) -> np.ndarray:
    """Return the means without each number."""
    return (numbers.sum() - numbers) / (len(numbers) - 1)


def draws(network: Network, options: Shuffles, sample: int, equivalent: Callable[[Network], Network]) -> Draws:
    """Return all shuffles of a network or ``sample`` of them, each as the network equivalent to it."""
    total = shuffle_count(network)
    if total <= options.most:
        return Draws(Counter(map(equivalent, shuffles(network))), True, f"all {total} shuffled networks")
    generator = np.random.default_rng(options.seed)
    drawn = (shuffled(network, random_orders(network, generator)) for _ in range(sample))
    method = f"{sample} shuffles, seed {options.seed}; {stated_error(sample)}"
    return Draws(Counter(map(equivalent, drawn)), False, method)
