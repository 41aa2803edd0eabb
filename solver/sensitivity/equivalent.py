"""The one-layer network that stands for one whose layers below the last are linear."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from solver.network.kernels import effective_kernel
from solver.network.layer import Layer
from solver.network.network import Network
from solver.network.shuffle import stays_linear


def one_layer_equivalent(network: Network, length: int) -> Network:
    """Return a network whose last maps have the same norms on images, and whose f_p is the same.

    Where signs prove that no activation below the last cuts, that is the last activation on the effective kernels, its
    channels translated to a common start, where norms and pooled sums see no difference, and sorted, so that many
    networks give equal ones.  Any other network, or one wider than the ring, is returned as it is.  Noise can be
    negative, so this says nothing about G.
    """
    strides = any(layer.stride != 1 for layer in network.layers)
    wide = network.receptive_field(network.depth) > length
    if strides or wide or not stays_linear(network, network.depth - 1):
        return network
    kernel = effective_kernel(network, network.depth)
    rows = [_trimmed(taps) for taps in kernel.values[:, 0]]
    width = max(map(len, rows))
    padded = [(*taps, *[Fraction(0)] * (width - len(taps))) for taps in rows]
    channels = sorted(
        zip(padded, kernel.bias, network.readout, strict=True),
        key=lambda channel: tuple(map(str, (*channel[0], *channel[1:]))),
    )
    layer = Layer(
        filters=tuple((taps,) for taps, _, _ in channels),
        bias=tuple(b for _, b, _ in channels),
        activation=network.layers[-1].activation,
        origin=0,
    )
    return replace(network, layers=(layer,), readout=tuple(v for _, _, v in channels), claim=None)


def _trimmed(taps: Any) -> tuple[Any, ...]:
    nonzero = [j for j, w in enumerate(taps) if w != 0]
    return tuple(taps[nonzero[0] : nonzero[-1] + 1]) if nonzero else (Fraction(0),)
