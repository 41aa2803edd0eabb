"""The hand-built networks by name."""

from __future__ import annotations

from importlib import import_module

from solver.constructions.construction import Construction
from solver.errors import InputError, UnreachableScaleError
from solver.network.changed.wider import widen
from solver.network.network import Network
from solver.numbers.exact import choice, integer
from solver.question.pairs import Task
from solver.question.task import TwoPixelTask

_FILES = (
    "uniform",
    "shift",
    "shift_mixed",
    "cyclotomic",
    "sine",
    "strided",
    "strided_shift",
)

CONSTRUCTIONS: dict[str, Construction] = {
    each.name: each for each in (import_module(f"solver.constructions.{name}").CONSTRUCTION for name in _FILES)
}
"""By name: each is the `CONSTRUCTION` of its own file, in the order of tables and figures."""


def construct(name: str, task: Task, *, filter_size: int | None = None, channels: int = 1) -> Network:
    """Return a hand-built network that solves a task (docs/theory.md, section 2).

    On a ring it costs its weights: s in each layer of one channel, O(xi^3) in all for ``shift``, times H^2.

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
    there = ", ".join(each.name for each in CONSTRUCTIONS.values() if each.on_frames)
    if not construction.on_frames and (why := task.no_ring(f"construction {name!r}", f"there take one of {there}")):
        raise InputError(why)
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
