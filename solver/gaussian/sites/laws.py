r"""Laws of sums of independent sites d_i(t_i), t_i standard normal, d_i piecewise linear: atoms and a density.

Where d is flat the site has an atom, elsewhere a piece of a Gaussian density.  One site after another joins the sum:

    f'(x) = sum_a P(d = a) f(x - a) + sum_b P(S = b) f_d(x - b) + int f(x - d(t)) phi(t) dt,

the integral over the pieces of d that are not flat, cut wherever x - d(t) passes an edge of f.  f is analytic but at
sums of the places where a site has an atom or a jump, which become edges (`resolved_cells` adds others).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from scipy.special import ndtr

from solver.gaussian.chains.level_grids import unit_legendre
from solver.gaussian.sites.cells import CHUNK, PolynomialCells, resolved_cells
from solver.gaussian.sites.piecewise import PiecewiseChange

SAME = 1e-12
"""Places that differ by less, in units of the largest deviation, are one."""


@dataclass(frozen=True)
class SiteResolution:
    """How finely laws are resolved.

    Attributes
    ----------
    nodes : int
        Of a cell, and of a piece of an integral.
    tolerance : float
        Relative, of the last coefficients of a cell.
    reach, panel : float
        Of a standard normal number: how far it goes, and the longest piece of its density.
    """

    nodes: int
    tolerance: float
    reach: float
    panel: float


FINE = SiteResolution(nodes=20, tolerance=1e-15, reach=10.0, panel=1.5)
COARSE = SiteResolution(nodes=16, tolerance=1e-13, reach=9.0, panel=1.2)


@dataclass(frozen=True)
class SumLaw:
    """The law of a sum: atoms, and a density on cells.

    Attributes
    ----------
    places, masses : ndarray
        The atoms.
    density : PolynomialCells
    knots : ndarray
        Where the density is not analytic.
    mean : float
    spread : float
        sqrt(sum_i L_i^2) with the steepness L_i of each site: the sum has P(|S - E S| > u) <= 2 e^(-u^2 / 2 spread^2).
    """

    places: np.ndarray
    masses: np.ndarray
    density: PolynomialCells
    knots: np.ndarray
    mean: float
    spread: float

    @cached_property
    def breaks(self) -> np.ndarray:
        """Atoms and edges: where a function of the sum plus a number can change its form."""
        return np.concatenate([self.places, self.density.edges])

    @cached_property
    def _integrals(self) -> tuple[PolynomialCells, ...]:
        """The second integrals of the density from the left and from the right."""
        if len(self.density.edges) < 2:
            return ()
        return self.density.integral().integral(), self.density.integral(True).integral(True)

    def shortfall(self, y: np.ndarray, side: int = 1) -> np.ndarray:
        """Return E(y - S)+, or with side -1 E(S - y)+."""
        total = (np.maximum(side * (y[..., None] - self.places), 0) * self.masses).sum(axis=-1)
        if self._integrals:
            edges, found = self.density.edges, self._integrals[side < 0]
            far = edges[-1 if side > 0 else 0]
            mass, moment = self._moments
            total += np.where(side * (y - far) > 0, side * (y * mass - moment), found(y))
        return np.asarray(total)

    @cached_property
    def _moments(self) -> tuple[float, float]:
        """The mass of the density, and its first moment."""
        x, w, f = self.density.nodes(np.empty(0), self.density.coefficients.shape[1])
        return float(w @ f), float(w @ (f * x))

    def shifted_mean(self, change: PiecewiseChange, b: np.ndarray) -> np.ndarray:
        """Return E F(b + S) of a piecewise linear F that is 0 at 0."""
        side = int(np.searchsorted(change.knots, 0.0))
        total = change.slopes[side] * (b + self.mean)
        for n, knot in enumerate(change.knots):
            jump = change.slopes[n + 1] - change.slopes[n]
            total = total + jump * self.shortfall(knot - b, -1 if n >= side else 1)
        return np.asarray(total)

    def moments(self, change: PiecewiseChange, nodes: int) -> np.ndarray:
        """Return E F(S) and E F(S)^2."""
        x, w, f = self.density.nodes(np.array(change.knots), nodes)
        values = np.concatenate([change(self.places), change(x)])
        masses = np.concatenate([self.masses, w * f])
        return np.array([masses @ values, masses @ values**2])


EMPTY_SUM = SumLaw(np.zeros(1), np.ones(1), PolynomialCells(np.empty(0), np.empty((0, 1))), np.empty(0), 0.0, 0.0)


@dataclass(frozen=True)
class SiteLaw:
    """The law of one site d(t): atoms, and pieces from t to t' of slope a that start at u; ``jumps`` where d bends."""

    places: np.ndarray
    masses: np.ndarray
    jumps: np.ndarray
    pieces: list[tuple[float, float, float, float]]
    mean: float
    steepness: float

    @cached_property
    def ends(self) -> np.ndarray:
        """The values at both ends of each piece."""
        return np.array([v for t, end, a, u in self.pieces for v in (u, u + a * (end - t))])

    def density(self, x: np.ndarray) -> np.ndarray:
        """Return the density of the pieces."""
        total = np.zeros_like(x)
        for start, end, a, u in self.pieces:
            t = start + (x - u) / a
            total += np.where((t >= start) & (t <= end), np.exp(-(t**2) / 2), 0) / (abs(a) * np.sqrt(2 * np.pi))
        return total


@cache
def site_law(change: PiecewiseChange, reach: float) -> SiteLaw:
    """Return the law of d(t), |t| < reach."""
    inside = change.within(reach)
    ends = np.array([-reach, *inside.knots, reach])
    values, chance = inside(ends), np.diff(ndtr(ends))
    places, masses, pieces, mean = [], [], [], 0.0
    density = np.exp(-(ends**2) / 2) / np.sqrt(2 * np.pi)
    for n, a in enumerate(inside.slopes):
        mean += (values[n] - a * ends[n]) * chance[n] + a * (density[n] - density[n + 1])
        if a == 0:
            places.append(values[n])
            masses.append(_between(ends[n], ends[n + 1]))
        else:
            pieces.append((float(ends[n]), float(ends[n + 1]), a, float(values[n])))
    return SiteLaw(np.array(places), np.array(masses), values[1:-1], pieces, float(mean), inside.steepness)


def _between(low: float, high: float) -> float:
    """Return P(low < t < high), from the side on which nothing cancels."""
    return float(ndtr(high) - ndtr(low) if low < 0 else ndtr(-low) - ndtr(-high))


def joined_law(law: SumLaw, one: SiteLaw, resolution: SiteResolution) -> SumLaw:
    """Return the law of S + d(t); costs (points) (edges and panels) (nodes) evaluations of the density of S."""
    spread = float(np.hypot(law.spread, one.steepness))
    mean = law.mean + one.mean
    places, masses = _merged(law.places, law.masses, one.places, one.masses, SAME * spread)
    reach = resolution.reach * spread
    low, high = _support(law, one)
    low, high = max(low, mean - reach), min(high, mean + reach)
    knots = [law.places[:, None] + one.jumps, law.knots[:, None] + one.jumps, law.knots[:, None] + one.places]
    inside = apart(np.concatenate([each.ravel() for each in knots]), SAME * spread)
    inside = inside[(inside >= low) & (inside <= high)]
    edges = apart(np.concatenate([[low, high], inside]), SAME * spread)
    if len(edges) < 2:
        return SumLaw(places, masses, EMPTY_SUM.density, EMPTY_SUM.knots, mean, spread)

    def density(x: np.ndarray) -> np.ndarray:
        total = np.zeros_like(x)
        for place, mass in zip(law.places, law.masses, strict=True):
            total += mass * one.density(x - place)
        for place, mass in zip(one.places, one.masses, strict=True):
            total += mass * law.density(x - place)
        return total + _convolved(law.density, one, x.ravel(), resolution).reshape(x.shape)

    cells = resolved_cells(density, edges, nodes=resolution.nodes, tolerance=resolution.tolerance)
    return SumLaw(places, masses, cells, inside, mean, spread)


def _support(law: SumLaw, one: SiteLaw) -> tuple[float, float]:
    """Return between which numbers S + d(t) has a density."""
    edges = law.density.edges
    dense = [edges[0], edges[-1]] if len(edges) else []
    ours, theirs = [*law.places, *dense], [*one.places, *one.ends]
    sums = [s + d for s in ours for d in one.ends] + [s + d for s in dense for d in theirs]
    return (min(sums), max(sums)) if sums else (0.0, 0.0)


def _convolved(density: PolynomialCells, one: SiteLaw, x: np.ndarray, resolution: SiteResolution) -> np.ndarray:
    """Return int f(x - d(t)) phi(t) dt over the pieces of d that are not flat."""
    total = np.zeros(len(x))
    if len(density.edges) < 2:
        return total
    nodes, weights = unit_legendre(resolution.nodes)
    for start, end, a, u in one.pieces:
        panels = np.linspace(start, end, int(np.ceil((end - start) / resolution.panel)) + 1)
        rows = max(1, CHUNK // (len(nodes) * (len(density.edges) + len(panels))))
        for first in range(0, len(x), rows):
            part = x[first : first + rows]
            crossings = start + (part[:, None] - u - density.edges) / a
            low, high = crossings.min(axis=1), crossings.max(axis=1)
            low, high = np.clip(low, start, end), np.clip(high, start, end)
            cuts = np.concatenate([crossings, np.broadcast_to(panels, (len(part), len(panels)))], axis=1)
            cuts = np.sort(np.clip(cuts, low[:, None], high[:, None]), axis=1)
            lengths = np.diff(cuts, axis=1)
            owner, at = np.nonzero(lengths > 1e-14)
            t = cuts[owner, at, None] + lengths[owner, at, None] * nodes
            values = density(part[owner, None] - u - a * (t - start)) * np.exp(-(t**2) / 2)
            pieces = (values @ weights) * lengths[owner, at] / np.sqrt(2 * np.pi)
            total[first : first + rows] += np.bincount(owner, pieces, minlength=len(part))
    return total


def _merged(
    places: np.ndarray, masses: np.ndarray, others: np.ndarray, shares: np.ndarray, width: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the atoms of a sum, those at one place as one."""
    where = (places[:, None] + others).ravel()
    mass = (masses[:, None] * shares).ravel()
    order = np.argsort(where)
    where, mass = where[order], mass[order]
    new = np.diff(where, prepend=-np.inf) > width
    group = np.cumsum(new) - 1
    return where[new], np.bincount(group, mass, minlength=int(new.sum()))


def apart(numbers: np.ndarray, width: float) -> np.ndarray:
    """Return numbers in order, of those closer than a width only one."""
    ordered = np.sort(numbers)
    return ordered[np.diff(ordered, prepend=-np.inf) > width]
