"""Deformations: each pixel moves by a random whole number of sites, with exact joint probabilities."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Any, cast

import numpy as np

from solver.errors import InputError
from solver.numbers.exact import choice, integer, rational
from solver.question.lattice import Shape, Step, as_shape, as_step, centred, components, coordinates, site_after
from solver.question.task import Task, canonical_text

COLLISIONS = {
    "add": "pixels that meet add up to 2",
    "merge": "pixels that meet leave one pixel of value 1",
    "reject": "outcomes in which the pixels meet or, on a ring, swap order are dropped, the rest renormalised",
}

Moves = dict[tuple[Any, Any], Fraction]
"""Probabilities of the steps (t1, t2) of the two pixels: whole numbers on a ring, vectors on a frame."""


@dataclass(frozen=True)
class Law:
    """A displacement law by name: what it says, and its joint moves on any number of axes.

    On more than one axis there is no first pixel: moves that are not the same for both are read both ways, each half
    of the time.

    Attributes
    ----------
    words : str
    on : callable
        The moves on so many axes, as probabilities of two vectors, one for each pixel.
    """

    words: str
    on: Callable[[int], dict[tuple[Shape, Shape], Fraction]]

    def moves(self, axes: int) -> Moves:
        """Return the joint probabilities of the steps of the two pixels on so many axes; none of them is 0."""
        return dict(_law_moves(self, axes))


def _steps(axes: int) -> list[Shape]:
    """Return the vectors of components -1, 0, +1."""
    return list(product((-1, 0, 1), repeat=axes))


def _cross(axes: int) -> list[Shape]:
    """Return 0 and the steps to the neighbours along an axis."""
    return [v for v in _steps(axes) if sum(map(abs, v)) <= 1]


def _one(axes: int) -> list[tuple[Shape, Shape]]:
    """Return the steps of the first pixel alone, then those of the second."""
    first = [(v, (0,) * axes) for v in sorted(_steps(axes), key=any)]
    return first + [(w, v) for v, w in first]


def _uniform(moves: Iterable[tuple[Shape, Shape]]) -> dict[tuple[Shape, Shape], Fraction]:
    """Return the law that draws one of the moves, as often as it is listed."""
    counts = Counter(moves)
    return {move: Fraction(n, counts.total()) for move, n in counts.items()}


LAWS = {
    "independent": Law(
        "each component of each pixel moves by -1, 0, +1 with probability 1/3",
        lambda axes: _uniform((v, w) for v in _steps(axes) for w in _steps(axes)),
    ),
    "mirror": Law(
        "both pixels oppositely, by one of the vectors of components -1, 0, +1",
        lambda axes: _uniform((v, tuple(-x for x in v)) for v in _steps(axes)),
    ),
    "rigid": Law("both pixels together, by one of these vectors", lambda axes: _uniform((v, v) for v in _steps(axes))),
    "single": Law(
        "one of the two, either equally likely, by one of these vectors",
        lambda axes: _uniform(_one(axes)),
    ),
    "neighbours": Law(
        "each pixel stays or moves to one of its neighbours along an axis, all equally likely; `independent` on a ring",
        lambda axes: _uniform((v, w) for v in _cross(axes) for w in _cross(axes)),
    ),
}


@lru_cache(maxsize=64)
def _law_moves(law: Law, axes: int) -> Moves:
    moves: Moves = {(as_step(v), as_step(w)): p for (v, w), p in law.on(axes).items() if p}
    exchanged = {(w, v): p for (v, w), p in moves.items()}
    if axes == 1 or moves == exchanged:
        return moves
    return {move: (moves.get(move, Fraction(0)) + exchanged.get(move, Fraction(0))) / 2 for move in moves | exchanged}


@dataclass(frozen=True, kw_only=True)
class Deformation:
    """A displacement law for the two pixels and a rule for pixels that collide.

    Parameters
    ----------
    law : str or mapping
        ``independent`` (each pixel moves by -1, 0, +1 with probability 1/3), ``mirror`` (both
        oppositely), ``rigid`` (both together), ``single`` (one of the two, either equally likely);
        a mapping ``{t: p}`` (each pixel independently) or ``{(t1, t2): p}`` (jointly), or the same as
        text, ``"-1:1/4 0:1/2 1:1/4"`` or ``"-1,1:1/2 1,-1:1/2"``.  The first pixel is the one from
        which the second lies at +d.  On a frame a law has one of the names in ``LAWS``.
    collisions : {"add", "merge", "reject"}
        What becomes of outcomes in which the pixels meet: they add up, or merge, or the outcome is dropped and the
        rest renormalised; on a ring so are those in which they swap order, of which there is none on a frame.

    Raises
    ------
    InputError
        If the name is unknown, or the probabilities are negative or do not sum to 1.

    Examples
    --------
    >>> Deformation(law="mirror").moves == {(t, -t): Fraction(1, 3) for t in (-1, 0, 1)}
    True
    """

    law: Any = "independent"
    collisions: str = "add"
    moves: dict[tuple[int, int], Fraction] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        choice(self.collisions, "collisions", COLLISIONS)
        moves = joint_law(self.law)
        object.__setattr__(self, "moves", moves)
        if not isinstance(self.law, str) or self.law not in LAWS:
            object.__setattr__(self, "law", _law_text(moves))

    @property
    def name(self) -> str:
        """The law as text: its name, or the joint probabilities."""
        return str(self.law)

    @property
    def text(self) -> str:
        """Canonical text that names the class and every field, for keys of caches."""
        return canonical_text(self)

    @property
    def reach(self) -> int:
        """The largest displacement of a pixel on a ring, in pixels."""
        return self.reach_on(1)

    def reach_on(self, axes: int) -> int:
        """Return the largest displacement of a pixel along an axis, in pixels."""
        return max(abs(t) for move in self.moves_on(axes) for step in move for t in components(step))

    def moves_on(self, axes: int) -> Moves:
        """Return the joint probabilities of the steps of the two pixels on a ring (one axis) or a frame (two).

        Raises
        ------
        InputError
            For a law that is not defined there.
        """
        if axes == 1:
            return self.moves
        if self.law not in LAWS:
            raise InputError(f"deformation: on a frame expected one of {', '.join(LAWS)}; got {self.name!r}")
        return LAWS[self.law].moves(axes)

    def is_symmetric_on(self, axes: int) -> bool:
        """Return whether the joint moves stay the same if an axis is reflected, or two axes are exchanged."""
        moves = self.moves_on(axes)
        turns = [[axis if k != n else ~axis for k, axis in enumerate(range(axes))] for n in range(axes)]
        turns += [[{n: n + 1, n + 1: n}.get(k, k) for k in range(axes)] for n in range(axes - 1)]
        return all(moves == {tuple(_turned(s, turn) for s in move): p for move, p in moves.items()} for turn in turns)

    def outcomes(self, displacement: Step, length: int | Shape) -> Moves:
        """Return the steps ``(t1, t2)`` of a pair at this displacement and their probabilities.

        Raises
        ------
        InputError
            If the rule ``reject`` leaves no outcome, or for a law that is not defined on these axes.
        """
        shape = as_shape(length)
        moves = self.moves_on(len(shape))
        if self.collisions != "reject":
            return moves
        kept = {move: p for move, p in moves.items() if _stay_apart(displacement, move, shape)}
        total = sum(kept.values())
        if not total:
            raise InputError(
                f"collisions 'reject' leaves no outcome at distance {displacement}; "
                "allow a move that keeps the pixels apart"
            )
        return {move: p / total for move, p in kept.items()}

    def deformed(self, first: int, second: int, move: tuple[Step, Step], length: int | Shape) -> dict[int, int]:
        """Return tau x as ``{site: value}`` for pixels at two sites of a ring or, with a shape, a frame."""
        i, j = (site_after(site, step, length) for site, step in zip((first, second), move, strict=True))
        if i != j:
            return {i: 1, j: 1}
        return {i: 1 if self.collisions == "merge" else 2}


def joint_law(law: Any) -> dict[tuple[int, int], Fraction]:
    """Return a displacement law, by name, as text or as a mapping, as joint probabilities of (t1, t2)."""
    if isinstance(law, str):
        if law in LAWS:
            return cast(dict[tuple[int, int], Fraction], LAWS[law].moves(1))
        law = _parse_law(law)
    if not isinstance(law, Mapping) or not law:
        raise InputError(f"deformation: expected a name ({', '.join(LAWS)}), text or a mapping, got {law!r}")
    weights = {_move(key): rational(p, "deformation probability") for key, p in law.items()}
    if any(p < 0 for p in weights.values()):
        raise InputError("deformation: a probability is negative")
    if sum(weights.values()) != 1:
        raise InputError(f"deformation: the probabilities sum to {sum(weights.values())}, expected 1")
    if len({type(key) for key in weights}) > 1:
        raise InputError("deformation: give either {t: p} for each pixel or {(t1, t2): p} for both, not a mixture")
    joint: dict[tuple[int, int], Fraction] = {}
    for key, p in weights.items():
        if isinstance(key, tuple):
            joint[key] = p
        else:
            joint.update({(key, other): p * q for other, q in weights.items() if isinstance(other, int)})
    return {move: p for move, p in joint.items() if p}


def deformation_outcomes(
    task: Task, deformation: Deformation, first: int, second: int
) -> list[tuple[np.ndarray, Fraction]]:
    """Return every deformed image tau x of one pair of sites, with its probability.

    The pair is unordered: at d = l/2, where either pixel can be called the first, both readings
    carry half the weight.  On a frame a law has no first pixel.  Costs one array of l integers per outcome.
    """
    shape = task.shape
    places = zip(coordinates(first, shape), coordinates(second, shape), strict=True)
    step = centred(as_step(tuple(j - i for i, j in places)), shape)
    readings = [(first, second, step)]
    if isinstance(step, int) and step < 0:
        readings = [(second, first, -step)]
    elif isinstance(step, int) and 2 * step == task.sites:
        readings.append((second, first, step))
    return [
        (_image(deformation.deformed(i, j, move, shape), shape), p / len(readings))
        for i, j, d in readings
        for move, p in deformation.outcomes(d, shape).items()
    ]


def far_energy(deformation: Deformation, axes: int = 1) -> Fraction:
    """Return ||tau x - x||^2 averaged for pixels far apart: 2 for each pixel that moves.

    Examples
    --------
    >>> far_energy(Deformation()), far_energy(Deformation(), axes=2)
    (Fraction(8, 3), Fraction(32, 9))
    """
    moved = {move: sum(any(components(step)) for step in move) for move in deformation.moves_on(axes)}
    return Fraction(sum(2 * p * moved[move] for move, p in deformation.moves_on(axes).items()))


def _image(pixels: dict[int, int], shape: Shape) -> np.ndarray:
    image = np.zeros(shape, dtype=np.int64)
    for site, value in pixels.items():
        image[coordinates(site, shape)] = value
    return image


def _stay_apart(displacement: Step, move: tuple[Step, Step], shape: Shape) -> bool:
    """Return whether pixels keep their order on a ring, or do not meet on a frame."""
    apart = [d + t - s for d, s, t in zip(*map(components, (displacement, *move)), strict=True)]
    return 0 < apart[0] < shape[0] if len(shape) == 1 else any(x % n for x, n in zip(apart, shape, strict=True))


def _turned(step: Step, turn: list[int]) -> Step:
    """Return a step with its axes in another order, those that are given as ~axis reflected."""
    parts = components(step)
    return as_step(tuple(parts[axis] if axis >= 0 else -parts[~axis] for axis in turn))


_ENTRY = re.compile(r"([+-]?[0-9]{1,9})(?:,([+-]?[0-9]{1,9}))?:([^:\s;]+)")


def _parse_law(text: str) -> dict[Any, str]:
    law: dict[Any, str] = {}
    for entry in re.split(r"[\s;]+", text.strip()):
        match = _ENTRY.fullmatch(entry)
        if not match:
            raise InputError(
                f"deformation: {text[:60]!r} is neither a name ({', '.join(LAWS)}) nor a law such as "
                "'-1:1/4 0:1/2 1:1/4' or '-1,1:1/2 1,-1:1/2'"
            )
        first, second, probability = match.groups()
        key = int(first) if second is None else (int(first), int(second))
        if key in law:
            raise InputError(f"deformation: the displacement {entry.partition(':')[0]} is given twice")
        law[key] = probability
    return law


def _move(key: Any) -> int | tuple[int, int]:
    if isinstance(key, tuple) and len(key) == 2:
        return (_step(key[0]), _step(key[1]))
    return _step(key)


def _step(value: Any) -> int:
    return integer(value, "deformation displacement", -(10**9))


def _law_text(moves: dict[tuple[int, int], Fraction]) -> str:
    return " ".join(f"{s},{t}:{p}" for (s, t), p in sorted(moves.items()))
