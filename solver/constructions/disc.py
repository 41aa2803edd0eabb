"""Discrete discs: windows whose overlap tells Euclidean distances below xi from others as well as it can."""

from __future__ import annotations

from collections import Counter
from itertools import product

Offset = tuple[int, ...]


def disc(scale: int) -> list[Offset]:
    """Return the offsets of a window of xi x xi sites that lie within a radius of its middle.

    f(v), the number of sites that two discs at displacement v share, should exceed a level exactly where |v| < xi.  Of
    all radii the one is taken that leaves the fewest v wrong at the best level, then the lowest level, then the
    smallest radius.  Even xi have their middle between sites.

    Notes
    -----
    Costs xi^4 for each radius, of which there are fewer than xi^2.

    Examples
    --------
    >>> [len(disc(scale)) for scale in (3, 5, 7, 9)]
    [9, 21, 45, 69]
    """
    squares = {offset: _square(offset, scale) for offset in product(centred(scale), repeat=2)}
    windows = [[o for o, square in squares.items() if square <= radius] for radius in sorted(set(squares.values()))]
    return min(windows, key=lambda window: overlap_errors(window, scale))


def overlap_errors(window: list[Offset], scale: int) -> tuple[int, int]:
    """Return how many displacements v the rule f(v) > level gets wrong about |v| < xi, and the best level."""
    overlaps: Counter[Offset] = Counter((a[0] - b[0], a[1] - b[1]) for a in window for b in window)
    near = [v for v in product(range(1 - scale, scale), repeat=2) if v[0] ** 2 + v[1] ** 2 < scale**2]
    inside = Counter(overlaps[v] for v in near)
    whole = Counter(overlaps.values())
    errors = [
        (
            sum(n for f, n in inside.items() if f <= level) + sum(n - inside[f] for f, n in whole.items() if f > level),
            level,
        )
        for level in {0, *whole}
    ]
    return min(errors)


def _square(offset: Offset, scale: int) -> int:
    """Return four times the squared distance from the middle of the window."""
    middle = 1 - scale % 2
    return sum((2 * x - middle) ** 2 for x in offset)


def centred(count: int) -> list[int]:
    """Return ``count`` consecutive offsets around 0 (one more to the right if even)."""
    return list(range(-((count - 1) // 2), count // 2 + 1))
