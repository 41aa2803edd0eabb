"""The least D over all maps of a window, linear or not: a bound that no network of that receptive field is below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np
from flint import fmpq, fmpq_mat

from solver.errors import InputError
from solver.numbers.exact import integer
from solver.optimal.pencil import Pencil, as_fmpq, enclosed_least
from solver.question.deformation import Deformation, deformation_outcomes
from solver.question.task import TwoPixelTask
from solver.values import Value

Content = tuple[int, ...]


def least_of_any_map(taps: int, task: TwoPixelTask, deformation: Deformation | None = None) -> Value:
    """Return the least D of maps a(p) = F(x(p), ..., x(p+n-1)) over all functions F of the n ``taps`` of a window.

    D is the quotient of two quadratic forms in the table of F (docs/beyond_linear.md), for a ``task`` on a ring and a
    ``deformation``.  A constant added to F changes nothing; F(0) = 0.  Channels add up in both forms and gain nothing.
    A unit of layer k of any network with filters of size s is such an F, with n = (s-1) k + 1.  Proven from both sides,
    as `best_deformation`; costs the cube of the n (n+3)/2 contents.

    Raises
    ------
    InputError
        If the window is not narrower than the ring, or so wide that it always shows a pixel, or the ensemble is not
        the same everywhere on the ring.

    Examples
    --------
    >>> from solver import best_deformation
    >>> task, merge = TwoPixelTask(length=8, scale=3), Deformation(collisions="merge")
    >>> least_of_any_map(1, task, merge).value(9) == best_deformation(1, task, merge).value.value(9)
    True
    """
    return enclosed_least(window_forms(taps, task, deformation or Deformation()).pencil())


@dataclass(frozen=True)
class WindowForms:
    """Numerator and denominator of D as quadratic forms in the table of F.

    Attributes
    ----------
    contents : tuple
        What the window can show, but for all zeros: first what images show, then what only deformed images do.
    numerator : fmpq_mat
        <||a(tau x) - a(x)||^2>, in all contents.
    denominator : fmpq_mat
        <||a(x1) - a(x2)||^2>, in the contents that images show.
    """

    contents: tuple[Content, ...]
    numerator: fmpq_mat
    denominator: fmpq_mat

    def pencil(self) -> Pencil:
        """Return D in F at the contents that images show, with F at all others chosen best."""
        return Pencil(_minimised(self.numerator, self.denominator.nrows()), self.denominator)


def window_forms(taps: int, task: TwoPixelTask, deformation: Deformation) -> WindowForms:
    """Return the two forms of D in the table of a function of the content of a window."""
    task.as_ring("the bound over all maps")
    if integer(taps, "taps", 1) >= task.length:
        raise InputError(f"taps: expected fewer than the {task.length} sites of the ring, got {taps}")
    if task.period > 1:
        raise InputError(
            f"distances: balanced blocks of {task.period} sites depend on the place; expected pairs or flat"
        )
    changes: defaultdict[tuple[Content, Content], Fraction] = defaultdict(Fraction)
    occurrences: defaultdict[Content, Fraction] = defaultdict(Fraction)
    for distance, weight in task.distance_law.items():
        before = _contents(task.image(0, distance), taps)
        for content in before:
            occurrences[content] += weight
        for moved, p in deformation_outcomes(task, deformation, 0, distance):
            for pair in zip(before, _contents(moved, taps), strict=True):
                changes[pair] += weight * p
    if not occurrences.get((0,) * taps):
        raise InputError(f"taps: every window shows a pixel on {task.length} sites; take fewer than {taps} taps")
    seen = sorted(c for c in occurrences if any(c))
    contents = (*seen, *sorted({c for pair in changes for c in pair if any(c)} - set(seen)))
    numerator = _differences(changes, {content: n for n, content in enumerate(contents)})
    return WindowForms(contents, numerator, _variances([as_fmpq(occurrences[c]) for c in seen], task.length))


def _contents(image: np.ndarray, taps: int) -> list[Content]:
    ring = image.tolist() * 2
    return [tuple(ring[p : p + taps]) for p in range(len(image))]


def _differences(changes: Mapping[tuple[Content, Content], Fraction], index: dict[Content, int]) -> fmpq_mat:
    """Return N with F'N F = sum over windows of (F(after) - F(before))^2."""
    form = fmpq_mat(len(index), len(index))
    for pair, weight in changes.items():
        signed = [(index[c], sign) for c, sign in zip(pair, (-1, 1), strict=True) if any(c)]
        for (i, u), (j, v) in product(signed, repeat=2):
            form[i, j] += u * v * as_fmpq(weight)
    return form


def _minimised(form: fmpq_mat, kept: int) -> fmpq_mat:
    """Return the least value of a form over all but its first variables, which it never couples to each other."""
    rows = form.tolist()
    for u, row in enumerate(rows[kept:], start=kept):
        for i in range(kept):
            scale = row[i] / row[u]
            rows[i] = [x - scale * y for x, y in zip(rows[i], row, strict=True)]
    return fmpq_mat([row[:kept] for row in rows[:kept]])


def _variances(total: list[fmpq], length: int) -> fmpq_mat:
    """Return M with F'M F = 2 (sum_p E F^2 - (sum_p E F)^2 / l), from the mean number of windows of each content."""
    return fmpq_mat([[2 * (x * (i == j) - x * y / length) for j, y in enumerate(total)] for i, x in enumerate(total)])
