"""Networks whose channels are translates of one another, layer by layer, as networks of one channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from solver.network.layer import Layer
from solver.network.network import Network
from solver.numbers.exact import Exact

Vector = tuple[int, ...]
TapsBySite = dict[Vector, Exact]
"""Weights by offset, in sites."""


def one_of_each_translate(network: Network) -> Network:
    """Return a network of one channel per layer that stands for one whose channels are translates in every layer.

    A channel c that sees its inputs' channels at offsets is a filter on any one of them.  Where those filters differ by
    a translation only, and biases do not, so do the maps, on every input: a_c(p) = a_1(p + o_c).  Norms over all
    channels are those of one channel times their number, and the pooled sums are equal, so D, G and R of every layer
    and of f_p are unchanged.  A network with other channels, or strides, is returned as it is.

    Examples
    --------
    >>> from solver import FrameTask, construct
    >>> network = construct("shift", FrameTask(shape=16, scale=5))
    >>> network.channels, one_of_each_translate(network).channels
    ((9, 1), (1, 1))
    """
    offsets: list[Vector] = [(0,) * network.axes]
    layers = []
    for layer in network.layers:
        taps = [_taps(channel, layer.first_offset, offsets) for channel in layer.array]
        corners = [tuple(map(min, zip(*each, strict=True))) for each in taps]
        shapes = {
            (frozenset(_shifted(each, corner).items()), b)
            for each, corner, b in zip(taps, corners, layer.bias, strict=True)
        }
        if len(shapes) > 1 or layer.stride > 1:
            return network
        middle = len(taps) // 2
        layers.append(_layer(taps[middle], layer, network.axes))
        offsets = [tuple(x - y for x, y in zip(corner, corners[middle], strict=True)) for corner in corners]
    readout = (sum(network.readout, Fraction(0)),)
    return replace(network, layers=tuple(layers), readout=readout)


def _taps(channel: np.ndarray, first: int, offsets: Sequence[Vector]) -> TapsBySite:
    """Return the filter of a channel on the one input that all its inputs are translates of."""
    taps: TapsBySite = {}
    for i, *place in np.argwhere(channel != 0).tolist():
        at = tuple(j + first + o for j, o in zip(place, offsets[i], strict=True))
        taps[at] = taps.get(at, Fraction(0)) + channel[(i, *place)]
    return {at: w for at, w in taps.items() if w != 0} or {(0,) * len(offsets[0]): Fraction(0)}


def _shifted(taps: TapsBySite, corner: Vector) -> TapsBySite:
    return {tuple(x - y for x, y in zip(at, corner, strict=True)): w for at, w in taps.items()}


def _layer(taps: TapsBySite, layer: Layer, axes: int) -> Layer:
    """Return a layer of one channel with these taps, in the smallest centred window that holds them."""
    reach = max(abs(x) for at in taps for x in at)
    filters = np.full((2 * reach + 1,) * axes, Fraction(0), dtype=object)
    for at, weight in taps.items():
        filters[tuple(x + reach for x in at)] = weight
    return Layer(filters=((filters,),), bias=layer.bias[:1], activation=layer.activation, names=("one",))
