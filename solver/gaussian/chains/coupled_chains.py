r"""Two windows over one moving average of noise: how far both fall short of a level, by a transfer operator.

S_p = sum_j K_j r_(p+j) with K_j > 0, r_i = (m_i + z_i)+ and z a moving average (`NoiseGrid`).  Its shortfall is
C_p = (theta - S_p)+.  Running from the last site to the first with levels b and b' that are left to windows p
and q = p + lag, the state given the D last noises obeys

    V_i(noises, b, b') = int phi(e) V_(i+1)(noises', b - K_(i-p) r_i, b' - K_(i-q) r_i) de.

Right of p only b' moves, right of q both do, left of q only b; V is kept as a piecewise polynomial (`Sectors`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from solver.gaussian.chains.level_grids import Cells, Direction, Line, Product, Sectors, angle, move, piece_count
from solver.gaussian.chains.noise_grid import NoiseGrid
from solver.gaussian.moments import FLOATS

MOST_PANELS = 1e4
"""More panels of a level are not even counted."""

Means = tuple[float, ...]
"""Means m of consecutive sites."""
Path = tuple[Cells, np.ndarray, Direction]
"""Between which functions levels move at a site: on cells, to points, in a direction (`level_grids.move`)."""
Values = dict[Means, np.ndarray]
"""The state, for each distinct ending of the patterns."""


@dataclass(frozen=True)
class ChainResolution:
    """Grids of the transfer operator: noise step and reach (in units of s), nodes in a level and per integral.

    ``panel`` is the most of a level that these nodes cover; a longer stretch is split.
    """

    step: float
    reach: float
    level_nodes: int
    integral_nodes: int
    panel: float = np.inf


@dataclass(frozen=True)
class CoupledChains:
    """Windows with the same weights that slide over one field, at one resolution.

    Parameters
    ----------
    taps : tuple of float
        w_0, ..., w_D with D = 0, 1 or 2 and w_D > 0.
    weights : tuple of float
        K_1, ..., K_n: positive, but for `shortfalls`, which takes either sign and zeros.
    level : float
        theta > 0; for `shortfalls`, any.
    deviation : float
        s, of one noise.
    """

    taps: tuple[float, ...]
    weights: tuple[float, ...]
    level: float
    deviation: float
    resolution: ChainResolution

    @cached_property
    def grid(self) -> NoiseGrid:
        """The grid of the noises."""
        return NoiseGrid(self.taps, self.deviation, self.resolution.step, self.resolution.reach)

    def shortfalls(self, patterns: Sequence[Means]) -> np.ndarray:
        """Return E C and E C^2 of windows that see the means ``patterns``, of shape (patterns, 2)."""
        highest, stages = self._stages(patterns)
        left = np.maximum(stages[-1].points[:, 0], 0)
        values: Values = {(): self._constant(np.stack([left, left**2], axis=-1))}
        for j in reversed(range(len(self.weights))):
            endings = {p[j:] for p in patterns}
            if self.weights[j]:
                points = stages[j].points if j else np.full((1, 2), self.level)
                direction = (self.weights[j], 0.0)
                values = self._stepped(values, endings, (stages[j + 1], points, direction), highest[j])
            else:
                values = {ending: self.grid.passed(values[ending[1:]]) for ending in endings}
        return np.stack([self.grid.expectation(values[p])[0] for p in patterns])

    def largest_step(self, patterns: Sequence[Means]) -> float:
        """Return about how many entries the largest matrix of `shortfalls` has; weaker noise takes more panels."""
        reaches = np.array(self.weights) * self._highest(patterns)
        ranges = (self._range(reaches[:j], reaches[j:]) for j in range(len(reaches) + 1))
        if max(high - low for low, high in ranges) > MOST_PANELS * self.resolution.panel:
            return np.inf
        return max(self._rises(*self._stages(patterns))) * self.resolution.level_nodes

    def shortfall_cost(self, patterns: Sequence[Means]) -> float:
        """Return the multiplications that `shortfalls` takes, to leading order: two columns for each ending.

        The sinc functions count ten for each value; only with unequal taps are they the larger part.
        """
        noises, sincs = len(self.grid.nodes) ** (self.grid.memory + 1), 10.0 * self.grid.sinc_size
        return sum(
            rises * (2 * noises * len({p[j:] for p in patterns}) + sincs * len({p[j] for p in patterns}))
            for j, rises in enumerate(self._rises(*self._stages(patterns)))
        )

    def tilts(self, patterns: Sequence[Means]) -> np.ndarray:
        """Return sum_i Cov(r_i, C) over the window's sites and the D sites on either side, whose means are included.

        With at most one factor r_i - E r_i inserted: W_j = step W_(j+1) + step (r_j - E r_j) V_(j+1).
        """
        line, memory = self._line(0), self.grid.memory
        plain, end = self._constant(line.points[:, :1]), len(self.weights) + memory

        def tilt(means: Means, first: int) -> np.ndarray:
            terms = (self._conditional(m, site) for site, m in enumerate(means, first))
            return sum(terms, np.zeros((1, 1, 1, 1)))

        values = {p[end:]: np.concatenate([plain, plain * tilt(p[end:], 0)], axis=-1) for p in patterns}
        values = self._along(line, values, patterns, memory, self.weights, tilted=True)
        fulls = [(p, self._full(line, values[p[memory:]])) for p in patterns]
        both = (full[..., 1:] + tilt(p[:memory], -memory) * full[..., :1] for p, full in fulls)
        return np.array([self.grid.expectation(each)[0, 0] for each in both])

    def products(
        self, patterns: Sequence[Means], lag: int, *, first_levels: Sequence[float] | None = None
    ) -> np.ndarray:
        """Return E[C_p C_(p+lag)], 0 < lag < n, for the means of all n + lag sites.

        ``first_levels`` gives window p a level of its own for each pattern, at most theta.
        """
        count = len(self.weights)
        line, edge = self._line(1), self._edge(lag)
        values: Values = {(): self._constant(line.points[:, 1:])}
        values = self._along(line, values, patterns, count, self.weights[count - lag :])
        for site, path in self._common_sites(lag):
            values = self._stepped(values, {p[site:] for p in patterns}, path)
        values = self._along(edge, values, patterns, 0, self.weights[:lag])
        starts = zip(patterns, first_levels or [self.level] * len(patterns), strict=True)
        return np.array([self._at_full(edge, values[p], b)[0] for p, b in starts])

    def product_cost(self, patterns: Sequence[Means], lag: int) -> float:
        """Return the multiplications that `products` takes, to leading order: those at the sites both windows see."""
        noises, sincs, cost = len(self.grid.nodes) ** self.grid.memory, 10.0 * self.grid.sinc_size, 0.0
        for site, path in self._common_sites(lag):
            rises = piece_count(*path) * self.resolution.integral_nodes
            cost += float(rises) * path[0].cell_size * noises * len({p[site:] for p in patterns})
            cost += rises * sincs * len({p[site] for p in patterns})
        return cost

    def distant_covariances(self, patterns: Sequence[Means], lag: int) -> np.ndarray:
        """Return Cov(C_p, C_(p+lag)), n <= lag < n + D, for the 2 n means of both windows, which share noises only."""
        count = len(self.weights)
        line = self._line(0)
        values: Values = {(): self._constant(line.points[:, :1])}
        values = self._along(line, values, patterns, count, self.weights)
        for ending, value in values.items():
            full = self._full(line, value)
            full = full - self.grid.expectation(full)
            for _ in range(count, lag):
                full = self.grid.passed(full)
            values[ending] = line.points[:, :1, None] * full
        values = self._along(line, values, patterns, 0, self.weights)
        return np.array([self._at_full(line, values[p])[0] for p in patterns])

    def _rises(self, highest: np.ndarray, stages: Sequence[Line]) -> list[float]:
        """Return about how many values of r the step at each site takes; 0 in gaps."""
        counts = []
        for j, weight in enumerate(self.weights):
            breaks = stages[j + 1].breaks
            covered = abs(weight) * highest[j] / (breaks[-1] - breaks[0])
            pieces = max(1.0, (len(breaks) - 1) * min(1.0, covered))
            points = len(stages[j].points) if j else 1
            counts.append(points * pieces * self.resolution.integral_nodes if weight else 0.0)
        return counts

    def _common_sites(self, lag: int) -> Iterator[tuple[int, Path]]:
        """Yield the sites that both windows see, from the last one, and between which functions levels move there."""
        nodes = self.resolution.level_nodes
        functions: list[Line | Sectors] = [self._edge(lag)]
        for site in range(lag + 1, len(self.weights)):
            # Levels with b > b' are only reached if a summand on the left weighs more on q than on p.  A sector of
            # width 1 in alpha is as hard to resolve as a whole level, narrower ones are easier.
            both = any(self.weights[i] < self.weights[i - lag] for i in range(lag, site))
            breaks = sorted({0.0, 1.0, 2.0, *self._rays(lag, site)})
            kept = tuple(alpha for alpha in breaks if both or alpha <= 1)
            few = 4 + int(np.ceil((nodes - 4) * max(np.diff(kept))))
            functions.append(Sectors(self.level, kept, nodes, few))
        cells: Cells = Product(self.level, nodes)
        for site in reversed(range(lag, len(self.weights))):
            wanted = functions[site - lag]
            yield site, (cells, wanted.points, (self.weights[site], self.weights[site - lag]))
            cells = wanted

    def _along(
        self,
        line: Line,
        values: Values,
        patterns: Sequence[Means],
        start: int,
        weights: Sequence[float],
        *,
        tilted: bool = False,
    ) -> Values:
        """Return the values at site ``start`` after sites with ``weights`` from there on have moved one level."""
        for j in reversed(range(len(weights))):
            direction = (0.0, weights[j]) if line.axis else (weights[j], 0.0)
            endings = {p[start + j :] for p in patterns}
            values = self._stepped(values, endings, (line, line.points, direction), tilted=tilted)
        return values

    def _stepped(
        self, values: Values, endings: set[Means], path: Path, reach: float = np.inf, *, tilted: bool = False
    ) -> Values:
        """Return the values one site earlier, for each ending; endings with the same first mean are one stack."""
        step = move(*path, self.resolution.integral_nodes, reach)
        result: Values = {}
        for mean in sorted({ending[0] for ending in endings}):
            group = sorted(ending for ending in endings if ending[0] == mean)
            stacked = np.concatenate([values[ending[1:]] for ending in group], axis=-1)
            moved = self.grid.stepped(stacked, step, mean)
            if tilted:
                plain, centre = np.ascontiguousarray(stacked[..., ::2]), float(self._mean(mean, self.taps))
                moved[..., 1::2] += self.grid.stepped(plain, step, mean, centre)
            result |= dict(zip(group, np.split(moved, len(group), axis=-1), strict=True))
        return result

    def _stages(self, patterns: Sequence[Means]) -> tuple[np.ndarray, list[Line]]:
        """Return how far each site rises, and the functions of what is left of a level before each site and after."""
        highest = self._highest(patterns)
        reaches = np.array(self.weights) * highest
        return highest, [self._stage(reaches[:j], reaches[j:]) for j in range(len(reaches) + 1)]

    def _highest(self, patterns: Sequence[Means]) -> np.ndarray:
        spread = self.resolution.reach * self.deviation * float(np.hypot.reduce(self.taps))
        return np.asarray(np.maximum(np.max(patterns, axis=0), 0) + spread)

    def _stage(self, spent: np.ndarray, rest: np.ndarray) -> Line:
        # Where summands still to come are negative, levels below 0 count; where earlier ones were, levels above theta
        # occur.  What is left has a kink at 0 only, and is a polynomial above the reach of what is to come.
        low, high = self._range(spent, rest)
        curved = float(np.clip(np.maximum(rest, 0).sum(), 0, high)) if high > 0 else high
        ends = sorted({low, high, *(end for end in (0.0, curved) if low < end < high)})
        breaks = [low]
        for start, stop in pairwise(ends):
            is_polynomial = start >= curved > 0
            count = 1 if is_polynomial else max(1, int(np.ceil((stop - start) / self.resolution.panel - 1e-9)))
            breaks += list(np.linspace(start, stop, count + 1)[1:])
        return Line(self.level, 0, tuple(breaks), self.resolution.level_nodes)

    def _range(self, spent: np.ndarray, rest: np.ndarray) -> tuple[float, float]:
        lowest = max(np.minimum(rest, 0).sum(), self.level - np.maximum(spent, 0).sum())
        high = float(self.level - np.minimum(spent, 0).sum())
        return float(lowest) if lowest < high else high - min(self.resolution.panel, 1.0), high

    def _line(self, axis: int) -> Line:
        """Return functions of one level, the other being full."""
        return Line(self.level, axis, (0.0, self.level), self.resolution.level_nodes)

    def _edge(self, lag: int) -> Line:
        """Return functions of b at full b', with their kinks where the rays meet that edge."""
        inner = (alpha * self.level for alpha in self._rays(lag, lag) if alpha < 1)
        return Line(self.level, 0, (0.0, *inner, self.level), self.resolution.level_nodes)

    def _rays(self, lag: int, site: int) -> list[float]:
        pairs = {(self.weights[i], self.weights[i - lag]) for i in range(site, len(self.weights))}
        return sorted({float(angle(np.array(pair))) for pair in pairs})

    def _constant(self, levels: np.ndarray) -> np.ndarray:
        """Return values that depend on the level alone, given as (level, column)."""
        y, e = self.grid.shape
        return np.broadcast_to(levels[None, :, None, :], (y, len(levels), e, levels.shape[1]))

    def _full(self, line: Line, values: np.ndarray, first: float | None = None) -> np.ndarray:
        """Return the values at full levels, or at b = ``first``, with an axis of length 1 for the level."""
        point = np.array([[self.level if first is None else first, self.level]])
        cell, matrix, _ = line.factors(point[:, None], point)
        at = int(cell[0]) * line.nodes
        return np.einsum("b,ybec->yec", matrix[0, 0], values[:, at : at + line.nodes])[:, None]

    def _at_full(self, line: Line, values: np.ndarray, first: float | None = None) -> np.ndarray:
        return self.grid.expectation(self._full(line, values, first))[0]

    def _conditional(self, mean: float, site: int) -> np.ndarray:
        """Return E[r | state] - E r at a site counted from the state: 0 is the next one, -1 the one before."""
        memory = self.grid.memory
        known = {k - site: k for k in range(memory) if 0 <= k - site <= memory}
        drift = sum((self.taps[tap] * self.grid.state[k] for tap, k in known.items()), np.zeros((1, 1, 1, 1)))
        rest = [w for tap, w in enumerate(self.taps) if tap not in known]
        return self._mean(mean + self.deviation * drift, rest) - self._mean(mean, self.taps)

    def _mean(self, mean: np.ndarray | float, taps: Sequence[float]) -> np.ndarray:
        """Return E r of sites whose noise comes from some taps alone."""
        return FLOATS.mean_by_deviation(np.asarray(mean), np.asarray(self.deviation * float(np.hypot.reduce(taps))))
