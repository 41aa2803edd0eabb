r"""Integrals over the noises of a moving average z = w_0 eta_0 + ... + w_D eta_D, D = 0, 1 or 2, eta iid N(0, s^2).

A function of a level and of the D last noises is kept by its values on a uniform grid of e = eta / s, as an array of
axes (column, level, part, y, e): y is the older noise of two, and an axis of length 1 that does not exist is kept.
A site r = (m + z)+ that moves the level is taken in with its newest noise e integrated against the density phi.  With
r itself as the variable, at given older noises x and y,

    e = (r / s - m / s - w_0 x - w_1 y) / w_D,

and trigonometric interpolation in e makes of that shift a phase: one matrix over the levels for each frequency serves
all means, all older noises and all columns.  The part with r = 0 is an integral of sinc interpolants up to the kink.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtr, sici

from solver.gaussian.chains.level_moves import Move, Rest

LARGEST_BLOCK = 2**22
"""Numbers of one block of frequencies (some ten megabytes)."""

Transitions = Mapping[float, np.ndarray]
"""How columns pass into new ones at a site, as a matrix (old, new) for each mean of the site."""


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
        The D last noises, oldest first, each of a shape that broadcasts to (y, e).
    spread : float
        How far a site is followed, ``reach`` standard deviations of z.
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
    spread: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        memory = len(self.taps) - 1
        half = int(np.ceil(self.reach / self.step)) if memory else 0
        nodes = np.arange(-half, half + 1) * self.step
        vars(self).update(
            memory=memory,
            nodes=nodes,
            density=np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi) if memory else np.ones(1),
            shape=((len(nodes) if memory == 2 else 1), len(nodes)),
            state=[[], [nodes[None]], [nodes[:, None], nodes[None]]][memory],
            spread=self.reach * self.deviation * float(np.hypot.reduce(self.taps)),
        )

    @property
    def slope(self) -> float:
        """How fast a site rises with its newest noise, s w_D."""
        return self.deviation * self.taps[-1]

    def expectation(self, values: np.ndarray) -> np.ndarray:
        """Return the mean over the first noises, the last two axes."""
        measure = self.step * self.density if self.memory else np.ones(1)
        return np.asarray(values @ measure @ (measure if self.memory == 2 else np.ones(1)))

    def passed(self, values: np.ndarray) -> np.ndarray:
        """Return the mean over the newest noise, as a function of the noises before it."""
        if not self.memory:
            return values
        mean = self.step * (values @ self.density)
        return np.broadcast_to(mean[..., None, :], values.shape)

    def stretches(self, means: Iterable[float]) -> Iterator[tuple[tuple[float, float], list[float]]]:
        """Yield stretches of r > 0 within reach of some means, and those means."""
        groups: list[list[float]] = []
        for mean in sorted(means):
            if not groups or mean - groups[-1][-1] > 2 * self.spread:
                groups.append([])
            groups[-1].append(mean)
        for group in groups:
            yield (max(group[0] - self.spread, 0.0), max(group[-1] + self.spread, 0.0)), group

    def frequencies(self, move: Move, means: list[float]) -> np.ndarray:
        """Return the non-negative frequencies of an odd number of nodes, whose period no noise within reach spans."""
        low, high = float(move.rises.min()), float(move.rises.max())
        longest = self.spread + max(high - min(means), max(means) - low)
        count = max(int(np.ceil(longest / (self.slope * self.step))), len(self.nodes)) // 2 * 2 + 1
        return 2 * np.pi / (count * self.step) * np.arange(count // 2 + 1)

    def risen(self, values: np.ndarray, move: Move, transitions: Transitions, *, tilted: bool = False) -> np.ndarray:
        """Return the mean over the newest noise of ``values`` moved by r, where r > 0, in new columns.

        With ``tilted`` part 1 is moved, and gains part 0 times r.  Costs frequencies * levels * cell * columns *
        n^(D-1) complex multiplications, n the nodes of the grid.
        """
        if not self.memory:
            return self._risen_without_memory(values, move, transitions, tilted=tilted)
        omega = self.frequencies(move, list(transitions))
        merged, passing = _merged(transitions, omega / self.slope)
        measure = np.where(omega > 0, 2.0, 1.0) / ((2 * len(omega) - 1) * self.slope)
        back, newer = (np.exp(-1j * np.outer(omega, w / self.taps[-1] * self.nodes)) for w in (*self.taps, 0)[:2])
        newest = np.exp(-1j * np.outer(omega, self.nodes)) * self.density
        columns, parts, (y, e) = passing.shape[2], values.shape[2], self.shape
        chunk = max(1, LARGEST_BLOCK // (merged.shape[2] * values[0, ..., 0].size))
        result = np.zeros((columns, move.count * parts * y, e))
        for at in (slice(start, start + chunk) for start in range(0, len(omega), chunk)):
            waves = _transformed(values, newest[at], merged[at])
            moved = _moved(waves, move, omega[at] / self.slope, tilted=tilted)
            if self.memory == 2:
                moved *= newer[at, None, None, None]
            for k in range(merged.shape[2]):
                real, imaginary = (part[:, :, k].reshape(len(part), -1).T for part in (moved.real, moved.imag))
                for new in np.flatnonzero(passing[:, k].any(axis=0)):
                    turned = passing[at, k, new, None] * measure[at, None] * back[at]
                    result[new] += real @ turned.real
                    result[new] -= imaginary @ turned.imag
        return self._oriented(result.reshape(columns, move.count, parts, y, e))

    def rested(self, values: np.ndarray, rest: Rest, transitions: Transitions) -> np.ndarray:
        """Return the mean over the newest noise of ``values`` where r = 0, in new columns."""
        parts, (y, e) = values.shape[2], self.shape
        result = np.zeros((next(iter(transitions.values())).shape[1], len(rest.cell), parts, y, e))
        upto = {mean: self.density[:, None] * self._upto_kink(mean) for mean in transitions}
        for old, each in enumerate(values):
            still = rest.applied(each.reshape(len(each), -1)).reshape(-1, parts, y, e)
            lines = np.ascontiguousarray(still.transpose(2, 0, 1, 3)).reshape(y, -1, e)
            for mean, matrix in transitions.items():
                for new in np.flatnonzero(matrix[old]):
                    ends = (lines @ upto[mean]).reshape(y, -1, parts, e)
                    ends = ends.transpose(1, 2, 3, 0) if self.memory == 2 else ends.transpose(1, 2, 0, 3)
                    result[new] += matrix[old, new] * ends
        return result

    def _oriented(self, values: np.ndarray) -> np.ndarray:
        """Return values of axes (..., newer, older) with the older noise first."""
        return values.swapaxes(-1, -2) if self.memory == 2 else values

    def _upto_kink(self, mean: float) -> np.ndarray:
        """Return the integrals of each sinc function up to where a site starts to rise, of axes (y, e, x)."""
        if not self.memory:
            return np.array([[[ndtr(-mean / self.slope)]]])
        newer = self.taps[1] * self.nodes if self.memory == 2 else np.zeros(1)
        kinks = -(mean / self.deviation + newer[:, None] + self.taps[0] * self.nodes) / (self.taps[-1] * self.step)
        indices = np.arange(len(self.nodes)) - (len(self.nodes) - 1) / 2
        distinct, at = np.unique(np.round(kinks, 12), return_inverse=True)
        integrals = self.step * (0.5 + sici(np.pi * (distinct[:, None] - indices))[0] / np.pi)
        return np.ascontiguousarray(integrals[at.reshape(kinks.shape)].swapaxes(1, 2))

    def _risen_without_memory(
        self, values: np.ndarray, move: Move, transitions: Transitions, *, tilted: bool
    ) -> np.ndarray:
        result = np.zeros(1)
        for mean, matrix in transitions.items():
            columns = np.einsum("cbt,cd->bdt", values[..., 0, 0], matrix)
            density = np.exp(-(((move.rises - mean) / self.slope) ** 2) / 2) / (self.slope * np.sqrt(2 * np.pi))
            moved = np.tensordot(move.matrix(density), columns, axes=1)
            if tilted:
                moved[..., 1] += move.matrix(density * move.rises) @ columns[..., 0]
            result = result + moved
        return np.asarray(result).swapaxes(0, 1)[..., None, None]


def _merged(transitions: Transitions, frequencies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return matrices (frequency, old, merged) and (frequency, merged, new) whose product passes old columns to new.

    A mean m is a phase exp(-i omega m).  Old columns that pass into the same new ones, but for a common factor and a
    common shift of the means, are one merged column.
    """
    rows: dict[tuple[tuple[float, int, float], ...], list[tuple[int, float, float]]] = {}
    for old in range(len(next(iter(transitions.values())))):
        row = [
            (m, int(new), float(t[old, new])) for m, t in sorted(transitions.items()) for new in np.nonzero(t[old])[0]
        ]
        if row:
            mean, _, factor = row[0]
            shape = tuple((round(m - mean, 12), new, round(f / factor, 12)) for m, new, f in row)
            rows.setdefault(shape, []).append((old, mean, factor))
    count, old, new = len(frequencies), *next(iter(transitions.values())).shape
    first, second = np.zeros((count, old, len(rows)), complex), np.zeros((count, len(rows), new), complex)
    for k, (shape, members) in enumerate(rows.items()):
        for old, mean, factor in members:
            first[:, old, k] = factor * np.exp(-1j * frequencies * mean)
        for shift, column, factor in shape:
            second[:, k, column] += factor * np.exp(-1j * frequencies * shift)
    return first, second


def _transformed(values: np.ndarray, newest: np.ndarray, merged: np.ndarray) -> np.ndarray:
    """Return the waves of ``values`` in merged columns, as matrices of complex numbers.

    They are of axes (frequency, 2, level, merged, part, y, 2): (re, im) and (-im, re).
    """
    (count, e), (_, levels, parts, y, _) = newest.shape, values.shape
    result = np.empty((count, 2, levels, merged.shape[2], parts, y, 2))
    for new in range(merged.shape[2]):
        total: np.ndarray | float = 0.0
        for old in np.flatnonzero(merged[:, :, new].any(axis=0)):
            turned = merged[:, old, new, None] * newest
            total = total + np.concatenate([turned.real, turned.imag]) @ values[old].reshape(-1, e).T
        real, imaginary = np.asarray(total).reshape(2, count, levels, parts, y)
        result[:, 0, :, new, ..., 0] = result[:, 1, :, new, ..., 1] = real
        result[:, 0, :, new, ..., 1] = imaginary
        np.negative(imaginary, out=result[:, 1, :, new, ..., 0])
    return result


def _moved(waves: np.ndarray, move: Move, frequencies: np.ndarray, *, tilted: bool) -> np.ndarray:
    """Return sum_r weight exp(i omega r) of `_transformed` waves along paths: (frequency, node, merged, part, y)."""
    count, tail = len(waves), waves.shape[3:]
    result = np.zeros((count, move.count, *tail))
    for cell in np.unique(move.cell):
        at = np.flatnonzero(move.cell == cell)
        block = waves[:, :, move.starts[cell] : move.starts[cell + 1]].reshape(count, -1, int(np.prod(tail)))
        for pieces in np.array_split(at, max(1, len(at) * count * block.shape[1] // LARGEST_BLOCK)):
            along = move.along(pieces, cell)
            turns = frequencies[:, None] * move.rises[pieces, None, :]
            phases = np.stack([np.cos(turns), np.sin(turns)], axis=2) * move.weights[pieces, None, None, :]
            for lifted in (False, True)[: 1 + tilted]:
                used = phases * move.rises[pieces, None, None, :] if lifted else phases
                matrices = (used.reshape(len(pieces), 2 * count, -1) @ along).reshape(len(pieces), count, -1)
                moved = np.matmul(matrices.transpose(1, 0, 2), block).reshape(count, len(pieces), *tail)
                if lifted:
                    result[:, :, :, 1][:, move.owner[pieces]] += moved[:, :, :, 0]
                else:
                    result[:, move.owner[pieces]] += moved
    return result.view(complex)[..., 0]
