"""Eigenspaces of the Laplacian of a path, a ring and a grid, in closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from solver.errors import InputError
from solver.numbers.cosines import double_cosines
from solver.numbers.exact import Exact, integer

if TYPE_CHECKING:
    import networkx as nx
    from sympy import Expr

Frequency: TypeAlias = "Exact | Expr"

LARGEST_RING = 1024


@dataclass(frozen=True)
class Spectrum:
    """The eigenspaces of a graph Laplacian L = degrees - adjacency on the sites 0..n-1.

    Attributes
    ----------
    graph : networkx.Graph
        Its nodes are the sites; a grid is numbered row by row.
    eigenvalues : tuple of exact numbers
        Distinct and increasing, from 0 (constant) to at most 4 for each dimension (alternating).
    multiplicities : tuple of int
        Dimension of each eigenspace.
    entry : callable(n, i, j)
        P_n(i, j) of the orthogonal projector on eigenspace n, which no choice of eigenvectors enters.
    """

    graph: nx.Graph
    eigenvalues: tuple[Frequency, ...]
    multiplicities: tuple[int, ...]
    entry: Callable[[int, int, int], Frequency]

    @property
    def sites(self) -> int:
        """Number of nodes."""
        return len(self.graph)


def path_spectrum(size: int) -> Spectrum:
    """Return the eigenspaces of a path of ``size`` sites: cosines with free ends (DCT-II).

    psi_m(j) ~ cos(pi m (j + 1/2)/s) with eigenvalue 4 sin^2(pi m/(2s)) = 2 - 2 cos(pi m/s), m = 0..s-1.

    Examples
    --------
    >>> path_spectrum(3).eigenvalues == (0, 1, 3)
    True
    """
    import networkx as nx

    integer(size, "path", 1)
    c = double_cosines(2 * size)

    def entry(m: int, i: int, j: int) -> Frequency:
        scale = Fraction(1, 4 * size) if m == 0 else Fraction(1, 2 * size)
        return (c[m * (i - j) % (2 * size)] + c[m * (i + j + 1) % (2 * size)]) * scale

    return Spectrum(nx.path_graph(size), tuple(2 - c[m] for m in range(size)), (1,) * size, entry)


def ring_spectrum(length: int) -> Spectrum:
    """Return the eigenspaces of a ring: pairs of Fourier modes, eigenvalue 4 sin^2(pi m/l), m = 0..l//2.

    Raises
    ------
    InputError
        Beyond 1024 sites; the mean frequency of a kernel needs no eigenspaces and has no such limit.

    Examples
    --------
    >>> ring_spectrum(6).eigenvalues == (0, 1, 3, 4)
    True
    """
    import networkx as nx

    if integer(length, "ring", 3) > LARGEST_RING:
        raise InputError(f"ring: eigenspaces are listed up to {LARGEST_RING} sites, got {length}; use a shorter ring")
    c = double_cosines(length)
    alone = [m for m in range(length // 2 + 1) if 2 * m in (0, length)]

    def entry(m: int, i: int, j: int) -> Frequency:
        return c[m * (i - j) % length] * Fraction(1, 2 * length if m in alone else length)

    modes = range(length // 2 + 1)
    return Spectrum(
        nx.cycle_graph(length), tuple(2 - c[m] for m in modes), tuple(1 if m in alone else 2 for m in modes), entry
    )


def grid_spectrum(rows: int, columns: int) -> Spectrum:
    """Return the eigenspaces of a grid: products of those of two paths, whose eigenvalues add up.

    Raises
    ------
    InputError
        If the two sides need different number fields; the slides' 3 x 3 grid is rational.

    Examples
    --------
    >>> grid_spectrum(3, 3).eigenvalues == (0, 1, 2, 3, 4, 6)
    True
    """
    import networkx as nx

    down, across = path_spectrum(rows), path_spectrum(columns)
    pairs: dict[Frequency, list[tuple[int, int]]] = {}
    for a, first in enumerate(down.eigenvalues):
        for b, second in enumerate(across.eigenvalues):
            pairs.setdefault(first + second, []).append((a, b))
    eigenvalues = sorted(pairs)

    def entry(n: int, i: int, j: int) -> Frequency:
        (r, s), (t, u) = divmod(i, columns), divmod(j, columns)
        return sum((down.entry(a, r, t) * across.entry(b, s, u) for a, b in pairs[eigenvalues[n]]), Fraction(0))

    graph = nx.convert_node_labels_to_integers(nx.grid_2d_graph(rows, columns), ordering="sorted")
    return Spectrum(graph, tuple(eigenvalues), tuple(len(pairs[value]) for value in eigenvalues), entry)
