"""The bivariate normal distribution and Owen's T as balls whose relative accuracy holds at any size.

Turned so that X and Y become independent, {X <= a, Y <= b} is a wedge.  Seen from the origin, each of its two edges
hides what lies beyond it; both distributions are sums of these probabilities.
"""

from __future__ import annotations

from math import log, sqrt

import flint
from flint import acb, arb

from solver.gaussian.balls import normal_cdf

NEAR = 4
"""Squared distance of a wedge's apex within which Owen's T is integrated from the foot of the edge."""


def bivariate_cdf(a: arb, b: arb, rho: arb) -> arb:
    """Return Phi2(a, b; rho) with a proven radius, small against the number itself however small that is.

    With u = (b - rho a)/q, v = (a - rho b)/q, q = sqrt(1 - rho^2), and E of `beyond_edge`:

    a, b < 0:   E(-a, -u) + E(-b, -v)
    a < 0 <= b: E(-a, -u) - E(b, -v), of which little cancels: a power of u, v and q
    a, b >= 0:  (erf(a / sqrt 2) + erf(b / sqrt 2))/2 + E(a, u) + E(b, v)

    Balls that do not decide the signs of a and b are left to `_of_any_signs`, those that allow rho = +-1 give [0, 1].
    """
    square = (1 - rho) * (1 + rho)
    if not square > 0:
        return arb(0.5, 0.5)
    if not all(x.is_zero() or x > 0 or x < 0 for x in (a, b)):
        return _of_any_signs(a, b, rho)
    if a.is_zero() and b.is_zero():
        return (-rho).acos() / (2 * arb.pi())
    if b < a:
        a, b = b, a
    q = square.sqrt()
    u, v = (b - rho * a) / q, (a - rho * b) / q
    if b < 0:
        return beyond_edge(-a, -u) + beyond_edge(-b, -v)
    if a < 0:
        return beyond_edge(-a, -u) - beyond_edge(b, -v)
    inside = ((a / arb(2).sqrt()).erf() + (b / arb(2).sqrt()).erf()) / 2
    return inside + beyond_edge(a, u, beside=inside) + beyond_edge(b, v, beside=inside)


def owens_t(h: arb, a: arb) -> arb:
    """Return Owen's T(h, a) with a proven radius, small against the number itself: Phi(-h)/2 - E(h, a h) for h, a > 0.

    A narrow fan (a <= 1, a h <= 1) is integrated as it is.
    """
    if h.is_zero():
        return a.atan() / (2 * arb.pi())
    if h < 0:
        return owens_t(-h, a)
    if a < 0:
        return -owens_t(h, -a)
    if not h > 0 or not a > 0 or (a.mid() <= 1 and (a * h).mid() <= 1):
        return _fan(h, a)
    return normal_cdf(-h) / 2 - beyond_edge(h, a * h)


def beyond_edge(h: arb, k: arb, *, beside: arb | None = None) -> arb:
    """Return E(h, k) = 1/(2 pi) int_k^oo h / (h^2 + y^2) exp(-(h^2 + y^2)/2) dy, h >= 0.

    The probability that two independent normal numbers lie beyond the half-line {(h, y), y > k}, seen from the origin.
    To the accuracy that a sum needs, where it is ``beside`` another number; else with a small relative radius.
    """
    if h.is_zero():
        return arb(0) if k > 0 else arb(0.5) if k < 0 else arb(0.25, 0.25)
    if k.mid() < 0:
        whole = normal_cdf(-h)
        return whole - beyond_edge(h, -k, beside=whole)
    with flint.ctx.workprec(_needed(h, k, beside)):
        return _near(h, k) if (h * h + k * k).mid() < NEAR else _far(h, k)


def _needed(h: arb, k: arb, beside: arb | None) -> int:
    """Return the bits that exp(-(h^2 + k^2)/2) still has where the last bit of ``beside`` is."""
    if beside is None or not beside > 0:
        return flint.ctx.prec
    spared = (((h * h + k * k).mid() / 2 + beside.mid().log()) / arb(2).log()).mid()
    return max(30, flint.ctx.prec - int(min(max(float(spared.floor().mid()), 0.0), flint.ctx.prec)))


def _near(h: arb, k: arb) -> arb:
    """Return E(h, k) by Owen's T, from the foot of the edge, or where k > h from the foot of the other one."""
    if k.mid() <= h.mid():
        return normal_cdf(-h) / 2 - _fan(h, k / h)
    return _fan(k, h / k) - (h / arb(2).sqrt()).erf() * normal_cdf(-k) / 2


def _fan(h: arb, a: arb) -> arb:
    """Return Owen's T(h, a) = a exp(-h^2/2)/(2 pi) int_0^1 exp(-(a h t)^2/2) / (1 + (a t)^2) dt."""
    slope, square = acb(a * h) ** 2 / 2, acb(a) * acb(a)

    def integrand(t: acb, _: bool) -> acb:
        return (-slope * t * t).exp() / (1 + square * t * t)

    integral = acb.integral(integrand, acb(0), acb(1)).real
    return a * (-h * h / 2).exp() * integral / (2 * arb.pi())


def _far(h: arb, k: arb) -> arb:
    """Return E(h, k) with r^2 = h^2 + k^2 and y = k + w t, w = min(1, 1/k), as a positive integral of order 1.

    h w exp(-r^2/2) / (2 pi r^2) int_0^oo r^2 / (h^2 + (k + w t)^2) exp(-k w t - (w t)^2/2) dt, cut off where the
    exponential e is below the last bit: what is left out is below e / (k w + w^2 t).
    """
    square = h * h + k * k
    width = 1 / k.mid() if k.mid() > 1 else arb(1)
    bits = (flint.ctx.prec + 10) * log(2)
    end = arb(int(bits if k.mid() > 1 else sqrt(2 * bits)) + 1)
    drift, curvature = k * width, width * width / 2

    def decay(t: acb) -> acb:
        return (-(drift + curvature * t) * t).exp()

    def integrand(t: acb, _: bool) -> acb:
        y = k + width * t
        return decay(t) * square / (h * h + y * y)

    lost = decay(acb(end)).real / (drift + 2 * curvature * end)
    integral = acb.integral(integrand, acb(0), acb(end)).real + lost * arb(0.5, 0.5)
    return h * width * (-square / 2).exp() * integral / (2 * arb.pi() * square)


def _of_any_signs(a: arb, b: arb, rho: arb) -> arb:
    """Return Phi2(a, b; rho), to an absolute accuracy, whatever the signs of a and b.

    Phi(a) Phi(b) + 1/(2 pi) int_0^asin(rho) exp(-(a^2 + b^2 - 2 a b sin t) / (2 cos^2 t)) dt,
    from d Phi2 / d rho = the bivariate density (Plackett 1954) with rho = sin t.  The exponent is evaluated as
    (a -+ b)^2 / (2 cos^2 t) +- a b / (1 +- sin t), upper signs for rho > 0, which stays sharp near rho = +-1.
    """
    sign = 1 if rho > 0 else -1
    difference = a - sign * b
    gap, product = acb(difference * difference / 2), acb(sign * a * b)

    def integrand(t: acb, _: bool) -> acb:
        sine, cosine = t.sin(), t.cos()
        return (-gap / (cosine * cosine) - product / (1 + sign * sine)).exp()

    integral = acb.integral(integrand, acb(0), acb(rho.asin())).real
    return normal_cdf(a) * normal_cdf(b) + integral / (2 * arb.pi())
