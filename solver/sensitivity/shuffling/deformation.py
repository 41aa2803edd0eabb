"""D of every layer after the channels have been shuffled, exactly for each shuffle: its mean and its spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.network.network import Network
from solver.question.deformation import Deformation
from solver.question.pairs import Task
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import PairMoments
from solver.sensitivity.deformation.routes import DISTANCES
from solver.sensitivity.noise.route import Progress
from solver.sensitivity.sensitivities import Sensitivities
from solver.sensitivity.shuffling.draws import FLAT_SHUFFLED, Draws, Shuffles, draws
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

    Costs one forward pass on the representatives (`distance_moments`) for each different network.

    Parameters
    ----------
    before : Sensitivities
        Of the network as it is; task, deformation and channel option are taken from it.
    shuffles : int
        Networks to draw, at least 2; all different ones where there are no more than this.

    Raises
    ------
    InputError
        For fewer than 2 shuffles.
    """
    how = Shuffles(most=shuffles, sample=shuffles, seed=seed)
    found, layers = shuffled_moments(
        before.network, before.task, before.deformation, how, channel_mean=before.channel_mean, progress=progress
    )
    return tuple(_layer(found, moments) for moments in layers)


def shuffled_moments(
    network: Network,
    task: Task,
    deformation: Deformation,
    how: Shuffles,
    *,
    channel_mean: bool = False,
    progress: Progress | None = None,
) -> tuple[Draws, list[tuple[PairMoments, ...]]]:
    """Return the shuffled networks that are drawn and, for each layer, the moments of every different one."""
    found = draws(network, how, how.sample, lambda each: each)
    rows: list[list[PairMoments]] = []
    for each in found.counts:
        rows.append(distance_moments(each, task, deformation, channel_mean=channel_mean))
        if progress:
            progress(len(rows), len(found.counts))
    return found, list(zip(*rows, strict=True))


def _layer(found: Draws, moments: tuple[PairMoments, ...]) -> ShuffledDeformation:
    if any(pair.spread == 0 for pair in moments):
        return ShuffledDeformation(MissingValue(FLAT_SHUFFLED), MissingValue(FLAT_SHUFFLED), ())
    ratios = [pair.change / pair.spread for pair in moments]
    numbers = np.repeat([float(ratio) for ratio in ratios], list(found.counts.values()))
    spread = float(numbers.std(ddof=0 if found.complete else 1))
    error = 0.0 if found.complete else spread / (2 * len(numbers) - 2) ** 0.5
    each = tuple(as_value(ratio, DISTANCES.method) for ratio in ratios)
    return ShuffledDeformation(found.mean_ratio(moments), NumericValue(spread, error, found.method), each)
