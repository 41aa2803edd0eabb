"""How D is evaluated: `DEFORMATION_ROUTES`, from the fastest to the definitions, equal where they apply."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from solver.proof import Proof
from solver.sensitivity.deformation.autocorrelations import linear_moments, not_averaged
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import PairMoments, image_moments
from solver.sensitivity.question import Question
from solver.sensitivity.results import Choice

Moments = Mapping[int, PairMoments]


@dataclass(frozen=True, kw_only=True)
class DeformationRoute:
    """One way to evaluate the mean squares of D.

    Attributes
    ----------
    method : str
        What a report prints as the method of a value.
    refusal : callable(question, layer) -> str or None
        Why it does not apply to a layer, in words; None if it does.
    moments : callable(question, layers) -> moments by layer
        Of layers that it applies to, perhaps among others.
    sources, proofs
        As for `solver.sensitivity.noise.route.Route`.
    """

    method: str
    refusal: Callable[[Question, int], str | None]
    moments: Callable[[Question, Sequence[int]], Moments]
    sources: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()


AUTOCORRELATIONS = DeformationRoute(
    method="kernel autocorrelations",
    refusal=lambda q, layer: not_averaged(q.network, q.task, q.proofs, layer),
    moments=lambda q, layers: linear_moments(q.network, q.task, q.deformation, layers, channel_mean=q.channel_mean),
    proofs=(Proof("deformation_linear_layers"),),
)
"""Layers that are linear on the data: kernel autocorrelations only."""

DISTANCES = DeformationRoute(
    method="one image per distance",
    refusal=lambda q, layer: None,
    moments=lambda q, layers: dict(
        enumerate(
            distance_moments(
                q.network.lowest(max(layers)), q.task, q.deformation, channel_mean=q.channel_mean, only=layers
            )
        )
    ),
    proofs=(Proof("deformation_last_layer", "hidden"), Proof("deformation_output", "output")),
)
"""One image per distance that the network can tell apart."""

ENUMERATION = DeformationRoute(
    method="every image and outcome",
    refusal=lambda q, layer: None,
    moments=lambda q, layers: dict(
        enumerate(image_moments(q.network, q.task, q.deformation, channel_mean=q.channel_mean))
    ),
)
"""The definitions."""

DEFORMATION_ROUTES = (AUTOCORRELATIONS, DISTANCES, ENUMERATION)
"""From the fastest to the definitions."""


def pair_moments(question: Question, layers: Collection[int]) -> dict[int, tuple[Choice, PairMoments]]:
    """Return the moments of layers, each with the fastest route that applies; layers above them cost nothing."""
    by_route: dict[DeformationRoute, list[int]] = {}
    choices: dict[int, Choice] = {}
    for k in layers:
        refused: list[tuple[str, str]] = []
        for route in DEFORMATION_ROUTES:
            why = route.refusal(question, k)
            if why is None:
                by_route.setdefault(route, []).append(k)
                choices[k] = Choice(route, tuple(refused))
                break
            refused.append((route.method, why))
    found = {route: route.moments(question, asked) for route, asked in by_route.items()}
    return {k: (choice, found[choice.route][k]) for k, choice in choices.items()}  # type: ignore[index]
