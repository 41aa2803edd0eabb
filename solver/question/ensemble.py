"""One image for each class of images that a translation-invariant local map cannot tell apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import prod

from solver.question.deformation import Deformation
from solver.question.lattice import Shape, Step, centred, components, coordinates, half, site_after
from solver.question.pairs import Task

Pair = tuple[int, Step, Fraction]
"""The first site, the displacement to the second (a distance on a ring), and a probability."""


@dataclass(frozen=True)
class Representatives:
    """Weighted pixel pairs that stand for a whole ensemble.

    A translation-invariant network sees only the displacement of a pair.  A local one cannot tell apart
    pairs that are out of each other's sight, so those are evaluated once, on a ring (or a frame) just long enough
    to hold them: the cost does not depend on l.  With P phases, as with a total stride P or blocks that the
    ensemble weighs differently, the positions of both pixels modulo P matter as well: a near pair comes
    once for each phase, a far one for each pair of phases.

    Attributes
    ----------
    task : TwoPixelTask or FrameTask
        The ensemble that is represented.
    shape : tuple of int
        The ring or frame on which the pairs live, at most ``task.shape``; a ring's length is a multiple of ``phases``.
    pairs : tuple of (first site, displacement, probability)
        The probabilities sum to 1; the distance can exceed half of the representing ring.
    phases : int
        P.
    sight : int
        The first distance along an axis that is out of sight, where sites are left out.
    length : int
        Number of sites on which the pairs live.
    missing_sites : int
        Sites of the task's ring that the representing ring leaves out; all of them see background only.
    stretch : Fraction
        Rings of background that the representing ring leaves out.
    images : list of dict
        The undeformed image of each pair, as ``{site: value}``.
    """

    task: Task
    shape: Shape
    pairs: tuple[Pair, ...]
    phases: int = 1
    sight: int = 0
    length: int = field(init=False, repr=False, compare=False)
    missing_sites: int = field(init=False, repr=False, compare=False)
    stretch: Fraction = field(init=False, repr=False, compare=False)
    images: list[dict[int, int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        length = prod(self.shape)
        missing = self.task.sites - length
        images = [{first: 1, site_after(first, step, self.shape): 1} for first, step, _ in self.pairs]
        vars(self).update(length=length, missing_sites=missing, stretch=Fraction(missing, length), images=images)

    def sees(self, step: Step) -> bool:
        """Return whether pixels at this displacement are in sight of each other, so that it is a class of its own."""
        return not self.missing_sites or max(map(abs, components(step))) < self.sight

    def outcomes(self, deformation: Deformation, pair: Pair) -> list[tuple[dict[int, int], Fraction]]:
        """Return the deformed images of one pair as ``{site: value}``, with their conditional probabilities."""
        first, step, _ = pair
        second = site_after(first, step, self.shape)
        return [
            (deformation.deformed(first, second, move, self.shape), p)
            for move, p in deformation.outcomes(step, self.shape).items()
        ]

    def every_image(self, deformation: Deformation) -> list[dict[int, int]]:
        """Return every image, plain and deformed, once, as ``{site: value}`` in order."""
        moved = [image for pair in self.pairs for image, _ in self.outcomes(deformation, pair)]
        rows = {tuple(sorted(image.items())) for image in [*self.images, *moved]}
        return [dict(row) for row in sorted(rows)]


@lru_cache(maxsize=32)
def representatives(task: Task, sight: int, *, phases: int = 1, symmetric: bool = False) -> Representatives:
    """Return the pairs that represent the ensemble for a map that cannot relate pixels ``sight`` or more apart.

    Parameters
    ----------
    task : TwoPixelTask or FrameTask
    sight : int
        Pairs at this distance or farther, along either axis of a frame, form one class for each pair of phases.
    phases : int
        P: what is averaged does not change if the image moves by P sites.  It divides the ring's length, and is 1 or
        a multiple of the ensemble's period.
    symmetric : bool
        On a frame: the map and the law of what moves or disturbs the image commute with reflections of either axis and
        with their exchange (`Deformation.is_symmetric_on`), so displacements that these relate form one class.

    Notes
    -----
    Costs O(P (max(sight, xi) + P)), whatever l; made once for the same arguments.
    """
    if task.axes > 1:
        return _on_frame(task, sight, symmetric)
    return _on_ring(task, sight, phases)


def _on_ring(task: Task, sight: int, phases: int) -> Representatives:
    """Return the distances on the whole ring, or those in sight and one for each pair of phases of the rest."""
    length = -(-(2 * sight + 2 * (phases - 1)) // phases) * phases  # no pair wraps around
    even = task.period == 1 or phases % task.period  # or else the probability depends on where the first pixel is
    given: Callable[[int, int], Fraction] = (
        (lambda d, start: task.probability(d))
        if even
        else (lambda d, start: task.pair_probability(start, start + d) * task.pair_count(d))
    )
    if length >= task.sites:
        law = [
            (start, d, given(d, start))
            for d in range(1, task.sites // 2 + 1)
            if task.keeps(d)
            for start in range(phases)
        ]
        return Representatives(task, task.shape, tuple((i, d, w / phases) for i, d, w in law if w), phases, sight)
    near = [d for d in range(1, sight) if task.keeps(d)]
    weights: dict[tuple[int, int], Fraction] = defaultdict(Fraction)
    if task.period > 1:
        near += range(sight, task.scale)
    for d in near:
        for start in range(phases):
            weights[d if d < sight else sight + (d - sight) % phases, start] += given(d, start) / phases
    for residue, weight in _far_law(task, sight, phases).items():
        for start in range(phases):
            weights[sight + (residue - sight) % phases, start] += weight / phases
    pairs = tuple((start, d, w) for (d, start), w in sorted(weights.items()) if w)
    return Representatives(task, (length,), pairs, phases, sight)


def _far_law(task: Task, sight: int, phases: int) -> dict[int, Fraction]:
    """Return the probability that the distance is ``sight`` or more, by its residue mod P; O(P).

    With a period, only distances from xi on, where all images weigh the same.
    """
    close = (sight, task.scale - task.gap - 1)
    beyond = (max(sight, task.scale + task.gap), task.sites // 2)
    law: dict[int, Fraction] = defaultdict(Fraction)
    for first, last in (beyond,) if task.period > 1 else (close, beyond):
        for residue in range(min(phases, last - first + 1)):
            d = first + residue
            count = (last - d) // phases + 1
            middle = (last - d) % phases == 0 and 2 * last == task.sites
            law[d % phases] += task.probability(d) * (count - middle) + task.probability(last) * middle
    return law


def _on_frame(task: Task, sight: int, symmetric: bool) -> Representatives:
    """Return the displacements on the whole frame, or those in sight on one of twice the sight and one for the rest."""
    shape = task.shape
    if 2 * sight < min(shape):
        shape = (2 * sight,) * task.axes
        places = (coordinates(n, shape) for n in range(prod(shape)))
        near = (centred(v, shape) for v in half((v for v in places if sight not in v), shape))
        law = {v: task.probability(v) for v in near}
        law[(sight,) * task.axes] = 1 - sum(law.values(), Fraction(0))
    else:
        law = {centred(v, shape): weight for v, weight in task.displacement_law.items()}
    weights: defaultdict[Step, Fraction] = defaultdict(Fraction)
    for step, weight in law.items():
        weights[_folded(step, shape) if symmetric else step] += weight
    pairs = tuple((0, step, weight) for step, weight in weights.items() if weight)
    return Representatives(task, shape, pairs, 1, sight)


def _folded(step: Step, shape: Shape) -> Step:
    parts = tuple(map(abs, components(step)))
    return tuple(sorted(parts)) if len(set(shape)) == 1 else parts
