"""Mean frequencies of filters and effective kernels: <w, L w>/<w, w>, L the Laplacian of a graph, as a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from solver.brute_force.case import PlainCase
from solver.brute_force.passes import exact_values, linear_maps


def laplacian(shape: Sequence[int], *, periodic: bool) -> np.ndarray:
    """Return degrees - adjacency of a path, a ring, a grid or a torus, sites numbered row by row."""
    places = list(product(*map(range, shape)))
    number = {place: n for n, place in enumerate(places)}
    matrix = np.zeros((len(places), len(places)), dtype=int)
    for place, n in number.items():
        for axis, size in enumerate(shape):
            after = list(place)
            after[axis] = (place[axis] + 1) % size if periodic else place[axis] + 1
            if tuple(after) in number:
                m = number[tuple(after)]
                for i, j, entry in ((n, n, 1), (m, m, 1), (n, m, -1), (m, n, -1)):
                    matrix[i, j] += entry
    return matrix


def plain_filter_frequency(network: Any, layer: int) -> Any:
    """Return the mean frequency of the filters of a layer, on a path of their taps; None if all are 0."""
    filters = np.array(network.layers[layer - 1].filters, dtype=object)
    return _quotient(filters.reshape(-1, filters[0, 0].size), laplacian(filters.shape[2:], periodic=False))


def plain_kernel_frequency(network: Any, case: PlainCase, layer: int) -> Any:
    """Return that of the effective kernels of a layer, what its units at the first site read, on the ring or frame."""
    maps = exact_values(linear_maps(network.layers[:layer], 1, case.shape))
    first = maps.reshape(*maps.shape[:2], -1)[:, :, 0].T
    return _quotient(first, laplacian(case.shape, periodic=True))


def plain_filter_squares(network: Any, layer: int) -> list[tuple[float, float]]:
    """Return each eigenvalue of the path or grid, and the mean squared coefficient of the filters of a layer there."""
    filters = np.array(network.layers[layer - 1].filters, dtype=object)
    rows = filters.reshape(-1, filters[0, 0].size).astype(float)
    eigenvalues, vectors = np.linalg.eigh(laplacian(filters.shape[2:], periodic=False).astype(float))
    squares = ((rows @ vectors) ** 2).mean(axis=0)
    groups = np.split(np.arange(len(squares)), np.flatnonzero(np.diff(eigenvalues) > 1e-9) + 1)
    return [(float(eigenvalues[group].mean()), float(squares[group].sum())) for group in groups]


def _quotient(rows: np.ndarray, matrix: np.ndarray) -> Any:
    square = (rows * rows).sum()
    if square == 0:
        return None
    return (rows * rows.dot(matrix.astype(object))).sum() * Fraction(1) / square
