"""`shift-mixed`, the slides' high-frequency filters with "3 channels, as above" read literally."""

from __future__ import annotations

from fractions import Fraction

from solver.constructions.construction import Construction, summed
from solver.network.layer import Layer
from solver.network.network import Network
from solver.proof import Proof
from solver.question.task import TwoPixelTask


def shift_mixed(task: TwoPixelTask, filter_size: int, depth: int) -> Network:
    """Return the network with s channels per hidden layer, channel c one-hot on tap c and fed by all channels.

    Summed over channels a layer is the all-ones filter, so the last layer (all ones, bias -1) sees what
    the last layer of `uniform` sees: the pooled sum is ReLU(xi - d) + 2 (s^depth - xi).
    """
    one_hot = [tuple(int(j == tap) for j in range(filter_size)) for tap in range(filter_size)]
    names = tuple(f"tap {tap - (filter_size - 1) // 2:+d}" for tap in range(filter_size))
    layers, inputs = [], 1
    for _ in range(depth - 1):
        layers.append(Layer(filters=tuple((taps,) * inputs for taps in one_hot), names=names))
        inputs = filter_size
    layers.append(Layer(filters=(((1,) * filter_size,) * inputs,), bias=(-1,), names=("sum",)))
    return summed(task, layers, offset=Fraction(2 * (filter_size**depth - task.scale)), name="shift-mixed")


CONSTRUCTION = Construction(
    name="shift-mixed",
    summary="one-hot filters, s channels, each fed by all channels below",
    claim="sum of the last map = ReLU(xi-d) + 2(s^k~ - xi), l >= 2 xi",
    build=shift_mixed,
    color="#009E73",
    marker="^",
    proofs=(Proof("response", "output"),),
    hidden_power=(1, -1),
    last_kernel="power",
)
