"""Moments of rectified Gaussians, the building blocks of G (derivation: derivations/rectified_moments.py)."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Max, S, sqrt

from solver.gaussian.functions import Phi, Phi2, as_sympy, phi


def rectified_mean(mean: Any, variance: Any) -> Any:
    """Return E[X+] = m Phi(m/s) + s phi(m/s) for X ~ N(m, s^2), X+ = max(X, 0)."""
    m, v = as_sympy(mean), as_sympy(variance)
    if v == 0:
        return Max(m, 0)
    s = sqrt(v)
    return m * Phi(m / s) + s * phi(m / s)


def rectified_square(mean: Any, variance: Any) -> Any:
    """Return E[X+^2] = (m^2 + s^2) Phi(m/s) + m s phi(m/s)."""
    m, v = as_sympy(mean), as_sympy(variance)
    if v == 0:
        return Max(m, 0) ** 2
    s = sqrt(v)
    return (m**2 + v) * Phi(m / s) + m * s * phi(m / s)


def rectified_product(mean1: Any, mean2: Any, variance1: Any, variance2: Any, covariance: Any) -> Any:
    """Return E[X+ Y+] for jointly Gaussian X and Y.

    (m1 m2 + rho s1 s2) Phi2(a, b; rho) + m1 s2 phi(b) Phi((a - rho b)/q) + m2 s1 phi(a) Phi((b - rho a)/q)
    + s1 s2 q phi(a) phi((b - rho a)/q),  with a = m1/s1, b = m2/s2, q = sqrt(1 - rho^2); the limits
    rho = 1 and rho = -1 are taken where they are reached exactly.

    Parameters
    ----------
    mean1, mean2, variance1, variance2, covariance : exact numbers or sympy expressions

    Returns
    -------
    sympy expression in Phi, phi and Phi2
    """
    m1, m2, v1, v2, c = (as_sympy(x) for x in (mean1, mean2, variance1, variance2, covariance))
    if v1 == 0 or v2 == 0 or c == 0:
        return sympy.expand(rectified_mean(m1, v1) * rectified_mean(m2, v2))
    s1, s2 = sqrt(v1), sqrt(v2)
    a, b = m1 / s1, m2 / s2
    if sympy.expand(c**2 - v1 * v2) == 0:
        if c.is_positive:
            return _aligned(m1, m2, s1, s2)
        if c.is_negative:
            return _opposed(m1, m2, s1, s2)
        return sympy.Piecewise((_aligned(m1, m2, s1, s2), c > 0), (_opposed(m1, m2, s1, s2), True))
    rho = c / (s1 * s2)
    q = sqrt(1 - rho**2)
    return (
        (m1 * m2 + c) * Phi2(a, b, rho)
        + m1 * s2 * phi(b) * Phi((a - rho * b) / q)
        + m2 * s1 * phi(a) * Phi((b - rho * a) / q)
        + s1 * s2 * q * phi(a) * phi((b - rho * a) / q)
    )


def _aligned(m1: Any, m2: Any, s1: Any, s2: Any) -> Any:
    """E[X+ Y+] at rho = 1: X = m1 + s1 z and Y = m2 + s2 z are both positive for z > -t."""
    t = sympy.Min(m1 / s1, m2 / s2)
    return (m1 * m2 + s1 * s2) * Phi(t) + (m1 * s2 + m2 * s1 - s1 * s2 * t) * phi(t)


def _opposed(m1: Any, m2: Any, s1: Any, s2: Any) -> Any:
    """E[X+ Y+] at rho = -1: X = m1 + s1 z and Y = m2 - s2 z are both positive for -a < z < b."""
    a, b = m1 / s1, m2 / s2
    if (a + b).is_nonpositive:
        return S.Zero
    mass = Phi(b) - Phi(-a)
    second = mass - a * phi(a) - b * phi(b)
    value = m1 * m2 * mass + (m2 * s1 - m1 * s2) * (phi(a) - phi(b)) - s1 * s2 * second
    return value if (a + b).is_positive else sympy.Piecewise((value, a + b > 0), (S.Zero, True))
