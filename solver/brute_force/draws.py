"""The noise response by plain Monte Carlo: noise drawn anew for every image, errors from independent runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from solver.brute_force.case import PlainCase
from solver.brute_force.passes import Maps, plain_maps, plain_readout
from solver.brute_force.response import DRAWS, PlainNumber, PlainParts
from solver.brute_force.squares import pair_images

RUNS = 32
FEWEST_MET = 300
"""Draws that must make up a mean square before its error is believed: (sum of squares)^2 / sum of their squares."""
_ENTRIES = 2**18


def drawn_parts(
    network: Any, case: PlainCase, layers: Sequence[int], passes: int, seed: int = 0
) -> dict[int, PlainParts]:
    """Return the noise responses of layers, each with one standard error, from about so many forward passes.

    Each run draws two halves: the square of the mean change is the product of their means, which is unbiased.
    """
    generator = np.random.default_rng([seed, 1729])
    images = pair_images(case).astype(float)
    weights = np.array([float(w) for w in case.weights.values()])
    calm = _units(network, case, plain_maps(network.layers, images, exact=False), layers)
    each = max(1, passes // (2 * RUNS * len(images)))
    found: dict[int, list[tuple[float, float]]] = {k: [] for k in layers}
    met: dict[int, np.ndarray] = {k: np.zeros(2) for k in layers}
    for _ in range(RUNS):
        halves = [_half(network, case, images, calm, each, generator) for _ in range(2)]
        for k in layers:
            (one, mean), (two, other) = (half[k] for half in halves)
            squares = np.concatenate([one, two]) * weights
            met[k] += squares.sum(), (squares**2).sum()
            found[k].append((float(squares.sum()) / (2 * each), float(weights @ (mean * other).sum(axis=1))))
    return {k: _parts(np.array(found[k]), met[k]) for k in layers}


def _half(
    network: Any, case: PlainCase, images: np.ndarray, calm: dict[int, np.ndarray], each: int, generator: Any
) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Return the squared change at every draw, (draws, images), and the mean change, (images, units), by layer."""
    squares: dict[int, list[np.ndarray]] = {k: [] for k in calm}
    means: dict[int, Any] = dict.fromkeys(calm, 0.0)
    widest = max(len(layer.bias) for layer in network.layers)
    most = max(1, _ENTRIES // (images.size * widest))
    for draws in np.diff([*range(0, each, most), each]):
        eta = generator.normal(0.0, float(case.variance) ** 0.5, (draws, *images.shape))
        eta = np.maximum(eta, 0) if case.rectified else eta
        batch = (images + eta).reshape(-1, *case.shape)
        noisy = _units(network, case, plain_maps(network.layers, batch, exact=False), calm)
        for k, before in calm.items():
            change = noisy[k].reshape(draws, *before.shape) - before
            squares[k].append((change * change).sum(axis=2))
            means[k] = means[k] + change.sum(axis=0) / each
    return {k: (np.concatenate(squares[k]), means[k]) for k in calm}


def _units(network: Any, case: PlainCase, maps: list[Maps], layers: Any) -> dict[int, np.ndarray]:
    """Return the units of layers, and f_p, of every image, (images, units)."""
    found = {}
    for k in layers:
        if k >= len(maps):
            found[k] = plain_readout(network, maps[-1], exact=False, constant=False)[:, None]
            continue
        a = maps[k][0]
        a = a.mean(axis=1, keepdims=True) if case.channel_mean else a
        found[k] = a.reshape(len(a), -1)
    return found


def _parts(runs: np.ndarray, met: np.ndarray) -> PlainParts:
    total, coherent = runs.T
    resolved = bool(met[0] ** 2 >= FEWEST_MET * met[1] > 0)

    def number(values: np.ndarray) -> PlainNumber:
        return PlainNumber(float(values.mean()), float(values.std(ddof=1)) / RUNS**0.5, DRAWS, resolved)

    return PlainParts(number(total), number(coherent), number(total - coherent))
