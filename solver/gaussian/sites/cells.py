r"""Functions of one number as polynomials on cells, halved until each is resolved.

On a cell f(x) = sum_k c_k P_k(2 (x - a)/(b - a) - 1), with the Legendre polynomials P_k; outside of all cells f = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.polynomial import legendre

from solver.gaussian.chains.level_grids import unit_legendre

DEEPEST_CELL = 30
NO_MASS = 1e-24
"""What the last coefficients of a cell may carry, whatever its other ones are."""
TAIL = 1e4
"""How much less closely tails are resolved; what rounding leaves must not be halved for ever."""
CHUNK = 2_000_000
"""Points at which a function is evaluated at once."""


@dataclass(frozen=True)
class PolynomialCells:
    """Polynomials between neighbouring ``edges``.

    Attributes
    ----------
    edges : ndarray, shape (cells + 1,)
    coefficients : ndarray, shape (cells, order + 1)
        c_k of each cell.
    """

    edges: np.ndarray
    coefficients: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return the function at points of any shape."""
        flat, values = x.ravel(), np.zeros(x.size)
        for start in range(0, x.size if len(self.edges) > 1 else 0, CHUNK):
            part = flat[start : start + CHUNK]
            cell = np.clip(np.searchsorted(self.edges, part, side="right") - 1, 0, len(self.edges) - 2)
            low, high = self.edges[cell], self.edges[cell + 1]
            inside = (part >= self.edges[0]) & (part <= self.edges[-1])
            at = np.clip((2 * part - low - high) / (high - low), -1, 1)
            found = legendre.legval(at, self.coefficients[cell].T, tensor=False)
            values[start : start + CHUNK] = np.where(inside, found, 0)
        return values.reshape(x.shape)

    def nodes(self, breaks: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return Gauss-Legendre nodes between all edges and breaks, their weights, and the function there."""
        if len(self.edges) < 2:
            return np.empty(0), np.empty(0), np.empty(0)
        inner = breaks[(breaks > self.edges[0]) & (breaks < self.edges[-1])]
        x, w = panel_nodes(np.unique(np.concatenate([self.edges, inner])), count)
        return x, w, self(x)

    def integral(self, from_right: bool = False) -> PolynomialCells:
        """Return its integral from the left end to x, or from x to the right end, as a function on the same cells."""
        halves, side = np.diff(self.edges) / 2, -1 if from_right else 1
        grown = legendre.legint(self.coefficients, lbnd=-side, axis=1) * (side * halves[:, None])
        whole = legendre.legval(np.array(float(side)), grown.T, tensor=False)
        grown[:, 0] += np.cumsum(whole[::side])[::side] - whole
        return PolynomialCells(self.edges, grown)


def panel_nodes(edges: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the Gauss-Legendre nodes and weights between neighbouring edges, flat."""
    x, w = unit_legendre(count)
    lengths = np.diff(edges)[:, None]
    return (edges[:-1, None] + lengths * x).ravel(), (lengths * w).ravel()


@cache
def _to_coefficients(count: int) -> np.ndarray:
    """Return the matrix from values at Gauss-Legendre nodes on [0, 1] to c_0, ..., c_(count - 1)."""
    x, w = unit_legendre(count)
    return np.array((legendre.legvander(2 * x - 1, count - 1) * (2 * w)[:, None]).T * (np.arange(count) + 0.5)[:, None])


def resolved_cells(
    function: Callable[[np.ndarray], np.ndarray], edges: np.ndarray, *, nodes: int, tolerance: float
) -> PolynomialCells:
    """Return a function on cells that its last coefficients say are resolved.

    A cell is halved until its last two coefficients are below ``tolerance`` of its largest, or `TAIL` times that where
    they carry a mass below it.
    """
    x, _ = unit_legendre(nodes)
    low, high = edges[:-1], edges[1:]
    done: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for halving in range(DEEPEST_CELL + 1):
        lengths = high - low
        found = function(low[:, None] + lengths[:, None] * x) @ _to_coefficients(nodes).T
        last = np.abs(found[:, -2:]).max(axis=1)
        close = last / np.maximum(np.abs(found).max(axis=1), 1e-300)
        fine = (close <= tolerance) | ((close <= TAIL * tolerance) & (last * lengths <= tolerance))
        fine |= (last * lengths <= NO_MASS) | (halving == DEEPEST_CELL)
        done.append((low[fine], high[fine], found[fine]))
        low, high = low[~fine], high[~fine]
        if not len(low):
            break
        middle = (low + high) / 2
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
    starts, ends, coefficients = (np.concatenate(parts) for parts in zip(*done, strict=True))
    order = np.argsort(starts)
    return PolynomialCells(np.append(starts[order], ends[order[-1]]), coefficients[order])
