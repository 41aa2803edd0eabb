r"""How far noise moves units of independent sites: E d, E d^2 and E d d' of d = a(x + eta) - a(x), with errors.

In units of sigma a unit changes by F(S), F piecewise linear, F(0) = 0, and S = sum_i d_i(t_i) over its sites, so that
nothing cancels however weak the noise.  Beyond rho deviations nothing is seen: S and the sums on the way to it are cut
where P(|S - E S| > rho L) <= 2 e^(-rho^2 / 2), L^2 = sum_i L_i^2 (concentration of a function that is L-Lipschitz in
independent normal numbers), and the t_i where |t_i| > rho.  Each of these 2n events loses at most, f being the
steepness of F,

    E[F^2; event] <= 4 f^2 e^(-rho^2/2) (rho^2 L^2 + 2 L^2 + (L + sum_i L_i)^2).
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from solver.gaussian.chains.truncation import EPSILON
from solver.gaussian.sites.laws import COARSE, FINE, SiteResolution, SumLaw
from solver.gaussian.sites.piecewise import RELU, PiecewiseChange, chained, change_around, piecewise_linear, slope_ratio
from solver.gaussian.sites.sums import SiteSums, product_mean, site_product_mean
from solver.sensitivity.noise.sites.patterns import SeenPair, SeenRow, SeenUnit, SiteKind, SitePatterns


class SiteMoments:
    """The moments of all units, by two resolutions; in units of sigma.

    Parameters
    ----------
    patterns : SitePatterns
    deviation : float
        sigma.
    rectified : bool
        Whether max(eta, 0) is added.
    resolutions : (SiteResolution, SiteResolution)
        That of the values, and another to compare with.
    """

    def __init__(
        self,
        patterns: SitePatterns,
        deviation: float,
        rectified: bool,
        resolutions: tuple[SiteResolution, SiteResolution] = (FINE, COARSE),
    ) -> None:
        self.patterns, self.deviation, self.rectified = patterns, deviation, rectified
        self.reach = min(each.reach for each in resolutions)
        self._known: dict[SeenUnit, np.ndarray] = {}
        self.sums = {resolution: SiteSums(resolution) for resolution in resolutions}

    @cached_property
    def changes(self) -> list[PiecewiseChange]:
        """The change of each kind of site."""
        return [self._change(kind) for kind in self.patterns.kinds]

    def _change(self, kind: SiteKind) -> PiecewiseChange:
        g, x = kind
        if not self.rectified:
            return change_around(g, x, self.deviation)
        moved = piecewise_linear(lambda rise: g(x + rise), [place - x for place in g.places])
        return change_around(chained(moved, RELU), 0, self.deviation)

    @cached_property
    def _steepness(self) -> np.ndarray:
        return np.array([each.steepness for each in self.changes])

    def calm(self, unit: SeenUnit) -> object:
        """Return the pre-activation without noise."""
        kinds = self.patterns.kinds
        constant = self.patterns.units.channels[unit.channel].constant
        return sum((kinds[i].response(kinds[i].pixel) for i in unit.row), constant)

    def change(self, unit: SeenUnit) -> PiecewiseChange:
        """Return F."""
        return change_around(self.patterns.units.activation, self.calm(unit), self.deviation)

    def changes_of(self, row: SeenRow, reach: float) -> tuple[PiecewiseChange, ...]:
        """Return sites whose sum is that of a row within a reach: those that are linear there are one Gaussian."""
        near = [self.changes[i].within(reach) for i in row]
        slope = float(np.hypot.reduce([each.slopes[0] for each in near if not each.knots]))
        bent = [each for each in near if each.knots]
        return (*bent, PiecewiseChange((), (slope,))) if slope else tuple(bent)

    def _law(self, row: SeenRow, sums: SiteSums) -> SumLaw:
        return sums.law(self.changes_of(row, sums.resolution.reach))

    def unit(self, unit: SeenUnit) -> np.ndarray:
        """Return E d and E d^2, each with its error: an array of shape (2, 2)."""
        if unit not in self._known:
            self._known[unit] = self._unit(unit)
        return self._known[unit]

    def _unit(self, unit: SeenUnit) -> np.ndarray:
        change = self.change(unit)
        fine, coarse = (
            self._law(unit.row, sums).moments(change, resolution.nodes) for resolution, sums in self.sums.items()
        )
        count, lost = len(unit.row), self._beyond(unit)
        scales = np.array([np.sqrt(abs(fine[1])), abs(fine[1])])
        return np.stack([fine, np.abs(fine - coarse) + 2 * count * np.array(lost) + _rounding(count) * scales], axis=-1)

    def product(self, pair: SeenPair) -> np.ndarray:
        """Return E d d' of two units that share sites, and its error.

        They share one site, or sites at which one response is the same multiple of the other's.
        """
        units = [seen_unit(pair, side) for side in (0, 1)]
        fine, coarse = (self._product(pair, units, sums) for sums in self.sums.values())
        count = sum(len(unit.row) for unit in units)
        lost, scale = (np.sqrt(np.prod([of(unit) for unit in units])) for of in (self._square_beyond, self._square))
        return np.array([fine, abs(fine - coarse) + 2 * count * lost + _rounding(count) * scale])

    def _square(self, unit: SeenUnit) -> float:
        return abs(float(self.unit(unit)[1, 0]))

    def _square_beyond(self, unit: SeenUnit) -> float:
        return self._beyond(unit)[1]

    def _product(self, pair: SeenPair, units: list[SeenUnit], sums: SiteSums) -> float:
        own, changes = [self._law(row, sums) for row in pair.own], [self.change(unit) for unit in units]
        if len(pair.shared) == 1:
            seen = [self.changes[i] for i in pair.shared[0]]
            return site_product_mean([*zip(own, changes, seen, strict=True)], sums.resolution)
        one, other = (self.patterns.kinds[i].response for i in pair.shared[0])
        common = self._law(tuple(i for i, _ in pair.shared), sums)
        ratios = [1.0, float(slope_ratio(one, other))]
        return product_mean(common, [*zip(own, changes, ratios, strict=True)], sums.resolution.nodes)

    def _beyond(self, unit: SeenUnit) -> tuple[float, float]:
        """Return what an event beyond the reach adds to E |d| and to E d^2 at most."""
        slopes, f, reach = self._steepness[list(unit.row)], self.change(unit).steepness, self.reach
        spread, mean, chance = float(np.hypot.reduce(slopes)), float(slopes.sum()), 2 * np.exp(-(reach**2) / 2)
        square = 2 * chance * (reach**2 * spread**2 + 2 * spread**2 + (spread + mean) ** 2)
        return chance * f * ((reach + 2) * spread + mean), f**2 * square


def _rounding(count: int) -> float:
    """Return the rounding of a law of so many sites, relative."""
    return EPSILON * (count + 1)


def seen_unit(pair: SeenPair, side: int) -> SeenUnit:
    """Return one unit of a pair."""
    return SeenUnit(pair.channels[side], tuple(sorted((*pair.own[side], *(both[side] for both in pair.shared)))))
