r"""What the grids of a transfer operator leave out: bounds on the tails beyond their reach, and on rounding.

Inside its grids an operator integrates C = (theta - S)+ over noises |eta_k| <= rho s and sites z_j <= rho sd(z_j).
With S = sum_j K_j r_j and r_j <= (m_j)+ + s sum_k |w_k eta_(j+k)|,

    C <= A + s sum_k c_k |eta_k|,    A = (theta)+ + sum_j K-_j (m_j)+,    K-_j = max(-K_j, 0),

so that each event left out costs at most E[(X + c |zeta|)^p; zeta > rho] for p = 1, 2, with a standard normal zeta
apart from X and c = s sum_k c_k.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

if TYPE_CHECKING:
    from solver.gaussian.chains.columns import Pattern
    from solver.gaussian.chains.coupled_chains import CoupledChains

EPSILON = 8 * float(np.finfo(float).eps)
"""Rounding of one step of an operator, relative to the values that it averages, and of a sum, to its terms."""


@dataclass(frozen=True)
class ShortfallBound:
    """A bound C <= still + sum_k slopes[k] |e_k| on a shortfall, e_k the noises in units of s.

    Attributes
    ----------
    still : float
        A.
    slopes : ndarray
        s c_k.
    """

    still: float
    slopes: np.ndarray

    def moments(self, extra: float = 0.0) -> np.ndarray:
        """Return E B and E B^2 of the bound B raised by ``extra``."""
        mean = self.still + extra + np.sqrt(2 / np.pi) * self.slopes.sum()
        return np.array([mean, mean**2 + (1 - 2 / np.pi) * (self.slopes**2).sum()])

    def beyond(self, reach: float) -> np.ndarray:
        """Return bounds on E[B; zeta > reach] and E[B^2; zeta > reach], for any one standard normal zeta."""
        mass, density = tail(reach)
        mean, square = self.moments()
        slope = self.slopes.sum()
        return np.array(
            [
                mean * mass + slope * density,
                square * mass + 2 * mean * slope * density + slope**2 * (reach * density + mass),
            ]
        )

    def at(self, reach: float) -> np.ndarray:
        """Return bounds on E B and E B^2 where zeta = reach, times its density."""
        slope = self.slopes.sum()
        return np.asarray(self.moments(extra=slope * reach) * tail(reach)[1])


def shortfall_bound(
    taps: Sequence[float], weights: Sequence[float], level: float, deviation: float, means: Sequence[float]
) -> ShortfallBound:
    """Return the bound on the shortfall of a window that sees some means."""
    negative = np.maximum(-np.array(weights), 0)
    still = max(level, 0.0) + float(negative @ np.maximum(means, 0))
    return ShortfallBound(still, deviation * np.convolve(negative, np.abs(taps)))


def tail(reach: float) -> tuple[float, float]:
    """Return P(zeta > reach) and the density there."""
    return float(ndtr(-reach)), float(np.exp(-(reach**2) / 2) / np.sqrt(2 * np.pi))


def _events(sites: int, memory: int) -> int:
    """Return how many tails are cut off: of each noise and of each site, on both sides."""
    return 2 * sites + (2 * (sites + memory) if memory else 0)


def neglected(chains: CoupledChains, patterns: Sequence[Pattern]) -> np.ndarray:
    """Return bounds on what `shortfalls` leave out beyond the grids, and on their rounding, in the same shape."""
    positive, count, reach = min(chains.weights) >= 0, len(chains.weights), chains.resolution.reach
    if positive and chains.level <= 0:
        return np.zeros((len(patterns), 2))
    rows = []
    for means in patterns:
        bound = shortfall_bound(chains.taps, chains.weights, chains.level, chains.deviation, means)
        tails = bound.beyond(reach) + _cut_off(chains) * bound.at(reach)
        rounding = EPSILON * (count + 1) * bound.moments(extra=0.0 if positive else chains.resolution.panel)
        rows.append(_events(count, chains.grid.memory) * tails + rounding)
    return np.array(rows)


def lost(chains: CoupledChains, sites: int) -> float:
    """Return a bound on the mass that is left out over so many sites, and on the rounding of a mean over them.

    Times the largest value of what is averaged it bounds the error of its mean.
    """
    mass, density = tail(chains.resolution.reach)
    return _events(sites, chains.grid.memory) * (mass + _cut_off(chains) * density) + EPSILON * (sites + 1)


def neglected_tilt(chains: CoupledChains, highest: float) -> float:
    """Return a bound on what a `tilt` leaves out, for means up to ``highest``: r <= m + sd |zeta|, and C <= theta."""
    sites = len(chains.weights) + 2 * chains.grid.memory
    largest = max(highest, 0.0) + chains.grid.spread + 3 * chains.grid.spread / chains.resolution.reach
    return chains.level * sites * largest * lost(chains, sites)


def _cut_off(chains: CoupledChains) -> float:
    """Return the weight of the ends of the grid, where the sinc interpolant of a density is cut off."""
    return chains.resolution.step if chains.grid.memory else 0.0
