"""`sine`, not in the slides: the sine window at a chosen hidden layer, where no kernel of that width is more stable."""

from __future__ import annotations

from fractions import Fraction
from math import prod

from solver.constructions.construction import Construction, stacked
from solver.constructions.windows import window_filters
from solver.errors import InputError
from solver.network.network import Network
from solver.numbers.exact import Exact, integer
from solver.proof import Proof
from solver.question.task import TwoPixelTask


def sine(task: TwoPixelTask, filter_size: int, depth: int, *, layer: int | None = None) -> Network:
    r"""Return the one-channel network whose kernel at ``layer`` is the sine window, with f_p = ReLU(xi - d).

    The sine window of n = (s-1) k + 1 taps is the box's neighbour (1 + z^(n+1)) / (z^2 - 2 cos(pi/(n+1)) z + 1).  Its
    other roots, e^(+-i pi (2m+1)/(n+1)), are taken from the largest angle down, and with P = n + 1 every product so
    far has entries prod_(i<N) sin(pi (r+i)/P) / sin(pi i/P) >= 1, so no ReLU cuts an image.  All-ones filters follow:
    the last kernel, too, is 1 at its ends and larger between them, so with bias -1 the pooled sum is
    ReLU(xi - d) + 2 (S - xi), S the sum of the last kernel (derivations/best_kernel.py).

    Parameters
    ----------
    layer : int
        From 1 to ``depth``; the last hidden layer, depth - 1, if omitted (the last layer if there is no hidden one).

    Raises
    ------
    InputError
        If the network has no such layer.
    """
    best = max(depth - 1, 1) if layer is None else integer(layer, "layer", 1)
    if best > depth:
        raise InputError(
            f"layer: expected 1 to {depth} for scale {task.scale} and filter size {filter_size}, got {best}"
        )
    taps = window_filters((filter_size - 1) * best + 2, 2, filter_size, best)
    filters: list[tuple[Exact, ...]] = [*taps, *[(Fraction(1),) * filter_size] * (depth - best)]
    names = [*["part"] * (best - 1), "sine", *["sum"] * (depth - best)]
    total = prod((sum(each[1:], each[0]) for each in filters), start=Fraction(1))
    return stacked(task, filters, names, offset=2 * (total - task.scale), name="sine")


CONSTRUCTION = Construction(
    name="sine",
    summary="the sine window below the last layer, where no kernel has a smaller D on long rings; one channel",
    claim="sum of the last map = ReLU(xi-d) + 2(S - xi), S the sum of the last kernel, l >= 2 xi",
    build=sine,
    color="#E69F00",
    marker="v",
    proofs=(Proof("best_kernel", "hidden"), Proof("cyclotomic"), Proof("response", "output")),
)
