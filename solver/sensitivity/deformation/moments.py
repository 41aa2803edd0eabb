"""The numerator of D and the denominator of D and G, by definition: every image and every outcome, for any network."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from operator import mul
from typing import Any

import numpy as np

from solver.network.network import Network
from solver.network.trace import activations, response
from solver.numbers.exact import Exact
from solver.question.deformation import Deformation, deformation_outcomes
from solver.question.pairs import Task
from solver.values import ExactValue


@dataclass(frozen=True)
class PairMoments:
    """Two exact mean squared differences of one layer's maps.

    Attributes
    ----------
    change : Fraction or Algebraic
        <||a(tau x) - a(x)||^2> over images and outcomes.
    spread : Fraction or Algebraic
        <||a(x1) - a(x2)||^2> over independent images, 2 (E||a||^2 - ||E a||^2).
    """

    change: Exact
    spread: Exact

    def exact_values(self, method: str) -> tuple[ExactValue, ExactValue]:
        """Return both as values of a method."""
        return ExactValue(self.change, method), ExactValue(self.spread, method)


def image_moments(
    network: Network, task: Task, deformation: Deformation, *, channel_mean: bool = False
) -> list[PairMoments]:
    """Return the moments of layers 0..depth and of f_p (last), by enumerating every image and every outcome.

    The plain route: definitions only, for any network.  Costs l^2/2 * outcomes forward passes.
    """
    images, weights = task.images()
    pairs = list(task.pairs())
    sums = [_Sums() for _ in range(network.depth + 2)]
    for chunk in (slice(i, i + 64) for i in range(0, len(pairs), 64)):
        outcomes = [deformation_outcomes(task, deformation, i, j) for i, j, _ in pairs[chunk]]
        moved = [image for each in outcomes for image, _ in each]
        moved_weights = [w * p for w, each in zip(weights[chunk], outcomes, strict=True) for _, p in each]
        source = np.repeat(np.arange(len(outcomes)), [len(each) for each in outcomes])
        batch = np.concatenate([images[chunk], np.stack(moved)])
        maps = activations(network, batch)
        rows = [(a.channel_sum() if channel_mean else a).exact().reshape(len(batch), -1) for a in maps]
        rows.append(np.array(response(network, batch), dtype=object)[:, None])
        for total, a in zip(sums, rows, strict=True):
            total.add(a[: len(outcomes)], weights[chunk], a[len(outcomes) :] - a[source], moved_weights)
    return [total.moments() for total in sums]


class _Sums:
    """Running weighted sums of ||a||^2, a and ||a(tau x) - a(x)||^2."""

    def __init__(self) -> None:
        self.square: Any = Fraction(0)
        self.mean: Any = 0
        self.change: Any = Fraction(0)

    def add(self, a: np.ndarray, weights: list[Fraction], difference: np.ndarray, moved: list[Fraction]) -> None:
        self.square += sum(map(mul, (a * a).sum(axis=1), weights))
        self.mean = self.mean + (a * np.array(weights, dtype=object)[:, None]).sum(axis=0)
        self.change += sum(map(mul, (difference * difference).sum(axis=1), moved))

    def moments(self) -> PairMoments:
        return PairMoments(self.change, 2 * (self.square - (self.mean * self.mean).sum()))
