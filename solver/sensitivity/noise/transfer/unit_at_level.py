"""A unit over noise that comes rectified, at the level that the image leaves it (see `rectified_input`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi
from typing import Any

from solver.sensitivity.noise.transfer.windows import EqualWindows, resolutions


@dataclass(frozen=True)
class LeveledUnit:
    """a = (S - b)+, S a window's weights times independent r = (eta)+, with the moments of C = (b - S)+.

    Attributes
    ----------
    windows : EqualWindows
        The weights and the noise; one tap.
    level : exact number
        b, of either sign.
    shortfall, square : float
        E C and E C^2.
    tilt : float
        Cov(sum_i r_i, C); 0 if it was not asked for.
    """

    windows: EqualWindows
    level: Any
    shortfall: float = 0.0
    square: float = 0.0
    tilt: float = 0.0

    @property
    def shift(self) -> float:
        """E a - a0 = E S + E C - (b)+, with a0 = (-b)+."""
        return self._mean + self.shortfall - max(float(self.level), 0.0)

    @property
    def variance_terms(self) -> list[float]:
        """Var S, Var C and 2 Cov(S, C), which add up to Var a; where C > 0, S = b - C."""
        variance = sum(float(w) ** 2 for w in self.windows.weights) * self._site_variance
        joint = (float(self.level) - self._mean - self.shortfall) * self.shortfall - self._shortfall_variance
        return [variance, self._shortfall_variance, 2 * joint]

    @property
    def pooled_variance(self) -> float:
        """K^2 Var r + 2 K Cov(sum_i r_i, C) + Var C, K the sum of the weights: a unit's own part of Var sum_p a_p."""
        weight = float(sum(self.windows.weights))
        return weight**2 * self._site_variance + 2 * weight * self.tilt + self._shortfall_variance

    @property
    def _mean(self) -> float:
        """E S, from E r = s / sqrt(2 pi)."""
        return float(sum(self.windows.weights)) * float(self.windows.noise_variance / (2 * pi)) ** 0.5

    @property
    def _site_variance(self) -> float:
        """Var r = s^2 (1/2 - 1/(2 pi))."""
        return float(self.windows.noise_variance) * (0.5 - 0.5 / pi)

    @property
    def _shortfall_variance(self) -> float:
        return self.square - self.shortfall**2


def leveled_unit(windows: EqualWindows, level: Any, *, fine: bool, tilted: bool = False) -> LeveledUnit:
    """Return a unit at a level, from the transfer operator at one of two resolutions; ``tilted`` asks for its tilt.

    For positive weights nothing falls short of a level of 0 or less.
    """
    if level <= 0 and min(windows.weights) >= 0:
        return LeveledUnit(windows, level)
    there = replace(windows, level=level)
    chains = there.chains(resolutions(there, fine)[0])
    zeros = [(0.0,) * len(windows.weights)]
    shortfall, square = chains.shortfalls(zeros)[0]
    tilt = chains.tilts(zeros)[0] if tilted else 0.0
    return LeveledUnit(windows, level, float(shortfall), float(square), float(tilt))
