"""The forward pass of a network by its definition, tap by tap, for exact numbers and for floats."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from types import SimpleNamespace
from typing import Any

import numpy as np

Maps = tuple[np.ndarray, int]
"""Maps of a batch, (batch, channels, *sites), times a common denominator."""


def plain_layer(layer: Any, maps: Maps, *, linear: bool = False, exact: bool = True) -> Maps:
    """Return act(sum_i sum_j w(c, i, j) a(i, p stride + j - origin) + b(c)) of a batch, periodic along each axis.

    ``linear`` leaves out the bias and the activation.  Exact maps are object arrays; those of a layer of rational
    weights are whole numbers over one denominator.
    """
    a, below = maps
    filters, bias = np.array(layer.filters, dtype=object), list(layer.bias)
    if exact:
        filters, bias, scale = _whole(filters, bias)
    else:
        filters, bias, scale = filters.astype(float), [float(b) for b in bias], 1
    axes = tuple(range(1, a.ndim - 1))
    outputs = [np.zeros((len(a), *a.shape[2:]), dtype=object if exact else float) for _ in bias]
    for c, i, *tap in np.argwhere(filters != 0):
        shift = [layer.origin - int(j) for j in tap]
        outputs[c] = outputs[c] + filters[(c, i, *tap)] * np.roll(a[:, i], shift, axes)
    kept: Any = (slice(None), slice(None), *[slice(None, None, layer.stride)] * len(axes))
    z = np.stack(outputs, axis=1)[kept]
    one = below * scale
    if linear:
        return z, one
    z = z + np.array([b * below for b in bias], dtype=z.dtype).reshape(-1, *[1] * len(axes))
    return _bent(z, layer.activation, one), one


def plain_maps(layers: Sequence[Any], images: np.ndarray, *, exact: bool = True) -> list[Maps]:
    """Return a_0, a_1, ... of a batch of images, (batch, *sites), after each of some layers."""
    found: list[Maps] = [(images[:, None], 1)]
    for layer in layers:
        found.append(plain_layer(layer, found[-1], exact=exact))
    return found


def plain_readout(network: Any, maps: Maps, *, exact: bool = True, constant: bool = True) -> np.ndarray:
    """Return f_p of a batch from its last maps, an array of shape (batch,), with its constant or without."""
    a, below = maps
    sums = a.reshape(*a.shape[:2], -1).sum(axis=2)
    count = a[0, 0].size if network.pooling == "mean" else 1
    if not exact:
        weights = np.array([float(v) for v in network.readout]) / count
        return np.asarray(sums @ weights + (float(network.constant) if constant else 0.0))
    weights = np.array([v * Fraction(1, count * below) for v in network.readout], dtype=object)
    return np.asarray((sums * weights).sum(axis=1) + (network.constant if constant else 0))


def linear_maps(layers: Sequence[Any], channels: int, shape: Sequence[int]) -> Maps:
    """Return the linear part of a stack of layers as the maps of every unit impulse, (channels * sites, ...)."""
    units = channels * int(np.prod(shape))
    a: Maps = (np.eye(units, dtype=int).astype(object).reshape(units, channels, *shape), 1)
    for layer in layers:
        a = plain_layer(layer, a, linear=True)
    return a


def exact_values(maps: Maps) -> np.ndarray:
    """Return maps as exact numbers."""
    a, below = maps
    return a if below == 1 else a * Fraction(1, below)


def identity_layer(layer: Any) -> Any:
    """Return the numbers of a layer with the identity for its activation."""
    numbers = {name: getattr(layer, name) for name in ("filters", "bias", "stride", "origin")}
    return SimpleNamespace(**numbers, activation="identity")


def _whole(filters: np.ndarray, bias: list[Any]) -> tuple[np.ndarray, list[Any], int]:
    """Return weights times their common denominator, as integers; others as they are, with 1."""
    every = [*filters.flat, *bias]
    if not all(isinstance(w, int | Fraction) for w in every):
        return filters, bias, 1
    scale = lcm(*(w.denominator for w in every))
    whole = [int(w * scale) for w in every]
    return np.array(whole[: filters.size], dtype=object).reshape(filters.shape), whole[filters.size :], scale


def _bent(z: np.ndarray, activation: str, one: int) -> np.ndarray:
    if activation == "identity":
        return z
    z = np.where(z > 0, z, 0 * z) if activation == "relu" else z
    if activation == "hardtanh":
        z = np.where(z > one, one + 0 * z, np.where(z < -one, -one + 0 * z, z))
    return z
