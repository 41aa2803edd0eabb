r"""Integrals over the noises of a moving average z = w_0 eta_0 + ... + w_D eta_D, D = 0, 1 or 2, eta iid N(0, s^2).

A function of the D last noises is kept by its values on a uniform grid of e = eta / s, as an array of axes
(y, level, e, column): y is the older noise of two, and an axis of length 1 that does not exist is kept.
Against the density phi(e) it is integrated through its sinc interpolant, split where z crosses the ReLU's kink.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import ndtr, sici

from solver.gaussian.chains.level_grids import Move


@dataclass(frozen=True)
class NoiseGrid:
    """Uniform grid of the noises: ``step`` and ``reach`` in units of the deviation s.

    Parameters
    ----------
    taps : tuple of float
        w_0, ..., w_D with w_D > 0.

    Attributes
    ----------
    memory : int
        D, the number of noises that neighbouring sites share with the next.
    nodes : ndarray
        The grid of one noise; a single 0 if there is nothing to remember.
    density : ndarray
        phi at the nodes; 1 if there is nothing to remember.
    shape : tuple of two int
        Lengths of the axes y and e.
    state : list of ndarray
        The D last noises, oldest first, each of a shape that broadcasts to (y, 1, e, 1).
    sinc_size : int
        Values of sinc functions for each rise of a summand: its distinct kinks times the nodes.
    """

    taps: tuple[float, ...]
    deviation: float
    step: float
    reach: float
    memory: int = field(init=False, repr=False, compare=False)
    nodes: np.ndarray = field(init=False, repr=False, compare=False)
    density: np.ndarray = field(init=False, repr=False, compare=False)
    shape: tuple[int, int] = field(init=False, repr=False, compare=False)
    state: list[np.ndarray] = field(init=False, repr=False, compare=False)
    sinc_size: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        memory = len(self.taps) - 1
        half = int(np.ceil(self.reach / self.step)) if memory else 0
        nodes = np.arange(-half, half + 1) * self.step
        e, y = nodes[None, None, :, None], nodes[:, None, None, None]
        vars(self).update(
            memory=memory,
            nodes=nodes,
            density=np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi) if memory else np.ones(1),
            shape=((len(nodes) if memory == 2 else 1), len(nodes)),
            state=[[], [e], [y, e]][memory],
        )
        vars(self)["sinc_size"] = len(self._kinks(0.0)[0]) * len(nodes) if memory else 0

    def expectation(self, values: np.ndarray) -> np.ndarray:
        """Return the mean over the first noises, of axes (level, column)."""
        measure = self.step * self.density if self.memory else np.ones(1)
        older = measure if self.memory == 2 else np.ones(1)
        return np.einsum("y,e,ybec->bc", older, measure, values)

    def passed(self, values: np.ndarray) -> np.ndarray:
        """Return the mean over the newest noise, as a function of the noises before it."""
        if not self.memory:
            return values
        mean = self.step * np.tensordot(values, self.density, axes=(2, 0))
        if self.memory == 1:
            return np.broadcast_to(mean[:, :, None], values.shape)
        return np.broadcast_to(mean.transpose(1, 0, 2), (len(self.nodes), *mean.transpose(1, 0, 2).shape))

    def stepped(self, values: np.ndarray, move: Move, mean: float, centre: float | None = None) -> np.ndarray:
        """Return the mean of ``values`` moved by r = (mean + z)+, over the newest noise of z.

        With ``centre``, the mean of (r - centre) times that.  Costs (pieces * r) * cell * n^D * columns
        operations for the levels and (pieces * r) * n^(D+1) * columns for the noise.
        """
        zero = 1.0 if centre is None else -centre
        lift = np.ones_like(move.rises) if centre is None else move.rises - centre
        if self.memory == 0:
            matrix = _matrix(self, move, mean, zero, move.weights * lift, values.shape[1])
            return (matrix @ values[0, :, 0])[None, :, None]
        kinks, rows = self._kinks(mean)
        indices = np.arange(len(self.nodes)) - (len(self.nodes) - 1) / 2
        weighted = values * self.density[:, None]
        rest = zero * self.step * (0.5 + sici(np.pi * (kinks[:, None] / self.step - indices))[0] / np.pi)
        result = self._resting(rest, rows, move, weighted)
        slope = self.deviation * self.taps[-1]
        for b, (start, stop) in enumerate(zip(move.starts[:-1], move.starts[1:], strict=True)):
            if start == stop:
                continue
            left = np.concatenate([self._along(move, piece, weighted) for piece in range(start, stop)], axis=1)
            rises = move.rises[start:stop].ravel()
            scale = (move.weights[start:stop] * lift[start:stop]).ravel() / slope
            points = (kinks[:, None] + rises / slope) / self.step
            matrix = _sinc(points, indices) * scale[:, None]
            flat = matrix.reshape(len(kinks), -1)
            for y, at in enumerate(rows):
                result[:, b, y] += flat[at] @ left[y].reshape(flat.shape[1], -1)
        return result if self.memory == 2 else result.transpose(2, 1, 0, 3)

    def _resting(self, rest: np.ndarray, rows: list[Any], move: Move, weighted: np.ndarray) -> np.ndarray:
        """Return the part with r = 0, with axes (newer x, level, y, column) for old noises x, y."""
        blocks = weighted.reshape(len(rows), -1, move.cell_size, *weighted.shape[2:])
        values = np.empty((len(rows), len(move.rest), *weighted.shape[2:]))
        for c in np.unique(move.rest_cell):
            at = move.rest_cell == c
            flat = move.rest[at] @ blocks[:, c].reshape(len(rows), move.cell_size, -1)
            values[:, at] = flat.reshape(len(rows), -1, *weighted.shape[2:])
        return np.stack([(rest[at] @ values[y]).transpose(1, 0, 2) for y, at in enumerate(rows)], axis=2)

    def _along(self, move: Move, piece: int, weighted: np.ndarray) -> np.ndarray:
        """Return values along a piece, with axes (y, r, e, column)."""
        at = move.cell[piece] * move.cell_size
        block = weighted[:, at : at + move.cell_size]
        flat = block.reshape(*block.shape[:2], -1)
        matrix = move.first[piece][:, :, None] * move.second[piece][:, None, :]
        return (matrix.reshape(len(matrix), -1) @ flat).reshape(len(block), -1, *block.shape[2:])

    def _kinks(self, mean: float) -> tuple[np.ndarray, list[Any]]:
        """Return the distinct noises at which a summand starts, and for each newer old noise which of them it has."""
        *taps, slope = self.taps
        drift = taps[0] * self.nodes[:, None] + (taps[1] * self.nodes if self.memory == 2 else np.zeros(1))
        distinct, at = np.unique(np.round(drift, 12), return_inverse=True)
        rows = [_as_slice(row) for row in at.reshape(drift.shape).T]
        return -(mean / self.deviation + distinct) / slope, rows


def _matrix(grid: NoiseGrid, move: Move, mean: float, zero: float, weights: np.ndarray, nodes: int) -> np.ndarray:
    """Return the step of independent sites as one matrix over the levels."""
    s = grid.deviation * grid.taps[-1]
    scaled = weights * np.exp(-(((move.rises - mean) / s) ** 2) / 2) / (s * np.sqrt(2 * np.pi))
    blocks = (move.first * scaled[..., None]).transpose(0, 2, 1) @ move.second
    points = len(move.rest)
    owner = np.repeat(np.arange(points), np.diff(move.starts))
    matrix = np.zeros((points, nodes // move.cell_size, move.cell_size))
    np.add.at(matrix, (owner, move.cell), blocks.reshape(len(blocks), -1))
    matrix[np.arange(points), move.rest_cell] += zero * ndtr(-mean / s) * move.rest
    return matrix.reshape(points, -1)


def _sinc(points: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Return sinc(points - indices) in a new last axis, by one sine per point."""
    count = len(indices)
    places = points - indices[0]
    nearest = np.rint(places)
    beyond = places - nearest
    height = np.where(nearest % 2 == 0, 1.0, -1.0) * np.sin(np.pi * beyond) / np.pi
    difference = places[..., None] - np.arange(count)
    at = np.clip(nearest, 0, count - 1).astype(int)[..., None]
    inside = (nearest >= 0) & (nearest < count)
    np.put_along_axis(difference, at, np.where(inside, 1.0, places - at[..., 0])[..., None], axis=-1)
    value = np.divide(height[..., None], difference, out=difference)
    value *= np.where(np.arange(count) % 2 == 0, 1.0, -1.0)
    own = np.where(inside, np.sinc(beyond), np.take_along_axis(value, at, axis=-1)[..., 0])
    np.put_along_axis(value, at, own[..., None], axis=-1)
    return value


def _as_slice(rows: np.ndarray) -> Any:
    """Return consecutive indices as a slice, which copies nothing."""
    consecutive = (np.diff(rows) == 1).all()
    return slice(int(rows[0]), int(rows[-1]) + 1) if consecutive else rows
