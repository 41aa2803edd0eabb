"""Moments of what a rectifier adds to a Gaussian, by quadrature over the first of two variables."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import ndtr

REACH = 12.0
"""Standard deviations within which is integrated; the rest weighs below 10^-32."""
RELATIVE = 1e-10
"""Error of a quadrature against the size of what is integrated; measured at 10^-13, in tests/brute_force."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def mean_change(mean: float, variance: float) -> float:
    """Return E[X+] - m+ = s phi(m/s) - |m| Phi(-|m|/s), X ~ N(m, s^2)."""
    if variance == 0:
        return 0.0
    s = float(np.sqrt(variance))
    return float(_tail(np.array(abs(mean)), s))


@lru_cache(maxsize=2**18)
def product_change(m1: float, m2: float, v1: float, v2: float, c: float) -> float:
    """Return E[(X+ - m1+)(Y+ - m2+)] of Gaussians of these means, variances and covariance.

    With X = m1 + s1 z, Y given z is Gaussian of mean m2 + c z/s1 and variance v2 - c^2/v1, over which E is in closed
    form; the integral over z is split where either side bends.
    """
    if v1 == 0 or v2 == 0:
        return 0.0
    s1, slope = float(np.sqrt(v1)), c / float(np.sqrt(v1))
    rest = v2 - slope * slope
    rest = float(np.sqrt(rest)) if rest > 1e-13 * v2 else 0.0
    z, weights = _panels(-m1 / s1, -m2 / slope if slope else 0.0, rest / abs(slope) if slope else 1.0)
    left = np.maximum(s1 * z, -m1) if m1 >= 0 else np.maximum(m1 + s1 * z, 0)
    mean = m2 + slope * z
    up = np.maximum(slope * z, -m2) if m2 >= 0 else np.maximum(mean, 0)
    right = up + (_tail(np.abs(mean), rest) if rest else 0)
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    return float(weights @ (density * left * right))


def _tail(mean: np.ndarray, s: float) -> np.ndarray:
    """Return s phi(m/s) - m Phi(-m/s) for m >= 0: by how much noise raises the mean of a rectifier."""
    a = mean / s
    return np.asarray(s * (np.exp(-a * a / 2) / np.sqrt(2 * np.pi) - a * ndtr(-a)))


def _panels(bend: float, other: float, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights on +-REACH, in panels that end at both bends and narrow towards the second."""
    steps = width * 2.0 ** np.arange(-1, 60)
    near = [*(other + steps), *(other - steps)] if width else []
    ends = np.unique(np.clip([*np.arange(-REACH, REACH + 1), bend, other, *near], -REACH, REACH))
    half, middle = np.diff(ends) / 2, (ends[1:] + ends[:-1]) / 2
    return (middle[:, None] + half[:, None] * _NODES).ravel(), (half[:, None] * _WEIGHTS).ravel()
