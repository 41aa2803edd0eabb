"""Wider networks with the same output: channels at scales of their own, and channels that are sums of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from solver.errors import InputError
from solver.network.layer import leaves, reshaped
from solver.network.network import Network
from solver.numbers.exact import integer, rational


def scaled_channels(network: Network, layer: int, scales: Sequence[Any]) -> Network:
    """Return the network with channel c of one layer multiplied by scales[c] > 0, and the next divided by it.

    The filters and the bias of channel c get the factor, whatever reads it the inverse.  As ReLU(c z) = c ReLU(z) for
    c > 0, the maps of all other layers, and f_p, are unchanged on every input.  D_k and G_k of this layer become means
    of those of its channels with weights proportional to scales[c]^2 (derivations/wider_networks.py).

    Raises
    ------
    InputError
        If there is no such layer, for other than one positive rational per channel, or for a hard tanh.
    """
    chosen = network.layers[_layer_number(network, layer, network.depth) - 1]
    factors = [rational(c, "channel scale") for c in scales]
    if len(factors) != chosen.channels or min(factors) <= 0:
        raise InputError(
            f"channel scales: expected a positive one for each of {chosen.channels} channels of layer {layer}; "
            f"got {[str(c) for c in factors]}"
        )
    if chosen.activation == "hardtanh":
        raise InputError("channel scales: a hard tanh does not commute with scales; use relu or identity")
    filters = tuple(
        reshaped(channel, [w * c for w in leaves(channel)]) for channel, c in zip(chosen.filters, factors, strict=True)
    )
    bias = tuple(b * c for b, c in zip(chosen.bias, factors, strict=True))
    layers = list(network.layers)
    layers[layer - 1] = replace(chosen, filters=filters, bias=bias)
    if layer == network.depth:
        readout = tuple(v / c for v, c in zip(network.readout, factors, strict=True))
        return replace(network, layers=tuple(layers), readout=readout)
    above = tuple(
        tuple(reshaped(taps, [w / c for w in leaves(taps)]) for taps, c in zip(channel, factors, strict=True))
        for channel in layers[layer].filters
    )
    layers[layer] = replace(layers[layer], filters=above)
    return replace(network, layers=tuple(layers))


def with_channel_sum(network: Network, layer: int, *, share: Any = 0) -> Network:
    """Return the network with one more channel in a layer below the last: filters and bias the sum of all the others'.

    The next layer reads the new channel with ``share`` times its mean filter over channels, and every other channel
    with that much less.  So f_p and all other layers are unchanged

    - for share 0, on every input: nothing reads the new channel;
    - for any share, on every input that no activation of this layer cuts, such as images and deformed images where
      `solver.network.linearity.linearity_proof` says so.  Noise it cuts: sum_c ReLU(z_c) >= ReLU(sum_c z_c).

    D_k and G_k of the layer itself change: a channel was added (derivations/wider_networks.py).

    Raises
    ------
    InputError
        If there is no such layer, or it is the last.
    """
    fraction = rational(share, "share")
    layers = list(network.layers)
    below, above = layers[_layer_number(network, layer, network.depth - 1) - 1], layers[layer]
    total = np.array(below.filters, dtype=object).sum(axis=0).tolist()
    layers[layer - 1] = replace(
        below,
        filters=(*below.filters, total),
        bias=(*below.bias, sum(below.bias)),
        names=(*below.names, "sum of all"),
    )
    layers[layer] = replace(above, filters=tuple(_shared(channel, fraction) for channel in above.filters))
    return replace(network, layers=tuple(layers))


def _shared(channel: Sequence[Any], share: Fraction) -> list[Any]:
    """Return the filters less a share of their mean over inputs, and that share as the filter of one more input."""
    taps = np.array(channel, dtype=object)
    moved = share * Fraction(1, len(channel)) * taps.sum(axis=0)
    return [*(taps - moved).tolist(), moved.tolist()]


def _layer_number(network: Network, layer: int, last: int) -> int:
    if integer(layer, "layer", 1) > last:
        raise InputError(f"layer: expected one of 1..{last} of {network.name!r}, got {layer}")
    return layer
