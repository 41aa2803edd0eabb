"""The columns in which a transfer operator that runs from the last site to the first carries patterns of means.

What an operator makes of a pattern depends, at each site, on the means from there on: its ending.  Each ending is a
column; and where a weighted sum over patterns is all that is asked for, endings whose patterns have weights in
proportion, whatever comes before them, add up to one column.  If all images with two pixels weigh alike, the columns
tell how many pixels have been met, and which of the last noises carry one: nine for a three-tap sum of any length.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, TypeAlias

import numpy as np

Pattern: TypeAlias = tuple[Any, ...]
"""Means of consecutive sites, as exact numbers or floats."""
Counts: TypeAlias = dict[Pattern, Any]
"""How often each pattern occurs, or its weight in a sum."""


@dataclass(frozen=True, eq=False)
class PatternColumns:
    """Columns of patterns that are all of one length.

    Parameters
    ----------
    patterns : sequence
        Different ones.
    weights : sequence of exact numbers, optional
        Of each pattern in a sum of which alone is asked; without them each ending is a column.
    """

    patterns: Sequence[Pattern]
    weights: Sequence[Any] | None = None

    @classmethod
    def summed(cls, counts: Counts) -> PatternColumns:
        """Return the columns of a weighted sum."""
        return cls(list(counts), list(counts.values()))

    @cached_property
    def endings(self) -> Callable[[int], dict[Pattern, tuple[int, float]]]:
        """The column of each ending from a site on, and the ending's factor in it; found once for each site."""
        return cache(self._endings)

    def _endings(self, start: int) -> dict[Pattern, tuple[int, float]]:
        weights = self.weights or [1] * len(self.patterns)
        beginnings: dict[Pattern, dict[Pattern, Any]] = defaultdict(dict)
        for pattern, weight in zip(self.patterns, weights, strict=True):
            beginnings[pattern[start:]][pattern[:start]] = weight
        found: dict[Pattern, tuple[int, float]] = {}
        columns: dict[Any, int] = {}
        for ending, before in beginnings.items():
            scale = sum(before.values()) if self.weights else 1
            key = frozenset((b, (w / scale).as_integer_ratio()) for b, w in before.items()) if self.weights else ending
            found[ending] = columns.setdefault(key, len(columns)), float(scale)
        return found

    def count(self, start: int) -> int:
        """Return the number of columns from a site on."""
        return 1 + max(column for column, _ in self.endings(start).values())

    def transitions(self, site: int) -> dict[float, np.ndarray]:
        """Return how columns after a site pass into those before it: a matrix (old, new) for each mean there."""
        found: dict[float, np.ndarray] = {}
        after, shape = self.endings(site + 1), (self.count(site + 1), self.count(site))
        for ending, (new, factor) in self.endings(site).items():
            old, scale = after[ending[1:]]
            found.setdefault(float(ending[0]), np.zeros(shape))[old, new] = factor / scale
        return dict(sorted(found.items()))

    def collected(self, start: int, parts: dict[Pattern, np.ndarray]) -> np.ndarray:
        """Return columns (..., column) of values of each ending from a site on."""
        total = [np.zeros_like(next(iter(parts.values())))] * self.count(start)
        for ending, (column, factor) in self.endings(start).items():
            total[column] = total[column] + factor * parts[ending]
        return np.stack(total, axis=-1)

    def beginnings(self, start: int) -> dict[tuple[Pattern, int], float]:
        """Return the weight of each column from a site on after each beginning."""
        weights = self.weights or [1] * len(self.patterns)
        found = {}
        for pattern, weight in zip(self.patterns, weights, strict=True):
            column, factor = self.endings(start)[pattern[start:]]
            found[pattern[:start], column] = float(weight) / factor
        return found
