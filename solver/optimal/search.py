"""A seeded numerical search for maps of lower D than any linear layer has, checked in exact arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from solver.constructions.side_channels import exact_depth, with_side_channels
from solver.errors import InputError, SolverError
from solver.network.layer import Layer
from solver.network.linearity import linearity_proof
from solver.network.network import Network
from solver.numbers.exact import integer
from solver.optimal.any_map import least_of_any_map
from solver.optimal.deformation import best_deformation
from solver.optimal.descent import STARTS, Weights, descended, starting_weights
from solver.optimal.torch_deformation import DeformationObjective, one_thread
from solver.question.deformation import Deformation
from solver.question.task import TwoPixelTask
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.noise.sampled.sampling import Progress
from solver.values import Value

GRID = 2**12


@dataclass(frozen=True)
class Attempt:
    """One descent.

    Attributes
    ----------
    start : str
        One of `solver.optimal.descent.STARTS`.
    searched : float or None
        D where the descent ended; None where the map died (it is the same for every image).
    D : Fraction or None
        D of the map after rounding, exact.
    """

    start: str
    searched: float | None
    D: Fraction | None
    layers: tuple[Layer, ...]


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is searched, from where and for how long.

    Parameters
    ----------
    layer : int
        k, the hidden layer whose D is searched.
    channels : int
        H, in each of the layers 1..k.  In the last of them more than one gain nothing: D of several is a weighted mean
        of the D of each.
    seed, restarts, steps : int
        Of the starts, of which there are ``restarts``, and steps of Adam from each.
    only_linear : bool
        Keep biases at 0 and filters non-negative, so that no ReLU cuts.

    Raises
    ------
    InputError
        If the layer is not hidden, or blocks make the labels.
    UnreachableScaleError
        If xi is not (s-1) k~ + 1.
    """

    task: TwoPixelTask
    layer: int
    channels: int = 1
    filter_size: int = 3
    deformation: Deformation = field(default_factory=Deformation)
    seed: int = 0
    restarts: int = 16
    steps: int = 300
    only_linear: bool = False

    def __post_init__(self) -> None:
        if self.task.labels != "distance":
            raise InputError(
                f"labels: the search keeps f_p = ReLU(xi - d); expected 'distance', got {self.task.labels!r}"
            )
        for name, least in {"layer": 1, "channels": 1, "restarts": 1, "steps": 0, "seed": 0}.items():
            integer(getattr(self, name), name, least)
        hidden = exact_depth(self.task, self.filter_size) - 1
        if self.layer > hidden:
            raise InputError(f"layer: expected a hidden layer, 1 to {hidden}, got {self.layer}")

    def attempt(self, number: int, objective: DeformationObjective) -> Attempt:
        """Return the descent from one of the starts, which depends on nothing else."""
        start, rng = STARTS[number % len(STARTS)], np.random.default_rng([self.seed, number])
        initial = starting_weights(start, rng, self.layer, self.channels, self.filter_size)
        searched, weights = descended(objective, initial, self.steps, linear=self.only_linear)
        layers = _rounded(weights)
        return Attempt(start, searched, self.exact_deformation(layers), layers)

    def exact_deformation(self, layers: tuple[Layer, ...]) -> Fraction | None:
        """Return D of the last of some layers, exactly; None if their map is the same for every image."""
        moments = distance_moments(Network(layers=layers), self.task, self.deformation)[len(layers)]
        return moments.displacement / moments.spread if moments.spread else None


@dataclass(frozen=True, kw_only=True)
class SearchResult(Search):
    """What a search found, exactly.

    Attributes
    ----------
    linear : Value
        The least D over all linear layers of the same receptive field.
    any_map : Value
        The least D over all functions of the same receptive field: no network is below it.
    attempts : tuple of Attempt
        Every descent, in the order made.
    """

    linear: Value
    any_map: Value
    attempts: tuple[Attempt, ...]

    @cached_property
    def best(self) -> Attempt:
        """The attempt of the lowest exact D."""
        return min((each for each in self.attempts if each.D is not None), key=lambda each: each.D or 0)

    @property
    def least(self) -> Fraction:
        """The lowest D_k found, exact: of the searched channels, the limit of `completed` as its amplitude falls."""
        assert self.best.D is not None
        return self.best.D

    @cached_property
    def cuts(self) -> tuple[bool, ...]:
        """Whether each searched layer has a ReLU that cuts on the data."""
        proofs = linearity_proof(Network(layers=self.best.layers), self.task, self.deformation)
        return tuple(proof.cuts for proof in proofs)

    def completed(self, amplitude: Any = Fraction(1, 1000)) -> Network:
        """Return the full network that has the map found in layer k, and f_p = ReLU(xi - d) exactly."""
        return with_side_channels(self.task, self.best.layers, amplitude, filter_size=self.filter_size)

    def least_completed(self, amplitude: Any = Fraction(1, 1000)) -> Fraction:
        """Return D_k of the full network, exact: its faint channels are part of the layer."""
        return self.exact_deformation(self.completed(amplitude).layers[: self.layer]) or Fraction(0)


def search_deformation(
    task: TwoPixelTask,
    layer: int,
    *,
    channels: int = 1,
    filter_size: int = 3,
    deformation: Deformation | None = None,
    seed: int = 0,
    restarts: int = 16,
    steps: int = 300,
    linear: bool = False,
    progress: Progress | None = None,
) -> SearchResult:
    r"""Search filters and biases of layers 1..k for a low D_k; f_p = ReLU(xi - d) costs nothing.

    The output can always be carried by faint channels (`with_side_channels`), so the search is free.  From each start,
    Adam and then L-BFGS descend on D in float64; filters and biases are rounded to multiples of 2^-12 of the largest
    of their layer, and D is computed from those, exactly.  Local minima: D found is an upper bound of the least.

    The parameters are those of `Search`, of which ``linear`` is ``only_linear``; ``progress`` is told of each descent.

    Raises
    ------
    MissingDependencyError
        If torch is not installed.
    SolverError
        If every descent ended in a map that is the same for all images.
    """
    search = Search(
        task=task,
        layer=layer,
        channels=channels,
        filter_size=filter_size,
        deformation=deformation or Deformation(),
        seed=seed,
        restarts=restarts,
        steps=steps,
        only_linear=linear,
    )
    return _found(search, progress)


def _found(search: Search, progress: Progress | None) -> SearchResult:
    """Return every attempt, between both bounds."""
    attempts: list[Attempt] = []
    with one_thread():
        objective = DeformationObjective(search.task, search.deformation)
        for n in range(search.restarts):
            attempts.append(search.attempt(n, objective))
            if progress is not None:
                progress(n + 1, search.restarts)
    if all(attempt.D is None for attempt in attempts):
        raise SolverError(
            f"all {search.restarts} descents ended in a map that is the same for every image; ask for more"
        )
    taps = (search.filter_size - 1) * search.layer + 1
    linear = best_deformation(taps, search.task, search.deformation).value
    any_map = least_of_any_map(taps, search.task, search.deformation)
    return SearchResult(**vars(search), linear=linear, any_map=any_map, attempts=tuple(attempts))


def _rounded(weights: Weights) -> tuple[Layer, ...]:
    """Return layers whose entries are multiples of 1/GRID, the largest filter entry of each being 1.

    ReLU(c z) = c ReLU(z) for c > 0, so a layer's scale goes into the biases above it and leaves D as it is.
    """
    layers, scale = [], 1.0
    for filters, bias in weights:
        largest = float(np.abs(filters).max()) or 1.0
        scale *= largest
        rows = tuple(tuple(tuple(_on_grid(w / largest) for w in taps) for taps in channel) for channel in filters)
        layers.append(Layer(filters=rows, bias=tuple(_on_grid(b / scale) for b in bias)))
    return tuple(layers)


def _on_grid(value: float) -> Fraction:
    return Fraction(round(float(value) * GRID), GRID)
