r"""Taylor coefficients of functions of linear equations, with a bound on what is left out.

    h_i' = (drift_i - pull_i x) h_i + sum_j c_ij h_j   about x = 0,  j before i,

so that (n + 1) t_(n+1) = drift t_n - pull t_(n-1) + sum_j c_j t_n^(j).  With absolute values the same recursion bounds
what follows: if every |t_n| and |t_(n-1)| is at most T and q = max (|drift| + pull + sum c) / (n + 1) < 1, the next is
at most q T, and so is the one after it: what follows adds up to at most 2 T q / (1 - q) for |x| <= 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flint import arb

FIRST, EVERY = 8, 4
"""Orders at which the tail is looked at."""


class StepEquation(NamedTuple):
    """One equation: its coefficients, and those of the functions before it."""

    drift: arb
    pull: arb
    sources: list[tuple[int, arb]]


def taylor_coefficients(
    rows: Sequence[StepEquation | None], values: Sequence[arb], tolerance: arb
) -> tuple[list[list[arb]], arb]:
    """Return the coefficients of each function up to a common order, and a bound on what all others add on [-1, 1].

    Functions without an equation are 0.  The order is the first, in steps, where the bound is below the tolerance.
    """
    zero = arb(0)
    series = [[zero if row is None else v] for row, v in zip(rows, values, strict=True)]
    live = [(series[i], row) for i, row in enumerate(rows) if row is not None]
    largest = arb(0)
    for _, row in live:
        largest = largest.max(abs(row.drift) + row.pull + sum((abs(c) for _, c in row.sources), zero))
    n = 0
    while live:
        for own, row in live:
            t = row.drift * own[n] - row.pull * own[n - 1] if n else row.drift * own[n]
            for j, c in row.sources:
                if rows[j] is not None:
                    t += c * series[j][n]
            own.append(t / (n + 1))
        n += 1
        if n >= FIRST and n % EVERY == 0 and 2 * largest < n + 1:
            q = largest / (n + 1)
            size = zero
            for own, _ in live:
                size = size.max(abs(own[n]).max(abs(own[n - 1])))
            tail = arb((2 * size * q / (1 - q)).upper())
            if tail < tolerance:
                return series, tail
    return series, zero
