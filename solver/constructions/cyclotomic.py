"""`cyclotomic`, not in the slides: the box of width xi split over its roots, so that no constant is left over."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

from solver.constructions.uniform import summed
from solver.network.cosines import field_cosines
from solver.network.layer import Layer
from solver.network.network import Network
from solver.task import TwoPixelTask


def cyclotomic(task: TwoPixelTask, filter_size: int, depth: int) -> Network:
    r"""Return the one-channel network whose filters multiply to the box 1 + z + ... + z^(xi-1).

    The box has the factors z^2 - 2 cos(2 pi j/xi) z + 1, j < xi/2, and z + 1 if xi is even.  They are taken from the
    largest j down, (s-1)/2 of them in a filter.  What is left out after j = m are the roots e^(+-2 pi i j/xi), j < m,
    and with n = xi the product so far has the coefficients

        h_r = prod_(i=1)^(2m-2) sin(pi (r+i)/n) / sin(pi i/n) > 0,    0 <= r <= n + 1 - 2m,

    so no ReLU below the last one cuts an image (derivations/cyclotomic.py).  The last bias is -1, and the pooled sum
    is ReLU(xi - d) for every xi.
    """
    factors = _factors(task.scale)
    size = (filter_size - 1) // 2
    first = len(factors) - size * (depth - 1)
    cuts = [0, *range(first, len(factors) + 1, size)]
    filters = [_product(factors[a:b]) for a, b in pairwise(cuts)]
    layers = [
        Layer(
            filters=((_padded(taps, filter_size),),),
            bias=(-1,) if k == depth else (),
            names=("box" if k == depth else "part",),
        )
        for k, taps in enumerate(filters, start=1)
    ]
    return summed(task, layers, offset=Fraction(0), name="cyclotomic")


def _factors(scale: int) -> list[tuple[Any, ...]]:
    """Return the factors of the box over the reals, from the one with the largest angle down to the smallest."""
    cosines = field_cosines(scale)
    quadratic = [(Fraction(1), -cosines[j], Fraction(1)) for j in range((scale - 1) // 2, 0, -1)]
    return [*([(Fraction(1), Fraction(1))] if scale % 2 == 0 else []), *quadratic]


def _product(factors: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    product: tuple[Any, ...] = (Fraction(1),)
    for factor in factors:
        longer: list[Any] = [Fraction(0)] * (len(product) + len(factor) - 1)
        for i, a in enumerate(product):
            for j, b in enumerate(factor):
                longer[i + j] = longer[i + j] + a * b
        product = tuple(longer)
    return product


def _padded(taps: tuple[Any, ...], size: int) -> tuple[Any, ...]:
    """Return taps widened by zeros to a filter size, as evenly as can be."""
    left = (size - len(taps)) // 2
    return (Fraction(0),) * left + taps + (Fraction(0),) * (size - len(taps) - left)
