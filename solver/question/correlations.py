"""Autocorrelations of the images and of their deformations, averaged over the ensemble; no network enters."""

from __future__ import annotations

from fractions import Fraction

from solver.question.deformation import Deformation
from solver.question.ensemble import representatives
from solver.question.lattice import as_step, lags, lags_between
from solver.question.pairs import Task


def pixel_correlations(task: Task, max_lag: int) -> list[Fraction]:
    """Return X_r = <sum_i x_i x_(i+r)> for the lags r = 0..max_lag, on a frame for `solver.question.lattice.lags`."""
    return [_pixel_correlation(task, lag) for lag in lags(max_lag, task.axes)]


def difference_correlations(task: Task, deformation: Deformation, max_lag: int) -> list[Fraction]:
    """Return C_r = <sum_i u_i u_(i+r)>, u = tau x - x, for the lags r = 0..max_lag, on a frame for `lattice.lags`.

    Costs O((max_lag + reach) * outcomes), whatever l; on a frame O((max_lag + reach)^2 * outcomes).
    """
    ring = representatives(task, max_lag + 2 * deformation.reach + 1)
    result = dict.fromkeys(lags(max_lag, len(ring.shape)), Fraction(0))
    for pair, image in zip(ring.pairs, ring.images, strict=True):
        found = dict.fromkeys(result, Fraction(0))
        for moved, p in ring.outcomes(deformation, pair):
            difference = {site: moved.get(site, 0) - image.get(site, 0) for site in moved | image}
            changed = [(site, u) for site, u in difference.items() if u]
            for i, u in changed:
                for j, v in changed:
                    for lag in lags_between(i, j, ring.shape, max_lag):
                        found[lag] += p * (u * v)
        for lag, value in found.items():
            result[lag] += pair[2] * value
    return list(result.values())


def deformation_energy(task: Task, deformation: Deformation) -> Fraction:
    """Return <||tau x - x||^2>, tau of a ``deformation``, x over the ensemble of a ``task``, exactly.

    The cost does not depend on l.  In closed form: derivations/ensemble_energy.py.

    Examples
    --------
    >>> from solver import TwoPixelTask
    >>> deformation_energy(TwoPixelTask(length=32, scale=7), Deformation())
    Fraction(244, 93)
    """
    return difference_correlations(task, deformation, max_lag=0)[0]


def _pixel_correlation(task: Task, lag: tuple[int, ...]) -> Fraction:
    places = task.components(lag)
    if not any(places):
        return Fraction(2)
    step = as_step(places)
    return task.probability(step) * task.sites / task.pair_count(step)
