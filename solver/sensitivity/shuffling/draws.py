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

    def mean(self, values: list[Any]) -> Any:
        """Return the mean over shuffles of one value per different network, exactly if the values are exact."""
        return sum(v * count for v, count in zip(values, self.counts.values(), strict=True)) / self.counts.total()

    def standard_error(self, values: list[Any]) -> float:
        """Return the standard error of that mean as a sample of shuffles; 0 if it is over all."""
        if self.complete:
            return 0.0
        numbers = np.repeat([float(value) for value in values], list(self.counts.values()))
        return float(numbers.std(ddof=1) / np.sqrt(len(numbers)))

    def value(self, number: Any, error: float) -> Value:
        """Return a mean as a value: exact over all shuffles, else with its standard error."""
        return as_value(number, self.method) if self.complete else NumericValue(float(number), error, self.method)

    def mean_ratio(self, moments: Sequence[PairMoments]) -> Value:
        """Return the mean of D over shuffles from the moments of each different network."""
        if any(each.spread == 0 for each in moments):
            return MissingValue(FLAT_SHUFFLED)
        ratios = [each.change / each.spread for each in moments]
        return self.value(self.mean(ratios), self.standard_error(ratios))


def draws(network: Network, options: Shuffles, sample: int, equivalent: Callable[[Network], Network]) -> Draws:
    """Return all shuffles of a network or ``sample`` of them, each as the network equivalent to it."""
    total = shuffle_count(network)
    if total <= options.most:
        return Draws(Counter(map(equivalent, shuffles(network))), True, f"all {total} shuffled networks")
    generator = np.random.default_rng(options.seed)
    drawn = (shuffled(network, random_orders(network, generator)) for _ in range(sample))
    method = f"{sample} shuffles, seed {options.seed}; error is one standard error"
    return Draws(Counter(map(equivalent, drawn)), False, method)
