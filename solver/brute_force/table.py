"""The table of a report by brute force: D, G and its parts, R, G_identity and price of every layer, and their cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np

from solver.brute_force.case import PlainCase
from solver.brute_force.draws import RUNS, drawn_parts
from solver.brute_force.passes import identity_layer
from solver.brute_force.response import (
    PlainNumber,
    PlainParts,
    bending_layer,
    linear_parts,
    pair_parts,
    untouched,
)
from solver.brute_force.squares import PlainSquares, plain_squares

MOST_EXACT = 2 * 10**7
MOST_DRAWN = 10**8
"""Multiplications of exact numbers, and of floats, that are spent on a network."""
MOST_PASSES = 3 * 10**5
LONGEST_RING = 24
"""Sites of the ring that stands in for one that is too long."""


@dataclass(frozen=True)
class PlainTable:
    """Every quantity of every layer of a network, by definition.

    Parameters
    ----------
    network : Network
        Whose layers are read as numbers: filters, biases, strides, origins, activations and the readout.
    case : PlainCase
    seed : int
        Of the noise that is drawn.
    """

    network: Any
    case: PlainCase
    seed: int = 0

    @cached_property
    def squares(self) -> PlainSquares:
        """The numerators of D and the denominators of D and G."""
        return plain_squares(self.network, self.case)

    @cached_property
    def linear_squares(self) -> PlainSquares:
        """Those with identity activations."""
        return plain_squares(identity_network(self.network), self.case)

    @cached_property
    def noise(self) -> list[PlainParts]:
        """The numerators of G, each in the best way that applies."""
        layers = range(len(self.network.layers) + 2)
        found = {k: parts for k in layers if (parts := _summed(self.network, self.case, k)) is not None}
        missing = [k for k in layers if k not in found]
        if missing:
            passes = min(MOST_DRAWN // taps(self.network, self.case), MOST_PASSES)
            found |= drawn_parts(self.network, self.case, missing, passes, self.seed)
        return [found[k] for k in layers]

    @cached_property
    def linear_noise(self) -> list[PlainParts]:
        """Those with identity activations."""
        linear = identity_network(self.network)
        found = [_summed(linear, self.case, k) for k in range(len(self.network.layers) + 2)]
        return [parts for parts in found if parts is not None]

    def rows(self) -> Iterator[dict[str, PlainNumber]]:
        """Yield the quantities of each layer, by name."""
        for k, (noise, linear) in enumerate(zip(self.noise, self.linear_noise, strict=True)):
            spread = PlainNumber(self.squares.spreads[k])
            d = PlainNumber(self.squares.changes[k]).over(spread)
            g = noise.total.over(spread)
            identity = linear.total.over(PlainNumber(self.linear_squares.spreads[k]))
            yield {
                "D": d,
                "G": g,
                "G_coherent": noise.coherent.over(spread),
                "G_incoherent": noise.incoherent.over(spread),
                "R": d.over(g),
                "G_identity": identity,
                "price": g.over(identity),
            }


def identity_network(network: Any) -> Any:
    """Return the numbers of a network with the identity for every activation."""
    numbers = {name: getattr(network, name) for name in ("readout", "constant", "pooling")}
    return SimpleNamespace(layers=[identity_layer(each) for each in network.layers], **numbers)


def taps(network: Any, case: PlainCase) -> int:
    """Return the multiplications of a forward pass, as it is done: at every site, strides taken after."""
    sites, total = case.sites, 0
    for layer in network.layers:
        filters = np.array(layer.filters, dtype=object)
        total += max(int((filters != 0).sum()), 1) * sites
        sites //= layer.stride ** len(case.shape)
    return total


def is_affordable(network: Any, case: PlainCase) -> bool:
    """Return whether a table costs seconds: its exact passes, one for each image, and the fewest draws."""
    images = case.sites * (case.sites - 1) // 2
    moves = len(case.moves)
    exact = images * taps(network, case) + images * moves * sum(
        case.sites * len(layer.bias) for layer in network.layers
    )
    return exact <= MOST_EXACT and 2 * RUNS * images * taps(network, case) <= 40 * MOST_DRAWN


def shorter_case(network: Any, case: PlainCase) -> PlainCase | None:
    """Return the question on a shorter ring that fits the scale, the filters, strides and blocks; None if none does.

    It is the longest up to `LONGEST_RING` sites, or else the shortest beyond.
    """
    least = max(4, 2 * (case.scale + case.gap))
    for length in (
        *range(min(LONGEST_RING, case.sites), least - 1, -1),
        *range(max(least, LONGEST_RING + 1), case.sites),
    ):
        shorter = replace(case, shape=(length,))
        if _fits(network, shorter) and is_affordable(network, shorter):
            return shorter
    return None


def _fits(network: Any, case: PlainCase) -> bool:
    if case.labels == "blocks" and case.sites % case.scale:
        return False
    sites = case.sites
    for layer in network.layers:
        if len(layer.filters[0][0]) > sites or sites % layer.stride:
            return False
        sites //= layer.stride
    return True


def _summed(network: Any, case: PlainCase, layer: int) -> PlainParts | None:
    """Return a noise response without drawing, where that applies."""
    if untouched(network, case, layer):
        return linear_parts(network, case, layer)
    source = bending_layer(network, case, layer)
    return None if source is None else pair_parts(network, case, layer, source)
