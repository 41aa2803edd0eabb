"""Deformations: each pixel moves by a random whole number of sites, with exact joint probabilities."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from solver.errors import InputError
from solver.numbers.exact import choice, integer, rational
from solver.question.lattice import Shape, Step, as_shape, as_step, centred, components, coordinates, site_after
from solver.question.task import Task

COLLISIONS = {
    "add": "pixels that meet add up to 2",
    "merge": "pixels that meet leave one pixel of value 1",
    "reject": "outcomes in which the pixels meet or swap order are dropped, the rest renormalised",
}

_THIRD = Fraction(1, 3)
_STEPS = (-1, 0, 1)
LAWS: dict[str, dict[tuple[int, int], Fraction]] = {
    "independent": {(s, t): _THIRD * _THIRD for s in _STEPS for t in _STEPS},
    "mirror": {(t, -t): _THIRD for t in _STEPS},
    "rigid": {(t, t): _THIRD for t in _STEPS},
    "single": {(0, 0): _THIRD} | dict.fromkeys(((-1, 0), (1, 0), (0, -1), (0, 1)), _THIRD / 2),
}
FRAME_LAWS = {
    "independent": "each component of each pixel moves by -1, 0, +1 with probability 1/3: 81 outcomes",
    "mirror": "both pixels oppositely, by one of the 9 vectors of components -1, 0, +1",
    "rigid": "both pixels together, by one of these 9 vectors",
    "single": "one of the two, either equally likely, by one of these 9 vectors",
    "neighbours": "each pixel stays or moves to one of its four neighbours, with probability 1/5 (a ring: two, 1/3)",
}
Moves = dict[tuple[Any, Any], Fraction]
"""Probabilities of the steps (t1, t2) of the two pixels: whole numbers on a ring, vectors on a frame."""


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
        which the second lies at +d.  On a frame a law has one of the names in ``FRAME_LAWS``.
    collisions : {"add", "merge", "reject"}
        What becomes of outcomes in which the pixels meet.

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
        if not isinstance(self.law, str) or self.law not in LAWS | FRAME_LAWS:
            object.__setattr__(self, "law", _law_text(moves))

    @property
    def name(self) -> str:
        """The law as text: its name, or the joint probabilities."""
        return str(self.law)

    @property
    def reach(self) -> int:
        """The largest displacement of a pixel along an axis, in pixels."""
        return max(abs(t) for move in self.moves for t in move)

    def moves_on(self, axes: int) -> Moves:
        """Return the joint probabilities of the steps of the two pixels on a ring (one axis) or a frame (two).

        Raises
        ------
        InputError
            For a law that is not defined there.
        """
        if axes > 1 and self.law not in FRAME_LAWS:
            raise InputError(f"deformation: on a frame expected one of {', '.join(FRAME_LAWS)}; got {self.name!r}")
        if axes > 1 and self.collisions == "reject":
            raise InputError("collisions 'reject' needs the order of pixels on a ring; on a frame take add or merge")
        return self.moves if axes == 1 else _frame_moves(self.name)

    def outcomes(self, distance: Step, length: int | Shape) -> Moves:
        """Return the displacements ``(t1, t2)`` of a pair at this distance and their probabilities.

        Raises
        ------
        InputError
            If the rule ``reject`` leaves no outcome, or for a law that is not defined on these axes.
        """
        if not isinstance(distance, int):
            return self.moves_on(len(distance))
        length = as_shape(length)[0]
        if self.collisions != "reject":
            return self.moves
        kept = {(s, t): p for (s, t), p in self.moves.items() if 0 < distance + t - s < length}
        total = sum(kept.values())
        if not total:
            raise InputError(
                f"collisions 'reject' leaves no outcome at distance {distance}; "
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
            return dict(LAWS[law])
        if law in FRAME_LAWS:
            return dict(LAWS["independent"])
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
    carry half the weight.  On a frame both readings are the same.  Costs one array of l integers per outcome.
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


def _frame_moves(name: str) -> Moves:
    """Return a law of `FRAME_LAWS` in two dimensions."""
    vectors = list(product(_STEPS, repeat=2))
    if name == "neighbours":
        vectors = [v for v in vectors if abs(v[0]) + abs(v[1]) <= 1]
    share = Fraction(1, len(vectors))
    if name in ("mirror", "rigid"):
        turn = -1 if name == "mirror" else 1
        return {(v, (turn * v[0], turn * v[1])): share for v in vectors}
    if name == "single":
        rest = (0, 0)
        moving = {pair: share / 2 for v in vectors if any(v) for pair in ((v, rest), (rest, v))}
        return {(rest, rest): share} | moving
    return {(v, w): share * share for v in vectors for w in vectors}


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
