"""Gaussian moments by quadrature in mpmath, at 40 digits: formulas that share nothing with solver.gaussian."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
from mpmath import mp, mpf

DIGITS = 40


def number(x: Any) -> Any:
    """A rational as an mpmath number."""
    return mpf(x.numerator) / mpf(x.denominator)


def agrees(computed: Any, expected: Any, digits: int = 30) -> bool:
    """Whether two mpmath numbers agree to some digits after the point, or significant ones if that is weaker."""
    return bool(abs(computed - expected) <= mpf(10) ** -digits * max(1, abs(expected)))


def of_ball(ball: Any) -> Any:
    """The midpoint of a ball as an mpmath number."""
    mantissa, exponent = ball.mid().man_exp()
    return mpmath.ldexp(mpf(int(mantissa)), int(exponent))


def within(ball: Any, value: Any) -> bool:
    """Whether a ball, widened by the oracle's own error, holds a value."""
    mantissa, exponent = ball.rad().man_exp()
    radius = mpmath.ldexp(mpf(int(mantissa)), int(exponent))
    return bool(abs(of_ball(ball) - value) <= radius + mpf(10) ** (5 - DIGITS) * max(1, abs(value)))


def _density(z: Any) -> Any:
    return mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)


def expected(function: Any, *kinks: Any) -> Any:
    """E[f(z)], z standard normal, with panels split at the kinks of f."""
    points = sorted({mpf(-16), *(k for k in kinks if abs(k) < 16), mpf(-4), mpf(0), mpf(4), mpf(16)})
    return mp.quad(lambda z: _density(z) * function(z), points)


def rectified_power(mean: Fraction, variance: Fraction, power: int) -> Any:
    """E[max(X, 0)^n]."""
    m, s = number(mean), mp.sqrt(number(variance))
    return expected(lambda z: max(m + s * z, mpf(0)) ** power, -m / s)


def rectified_product(m1: Any, m2: Any, v1: Any, v2: Any, c: Any) -> Any:
    """E[X+ Y+] as E[X+ E[Y+ | X]]: given X, Y is Gaussian, of mean m2 + c (X - m1)/v1 and variance v2 - c^2/v1."""
    m1, m2, v1, v2, c = map(number, (m1, m2, v1, v2, c))
    s, t = mp.sqrt(v1), mp.sqrt(max(v2 - c * c / v1, mpf(0)))

    def conditional(z: Any) -> Any:
        mu = m2 + c / s * z
        if t == 0:
            return max(mu, mpf(0))
        return mu * mp.ncdf(mu / t) + t * mp.npdf(mu / t)

    kinks = [-m1 / s] + ([-m2 * s / c] if c else [])
    return expected(lambda z: max(m1 + s * z, mpf(0)) * conditional(z), *kinks)


def owens_t(h: Any, a: Any) -> Any:
    """T(h, a) = 1/(2 pi) int_0^a exp(-h^2 (1 + x^2)/2) / (1 + x^2) dx."""
    size = abs(a)
    points = [mpf(0), *(p for p in map(mpf, (1, 3, 9, 27, 81, 243)) if p < size), size]
    area = mp.quad(lambda x: mp.exp(-h * h * (1 + x * x) / 2) / (1 + x * x), points) / (2 * mp.pi)
    return area if a >= 0 else -area


def bivariate(h: Any, k: Any, rho: Any) -> Any:
    """Phi2 through Owen's T (Owen 1956), for h and k not 0."""
    q = mp.sqrt(1 - rho * rho)
    half = mpf(0) if h * k > 0 else mpf(1) / 2
    return (
        (mp.ncdf(h) + mp.ncdf(k)) / 2 - owens_t(h, (k - rho * h) / (h * q)) - owens_t(k, (h - rho * k) / (k * q)) - half
    )
