"""`uniform`, the slides' Solution 1 with low-frequency filters: all ones everywhere, bias -1 in the last layer."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from solver.constructions.construction import Construction, stacked
from solver.network.network import Network
from solver.proof import Proof
from solver.question.pairs import Task


def uniform(task: Task, filter_size: int, depth: int) -> Network:
    """Return the network of all-ones filters: one channel, bias 0 below the last layer and -1 there.

    The effective kernel has integer entries >= 1 on its xi = (s-1) depth + 1 sites, so the last ReLU is
    active exactly on the union of the two windows: the pooled sum is ReLU(xi - d) + 2 (s^depth - xi).

    On a frame the kernel is the product of two of these, the windows are squares, and the pooled sum is
    ReLU(xi - d_1) ReLU(xi - d_2) + 2 (s^(2 depth) - xi^2): positive exactly where max(d_1, d_2) < xi.
    """
    ones = np.ones((filter_size,) * task.axes, dtype=int)
    offset = Fraction(2 * (filter_size ** (task.axes * depth) - task.scale**task.axes))
    return stacked(task, [ones] * depth, ["sum"] * depth, offset=offset, name="uniform")


CONSTRUCTION = Construction(
    name="uniform",
    summary="low-frequency filters (Solution 1): all ones, one channel",
    claim="sum of the last map = ReLU(xi-d) + 2(s^k~ - xi), l >= 2 xi",
    build=uniform,
    color="#0072B2",
    marker="o",
    proofs=(Proof("effective_kernels", "hidden"), Proof("response", "output")),
    on_frames=True,
    hidden_power=(1, 0),
    last_kernel="power",
)
