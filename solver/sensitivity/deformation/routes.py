"""How D is evaluated: `DEFORMATION_ROUTES`, from the fastest to the definitions, equal where they apply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from solver.proof import Proof
from solver.sensitivity.deformation.autocorrelations import linear_moments, not_averaged
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.enumeration import image_moments
from solver.sensitivity.deformation.moments import PairMoments
from solver.sensitivity.question import Question
from solver.sensitivity.results import Choice

Moments = dict[int, PairMoments]


class DeformationRoute(Protocol):
    """One way to evaluate the mean squares of D; ``method``, ``sources`` and ``proofs`` as for `Route`."""

    @property
    def method(self) -> str: ...

    @property
    def sources(self) -> tuple[str, ...]: ...

    @property
    def proofs(self) -> tuple[Proof, ...]: ...

    def refusal(self, question: Question, layer: int) -> str | None:
        """Return why it does not apply to a layer, in words; None if it does."""

    def moments(self, question: Question, layers: Sequence[int]) -> Moments:
        """Return the moments of layers, which it applies to."""


class Autocorrelations:
    """Layers that are linear on the data: kernel autocorrelations only."""

    method = "kernel autocorrelations"
    sources: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = (Proof("deformation_linear_layers"),)

    def refusal(self, question: Question, layer: int) -> str | None:
        """See `DeformationRoute`."""
        if question.is_output(layer):
            return "autocorrelations are for maps, and this is the output"
        return not_averaged(question.network, question.task, question.proofs, layer)

    def moments(self, question: Question, layers: Sequence[int]) -> Moments:
        """See `DeformationRoute`."""
        network, task = question.network, question.task
        return linear_moments(network, task, question.deformation, list(layers), channel_mean=question.channel_mean)


class Distances:
    """One image per distance that the network can tell apart."""

    method = "one image per distance"
    sources: tuple[str, ...] = ()
    proofs = (Proof("deformation_last_layer", "hidden"), Proof("deformation_output", "output"))

    def refusal(self, question: Question, layer: int) -> str | None:
        """See `DeformationRoute`."""
        return None

    def moments(self, question: Question, layers: Sequence[int]) -> Moments:
        """See `DeformationRoute`."""
        network, task = question.network, question.task
        found = distance_moments(network, task, question.deformation, channel_mean=question.channel_mean, only=layers)
        return {k: found[k] for k in layers}


class Enumeration:
    """Every image and every outcome: the definitions."""

    method = "every image and every outcome"
    sources: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()

    def refusal(self, question: Question, layer: int) -> str | None:
        """See `DeformationRoute`."""
        return None

    def moments(self, question: Question, layers: Sequence[int]) -> Moments:
        """See `DeformationRoute`."""
        network, task = question.network, question.task
        found = image_moments(network, task, question.deformation, channel_mean=question.channel_mean)
        return {k: found[k] for k in layers}


AUTOCORRELATIONS, DISTANCES, ENUMERATION = Autocorrelations(), Distances(), Enumeration()
DEFORMATION_ROUTES: tuple[DeformationRoute, ...] = (AUTOCORRELATIONS, DISTANCES, ENUMERATION)
"""From the fastest to the definitions."""


def pair_moments(question: Question) -> list[tuple[Choice[DeformationRoute], PairMoments]]:
    """Return the moments of layers 0..depth and of the output, each with the fastest route that applies."""
    chosen: dict[DeformationRoute, list[int]] = {}
    refused: dict[int, list[tuple[str, str]]] = {k: [] for k in question.layers}
    for k in question.layers:
        for route in DEFORMATION_ROUTES:
            why = route.refusal(question, k)
            if why is None:
                chosen.setdefault(route, []).append(k)
                break
            refused[k].append((route.method, why))
    found = {
        k: (Choice(route, tuple(refused[k])), moments)
        for route, layers in chosen.items()
        for k, moments in route.moments(question, layers).items()
    }
    return [found[k] for k in question.layers]
