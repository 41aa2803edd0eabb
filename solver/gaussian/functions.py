"""The standard normal density, distribution and bivariate distribution, as sympy functions of real arguments."""

from __future__ import annotations

import numbers
from typing import Any

import sympy
from sympy import Function, Rational, S, asin, pi, sqrt


class phi(Function):  # noqa: N801  (the field's symbol)
    r"""Standard normal density, \varphi(x) = exp(-x^2/2) / sqrt(2 pi)."""

    nargs = 1
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

    def _eval_evalf(self, prec: int) -> Any:
        return _enclosed_float(self, prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _call(r"\varphi", [printer._print(self.args[0])], exp)


class Phi(Function):
    r"""Standard normal distribution, \Phi(x) = erfc(-x / sqrt 2) / 2."""

    nargs = 1
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

    def _eval_evalf(self, prec: int) -> Any:
        return _enclosed_float(self, prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _call(r"\Phi", [printer._print(self.args[0])], exp)


class Phi2(Function):
    r"""Bivariate normal distribution, \Phi_2(a, b; rho) = P(X <= a, Y <= b) at correlation -1 < rho < 1.

    Independence gives Phi(a) Phi(b), and the origin 1/4 + asin(rho) / (2 pi).
    """

    nargs = 3
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

    def _eval_evalf(self, prec: int) -> Any:
        return _enclosed_float(self, prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        a, b, rho = (printer._print(arg) for arg in self.args)
        return _call(r"\Phi_2", [a, b], exp, f"; {rho}")


def as_sympy(number: Any) -> Any:
    """Return an exact number as a sympy number; sympy expressions pass through."""
    if isinstance(number, numbers.Rational):
        return sympy.Rational(int(number.numerator), int(number.denominator))
    return number.sympy() if hasattr(number, "polynomial") else number


def _enclosed_float(number: Any, prec: int) -> Any:
    """Return a function of numbers as a float of ``prec`` bits; None if it cannot be enclosed.

    By ball arithmetic: sympy asks for signs whenever it multiplies, and mpmath's erfc takes all memory far out in a
    tail, where a decimal text would have an exponent of millions of digits too.
    """
    from mpmath.libmp import from_man_exp

    from solver.errors import NotApplicableError
    from solver.gaussian.enclosure import MOST_BITS, enclose

    if prec > MOST_BITS:
        return None
    exact = number.xreplace({x: Rational(x) for x in number.atoms(sympy.Float)})
    try:
        ball = enclose(exact, prec * 3 // 10 + 3)
    except NotApplicableError:  # symbols, complex arguments
        return None
    mantissa, exponent = ball.mid().man_exp()
    return sympy.Float._new(from_man_exp(int(mantissa), int(exponent), prec, "n"), prec)


def _call(name: str, arguments: list[str], exp: str | None, tail: str = "") -> str:
    power = f"^{{{exp}}}" if exp else ""
    return rf"{name}{power}\left({', '.join(arguments)}{tail}\right)"
