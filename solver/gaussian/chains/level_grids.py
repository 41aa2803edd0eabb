r"""Piecewise polynomials in two levels (b, b'), and how a summand moves along them.

What is left of two levels after summands r with weights (K, K') is (b - K r, b' - K' r).  Functions of both
levels have kinks across rays through the origin, one for each direction (K, K') taken so far, and are analytic
between them.  With alpha = b/b' up to the diagonal and 2 - b'/b beyond it, rays are lines of constant alpha
and rho = max(b, b') / level scales along them: each sector is a rectangle in (rho, alpha), where the function
is a polynomial through Gauss-Legendre nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import TypeAlias

import numpy as np

Direction = tuple[float, float]
"""Weights (K, K') of one summand in two sums."""


@dataclass(frozen=True)
class Line:
    """Functions of one level, along ``axis`` 0 or 1, the other level being full; polynomials between ``breaks``.

    Below the first break they are 0; paths stay below the last one.
    """

    level: float
    axis: int
    breaks: tuple[float, ...]
    nodes: int

    @property
    def starts(self) -> np.ndarray:
        """The first node of each cell, and of one that would follow."""
        return self.nodes * np.arange(len(self.breaks))

    @cached_property
    def points(self) -> np.ndarray:
        """The nodes as pairs of levels."""
        along = _between(self.breaks, self.nodes).ravel()
        points = np.full((len(along), 2), self.level)
        points[:, self.axis] = along
        return points

    def edges(self, points: np.ndarray, direction: Direction) -> np.ndarray:
        """Return where the paths ``points - r direction`` leave a cell, as values of r, of shape (points, edges)."""
        return (points[:, self.axis, None] - np.array(self.breaks[1:-1])) / direction[self.axis]

    def extent(self, points: np.ndarray, direction: Direction) -> tuple[np.ndarray, np.ndarray]:
        """Return the first and the last r at which a path is inside the cells; the function is 0 outside."""
        slope = direction[self.axis]
        low, high = ((points[:, self.axis] - end) / slope for end in (self.breaks[0], self.breaks[-1]))
        return (np.zeros_like(low), low) if slope > 0 else (np.maximum(low, 0), high)

    def factors(self, points: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the cell of each ``inside`` (points, 2) and both factors at ``points`` (points, r, 2)."""
        ends = np.array(self.breaks)
        cell = np.searchsorted(ends[1:-1], inside[:, self.axis])
        x = np.clip((points[..., self.axis] - ends[cell, None]) / np.diff(ends)[cell, None], 0, 1)
        return cell, interpolation(self.nodes, x), np.ones((*x.shape, 1))


@dataclass(frozen=True)
class Product:
    """Functions b g(b') of two levels, g a polynomial on [0, level]; kept by its values at b = 1."""

    level: float
    nodes: int

    @property
    def starts(self) -> np.ndarray:
        """See `Line`."""
        return np.array([0, self.nodes])

    def edges(self, points: np.ndarray, direction: Direction) -> np.ndarray:
        """See `Line`."""
        return np.zeros((len(points), 0))

    def extent(self, points: np.ndarray, direction: Direction) -> tuple[np.ndarray, np.ndarray]:
        """See `Line`."""
        return _until_a_level_is_spent(points, direction)

    def factors(self, points: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `Line`."""
        matrix = interpolation(self.nodes, points[..., 1] / self.level)
        return np.zeros(len(points), dtype=int), matrix, points[..., :1]


@dataclass(frozen=True)
class Sectors:
    """Functions of both levels, polynomials in (rho, alpha) between the rays at ``breaks`` in alpha.

    A sector has ``angular_nodes`` of its own.
    """

    level: float
    breaks: tuple[float, ...]
    radial_nodes: int
    angular_nodes: tuple[int, ...]

    @property
    def starts(self) -> np.ndarray:
        """See `Line`."""
        return self.radial_nodes * np.cumsum([0, *self.angular_nodes])

    @cached_property
    def points(self) -> np.ndarray:
        """The nodes as pairs of levels."""
        rho, _ = unit_legendre(self.radial_nodes)
        sectors = zip(pairwise(self.breaks), self.angular_nodes, strict=True)
        alphas = (_between(ends, count).ravel() for ends, count in sectors)
        return np.concatenate([(self.level * rho[:, None, None] * ray(alpha)).reshape(-1, 2) for alpha in alphas])

    def edges(self, points: np.ndarray, direction: Direction) -> np.ndarray:
        """See `Line`."""
        rays = ray(np.array(self.breaks[1:-1]))
        slope = direction[0] * rays[:, 1] - direction[1] * rays[:, 0]
        offset = points[:, :1] * rays[:, 1] - points[:, 1:] * rays[:, 0]
        along = np.abs(slope) < 1e-12
        return np.where(along, np.inf, offset / np.where(along, 1, slope))

    def extent(self, points: np.ndarray, direction: Direction) -> tuple[np.ndarray, np.ndarray]:
        """See `Line`."""
        return _until_a_level_is_spent(points, direction)

    def factors(self, points: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `Line`."""
        ends = np.array(self.breaks)
        cell = np.searchsorted(ends[1:-1], angle(inside))
        below = (ends[cell] < 1)[:, None]
        b, c = points[..., 0], points[..., 1]
        largest = np.where(below, c, b)
        alpha = np.where(below, b / c, 2 - c / b)
        x = (alpha - ends[cell, None]) / np.diff(ends)[cell, None]
        angular = np.zeros((*x.shape, max(self.angular_nodes)))
        for count in set(self.angular_nodes):
            at = np.array(self.angular_nodes)[cell] == count
            angular[at, :, :count] = interpolation(count, x[at])
        return cell, interpolation(self.radial_nodes, largest / self.level), angular


Cells: TypeAlias = Line | Product | Sectors
"""A function space: polynomials on each of several cells.

Node ``starts[cell] + i1 * n2 + i2`` carries the value that the factors i1 and i2 interpolate; factors of cells with
fewer i2 than others are followed by zeros.
"""


def _between(breaks: tuple[float, ...], count: int) -> np.ndarray:
    """Return the Gauss-Legendre nodes of each stretch between breaks."""
    ends, (x, _) = np.array(breaks), unit_legendre(count)
    return ends[:-1, None] + np.diff(ends)[:, None] * x


def _until_a_level_is_spent(points: np.ndarray, direction: Direction) -> tuple[np.ndarray, np.ndarray]:
    """Return 0 and min(b/K, b'/K') over the positive weights."""
    k = np.array(direction)
    return np.zeros(len(points)), np.where(k > 0, points / np.where(k > 0, k, 1), np.inf).min(axis=1)


def ray(alpha: np.ndarray) -> np.ndarray:
    """Return the directions at alpha, scaled to maximum 1, with a new last axis."""
    return np.stack([np.minimum(alpha, 1), np.minimum(2 - alpha, 1)], axis=-1)


def angle(points: np.ndarray) -> np.ndarray:
    """Return alpha of pairs (..., 2): b/b' up to the diagonal, 2 - b'/b beyond it."""
    b, c = points[..., 0], points[..., 1]
    largest = np.maximum(b, c)
    return np.where(b <= c, b / largest, 2 - c / largest)


@cache
def unit_legendre(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the Gauss-Legendre nodes and weights on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1) / 2, weights / 2


def interpolation(count: int, x: np.ndarray) -> np.ndarray:
    """Return the values at x of the Lagrange polynomials of the Gauss-Legendre nodes on [0, 1], in a new last axis.

    Barycentric, with weights (-1)^j sqrt(x_j (1 - x_j) w_j).
    """
    nodes, weights = unit_legendre(count)
    barycentric = (-1.0) ** np.arange(count) * np.sqrt(nodes * (1 - nodes) * weights)
    difference = x[..., None] - nodes
    exact = difference == 0
    terms = barycentric / np.where(exact, 1, difference)
    matrix = terms / terms.sum(axis=-1, keepdims=True)
    return np.where(exact.any(axis=-1, keepdims=True), exact.astype(float), matrix)
