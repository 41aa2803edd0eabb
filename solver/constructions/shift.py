"""`shift`, the slides' Solution 1 with high-frequency filters: every channel is a shifted copy of the image."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from solver.constructions.construction import Construction, summed
from solver.constructions.disc import Offset, centred, disc
from solver.network.layer import Layer
from solver.network.network import Network
from solver.proof import Proof
from solver.question.task import Task


def shift(task: Task, filter_size: int, depth: int) -> Network:
    """Return the network of one-hot filters, one channel per reachable offset, added up in the last layer.

    Layer k < depth has (s-1)k + 1 channels, the image seen from each offset; the single channel of the
    last layer covers each of xi consecutive offsets once and has bias -1.  The pooled sum is
    ReLU(xi - d) for every xi with (s-1)(depth-1) + 1 < xi <= (s-1) depth + 1.

    On a frame offsets are vectors, and the last layer covers a window of xi x xi of them for the metric ``linf``: the
    pooled sum is ReLU(xi - d_1) ReLU(xi - d_2).  For ``l2`` it covers a disc in that window
    (`solver.constructions.disc`): the pooled sum is the number of sites that two discs share, and nothing is claimed.
    """
    axes = task.axes
    layers, offsets = [], [(0,) * axes]
    for k in range(1, depth):
        targets = list(product(centred((filter_size - 1) * k + 1), repeat=axes))
        layers.append(_layer([[target] for target in targets], offsets, filter_size, [_name(t) for t in targets]))
        offsets = targets
    is_round = task.metric == "l2"
    covered = disc(task.scale) if is_round else list(product(centred(task.scale), repeat=axes))
    layers.append(_layer([covered], offsets, filter_size, ["sum"], bias=(-1,)))
    network = summed(task, layers, name="shift")
    return replace(network, claim=None) if is_round else network


def _layer(
    targets: list[list[Offset]], offsets: list[Offset], filter_size: int, names: list[str], bias: tuple[int, ...] = ()
) -> Layer:
    """Return the layer whose channels each add up their target offsets, from channels that hold ``offsets``."""
    return Layer(
        filters=tuple(_filters(wanted, offsets, filter_size) for wanted in targets), bias=bias, names=tuple(names)
    )


def _filters(wanted: list[Offset], offsets: list[Offset], filter_size: int) -> Any:
    """Take each wanted offset from the channel nearest to it, through the one tap that makes up the difference."""
    filters = np.zeros((len(offsets), *(filter_size,) * len(offsets[0])), dtype=int)
    for offset in wanted:
        nearest = tuple(min(max(o, low), high) for o, low, high in zip(offset, offsets[0], offsets[-1], strict=True))
        taps = tuple(o - n + (filter_size - 1) // 2 for o, n in zip(offset, nearest, strict=True))
        filters[(offsets.index(nearest), *taps)] = 1
    return filters.tolist()


def _name(offset: Offset) -> str:
    return "offset " + ",".join(f"{o:+d}" if o else "0" for o in offset)


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
