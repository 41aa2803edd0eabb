"""Dense networks with the weights that torch starts from, as a file of float32 or float64 weights gives them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from solver import Layer, Network


def dense(channels: int, depth: int, size: int, stride: int = 1, *, kind: Any = np.float32, seed: int = 0) -> Network:
    """A network with the weights that torch starts from, uniform on +-1/sqrt(fan in), as dyadic rationals."""
    generator = np.random.default_rng(seed)
    stack, inputs = [], 1

    def weights(shape: tuple[int, ...], fan: int) -> Any:
        drawn = generator.uniform(-(fan**-0.5), fan**-0.5, shape).astype(kind)
        return np.frompyfunc(lambda v: Fraction(float(v)), 1, 1)(drawn).tolist()

    for _ in range(depth):
        fan = inputs * size
        filters, bias = weights((channels, inputs, size), fan), weights((channels,), fan)
        stack.append(Layer(filters=filters, bias=bias, stride=stride))
        inputs = channels
    return Network(layers=stack, readout=weights((channels,), channels), constant=weights((1,), channels)[0])
