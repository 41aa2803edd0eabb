"""The mean of G over shuffled networks, noise being sampled for each."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from solver.network.network import Network
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.noise.route import Sampling, stated_error
from solver.sensitivity.noise.sampled.sampling import sampled_noise
from solver.sensitivity.sensitivities import Sensitivities
from solver.sensitivity.shuffling.draws import FLAT_SHUFFLED, Draws, Shuffles, draws
from solver.sensitivity.shuffling.shorter import one_layer_equivalent, two_layer_equivalent
from solver.values import MissingValue, NumericValue, Value

REPLICATES = 8


def mean_noise_response(before: Sensitivities, network: Network, options: Shuffles) -> tuple[Value, Value]:
    """Return the means over shuffles of G of a network's last layer and of its f_p.

    All shuffles are taken where they have few equivalents under noise, and a sample of them otherwise.  Each network
    has noise of its own and is estimated without bias: the errors of the noise add up in squares, with the error of the
    sample of shuffles.  Where all draws agree, G of another one is taken to be at most three times theirs.
    """
    equivalent = partial(two_layer_equivalent, length=before.task.sites)
    found = draws(network, options, options.noisy, equivalent)
    if len(found.counts) > options.noisy:
        found = draws(network, replace(options, most=0), options.noisy, equivalent)
    layer: list[tuple[float, float] | None] = []
    output: list[tuple[float, float] | None] = []
    for i, each in enumerate(found.counts):
        moments = distance_moments(one_layer_equivalent(each, before.task.sites), before.task, before.deformation)
        few = Sampling(points=options.points, replicates=REPLICATES, seed=options.seed + i)
        noise = sampled_noise(each, before.task, before.noise, {each.depth: None, each.depth + 1: None}, few)
        for values, key, spread in (
            (layer, each.depth, moments[-2].spread),
            (output, each.depth + 1, moments[-1].spread),
        ):
            total, below = noise[key].total, float(spread)
            values.append((total.estimate / below, total.uncertainty / below) if below else None)
    return _mean(layer, found, options), _mean(output, found, options)


def _mean(values: list[tuple[float, float] | None], found: Draws, options: Shuffles) -> Value:
    known = [each for each in values if each is not None]
    if len(known) < len(values):
        return MissingValue(FLAT_SHUFFLED)
    estimates = [estimate for estimate, _ in known]
    shares = np.array(list(found.counts.values())) / found.counts.total()
    noise = float(np.linalg.norm(shares * np.array([error for _, error in known])))
    error = float(np.hypot(noise, found.error(estimates, 2 * max(estimates))))
    method = f"{found.counts.total()} shuffles, {len(known)} different, seed {options.seed}"
    sets = f"{REPLICATES} x {options.points} points of noise each; {stated_error(found.counts.total())}"
    return NumericValue(float(found.mean(estimates)), error, f"{method}, {sets}")
