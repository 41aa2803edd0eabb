"""Shorter networks that stand for networks whose inner layers are linear, on images and under noise."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from solver.network.changed.shuffle import cut_nothing
from solver.network.kernels import effective_kernel
from solver.network.layer import Layer
from solver.network.network import Network


def one_layer_equivalent(network: Network, length: int) -> Network:
    """Return a network whose last maps have the same norms on images, and whose f_p is the same.

    Where signs prove that no activation below the last cuts, that is the last activation on the effective kernels, its
    channels translated to a common start, where norms and pooled sums see no difference, and sorted, so that many
    networks give equal ones.  Any other network, or one wider than the ring, is returned as it is.  Noise can be
    negative, so this says nothing about G.
    """
    strides = any(layer.stride != 1 for layer in network.layers)
    wide = network.receptive_field(network.depth) > length
    if strides or wide or not cut_nothing(network.layers[:-1]):
        return network
    kernel = effective_kernel(network, network.depth)
    return replace(
        network, claim=None, **_last_layer(network, [[list(taps[0])] for taps in kernel.values], kernel.bias)
    )


def two_layer_equivalent(network: Network, length: int) -> Network:
    """Return a network whose last maps have the same norms, and whose f_p is the same, under noise on the input too.

    After a first ReLU maps are non-negative, so where no later weight is negative nothing is cut before the last
    activation, and the layers between act as one kernel.  Channels of the first layer that are translates of one
    another are taken as one, those of the last are translated and sorted.  Any other network is returned as it is.
    """
    strides = any(layer.stride != 1 for layer in network.layers)
    wide = network.receptive_field(network.depth) > length
    first = network.layers[0]
    positive = first.activation == "relu" and cut_nothing(network.layers[1:-1])
    if network.depth < 2 or strides or wide or not positive:
        return network
    kernel = effective_kernel(network, network.depth, after=1)
    shapes: dict[Any, int] = {}
    starts, places = [], []
    for (taps,), b in zip(first.filters, first.bias, strict=True):
        starts.append(next((j for j, w in enumerate(taps) if w != 0), 0))
        places.append(shapes.setdefault((_trimmed(taps), b), len(shapes)))
    rows = []
    for channel in kernel.values:
        merged = [[Fraction(0)] * (kernel.width + first.size - 1) for _ in shapes]
        for start, place, taps in zip(starts, places, channel, strict=True):
            for j, w in enumerate(taps):
                merged[place][start + j] += w
        rows.append(merged)
    width = max(len(taps) for taps, _ in shapes)
    lowest = Layer(
        filters=tuple((_padded(taps, width),) for taps, _ in shapes),
        bias=tuple(b for _, b in shapes),
        origin=0,
    )
    last = _last_layer(network, rows, kernel.bias)
    return replace(network, claim=None, readout=last["readout"], layers=(lowest, *last["layers"]))


def _last_layer(network: Network, rows: list[list[list[Any]]], bias: Any) -> dict[str, Any]:
    """Return ``layers`` and ``readout`` of a last layer with these filters, channels translated and sorted."""
    cut = []
    for channel in rows:
        nonzero = [j for taps in channel for j, w in enumerate(taps) if w != 0]
        start, end = (min(nonzero), max(nonzero) + 1) if nonzero else (0, 1)
        cut.append(tuple(tuple(taps[start:end]) for taps in channel))
    width = max(len(channel[0]) for channel in cut)
    padded = [tuple(_padded(taps, width) for taps in channel) for channel in cut]
    channels = sorted(zip(padded, bias, network.readout, strict=True), key=str)
    layer = Layer(
        filters=tuple(filters for filters, _, _ in channels),
        bias=tuple(b for _, b, _ in channels),
        activation=network.layers[-1].activation,
        origin=0,
    )
    return {"layers": (layer,), "readout": tuple(v for _, _, v in channels)}


def _trimmed(taps: Any) -> tuple[Any, ...]:
    nonzero = [j for j, w in enumerate(taps) if w != 0]
    return tuple(taps[nonzero[0] : nonzero[-1] + 1]) if nonzero else (Fraction(0),)


def _padded(taps: tuple[Any, ...], width: int) -> tuple[Any, ...]:
    return (*taps, *[Fraction(0)] * (width - len(taps)))
