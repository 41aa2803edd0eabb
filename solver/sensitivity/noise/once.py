"""Noise that is rectified once and carried linearly after: its second moments, in closed form.

A layer j rectifies Gaussian pre-activations z (or the noise itself is rectified, j = 0), and every
later layer acts linearly.  With delta_i = (z_i)+ - (m_i)+ at the sites i of layer j, a map or a readout
is a linear form L delta, and E||L delta||^2 = sum_ij G_ij (Cov(delta_i, delta_j) + mu_i mu_j), G = L^T L.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from solver.errors import NotApplicableError
from solver.network.kernels import Kernel, effective_kernel
from solver.network.network import Network
from solver.network.representatives import noise_representatives
from solver.network.trace import dense_images
from solver.numbers.product import product
from solver.question.lattice import Shape, as_shape
from solver.question.noise import Noise
from solver.question.pairs import Task
from solver.sensitivity.noise.second_moment import Gauss, SecondMoment

if TYPE_CHECKING:
    from solver.sensitivity.question import Question


MOST_FIELDS = 8
"""Different rectified channels whose pairs are summed in closed form: some thousand terms, a second or two."""


def rectifying_layer(network: Network, layer: int, noise: Noise) -> int | None:
    """Return the first layer up to ``layer`` with a ReLU or a hard tanh (0 if noise comes rectified), or None."""
    if noise.rectified:
        return 0
    return next((k for k, each in enumerate(network.layers[:layer], start=1) if each.activation != "identity"), None)


def is_rectified_once(network: Network, layer: int, noise: Noise) -> bool:
    """Return whether the noise in a_layer has passed exactly one rectification that acts, and no hard tanh."""
    source = rectifying_layer(network, layer, noise)
    if source is None or (source > 0 and network.layers[source - 1].activation != "relu"):
        return False
    return linear_on_rectified(network, layer, after=source)


def linear_on_rectified(network: Network, layer: int, *, after: int) -> bool:
    """Return whether layers after+1..layer act linearly on every non-negative a_after, so on rectified noise too.

    True if each of them has an identity activation, or a ReLU and a non-negative effective kernel from
    layer ``after``; a hard tanh bounds what rectified noise does not.
    """
    return all(
        each.activation == "identity"
        or (each.activation == "relu" and effective_kernel(network, k, after=after).is_non_negative())
        for k, each in enumerate(network.layers[after:layer], start=after + 1)
    )


def coupled_fields(network: Network, noise: Noise) -> int:
    """Return how many different fields, up to translation, the channels of the first layer that rectifies are."""
    source = rectifying_layer(network, network.depth, noise)
    if not source:
        return 1
    kernel = effective_kernel(network, source)
    fields = set()
    for taps, bias in zip(kernel.values[:, 0], kernel.bias, strict=True):
        used = np.argwhere(taps != 0)
        ends = zip(used.min(axis=0), used.max(axis=0), strict=True) if len(used) else [(0, 0)] * taps.ndim
        box = taps[tuple(slice(first, last + 1) for first, last in ends)]
        fields.add((box.shape, tuple(box.ravel().tolist()), bias))
    return len(fields)


def why_touched(question: Question, layer: int) -> str | None:
    """Return why the noise of a layer is not linear in eta: what rectifies it, or what its law lacks."""
    source = rectifying_layer(question.network, min(layer, question.depth), question.noise)
    if source is None:
        return question.noise.lacks("independent", "symmetric")
    return f"layer {source} rectifies the noise" if source else "the noise comes rectified"


def why_not_once(question: Question, layer: int) -> str | None:
    """Return why the noise of a layer is not rectified exactly once, or in too many channels; None if it is."""
    network, noise = question.network, question.noise
    depth = min(layer, network.depth)
    if why := noise.lacks("independent", "gaussian"):
        return why
    if not is_rectified_once(network, depth, noise):
        return "the noise is rectified more than once on its way, or meets a hard tanh"
    alone = layer == rectifying_layer(network, depth, noise) and not question.channel_mean
    fields = 1 if alone else coupled_fields(network, noise)
    if fields > MOST_FIELDS:
        return f"{fields} different rectified channels add up, more than the {MOST_FIELDS} whose pairs are summed"
    return None


def layer_second_moment(
    network: Network, task: Task, noise: Noise, layer: int, *, channel_mean: bool = False
) -> SecondMoment:
    """Return E||a_k(x + eta) - a_k(x)||^2 of a layer that the noise reaches rectified once.

    Costs one pass over the pairs of sites of the rectifying layer on the representing ring, whatever l.
    """
    fields = RectifiedFields(network, task, noise, layer)
    kernel = effective_kernel(network, layer, after=fields.source)
    operator = kernel_matrix(kernel.channel_sum() if channel_mean else kernel, fields.shape)
    pairs = fields.pairs(product(operator.T, operator))
    total = SecondMoment()
    for means, weight in fields.weighted_means():
        total.add(fields.local_moment(pairs, means), weight)
    return total


def readout_second_moment(network: Network, task: Task, noise: Noise) -> SecondMoment:
    """Return E[(f_p(x + eta) - f_p(x))^2] of a network whose noise is rectified once.

    Sites far apart fluctuate independently but shift together, so on a long ring the covariances are
    local while the products of means run over all pairs of sites.
    """
    fields = RectifiedFields(network, task, noise, network.depth)
    kernel = effective_kernel(network, network.depth, after=fields.source)
    matrix = kernel_matrix(kernel, fields.shape).reshape(kernel.channels, fields.output_sites, -1)
    row = np.array(network.pooled_readout(task.sites), dtype=object) @ matrix.sum(axis=1).astype(object)
    left, right = np.nonzero(fields.covariance)
    pairs = fields.pairs_at(left, right, row[left] * row[right])
    total = SecondMoment()
    for means, weight in fields.weighted_means():
        total.add(SecondMoment(covariances=fields.local_moment(pairs, means).covariances), weight)
    background = fields.site_weights(row, fields.background)
    stretch = fields.stretch
    for means, weight in fields.weighted_means(background=False):
        shifts = fields.site_weights(row, means)
        for x, w in background.items():
            shifts[x] = shifts.get(x, 0) + stretch * w
        for x, v in shifts.items():
            for y, w in shifts.items():
                total.products[x, y] += weight * v * w
    return total


@dataclass(frozen=True)
class _SitePairs:
    """Pairs of sites (left, right), with indices into the distinct covariances and Gram entries."""

    left: np.ndarray
    right: np.ndarray
    covariance_ids: np.ndarray
    covariances: list[Any]
    gram_ids: np.ndarray
    grams: list[Any]


class RectifiedFields:
    """The pre-activations at the rectifying layer, on the representing ring: covariances, and means per image."""

    def __init__(self, network: Network, task: Task, noise: Noise, layer: int) -> None:
        source = rectifying_layer(network, layer, noise)
        assert source is not None
        if why := noise.lacks("independent", "gaussian"):
            raise NotApplicableError(why)
        self.source = source
        self.ring = noise_representatives(network.lowest(layer), task)
        kernel = effective_kernel(network, source)
        self.shape = tuple(n // kernel.stride for n in self.ring.shape)
        self.output_sites = self.ring.length // network.total_stride(layer)
        self.operator = kernel_matrix(kernel, self.ring.shape)
        self.bias = np.repeat(kernel.bias, prod(self.shape))
        self.noise_variance = noise.variance(task.sites)
        self.sees_image = source > 0
        self.stretch = self.ring.stretch
        (self.background,) = self._means([{}])

    @cached_property
    def covariance(self) -> np.ndarray:
        """The covariances of all pairs of sites, over sigma^2."""
        return product(self.operator, self.operator.T)

    def weighted_means(self, *, background: bool = True) -> list[tuple[list[Any], Any]]:
        """Return the pre-activations without noise of each representing image, with its probability.

        With ``background``, the sites that the ring leaves out enter as multiples of the empty image.
        """
        means = self._means(self.ring.images)
        images = [(each, weight) for each, (_, _, weight) in zip(means, self.ring.pairs, strict=True)]
        return [*images, (self.background, self.stretch)] if background and self.stretch else images

    def pairs(self, gram: np.ndarray) -> _SitePairs:
        """Return the pairs of sites that a Gram matrix couples."""
        left, right = np.nonzero(gram)
        return self.pairs_at(left, right, gram[left, right])

    def pairs_at(self, left: np.ndarray, right: np.ndarray, weights: np.ndarray) -> _SitePairs:
        """Return pairs of sites with the weights given."""
        cov_ids, covs = _indexed(self._covariances(left, right).tolist())
        covs = [c * self.noise_variance for c in covs]
        gram_ids, grams = _indexed(weights.tolist())
        return _SitePairs(left, right, cov_ids, covs, gram_ids, grams)

    def local_moment(self, pairs: _SitePairs, means: list[Any]) -> SecondMoment:
        """Return sum_ij gram_ij (Cov(delta_i, delta_j) + mu_i mu_j) for one image, equal terms gathered."""
        ids, kinds = _indexed(self._gauss(means))
        sizes = (len(kinds), len(kinds), len(pairs.covariances), len(pairs.grams))
        keys = np.ravel_multi_index((ids[pairs.left], ids[pairs.right], pairs.covariance_ids, pairs.gram_ids), sizes)
        moment = SecondMoment()
        for key, count in zip(*np.unique(keys, return_counts=True), strict=True):
            i, j, c, g = np.unravel_index(key, sizes)
            x, y = sorted((kinds[i], kinds[j]), key=str)
            if x[1] == 0 or y[1] == 0:
                continue
            weight = pairs.grams[g] * int(count)
            if pairs.covariances[c] != 0:
                moment.covariances[x, y, pairs.covariances[c]] += weight
            moment.products[x, y] += weight
        return moment

    def site_weights(self, row: np.ndarray, means: list[Any]) -> dict[Gauss, Any]:
        """Return the readout's weights summed over the sites of each kind (mean, variance)."""
        (ids, kinds), (places, values) = _indexed(self._gauss(means)), _indexed(row.tolist())
        counts = np.zeros((len(kinds), len(values)), dtype=np.int64)
        np.add.at(counts, (ids, places), 1)
        sums = {
            kind: sum(int(n) * v for n, v in zip(line, values, strict=True) if n)
            for kind, line in zip(kinds, counts, strict=True)
        }
        return {kind: weight for kind, weight in sums.items() if kind[1] != 0}

    def _means(self, images: list[dict[int, int]]) -> list[list[Any]]:
        if not self.sees_image:
            return [[Fraction(0)] * len(self.bias) for _ in images]
        columns = dense_images(images, self.ring.length).T
        return list((product(self.operator, columns).astype(object) + self.bias[:, None]).T.tolist())

    def _gauss(self, means: list[Any]) -> list[Gauss]:
        return list(zip(means, self._variances, strict=True))

    @cached_property
    def _variances(self) -> list[Any]:
        every = np.arange(len(self.operator))
        return [v * self.noise_variance for v in self._covariances(every, every).tolist()]

    def _covariances(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Return the covariances of pairs of sites over sigma^2, all at once where most pairs are asked for."""
        if len(left) > len(self.operator):
            return self.covariance[left, right]
        return (self.operator[left] * self.operator[right]).sum(axis=1)


def kernel_matrix(kernel: Kernel, sites: int | Shape) -> np.ndarray:
    """Return the linear part of a kernel as a matrix on the ring or frame, in int64 where entries are small integers.

    Rows are the units of each channel, columns the sites of each input channel.
    """
    shape = as_shape(sites)
    channels, inputs, *_ = kernel.values.shape
    outputs = tuple(n // kernel.stride for n in shape)
    small = all(getattr(v, "denominator", 0) == 1 and abs(v) < 2**20 for v in kernel.values.ravel())
    values = kernel.values.astype(np.int64) if small else kernel.values
    matrix = np.zeros((channels, prod(outputs), inputs, prod(shape)), dtype=values.dtype)
    at = np.arange(prod(outputs))
    places = np.unravel_index(at, outputs)
    for offset in np.ndindex(*values.shape[2:]):
        reached = (p * kernel.stride + kernel.first_offset + o for p, o in zip(places, offset, strict=True))
        column = np.ravel_multi_index(tuple(reached), shape, mode="wrap")
        for i in range(inputs):
            matrix[:, at, i, column] += values[(slice(None), i, *offset)][:, None]
    return matrix.reshape(channels * prod(outputs), inputs * prod(shape))


def _indexed(values: list[Any]) -> tuple[np.ndarray, list[Any]]:
    """Return indices into the list of distinct values, and that list."""
    known: dict[Any, int] = {}
    ids = np.array([known.setdefault(v, len(known)) for v in values], dtype=np.int64)
    return ids, list(known)
