"""<||a_k(tau x) - a_k(x)||^2> and <||a_k(x1) - a_k(x2)||^2>: the numerator of D and the denominator of D and G.

Three routes give them, equal as exact numbers wherever they apply: `autocorrelation_moments` (layers
that are linear on the data; kernel autocorrelations only), `distance_moments` (one image per distance
that the network can tell apart) and `image_moments` (every image and every outcome).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import gcd
from typing import Any

import numpy as np

from solver.errors import NotApplicableError
from solver.network.kernels import Kernel, effective_kernel
from solver.network.linearity import LayerProof, dense_images, linearity_proof, network_representatives
from solver.network.network import Network
from solver.network.trace import Activation, activations, response
from solver.numbers.product import product
from solver.question.correlations import difference_correlations, pixel_correlations
from solver.question.deformation import Deformation, deformation_outcomes
from solver.question.ensemble import network_phases
from solver.question.lattice import lags
from solver.question.task import Task
from solver.sensitivity.response.by_displacement import readouts

_ENTRIES = 2**20


@dataclass(frozen=True)
class PairMoments:
    """Two exact mean squared differences of one layer's maps.

    Attributes
    ----------
    displacement : Fraction or Algebraic
        <||a(tau x) - a(x)||^2> over images and outcomes.
    spread : Fraction or Algebraic
        <||a(x1) - a(x2)||^2> over independent images, 2 (E||a||^2 - ||E a||^2).
    """

    displacement: Any
    spread: Any


def linear_spread(kernel: Kernel, task: Task) -> Any:
    """Return <||K*x1 - K*x2||^2> = 2 (sum_r A_r X_r - 4 S2/l) / stride, from autocorrelations alone.

    The mean image is 2/l everywhere, in every ensemble.
    """
    energy = _contracted(kernel, pixel_correlations(task, kernel.width - 1))
    return 2 * (energy - 4 * kernel.squared_sums() * Fraction(1, task.sites)) * Fraction(1, kernel.stride)


def linear_displacement(kernel: Kernel, correlations: list[Fraction]) -> Any:
    """Return <||K*(tau x - x)||^2> = sum_r A_r C_r / stride, from autocorrelations alone.

    ``correlations`` are the `difference_correlations` C_r up to the kernel's largest lag.
    """
    return _contracted(kernel, correlations) * Fraction(1, kernel.stride)


def linear_moments(
    network: Network, task: Task, deformation: Deformation, layers: list[int], *, channel_mean: bool = False
) -> dict[int, PairMoments]:
    """Return the moments of layers that no ReLU cuts on the data (not checked here); O(width^2) for each."""
    kernels = {k: observed_kernel(network, k, channel_mean=channel_mean) for k in layers}
    widest = max((kernel.width for kernel in kernels.values()), default=1)
    axes = task.axes
    correlations = dict(
        zip(lags(widest - 1, axes), difference_correlations(task, deformation, widest - 1), strict=True)
    )
    return {
        k: PairMoments(
            linear_displacement(kernel, [correlations[lag] for lag in lags(kernel.width - 1, axes)]),
            linear_spread(kernel, task),
        )
        for k, kernel in kernels.items()
    }


def autocorrelated_layers(network: Network, task: Task, proofs: tuple[LayerProof, ...]) -> list[int]:
    """Return the layers whose moments are contractions of autocorrelations averaged over the ring.

    They are linear on the data, and their stride P has no factor in common with the ensemble's period q: then the
    sites P p + o of the pixels that meet tap o run through every residue mod q equally often.
    """
    linear = [0, *(proof.layer for proof in proofs if proof.linear_so_far)]
    return [k for k in linear if gcd(network.total_stride(k), task.period) == 1]


def autocorrelation_moments(
    network: Network, task: Task, deformation: Deformation, layer: int, *, channel_mean: bool = False
) -> PairMoments:
    """Return the moments of a layer that no ReLU cuts on the data; the cost does not depend on l.

    Raises
    ------
    NotApplicableError
        If some ReLU up to the layer cuts, or its stride meets the ensemble's period.
    """
    proofs = linearity_proof(network, task, deformation)[:layer]
    stride = network.total_stride(layer)
    if gcd(stride, task.period) > 1:
        raise NotApplicableError(
            f"autocorrelations average over positions; layer {layer} of total stride {stride} meets the blocks of "
            f"{task.period} sites at some positions only"
        )
    if proofs and not proofs[-1].linear_so_far:
        first = next(proof for proof in proofs if proof.cuts)
        raise NotApplicableError(f"autocorrelations need a linear layer; layer {first.layer} {first.reason}")
    return linear_moments(network, task, deformation, [layer], channel_mean=channel_mean)[layer]


def distance_moments(
    network: Network, task: Task, deformation: Deformation, *, channel_mean: bool = False
) -> list[PairMoments]:
    """Return the moments of layers 0..depth and of f_p (last), from one image per distance in sight.

    The cost, receptive field^2 * filter entries, does not depend on l: pairs out of each other's sight
    are one class, and sites that see only background drop out of every difference.  With a total
    stride P, it is P l^2 / 2 * filter entries: every phase of every distance.  Equal images run once.
    """
    ring = network_representatives(network, task, deformation)
    images = _Numbered()
    empty = images.number({})
    plain = [images.number(image) for image in ring.images]
    weights = [w for _, _, w in ring.pairs]
    moves: dict[tuple[int, int], Fraction] = {}
    for before, pair in zip(plain, ring.pairs, strict=True):
        for image, p in ring.outcomes(deformation, pair):
            move = before, images.number(image)
            moves[move] = moves.get(move, Fraction(0)) + pair[2] * p
    maps = activations(network, dense_images(images.known, ring.shape))

    def layer_moments(a: Activation, stride: int) -> PairMoments:
        deviation = a[plain] - a[[empty]]
        period = network_phases(stride, task)  # of the mean map, in pixels
        mean = product(np.array([weights], dtype=object), deviation.phase_sums(period // stride))[0]
        square = sum(m * m for m in mean) * Fraction(period, task.sites)
        spread = 2 * (_average(deviation.squared_norms(), weights) - square)
        return PairMoments(_average(_squared_steps(a, list(moves)), moves.values()), spread)

    moments = [
        layer_moments(a.channel_sum() if channel_mean else a, network.total_stride(k)) for k, a in enumerate(maps)
    ]
    f = readouts(network, maps[-1], ring)
    steps = [(f[before], f[after]) for before, after in moves]
    return [*moments, _scalar_moments([f[n] for n in plain], weights, steps, list(moves.values()))]


def image_moments(
    network: Network, task: Task, deformation: Deformation, *, channel_mean: bool = False
) -> list[PairMoments]:
    """Return the moments of layers 0..depth and of f_p (last), by enumerating every image and every outcome.

    The plain route: definitions only, for any network.  Costs l^2/2 * outcomes forward passes.
    """
    images, weights = task.images()
    pairs = list(task.pairs())
    sums = [_Sums() for _ in range(network.depth + 2)]
    for chunk in _chunks(len(pairs), 64):
        outcomes = [deformation_outcomes(task, deformation, i, j) for i, j, _ in pairs[chunk]]
        moved = [image for each in outcomes for image, _ in each]
        moved_weights = [w * p for w, each in zip(weights[chunk], outcomes, strict=True) for _, p in each]
        source = np.repeat(np.arange(len(outcomes)), [len(each) for each in outcomes])
        batch = np.concatenate([images[chunk], np.stack(moved)])
        maps = activations(network, batch)
        rows = [(a.channel_sum() if channel_mean else a).exact().reshape(len(batch), -1) for a in maps]
        rows.append(np.array(response(network, batch), dtype=object)[:, None])
        for total, a in zip(sums, rows, strict=True):
            total.add(a[: len(outcomes)], weights[chunk], a[len(outcomes) :] - a[source], moved_weights)
    return [total.moments() for total in sums]


def observed_kernel(network: Network, layer: int, *, channel_mean: bool) -> Kernel:
    """Return the effective kernel of a layer, summed over channels if their mean is what is observed."""
    kernel = effective_kernel(network, layer)
    return kernel.channel_sum() if channel_mean else kernel


class _Numbered:
    """Images as ``{site: value}``, each different one once."""

    def __init__(self) -> None:
        self.known: list[dict[int, int]] = []
        self._numbers: dict[frozenset[tuple[int, int]], int] = {}

    def number(self, image: dict[int, int]) -> int:
        number = self._numbers.setdefault(frozenset(image.items()), len(self.known))
        if number == len(self.known):
            self.known.append(image)
        return number


def _squared_steps(a: Activation, moves: list[tuple[int, int]]) -> Iterator[Any]:
    """Yield ||a(after) - a(before)||^2 of each move, some ten megabytes of maps at a time."""
    size = max(1, _ENTRIES // a.values[0].size)
    for chunk in _chunks(len(moves), size):
        before, after = np.array(moves[chunk]).T
        yield from (a[after] - a[before]).squared_norms()


class _Sums:
    """Running weighted sums of ||a||^2, a and ||a(tau x) - a(x)||^2."""

    def __init__(self) -> None:
        self.square: Any = Fraction(0)
        self.mean: Any = 0
        self.displacement: Any = Fraction(0)

    def add(self, a: np.ndarray, weights: list[Fraction], difference: np.ndarray, moved: list[Fraction]) -> None:
        self.square += _average((a * a).sum(axis=1), weights)
        self.mean = self.mean + (a * np.array(weights, dtype=object)[:, None]).sum(axis=0)
        self.displacement += _average((difference * difference).sum(axis=1), moved)

    def moments(self) -> PairMoments:
        return PairMoments(self.displacement, 2 * (self.square - (self.mean * self.mean).sum()))


def _contracted(kernel: Kernel, correlations: list[Fraction]) -> Any:
    """Return the sum of A_r C_r over all lags r and -r."""
    a, places = kernel.autocorrelations(), lags(kernel.width - 1, kernel.axes)
    terms = zip(places, a, correlations, strict=True)
    return sum(((2 if lag[0] else 1) * x * y for lag, x, y in terms), Fraction(0))


def _scalar_moments(
    f: list[Any], weights: list[Fraction], pairs: list[tuple[Any, Any]], moved: list[Fraction]
) -> PairMoments:
    displacement = _average([(after - before) ** 2 for before, after in pairs], moved)
    mean = _average(f, weights)
    return PairMoments(displacement, 2 * _average([(v - mean) ** 2 for v in f], weights))


def _average(values: Any, weights: Iterable[Fraction]) -> Any:
    return sum((v * w for v, w in zip(values, weights, strict=True)), Fraction(0))


def _chunks(count: int, size: int) -> list[slice]:
    return [slice(a, b) for a, b in pairwise([*range(0, count, size), count])]
