"""<||a(x + eta) - a(x)||^2> of every layer and of f_p, split into its two parts: exact, by pair sums or by draws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from solver.brute_force.case import PlainCase
from solver.brute_force.gaussians import RELATIVE, mean_change, product_change
from solver.brute_force.passes import exact_values, identity_layer, linear_maps, plain_maps
from solver.brute_force.squares import pair_images

EXACT, PAIRS, DRAWS = "exactly", "pair sums", "Monte Carlo"
MOST_PAIRS = 3 * 10**6
"""Pairs of units, over all images, that are summed; beyond, noise is drawn."""


@dataclass(frozen=True)
class PlainNumber:
    """A number with what is known of its error.

    Attributes
    ----------
    number : exact number or float
        None where it does not exist.
    error : float
        A bound, or one standard error of what is drawn; 0 of an exact number.
    how : str
        `EXACT`, `PAIRS` or `DRAWS`.
    resolved : bool
        Whether what is drawn was met often enough for its error to be believed.
    """

    number: Any
    error: float = 0.0
    how: str = EXACT
    resolved: bool = True

    def over(self, other: PlainNumber) -> PlainNumber:
        """Return the quotient of two numbers, with the sum of their relative errors."""
        if self.number is None or other.number is None or (other.how == EXACT and other.number == 0):
            return PlainNumber(None)
        how = next(name for name in (DRAWS, PAIRS, EXACT) if name in (self.how, other.how))
        resolved = self.resolved and other.resolved
        if how == EXACT:
            return PlainNumber(self.number / other.number)
        below = float(other.number)
        if below == 0:
            return PlainNumber(0.0, 0.0, how, False)
        ratio = float(self.number) / below
        return PlainNumber(ratio, (self.error + abs(ratio) * other.error) / abs(below), how, resolved)


@dataclass(frozen=True)
class PlainParts:
    """A noise response: the whole, the mean change squared, and the fluctuations around it."""

    total: PlainNumber
    coherent: PlainNumber
    incoherent: PlainNumber


def untouched(network: Any, case: PlainCase, layer: int) -> bool:
    """Return whether no activation but the identity lies between the noise and a layer."""
    return not case.rectified and all(each.activation == "identity" for each in network.layers[:layer])


def linear_parts(network: Any, case: PlainCase, layer: int) -> PlainParts:
    """Return sigma^2 times the sum of the squared weights of every pixel in every unit; all of it fluctuates."""
    rows = _forms(network, case, 0, layer)
    total = (rows * rows).sum() * case.variance
    return PlainParts(PlainNumber(total), PlainNumber(Fraction(0)), PlainNumber(total))


def bending_layer(network: Any, case: PlainCase, layer: int) -> int | None:
    """Return the one layer that rectifies the noise on its way to a layer (0: it comes so); None if more may.

    After it every weight and bias is at least 0, or the activation is the identity, so that nothing bends again.
    """
    below = network.layers[: min(layer, len(network.layers))]
    bends = [k for k, each in enumerate(below, start=1) if each.activation != "identity"]
    first = 0 if case.rectified else next(iter(bends), None)
    if first is None or (first and below[first - 1].activation != "relu"):
        return None
    for k in bends:
        each = below[k - 1]
        signs = [w for w in (*np.array(each.filters, dtype=object).flat, *each.bias) if w < 0]
        if k > first and (each.activation != "relu" or signs):
            return None
    return first


def pair_parts(network: Any, case: PlainCase, layer: int, source: int) -> PlainParts | None:
    """Return E||L delta||^2, delta what layer ``source`` adds where noise is rectified once, L linear.

    The sum over pairs of units (i, j) of (L^T L)_ij E[delta_i delta_j], for every image; None if there are too many.
    """
    rows = _forms(network, case, source, layer).astype(float)
    gram = rows.T @ rows
    each = replace(case, channel_mean=False)
    inner = _forms(network, each, 0, source).astype(float) if source else np.eye(case.sites)
    covariance = inner @ inner.T
    top = covariance.max() or 1.0
    covariance = np.round(covariance / top, 14) * top * float(case.variance)
    variance = np.diag(covariance)
    left, right = np.nonzero((gram != 0) & (covariance != 0))
    images = np.zeros((1, case.sites)) if not source else _preactivations(network, case, source)
    weights = [1.0] if not source else [float(w) for w in case.weights.values()]
    if len(left) * len(images) > MOST_PAIRS:
        return None
    coherent = incoherent = size = 0.0
    for means, weight in zip(images, weights, strict=True):
        shifts = np.array([mean_change(m, v) for m, v in zip(means, variance, strict=True)])
        coherent += weight * float(((rows @ shifts) ** 2).sum())
        for i, j in zip(left, right, strict=True):
            both = product_change(means[i], means[j], variance[i], variance[j], covariance[i, j])
            incoherent += weight * gram[i, j] * (both - shifts[i] * shifts[j])
            size += weight * abs(gram[i, j]) * (abs(both) + shifts[i] * shifts[j])
    error = RELATIVE * (size + coherent)
    return PlainParts(*(PlainNumber(x, error, PAIRS) for x in (coherent + incoherent, coherent, incoherent)))


def _preactivations(network: Any, case: PlainCase, layer: int) -> np.ndarray:
    """Return w_k * a_(k-1) + b_k of every image, (images, units)."""
    below, last = network.layers[: layer - 1], identity_layer(network.layers[layer - 1])
    z = exact_values(plain_maps([*below, last], pair_images(case))[-1])
    return z.reshape(len(z), -1).astype(float)


def _forms(network: Any, case: PlainCase, source: int, layer: int) -> np.ndarray:
    """Return the units of a layer, or f_p, as exact linear forms of those of layer ``source``, (units, sources)."""
    depth = len(network.layers)
    stride = int(np.prod([each.stride for each in network.layers[:source]]))
    channels = len(network.layers[source - 1].bias) if source else 1
    shape = [n // stride for n in case.shape]
    maps = exact_values(linear_maps(network.layers[source : min(layer, depth)], channels, shape))
    if layer > depth:
        sums = maps.reshape(*maps.shape[:2], -1).sum(axis=2)
        count = maps[0, 0].size if network.pooling == "mean" else 1
        readout = np.array([v * Fraction(1, count) for v in network.readout], dtype=object)
        return np.asarray((sums * readout).sum(axis=1))[None, :]
    if case.channel_mean:
        maps = maps.sum(axis=1, keepdims=True) * Fraction(1, maps.shape[1])
    return maps.reshape(len(maps), -1).T
