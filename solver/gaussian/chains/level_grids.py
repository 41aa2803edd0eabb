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


@dataclass(frozen=True)
class Move:
    """Integrals over one summand r > 0, for every node of the result: sums over pieces between the cells' edges.

    Attributes
    ----------
    count : int
        Nodes of the result.
    owner, cell : ndarray of int, shape (pieces,)
        The node of each piece, and where it lies in the function that is integrated: once in a cell for each node.
    rises, weights : ndarray, shape (pieces, r)
        The values of r and their quadrature weights.
    first, second : ndarray, shape (pieces, r, n1) and (pieces, r, n2)
        Interpolation factors of the function at (b - K r, b' - K' r): their product over n1 and n2, from the values in
        the piece's cell to those along it.
    starts : ndarray
        The first node of each cell, see `Cells`.
    """

    count: int
    owner: np.ndarray
    cell: np.ndarray
    rises: np.ndarray
    weights: np.ndarray
    first: np.ndarray
    second: np.ndarray
    starts: np.ndarray

    def along(self, pieces: np.ndarray, cell: int) -> np.ndarray:
        """Return the interpolation of some pieces, all of one cell, of shape (pieces, r, nodes of the cell)."""
        return _interpolating(self.first[pieces], self.second[pieces], self.starts[cell : cell + 2])

    def matrix(self, density: np.ndarray) -> np.ndarray:
        """Return the integral against a density at the rises as one matrix over all levels."""
        matrix = np.zeros((self.count, self.starts[-1]))
        for cell in np.unique(self.cell):
            at = np.flatnonzero(self.cell == cell)
            weights = (self.weights[at] * density[at])[:, None]
            matrix[self.owner[at], self.starts[cell] : self.starts[cell + 1]] = (weights @ self.along(at, cell))[:, 0]
        return matrix


@dataclass(frozen=True)
class Rest:
    """The function at r = 0 for every node of the result: as a `Move` of one r, of each node."""

    cell: np.ndarray
    first: np.ndarray
    second: np.ndarray
    starts: np.ndarray

    def applied(self, values: np.ndarray) -> np.ndarray:
        """Return the values, given as (level, other), at the nodes of the result."""
        result = np.empty((len(self.cell), values.shape[1]))
        for cell in np.unique(self.cell):
            at, nodes = self.cell == cell, self.starts[cell : cell + 2]
            result[at] = _interpolating(self.first[at], self.second[at], nodes)[:, 0] @ values[slice(*nodes)]
        return result


def move(
    cells: Cells, points: np.ndarray, direction: Direction, nodes: int, within: tuple[float, float] = (0.0, np.inf)
) -> Move:
    """Return the move of a function on ``cells`` to values at ``points``, with ``nodes`` per piece of r ``within``."""
    owner, start, length = _pieces(cells, points, direction, within)
    x, w = unit_legendre(nodes)
    rises = start[:, None] + length[:, None] * x
    k = np.array(direction)
    cell, first, second = cells.factors(
        points[owner, None] - rises[..., None] * k, points[owner] - (start + length / 2)[:, None] * k
    )
    return Move(len(points), owner, cell, rises, length[:, None] * w, first, second, cells.starts)


def resting(cells: Cells, points: np.ndarray, direction: Direction) -> Rest:
    """Return a function on ``cells`` at ``points``, from where it moves in a direction."""
    first, last = cells.extent(points, direction)
    cell, left, right = cells.factors(points[:, None], points)
    left[(first > 0) | (last < 0)] = 0
    return Rest(cell, left, right, cells.starts)


def _interpolating(first: np.ndarray, second: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """Return products of factors of cells between two nodes, of shape (..., nodes of the cell)."""
    count = (nodes[1] - nodes[0]) // first.shape[-1]
    product = first[..., :, None] * second[..., None, :count]
    return np.asarray(product.reshape(*first.shape[:-1], -1))


def piece_count(cells: Cells, points: np.ndarray, direction: Direction) -> int:
    """Return how many pieces a `move` has."""
    return len(_pieces(cells, points, direction)[0])


def _pieces(
    cells: Cells, points: np.ndarray, direction: Direction, within: tuple[float, float] = (0.0, np.inf)
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the point, start and length of each piece of a path between edges, as values of r."""
    edges, (first, last) = cells.edges(points, direction), cells.extent(points, direction)
    first = np.maximum(first, within[0])
    last = np.maximum(first, np.minimum(last, within[1]))
    inner = np.clip(edges, first[:, None], last[:, None])
    bounds = np.sort(np.concatenate([first[:, None], inner, last[:, None]], axis=1), axis=1)
    lengths = np.diff(bounds, axis=1)
    owner, at = np.nonzero(lengths > 1e-14 * last[:, None])
    return owner, bounds[owner, at], lengths[owner, at]


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
