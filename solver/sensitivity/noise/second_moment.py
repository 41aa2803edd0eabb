"""A second moment of noise that is rectified once, as sums over pairs: written out, or as balls where that is long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from solver.sensitivity.noise.response import NoiseResponse
from solver.values import EnclosedValue, Value, as_value

if TYPE_CHECKING:
    from solver.gaussian.moments import RectifiedMoments

N = TypeVar("N")
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

    def parts(self, moments: RectifiedMoments[N]) -> NoiseResponse[N]:
        """Return the sum and both parts, evaluated in an arithmetic."""
        number: Callable[[Any], Any] = cache(moments.number)
        shift: Callable[..., Any] = cache(moments.shift)
        incoherent = moments.total(
            number(w) * moments.covariance(x[0], y[0], x[1], y[1], c)
            for (x, y, c), w in self.covariances.items()
            if w != 0
        )
        coherent = moments.total(number(w) * shift(*x) * shift(*y) for (x, y), w in self.products.items() if w != 0)
        return NoiseResponse(moments.total([incoherent, coherent]), coherent, incoherent)

    def split(self) -> NoiseResponse[Any]:
        """Return the sum and both parts as sympy expressions, multiplied out."""
        from solver.gaussian.moments import SYMBOLS

        return self.parts(SYMBOLS)

    def expression(self) -> Any:
        """Return the sum of both parts, multiplied out."""
        return self.split().total

    def enclose_split(self, digits: int) -> NoiseResponse[Any]:
        """Return the sum and both parts as balls of relative radius below 10^-digits; a millisecond for each pair.

        A part that cancels beyond the stop of `refined` is wider.
        """
        from solver.gaussian.balls import refined
        from solver.gaussian.moments import BALLS
        from solver.numbers.exact import bits

        def balls() -> tuple[Any, ...]:
            parts = self.parts(BALLS)
            return parts.total, parts.coherent, parts.incoherent

        given = {number for pair in self.products for gauss in pair for number in gauss}
        given |= {covariance for _, _, covariance in self.covariances}
        return NoiseResponse(*refined(balls, digits, max(map(bits, given), default=0)))


def closed_values(moment: SecondMoment) -> NoiseResponse[Value]:
    """Return a second moment and its parts: closed up to `MOST_TERMS` terms, and beyond as balls, not written out."""
    if len(moment.covariances) <= MOST_TERMS:
        split = moment.split()
        return NoiseResponse(*(as_value(part, CLOSED) for part in (split.total, split.coherent, split.incoherent)))
    enclose = cache(moment.enclose_split)
    method = f"{CLOSED}: {len(moment.covariances)} terms, as a proven ball"

    def value(part: str) -> Value:
        return EnclosedValue(lambda digits: getattr(enclose(digits), part), method, lambda: None)

    return NoiseResponse(value("total"), value("coherent"), value("incoherent"))
