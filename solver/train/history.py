"""What training does to a network: D, G, R and filter frequencies of every layer at the checkpoints of a run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from solver.errors import InputError, NotApplicableError
from solver.network.frequency.content import mean_filter_frequency
from solver.network.network import Network
from solver.numbers.exact import integer
from solver.question.deformation import Deformation
from solver.question.noise import GaussianNoise, Noise
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.routes import DISTANCES
from solver.sensitivity.noise.route import Progress, Sampling
from solver.sensitivity.noise.sampled.sampling import sampled_noise
from solver.sensitivity.quantities import LayerTerms
from solver.sensitivity.question import Question
from solver.sensitivity.results import LayerValues
from solver.sensitivity.shuffling.deformation import shuffled_moments, unchanged_layers
from solver.sensitivity.shuffling.draws import Shuffles
from solver.train.record import Checkpoint, Record, read_checkpoint, read_record
from solver.values import MissingValue, Value, as_value

QUICK = Sampling(points=128, replicates=16)
"""Noise for many networks: errors of about one percent."""


@dataclass(frozen=True)
class Moment:
    """A checkpoint and its layers, 0 (the image) to depth + 1 (the output).

    Each has ``D``, exact; ``G``, sampled; ``R``, D/G; ``D_shuffled``, the mean of D over networks whose connections
    between channels are shuffled; and ``filter_frequency``, the mean frequency of a hidden layer's filters.
    """

    checkpoint: Checkpoint
    layers: tuple[LayerValues, ...]


@dataclass(frozen=True)
class History:
    """A run and the checkpoints of it that were looked at, in increasing order of steps."""

    record: Record
    moments: tuple[Moment, ...]


def history(
    path: Path,
    *,
    steps: Collection[int] | None = None,
    shuffles: int = 8,
    deformation: Deformation | None = None,
    noise: Noise | None = None,
    sampling: Sampling = QUICK,
    progress: Progress | None = None,
) -> History:
    """Return the sensitivities of the networks of a run, over the ensemble that it was trained on.

    D is exact, before and after each shuffle; G is sampled, whether or not it has a closed form.

    Parameters
    ----------
    path : Path
        The folder or the .zip of the run.
    steps : collection of int, optional
        The checkpoints to look at; all if omitted.
    shuffles : int
        Shuffled networks that the mean is taken over, at least 2.
    deformation, noise
        As in `solver.sensitivities`.
    sampling : Sampling
    progress : callable(done, total)
        Called after each checkpoint.

    Raises
    ------
    InputError
        If there is no run, or it has no checkpoint, or none at one of the steps.
    """
    record = read_record(path)
    task, deformation = record.training.task, deformation or Deformation()
    drawn = Shuffles(most=integer(shuffles, "shuffles", 2), sample=shuffles, seed=sampling.seed)
    chosen, moments = _chosen(record, steps), []
    for each in chosen:
        question = Question(read_checkpoint(path, each), task, deformation, noise or GaussianNoise())
        moments.append(Moment(each, _layers(question, sampling, drawn)))
        if progress:
            progress(len(moments), len(chosen))
    return History(record, tuple(moments))


def _chosen(record: Record, steps: Collection[int] | None) -> list[Checkpoint]:
    known = [each.step for each in record.checkpoints]
    if not known:
        raise InputError("the run has no checkpoint yet; let `solver train` go on first")
    missing = sorted(set(steps or ()) - set(known))
    if missing:
        raise InputError(f"steps: the run has no checkpoint at {missing[0]}; choose from {', '.join(map(str, known))}")
    return [each for each in record.checkpoints if steps is None or each.step in steps]


def _layers(question: Question, sampling: Sampling, shuffles: Shuffles) -> tuple[LayerValues, ...]:
    network, task, deformation = question.network, question.task, question.deformation
    noisy = sampled_noise(network, task, question.noise, dict.fromkeys(question.layers), sampling)
    drawn, after = shuffled_moments(network, task, deformation, shuffles)
    known = unchanged_layers(network)
    layers = []
    for k, each in enumerate(distance_moments(network, task, deformation)):
        terms = LayerTerms(question, k, *each.exact_values(DISTANCES.method), noisy[k])
        other = {
            "D_shuffled": drawn.of(after[k], known[k]).mean_ratio(after[k]),
            "filter_frequency": _filter_frequency(network, k),
        }
        layers.append(LayerValues(k, question.names[k], terms.values() | other))
    return tuple(layers)


def _filter_frequency(network: Network, layer: int) -> Value:
    if not 1 <= layer <= network.depth:
        return MissingValue("only hidden layers have filters")
    try:
        return as_value(mean_filter_frequency(network, layer), "Rayleigh quotient of the graph Laplacian")
    except NotApplicableError as error:
        return MissingValue(str(error))
