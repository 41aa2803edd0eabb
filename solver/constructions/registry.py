"""The hand-built networks by name: what they are, the sizes they reach, and the check of what they claim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from solver.constructions.cyclotomic import cyclotomic
from solver.constructions.shift import shift
from solver.constructions.shift_mixed import shift_mixed
from solver.constructions.sine import sine
from solver.constructions.uniform import uniform
from solver.errors import InputError, UnreachableScaleError
from solver.exact import choice, integer
from solver.frame import FrameTask, Task
from solver.network.network import Network, widen
from solver.sensitivity.response import response_by_displacement, response_by_distance


@dataclass(frozen=True)
class Construction:
    """A family of hand-built networks.

    Attributes
    ----------
    build : callable(task, filter_size, depth) -> Network
    every_scale : bool
        Whether scales between the (s-1) k + 1 are reached too.
    on_frames : bool
        Whether there is a version in two dimensions.
    """

    name: str
    summary: str
    claim: str
    every_scale: bool
    build: Callable[[Any, int, int], Network]
    on_frames: bool = False


CONSTRUCTIONS = {
    each.name: each
    for each in (
        Construction(
            "uniform",
            "low-frequency filters (Solution 1): all ones, one channel",
            "sum of the last map = ReLU(xi-d) + 2(s^k~ - xi), l >= 2 xi",
            False,
            uniform,
            on_frames=True,
        ),
        Construction(
            "shift",
            "high-frequency filters (Solution 1): one-hot, one channel per offset",
            "sum of the last map = ReLU(xi-d), l >= 2 xi",
            True,
            shift,
            on_frames=True,
        ),
        Construction(
            "shift-mixed",
            "one-hot filters, s channels, each fed by all channels below",
            "sum of the last map = ReLU(xi-d) + 2(s^k~ - xi), l >= 2 xi",
            False,
            shift_mixed,
        ),
        Construction(
            "cyclotomic",
            "the box of width xi split over its roots, one channel, filters with irrational weights",
            "sum of the last map = ReLU(xi-d), l >= 2 xi",
            True,
            cyclotomic,
        ),
        Construction(
            "sine",
            "the sine window below the last layer, where no kernel has a smaller D on long rings; one channel",
            "sum of the last map = ReLU(xi-d) + 2(S - xi), S the sum of the last kernel, l >= 2 xi",
            False,
            sine,
        ),
    )
}


def construct(name: str, task: Task, *, filter_size: int = 3, channels: int = 1) -> Network:
    """Return a hand-built network that solves the task.

    Parameters
    ----------
    name : {"uniform", "shift", "shift-mixed", "cyclotomic", "sine"}
    task : TwoPixelTask or FrameTask
    filter_size : int
        s, odd and at least 3.
    channels : int
        H equal copies of every channel, each fed the mean of the copies below (see `widen`).

    Raises
    ------
    UnreachableScaleError
        If the construction has no network for this scale and filter size; names the nearest that work.
    InputError
        For unknown names, sizes outside the ranges above, and constructions that have no version on a frame.

    Examples
    --------
    >>> from solver import TwoPixelTask
    >>> construct("shift", TwoPixelTask(length=32, scale=7)).channels
    (3, 5, 1)
    """
    choice(name, "construction", CONSTRUCTIONS)
    integer(filter_size, "filter size", 3)
    integer(channels, "channels", 1)
    if filter_size % 2 == 0:
        raise InputError(
            f"filter size: expected an odd size, got {filter_size}; "
            f"the nearest are {filter_size - 1} and {filter_size + 1}"
        )
    if filter_size > min(task.shape):
        raise InputError(f"filter size: expected at most the length {min(task.shape)}, got {filter_size}")
    construction = CONSTRUCTIONS[name]
    if len(task.shape) > 1 and not construction.on_frames:
        there = ", ".join(each.name for each in CONSTRUCTIONS.values() if each.on_frames)
        raise InputError(f"construction: {name!r} has no version on a frame; expected one of {there}")
    depth, rest = divmod(task.scale - 1, filter_size - 1)
    if rest and not construction.every_scale:
        raise UnreachableScaleError(_unreachable(name, task, filter_size, depth))
    network = construction.build(task, filter_size, depth + (rest > 0))
    return network if channels == 1 else widen(network, channels)


def check_claim(network: Network, task: Task) -> dict[Any, tuple[object, int]]:
    """Return the distances at which f_p(d), computed exactly, breaks the network's claim, as (computed, claimed).

    Empty when the claim holds for every d of the ring, or every displacement of the frame.  Costs no more on long
    rings: distances out of the network's sight share one value.

    Raises
    ------
    InputError
        If the network makes no claim.
    """
    if network.claim is None:
        raise InputError(f"network {network.name!r} makes no claim about its response")
    computed: Any
    if isinstance(task, FrameTask):
        computed = response_by_displacement(network, task)
    else:
        computed = response_by_distance(network, task)
    pairs = {d: (computed[d], network.claim.response(d)) for d in computed.distinct}
    return {d: pair for d, pair in pairs.items() if pair[0] != pair[1]}


def _unreachable(name: str, task: Task, filter_size: int, depth: int) -> str:
    below, above = ((filter_size - 1) * k + 1 for k in (depth, depth + 1))
    near = [str(xi) for xi in (below, above) if xi >= 2]
    sizes = [s for s in range(3, task.scale + 1, 2) if (task.scale - 1) % (s - 1) == 0]
    other = f"; for scale {task.scale} the filter sizes {', '.join(map(str, sizes))} work" if sizes else ""
    return (
        f"{name!r} with filter size {filter_size} needs scale = {filter_size - 1} k + 1 and cannot reach "
        f"{task.scale}; the nearest scales are {' and '.join(near)}{other}; 'shift' reaches every scale"
    )
