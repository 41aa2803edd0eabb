"""D against G of one layer over many kernels: points, and those that no other beats in both.

Layer 1 in symbols: derivations/deformation_against_noise.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from solver.errors import NotApplicableError
from solver.network.layer import Layer
from solver.network.network import Network
from solver.question.deformation import Deformation
from solver.question.noise import GaussianNoise, Noise
from solver.question.task import TwoPixelTask
from solver.sensitivity.deformation.autocorrelations import autocorrelation_moments
from solver.sensitivity.noise.once import is_rectified_once, layer_second_moment

_DIGITS = 17
"""To which a closed form is enclosed before it is rounded to double precision."""


@dataclass(frozen=True)
class LayerPoint:
    """D and G of one layer, both exact or closed and then rounded to double precision, and its network's name."""

    name: str
    D: float
    G: float

    @property
    def R(self) -> float:  # noqa: N802
        """D / G."""
        return self.D / self.G


def layer_point(
    network: Network,
    layer: int,
    task: TwoPixelTask,
    *,
    deformation: Deformation | None = None,
    noise: Noise | None = None,
) -> LayerPoint:
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
    response = float(layer_second_moment(network, task, noise, layer).enclose_split(_DIGITS).total.mid())
    return LayerPoint(network.name, float(moments.change / moments.spread), response / float(moments.spread))


def filter_points(filters: Iterable[Sequence[Sequence[Fraction]]], task: TwoPixelTask) -> list[LayerPoint]:
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


def pareto_front(points: Sequence[LayerPoint]) -> list[LayerPoint]:
    """Return the points that no other beats, by rising D; O(n log n)."""
    front: list[LayerPoint] = []
    for point in sorted(points, key=lambda p: (p.D, p.G)):
        if not front or point.G < front[-1].G:
            front.append(point)
    return front
