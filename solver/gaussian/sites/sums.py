"""Sums of independent sites: their laws, each kept, and means of what two of them do to what they share."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from solver.gaussian.sites.cells import panel_nodes
from solver.gaussian.sites.laws import EMPTY_SUM, SAME, SiteResolution, SumLaw, apart, joined_law, site_law
from solver.gaussian.sites.piecewise import PiecewiseChange


def knot_counts(changes: Iterable[PiecewiseChange], reach: float, most: int) -> list[int]:
    """Return at how many places the density of the first sites' sum is not analytic, for 1, 2, ... of them.

    Nothing is integrated; the list ends early, with a larger number, beyond ``most``.
    """
    atoms, knots, spread, counts = np.zeros(1), np.empty(0), 0.0, []
    for each in changes:
        one, spread = site_law(each, reach), float(np.hypot(spread, each.steepness))
        sums = [atoms[:, None] + one.jumps, knots[:, None] + one.jumps, knots[:, None] + one.places]
        knots = apart(np.concatenate([part.ravel() for part in sums]), SAME * spread)
        atoms = apart((atoms[:, None] + one.places).ravel(), SAME * spread)
        counts.append(len(atoms) + len(knots))
        if counts[-1] > most:
            break
    return counts


class SiteSums:
    """The laws of sums of sites, each made from that without its last site; ``operations`` counts the cells made.

    Sites come in order, so that sums of like sites share what they can.
    """

    def __init__(self, resolution: SiteResolution) -> None:
        self.resolution, self.operations = resolution, 0
        self._known: dict[tuple[PiecewiseChange, ...], SumLaw] = {(): EMPTY_SUM}

    def law(self, changes: tuple[PiecewiseChange, ...]) -> SumLaw:
        """Return the law of the sum of some sites."""
        if changes not in self._known:
            before = self.law(changes[:-1])
            found = joined_law(before, site_law(changes[-1], self.resolution.reach), self.resolution)
            self.operations += len(found.density.coefficients)
            self._known[changes] = found
        return self._known[changes]


def product_mean(common: SumLaw, sides: list[tuple[SumLaw, PiecewiseChange, float]], nodes: int) -> float:
    """Return E prod_j F_j(A_j + r_j B) of independent sums B (common) and A_j, F_j piecewise linear and 0 at 0."""
    breaks = [(knot - own.breaks) / ratio for own, change, ratio in sides for knot in change.knots]
    x, w, f = common.density.nodes(np.concatenate([np.empty(0), *breaks]), nodes)
    b, masses = np.concatenate([common.places, x]), np.concatenate([common.masses, w * f])
    values = np.ones_like(b)
    for own, change, ratio in sides:
        values *= own.shifted_mean(change, ratio * b)
    return float(masses @ values)


def site_product_mean(
    sides: list[tuple[SumLaw, PiecewiseChange, PiecewiseChange]], resolution: SiteResolution
) -> float:
    """Return E prod_j F_j(A_j + d_j(t)) over one standard normal t that both see, each through its own d_j."""
    reach = resolution.reach
    cuts = [np.arange(-reach, reach + resolution.panel, resolution.panel).clip(max=reach)]
    for own, change, seen in sides:
        inside = seen.within(reach)
        cuts.append(np.array(inside.knots))
        ends = np.array([-reach, *inside.knots, reach])
        marks = np.concatenate([np.empty(0), *(knot - own.breaks for knot in change.knots)])
        for n, a in enumerate(inside.slopes):
            if a != 0:
                t = ends[n] + (marks - inside(ends)[n]) / a
                cuts.append(t[(t > ends[n]) & (t < ends[n + 1])])
    t, w = panel_nodes(np.unique(np.concatenate(cuts)), resolution.nodes)
    values = np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi)
    for own, change, seen in sides:
        values = values * own.shifted_mean(change, seen(t))
    return float(w @ values)
