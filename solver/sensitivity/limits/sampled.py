"""Second moments of a network with one-sided slopes by randomised quasi-Monte Carlo, with a standard error.

Only the difference to the closed form, in which units rectified twice are replaced by their
pre-activation, is sampled where that form exists.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from solver.network.trace import correlate
from solver.question.noise import GaussianNoise
from solver.sensitivity.limits.moments import LayerMoment, OneSidedEnsemble
from solver.sensitivity.noise.route import Progress, Sampling
from solver.sensitivity.noise.sampled.estimate import jackknife, standard_error
from solver.sensitivity.noise.sampled.sampling import sampled_until_met, sobol_noises
from solver.values import NumericValue, as_value

_CHUNK = 2**22


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

    def estimated(runs: list[list[np.ndarray]], method: str) -> dict[int, NumericValue]:
        values = {}
        for moment, control, samples in zip(moments, closed, zip(*runs, strict=True), strict=True):
            estimate, without = jackknife(np.stack(samples), lambda s, m=moment: _excess(ensemble, m, s))  # type: ignore[misc]
            values[moment.layer] = NumericValue(control + estimate, standard_error(without), method)
        return values

    return sampled_until_met(
        sampling,
        sampling.points,
        partial(sobol_noises, unit, 1, ensemble.derivative.sites),
        partial(_replicate, ensemble, moments),
        estimated,
        lambda found: found.values(),
        progress,
    )


def _replicate(ensemble: OneSidedEnsemble, moments: list[LayerMoment], eta: np.ndarray) -> list[np.ndarray]:
    """Return for each layer the means over the points of f^2 and f, with and without the units rectified twice.

    f stands for the map (its mean is 0 then, as it is not needed) or the readout; shape (4, images).
    """
    network = ensemble.derivative.network
    widest = max(1, *network.channels) * eta.shape[1] * len(ensemble.weights)
    sums: list[Any] = [0] * len(moments)
    for chunk in np.array_split(eta, max(1, len(eta) * widest // _CHUNK)):
        trace = _trace(ensemble, chunk)
        for n, moment in enumerate(moments):
            sums[n] = sums[n] + _parts(ensemble, moment, *trace[min(moment.layer, network.depth)])
    return [total / len(eta) for total in sums]


def _trace(ensemble: OneSidedEnsemble, eta: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the pre-activations and maps of layers 0..depth, of shape (points, images, channels, sites)."""
    derivative = ensemble.derivative
    a = np.broadcast_to(eta[:, None, None, :], (len(eta), len(ensemble.weights), 1, eta.shape[1]))
    trace = [(a, a)]
    for layer, slopes in zip(derivative.network.layers, derivative.slopes, strict=True):
        weights = [[[float(w) for w in f] for f in channel] for channel in layer.filters]
        z = correlate(a, layer, weights, [0.0] * layer.channels)
        a = slopes.right * np.maximum(z, 0) + slopes.left * np.minimum(z, 0)
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
    weights, stretch = np.array([float(w) for w in ensemble.weights]), float(ensemble.stretch)
    local = weights + stretch * (np.arange(len(weights)) == 0)

    def moment_of(square: np.ndarray, mean: np.ndarray) -> float:
        return float(local @ (square - mean**2) + weights @ (mean + moment.pooled * stretch * mean[0]) ** 2)

    return moment_of(samples[0], samples[1]) - moment_of(samples[2], samples[3])
