"""Wider networks with the same output: copies of channels, each at a scale of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from solver.errors import InputError
from solver.network.network import Network
from solver.numbers.exact import Number, integer, rational


def widen(network: Network, copies: int) -> Network:
    """Return the network with every channel in ``copies`` equal copies, each fed the mean of its inputs' copies.

    Activations of the copies equal those of the original, so f_p, D, G and R of every layer are unchanged.
    """
    return scaled_copies(network, (1,) * integer(copies, "copies", 1))


def scaled_copies(network: Network, scales: Sequence[Number]) -> Network:
    """Return the network with a copy of every channel for each scale c_h > 0, which carries c_h times the original.

    Copy h has c_h times the filters and the bias, and is fed the sum of its inputs' copies over c_1 + ... + c_H; so is
    the readout.  As ReLU(c z) = c ReLU(z) for c > 0, every map is c_h times the original on every input, noisy or not:
    f_p does not change, nor does any D, G or R, with or without `channel_mean` (derivations/wider_networks.py).

    Raises
    ------
    InputError
        If there is no scale or one is not a positive rational, or for a scale other than 1 and a hard tanh.
    """
    factors = np.array([rational(c, "channel scale") for c in scales], dtype=object)
    if not factors.size or min(factors) <= 0:
        raise InputError(f"channel scales: expected at least one, each positive; got {[str(c) for c in factors]}")
    if set(factors) != {1} and any(layer.activation == "hardtanh" for layer in network.layers):
        raise InputError("channel scales: a hard tanh does not commute with a scale other than 1; use relu or identity")
    share = 1 / sum(factors, Fraction(0))
    layers = []
    for k, layer in enumerate(network.layers):
        fed = np.repeat(layer.array * share, len(factors), axis=1) if k else layer.array
        copied = fed[:, None] * factors.reshape(-1, *(1,) * (fed.ndim - 1))
        filters = tuple(copied.reshape(-1, *fed.shape[1:]))
        names = tuple(f"{name} #{h + 1}" for name in layer.names for h in range(len(factors)))
        bias = tuple(b * c for b in layer.bias for c in factors)
        layers.append(replace(layer, filters=filters, bias=bias, names=names))
    readout = tuple(v * share for v in network.readout for _ in factors)
    return replace(network, layers=tuple(layers), readout=readout)
