"""A seeded numerical search for maps of lower D than any linear layer has, checked in exact arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, cast

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
from solver.sensitivity.noise.route import Progress
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
class SearchResult:
    """What was searched, from where and for how long, and what was found, exactly.

    Attributes
    ----------
    task, deformation : TwoPixelTask and Deformation
    layer : int
        k, the hidden layer whose D is searched.
    filter_size : int
        s, of every layer.
    channels : int
        H, in each of the layers 1..k.  In the last of them more than one gain nothing: D of several is a weighted mean
        of the D of each.
    seed, restarts, steps : int
        Of the starts, of which there are ``restarts``, and steps of Adam from each.
    only_linear : bool
        Whether biases are kept at 0 and filters non-negative, so that no ReLU cuts.
    attempts : tuple of Attempt
        Every descent, in the order made.

    Raises
    ------
    InputError
        If the layer is not hidden, or blocks make the labels.
    UnreachableScaleError
        If xi is not (s-1) k~ + 1.
    """

    task: TwoPixelTask
    layer: int
    channels: int
    filter_size: int
    deformation: Deformation
    seed: int
    restarts: int
    steps: int
    only_linear: bool
    attempts: tuple[Attempt, ...] = ()

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

    @property
    def taps(self) -> int:
        """The width of the receptive field of the layer."""
        return (self.filter_size - 1) * self.layer + 1

    @cached_property
    def linear(self) -> Value:
        """The least D over all linear layers of the same receptive field."""
        return best_deformation(self.taps, self.task, self.deformation).value

    @cached_property
    def any_map(self) -> Value:
        """The least D over all functions of the same receptive field: no network is below it."""
        return least_of_any_map(self.taps, self.task, self.deformation)

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
        layers = self.completed(amplitude).layers[: self.layer]
        return _exact_deformation(layers, self.task, self.deformation) or Fraction(0)

    def attempt(self, number: int, objective: DeformationObjective) -> Attempt:
        """Return the descent from one of the starts, which depends on nothing else."""
        start, rng = STARTS[number % len(STARTS)], np.random.default_rng([self.seed, number])
        initial = starting_weights(start, rng, self.layer, self.channels, self.filter_size)
        searched, weights = descended(objective, initial, self.steps, linear=self.only_linear)
        layers = _rounded(weights)
        return Attempt(start, searched, _exact_deformation(layers, self.task, self.deformation), layers)


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
    """Search filters and biases of layers 1..k for a low D_k, whatever the output.

    Faint channels carry f_p = ReLU(xi - d) beside any of them (derivations/side_channels.py).  From each start Adam and
    then L-BFGS descend on D in float64; filters and biases are rounded to multiples of 2^-12 of the largest of their
    layer, and D is computed from those, exactly.  Local minima: D found is an upper bound of the least.  Each step
    costs a pass and its gradient on one image per distance and each of its outcomes.

    The parameters are those of `SearchResult`, ``linear`` its `only_linear`; ``progress`` is told of each descent.

    Raises
    ------
    MissingDependencyError
        If torch is not installed.
    SolverError
        If every descent ended in a map that is the same for all images.
    """
    search = SearchResult(
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
    attempts = _attempts(search, progress or (lambda done, total: None))
    if all(attempt.D is None for attempt in attempts):
        raise SolverError(f"all {restarts} descents ended in a map that is the same for every image; ask for more")
    return replace(search, attempts=attempts)


def _attempts(search: SearchResult, progress: Progress) -> tuple[Attempt, ...]:
    attempts: list[Attempt] = []
    with one_thread():
        objective = DeformationObjective(search.task, search.deformation)
        for n in range(search.restarts):
            attempts.append(search.attempt(n, objective))
            progress(n + 1, search.restarts)
    return tuple(attempts)


def _exact_deformation(layers: tuple[Layer, ...], task: TwoPixelTask, deformation: Deformation) -> Fraction | None:
    """Return D of the last of some layers; None if their map is the same for every image."""
    moments = distance_moments(Network(layers=layers), task, deformation)[len(layers)]
    return cast(Fraction, moments.change / moments.spread) if moments.spread else None


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
