"""`strided-shift`: `shift` with strides, a channel for each offset in a block; exact for Task 1, in log xi layers."""

from __future__ import annotations

from solver.constructions.construction import Construction, summed
from solver.constructions.strided import divided_length
from solver.network.layer import Layer
from solver.network.network import Network
from solver.proof import Proof
from solver.question.task import TwoPixelTask


def strided_shift(task: TwoPixelTask, filter_size: int, depth: int) -> Network:
    """Return the network that sorts pixels into channels by their offset in a block, then sums every window.

    Layer k < depth has stride s and s^k channels, one-hot, one for each offset in blocks of s^k sites: the image,
    rearranged.  The last layer, of stride 1, has a channel for each of the P = s^(depth-1) places where a window of xi
    sites can start in a block, and bias -1.  Its units are those of `shift`, so the pooled sum is ReLU(xi - d) wherever
    the pair is, for every xi <= (s-1) P + 1, and D and G are those of `shift` (derivations/strided_layers.py).
    """
    layers, block = [], 1
    for _ in range(depth - 1):
        targets = [[offset] for offset in range(block * filter_size)]
        names = tuple(f"offset {offset}" for offset in range(block * filter_size))
        layers.append(Layer(filters=_taps(targets, block, filter_size), stride=filter_size, origin=0, names=names))
        block *= filter_size
    windows = [list(range(start, start + task.scale)) for start in range(block)]
    names = tuple(f"window {start}" for start in range(block))
    layers.append(Layer(filters=_taps(windows, block, filter_size), bias=(-1,) * block, origin=0, names=names))
    return summed(task, layers, name="strided-shift")


def strided_shift_depth(task: TwoPixelTask, filter_size: int) -> int:
    """Return the least k~ >= 2 with xi <= (s-1) s^(k~-1) + 1.

    Raises
    ------
    UnreachableScaleError
        If the total stride s^(k~-1) does not divide the length.
    """
    depth, block = 2, filter_size
    while task.scale > (filter_size - 1) * block + 1:
        depth, block = depth + 1, block * filter_size
    divided_length("strided-shift", task, block)
    return depth


def _taps(targets: list[list[int]], block: int, filter_size: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Return filters that add up offsets, from one input channel for each offset in a block."""
    return tuple(
        tuple(tuple(int(tap * block + inner in wanted) for tap in range(filter_size)) for inner in range(block))
        for wanted in targets
    )


CONSTRUCTION = Construction(
    name="strided-shift",
    summary="one-hot filters with stride s, one channel per offset in a block; about log xi layers",
    claim="sum of the last map = ReLU(xi-d), l >= 2 xi",
    build=strided_shift,
    color="#000000",
    marker="h",
    proofs=(Proof("strided_layers"),),
    every_scale=True,
    scales="every xi, s >= 2 (2 if not given), l a multiple of s^(k~-1) with (s-1) s^(k~-1) + 1 >= xi",
    smallest_size=2,
    default_size=2,
    strided_depth=strided_shift_depth,
)
