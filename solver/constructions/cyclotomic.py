"""`cyclotomic`, not in the slides: the box of width xi split over its roots, so that no constant is left over."""

from __future__ import annotations

from solver.constructions.construction import Construction, stacked
from solver.constructions.windows import window_filters
from solver.network.network import Network
from solver.proof import Proof
from solver.question.task import TwoPixelTask


def cyclotomic(task: TwoPixelTask, filter_size: int, depth: int) -> Network:
    r"""Return the one-channel network whose filters multiply to the box 1 + z + ... + z^(xi-1).

    The box has the factors z^2 - 2 cos(2 pi j/xi) z + 1, j < xi/2, and z + 1 if xi is even.  They are taken from the
    largest j down, (s-1)/2 of them in a filter.  What is left out after j = m are the roots e^(+-2 pi i j/xi), j < m,
    and with n = xi the product so far has the coefficients

        h_r = prod_(i=1)^(2m-2) sin(pi (r+i)/n) / sin(pi i/n) > 0,    0 <= r <= n + 1 - 2m,

    so no ReLU below the last one cuts an image (derivations/cyclotomic.py).  The last bias is -1, and the pooled sum
    is ReLU(xi - d) for every xi.
    """
    filters = window_filters(task.scale, 1, filter_size, depth)
    return stacked(task, filters, [*["part"] * (depth - 1), "box"], name="cyclotomic")


CONSTRUCTION = Construction(
    name="cyclotomic",
    summary="the box of width xi split over its roots, one channel, filters with irrational weights",
    claim="sum of the last map = ReLU(xi-d), l >= 2 xi",
    build=cyclotomic,
    color="#CC79A7",
    marker="D",
    proofs=(Proof("cyclotomic"), Proof("response", "output")),
    every_scale=True,
    last_kernel="box",
)
