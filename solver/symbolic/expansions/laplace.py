"""Central s-nomial coefficients for many factors: the Laplace expansion of their Fourier integral.

With n factors, lag r from the middle and w(t) = sin(s t/2) / (s sin(t/2)), the coefficient over s^n is
(1/2 pi) int_-pi^pi w(t)^n cos(r t) dt.  |w| < 1 but at t = 0, where log w = sum_m (-1)^m kappa_2m t^2m / (2m)!, kappa
the cumulants of s equally likely integers.  So (Watson's lemma) it has an expansion in 1/n, term by term the Gaussian
mean that t = y / sqrt(n kappa_2) leaves: 1/sqrt(2 pi kappa_2 n) <exp(sum_(m>=2) ...) cos(r t)>_y, y standard normal.
Derivation: derivations/limits.py.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import sympy
from sympy import factorial, factorial2
from sympy.polys.ring_series import rs_exp, rs_mul
from sympy.polys.rings import sring

from solver.gaussian.functions import as_sympy

if TYPE_CHECKING:
    from sympy import Expr

_E, _Y2 = sympy.symbols("epsilon y2")  # 1/n and y^2


def cumulant(order: int, size: Expr | int) -> Expr:
    """Return kappa_n = B_n (s^n - 1)/n of one of s consecutive integers, all equally likely; n >= 2.

    Examples
    --------
    >>> cumulant(2, sympy.Symbol("s")), cumulant(2, 3)
    (s**2/12 - 1/12, 2/3)
    """
    return sympy.expand(sympy.bernoulli(order) * (size**order - 1) / order)


@cache
def central_series(size: Expr | int, lag: Expr | int, terms: int) -> list[Expr]:
    """Return e_0 = 1, e_1, ... of Snomial(n, (s-1) n/2 + r, s) = s^n / sqrt(2 pi kappa_2 n) (e_0 + e_1/n + ...).

    Parameters
    ----------
    size, lag : int or sympy expression
        s and r.
    terms : int
        How many coefficients; the remainder is O(n^-terms) for fixed s >= 2 and r.
    """
    square = _Y2 / cumulant(2, size)  # n t^2
    log_w = sum(
        (-1) ** j * cumulant(2 * j, size) * square**j / factorial(2 * j) * _E ** (j - 1) for j in range(2, terms + 1)
    )
    wave = sum((-_E * square) ** j * as_sympy(lag) ** (2 * j) / factorial(2 * j) for j in range(terms))
    ring, parts = sring([as_sympy(log_w), as_sympy(wave)], _E, _Y2, field=True)
    integrand = rs_mul(rs_exp(parts[0], ring.gens[0], terms), parts[1], ring.gens[0], terms)
    means = [sympy.S.Zero] * terms
    for (order, power), coefficient in integrand.terms():
        means[order] += ring.domain.to_sympy(coefficient) * factorial2(2 * power - 1)
    return list(map(sympy.factor, means))
