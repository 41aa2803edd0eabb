"""The standard normal density, distribution and bivariate distribution, and Owen's T, as sympy functions."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any, ClassVar

import sympy
from flint import arb
from mpmath.libmp import from_man_exp
from sympy import Function, Rational, S, asin, pi, sqrt

from solver.errors import NotApplicableError
from solver.gaussian.balls import MOST_BITS, enclose, is_resolved, normal_cdf, normal_density
from solver.gaussian.bivariate import bivariate_cdf, owens_t


class _Gaussian(Function):
    """A function of numbers that ball arithmetic evaluates."""

    symbol: ClassVar[str]
    before_last: ClassVar[str] = ""
    of_balls: ClassVar[Callable[..., arb]]

    def _eval_evalf(self, prec: int) -> Any:
        """Return the number as a float of ``prec`` bits; None if it cannot be enclosed that well.

        By ball arithmetic: sympy asks for signs whenever it multiplies, and mpmath's erfc takes all memory far out in
        a tail, where a decimal text would have an exponent of millions of digits too.
        """
        if prec > MOST_BITS:
            return None
        exact = self.xreplace({x: Rational(x) for x in self.atoms(sympy.Float)})
        digits = prec * 3 // 10 + 3
        try:
            ball = enclose(exact, digits)
        except NotApplicableError:  # symbols, complex arguments
            return None
        if not is_resolved(ball, digits):
            return None
        mantissa, exponent = ball.mid().man_exp()
        return sympy.Float._new(from_man_exp(int(mantissa), int(exponent), prec, "n"), prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        *first, last = (printer._print(argument) for argument in self.args)
        power = f"^{{{exp}}}" if exp else ""
        return rf"{self.symbol}{power}\left({', '.join(first)}{self.before_last}{last}\right)"


class phi(_Gaussian):  # noqa: N801  (the field's symbol)
    r"""Standard normal density, \varphi(x) = exp(-x^2/2) / sqrt(2 pi)."""

    nargs = 1
    symbol = r"\varphi"
    of_balls = staticmethod(normal_density)
    is_positive = True

    @classmethod
    def eval(cls, x: Any) -> Any:
        if x.is_zero:
            return 1 / sqrt(2 * pi)
        if x.could_extract_minus_sign():
            return cls(-x)
        if x is S.Infinity:
            return S.Zero
        return None

    def fdiff(self, argindex: int = 1) -> Any:
        return -self.args[0] * self


class Phi(_Gaussian):
    r"""Standard normal distribution, \Phi(x) = erfc(-x / sqrt 2) / 2."""

    nargs = 1
    symbol = r"\Phi"
    of_balls = staticmethod(normal_cdf)
    is_positive = True

    @classmethod
    def eval(cls, x: Any) -> Any:
        if x.is_zero:
            return Rational(1, 2)
        if x is S.Infinity:
            return S.One
        if x is S.NegativeInfinity:
            return S.Zero
        return None

    def fdiff(self, argindex: int = 1) -> Any:
        return phi(self.args[0])


class Phi2(_Gaussian):
    r"""Bivariate normal distribution, \Phi_2(a, b; rho) = P(X <= a, Y <= b) at correlation -1 < rho < 1.

    Independence gives Phi(a) Phi(b), and the origin 1/4 + asin(rho) / (2 pi).
    """

    nargs = 3
    symbol = r"\Phi_2"
    before_last = "; "
    of_balls = staticmethod(bivariate_cdf)
    is_positive = True

    @classmethod
    def eval(cls, a: Any, b: Any, rho: Any) -> Any:
        if rho.is_zero:
            return Phi(a) * Phi(b)
        if a.is_zero and b.is_zero:
            return Rational(1, 4) + asin(rho) / (2 * pi)
        if sympy.default_sort_key(b) < sympy.default_sort_key(a):
            return cls(b, a, rho)
        return None

    def fdiff(self, argindex: int = 1) -> Any:
        a, b, rho = self.args
        q = sqrt(1 - rho**2)
        if argindex == 1:
            return phi(a) * Phi((b - rho * a) / q)
        if argindex == 2:
            return phi(b) * Phi((a - rho * b) / q)
        return phi(a) * phi((b - rho * a) / q) / q

    def _eval_rewrite_as_OwensT(self, a: Any, b: Any, rho: Any, **_: Any) -> Any:  # noqa: N802  (sympy's name)
        """Return (Phi(a) + Phi(b))/2 - T(a, (b/a - rho)/q) - T(b, (a/b - rho)/q) - [ab < 0]/2, q = sqrt(1 - rho^2).

        With a = 0, Phi(b)/2 + T(b, rho/q) (Owen 1956).  None, so that Phi2 stays, where the sign of ab is not known.
        """
        q = sqrt(1 - rho**2)
        if a.is_zero or b.is_zero:
            other = b if a.is_zero else a
            return Phi(other) / 2 + OwensT(other, rho / q)
        product = a * b
        if not (product.is_positive or product.is_negative):
            return None
        apart = OwensT(a, (b / a - rho) / q) + OwensT(b, (a / b - rho) / q)
        return (Phi(a) + Phi(b)) / 2 - apart - (Rational(1, 2) if product.is_negative else 0)


class OwensT(_Gaussian):
    r"""Owen's T(h, a) = 1/(2 pi) int_0^a exp(-h^2 (1 + t^2) / 2) / (1 + t^2) dt, even in h and odd in a.

    ``expression.rewrite(OwensT)`` writes every Phi2 in it whose arguments have known signs.

    Examples
    --------
    >>> Phi2(1, 1, Rational(3, 5)).rewrite(OwensT)
    -2*OwensT(1, 1/2) + Phi(1)
    """

    nargs = 2
    symbol = "T"
    before_last = ", "
    of_balls = staticmethod(owens_t)

    @classmethod
    def eval(cls, h: Any, a: Any) -> Any:
        if a.is_zero:
            return S.Zero
        if h.is_zero:
            return sympy.atan(a) / (2 * pi)
        if a.could_extract_minus_sign():
            return -cls(h, -a)
        if h.could_extract_minus_sign():
            return cls(-h, a)
        return None

    def fdiff(self, argindex: int = 1) -> Any:
        h, a = self.args
        if argindex == 1:
            return phi(h) * (Rational(1, 2) - Phi(a * h))
        return phi(h) * phi(a * h) / (1 + a**2)


def in_tails(expression: Any) -> Any:
    """Return an expression multiplied out, with Phi and Phi2 of negative arguments only, where signs are known.

    Phi(x) = 1 - Phi(-x), Phi2(a, b; rho) = Phi(b) - Phi2(-a, b; -rho).

    Examples
    --------
    >>> in_tails(Phi(1) + Phi(-1)), in_tails(Phi2(1, 2, Rational(1, 3)))
    (1, -Phi(-1) - Phi(-2) + Phi2(-2, -1, 1/3) + 1)
    """

    def single(x: Any) -> Any:
        return 1 - Phi(-x) if x.is_positive else Phi(x)

    def pair(a: Any, b: Any, rho: Any) -> Any:
        if a.is_positive:
            return Phi(b) - pair(-a, b, -rho)
        return Phi(a) - Phi2(a, -b, -rho) if b.is_positive else Phi2(a, b, rho)

    return sympy.expand(expression.replace(Phi2, pair).replace(Phi, single))


def as_sympy(number: Any) -> Any:
    """Return an exact number as a sympy number; sympy expressions pass through."""
    if isinstance(number, numbers.Rational):
        return sympy.Rational(int(number.numerator), int(number.denominator))
    return number.sympy() if hasattr(number, "polynomial") else number
