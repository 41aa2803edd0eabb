"""One layer and its linear part as a matrix, from the brute force, and the noise response site by site."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from solver import GaussianNoise, Layer, Network, TwoPixelTask
from solver.brute_force import passes
from solver.brute_force.passes import exact_values
from solver.gaussian.balls import enclose, midpoint_radius
from solver.gaussian.moments import rectified_mean, rectified_product


def plain_layer(layer: Layer, maps: list[list[Any]]) -> list[list[Any]]:
    """One layer by its definition, by the brute force of `solver verify`."""
    batch = np.empty((1, len(maps), len(maps[0])), dtype=object)
    batch[0] = maps
    found: list[list[Any]] = exact_values(passes.plain_layer(layer, (batch, 1)))[0].tolist()
    return found


def linear_matrix(layers: tuple[Layer, ...], channels: int, sites: int) -> np.ndarray:
    """The linear part of a stack of layers, from maps of some channels and sites, as a matrix."""
    maps = exact_values(passes.linear_maps(layers, channels, (sites,)))
    return np.asarray(maps.reshape(channels * sites, -1).T)


def noise_response(
    network: Network, task: TwoPixelTask, noise: GaussianNoise, source: int, rows: np.ndarray
) -> Fraction:
    """E||L (a_j(x + eta) - a_j(x))||^2 over the ensemble, j = ``source``, by a double loop over the sites of layer j.

    Good to 20 digits.  ``rows`` is L, a matrix on the flattened maps of layer j; j = 0 is rectified noise.
    """
    length = task.length
    gram = rows.T @ rows
    images, weights = task.images()
    if source:
        inner = linear_matrix(network.layers[:source], 1, length)
    else:
        inner = np.array([[Fraction(int(i == j)) for j in range(length)] for i in range(length)], dtype=object)
    covariance = inner @ inner.T * noise.variance(length)
    total = Fraction(0)
    for image, weight in zip(images, weights, strict=True):
        means = [Fraction(0)] * length
        if source:
            maps = [[Fraction(int(v)) for v in image]]
            for k, layer in enumerate(network.layers[:source], start=1):
                bare = Layer(
                    filters=layer.filters, bias=layer.bias, stride=layer.stride, origin=layer.origin,
                    activation="identity" if k == source else layer.activation,
                )  # fmt: skip
                maps = plain_layer(bare, maps)
            means = [v for row in maps for v in row]
        for i, x in enumerate(means):
            for j, y in enumerate(means):
                if gram[i, j]:
                    key = (x, covariance[i, i], y, covariance[j, j], covariance[i, j])
                    total += weight * gram[i, j] * _shift_product(*key)
    return total


@cache
def _shift_product(x: Fraction, v: Fraction, y: Fraction, w: Fraction, c: Fraction) -> Fraction:
    """E[(X+ - x+)(Y+ - y+)] for means x, y, variances v, w and covariance c."""
    up, right = max(x, Fraction(0)), max(y, Fraction(0))
    product = rectified_product(x, y, v, w, c) - up * rectified_mean(y, w) - right * rectified_mean(x, v) + up * right
    return midpoint_radius(enclose(product, 25))[0]
