"""The hand-built networks by name: what they are, the sizes they reach, and the check of what they claim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from solver.constructions.cyclotomic import cyclotomic
from solver.constructions.shift import shift
from solver.constructions.shift_mixed import shift_mixed
from solver.constructions.sine import sine
from solver.constructions.strided import strided, strided_depth
from solver.constructions.strided_shift import strided_shift, strided_shift_depth
from solver.constructions.uniform import uniform
from solver.errors import InputError, UnreachableScaleError
from solver.network.network import Network, widen
from solver.numbers.exact import choice, integer
from solver.question.frame import Task
from solver.question.task import TwoPixelTask
from solver.sensitivity.response.claim import broken_responses


@dataclass(frozen=True)
class Construction:
    """A family of hand-built networks.

    Attributes
    ----------
    build : callable(task, filter_size, depth) -> Network
    every_scale : bool
        Whether scales between those of the form stated are reached too.
    reach : str
        The scales and filter sizes that it is for, in words.
    smallest_size, default_size : int
        The least filter size s, and the one that is taken if none is given.
    strided_depth : callable(task, filter_size) -> int, optional
        For networks with strides, which take even sizes too: the depth, or `UnreachableScaleError`.
    on_frames : bool
        Whether there is a version in two dimensions.
    """

    name: str
    summary: str
    claim: str
    every_scale: bool
    build: Callable[[Any, int, int], Network]
    reach: str = ""
    smallest_size: int = 3
    default_size: int = 3
    strided_depth: Callable[[TwoPixelTask, int], int] | None = None
    on_frames: bool = False

    def __post_init__(self) -> None:
        scales = "every xi" if self.every_scale else "xi = (s-1) k~ + 1"
        object.__setattr__(self, "reach", self.reach or f"{scales}, s odd")

    def depth(self, task: Task, filter_size: int) -> int:
        """Return k~ for a task and a filter size.

        Raises
        ------
        UnreachableScaleError
            If there is no network for this scale; names the nearest that work.
        """
        if self.strided_depth is not None and isinstance(task, TwoPixelTask):
            return self.strided_depth(task, filter_size)
        depth, rest = divmod(task.scale - 1, filter_size - 1)
        if rest and not self.every_scale:
            raise UnreachableScaleError(_unreachable(self.name, task, filter_size, depth))
        return depth + (rest > 0)


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
        Construction(
            "strided",
            "all ones with stride s, boxes of width s^k in layer k, one channel; for Task 2",
            "sum of the last map = 1 where both pixels share a block of xi sites, else 0",
            False,
            strided,
            "xi = s^k~, s >= 2 (2 if not given), l a multiple of xi",
            smallest_size=2,
            default_size=2,
            strided_depth=strided_depth,
        ),
        Construction(
            "strided-shift",
            "one-hot filters with stride s, one channel per offset in a block; about log xi layers",
            "sum of the last map = ReLU(xi-d), l >= 2 xi",
            True,
            strided_shift,
            "every xi, s >= 2 (2 if not given), l a multiple of s^(k~-1) with (s-1) s^(k~-1) + 1 >= xi",
            smallest_size=2,
            default_size=2,
            strided_depth=strided_shift_depth,
        ),
    )
}


def construct(name: str, task: Task, *, filter_size: int | None = None, channels: int = 1) -> Network:
    """Return a hand-built network that solves a task.

    Parameters
    ----------
    name : {"uniform", "shift", "shift-mixed", "cyclotomic", "sine", "strided", "strided-shift"}
    task : TwoPixelTask or FrameTask
        Its sites and scale; its labels do not matter (`strided` answers to those of blocks, the others to distances).
    filter_size : int
        s, odd and at least 3, and 3 if omitted; with strides at least 2, and 2 if omitted.
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
    >>> [layer.stride for layer in construct("strided", TwoPixelTask(length=32, scale=8)).layers]
    [2, 2, 2]
    """
    construction = CONSTRUCTIONS[choice(name, "construction", CONSTRUCTIONS)]
    size = construction.default_size if filter_size is None else filter_size
    integer(size, "filter size", construction.smallest_size)
    integer(channels, "channels", 1)
    if len(task.shape) > 1 and not construction.on_frames:
        there = ", ".join(each.name for each in CONSTRUCTIONS.values() if each.on_frames)
        raise InputError(f"construction: {name!r} has no version on a frame; expected one of {there}")
    if size % 2 == 0 and construction.strided_depth is None:
        raise InputError(f"filter size: expected an odd size, got {size}; the nearest are {size - 1} and {size + 1}")
    if size > min(task.shape):
        raise InputError(f"filter size: expected at most the length {min(task.shape)}, got {size}")
    network = construction.build(task, size, construction.depth(task, size))
    return network if channels == 1 else widen(network, channels)


def reaching_networks(task: TwoPixelTask) -> tuple[Network, ...]:
    """Return the networks without strides, of filter size 3, that reach the task's scale."""
    networks = []
    for name, construction in CONSTRUCTIONS.items():
        try:
            if construction.strided_depth is None:
                networks.append(construct(name, task))
        except UnreachableScaleError:
            continue
    return tuple(networks)


def check_claim(network: Network, task: Task) -> dict[Any, tuple[Any, Any]]:
    """Return where f_p, computed exactly, breaks the network's claim, as (computed, claimed).

    The keys are distances, displacements on a frame, or pairs of sites where the claim is about blocks.  Empty when the
    claim holds for every pair of sites.  Costs no more on long rings: pairs out of the network's sight share one value.

    Raises
    ------
    InputError
        If the network makes no claim.
    """
    if network.claim is None:
        raise InputError(f"network {network.name!r} makes no claim about its response")
    return broken_responses(network, task, network.claim)


def _unreachable(name: str, task: Task, filter_size: int, depth: int) -> str:
    below, above = ((filter_size - 1) * k + 1 for k in (depth, depth + 1))
    near = [str(xi) for xi in (below, above) if xi >= 2]
    sizes = [s for s in range(3, task.scale + 1, 2) if (task.scale - 1) % (s - 1) == 0]
    other = f"; for scale {task.scale} the filter sizes {', '.join(map(str, sizes))} work" if sizes else ""
    return (
        f"{name!r} with filter size {filter_size} needs scale = {filter_size - 1} k + 1 and cannot reach "
        f"{task.scale}; the nearest scales are {' and '.join(near)}{other}; 'shift' reaches every scale"
    )
