"""How D is evaluated: `DEFORMATION_ROUTES`, from the fastest to the definitions, equal where they apply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from solver.proof import Proof
from solver.sensitivity.deformation.autocorrelations import linear_moments, not_averaged
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.enumeration import image_moments
from solver.sensitivity.deformation.moments import PairMoments
from solver.sensitivity.question import Question
from solver.sensitivity.results import Choice

Moments = dict[int, PairMoments]


@dataclass(frozen=True, kw_only=True)
class DeformationRoute:
    """One way to evaluate the mean squares of D.

    Attributes
    ----------
    method : str
        What a report prints as the method of a value.
    refusal : callable(question, layer) -> str or None
        Why it does not apply to a layer, in words; None if it does.
    moments : callable(question, layers) -> dict of int to PairMoments
        Of layers that it applies to.
    sources, proofs
        As for `solver.sensitivity.noise.route.Route`.
    """

    method: str
    refusal: Callable[[Question, int], str | None]
    moments: Callable[[Question, Sequence[int]], Moments]
    sources: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()


def _not_autocorrelated(question: Question, layer: int) -> str | None:
    if question.is_output(layer):
        return "autocorrelations are for maps, and this is the output"
    return not_averaged(question.network, question.task, question.proofs, layer)


def _never(question: Question, layer: int) -> None:
    return None


def _autocorrelated(question: Question, layers: Sequence[int]) -> Moments:
    network, task = question.network, question.task
    return linear_moments(network, task, question.deformation, list(layers), channel_mean=question.channel_mean)


def _by_distance(question: Question, layers: Sequence[int]) -> Moments:
    network, task = question.network, question.task
    found = distance_moments(network, task, question.deformation, channel_mean=question.channel_mean, only=layers)
    return {k: found[k] for k in layers}


def _enumerated(question: Question, layers: Sequence[int]) -> Moments:
    found = image_moments(question.network, question.task, question.deformation, channel_mean=question.channel_mean)
    return {k: found[k] for k in layers}


AUTOCORRELATIONS = DeformationRoute(
    method="kernel autocorrelations",
    refusal=_not_autocorrelated,
    moments=_autocorrelated,
    proofs=(Proof("deformation_linear_layers"),),
)
"""Layers that are linear on the data: kernel autocorrelations only."""

DISTANCES = DeformationRoute(
    method="one image per distance",
    refusal=_never,
    moments=_by_distance,
    proofs=(Proof("deformation_last_layer", "hidden"), Proof("deformation_output", "output")),
)
"""One image per distance that the network can tell apart."""

ENUMERATION = DeformationRoute(method="every image and outcome", refusal=_never, moments=_enumerated)
"""The definitions."""

DEFORMATION_ROUTES = (AUTOCORRELATIONS, DISTANCES, ENUMERATION)
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
