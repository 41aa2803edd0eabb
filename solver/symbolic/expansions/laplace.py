"""Central s-nomial coefficients for many factors: the Laplace expansion of their Fourier integral.

With n factors, lag r from the middle and w(t) = sin(s t/2) / (s sin(t/2)), the coefficient over s^n is
(1/2 pi) int_-pi^pi w(t)^n cos(r t) dt.  |w| < 1 but at t = 0, where log w = sum_m (-1)^m kappa_2m t^2m / (2m)!, kappa
the cumulants of s equally likely integers.  So (Watson's lemma) it has an expansion in 1/n, term by term the Gaussian
mean that t = y / sqrt(n kappa_2) leaves: 1/sqrt(2 pi kappa_2 n) <exp(sum_(m>=2) ...) cos(r t)>_y, y standard normal.
Derivation: derivations/limits.py.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sympy
from sympy import Poly, Rational, factorial, factorial2

from solver.gaussian.functions import as_sympy

_T = sympy.Symbol("t")  # y^2


def cumulant(order: int, size: Any) -> Any:
    """Return kappa_n = B_n (s^n - 1)/n of one of s consecutive integers, all equally likely; n >= 2.

    Examples
    --------
    >>> cumulant(2, sympy.Symbol("s")), cumulant(2, 3)
    (s**2/12 - 1/12, 2/3)
    """
    return sympy.expand(sympy.bernoulli(order) * (size**order - 1) / order)


def central_series(size: Any, lag: Any, terms: int) -> list[Any]:
    """Return e_0 = 1, e_1, ... of Snomial(n, (s-1) n/2 + r, s) = s^n / sqrt(2 pi kappa_2 n) (e_0 + e_1/n + ...).

    Parameters
    ----------
    size, lag : int or sympy expression
        s and r.
    terms : int
        How many coefficients; the remainder is O(n^-terms) for fixed s >= 2 and r.
    """
    return _central_series(as_sympy(size), as_sympy(lag), terms)


@cache
def _central_series(size: Any, lag: Any, terms: int) -> list[Any]:
    variance = cumulant(2, size)
    log = [Poly(0, _T)]
    log += [_power((-1) ** (j + 1) * cumulant(2 * j + 2, size), variance, j + 1) for j in range(1, terms)]
    wave = [_power((-1) ** j * lag ** (2 * j), variance, j) for j in range(terms)]
    shape = _exponential(log)
    products = [sum((shape[i] * wave[j - i] for i in range(j + 1)), Poly(0, _T)) for j in range(terms)]
    return [sympy.factor(_gaussian_mean(p)) for p in products]


def _power(coefficient: Any, variance: Any, power: int) -> Any:
    """Return coefficient (t / kappa_2)^power / (2 power)!."""
    return Poly(coefficient / variance**power / factorial(2 * power) * _T**power, _T)


def _exponential(log: list[Any]) -> list[Any]:
    """Return the power series exp(g), g_0 = 0, from n E_n = sum_j j g_j E_(n-j)."""
    series = [Poly(1, _T)]
    for n in range(1, len(log)):
        series.append(sum((series[n - j] * log[j] * Rational(j, n) for j in range(1, n + 1)), Poly(0, _T)))
    return series


def _gaussian_mean(polynomial: Any) -> Any:
    """Return the mean over y of a polynomial in t = y^2: <t^j> = (2j-1)!!."""
    return sympy.Add(*(c * factorial2(2 * j - 1) for (j,), c in polynomial.terms()))
