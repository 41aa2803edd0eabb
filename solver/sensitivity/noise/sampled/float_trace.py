"""The forward pass in float64, and on which linear piece of its activation every unit was."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.lib.stride_tricks import as_strided

from solver.network.layer import Layer

KINKS = {"identity": (-np.inf, np.inf), "relu": (0.0, np.inf), "hardtanh": (-1.0, 1.0)}
"""Between which values each activation is the identity; it is constant beyond."""
_DECIMALS = 9
"""Of pre-activations that are the same."""

Trace = list[tuple[np.ndarray, np.ndarray]]
"""The pre-activations and activations of layers 0..depth."""


class FloatTrace:
    """The forward pass in float64, of arrays of shape (*sites, channels, images, points).

    Images and points come last, so that a layer is one matrix product for each output site: what its window holds is
    one block of memory.

    Parameters
    ----------
    layers : sequence of Layer
    periodic : bool
        Whether the sites are a whole ring or frame; else they are a window, and a layer has the outputs whose filters
        fit into it.

    Attributes
    ----------
    there : list of arrays of bool, shape (3,)
        For each layer, whether its activation has a piece below, between and above its kinks.
    """

    def __init__(self, layers: Sequence[Layer], *, periodic: bool = True) -> None:
        self.layers = layers
        self.periodic = periodic
        self._weights = [(layer.array.astype(float), np.array([float(b) for b in layer.bias])) for layer in layers]
        kinks = [KINKS[layer.activation] for layer in layers]
        self.there = [np.array([low > -np.inf, True, high < np.inf]) for low, high in kinks]

    def __call__(self, a: np.ndarray, met: Sequence[np.ndarray] | None = None) -> Trace:
        """Return the pre-activations and activations of layers 0..depth.

        With ``met``, of each layer an array of bool (pieces, *sites, channels, images), units know these pieces only
        and go on linearly beyond them.
        """
        trace = [(a, a)]
        for k, (layer, (weights, bias)) in enumerate(zip(self.layers, self._weights, strict=True)):
            if self.periodic:
                a = _wrapped(a, layer)
            z = _valid_correlation(a, weights, layer.stride)
            z += bias[:, None, None]
            low, high = KINKS[layer.activation] if met is None else _limits(layer.activation, met[k])
            if met is None and layer.activation == "relu":
                a = np.maximum(z, 0.0)
            else:
                a = z if layer.activation == "identity" else np.clip(z, low, high)
            trace.append((z, a))
        return trace

    def pieces(self, trace: Trace, known: Sequence[np.ndarray] | None = None) -> list[np.ndarray]:
        """Return for each layer whether any point was below, between and above the kinks, unit by unit.

        Those that are ``known`` are added; where most units have met a piece, only the others are looked at.
        """
        found = []
        for k, (layer, (z, _)) in enumerate(zip(self.layers, trace[1:], strict=True)):
            low, high = KINKS[layer.activation]
            met = np.zeros((3, *z.shape[:-1]), dtype=bool) if known is None else known[k].copy()
            for piece in np.flatnonzero(self.there[k]):
                rest = ~met[piece]
                if 2 * np.count_nonzero(rest) > rest.size:
                    met[piece] |= _reached(z, int(piece), low, high)
                elif rest.any():
                    met[piece, rest] = _reached(z[rest], int(piece), low, high)
            found.append(met)
        return found


def _reached(z: np.ndarray, piece: int, low: float, high: float) -> np.ndarray:
    """Return whether any point (last axis) is below, between or above the kinks."""
    if piece == 0:
        return np.asarray(z.min(axis=-1) <= low)
    if piece == 1 and high < np.inf:
        return np.asarray(((z > low) & (z <= high)).any(axis=-1))
    return np.asarray(z.max(axis=-1) > (low if piece == 1 else high))


def alike(calm: Trace) -> list[np.ndarray]:
    """Return for each layer a number for every unit, the same where channel and pre-activation without noise are."""
    found = []
    for z, _ in calm[1:]:
        channels = np.arange(z.shape[-3])[:, None].repeat(z.shape[-2], axis=1)
        keys = np.stack([np.broadcast_to(channels, z.shape[:-1]), np.round(z[..., 0], _DECIMALS)], axis=-1)
        _, kinds = np.unique(keys.reshape(-1, 2), axis=0, return_inverse=True)
        found.append(kinds.reshape(z.shape[:-1]))
    return found


def shared(kinds: Sequence[np.ndarray], met: Sequence[np.ndarray], samples: np.ndarray | int = 1) -> list[np.ndarray]:
    """Return the pieces of each layer that any unit `alike` has met, of an image with as many ``samples`` or fewer.

    What more samples met tells nothing of those that are fewer.
    """
    found = []
    for kind, each in zip(kinds, met, strict=True):
        counts = np.broadcast_to(samples, kind.shape)
        whole = np.empty_like(each)
        for piece, of in zip(each, whole, strict=True):
            fewest = np.full(kind.max() + 1, np.iinfo(np.int64).max)
            np.minimum.at(fewest, kind[piece], counts[piece])
            of[...] = counts >= fewest[kind]
        found.append(whole)
    return found


def _wrapped(a: np.ndarray, layer: Layer) -> np.ndarray:
    """Return the maps with the sites around them that filters at their ends see."""
    for axis in range(layer.axes):
        sites = a.shape[axis]
        places = np.arange(layer.first_offset, sites + layer.size - 1 + layer.first_offset) % sites
        a = a if layer.size == 1 else np.take(a, places, axis=axis)
    return a


def _valid_correlation(a: np.ndarray, weights: np.ndarray, stride: int) -> np.ndarray:
    """Return sum_i sum_j weights(c, i, j) a(p stride + j, i) for every p at which the filter fits into the sites.

    Along the last site axis the sites that a filter reads follow on each other in memory, so that all p are one batch
    of matrix products; the other axis, of a frame, is summed row by row.
    """
    sizes, channels = weights.shape[2:], weights.shape[1]
    axes, columns = len(sizes), a.shape[-2] * a.shape[-1]
    outputs = [(n - size) // stride + 1 for n, size in zip(a.shape, sizes, strict=False)]
    flat = np.ascontiguousarray(a).reshape(*a.shape[:axes], channels, columns)
    matrices = np.moveaxis(weights, (0, -1, 1), (-3, -2, -1))
    total: np.ndarray | None = None
    for rows in product(*map(range, sizes[:-1])):
        seen = flat[tuple(slice(j, j + stride * (n - 1) + 1, stride) for j, n in zip(rows, outputs, strict=False))]
        steps = (*seen.strides[: axes - 1], seen.strides[axes - 1] * stride, *seen.strides[-2:])
        window = as_strided(seen, (*outputs, sizes[-1] * channels, columns), steps, writeable=False)
        part = matrices[rows].reshape(len(weights), -1) @ window
        total = part if total is None else np.add(total, part, out=total)
    assert total is not None
    return total.reshape(*total.shape[:-1], *a.shape[-2:])


def _limits(activation: str, met: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return between which values each unit is the identity where it knows some pieces of its activation only."""
    low, high = KINKS[activation]
    below, between, above = met[..., None]
    return (
        np.where(below, low, np.where(between, -np.inf, high)),
        np.where(above, high, np.where(between, np.inf, low)),
    )
