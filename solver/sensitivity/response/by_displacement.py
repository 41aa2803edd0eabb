"""The response f_p of a network on a frame to two pixels at each displacement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from solver.errors import InputError
from solver.network.linearity import checked_stride
from solver.network.network import Network
from solver.question.ensemble import representatives
from solver.question.frame import FrameTask
from solver.question.lattice import Shape
from solver.sensitivity.response.by_distance import pair_responses


@dataclass(frozen=True, eq=False)
class FrameResponse(Mapping[Shape, Any]):
    """f_p of a frame by displacement (d_1, d_2), 0 <= d_1 <= n_1/2 and -n_2/2 <= d_2 <= n_2/2; d and -d are one.

    Attributes
    ----------
    near : dict
        f_p at each displacement in sight, its components taken modulo ``ring``.
    far : exact number
        f_p at all others.
    ring, shape : (int, int)
        The frame that holds all displacements in sight, and the whole one.
    """

    near: dict[Shape, Any]
    far: Any
    ring: Shape
    shape: Shape

    def __getitem__(self, displacement: Shape) -> Any:
        if displacement not in self:
            raise KeyError(displacement)
        if self.ring != self.shape and any(2 * abs(d) >= m for d, m in zip(displacement, self.ring, strict=True)):
            return self.far
        key = tuple(d % m for d, m in zip(displacement, self.ring, strict=True))
        opposite = tuple(-d % m for d, m in zip(displacement, self.ring, strict=True))
        return self.near[min(key, opposite)]

    def __contains__(self, displacement: object) -> bool:
        return (
            isinstance(displacement, tuple)
            and any(displacement)
            and all(2 * abs(d) <= n for d, n in zip(displacement, self.shape, strict=True))
        )

    def __iter__(self) -> Iterator[Shape]:
        rows, columns = self.shape
        for d in product(range(rows // 2 + 1), range(-((columns - 1) // 2), columns // 2 + 1)):
            if d[0] > 0 or d[1] > 0:
                yield d

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def distinct(self) -> list[Shape]:
        """The displacements in sight, and one out of sight if there is any."""
        rows, columns = self.ring
        inside = [d for d in self if self.ring == self.shape or (2 * d[0] < rows and 2 * abs(d[1]) < columns)]
        return inside if self.ring == self.shape else [*inside, (rows // 2, 0)]


def response_by_displacement(network: Network, task: FrameTask) -> FrameResponse:
    """Return f_p at every displacement of a frame, exactly, whether or not the ensemble keeps it.

    Displacements out of the network's sight share one value, so the cost does not grow with the frame.

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
    if not isinstance(task, FrameTask):
        raise InputError("task: f_p by displacement is for frames; on a ring take response_by_distance")
    phases = checked_stride(network, task)
    everywhere = FrameTask(shape=task.shape, scale=task.scale, metric=task.metric)
    ring = representatives(everywhere, network.receptive_field(network.depth) + phases)
    values: dict[Any, Any] = dict(
        zip([vector for _, vector, _ in ring.pairs], pair_responses(network, ring), strict=True)
    )
    far = None if ring.shape == task.shape else values.pop((ring.shape[0] // 2, ring.shape[1] // 2))
    return FrameResponse(values, far, ring.shape, task.shape)
