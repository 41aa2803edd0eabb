"""The noise response of a layer from single units: each sees few noises, and every pattern under it is taken once.

A response of a layer is a sum over its units, without products of two.  So all it needs is one unit (all channels of
one site), the noises under its receptive field, and the patterns that pixels make there, each with how often it occurs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from solver.network.network import Network
from solver.question.noise import Noise
from solver.question.pairs import Task
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.route import Progress, Sampling
from solver.sensitivity.noise.sampled.estimate import Samples, split_estimate
from solver.sensitivity.noise.sampled.float_trace import FloatTrace
from solver.sensitivity.noise.sampled.replicate import Replicate, Replicated
from solver.sensitivity.noise.sampled.replicates import sampled_until_met, sobol_noises
from solver.sensitivity.noise.sampled.unit_patterns import unit_patterns
from solver.sensitivity.noise.sampled.whole_ring import PILOT, multiplications, ring_cost, ring_points
from solver.values import NumericValue

PREFIX = "single units by "
MOST_HALVINGS = 6
FEWEST_NOISES = 64
"""Noises that every pattern takes, unless there are fewer."""
MOST_DOUBLINGS = 6
"""How often the points that are asked for are doubled at most, as one unit costs so little."""
MOST_UNIT_POINTS = 2**19
SHARE = 4
"""What the ring costs, over the most that is spent on a layer for more points."""
_PER_NOISE = 1000
"""What the drawing of a number costs, in multiplications of a matrix product."""


def unit_response(
    network: Network,
    task: Task,
    noise: Noise,
    layer: int,
    control: float | None,
    sampling: Sampling,
    points: int,
    *,
    channel_mean: bool = False,
    progress: Progress | None = None,
) -> NoiseResponse[NumericValue]:
    """Return <||a_k(x + eta) - a_k(x)||^2> of a layer whose receptive field fits on the ring, as `split_estimate` does.

    Costs points * replicates passes of one unit for each pattern, and fewer for patterns that matter less
    (`halvings`), as noises tell that are used for nothing else.

    Parameters
    ----------
    control : float or None
        The closed value of <||z_k(x + eta) - z_k(x)||^2> at the pre-activation.
    points : int
        Of each replicate.
    """
    noise.assume("independent")
    patterns = unit_patterns(network, task, layer)
    trace = FloatTrace(network.layers[:layer], periodic=False)
    noises = partial(sobol_noises, noise, task.sites, patterns.images[0].size)
    pilot = noises(PILOT, np.random.default_rng([sampling.seed, 2]))
    plain = Replicate(trace, patterns.images, {layer: float(control is not None)}, channel_mean)
    whole = plain.fitted(patterns.counts, pilot)
    shared = SharedNoises(whole, halvings(patterns.counts * _told_spread(*whole.squares(layer, pilot))))
    known = whole.known({layer: control})[layer]

    def estimated(runs: list[Replicated], method: str) -> NoiseResponse[NumericValue]:
        unmet = whole.unmet(runs, noises, sampling.seed, gaussian=noise.lacks("gaussian") is None)
        samples = [run.samples[layer] for run in runs]
        return split_estimate(samples, patterns.counts, known, False, PREFIX + method, unmet[layer])

    return sampled_until_met(
        sampling, points, noises, shared, estimated, lambda found: [found.total], progress, most=MOST_UNIT_POINTS
    )


def _told_spread(square: np.ndarray, linear: np.ndarray) -> np.ndarray:
    """Return the standard deviation of what is sampled of each pattern, as far as so few noises can tell it from 0."""
    spread = np.asarray((square - linear).std(axis=-1))
    return np.maximum(spread, spread.max() / PILOT**0.5) if spread.any() else np.ones(len(spread))


def unit_points(network: Network, task: Task, layer: int, sampling: Sampling) -> int:
    """Return the points of a replicate of single units; 0 for f_p, and where the ring costs less.

    They are doubled, from those that the ring takes, as long as all cost less than a part of what the ring does.
    """
    if layer > network.depth or network.receptive_field(layer) > min(task.shape):
        return 0
    points = ring_points(network, task, sampling)
    whole, each = points * ring_cost(network, task), unit_cost(network, task, layer)
    if points * each > whole:
        return 0
    while 2 * points * each * SHARE <= whole and points < sampling.points << MOST_DOUBLINGS:
        points *= 2
    return points


def unit_cost(network: Network, task: Task, layer: int) -> float:
    """Return the multiplications that one noise takes, on all patterns if they matter as much as they are frequent."""
    patterns = unit_patterns(network, task, layer)
    outputs = [1]
    for each in reversed(network.layers[1:layer]):
        outputs.append((outputs[-1] - 1) * each.stride + each.size)
    sites = [n**network.axes for n in reversed(outputs[: layer or 0])]
    share = float((0.5 ** halvings(patterns.counts)).sum())
    return share * multiplications(network.layers[:layer], sites) + _PER_NOISE * patterns.images[0].size


def halvings(spread: np.ndarray) -> np.ndarray:
    """Return how often the points of each pattern are halved, given the standard deviation that it adds to the sum.

    They are in proportion to its root: the best power is 2/(1 + 2 q) for errors that fall as points^-q, and those of
    scrambled Sobol points fall with q from 1 to 3/2.
    """
    largest = max(float(spread.max()), np.finfo(float).tiny)
    share = np.log2(np.maximum(spread / largest, 4.0**-MOST_HALVINGS))
    return np.round(-share / 2).astype(int)


@dataclass(frozen=True)
class SharedNoises:
    """Images that take the noises of a replicate, or the first half of them, or a quarter, ... (``halvings``)."""

    whole: Replicate
    halvings: np.ndarray

    @cached_property
    def parts(self) -> list[tuple[int, np.ndarray, Replicate]]:
        """The halvings, the images that have so many, and the network on them."""
        chosen = ((int(n), np.flatnonzero(self.halvings == n)) for n in np.unique(self.halvings))
        return [(n, each, self.whole.only(each)) for n, each in chosen]

    def __call__(self, eta: np.ndarray) -> Replicated:
        """Return the means over noises of shape (points, sites)."""
        runs = [part(eta[: max(len(eta) >> n, FEWEST_NOISES)]) for n, _, part in self.parts]
        back = np.argsort(np.concatenate([chosen for _, chosen, _ in self.parts]))
        samples = {key: Samples.joined([run.samples[key] for run in runs], back) for key in self.whole.coefficients}
        pieces = [np.concatenate(each, axis=-1)[..., back] for each in zip(*(run.pieces for run in runs), strict=True)]
        return Replicated(samples, pieces, np.concatenate([run.points for run in runs])[back])
