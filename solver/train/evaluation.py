"""Loss and errors of a stored network, exactly: f_p of every image is a rational number, and its sign is decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from solver.network.network import Network
from solver.network.trace import response
from solver.train.split import Pair, Split, error_probability


@dataclass(frozen=True)
class Errors:
    """How a network does on the images of a run.

    Attributes
    ----------
    train_loss : Fraction
        Mean of max(0, m - y f_p) over the training images.
    train_error, test_error : Fraction or None
        Probability of y f_p <= 0 in the task's ensemble, among the images of each side; None if there are none.
    """

    train_loss: Fraction
    train_error: Fraction | None
    test_error: Fraction | None


def exact_errors(network: Network, length: int, split: Split, margin: Fraction) -> Errors:
    """Return the loss and the errors of a network on a ring; costs a forward pass in exact arithmetic."""
    f = pair_responses(network, length, split.label)
    gain = {pair: split.label[pair] * value for pair, value in f.items()}
    loss = sum((max(Fraction(0), margin - gain[pair]) for pair in split.train), Fraction(0))
    train, test = (
        error_probability(split, pairs, [pair for pair in pairs if gain[pair] <= 0])
        for pairs in (split.train, split.test)
    )
    return Errors(loss / len(split.train), train, test)


def pair_responses(network: Network, length: int, pairs: Iterable[Pair]) -> dict[Pair, Any]:
    """Return f_p of images with pixels at pairs of sites.

    A shift by the total stride of the layers moves the last maps by one site and leaves f_p alone, so that images are
    evaluated once for all their shifts.
    """
    period = network.total_stride(network.depth)
    first_of = {pair: _shifted_back(pair, period, length) for pair in pairs}
    places = sorted(set(first_of.values()))
    images = np.zeros((len(places), length), dtype=np.int64)
    for row, sites in enumerate(places):
        images[row, list(sites)] = 1
    value = dict(zip(places, response(network, images), strict=True))
    return {pair: value[place] for pair, place in first_of.items()}


def _shifted_back(pair: Pair, period: int, length: int) -> Pair:
    """Return the least of the pairs that shifts by multiples of the period make of one, around the ring."""
    return min((a % period, (a % period + b - a) % length) for a, b in (pair, pair[::-1]))
