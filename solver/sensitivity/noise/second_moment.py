"""A second moment of noise that is rectified once, as sums over pairs: written out, or as balls where that is long."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

from solver.numbers.exact import sign
from solver.sensitivity.noise.response import NoiseResponse
from solver.values import EnclosedValue, Value, as_value

CLOSED = "closed form, rectified once"
MOST_TERMS = 150
"""Terms of a closed form that is written out as an expression; longer ones are evaluated as balls."""

Gauss = tuple[Any, Any]
"""Mean and variance of one pre-activation."""


@dataclass
class SecondMoment:
    """E||L delta||^2 = sum of ``covariances[X, Y, c]`` Cov(X+, Y+) + sum of ``products[X, Y]`` mu_X mu_Y.

    X and Y are given as (mean, variance), c is their covariance, and mu_X = E[X+] - (m_X)+.
    The first sum is the incoherent part (fluctuations), the second the coherent one (the mean response).
    """

    covariances: dict[tuple[Gauss, Gauss, Any], Any] = field(default_factory=lambda: defaultdict(Fraction))
    products: dict[tuple[Gauss, Gauss], Any] = field(default_factory=lambda: defaultdict(Fraction))

    def add(self, other: SecondMoment, weight: Any) -> None:
        """Add ``weight`` times another second moment."""
        for key, value in other.covariances.items():
            self.covariances[key] += weight * value
        for pair, value in other.products.items():
            self.products[pair] += weight * value

    def incoherent(self) -> Any:
        """Return the fluctuation part as a sympy expression."""
        import sympy

        from solver.gaussian.functions import as_sympy
        from solver.gaussian.moments import rectified_mean, rectified_product

        terms = [
            as_sympy(w) * (rectified_product(x[0], y[0], x[1], y[1], c) - rectified_mean(*x) * rectified_mean(*y))
            for (x, y, c), w in self.covariances.items()
            if w != 0
        ]
        return sympy.expand(sympy.Add(*terms))

    def coherent(self) -> Any:
        """Return the part of the mean response as a sympy expression."""
        import sympy

        from solver.gaussian.functions import as_sympy

        terms = [as_sympy(w) * _mean_shift(x) * _mean_shift(y) for (x, y), w in self.products.items() if w != 0]
        return sympy.expand(sympy.Add(*terms))

    def split(self) -> NoiseResponse[Any]:
        """Return the sum, expanded, and both parts."""
        import sympy

        incoherent, coherent = self.incoherent(), self.coherent()
        return NoiseResponse(sympy.expand(incoherent + coherent), coherent, incoherent)

    def expression(self) -> Any:
        """Return the sum of both parts, expanded."""
        return self.split().total

    def enclose_split(self, digits: int) -> NoiseResponse[Any]:
        """Return the sum and both parts as balls of relative radius below 10^-digits; a millisecond for each pair."""
        from solver.gaussian.balls import refined

        return NoiseResponse(*refined(self._balls, digits, lambda: f"a sum of {len(self.covariances)} terms"))

    def _balls(self) -> tuple[Any, Any, Any]:
        from flint import arb

        from solver.gaussian.balls import exact_ball
        from solver.gaussian.moment_balls import rectified_mean_ball, rectified_product_ball

        kinds = {kind for x, y, _ in self.covariances for kind in (x, y)} | {k for pair in self.products for k in pair}
        means = {kind: rectified_mean_ball(*kind) for kind in kinds}
        shifts = {(m, v): mean - exact_ball(m if sign(m) > 0 else 0) for (m, v), mean in means.items()}
        incoherent = arb(0)
        for (x, y, c), w in self.covariances.items():
            both = rectified_product_ball(x[0], y[0], x[1], y[1], c)
            incoherent += exact_ball(w) * (both - means[x] * means[y])
        coherent = sum((exact_ball(w) * shifts[x] * shifts[y] for (x, y), w in self.products.items()), arb(0))
        return incoherent + coherent, coherent, incoherent


def closed_values(moment: SecondMoment) -> NoiseResponse[Value]:
    """Return a second moment and its parts: closed up to `MOST_TERMS` terms, and beyond as balls, not written out."""
    if len(moment.covariances) <= MOST_TERMS:
        return moment.split().map(lambda part: as_value(part, CLOSED))
    enclose = cache(moment.enclose_split)
    method = f"{CLOSED}: {len(moment.covariances)} terms, as a proven ball"

    def value(part: str) -> Value:
        return EnclosedValue(lambda digits: getattr(enclose(digits), part), method, lambda: None)

    return NoiseResponse(value("total"), value("coherent"), value("incoherent"))


def _mean_shift(x: Gauss) -> Any:
    from sympy import Max

    from solver.gaussian.functions import as_sympy
    from solver.gaussian.moments import rectified_mean

    return rectified_mean(*x) - Max(as_sympy(x[0]), 0)
