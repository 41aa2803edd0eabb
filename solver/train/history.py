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
from solver.question.noise import GaussianNoise
from solver.question.task import TwoPixelTask
from solver.sensitivity.deformation.alone import FLAT
from solver.sensitivity.deformation.moments import distance_moments
from solver.sensitivity.noise.sampled.sampling import Progress, Sampling, sampled_noise
from solver.sensitivity.sensitivities import DISTANCES
from solver.sensitivity.shuffling.draws import Shuffles, draws
from solver.sensitivity.shuffling.noise import FLAT as FLAT_SHUFFLED
from solver.train.folder import read_checkpoint, read_record
from solver.train.record import Checkpoint, Record
from solver.values import ExactValue, MissingValue, NumericValue, Value, as_value, quotient

QUICK = Sampling(points=128, replicates=16)
"""Noise for many networks: errors of about one percent."""


@dataclass(frozen=True)
class LayerHistory:
    """One layer at one checkpoint.

    Attributes
    ----------
    layer : int
        0 for the image, depth + 1 for f_p.
    name : str
        "input", "hidden" or "output".
    D : Value
        Exact.
    G : Value
        Sampled.
    R : Value
        D/G.
    D_shuffled : Value
        The mean of D over networks whose connections between channels are shuffled.
    filter_frequency : Value
        The mean frequency of the layer's filters (`mean_filter_frequency`), of hidden layers.
    """

    layer: int
    name: str
    D: Value
    G: Value
    R: Value
    D_shuffled: Value
    filter_frequency: Value


@dataclass(frozen=True)
class Moment:
    """A checkpoint and its layers, 0 (the image) to depth + 1 (the output)."""

    checkpoint: Checkpoint
    layers: tuple[LayerHistory, ...]


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
    noise: GaussianNoise | None = None,
    sampling: Sampling = QUICK,
    progress: Progress | None = None,
) -> History:
    """Return the sensitivities of the networks of a run, over the ensemble that it was trained on.

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

    Notes
    -----
    D is exact, before and after each shuffle; G is sampled, whether or not it has a closed form.
    """
    record = read_record(path)
    task, deformation = record.training.task, deformation or Deformation()
    noise = (noise or GaussianNoise()).resolved(task, deformation)
    drawn = Shuffles(most=integer(shuffles, "shuffles", 2), sample=shuffles, seed=sampling.seed)
    chosen, moments = _chosen(record, steps), []
    for each in chosen:
        network = read_checkpoint(path, each)
        moments.append(Moment(each, _layers(network, task, deformation, noise, sampling, drawn)))
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


def _layers(
    network: Network,
    task: TwoPixelTask,
    deformation: Deformation,
    noise: GaussianNoise,
    sampling: Sampling,
    shuffles: Shuffles,
) -> tuple[LayerHistory, ...]:
    moments = distance_moments(network, task, deformation)
    noisy = sampled_noise(network, task, noise, dict.fromkeys(range(len(moments))), sampling)
    after = _shuffled(network, task, deformation, shuffles)
    layers = []
    for k, each in enumerate(moments):
        spread = ExactValue(each.spread, DISTANCES)
        D = quotient(ExactValue(each.displacement, DISTANCES), spread, method=DISTANCES, zero=FLAT)
        G = quotient(noisy[k].total, spread, method=noisy[k].total.method, zero=FLAT)
        layers.append(
            LayerHistory(
                layer=k,
                name="input" if k == 0 else "hidden" if k <= network.depth else "output",
                D=D,
                G=G,
                R=quotient(D, G, method=G.method, zero=FLAT),
                D_shuffled=after[k],
                filter_frequency=_filter_frequency(network, k),
            )
        )
    return tuple(layers)


def _shuffled(network: Network, task: TwoPixelTask, deformation: Deformation, how: Shuffles) -> list[Value]:
    """Return the mean D of every layer over shuffled networks, with the standard error of the sample."""
    drawn = draws(network, how, how.sample, lambda each: each)
    rows = [distance_moments(each, task, deformation) for each in drawn.counts]
    values: list[Value] = []
    for pairs in zip(*rows, strict=True):
        if any(pair.spread == 0 for pair in pairs):
            values.append(MissingValue(FLAT_SHUFFLED))
            continue
        ratios = [pair.displacement / pair.spread for pair in pairs]
        mean = drawn.mean(ratios)
        error = drawn.standard_error(ratios)
        values.append(as_value(mean, drawn.method) if not error else NumericValue(float(mean), error, drawn.method))
    return values


def _filter_frequency(network: Network, layer: int) -> Value:
    if not 1 <= layer <= network.depth:
        return MissingValue("only hidden layers have filters")
    try:
        return as_value(mean_filter_frequency(network, layer), "Rayleigh quotient of the graph Laplacian")
    except NotApplicableError as error:
        return MissingValue(str(error))
