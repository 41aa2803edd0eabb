"""One image for each class of images that a translation-invariant local map cannot tell apart."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from solver.deformation import Deformation
from solver.task import TwoPixelTask


@dataclass(frozen=True)
class Representatives:
    """Weighted pixel pairs that stand for a whole ensemble.

    A translation-invariant network sees only the distance of a pair.  A local one cannot tell apart
    pairs that are out of each other's sight, so those are evaluated once, on a ring just long enough to
    hold them: the cost does not depend on l.  With a total stride P > 1 the position modulo P matters
    as well, and all distances of the whole ring are kept.

    Attributes
    ----------
    task : TwoPixelTask
        The ensemble that is represented.
    length : int
        Sites of the ring on which the pairs live, at most ``task.length``.
    pairs : tuple of (first site, distance, probability)
        The probabilities sum to 1.
    """

    task: TwoPixelTask
    length: int
    pairs: tuple[tuple[int, int, Fraction], ...]

    @property
    def missing_sites(self) -> int:
        """Sites of the task's ring that the representing ring leaves out; all of them see background only."""
        return self.task.length - self.length

    @property
    def stretch(self) -> Fraction:
        """Rings of background that the representing ring leaves out."""
        return Fraction(self.missing_sites, self.length)

    @property
    def images(self) -> list[dict[int, int]]:
        """The undeformed image of each pair, as ``{site: value}``."""
        return [{first: 1, (first + distance) % self.length: 1} for first, distance, _ in self.pairs]

    def outcomes(
        self, deformation: Deformation, pair: tuple[int, int, Fraction]
    ) -> list[tuple[dict[int, int], Fraction]]:
        """Return the deformed images of one pair as ``{site: value}``, with their conditional probabilities."""
        first, distance, _ = pair
        return [
            (deformation.deformed(first, first + distance, move, self.length), p)
            for move, p in deformation.outcomes(distance, self.length).items()
        ]


def representatives(task: TwoPixelTask, sight: int, *, phases: int = 1) -> Representatives:
    """Return the pairs that represent the ensemble for a map that cannot relate pixels ``sight`` or more apart.

    Parameters
    ----------
    task : TwoPixelTask
    sight : int
        Pairs at this distance or farther form one class.
    phases : int
        The total stride P of the map; it divides the ring's length.
    """
    length = 2 * sight
    if length >= task.length or phases > 1:
        length, weights = task.length, dict(task.distance_law)
    else:
        weights = {d: task.probability(d) for d in range(1, sight) if task.keeps(d)}
        weights[length // 2] = weights.get(length // 2, Fraction(0)) + 1 - sum(weights.values())
    pairs = tuple((start, d, w / phases) for d, w in weights.items() if w for start in range(phases))
    return Representatives(task, length, pairs)
