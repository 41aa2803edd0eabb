"""Deformations: each pixel moves by a random whole number of sites, with exact joint probabilities."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from solver.errors import InputError
from solver.exact import choice, integer, rational
from solver.task import TwoPixelTask

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
        which the second lies at +d.
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
        if not isinstance(self.law, str) or self.law not in LAWS:
            object.__setattr__(self, "law", _law_text(moves))

    @property
    def name(self) -> str:
        """The law as text: its name, or the joint probabilities."""
        return str(self.law)

    @property
    def reach(self) -> int:
        """The largest displacement of a pixel, in pixels."""
        return max(abs(t) for move in self.moves for t in move)

    def outcomes(self, distance: int, length: int) -> dict[tuple[int, int], Fraction]:
        """Return the displacements ``(t1, t2)`` of a pair at this distance and their probabilities.

        Raises
        ------
        InputError
            If the rule ``reject`` leaves no outcome.
        """
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

    def deformed(self, first: int, second: int, move: tuple[int, int], length: int) -> dict[int, int]:
        """Return tau x as ``{site: value}`` for pixels at two sites of a ring."""
        i, j = (first + move[0]) % length, (second + move[1]) % length
        if i != j:
            return {i: 1, j: 1}
        return {i: 1 if self.collisions == "merge" else 2}


def joint_law(law: Any) -> dict[tuple[int, int], Fraction]:
    """Return a displacement law, by name, as text or as a mapping, as joint probabilities of (t1, t2)."""
    if isinstance(law, str):
        if law in LAWS:
            return dict(LAWS[law])
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
    task: TwoPixelTask, deformation: Deformation, first: int, second: int
) -> list[tuple[np.ndarray, Fraction]]:
    """Return every deformed image tau x of one pair of sites, with its probability.

    The pair is unordered: at d = l/2, where either pixel can be called the first, both readings
    carry half the weight.  Costs one array of l integers per outcome.
    """
    distance = (second - first) % task.length
    readings = [(first, second), (second, first)] if 2 * distance == task.length else [(first, second)]
    if 2 * distance > task.length:
        readings = [(second, first)]
        distance = task.length - distance
    images = []
    for i, j in readings:
        for move, p in deformation.outcomes(distance, task.length).items():
            image = np.zeros(task.length, dtype=np.int64)
            for site, value in deformation.deformed(i, j, move, task.length).items():
                image[site] = value
            images.append((image, p / len(readings)))
    return images


def far_energy(deformation: Deformation) -> Fraction:
    """Return ||tau x - x||^2 averaged for pixels far apart: 2 for each pixel that moves (8/3 by default)."""
    return Fraction(sum(2 * p * ((s != 0) + (t != 0)) for (s, t), p in deformation.moves.items()))


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
