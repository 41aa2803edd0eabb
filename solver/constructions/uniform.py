"""`uniform`, the slides' Solution 1 with low-frequency filters: all ones everywhere, bias -1 in the last layer."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import Any

from solver.network.layer import Layer
from solver.network.network import Claim, Network
from solver.numbers.exact import Exact
from solver.question.frame import Task


def uniform(task: Task, filter_size: int, depth: int) -> Network:
    """Return the network of all-ones filters: one channel, bias 0 below the last layer and -1 there.

    The effective kernel has integer entries >= 1 on its xi = (s-1) depth + 1 sites, so the last ReLU is
    active exactly on the union of the two windows: the pooled sum is ReLU(xi - d) + 2 (s^depth - xi).

    On a frame the kernel is the product of two of these, the windows are squares, and the pooled sum is
    ReLU(xi - d_1) ReLU(xi - d_2) + 2 (s^(2 depth) - xi^2): positive exactly where max(d_1, d_2) < xi.
    """
    axes = len(task.shape)
    taps: Any = 1
    for _ in range(axes):
        taps = (taps,) * filter_size
    ones = ((taps,),)
    hidden = [Layer(filters=ones, names=("sum",)) for _ in range(depth - 1)]
    last = Layer(filters=ones, bias=(-1,), names=("sum",))
    offset = Fraction(2 * (filter_size ** (axes * depth) - task.scale**axes))
    return summed(task, [*hidden, last], offset=offset, name="uniform")


def summed(task: Task, layers: list[Layer], *, offset: Exact, name: str) -> Network:
    """Return a network whose readout is the sum over units less ``offset``, claimed to be ReLU(xi - d)."""
    units = task.sites // prod(layer.stride for layer in layers)
    return Network(
        layers=tuple(layers),
        readout=(units,) * layers[-1].channels,
        constant=-offset,
        name=name,
        claim=Claim(scale=task.scale, offset=offset, smallest_length=2 * task.scale),
    )
