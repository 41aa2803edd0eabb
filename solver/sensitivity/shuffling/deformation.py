"""D of every layer after the channels have been shuffled, exactly for each shuffle: its mean and its spread."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from solver.network.changed.shuffle import shuffle_count, unshuffled_layers
from solver.network.network import Network
from solver.question.deformation import Deformation
from solver.question.pairs import Task
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import PairMoments
from solver.sensitivity.deformation.routes import DISTANCES
from solver.sensitivity.noise.route import Progress
from solver.sensitivity.noise.sampled.estimate import ROUNDING, error_of
from solver.sensitivity.sensitivities import Sensitivities
from solver.sensitivity.shuffling.draws import FLAT_SHUFFLED, Draws, Shuffles, draws, largest_change
from solver.values import ExactValue, MissingValue, NumericValue, Value, as_value


@dataclass(frozen=True)
class ShuffledDeformation:
    """D of one layer over shuffled networks.

    Attributes
    ----------
    mean : Value
        Exact over all shuffles, and where no shuffle changes it, proven; else with the error of the sample.
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
    known = unchanged_layers(before.network, channel_mean=before.channel_mean)
    return tuple(_layer(found.of(moments, same), moments) for moments, same in zip(layers, known, strict=True))


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


def unchanged_layers(network: Network, *, channel_mean: bool = False) -> tuple[bool, ...]:
    """Return for layers 0..depth and f_p whether it is proven that no shuffle changes D there.

    Averages over channels see translations of one channel against another (`unshuffled_layers`): there it is only where
    shuffling gives one network.
    """
    layers = range(1, network.depth + 1)
    alone = (True, *(shuffle_count(network.lowest(k)) == 1 for k in layers))
    known = alone if channel_mean else unshuffled_layers(network)
    return (*known, known[-1])


def _layer(found: Draws, moments: tuple[PairMoments, ...]) -> ShuffledDeformation:
    if any(pair.spread == 0 for pair in moments):
        return ShuffledDeformation(MissingValue(FLAT_SHUFFLED), MissingValue(FLAT_SHUFFLED), ())
    ratios = [pair.change / pair.spread for pair in moments]
    each = tuple(as_value(ratio, DISTANCES.method) for ratio in ratios)
    return ShuffledDeformation(found.mean_ratio(moments), _spread(found, ratios), each)


def _spread(found: Draws, ratios: list[Any]) -> Value:
    """Return the standard deviation of D; where all draws agree, 0 up to what they did not meet."""
    if found.complete and found.agree(ratios):
        return ExactValue(Fraction(0), found.method)
    numbers = found.repeated(ratios)
    spread = float(numbers.std(ddof=0 if found.complete else 1))
    if found.complete:
        error = ROUNDING * float(np.abs(numbers).max())
    elif found.agree(ratios):
        share = min(found.unmet, 0.5)
        error = largest_change(ratios) * (share * (1 - share)) ** 0.5
    else:
        error = error_of(np.array([np.delete(numbers, i).std(ddof=1) for i in range(len(numbers))]))
    return NumericValue(spread, error, found.method)
