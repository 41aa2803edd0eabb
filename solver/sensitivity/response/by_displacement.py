"""The response f_p of a network to two pixels at each displacement: a distance on a ring, a vector on a frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

from solver.errors import InputError, NotApplicableError
from solver.network.network import Network
from solver.network.representatives import every_pair
from solver.network.trace import activations, dense_images, readouts
from solver.question.ensemble import Representatives
from solver.question.frame import FrameTask
from solver.question.lattice import Shape, Step, as_step, centred, components, displacements
from solver.question.pairs import Task
from solver.question.task import TwoPixelTask


@dataclass(frozen=True, eq=False)
class Response(Mapping[Step, Any]):
    """f_p by displacement, as a mapping that stores only the displacements in the network's sight.

    The keys are the distances 1..l//2 of a ring; on a frame (d_1, d_2) with 0 <= d_1 <= n_1/2 and
    -n_2/2 <= d_2 <= n_2/2, where d and -d are one.

    Attributes
    ----------
    near : dict
        f_p at each displacement in sight.
    far : exact number
        f_p at all others.
    shape : tuple of int
        The sites along each axis.
    """

    near: dict[Step, Any]
    far: Any
    shape: Shape

    def __getitem__(self, displacement: Step) -> Any:
        if displacement not in self:
            raise KeyError(displacement)
        opposite = as_step(tuple(-d for d in components(displacement)))
        keys = (centred(step, self.shape) for step in (displacement, opposite))
        return next((self.near[key] for key in keys if key in self.near), self.far)

    def __contains__(self, displacement: object) -> bool:
        if len(self.shape) == 1:
            return isinstance(displacement, int) and 1 <= displacement <= self.shape[0] // 2
        return (
            isinstance(displacement, tuple)
            and any(displacement)
            and all(2 * abs(d) <= n for d, n in zip(displacement, self.shape, strict=True))
        )

    def __iter__(self) -> Iterator[Step]:
        return iter(displacements(self.shape))

    def __len__(self) -> int:
        rest = prod(self.shape[1:])
        return (self.shape[0] // 2 + 1) * rest - (rest + 1) // 2

    @property
    def largest(self) -> int:
        """l // 2, the largest distance along the first axis."""
        return self.shape[0] // 2

    @property
    def distinct(self) -> list[Step]:
        """The displacements in sight, and the first one out of sight if there is any."""
        farthest = max(abs(d) for step in self.near for d in components(step))
        first_far = as_step((farthest + 1, *[0] * (len(self.shape) - 1)))
        inside = displacements(tuple(min(n, 2 * farthest + 1) for n in self.shape))
        return [*inside, *([first_far] if first_far in self else [])]


def response_by_distance(network: Network, task: TwoPixelTask) -> Response:
    """Return f_p(d) of a ``network`` for d = 1..l//2, exactly, whether or not the ``task`` keeps the distance.

    Distances out of the network's sight share one value, so the cost does not grow with l.  For constructions it is
    ReLU(xi - d) (derivations/response.py).

    Raises
    ------
    InputError
        For a task on a frame.
    NotApplicableError
        If the response depends on where the pair is, as it can with strides.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> task = TwoPixelTask(length=32, scale=7)
    >>> [response_by_distance(construct("uniform", task), task)[d] for d in (1, 6, 7, 16)]
    [6, 1, 0, 0]
    """
    return network_response(network, task.as_ring("f_p by distance"))


def response_by_displacement(network: Network, task: FrameTask) -> Response:
    """Return f_p of a ``network`` at every displacement of a frame, exactly, whether or not the ``task`` keeps it.

    Displacements out of the network's sight share one value, so the cost does not grow with the frame.  For `uniform`
    it is ReLU(xi - d_1) ReLU(xi - d_2) (derivations/two_dimensions.py).

    Raises
    ------
    InputError
        For a task, or a network, on a ring.

    Examples
    --------
    >>> from solver import FrameTask, construct
    >>> task = FrameTask(shape=(12, 14), scale=5)
    >>> f = response_by_displacement(construct("uniform", task), task)
    >>> f[1, 0], f[3, -2], f[0, 5]
    (20, 6, 0)
    """
    if task.axes == 1:
        raise InputError("task: f_p by displacement is for frames; on a ring take response_by_distance")
    return network_response(network, task)


def network_response(network: Network, task: Task) -> Response:
    """Return f_p at every distance of a ring, or every displacement of a frame, exactly.

    Raises
    ------
    NotApplicableError
        If the response depends on where the pair is, as it can with strides.
    """
    ring, stride = every_pair(network, task), network.total_stride(network.depth)
    values: dict[Step, Any] = {}
    for (_, step, _), value in zip(ring.pairs, pair_responses(network, ring), strict=True):
        if values.setdefault(step, value) != value:
            raise NotApplicableError(
                f"f_p depends on where the pair is (at distance {step}): the network has total stride {stride}"
            )
    if len({value for step, value in values.items() if not ring.sees(step)}) > 1:
        raise NotApplicableError(f"f_p depends on where the pair is, however far apart: total stride {stride}")
    return _response(values, ring)


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
    task.as_ring("f_p averaged over places")
    ring, stride = every_pair(network, task), network.total_stride(network.depth)
    sums: dict[Step, Any] = {}
    for (_, step, _), value in zip(ring.pairs, pair_responses(network, ring), strict=True):
        sums[step] = sums.get(step, 0) + value
    return _response({step: _plain(total * Fraction(1, stride)) for step, total in sums.items()}, ring)


def pair_responses(network: Network, ring: Representatives) -> list[Any]:
    """Return f_p, on the task's full ring, for each representing pair."""
    last = activations(network, dense_images([{}, *ring.images], ring.shape))[-1]
    return [_plain(f) for f in readouts(network, last, ring)[1:]]


def _response(values: dict[Step, Any], ring: Representatives) -> Response:
    """Return the response of values at all representing displacements, of which the last is the farthest."""
    near = {step: value for step, value in values.items() if ring.sees(step)}
    return Response(near, list(values.values())[-1], ring.task.shape)


def _plain(value: Any) -> Any:
    return value.numerator if getattr(value, "denominator", 0) == 1 else value
