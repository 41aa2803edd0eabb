"""Autocorrelations of the images and of their deformations, averaged over the ensemble; no network enters."""

from __future__ import annotations

from fractions import Fraction

from solver.deformation import Deformation
from solver.ensemble import representatives
from solver.task import TwoPixelTask


def pixel_correlations(task: TwoPixelTask, max_lag: int) -> list[Fraction]:
    """Return X_r = <sum_i x_i x_(i+r)> for the lags r = 0..max_lag; O(max_lag)."""
    return [_pixel_correlation(task, lag % task.length) for lag in range(max_lag + 1)]


def difference_correlations(task: TwoPixelTask, deformation: Deformation, max_lag: int) -> list[Fraction]:
    """Return C_r = <sum_i u_i u_(i+r)>, u = tau x - x, for the lags r = 0..max_lag.

    Costs O((max_lag + reach) * outcomes), whatever l.
    """
    ring = representatives(task, max_lag + 2 * deformation.reach + 1)
    result = [Fraction(0)] * (max_lag + 1)
    for pair in ring.pairs:
        first, distance, weight = pair
        for moved, p in ring.outcomes(deformation, pair):
            difference = dict(moved)
            for site in (first, (first + distance) % ring.length):
                difference[site] = difference.get(site, 0) - 1
            for i, u in difference.items():
                for j, v in difference.items():
                    for lag in range((j - i) % ring.length, max_lag + 1, ring.length):
                        result[lag] += weight * p * u * v
    return result


def deformation_energy(task: TwoPixelTask, deformation: Deformation) -> Fraction:
    """Return <||tau x - x||^2> over the ensemble, exactly; its cost does not depend on l.

    Examples
    --------
    >>> deformation_energy(TwoPixelTask(length=32, scale=7), Deformation())
    Fraction(244, 93)
    """
    return difference_correlations(task, deformation, max_lag=0)[0]


def _pixel_correlation(task: TwoPixelTask, lag: int) -> Fraction:
    if lag == 0:
        return Fraction(2)
    distance = min(lag, task.length - lag)
    return task.probability(distance) * (2 if 2 * distance == task.length else 1)
