"""Displacement laws: the joint probabilities of the steps of the two pixels, by name, as text or as a mapping."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Any, cast

from solver.errors import InputError
from solver.numbers.exact import integer, rational
from solver.question.lattice import Shape, Step, as_step, components

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


def law_text(moves: Moves) -> str:
    """Return joint moves on a ring as the text that `joint_law` reads."""
    return " ".join(f"{s},{t}:{p}" for (s, t), p in sorted(moves.items()))


def is_symmetric(moves: Moves, axes: int) -> bool:
    """Return whether joint moves stay the same if an axis is reflected, or two axes are exchanged."""
    turns = [[axis if k != n else ~axis for k, axis in enumerate(range(axes))] for n in range(axes)]
    turns += [[{n: n + 1, n + 1: n}.get(k, k) for k in range(axes)] for n in range(axes - 1)]
    return all(moves == {tuple(_turned(s, turn) for s in move): p for move, p in moves.items()} for turn in turns)


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
