"""The response f_p(d) of a network to two pixels at each distance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

from solver.errors import InputError, NotApplicableError
from solver.network.linearity import checked_stride, dense_images
from solver.network.network import Network
from solver.network.trace import Activation, activations
from solver.question.ensemble import Representatives, representatives
from solver.question.frame import FrameTask, Task, ring_only
from solver.question.task import TwoPixelTask


@dataclass(frozen=True, eq=False)
class Response(Mapping[int, Any]):
    """f_p(d) for d = 1..largest, as a mapping that stores only the distances in the network's sight.

    Attributes
    ----------
    near : dict
        f_p(d) at each distance in sight.
    far : exact number
        f_p at every larger distance.
    largest : int
        l // 2.
    """

    near: dict[int, Any]
    far: Any
    largest: int

    def __getitem__(self, distance: int) -> Any:
        if not 1 <= distance <= self.largest:
            raise KeyError(distance)
        return self.near.get(distance, self.far)

    def __iter__(self) -> Iterator[int]:
        return iter(range(1, self.largest + 1))

    def __len__(self) -> int:
        return self.largest

    @property
    def distinct(self) -> list[int]:
        """The distances in sight, and the first one out of sight if there is any."""
        first_far = max(self.near) + 1
        return [*sorted(self.near), *([first_far] if first_far <= self.largest else [])]


def response_by_distance(network: Network, task: TwoPixelTask) -> Response:
    """Return f_p(d) for d = 1..l//2, exactly, whether or not the ensemble keeps the distance.

    Distances out of the network's sight share one value, so the cost does not grow with l.

    Raises
    ------
    NotApplicableError
        If the response depends on where the pair is, as it can with strides.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> task = TwoPixelTask(length=32, scale=7)
    >>> [response_by_distance(construct("uniform", task), task)[d] for d in (1, 6, 7, 16)]
    [6, 1, 0, 0]
    """
    ring_only(task, "f_p by distance")
    checked_stride(network, task)
    ring, phases = every_pair(network, task), network.total_stride(network.depth)
    values: dict[Any, Any] = {}
    for (_, distance, _), value in zip(ring.pairs, pair_responses(network, ring), strict=True):
        if values.setdefault(distance, value) != value:
            raise NotApplicableError(
                f"f_p depends on where the pair is (at distance {distance}): the network has total stride {phases}"
            )
    if not ring.missing_sites:
        return Response(values, values[task.length // 2], task.length // 2)
    near = {d: value for d, value in values.items() if d < ring.first_far}
    far = {value for d, value in values.items() if d >= ring.first_far}
    if len(far) > 1:
        raise NotApplicableError(f"f_p depends on where the pair is, however far apart: total stride {phases}")
    return Response(near, far.pop(), task.length // 2)


def mean_response(network: Network, task: Task) -> Response:
    """Return f_p(d) for d = 1..l//2, averaged over where the pair is, exactly.

    Out of sight f_p is a constant plus a part of each pixel alone, so its mean over places is the same at each d.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> task = TwoPixelTask(length=32, scale=4, labels="blocks")
    >>> [str(mean_response(construct("strided", task), task)[d]) for d in (1, 2, 3, 4, 16)]
    ['1/4', '0', '-1/4', '-1/2', '-1/2']
    """
    if isinstance(task, FrameTask):
        raise InputError("task: f_p averaged over places is for rings, got a frame")
    ring, phases = every_pair(network, task), network.total_stride(network.depth)
    sums: dict[Any, Any] = {}
    for (_, distance, _), value in zip(ring.pairs, pair_responses(network, ring), strict=True):
        sums[distance] = sums.get(distance, 0) + value
    means = {d: _plain(total * Fraction(1, phases)) for d, total in sums.items()}
    far = means[max(means)]
    near = {d: value for d, value in means.items() if not ring.missing_sites or d < ring.first_far}
    return Response(near, far, task.length // 2)


def every_pair(network: Network, task: TwoPixelTask, *, period: int = 1, sight: int = 1) -> Representatives:
    """Return representatives of every pair of sites, whether or not the ensemble keeps its distance."""
    pairs = TwoPixelTask(length=task.length, scale=task.scale)
    stride = network.total_stride(network.depth)
    network.output_length(task.length, network.depth)
    sight = max(network.receptive_field(network.depth) + stride, sight)
    return representatives(pairs, sight, phases=lcm(stride, period))


def pair_responses(network: Network, ring: Representatives) -> list[Any]:
    """Return f_p, on the task's full ring, for each representing pair."""
    last = activations(network, dense_images([{}, *ring.images], ring.shape))[-1]
    return [_plain(f) for f in readouts(network, last, ring)[1:]]


def readouts(network: Network, last: Activation, ring: Representatives) -> list[Any]:
    """Return f_p on the task's full ring from last-layer maps on the representing one; row 0 is the empty image.

    The sites that the representing ring leaves out see background only, so they add its activation.
    """
    weights = network.pooled_readout(ring.task.sites)
    missing = ring.missing_sites // network.total_stride(network.depth)
    sums = last.site_sums()
    background = last[:1].exact().reshape(network.channels[-1], -1)[:, 0]
    return [
        sum(v * (s + missing * b) for v, s, b in zip(weights, row, background, strict=True)) + network.constant
        for row in sums
    ]


def _plain(value: Any) -> Any:
    return value.numerator if getattr(value, "denominator", 0) == 1 else value
