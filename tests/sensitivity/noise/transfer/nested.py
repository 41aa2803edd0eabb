"""The other route to noise rectified twice: nested quadrature over the jointly Gaussian sites that units see.

It knows no levels, no shortfalls and no transfer operator: the change a - a0 of a unit is integrated as it stands, site
by site over Gauss-Legendre panels between kinks, and over the last site, given the others, by elementary integrals of a
piecewise linear function.  Squares and products of changes are integrated, so that nothing cancels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise

import numpy as np
from scipy.special import ndtr

REACH = 9.0
"""Standard deviations that each integral covers; the tail beyond is below 1e-18."""
X, W = np.polynomial.legendre.leggauss(12)


@dataclass(frozen=True)
class Unit:
    """a = (sum_i weights[i] r_i + bias)+ with r_i = (means[i] + z_i)+, or means[i] + (z_i)+ if it is ``added``."""

    weights: tuple[float, ...]
    means: tuple[float, ...]
    bias: float
    added: bool = False

    @property
    def lowest(self) -> list[float]:
        """The least r_i."""
        return [m if self.added else 0.0 for m in self.means]

    @property
    def starts(self) -> list[float]:
        """The noises from which on r_i rises."""
        return [0.0 if self.added else -m for m in self.means]

    @property
    def calm(self) -> float:
        """The unit without noise, a0."""
        return max(
            self.bias + sum(w * max(m, r) for w, m, r in zip(self.weights, self.means, self.lowest, strict=True)), 0
        )

    def site(self, i: int, z: np.ndarray) -> np.ndarray:
        """Return r_i."""
        return self.lowest[i] + np.maximum(z - self.starts[i], 0)

    def cut(self, i: int, total: float) -> float:
        """Return the noise of site i at which the unit is cut if later sites do not rise; ``total`` comes before it."""
        rest = sum(w * r for w, r in zip(self.weights[i:], self.lowest[i:], strict=True))
        return self.starts[i] - (total + rest) / self.weights[i]


def law(taps: tuple[float, ...], sites: Iterable[int], deviation: float) -> np.ndarray:
    """Return the Cholesky factor of the covariances of some sites of a moving average."""
    k, at = deviation * np.array(taps), list(sites)
    lags = [float(k[: len(k) - r] @ k[r:]) if r < len(k) else 0.0 for r in range(max(at) + 1)]
    return np.linalg.cholesky([[lags[abs(i - j)] for j in at] for i in at])


def panels(kinks: Iterable[float], stretches: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes of a standard normal number between kinks, and their weights, its density among them."""
    ends = sorted({*np.linspace(-REACH, REACH, stretches + 1), *(k for k in kinks if -REACH < k < REACH)})
    x = np.concatenate([(a + b) / 2 + (b - a) / 2 * X for a, b in pairwise(ends)])
    return x, np.concatenate([(b - a) / 2 * W for a, b in pairwise(ends)]) * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def change(unit: Unit, root: np.ndarray) -> np.ndarray:
    """Return E (a - a0) and E (a - a0)^2."""
    count = len(unit.weights)

    def from_site(i: int, before: list[float], total: float) -> np.ndarray:
        drift, sd = float(root[i, :i] @ np.array(before)), float(root[i, i])
        if i == count - 1:
            return _over_last(unit, total, drift, sd)
        nodes, measure = panels(((z - drift) / sd for z in (unit.starts[i], unit.cut(i, total))), stretches=18)
        rises = unit.weights[i] * unit.site(i, drift + sd * nodes)
        inner = [from_site(i + 1, [*before, e], total + r) for e, r in zip(nodes, rises, strict=True)]
        return measure @ np.array(inner)

    return from_site(0, [], unit.bias)


def _over_last(unit: Unit, total: float, drift: float, sd: float) -> np.ndarray:
    """Return E (a - a0) and its square's over the last site, of noise drift + sd e."""
    weight, start = unit.weights[-1], (unit.starts[-1] - drift) / sd
    low, slope = total + weight * unit.lowest[-1], weight * sd
    cut = max(start - low / slope, start)
    on, off = (low - slope * start - unit.calm, slope), (-unit.calm, 0.0)
    first, second = (off, on) if slope > 0 else (on, off)
    pieces = [(-np.inf, start, max(low, 0.0) - unit.calm, 0.0), (start, cut, *first), (cut, np.inf, *second)]
    return sum((_moments(*piece) for piece in pieces), np.zeros(2))


def _moments(a: float, b: float, c: float, k: float) -> np.ndarray:
    """Return the integrals of (c + k e) phi(e) and of its square from a to b."""
    if a >= b:
        return np.zeros(2)
    if b - a < 1:  # by quadrature, where the elementary terms would cancel
        x = (a + b) / 2 + (b - a) / 2 * X
        weights = (b - a) / 2 * W * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
        return np.array([weights @ (c + k * x), weights @ (c + k * x) ** 2])
    mass = ndtr(b) - ndtr(a) if a < 0 else ndtr(-a) - ndtr(-b)
    p, q = (np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi) for t in (a, b))
    second = mass + (0.0 if np.isinf(a) else a * p) - (0.0 if np.isinf(b) else b * q)
    return np.array([c * mass + k * (p - q), c * c * mass + 2 * c * k * (p - q) + k * k * second])


def joint_change(one: Unit, other: Unit, lag: int, taps: tuple[float, ...], deviation: float) -> float:
    """Return E (a - a0) (b - b0) of two units of two sites, positive weights, the second ``lag`` > 0 sites ahead."""
    root = law(taps, (0, 1, 2) if lag == 1 else (0, 1, lag, lag + 1), deviation)
    kinks = [one.starts[0], one.cut(0, one.bias)]
    if lag == 1 and len(taps) == 1:  # where the first unit starts at a kink of the second
        starts = (max(z - one.starts[1], 0.0) for z in (other.starts[0], other.cut(0, other.bias)))
        kinks += [one.cut(0, one.bias + one.weights[1] * r) for r in starts]
    nodes, measure = panels(z / root[0, 0] for z in kinks)
    return float(measure @ np.array([_given_first(one, other, root, float(e)) for e in nodes]))


def _given_first(one: Unit, other: Unit, root: np.ndarray, e: float) -> float:
    total, drift, sd = (
        one.bias + one.weights[0] * float(one.site(0, root[0, 0] * np.array(e))),
        root[1, 0] * e,
        root[1, 1],
    )
    kinks = [one.starts[1], one.cut(1, total)] + ([other.cut(0, other.bias)] if len(root) == 3 else [])
    x, measure = panels((z - drift) / sd for z in kinks)
    changes = np.maximum(total + one.weights[1] * one.site(1, drift + sd * x), 0) - one.calm
    if len(root) == 3:
        rises = other.weights[0] * other.site(0, drift + sd * x)
        return float(
            measure @ (changes * _mean_of_last(other, other.bias + rises, root[2, 0] * e + root[2, 1] * x, root[2, 2]))
        )
    inner = []
    for f in x:
        middle = root[2, 0] * e + root[2, 1] * f
        y, weights = panels((z - middle) / root[2, 2] for z in (other.starts[0], other.cut(0, other.bias)))
        rises = other.weights[0] * other.site(0, middle + root[2, 2] * y)
        last = root[3, 0] * e + root[3, 1] * f + root[3, 2] * y
        inner.append(weights @ _mean_of_last(other, other.bias + rises, last, root[3, 3]))
    return float(measure @ (changes * np.array(inner)))


def _mean_of_last(unit: Unit, total: np.ndarray, drift: np.ndarray, sd: float) -> np.ndarray:
    """Return E (a - a0) over the last site, of positive weight, for arrays of what comes before it."""
    weight, low = unit.weights[-1], total + unit.weights[-1] * unit.lowest[-1]
    a = (drift - unit.starts[-1] - np.maximum(-low, 0) / weight) / sd
    rise = a * ndtr(a) + np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi)
    return np.maximum(low, 0) + weight * sd * rise - unit.calm


@dataclass(frozen=True)
class Ring:
    """Units of one window on a ring of two-pixel images, all equally likely, under noise of some deviation a site.

    ``taps`` and ``bias`` are those of the first layer; with ``added`` there is none and noise comes rectified.
    """

    length: int
    taps: tuple[float, ...]
    bias: float
    weights: tuple[float, ...]
    level: float
    deviation: float
    added: bool = False

    def units(self) -> list[list[Unit]]:
        """Return the units of every image, from site to site."""
        images = []
        for pair in combinations(range(self.length), 2):
            x = [float(p in pair) for p in range(self.length)]
            sums = [
                self.bias + sum(w * x[(p + j) % self.length] for j, w in enumerate(self.taps))
                for p in range(self.length)
            ]
            means = x if self.added else sums
            seen = ([means[(p + j) % self.length] for j in range(len(self.weights))] for p in range(self.length))
            images.append([Unit(self.weights, tuple(each), -self.level, self.added) for each in seen])
        return images

    def layer(self) -> tuple[float, float]:
        """Return the response of the layer and its coherent part."""
        root = law(self.taps, range(len(self.weights)), self.deviation)
        known = cache(lambda unit: change(unit, root))
        changes = np.array([[known(unit) for unit in units] for units in self.units()])
        return float(changes[..., 1].sum(axis=1).mean()), float((changes[..., 0] ** 2).sum(axis=1).mean())

    def mean(self) -> tuple[float, float]:
        """Return the response of the mean over the units, of windows of two sites, and its coherent part."""
        root, near = law(self.taps, (0, 1), self.deviation), len(self.taps) + 1
        alone = cache(lambda unit: change(unit, root))
        pair = cache(lambda one, other, lag: joint_change(one, other, lag, self.taps, self.deviation))
        total = coherent = 0.0
        images = self.units()
        for units in images:
            means, squares = np.array([alone(unit) for unit in units]).T
            coherent += means.sum() ** 2
            total += squares.sum()
            for p, lag in ((p, lag) for p in range(self.length) for lag in range(1, self.length)):
                q = (p + lag) % self.length
                if lag < near:
                    total += 2 * pair(units[p], units[q], lag)
                elif self.length - lag >= near:
                    total += means[p] * means[q]
        return total / len(images) / self.length**2, coherent / len(images) / self.length**2
