"""Windows of two pixels by nested quadrature: the inner pixel in closed form piece by piece, the outer by panels.

Own formulas throughout, in floats; of the package it reads the weights alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise, product
from typing import Any

import numpy as np
from scipy.special import ndtr

FAR = 12.0
KINKS: dict[str, list[float]] = {"relu": [0.0], "hardtanh": [-1.0, 1.0]}
X, W = np.polynomial.legendre.leggauss(16)


def activation(name: str, z: Any) -> Any:
    return np.maximum(z, 0.0) if name == "relu" else np.clip(z, -1.0, 1.0)


def density(t: Any) -> Any:
    return np.exp(-t * t / 2) / np.sqrt(2 * np.pi)


def moments(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, ...]:
    """int t^k phi(t) dt from low to high, k = 0, 1, 2."""
    mass = np.where(low < 0, ndtr(high) - ndtr(low), ndtr(-low) - ndtr(-high))
    a, b = density(low), density(high)
    return mass, a - b, mass + low * a - high * b


class TwoPixels:
    """A network of a layer of one-tap channels, then one of two taps, on a ring; noise of deviation s."""

    def __init__(self, network: Any, deviation: float, rectified: bool) -> None:
        first, second = network.layers
        self.s, self.rectified, self.inner, self.act = deviation, rectified, first.activation, second.activation
        self.first = [(float(c[0][0]), float(b)) for c, b in zip(first.filters, first.bias, strict=True)]
        self.second = [[[float(w) for w in taps] for taps in channel] for channel in second.filters]
        self.bias = [float(b) for b in second.bias]
        self.change, self.product = cache(self._change), cache(self._product)

    def site(self, c: int, o: int, x: float, t: Any) -> Any:
        """g(x + eta)."""
        y = x + self.s * (np.maximum(t, 0.0) if self.rectified else t)
        pairs = zip(self.second[c], self.first, strict=True)
        return sum(k[o] * activation(self.inner, w * y + b) for k, (w, b) in pairs)

    def bends(self, x: float) -> list[float]:
        """Where g bends, in t, and the ends."""
        ys = [(kink - b) / w for w, b in self.first for kink in KINKS[self.inner]]
        ts = [(y - x) / self.s for y in ys] + ([0.0] if self.rectified else [])
        return [-FAR, *sorted(t for t in ts if abs(t) < FAR), FAR]

    def calm(self, c: int, x: tuple[float, ...]) -> Any:
        return activation(self.act, sum(self.site(c, o, x[o], 0.0) for o in (0, 1)) + self.bias[c])

    def given(self, c: int, o: int, x: float, other: np.ndarray, calm: float, power: int) -> np.ndarray:
        """E (a - a0)^power over pixel o, the other one adding ``other``: closed form on each piece."""
        total = np.zeros_like(other)
        for low, high in pairwise(self.bends(x)):
            u, v = self.site(c, o, x, low), self.site(c, o, x, high)
            slope = (v - u) / (high - low) if high > low and abs(v - u) > 1e-13 * (abs(u) + abs(v)) else 0.0
            rise = [(kink - self.bias[c] - other - u) / slope if slope else 0 * other for kink in KINKS[self.act]]
            cuts = np.sort([np.clip(low + r, low, high) for r in rise], axis=0)
            ends = [np.full_like(other, low), *cuts, np.full_like(other, high)]
            for a, b in pairwise(ends):
                middle = (a + b) / 2
                z = u + slope * (middle - low) + other + self.bias[c]
                f = activation(self.act, z) - calm
                active = (z > 0) if self.act == "relu" else (abs(z) < 1)
                k = slope * active
                f0, m = f - k * middle, moments(a, b)
                part = f0 * m[0] + k * m[1] if power == 1 else f0 * f0 * m[0] + 2 * f0 * k * m[1] + k * k * m[2]
                total += np.where(b > a, part, 0.0)
        return total

    def over(self, function: Callable[[Any], Any], x: float, crossings: list[float]) -> float:
        """The mean of a function of t that bends where g does, and at crossings."""
        marks = [*self.bends(x), *np.arange(-FAR, FAR, 0.1), *(t for t in crossings if abs(t) < FAR)]
        ends = np.unique(marks)
        t = (ends[:-1, None] + np.diff(ends)[:, None] * (X + 1) / 2).ravel()
        w = (np.diff(ends)[:, None] * W / 2).ravel()
        return float((w * density(t)) @ function(t))

    def crossings(self, c: int, o: int, x: float, y: float) -> list[float]:
        """Where pixel o, of value x, takes a unit across a kink while the other one, of value y, sits at a bend."""
        found = []
        for low, high in pairwise(self.bends(x)):
            u, v = self.site(c, o, x, low), self.site(c, o, x, high)
            for t in self.bends(y):
                for kink in KINKS[self.act]:
                    rest = kink - self.bias[c] - self.site(c, 1 - o, y, t)
                    if u != v and min(u, v) < rest < max(u, v):
                        found.append(low + (rest - u) / (v - u) * (high - low))
        return found

    def _change(self, c: int, x: tuple[float, float], power: int) -> float:
        """E (a - a0)^power of a unit."""
        calm = self.calm(c, x)
        marks = self.crossings(c, 0, x[0], x[1])
        return self.over(lambda t: self.given(c, 1, x[1], self.site(c, 0, x[0], t), calm, power), x[0], marks)

    def _product(self, c: int, d: int, x: tuple[float, float, float]) -> float:
        """E (a - a0)(a' - a0') of a unit of channel c, and of one of channel d one site ahead."""
        calm, there = self.calm(c, x[:2]), self.calm(d, x[1:])

        def both(t: Any) -> Any:
            left = self.given(c, 0, x[0], self.site(c, 1, x[1], t), calm, 1)
            return left * self.given(d, 1, x[2], self.site(d, 0, x[1], t), there, 1)

        return self.over(both, x[1], self.crossings(c, 1, x[1], x[0]) + self.crossings(d, 0, x[1], x[2]))

    def layer(self, images: Sequence[Sequence[int]], weights: Sequence[float]) -> float:
        """E||a(x + eta) - a(x)||^2."""
        total = 0.0
        for image, weight in zip(images, weights, strict=True):
            for p, c in product(range(len(image)), range(len(self.second))):
                total += weight * self.change(c, (image[p], image[(p + 1) % len(image)]), 2)
        return total

    def output(self, images: Sequence[Sequence[int]], weights: Sequence[float]) -> float:
        """E (f - f0)^2 of the sum over all units of one channel."""
        total = 0.0
        for image, weight in zip(images, weights, strict=True):
            seen: list[Any] = [tuple(image[(p + o) % len(image)] for o in range(3)) for p in range(len(image))]
            means = [self.change(0, x[:2], 1) for x in seen]
            variance = sum(self.change(0, x[:2], 2) - m * m for x, m in zip(seen, means, strict=True))
            for x, one, other in zip(seen, means, [*means[1:], means[0]], strict=True):
                variance += 2 * (self.product(0, 0, x) - one * other)
            total += weight * (variance + sum(means) ** 2)
        return total
