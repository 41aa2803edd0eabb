"""Deformations: each pixel moves by a random whole number of sites, with exact joint probabilities."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from solver.errors import InputError
from solver.numbers.exact import choice
from solver.question.lattice import Shape, Step, as_shape, as_step, centred, components, coordinates, site_after
from solver.question.laws import LAWS, Moves, is_symmetric, joint_law, law_text
from solver.question.pairs import Task

COLLISIONS = {
    "add": "pixels that meet add up to 2",
    "merge": "pixels that meet leave one pixel of value 1",
    "reject": "outcomes in which the pixels meet or, on a ring, swap order are dropped, the rest renormalised",
}


@dataclass(frozen=True, kw_only=True)
class Deformation:
    """A displacement law for the two pixels and a rule for pixels that collide (docs/theory.md, section 3).

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

    Attributes
    ----------
    moves : dict
        The joint probabilities of the steps (t1, t2) on a ring.
    name : str
        The law as text: its name, or the joint probabilities.
    reach : int
        The largest step of a pixel along an axis, in pixels.

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
    name: str = field(init=False, repr=False, compare=False)
    reach: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        choice(self.collisions, "collisions", COLLISIONS)
        moves = joint_law(self.law)
        known = isinstance(self.law, str) and self.law in LAWS
        law = self.law if known else law_text(moves)
        steps = [step for on in (moves, LAWS[law].moves(2) if known else {}) for move in on for step in move]
        reach = max(abs(t) for step in steps for t in components(step))
        vars(self).update(moves=moves, law=law, name=str(law), reach=reach)

    @property
    def head(self) -> dict[str, str]:
        """The deformation as the object that JSON holds."""
        return {"law": self.name, "collisions": self.collisions}

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
        return is_symmetric(self.moves_on(axes), axes)

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
