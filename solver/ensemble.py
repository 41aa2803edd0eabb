"""One image for each class of images that a translation-invariant local map cannot tell apart."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from solver.deformation import Deformation
from solver.frame import FrameTask, Task
from solver.torus import Shape, Step, coordinates, half, site_after, sites

Pair = tuple[int, Step, Fraction]
"""The first site, the displacement to the second (a distance on a ring), and a probability."""


@dataclass(frozen=True)
class Representatives:
    """Weighted pixel pairs that stand for a whole ensemble.

    A translation-invariant network sees only the displacement of a pair.  A local one cannot tell apart
    pairs that are out of each other's sight, so those are evaluated once, on a ring (or a frame) just long enough
    to hold them: the cost does not depend on l.  With a total stride P > 1 the position modulo P matters
    as well, and all distances of the whole ring are kept.

    Attributes
    ----------
    task : TwoPixelTask or FrameTask
        The ensemble that is represented.
    shape : tuple of int
        The ring or frame on which the pairs live, at most ``task.shape``.
    pairs : tuple of (first site, displacement, probability)
        The probabilities sum to 1.
    """

    task: Task
    shape: Shape
    pairs: tuple[Pair, ...]

    @property
    def length(self) -> int:
        """Number of sites on which the pairs live."""
        return sites(self.shape)

    @property
    def missing_sites(self) -> int:
        """Sites of the task's ring that the representing ring leaves out; all of them see background only."""
        return self.task.sites - self.length

    @property
    def stretch(self) -> Fraction:
        """Rings of background that the representing ring leaves out."""
        return Fraction(self.missing_sites, self.length)

    @property
    def images(self) -> list[dict[int, int]]:
        """The undeformed image of each pair, as ``{site: value}``."""
        return [{first: 1, site_after(first, step, self.shape): 1} for first, step, _ in self.pairs]

    def outcomes(self, deformation: Deformation, pair: Pair) -> list[tuple[dict[int, int], Fraction]]:
        """Return the deformed images of one pair as ``{site: value}``, with their conditional probabilities."""
        first, step, _ = pair
        second = site_after(first, step, self.shape)
        return [
            (deformation.deformed(first, second, move, self.shape), p)
            for move, p in deformation.outcomes(step, self.shape).items()
        ]


def representatives(task: Task, sight: int, *, phases: int = 1, symmetric: bool = False) -> Representatives:
    """Return the pairs that represent the ensemble for a map that cannot relate pixels ``sight`` or more apart.

    Parameters
    ----------
    task : TwoPixelTask or FrameTask
    sight : int
        Pairs at this distance or farther, along either axis of a frame, form one class.
    phases : int
        The total stride P of the map; it divides the ring's length.
    symmetric : bool
        On a frame: the map commutes with reflections of either axis and their exchange (every law of
        `solver.deformation.FRAME_LAWS` does), so displacements that these relate form one class.
    """
    if isinstance(task, FrameTask):
        return _on_frame(task, sight, symmetric)
    length = 2 * sight
    if length >= task.length or phases > 1:
        length, weights = task.length, dict(task.distance_law)
    else:
        weights = {d: task.probability(d) for d in range(1, sight) if task.keeps(d)}
        weights[length // 2] = weights.get(length // 2, Fraction(0)) + 1 - sum(weights.values())
    pairs = tuple((start, d, w / phases) for d, w in weights.items() if w for start in range(phases))
    return Representatives(task, (length,), pairs)


def _on_frame(task: FrameTask, sight: int, symmetric: bool) -> Representatives:
    """Return the displacements on the whole frame, or those in sight on one of twice the sight and one for the rest."""
    shape, law = task.shape, task.displacement_law
    if 2 * sight < min(task.shape):
        shape = (2 * sight, 2 * sight)
        places = (coordinates(n, shape) for n in range(sites(shape)))
        near = half((v for v in places if sight not in v), shape)
        law = {v: task.probability(tuple(min(x, 2 * sight - x) for x in v)) for v in near}
        law[sight, sight] = 1 - sum(law.values(), Fraction(0))
    weights: defaultdict[Shape, Fraction] = defaultdict(Fraction)
    for vector, weight in law.items():
        weights[_folded(vector, shape) if symmetric else vector] += weight
    return Representatives(task, shape, tuple((0, vector, weight) for vector, weight in weights.items() if weight))


def _folded(vector: Shape, shape: Shape) -> Shape:
    parts = tuple(min(v, n - v) for v, n in zip(vector, shape, strict=True))
    return tuple(sorted(parts)) if len(set(shape)) == 1 else parts
