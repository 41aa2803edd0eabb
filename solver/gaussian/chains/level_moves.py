"""How a function of two levels moves along a summand: integrals over the rise of a site, and the function at rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.gaussian.chains.level_grids import Cells, Direction, unit_legendre


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
