"""D against G of one layer over many kernels: points, and those that no other beats in both.

Layer 1 in symbols: derivations/deformation_against_noise.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from solver.errors import NotApplicableError
from solver.network.layer import Layer
from solver.network.network import Network
from solver.question.deformation import Deformation
from solver.question.noise import GaussianNoise
from solver.question.task import TwoPixelTask
from solver.sensitivity.deformation.autocorrelations import autocorrelation_moments
from solver.sensitivity.noise.once import is_rectified_once, layer_second_moment
from solver.sensitivity.noise.second_moment import SecondMoment


@dataclass(frozen=True)
class Point:
    """D and G of one layer, and what its network is called.

    D is exact, rounded to double precision; G is a closed form evaluated in double precision.
    """

    name: str
    D: float
    G: float

    @property
    def R(self) -> float:  # noqa: N802
        """D / G."""
        return self.D / self.G

    def beats(self, other: Point) -> bool:
        """Return whether neither D nor G is larger, and one is smaller."""
        return self.D <= other.D and self.G <= other.G and (self.D, self.G) != (other.D, other.G)


def layer_point(
    network: Network,
    layer: int,
    task: TwoPixelTask,
    *,
    deformation: Deformation | None = None,
    noise: GaussianNoise | None = None,
) -> Point:
    """Return D and G of a hidden layer whose noise is rectified once.

    Raises
    ------
    NotApplicableError
        If a ReLU cuts an image, or the noise is not rectified exactly once.
    """
    noise, deformation = noise or GaussianNoise(), deformation or Deformation()
    noise = noise.resolved(task, deformation)
    if not is_rectified_once(network, layer, noise):
        raise NotApplicableError(
            f"layer {layer} of {network.name!r} does not see noise rectified once; it has no point"
        )
    moments = autocorrelation_moments(network, task, deformation, layer)
    response = rounded_moment(layer_second_moment(network, task, noise, layer))
    return Point(network.name, float(moments.displacement / moments.spread), response / float(moments.spread))


def filter_points(filters: Iterable[Sequence[Sequence[Any]]], task: TwoPixelTask) -> list[Point]:
    """Return the points of one-channel networks, each given by its filters, at their last layer."""
    points = []
    for each in filters:
        name = " * ".join(f"({', '.join(map(str, taps))})" for taps in each)
        network = Network(layers=tuple(Layer(filters=((tuple(taps),),)) for taps in each), name=name)
        points.append(layer_point(network, len(each), task))
    return points


def symmetric_filters(steps: int) -> list[tuple[Fraction, Fraction, Fraction]]:
    """Return the filters (t, 1 - t, t), t = 0, 1/steps, ..., 1: all symmetric directions without a negative entry."""
    return [(Fraction(i, steps), 1 - Fraction(i, steps), Fraction(i, steps)) for i in range(steps + 1)]


def pareto_front(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other beats, by rising D; O(n log n)."""
    front: list[Point] = []
    for point in sorted(points, key=lambda p: (p.D, p.G)):
        if not front or point.G < front[-1].G:
            front.append(point)
    return front


def rounded_moment(moment: SecondMoment) -> float:
    """Return a second moment of rectified noise in double precision, from the closed forms of its terms, as arrays."""
    from solver.gaussian.moments import FLOATS

    covariances, weights = list(moment.covariances), [float(w) for w in moment.covariances.values()]
    m1, v1, m2, v2, c = np.array([[float(v) for v in (*x, *y, c)] for x, y, c in covariances]).T
    fluctuations = FLOATS.product(m1, m2, v1, v2, c) - FLOATS.mean(m1, v1) * FLOATS.mean(m2, v2)
    pairs, factors = list(moment.products), [float(w) for w in moment.products.values()]
    m, v, n, w = np.array([[float(a) for a in (*x, *y)] for x, y in pairs]).T
    return float(np.dot(weights, fluctuations) + np.dot(factors, FLOATS.shift(m, v) * FLOATS.shift(n, w)))
