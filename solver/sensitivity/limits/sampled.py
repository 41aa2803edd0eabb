"""Second moments of a network with one-sided slopes by randomised quasi-Monte Carlo, with an error from replicates.

Only the difference to the closed form, in which units rectified twice are replaced by their
pre-activation, is sampled where that form exists.  Slopes that too few samples met widen the error: by what they would
change if all samples met them, times the probability that the rule of three leaves them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from solver.network.trace import correlate
from solver.question.noise import GaussianNoise
from solver.sensitivity.limits.moments import LayerMoment, OneSidedEnsemble
from solver.sensitivity.noise.route import Progress, Sampling
from solver.sensitivity.noise.sampled.estimate import ROUNDING, error_of, jackknife, non_negative
from solver.sensitivity.noise.sampled.replicates import sampled_until_met, sobol_noises
from solver.sensitivity.noise.sampled.unmet import RULE_OF_THREE
from solver.values import NumericValue, as_value

_CHUNK = 2**22
_FLIPPED = 64
"""Points at which slopes that were not met are tried."""


def sampled_limits(
    ensemble: OneSidedEnsemble, layers: list[int], sampling: Sampling, progress: Progress | None = None
) -> dict[int, NumericValue]:
    """Return E||J(g)||^2 of the layers asked for, and E[J(g)^2] of f_p under depth + 1.

    Notes
    -----
    Costs points * replicates forward passes for each image.
    """
    unit = GaussianNoise(energy=1, rectified=ensemble.derivative.rectified)
    moments = [ensemble.moments[k] for k in layers]
    closed = [float(as_value(m.expression(), "closed")) if m.has_forms else 0.0 for m in moments]

    noises = partial(sobol_noises, unit, 1, ensemble.derivative.sites)

    def estimated(runs: list[OneSidedSamples], method: str) -> dict[int, NumericValue]:
        tried = noises(_FLIPPED, np.random.default_rng([sampling.seed, 1]))
        changed, probability = _unmet(ensemble, moments, runs, tried)
        values = {}
        for n, (moment, control) in enumerate(zip(moments, closed, strict=True)):
            samples = np.stack([run.samples[n] for run in runs])
            estimate, without = jackknife(samples, lambda s, m=moment: _excess(ensemble, m, s))  # type: ignore[misc]
            size = control + _moment(ensemble, moment, samples[:, :2].mean(axis=0))
            errors = (error_of(without), probability * changed[n], ROUNDING * size)
            values[moment.layer] = non_negative(control + estimate, errors, method)
        return values

    return sampled_until_met(
        sampling,
        sampling.points,
        noises,
        partial(_replicate, ensemble, moments),
        estimated,
        lambda found: found.values(),
        progress,
    )


@dataclass(frozen=True)
class OneSidedSamples:
    """Means over the points of one replicate.

    Attributes
    ----------
    samples : list of arrays of shape (4, images)
        For each layer those of f^2 and f, with and without the units rectified twice.  f stands for the map (its mean
        is 0 then, as it is not needed) or the readout.
    above, below : list of arrays of shape (images, channels, sites)
        For each layer at how many points each pre-activation was positive, and negative.
    points : int
    """

    samples: list[np.ndarray]
    above: list[Any]
    below: list[Any]
    points: int


def _replicate(
    ensemble: OneSidedEnsemble, moments: list[LayerMoment], eta: np.ndarray, flipped: list[np.ndarray] | None = None
) -> OneSidedSamples:
    network = ensemble.derivative.network
    widest = max(1, *network.channels) * eta.shape[1] * len(ensemble.weights)
    sums: list[Any] = [0] * len(moments)
    above: list[Any] = [0] * network.depth
    below: list[Any] = [0] * network.depth
    for chunk in np.array_split(eta, max(1, len(eta) * widest // _CHUNK)):
        trace = _trace(ensemble, chunk, flipped)
        above = [old + (z > 0).sum(axis=0) for old, (z, _) in zip(above, trace[1:], strict=True)]
        below = [old + (z < 0).sum(axis=0) for old, (z, _) in zip(below, trace[1:], strict=True)]
        for n, moment in enumerate(moments):
            sums[n] = sums[n] + _parts(ensemble, moment, *trace[min(moment.layer, network.depth)])
    return OneSidedSamples([total / len(eta) for total in sums], above, below, len(eta))


def _unmet(
    ensemble: OneSidedEnsemble, moments: list[LayerMoment], runs: list[OneSidedSamples], eta: np.ndarray
) -> tuple[list[float], float]:
    """Return by how much moments change if slopes that were not met are, and a bound on the probability of that."""
    above = [sum(each) for each in zip(*(run.above for run in runs), strict=True)]
    below = [sum(each) for each in zip(*(run.below for run in runs), strict=True)]
    samples = sum(run.points for run in runs)
    flipped = [
        (slopes.right != slopes.left) & (np.minimum(up, down) == 0) & turns
        for slopes, up, down, turns in zip(ensemble.derivative.slopes, above, below, _turning(ensemble), strict=True)
    ]
    if not any(each.any() for each in flipped):
        return [0.0] * len(moments), 0.0
    plain, other = (_replicate(ensemble, moments, eta, each).samples for each in (None, flipped))
    changed = []
    for moment, *pair in zip(moments, plain, other, strict=True):
        before, after = ([_moment(ensemble, moment, part) for part in (each[:2], each[2:])] for each in pair)
        changed.append(float(np.abs(np.subtract(after, before)).sum()))
    return changed, min(RULE_OF_THREE / samples, 1.0)


def _turning(ensemble: OneSidedEnsemble) -> list[np.ndarray]:
    """Return which pre-activations can have either sign, from the signs of weights and of what they act on."""
    derivative = ensemble.derivative
    shape = (len(ensemble.weights), 1, derivative.sites)
    up, down = np.ones(shape), np.full(shape, 0.0 if derivative.rectified else 1.0)
    found = []
    for layer, slopes in zip(derivative.network.layers, derivative.slopes, strict=True):
        weights = np.array([[[float(w) for w in f] for f in channel] for channel in layer.filters])
        none, (plus, minus) = [0.0] * layer.channels, (np.maximum(weights, 0), np.maximum(-weights, 0))
        rises = correlate(up, layer, plus, none) + correlate(down, layer, minus, none) > 0
        falls = correlate(down, layer, plus, none) + correlate(up, layer, minus, none) > 0
        found.append(rises & falls)
        up, down = (rises & (slopes.right > 0)).astype(float), (falls & (slopes.left > 0)).astype(float)
    return found


def _trace(
    ensemble: OneSidedEnsemble, eta: np.ndarray, flipped: list[np.ndarray] | None = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the pre-activations and maps of layers 0..depth, of shape (points, images, channels, sites).

    Units that are ``flipped`` have the slopes of either side exchanged.
    """
    derivative = ensemble.derivative
    a = np.broadcast_to(eta[:, None, None, :], (len(eta), len(ensemble.weights), 1, eta.shape[1]))
    trace = [(a, a)]
    for k, (layer, slopes) in enumerate(zip(derivative.network.layers, derivative.slopes, strict=True)):
        weights = [[[float(w) for w in f] for f in channel] for channel in layer.filters]
        z = correlate(a, layer, weights, [0.0] * layer.channels)
        right, left = slopes.right, slopes.left
        if flipped:
            right, left = np.where(flipped[k], left, right), np.where(flipped[k], right, left)
        a = right * np.maximum(z, 0) + left * np.minimum(z, 0)
        trace.append((z, a))
    return trace


def _parts(ensemble: OneSidedEnsemble, moment: LayerMoment, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Return the sums over the points of f^2, f, and of the same where units rectified twice pass linearly."""
    rows = []
    for values in (a, _passed(moment, z, a)):
        if moment.pooled:
            f = values.sum(axis=-1) @ np.array([float(v) for v in ensemble.derivative.pooled])
            rows += [(f**2).sum(axis=0), f.sum(axis=0)]
        else:
            seen = values.sum(axis=-2, keepdims=True) if ensemble.channel_mean else values
            square = (seen**2).sum(axis=(0, -2, -1))
            rows += [square, np.zeros_like(square)]
    return np.stack(rows)


def _passed(moment: LayerMoment, z: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Return the maps with the pre-activation at the units rectified twice; 0 where there is no closed control."""
    if not moment.has_forms:
        return np.zeros_like(a)
    twice = np.zeros(a.shape[1:], dtype=bool)
    for image, mask in moment.twice.items():
        twice[image] = mask
    return np.where(twice, z, a)


def _excess(ensemble: OneSidedEnsemble, moment: LayerMoment, samples: np.ndarray) -> float:
    """Return the moment of the samples less that of their control."""
    return _moment(ensemble, moment, samples[:2]) - _moment(ensemble, moment, samples[2:])


def _moment(ensemble: OneSidedEnsemble, moment: LayerMoment, samples: np.ndarray) -> float:
    """Return the moment of means of f^2 and f."""
    weights, stretch = np.array([float(w) for w in ensemble.weights]), float(ensemble.stretch)
    local = weights + stretch * (np.arange(len(weights)) == 0)
    square, mean = samples
    return float(local @ (square - mean**2) + weights @ (mean + moment.pooled * stretch * mean[0]) ** 2)
