"""`strided`: all ones with stride s, boxes of width s^k in layer k; exact for Task 2, where blocks make the label."""

from __future__ import annotations

from fractions import Fraction

from solver.constructions.construction import Construction
from solver.errors import UnreachableScaleError
from solver.network.layer import Layer
from solver.network.network import Claim, Network
from solver.proof import Proof
from solver.question.task import TwoPixelTask


def strided(task: TwoPixelTask, filter_size: int, depth: int) -> Network:
    """Return the one-channel network whose layer k counts the pixels in each block of s^k sites.

    Filter size and stride are s, every tap is 1, the bias is -1 in the last layer, where s^depth = xi.  Unit n of the
    last layer is ReLU(pixels in block n - 1), so the pooled sum is 1 if both pixels share a block, else 0.  The readout
    subtracts 1/2: f_p = y/2 with the labels of blocks.  Averaged over where the pair is, f_p is ReLU(xi - d)/xi - 1/2.
    """
    ones = (((1,) * filter_size,),)
    layers = tuple(
        Layer(filters=ones, bias=(-(k == depth),), stride=filter_size, origin=0, names=("sum",))
        for k in range(1, depth + 1)
    )
    half = Fraction(1, 2)
    return Network(
        layers=layers,
        readout=(task.length // task.scale,),
        constant=-half,
        name="strided",
        claim=Claim(scale=task.scale, offset=half, smallest_length=2 * task.scale, labels="blocks"),
    )


def strided_depth(task: TwoPixelTask, filter_size: int) -> int:
    """Return k with s^k = xi.

    Raises
    ------
    UnreachableScaleError
        If there is none, or the blocks do not fill the ring.
    """
    depth, width = 1, filter_size
    while width < task.scale:
        depth, width = depth + 1, width * filter_size
    if width != task.scale:
        near = " and ".join(str(w) for w in (width // filter_size, width) if w > 1)
        sizes = ", ".join(str(size) for size in _roots(task.scale))
        raise UnreachableScaleError(
            f"'strided' with filter size {filter_size} needs scale = {filter_size}^k and cannot reach {task.scale}; "
            f"the nearest scales are {near}; for scale {task.scale} the filter sizes {sizes} work; "
            "'strided-shift' reaches scales between"
        )
    divided_length("strided", task, width)
    return depth


def _roots(scale: int) -> list[int]:
    """Return the s >= 2 of which the scale is a power."""
    guesses = {k: round(scale ** (1 / k)) for k in range(1, scale.bit_length())}
    return sorted({s for k, s in guesses.items() if s >= 2 and s**k == scale})


def divided_length(name: str, task: TwoPixelTask, stride: int) -> None:
    """Refuse a ring that a total stride does not divide.

    Raises
    ------
    UnreachableScaleError
        Names the nearest lengths.
    """
    if task.length % stride:
        below = task.length // stride * stride
        near = " and ".join(str(n) for n in (below, below + stride) if n >= 2 * task.scale)
        raise UnreachableScaleError(
            f"{name!r} at scale {task.scale} has total stride {stride}, which does not divide the length "
            f"{task.length}; the nearest lengths are {near}"
        )


CONSTRUCTION = Construction(
    name="strided",
    summary="all ones with stride s, boxes of width s^k in layer k, one channel; for Task 2",
    claim="sum of the last map = 1 where both pixels share a block of xi sites, else 0",
    build=strided,
    color="#56B4E9",
    marker="p",
    proofs=(Proof("strided_layers"),),
    scales="xi = s^k~, s >= 2 (2 if not given), l a multiple of xi",
    smallest_size=2,
    default_size=2,
    strided_depth=strided_depth,
)
