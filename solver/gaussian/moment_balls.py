"""Moments of rectified Gaussians as balls: the formulas of `solver.gaussian.moments` without sympy, for long sums."""

from __future__ import annotations

from typing import Any

from flint import arb

from solver.gaussian.balls import bivariate_cdf, exact_ball, normal_cdf, normal_density
from solver.numbers.exact import sign


def rectified_mean_ball(mean: Any, variance: Any) -> arb:
    """Return E[X+] of X ~ N(m, s^2), given exactly, as a ball of the current precision."""
    m, s = exact_ball(mean), exact_ball(variance).sqrt()
    if sign(variance) == 0:
        return exact_ball(mean if sign(mean) > 0 else 0)
    return m * normal_cdf(m / s) + s * normal_density(m / s)


def rectified_product_ball(mean1: Any, mean2: Any, variance1: Any, variance2: Any, covariance: Any) -> arb:
    """Return E[X+ Y+] of jointly Gaussian X and Y, given exactly, as a ball of the current precision.

    The formula is that of `solver.gaussian.moments.rectified_product`, with its limits at correlation 1 and -1.
    """
    if sign(variance1) == 0 or sign(variance2) == 0 or sign(covariance) == 0:
        return rectified_mean_ball(mean1, variance1) * rectified_mean_ball(mean2, variance2)
    m1, m2, c = exact_ball(mean1), exact_ball(mean2), exact_ball(covariance)
    s1, s2 = exact_ball(variance1).sqrt(), exact_ball(variance2).sqrt()
    a, b = m1 / s1, m2 / s2
    left = variance1 * variance2 - covariance * covariance
    if sign(left) == 0 and sign(covariance) > 0:
        t = a.min(b)
        return (m1 * m2 + s1 * s2) * normal_cdf(t) + (m1 * s2 + m2 * s1 - s1 * s2 * t) * normal_density(t)
    if sign(left) == 0:
        if sign(mean2 * variance1 - mean1 * covariance) <= 0:
            return arb(0)
        mass = normal_cdf(b) - normal_cdf(-a)
        p, q = normal_density(a), normal_density(b)
        return m1 * m2 * mass + (m2 * s1 - m1 * s2) * (p - q) - s1 * s2 * (mass - a * p - b * q)
    rho, root = c / (s1 * s2), (exact_ball(left) / (s1 * s1 * s2 * s2)).sqrt()
    u, v = (a - rho * b) / root, (b - rho * a) / root
    return (
        (m1 * m2 + c) * bivariate_cdf(a, b, rho)
        + m1 * s2 * normal_density(b) * normal_cdf(u)
        + m2 * s1 * normal_density(a) * normal_cdf(v)
        + s1 * s2 * root * normal_density(a) * normal_density(v)
    )
