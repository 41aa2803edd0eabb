r"""Densities of sums of rectified Gaussians, by Taylor steps (derivation: derivations/stepped_sums.py).

Let g_k be the density of N(mu_k, s_k^2) on (0, inf), and h_a the convolution of a_k of them for each k, and of
N(0, v) if v > 0.  Transforms turn g' = -(x - mu) g / s^2 into one linear equation for each h_a:

    V_a h_a' = (M_a - x) h_a + sum_k a_k s_k^2 g_k(0) h_(a - e_k),    V_a = v + sum a_k s_k^2,  M_a = sum a_k mu_k,

so that each Taylor coefficient about a centre follows from those before it.  Three errors are bounded and go into the
balls: what the Taylor series leave out, by the recursion with absolute values; what a step inherits, which the equation
damps or amplifies as it does e^(-(x - M)^2 / 2V); and the functions that are left out where N(M_a, V_a), which is
nowhere below h_a, is small.  Lengths are in units in which a panel reaches 1 to both sides.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import product
from math import comb, prod
from typing import NamedTuple

from flint import arb, arb_poly

from solver.gaussian.balls import normal_cdf, normal_density, rational_ball
from solver.gaussian.steps.recursion import StepEquation, taylor_coefficients
from solver.gaussian.steps.tails import Kind, Sum, nats_of

ALONE = 10
"""How many products within polynomials a product of two numbers costs."""


class StepPoint(NamedTuple):
    """At a point all h_a, as numbers with their errors apart, and their integrals and second integrals up to it."""

    densities: list[arb]
    errors: list[arb]
    masses: list[arb]
    shortfalls: list[arb]


class TaylorPanel(NamedTuple):
    """Taylor polynomials of all h_a about a point, good to within ``errors`` up to a distance of 1."""

    point: StepPoint
    series: list[arb_poly]
    tail: arb
    rows: list[StepEquation | None]
    pushed: list[arb]
    """What functions left out, and errors at the point, add to each equation, but for its own solution's growth."""
    errors: list[arb]
    """Of the functions before their series are cut off: the tail comes on top."""


class SteppedLaws:
    """The laws of all sums of some kinds, each up to a number of times, and of one Gaussian.

    Parameters
    ----------
    law : Sum
        The largest of them.
    tolerance : arb
        Of each density; the balls say what was reached.

    Notes
    -----
    A panel costs O(order) products for each of prod_k (n_k + 1) functions; ``operations`` counts them.
    """

    def __init__(self, law: Sum, tolerance: arb) -> None:
        self.law, self.operations = law, 0
        spare = arb(20 + 1.5 * max(2 * nats_of(tolerance), 0.0) ** 0.5 + law.growth)
        self.tolerance = tolerance * (-spare).exp()
        self.kinds, self.counts = list(Counter(law.near)), Counter(law.near)
        self.indices = list(product(*(range(self.counts[kind] + 1) for kind in self.kinds)))
        self._place = {a: i for i, a in enumerate(self.indices)}
        self.means = [sum((n * k.mean for n, k in self._named(a)), Fraction(0)) for a in self.indices]
        self.variances = [sum((n * k.variance for n, k in self._named(a)), law.spread) for a in self.indices]
        self.starts = [_density(kind.mean, kind.variance) for kind in self.kinds]
        self._nodes: dict[int, TaylorPanel] = {}
        self.panel = cache(self._panel_about)
        self.density = cache(self._density_about)
        self.shortfall = cache(self._shortfall_about)
        self.shares = cache(self._shares_of)

    def _named(self, index: tuple[int, ...]) -> zip[tuple[int, Kind]]:
        return zip(index, self.kinds, strict=True)

    def _panel_about(self, centre: Fraction) -> TaylorPanel:
        node = self._node(round(centre))
        at = centre - round(centre)
        return node if at == 0 else self._expanded(centre, self._moved(node, at, node.errors))

    def _density_about(self, near: tuple[Kind, ...], centre: Fraction) -> arb_poly:
        """Return the density of a sum without its atom, as a polynomial in x - centre."""
        panel, total = self.panel(centre), arb_poly([0])
        for i, weight in self.shares(near):
            total += weight * (panel.series[i] + arb(0, (panel.errors[i] + panel.tail).upper()))
        return total

    def _shortfall_about(self, near: tuple[Kind, ...], centre: Fraction) -> arb_poly:
        """Return E(y - S)+ as a polynomial in y - centre."""
        point, shares = self.panel(centre).point, self.shares(near)
        value, slope = (
            sum((w * numbers[i] for i, w in shares), arb(0)) for numbers in (point.shortfalls, point.masses)
        )
        return arb_poly([value, slope]) + self.density(near, centre).integral().integral()

    def _shares_of(self, near: tuple[Kind, ...]) -> list[tuple[int, arb]]:
        """Return which functions make up the law of a sum, by how many of its terms are positive."""
        counts, shares = Counter(near), []
        atoms = [normal_cdf(-rational_ball(k.mean) / rational_ball(k.variance).sqrt()) for k in self.kinds]
        for i, a in enumerate(self.indices):
            if all(n <= counts[k] for n, k in self._named(a)):
                factors = [
                    comb(counts[k], n) * p ** (counts[k] - n) for (n, k), p in zip(self._named(a), atoms, strict=True)
                ]
                shares.append((i, prod(factors, start=arb(1))))
        return shares

    def _node(self, number: int) -> TaylorPanel:
        """Return the panel about a whole number, after all between it and 0."""
        if number not in self._nodes:
            side = (number > 0) - (number < 0)
            self._nodes[number] = self._expanded(
                Fraction(number), self._entered(number, side) if side else self._start()
            )
        return self._nodes[number]

    def _entered(self, number: int, side: int) -> StepPoint:
        """Return the values at a node, from those at its neighbour towards 0.

        Errors follow the equation: with rho = e^(-(x - M)^2 / 2V) one at c is multiplied by rho(c + side) / rho(c), one
        that is pushed in on the way by no more than max(1, e^(side (M - c) / V)).
        """
        for n in range(0, number, side):
            self._node(n)
        panel = self._nodes[number - side]
        drifts = [side * row.drift for row in panel.rows if row is not None]
        swelling = max((drift.exp().upper() for drift in drifts if drift > 0), default=arb(1))
        errors = panel.errors[:]
        for i, row in enumerate(panel.rows):
            if row is not None:
                kept = (side * row.drift - row.pull / 2).exp() * panel.point.errors[i]
                errors[i] = kept + swelling * panel.pushed[i] + panel.tail
        return self._moved(panel, Fraction(side), errors, tail=False)

    def _moved(self, panel: TaylorPanel, at: Fraction, errors: list[arb], tail: bool = True) -> StepPoint:
        """Return the values at a distance from the centre of a panel, of known errors."""
        x, point = rational_ball(at), panel.point
        densities = [series(x) for series in panel.series]
        masses, shortfalls = [], []
        for i, series in enumerate(panel.series):
            whole = (series + arb(0, (panel.errors[i] + panel.tail).upper())).integral()
            masses.append(point.masses[i] + whole(x))
            shortfalls.append(point.shortfalls[i] + point.masses[i] * x + whole.integral()(x))
        return _apart(densities, [e + panel.tail for e in errors] if tail else errors, masses, shortfalls)

    def _start(self) -> StepPoint:
        """Return everything at 0, where the atom counts as lying below."""
        if self.law.spread:
            return self._start_with_gaussian()
        first = [sum(a) == 1 for a in self.indices]
        densities = [self.starts[a.index(1)] if alone else arb(0) for a, alone in zip(self.indices, first, strict=True)]
        zeros = [arb(0) for _ in self.indices]
        return _apart(densities, zeros, [arb(not any(a)) for a in self.indices], zeros)

    def _start_with_gaussian(self) -> StepPoint:
        """Return everything at 0 as means over the rectified part u, of what the Gaussian has at -u.

        Beyond ``end`` they are nowhere larger than there, and the mass of the rectified part is at most 1.
        """
        alone = SteppedLaws(Sum((), self.law.spread), self.tolerance) if self.kinds else None
        s = rational_ball(self.law.spread).sqrt()
        numbers = [[_density(Fraction(0), self.law.spread)], [arb(1) / 2], [s * normal_density(arb(0))]]
        if alone is not None:
            part = SteppedLaws(Sum(self.law.near, Fraction(0)), self.tolerance)
            end = 2 * (int((2 * nats_of(self.tolerance) * float(self.law.spread)) ** 0.5 / 2) + 1)
            functions = [[reversed_series(f) for f in alone.at(Fraction(-c))] for c in range(1, end, 2)]
            rest = [arb(f(arb(1)).abs_upper()) for f in functions[-1]]
            for i in range(1, len(self.indices)):
                for n, column in enumerate(numbers):
                    total = arb(0, rest[n].upper())
                    for c, values in zip(range(1, end, 2), functions, strict=True):
                        panel = part.panel(Fraction(c))
                        h = panel.series[i] + arb(0, (panel.errors[i] + panel.tail).upper())
                        total += integral(h * values[n], Fraction(-1), Fraction(1))
                    column.append(total)
            self.operations += part.operations + alone.operations
        return _apart(numbers[0], [arb(0) for _ in self.indices], numbers[1], numbers[2])

    def at(self, centre: Fraction) -> tuple[arb_poly, arb_poly, arb_poly]:
        """Return the density of the Gaussian alone, its integral and its second integral, as polynomials."""
        density, mass = self.density((), centre), self.panel(centre).point.masses[0]
        return density, density.integral() + mass, self.shortfall((), centre)

    def _expanded(self, centre: Fraction, point: StepPoint) -> TaylorPanel:
        """Return the Taylor polynomials from the values at a point.

        Where no solution grows by more than e^(kappa |x - c|), errors F_i at most, with F_i that at the point and those
        that sources push in, sum_j c_j F_j, are at most F_i e^kappa on the panel.
        """
        largest = [self._largest(i, centre) for i in range(len(self.indices))]
        rows = [None if self._is_small(i, centre, b) else self._row(i, centre) for i, b in enumerate(largest)]
        coefficients, tail = taylor_coefficients(rows, point.densities, self.tolerance)
        for row, own in zip(rows, coefficients, strict=True):
            self.operations += ALONE * len(own) * (2 + len(row.sources)) if row else 0
        inherited, pushed = largest[:], largest[:]
        for i, row in enumerate(rows):
            if row is not None:
                pushed[i] = sum((c * inherited[j] for j, c in row.sources), arb(0))
                inherited[i] = arb((point.errors[i] + pushed[i]).upper())
        growth = max((abs(row.drift).exp().upper() for row in rows if row is not None), default=arb(1))
        errors = [e if row is None else arb((growth * e).upper()) for e, row in zip(inherited, rows, strict=True)]
        return TaylorPanel(point, [arb_poly(c) for c in coefficients], tail, rows, pushed, errors)

    def _row(self, i: int, centre: Fraction) -> StepEquation:
        """Return the equation of a function about a point."""
        a, variance = self.indices[i], self.variances[i]
        sources = []
        for k, n in enumerate(a):
            if n and (self.law.spread or sum(a) > 1):
                j = self._place[(*a[:k], n - 1, *a[k + 1 :])]
                sources.append((j, rational_ball(n * self.kinds[k].variance / variance) * self.starts[k]))
        return StepEquation(rational_ball((self.means[i] - centre) / variance), rational_ball(1 / variance), sources)

    def _largest(self, i: int, centre: Fraction) -> arb:
        """Return the largest value of N(M, V) on a panel, which no h exceeds."""
        if not self.variances[i]:
            return arb(0)
        return _density(max(abs(centre - self.means[i]) - 1, Fraction(0)), self.variances[i])

    def _is_small(self, i: int, centre: Fraction, largest: arb) -> bool:
        """Return whether a function is left out: it is the atom, or small from here on, seen from 0."""
        leaving = centre * (centre - self.means[i]) > 0
        return not self.variances[i] or bool(leaving and largest < self.tolerance)


def integral(function: arb_poly, start: Fraction, end: Fraction) -> arb:
    """Return the integral of a polynomial whose coefficients may vary within their balls: the radii add up."""
    whole = function.integral()
    return whole(rational_ball(end)) - whole(rational_ball(start))


def reversed_series(function: arb_poly) -> arb_poly:
    """Return the polynomial at -x, as one in x."""
    return arb_poly([-c if n % 2 else c for n, c in enumerate(function.coeffs())])


def _density(distance: Fraction, variance: Fraction) -> arb:
    s = rational_ball(variance).sqrt()
    return normal_density(rational_ball(distance) / s) / s


def _apart(densities: list[arb], errors: list[arb], masses: list[arb], shortfalls: list[arb]) -> StepPoint:
    """Return a point whose densities are numbers, their radii among the errors."""
    errors = [arb((e + d.rad()).upper()) for d, e in zip(densities, errors, strict=True)]
    return StepPoint([arb(d.mid()) for d in densities], errors, masses, shortfalls)
