"""D of every layer after the channels have been shuffled, exactly for each shuffle: its mean and its spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.sensitivity.deformation.moments import distance_moments
from solver.sensitivity.noise.sampled.sampling import Progress
from solver.sensitivity.sensitivities import Sensitivities
from solver.sensitivity.shuffling.draws import Shuffles, draws
from solver.sensitivity.shuffling.noise import FLAT
from solver.sensitivity.shuffling.shuffling import mean_of_ratios
from solver.values import MissingValue, NumericValue, Value, as_value


@dataclass(frozen=True)
class ShuffledDeformation:
    """D of one layer over shuffled networks.

    Attributes
    ----------
    mean : Value
        Exact over all shuffles, else with the standard error of the sample.
    spread : Value
        The standard deviation between shuffled networks.
    each : tuple of Value
        The exact D of every different network that was drawn.
    """

    mean: Value
    spread: Value
    each: tuple[Value, ...]


def shuffled_deformations(
    before: Sensitivities, shuffles: int, *, seed: int = 0, progress: Progress | None = None
) -> tuple[ShuffledDeformation, ...]:
    """Return D of layers 0..depth and of f_p of a network whose hidden connections are shuffled.

    Parameters
    ----------
    before : Sensitivities
        Of the network as it is; task, deformation and channel option are taken from it.
    shuffles : int
        Networks to draw, at least 2; all different ones where there are no more than this.
    seed : int
    progress : callable(done, total)

    Raises
    ------
    InputError
        For fewer than 2 shuffles.

    Notes
    -----
    Costs one forward pass on the representatives (`distance_moments`) for each different network.
    """
    found = draws(before.network, Shuffles(most=shuffles, sample=shuffles, seed=seed), shuffles, lambda each: each)
    rows = []
    for network in found.counts:
        rows.append(distance_moments(network, before.task, before.deformation, channel_mean=before.channel_mean))
        if progress:
            progress(len(rows), len(found.counts))
    layers = []
    for moments in zip(*rows, strict=True):
        if any(pair.spread == 0 for pair in moments):
            layers.append(ShuffledDeformation(MissingValue(FLAT), MissingValue(FLAT), ()))
            continue
        ratios = [pair.displacement / pair.spread for pair in moments]
        numbers = np.repeat([float(ratio) for ratio in ratios], list(found.counts.values()))
        spread = float(numbers.std(ddof=0 if found.complete else 1))
        error = 0.0 if found.complete else spread / (2 * len(numbers) - 2) ** 0.5
        layers.append(
            ShuffledDeformation(
                mean_of_ratios(list(moments), found),
                NumericValue(spread, error, found.method),
                tuple(as_value(ratio, "one image per distance") for ratio in ratios),
            )
        )
    return tuple(layers)
