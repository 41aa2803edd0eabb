"""`shift`, the slides' Solution 1 with high-frequency filters: every channel is a shifted copy of the image."""

from __future__ import annotations

from fractions import Fraction

from solver.constructions.uniform import summed
from solver.network.layer import Layer
from solver.network.network import Network
from solver.task import TwoPixelTask


def shift(task: TwoPixelTask, filter_size: int, depth: int) -> Network:
    """Return the network of one-hot filters, one channel per reachable offset, added up in the last layer.

    Layer k < depth has (s-1)k + 1 channels, the image seen from each offset; the single channel of the
    last layer covers each of xi consecutive offsets once and has bias -1.  The pooled sum is
    ReLU(xi - d) for every xi with (s-1)(depth-1) + 1 < xi <= (s-1) depth + 1.
    """
    layers, offsets = [], [0]
    for k in range(1, depth):
        targets = _centred((filter_size - 1) * k + 1)
        layers.append(_layer([[target] for target in targets], offsets, filter_size, [_name(t) for t in targets]))
        offsets = targets
    layers.append(_layer([_centred(task.scale)], offsets, filter_size, ["sum"], bias=(-1,)))
    return summed(task, layers, offset=Fraction(0), name="shift")


def _layer(
    targets: list[list[int]], offsets: list[int], filter_size: int, names: list[str], bias: tuple[int, ...] = ()
) -> Layer:
    """Return the layer whose channels each add up their target offsets, from channels that hold ``offsets``."""
    return Layer(
        filters=tuple(_filters(wanted, offsets, filter_size) for wanted in targets), bias=bias, names=tuple(names)
    )


def _filters(wanted: list[int], offsets: list[int], filter_size: int) -> tuple[tuple[int, ...], ...]:
    """Take each wanted offset from the channel nearest to it, through the one tap that makes up the difference."""
    filters = [[0] * filter_size for _ in offsets]
    for offset in wanted:
        nearest = min(max(offset, offsets[0]), offsets[-1])
        filters[offsets.index(nearest)][offset - nearest + (filter_size - 1) // 2] = 1
    return tuple(map(tuple, filters))


def _centred(count: int) -> list[int]:
    """Return ``count`` consecutive offsets around 0 (one more to the right if even)."""
    return list(range(-((count - 1) // 2), count // 2 + 1))


def _name(offset: int) -> str:
    return f"offset {offset:+d}" if offset else "offset 0"
