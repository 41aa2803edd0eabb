"""A construction: a family of hand-built networks, with everything that the rest of solver says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

from solver.errors import UnreachableScaleError
from solver.network.layer import Layer
from solver.network.network import Claim, Network
from solver.numbers.exact import Exact
from solver.proof import Proof
from solver.question.pairs import Task
from solver.question.task import TwoPixelTask


@dataclass(frozen=True, kw_only=True)
class Construction:
    """A family of hand-built networks.

    Attributes
    ----------
    summary, claim : str
        What its networks are and what they promise, in words.
    build : callable(task, filter_size, depth) -> Network
    color, marker : str
        In every figure.
    proofs : sequence of Proof
        The derivations behind its kernels and its response.
    every_scale : bool
        Whether scales between xi = (s-1) k~ + 1 are reached too.
    scales : str
        The scales and filter sizes that it is for, in words, where that is not all there is to say.
    smallest_size, default_size : int
        The least filter size s, and the one that is taken if none is given.
    strided_depth : callable(task, filter_size) -> int, optional
        For networks with strides, which take even sizes too: the depth, or `UnreachableScaleError`.
    on_frames : bool
        Whether there is a version in two dimensions.
    hidden_power : pair of int (a, b), optional
        The kernels of hidden layer k are shifts of (1 + z + ... + z^(s-1))^(a k + b).
    last_kernel : {"", "box", "power"}
        That of the last layer, where it is known in xi: xi ones, or (1 + z + ... + z^(s-1))^k~.
    """

    name: str
    summary: str
    claim: str
    build: Callable[[Any, int, int], Network]
    color: str
    marker: str
    proofs: tuple[Proof, ...]
    every_scale: bool = False
    scales: str = ""
    smallest_size: int = 3
    default_size: int = 3
    strided_depth: Callable[[TwoPixelTask, int], int] | None = None
    on_frames: bool = False
    hidden_power: tuple[int, int] | None = None
    last_kernel: str = ""

    @property
    def reach(self) -> str:
        """The scales and filter sizes that it is for, in words."""
        return self.scales or ("every xi, s odd" if self.every_scale else "xi = (s-1) k~ + 1, s odd")

    def depth(self, task: Task, filter_size: int) -> int:
        """Return k~ for a task and a filter size.

        Raises
        ------
        UnreachableScaleError
            If there is no network for this scale; names the nearest that work.
        """
        if self.strided_depth is not None and task.axes == 1:
            return self.strided_depth(task.as_ring(self.name), filter_size)
        depth, rest = divmod(task.scale - 1, filter_size - 1)
        if rest and not self.every_scale:
            near = [str(xi) for k in (depth, depth + 1) if (xi := (filter_size - 1) * k + 1) >= 2]
            sizes = [str(s) for s in range(3, task.scale + 1, 2) if (task.scale - 1) % (s - 1) == 0]
            other = f"; for scale {task.scale} the filter sizes {', '.join(sizes)} work" if sizes else ""
            raise UnreachableScaleError(
                f"{self.name!r} with filter size {filter_size} needs scale = {filter_size - 1} k + 1 and cannot reach "
                f"{task.scale}; the nearest scales are {' and '.join(near)}{other}; 'shift' reaches every scale"
            )
        return depth + (rest > 0)


def stacked(
    task: Task, filters: Sequence[Any], names: Sequence[str], *, offset: Exact = Fraction(0), name: str
) -> Network:
    """Return the `summed` network of layers of one channel, each with one filter: bias 0, and -1 in the last layer."""
    layers = (
        Layer(filters=((taps,),), bias=(-(k == len(filters)),), names=(channel,))
        for k, (taps, channel) in enumerate(zip(filters, names, strict=True), start=1)
    )
    return summed(task, layers, offset=offset, name=name)


def summed(task: Task, layers: Iterable[Layer], *, offset: Exact = Fraction(0), name: str) -> Network:
    """Return a network whose readout is the sum over units less ``offset``, claimed to be ReLU(xi - d)."""
    layers = tuple(layers)
    units = task.sites // prod(layer.stride for layer in layers)
    return Network(
        layers=layers,
        readout=(units,) * layers[-1].channels,
        constant=-offset,
        name=name,
        claim=Claim(scale=task.scale, offset=offset, smallest_length=2 * task.scale),
    )
