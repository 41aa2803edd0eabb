"""Windows that are ratios of sines: their entries, and their split over their roots into short filters."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from math import lcm

import numpy as np

from solver.errors import InputError
from solver.numbers.cosines import double_cosine, multiple_cosines
from solver.numbers.exact import Exact, integer


def window_filters(
    period: int, removed: int, size: int, count: int, *, cosine: Exact | None = None
) -> list[tuple[Exact, ...]]:
    r"""Return ``count`` filters whose product is the window of P = period and N = removed.

    The window is (z^P - (-1)^(N-1)) over its N roots next to 1, e^(i pi t/P) with t = -(N-1), -(N-3), ..., N-1: it
    has n = P - N + 1 taps.  N = 1 is the box of P taps, N = 2 the sine window of P - 1 taps.  The factors
    z^2 - 2 cos(pi t/P) z + 1 that are left are taken from the largest angle down, (s-1)/2 of them in a filter and
    the rest in the first.  The product so far is the window of P and some larger N, so its coefficients are

        h_r = prod_(i=1)^(N-1) sin(pi (r+i)/P) / sin(pi i/P) >= 1,    0 <= r <= P - N

    (derivations/cyclotomic.py).

    Parameters
    ----------
    size : int
        s, odd; shorter filters are widened by zeros, as evenly as can be.
    cosine : exact number, optional
        2 cos(pi/P) for even N, 2 cos(2 pi/P) for odd N, as an element of a larger field.
    """
    factors = _factors(period, removed, cosine)
    each = (size - 1) // 2
    cuts = [0, *range(len(factors) - each * (count - 1), len(factors) + 1, each)] if count else []
    products = [reduce(np.convolve, factors[a:b], np.array([Fraction(1)], dtype=object)) for a, b in pairwise(cuts)]
    lefts = [(size - len(taps)) // 2 for taps in products]
    return [tuple(np.pad(taps, (n, size - len(taps) - n))) for taps, n in zip(products, lefts, strict=True)]


def sine_window(taps: int, cosine: Exact | None = None) -> tuple[Exact, ...]:
    """Return K_j = sin(pi j/(n+1)) / sin(pi/(n+1)), j = 1..n: the kernel of n taps of largest lag-1 correlation.

    They are K_1 = 1, K_2 = c, K_(j+1) = c K_j - K_(j-1) with c = 2 cos(pi/(n+1)), which may be given as an element
    of a larger field.

    Examples
    --------
    >>> [float(v) for v in sine_window(5)]
    [1.0, 1.7320508075688772, 2.0, 1.7320508075688772, 1.0]
    """
    integer(taps, "taps", 1)
    c = double_cosine(taps + 1) if cosine is None else cosine
    window: list[Exact] = [Fraction(0), Fraction(1)]
    while len(window) <= taps:
        window.append(c * window[-1] - window[-2])
    return tuple(window[1:])


def common_cosines(halves: Sequence[int]) -> dict[int, Exact]:
    """Return 2 cos(pi/P) for several P, all in the field of 2 cos(pi/L) with L their least common multiple."""
    whole = lcm(*halves)
    cosines = multiple_cosines(double_cosine(whole), whole)
    return {half: cosines[whole // half] for half in halves}


def _factors(period: int, removed: int, cosine: Exact | None) -> list[tuple[Exact, ...]]:
    """Return the real factors of a window, from the one with the largest angle down to the smallest."""
    if not 1 <= removed <= period:
        raise InputError(f"removed roots: expected 1 to {period}, got {removed}")
    step = 1 + removed % 2  # for odd N every angle is a multiple of 2 pi/P, which generates a smaller field
    first = double_cosine(period, step) if cosine is None else cosine
    cosines = multiple_cosines(first, period // step)
    quadratic = [(Fraction(1), -cosines[t // step], Fraction(1)) for t in reversed(range(removed + 1, period, 2))]
    return [*([(Fraction(1), Fraction(1))] if (period - removed) % 2 else []), *quadratic]
