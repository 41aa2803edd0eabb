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

from solver.gaussian.chains.columns import Counts, Pattern, PatternColumns
from solver.gaussian.chains.level_grids import Cells, Direction, Line, Product, Sectors, angle
from solver.gaussian.chains.level_moves import move, piece_count, resting
from solver.gaussian.chains.noise_grid import NoiseGrid
from solver.gaussian.moments import FLOATS

MOST_PANELS = 1e4
"""More panels of a level are not even counted."""

Path = tuple[Cells, np.ndarray, Direction]
"""Between which functions levels move at a site: on cells, to points, in a direction (`level_moves.move`)."""


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

    def shortfalls(self, patterns: Sequence[Pattern]) -> np.ndarray:
        """Return E C and E C^2 of windows that see the means ``patterns``, of shape (patterns, 2)."""
        stages = self._stages(patterns)
        columns, count = PatternColumns(patterns), len(self.weights)
        left = np.maximum(stages[-1].points[:, 0], 0)
        values = self._constant(np.stack([left, left**2], axis=-1)[None])
        for j in reversed(range(count)):
            if self.weights[j]:
                points = stages[j].points if j else np.full((1, 2), self.level)
                values = self._stepped(values, columns, j, (stages[j + 1], points, (self.weights[j], 0.0)))
            else:
                values = self._passed(values, columns, j)
        found = self.grid.expectation(values)[:, 0]
        return np.stack([found[columns.endings(0)[p][0]] for p in patterns])

    def largest_step(self, patterns: Sequence[Pattern]) -> float:
        """Return about how many entries the largest matrix of `shortfalls` has; weaker noise takes more panels."""
        reaches = np.array(self.weights) * self._highest(patterns)
        ranges = (self._range(reaches[:j], reaches[j:]) for j in range(len(reaches) + 1))
        if max(high - low for low, high in ranges) > MOST_PANELS * self.resolution.panel:
            return np.inf
        return max(self._pieces(patterns)) * self.resolution.integral_nodes * self.resolution.level_nodes

    def shortfall_cost(self, patterns: Sequence[Pattern]) -> float:
        """Return the real multiplications that `shortfalls` takes, to leading order: two parts for each ending."""
        columns = PatternColumns(patterns)
        return sum(
            count * self._piece_cost(self.resolution.level_nodes, 2 * columns.count(j + 1))
            for j, count in enumerate(self._pieces(patterns))
        )

    def tilt(self, counts: Counts) -> float:
        """Return the sum of E[(sum_i r_i) C] over the window's sites and the D sites on either side, means included.

        With at most one factor r inserted: T_j = step T_(j+1) + step r V_(j+1).
        """
        line, memory = self._line(0), self.grid.memory
        columns, end = PatternColumns.summed(counts), memory + len(self.weights)

        def outside(means: Pattern, first: int) -> np.ndarray:
            sites = (self._conditional(m, site) for site, m in enumerate(means, first))
            return np.asarray(sum(sites, np.zeros(self.grid.shape)))

        after = {
            ending: np.stack([np.ones(self.grid.shape), outside(ending[:memory], 0)]) for ending in columns.endings(end)
        }
        full = np.moveaxis(columns.collected(end, after), -1, 0)
        values = line.points[:, 0, None, None, None] * full[:, None]
        for j in reversed(range(memory, end)):
            path = line, line.points, (self.weights[j - memory], 0.0)
            values = self._stepped(values, columns, j, path, tilted=True)
        plain, tilted = self._full(line, values).swapaxes(0, 1)
        return sum(
            weight * float(self.grid.expectation(tilted[column] + outside(before, -memory) * plain[column]))
            for (before, column), weight in columns.beginnings(memory).items()
        )

    def product(self, counts: Counts, lag: int, first_levels: Sequence[float] | None = None) -> np.ndarray:
        """Return the sum of E[C_p C_(p+lag)], 0 < lag < n, for the means of all n + lag sites, of shape (levels,).

        ``first_levels`` are those of window p, at most theta; theta itself if none are given.
        """
        count, columns = len(self.weights), PatternColumns.summed(counts)
        line, edge = self._line(1), self._edge(lag)
        values = self._ending(line, columns, count + lag)
        for j in reversed(range(count, count + lag)):
            values = self._stepped(values, columns, j, (line, line.points, (0.0, self.weights[j - lag])))
        for site, path in self._common_sites(lag):
            values = self._stepped(values, columns, site, path)
        for j in reversed(range(lag)):
            values = self._stepped(values, columns, j, (edge, edge.points, (self.weights[j], 0.0)))
        return np.array([self._total(self._full(edge, values, b)) for b in first_levels or [self.level]])

    def product_cost(self, counts: Counts, lag: int) -> float:
        """Return the real multiplications that `product` takes, to leading order: those at sites both windows see."""
        columns = PatternColumns.summed(counts)
        return sum(
            piece_count(*path) * self._piece_cost(np.diff(path[0].starts).mean(), columns.count(site + 1))
            for site, path in self._common_sites(lag)
        )

    def distant_product(self, counts: Counts, lag: int) -> float:
        """Return the sum of E[C_p C_(p+lag)], n <= lag < n + D, for the 2 n means of windows that share noises only."""
        count, columns, line = len(self.weights), PatternColumns.summed(counts), self._line(0)
        values = self._ending(line, columns, 2 * count)
        for j in reversed(range(count, 2 * count)):
            values = self._stepped(values, columns, j, (line, line.points, (self.weights[j - count], 0.0)))
        full = self._full(line, values)
        for _ in range(count, lag):
            full = self.grid.passed(full)
        values = line.points[:, 0, None, None, None] * full[:, None]
        for j in reversed(range(count)):
            values = self._stepped(values, columns, j, (line, line.points, (self.weights[j], 0.0)))
        return self._total(self._full(line, values))

    def _piece_cost(self, cell_size: float, columns: int) -> float:
        """Return the real multiplications of one piece: its matrices, and all that they are applied to."""
        grid = self.grid
        if not grid.memory:
            return float(cell_size * (self.resolution.integral_nodes + columns))
        period = 2 * grid.spread / (grid.slope * grid.step)
        return period * cell_size * (self.resolution.integral_nodes + 2 * columns * grid.shape[0])

    def _pieces(self, patterns: Sequence[Pattern]) -> list[float]:
        """Return about how many pieces the step at each site takes; 0 in gaps."""
        counts, highest, stages = [], self._highest(patterns), self._stages(patterns)
        for j, weight in enumerate(self.weights):
            breaks = stages[j + 1].breaks
            covered = abs(weight) * highest[j] / (breaks[-1] - breaks[0])
            pieces = max(1.0, (len(breaks) - 1) * min(1.0, covered))
            counts.append((len(stages[j].points) if j else 1) * pieces if weight else 0.0)
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
            few = tuple(4 + int(np.ceil((nodes - 4) * width)) for width in np.diff(kept))
            functions.append(Sectors(self.level, kept, nodes, few))
        cells: Cells = Product(self.level, nodes)
        for site in reversed(range(lag, len(self.weights))):
            wanted = functions[site - lag]
            yield site, (cells, wanted.points, (self.weights[site], self.weights[site - lag]))
            cells = wanted

    def _stepped(
        self, values: np.ndarray, columns: PatternColumns, site: int, path: Path, *, tilted: bool = False
    ) -> np.ndarray:
        """Return the values before a site, in its columns."""
        transitions = columns.transitions(site)
        result = self.grid.rested(values, resting(*path), transitions)
        for within, means in self.grid.stretches(transitions):
            step = move(*path, self.resolution.integral_nodes, within)
            if len(step.rises):
                these = {mean: transitions[mean] for mean in means}
                result += self.grid.risen(values, step, these, tilted=tilted)
        return result

    def _passed(self, values: np.ndarray, columns: PatternColumns, site: int) -> np.ndarray:
        """Return the values before a site that moves no level."""
        passing = sum(columns.transitions(site).values())
        return np.einsum("cbtye,cd->dbtye", self.grid.passed(values), passing)

    def _ending(self, line: Line, columns: PatternColumns, start: int) -> np.ndarray:
        """Return what is left of a level after the last site, in columns."""
        weights = columns.collected(start, dict.fromkeys(columns.endings(start), np.ones(())))
        return self._constant(line.points[:, line.axis, None] * weights[:, None, None])

    def _stages(self, patterns: Sequence[Pattern]) -> list[Line]:
        """Return the functions of what is left of a level before each site and after all."""
        reaches = np.array(self.weights) * self._highest(patterns)
        return [self._stage(reaches[:j], reaches[j:]) for j in range(len(reaches) + 1)]

    def _highest(self, patterns: Sequence[Pattern]) -> np.ndarray:
        return np.asarray(np.maximum(np.max(patterns, axis=0), 0) + self.grid.spread)

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
        """Return values that do not depend on noise, given as (column, level, part)."""
        return np.broadcast_to(levels[..., None, None], (*levels.shape, *self.grid.shape))

    def _full(self, line: Line, values: np.ndarray, first: float | None = None) -> np.ndarray:
        """Return the values at full levels, or at b = ``first``, without the axis of levels."""
        point = np.array([[self.level if first is None else first, self.level]])
        cell, matrix, _ = line.factors(point[:, None], point)
        at = int(cell[0]) * line.nodes
        return np.einsum("b,cbtye->ctye", matrix[0, 0], values[:, at : at + line.nodes])

    def _total(self, full: np.ndarray) -> float:
        """Return the sum over columns of the mean over the first noises."""
        return float(self.grid.expectation(full).sum())

    def _conditional(self, mean: float, site: int) -> np.ndarray:
        """Return E[r | state] at a site counted from the state: 0 is the next one, -1 the one before."""
        memory = self.grid.memory
        known = {k - site: k for k in range(memory) if 0 <= k - site <= memory}
        drift = sum((self.taps[tap] * self.grid.state[k] for tap, k in known.items()), np.zeros((1, 1)))
        rest = [w for tap, w in enumerate(self.taps) if tap not in known]
        deviation = self.deviation * float(np.hypot.reduce(rest))
        return FLOATS.mean_by_deviation(np.asarray(mean + self.deviation * drift), np.asarray(deviation))
