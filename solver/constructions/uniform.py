"""`uniform`, the slides' Solution 1 with low-frequency filters: all ones everywhere, bias -1 in the last layer."""

from __future__ import annotations

from fractions import Fraction
from math import prod

from solver.exact import Exact
from solver.network.layer import Layer
from solver.network.network import Claim, Network
from solver.task import TwoPixelTask


def uniform(task: TwoPixelTask, filter_size: int, depth: int) -> Network:
    """Return the network of all-ones filters: one channel, bias 0 below the last layer and -1 there.

    The effective kernel has integer entries >= 1 on its xi = (s-1) depth + 1 sites, so the last ReLU is
    active exactly on the union of the two windows: the pooled sum is ReLU(xi - d) + 2 (s^depth - xi).
    """
    ones = (((1,) * filter_size,),)
    hidden = [Layer(filters=ones, names=("sum",)) for _ in range(depth - 1)]
    last = Layer(filters=ones, bias=(-1,), names=("sum",))
    return summed(task, [*hidden, last], offset=Fraction(2 * (filter_size**depth - task.scale)), name="uniform")


def summed(task: TwoPixelTask, layers: list[Layer], *, offset: Exact, name: str) -> Network:
    """Return a network whose readout is the sum over units less ``offset``, claimed to be ReLU(xi - d)."""
    sites = task.length // prod(layer.stride for layer in layers)
    return Network(
        layers=tuple(layers),
        readout=(sites,) * layers[-1].channels,
        constant=-offset,
        name=name,
        claim=Claim(scale=task.scale, offset=offset, smallest_length=2 * task.scale),
    )
