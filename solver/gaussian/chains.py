r"""Weighted sums of rectified moving averages: how far they fall short of a level, by a transfer operator.

S = sum_j K_j (m_j + z_j)+ with K_j > 0 and z_j = w_0 eta_j + ... + w_D eta_(j+D), eta iid N(0, s^2).
Running from the last summand to the first,

    V_j(x, y, b) = int phi(e) V_(j+1)(x', y', b - K_j (m_j + z_j)+) de,      V_end = b+^power,

is the expected power of what is left of the level b, given the D last noises.  In e each V is analytic, so
phi V is sampled on a uniform grid and integrated through its sinc interpolant up to and from the kink of
the ReLU, where the integral is split; in b it is a polynomial on [0, level], beyond which nothing is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import sici


@dataclass(frozen=True)
class Resolution:
    """Grid of the transfer operator: noise step (in units of s), noise range, nodes in b, nodes per integral."""

    step: float
    reach: float
    level_nodes: int
    integral_nodes: int


def resolutions(steepness: float) -> tuple[Resolution, Resolution]:
    """Return a coarse and a fine resolution for a ``steepness`` level / (least weight * deviation)."""
    nodes = int(8 + 1.4 * steepness)
    return Resolution(0.42, 6.6, nodes, nodes), Resolution(0.36, 7.2, nodes + 4, nodes + 4)


@dataclass(frozen=True)
class RectifiedChain:
    """Shortfalls of S below ``level`` for moving averages of two or three noises.

    Parameters
    ----------
    taps : tuple of float
        w_0, ..., w_D with D = 1 or 2 and w_D > 0.
    weights : tuple of float
        K_1, ..., K_n, all positive.
    level : float
        theta > 0.
    deviation : float
        s.
    """

    taps: tuple[float, ...]
    weights: tuple[float, ...]
    level: float
    deviation: float

    def shortfalls(self, patterns: Sequence[tuple[float, ...]], resolution: Resolution) -> np.ndarray:
        """Return E(theta - S)+ and E(theta - S)+^2 for each pattern of means, an array of shape (patterns, 2).

        Patterns share the work of their common endings.  Costs n_e^(D+1) n_b n_r operations per summand
        and ending, with n_e noise nodes, n_b level nodes and n_r nodes per integral.
        """
        grid = _Grid(self, resolution)
        values: dict[tuple[float, ...], np.ndarray] = {(): grid.terminal}
        for j in reversed(range(len(self.weights))):
            endings = {pattern[j:] for pattern in patterns}
            values = grid.stepped(values, endings, self.weights[j])
        return np.stack([grid.expectation(values[pattern]) for pattern in patterns])


class _Grid:
    """The grids and interpolation matrices of one resolution; value arrays have axes (noises..., b, power)."""

    def __init__(self, chain: RectifiedChain, resolution: Resolution) -> None:
        self.chain = chain
        half = int(np.ceil(resolution.reach / resolution.step))
        self.noise = np.arange(-half, half + 1) * resolution.step
        self.density = np.exp(-(self.noise**2) / 2) / np.sqrt(2 * np.pi)
        self.step = resolution.step
        nodes, _ = np.polynomial.legendre.leggauss(resolution.level_nodes)
        self.levels = np.append((nodes + 1) / 2, 1.0) * chain.level
        gauss, weights = np.polynomial.legendre.leggauss(resolution.integral_nodes)
        self.fractions, self.fraction_weights = (gauss + 1) / 2, weights / 2
        self.dimension = len(chain.taps) - 1

    @cached_property
    def terminal(self) -> np.ndarray:
        values = np.stack([self.levels, self.levels**2], axis=-1)
        return np.broadcast_to(values, (len(self.noise),) * self.dimension + values.shape)

    @cached_property
    def level_interpolation(self) -> np.ndarray:
        """Matrix (b, r, b') from values at the levels to values at b (1 - fraction): what r leaves of b."""
        points = self.levels[:, None] * (1 - self.fractions)
        return _barycentric(self.levels, points)

    def stepped(
        self, values: dict[tuple[float, ...], np.ndarray], endings: set[tuple[float, ...]], weight: float
    ) -> dict[tuple[float, ...], np.ndarray]:
        """Return the values one summand earlier, for each ending, stacking endings that start with the same mean."""
        result: dict[tuple[float, ...], np.ndarray] = {}
        for mean in sorted({ending[0] for ending in endings}):
            group = sorted(ending for ending in endings if ending[0] == mean)
            stacked = np.concatenate([values[ending[1:]] for ending in group], axis=-1)
            moved = self._step(stacked, mean, weight)
            result |= dict(zip(group, np.split(moved, len(group), axis=-1), strict=True))
        return result

    def _step(self, values: np.ndarray, mean: float, weight: float) -> np.ndarray:
        """Integrate over the newest noise, the last noise axis; the oldest one is a new first axis."""
        slope, s = self.chain.taps[-1], self.chain.deviation
        kinks, at = self._kinks(mean)
        weighted = values * self.density[:, None, None]
        weighted = weighted if self.dimension == 2 else weighted[None]
        zero = self.step * (0.5 + sici(np.pi * (kinks[:, None] / self.step - self._indices))[0] / np.pi)
        result = np.stack([np.tensordot(zero[rows], weighted[y], axes=1) for y, rows in enumerate(at)], axis=1)
        rise = self.levels[:, None] * self.fractions / (weight * s * slope)
        for b, level in enumerate(self.levels):
            left = np.moveaxis(np.tensordot(self.level_interpolation[b], weighted, axes=(1, 2)), 0, 1)
            points = (kinks[:, None] + rise[b]) / self.step
            scale = self.fraction_weights * level / (weight * s * slope)
            matrix = np.sinc(points[..., None] - self._indices) * scale[:, None]
            flat = matrix.reshape(len(kinks), -1)
            for y, rows in enumerate(at):
                result[:, y, b] += flat[rows] @ left[y].reshape(flat.shape[1], -1)
        return result if self.dimension == 2 else result[:, 0]

    def _kinks(self, mean: float) -> tuple[np.ndarray, list[Any]]:
        """Return the distinct noises at which a summand starts, and for each newer old noise which of them it has."""
        *taps, slope = self.chain.taps
        drift = taps[0] * self.noise[:, None] + (taps[1] * self.noise if self.dimension == 2 else np.zeros(1))
        distinct, at = np.unique(np.round(drift, 12), return_inverse=True)
        rows = [_as_slice(row) for row in at.reshape(drift.shape).T]
        return -(mean / self.chain.deviation + distinct) / slope, rows

    @cached_property
    def _indices(self) -> np.ndarray:
        return np.arange(len(self.noise)) - (len(self.noise) - 1) / 2

    def expectation(self, values: np.ndarray) -> np.ndarray:
        """Return the mean over the first noises, at the full level."""
        result = values[..., -1, :]
        for _ in range(self.dimension):
            result = self.step * np.tensordot(self.density, result, axes=(0, 0))
        return result


def _as_slice(rows: np.ndarray) -> Any:
    """Return consecutive indices as a slice, which copies nothing."""
    consecutive = (np.diff(rows) == 1).all()
    return slice(int(rows[0]), int(rows[-1]) + 1) if consecutive else rows


def _barycentric(nodes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the matrix of polynomial interpolation from nodes to points, of shape points.shape + (nodes,)."""
    gaps = nodes[:, None] - nodes
    np.fill_diagonal(gaps, 1)
    weights = 1 / np.prod(gaps * 4 / (nodes[-1]), axis=1)
    difference = points[..., None] - nodes
    exact = difference == 0
    terms = weights / np.where(exact, 1, difference)
    matrix = terms / terms.sum(axis=-1, keepdims=True)
    hit = exact.any(axis=-1, keepdims=True)
    return np.where(hit, exact.astype(float), matrix)
