"""Sites of a periodic lattice by number: a ring is the case of one axis, a frame has two.

Sites are numbered row by row.  A step is a whole number of sites on a ring and a tuple of them, one per axis, beyond.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

Shape = tuple[int, ...]
Step = int | tuple[int, ...]


def as_shape(length: int | Shape) -> Shape:
    """Return the sites along each axis; a whole number is a ring."""
    return (length,) if isinstance(length, int) else length


def components(step: Step) -> tuple[int, ...]:
    """Return a step as a tuple, one whole number per axis."""
    return (step,) if isinstance(step, int) else step


def as_step(places: tuple[int, ...]) -> Step:
    """Return a tuple of whole numbers, one per axis, as a step."""
    return places[0] if len(places) == 1 else places


def centred(step: Step, shape: Shape) -> Step:
    """Return a step with each component v, taken periodically, in -n/2 < v <= n/2."""
    return as_step(tuple(n // 2 - (n // 2 - v) % n for v, n in zip(components(step), shape, strict=True)))


def coordinates(site: int, shape: Shape) -> tuple[int, ...]:
    """Return the place of a site along each axis."""
    found = []
    for length in reversed(shape):
        site, place = divmod(site, length)
        found.append(place)
    return tuple(reversed(found))


def numbered(places: tuple[int, ...], shape: Shape) -> int:
    """Return the number of the site at some places, each taken periodically.

    Examples
    --------
    >>> numbered((-1, 5), (4, 4)), coordinates(13, (4, 4))
    (13, (3, 1))
    """
    site = 0
    for place, length in zip(places, shape, strict=True):
        site = site * length + place % length
    return site


def site_after(site: int, step: Step, length: int | Shape) -> int:
    """Return the site reached by a step, periodic along every axis."""
    if isinstance(step, int):
        return (site + step) % as_shape(length)[0]
    shape = as_shape(length)
    return numbered(tuple(p + s for p, s in zip(coordinates(site, shape), step, strict=True)), shape)


def lags(reach: int, axes: int) -> list[tuple[int, ...]]:
    """Return the lags 0 <= r_1 <= reach, |r_i| <= reach along other axes: on a ring, 0..reach."""
    return list(product(range(reach + 1), *[range(-reach, reach + 1)] * (axes - 1)))


def lags_between(first: int, second: int, shape: Shape, reach: int) -> Iterator[tuple[int, ...]]:
    """Yield every lag r that leads from a site to another, 0 <= r_1 <= reach and |r_i| <= reach along other axes."""
    choices = []
    for axis, (i, j, length) in enumerate(
        zip(coordinates(first, shape), coordinates(second, shape), shape, strict=True)
    ):
        least = -reach if axis else 0
        choices.append(range(least + (j - i - least) % length, reach + 1, length))
    return product(*choices)


def half(vectors: Iterator[tuple[int, ...]], shape: Shape) -> Iterator[tuple[int, ...]]:
    """Yield one of each two opposite displacements, but for 0."""
    for vector in vectors:
        opposite = tuple(-v % n for v, n in zip(vector, shape, strict=True))
        if any(vector) and vector <= opposite:
            yield vector


def displacements(shape: Shape) -> Iterable[Step]:
    """Return the steps 0 <= d_1 <= n_1/2, -n_i/2 < d_i <= n_i/2 but one of +-d where d_1 = 0: on a ring 1..l//2."""
    if len(shape) == 1:
        return range(1, shape[0] // 2 + 1)
    ranges = [range(shape[0] // 2 + 1), *(range(-((n - 1) // 2), n // 2 + 1) for n in shape[1:])]
    return (d for d in product(*ranges) if d > (0,) * len(shape))
