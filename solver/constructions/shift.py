"""`shift`, the slides' Solution 1 with high-frequency filters: every channel is a shifted copy of the image."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np

from solver.constructions.construction import Construction, summed
from solver.network.layer import Layer
from solver.network.network import Network
from solver.proof import Proof
from solver.question.pairs import Task

Offset = tuple[int, ...]


def shift(task: Task, filter_size: int, depth: int) -> Network:
    """Return the network of one-hot filters, one channel per reachable offset, added up in the last layer.

    Layer k < depth has (s-1)k + 1 channels, the image seen from each offset; the single channel of the
    last layer covers each of xi consecutive offsets once and has bias -1.  The pooled sum is
    ReLU(xi - d) for every xi with (s-1)(depth-1) + 1 < xi <= (s-1) depth + 1.

    On a frame offsets are vectors, and the last layer covers a window of xi x xi of them for the metric ``linf``: the
    pooled sum is ReLU(xi - d_1) ReLU(xi - d_2).  For ``l2`` it covers a disc in that window
    (`disc`): the pooled sum is the number of sites that two discs share, and nothing is claimed.
    """
    axes = task.axes
    layers, offsets = [], [(0,) * axes]
    for k in range(1, depth):
        targets = list(product(centred_offsets((filter_size - 1) * k + 1), repeat=axes))
        layers.append(_layer([[target] for target in targets], offsets, filter_size, [_name(t) for t in targets]))
        offsets = targets
    is_round = task.metric == "l2"
    covered = disc(task.scale) if is_round else list(product(centred_offsets(task.scale), repeat=axes))
    layers.append(_layer([covered], offsets, filter_size, ["sum"], bias=(-1,)))
    network = summed(task, layers, name="shift")
    return replace(network, claim=None) if is_round else network


def _layer(
    targets: list[list[Offset]], offsets: list[Offset], size: int, names: list[str], bias: tuple[int, ...] = ()
) -> Layer:
    """Return the layer whose channels each add up target offsets, by one tap on the channel that holds the nearest."""
    filters = np.zeros((len(targets), len(offsets), *(size,) * len(offsets[0])), dtype=int)
    for channel, wanted in zip(filters, targets, strict=True):
        for offset in wanted:
            ends = zip(offset, offsets[0], offsets[-1], strict=True)
            nearest = tuple(min(max(o, low), high) for o, low, high in ends)
            taps = (o - n + (size - 1) // 2 for o, n in zip(offset, nearest, strict=True))
            channel[(offsets.index(nearest), *taps)] = 1
    return Layer(filters=tuple(filters), bias=bias, names=tuple(names))


def _name(offset: Offset) -> str:
    return "offset " + ",".join(f"{o:+d}" if o else "0" for o in offset)


def disc(scale: int) -> list[Offset]:
    """Return the offsets of a window of xi x xi sites that lie within a radius of its middle.

    f(v), the number of sites that two discs at displacement v share, should exceed a level exactly where |v| < xi.  Of
    all radii the one is taken that leaves the fewest v wrong at the best level, then the lowest level, then the
    smallest radius.  Even xi have their middle between sites.

    Notes
    -----
    Costs xi^4 for each radius, of which there are fewer than xi^2.

    Examples
    --------
    >>> [len(disc(scale)) for scale in (3, 5, 7, 9)]
    [9, 21, 45, 69]
    """
    middle = 1 - scale % 2
    squares = {o: sum((2 * x - middle) ** 2 for x in o) for o in product(centred_offsets(scale), repeat=2)}
    windows = [[o for o, square in squares.items() if square <= radius] for radius in sorted(set(squares.values()))]
    return min(windows, key=lambda window: overlap_errors(window, scale))


def overlap_errors(window: list[Offset], scale: int) -> tuple[int, int]:
    """Return how many displacements v the rule f(v) > level gets wrong about |v| < xi, and the best level."""
    overlaps: Counter[Offset] = Counter((a[0] - b[0], a[1] - b[1]) for a in window for b in window)
    near = [v for v in product(range(1 - scale, scale), repeat=2) if v[0] ** 2 + v[1] ** 2 < scale**2]
    inside = Counter(overlaps[v] for v in near)
    whole = Counter(overlaps.values())
    levels = {0, *whole}
    missed = {level: sum(n for f, n in inside.items() if f <= level) for level in levels}
    taken = {level: sum(n - inside[f] for f, n in whole.items() if f > level) for level in levels}
    return min((missed[level] + taken[level], level) for level in levels)


def centred_offsets(count: int) -> list[int]:
    """Return ``count`` consecutive offsets around 0 (one more to the right if even)."""
    return list(range(-((count - 1) // 2), count // 2 + 1))


CONSTRUCTION = Construction(
    name="shift",
    summary="high-frequency filters (Solution 1): one-hot, one channel per offset",
    claim="sum of the last map = ReLU(xi-d), l >= 2 xi",
    build=shift,
    color="#D55E00",
    marker="s",
    proofs=(Proof("effective_kernels", "hidden"), Proof("response", "output")),
    every_scale=True,
    on_frames=True,
    hidden_power=(0, 0),
    last_kernel="box",
)
