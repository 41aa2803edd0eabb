r"""Moments of rectified Gaussians, the building blocks of G, over any arithmetic (derivations/rectified_moments.py).

Each formula is written once, in the manner of mpmath's contexts, and evaluated by three arithmetics: `SYMBOLS` to
sympy expressions, `BALLS` to balls of flint's current precision, `FLOATS` to arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import sympy
from flint import arb

from solver.gaussian.balls import exact_ball, normal_cdf, normal_density
from solver.gaussian.bivariate import bivariate_cdf
from solver.gaussian.functions import Phi, Phi2, as_sympy, phi
from solver.numbers.exact import sign

if TYPE_CHECKING:
    from sympy import Expr

N = TypeVar("N")
NODES = 60
"""Of the quadrature of the bivariate normal distribution of arrays; the integrand is smooth."""


@dataclass(frozen=True, kw_only=True)
class RectifiedMoments(Generic[N]):
    """E[X+], E[X+^2] and E[X+ Y+] of Gaussians, X+ = max(X, 0), in numbers N of one arithmetic.

    Means, variances and covariances are given exactly, or as sympy expressions or arrays to the arithmetic of these.

    Attributes
    ----------
    number, positive_part : callable(given)
        What is given as a number, and max(given, 0).
    if_zero, if_positive : callable(given, yes, no)
        The number that one of two functions returns, by whether what is given is 0, or above 0.
    below_zero : callable(given)
        -|given|; None where forms are to stay short, and `enclose` writes them in tails.
    unexplained : callable(v1, v2, c)
        v1 v2 - c^2, as exactly as it was given; 0 at correlation 1 and -1.
    root, distribution, bivariate, least : callable
        sqrt(x), Phi(x), Phi2(a, b; rho) and min(x, y).
    between : callable(x, y)
        Phi(y) - Phi(x), or Phi(-x) - Phi(-y) if that is known to be smaller.
    density : callable(x, factor)
        phi(x), times a factor that is 1 if omitted.
    complement : callable(rho, unexplained, v1 v2)
        sqrt(1 - rho^2).
    total : callable(terms)
        The sum, multiplied out.
    in_tails : bool
        Whether a covariance is evaluated from the tails below 0, where nothing large cancels.
    """

    number: Callable[[Any], N]
    positive_part: Callable[[Any], N]
    if_zero: Callable[[Any, Callable[[], N], Callable[[], N]], N]
    if_positive: Callable[[Any, Callable[[], N], Callable[[], N]], N]
    below_zero: Callable[[Any], Any]
    unexplained: Callable[[Any, Any, Any], Any]
    root: Callable[[Any], Any]
    density: Callable[..., Any]
    distribution: Callable[[Any], Any]
    between: Callable[[Any, Any], Any]
    bivariate: Callable[[Any, Any, Any], Any]
    least: Callable[[Any, Any], Any]
    complement: Callable[[Any, Any, Any], Any]
    total: Callable[[Iterable[Any]], N]
    in_tails: bool = False

    def mean(self, mean: Any, variance: Any) -> N:
        """Return E[X+] = m Phi(m/s) + s phi(m/s) for X ~ N(m, s^2)."""

        m, v = self._numbers(mean, variance)
        return self.if_zero(variance, lambda: self.positive_part(mean), lambda: self.mean_by_deviation(m, self.root(v)))

    def shift(self, mean: Any, variance: Any) -> N:
        """Return E[X+] - m+, by how much noise moves the mean: E[(-X)+] for m > 0, as X+ - X = (-X)+."""
        below: Any = self.below_zero(mean)
        if below is None:
            return self.mean(mean, variance) - self.positive_part(mean)  # type: ignore[operator]
        return self.mean(below, variance)

    def square(self, mean: Any, variance: Any) -> N:
        """Return E[X+^2] = (m^2 + s^2) Phi(m/s) + m s phi(m/s)."""

        def noisy() -> Any:
            m, v = self._numbers(mean, variance)
            s = self.root(v)
            return (m * m + v) * self.distribution(m / s) + m * s * self.density(m / s)

        part: Any = self.positive_part(mean)
        return self.if_zero(variance, lambda: part * part, noisy)

    def product(self, mean1: Any, mean2: Any, variance1: Any, variance2: Any, covariance: Any) -> N:
        """Return E[X+ Y+] for jointly Gaussian X and Y.

        (m1 m2 + rho s1 s2) Phi2(a, b; rho) + m1 s2 phi(b) Phi((a - rho b)/q) + m2 s1 phi(a) Phi((b - rho a)/q)
        + s1 s2 q phi(a) phi((b - rho a)/q),  with a = m1/s1, b = m2/s2, q = sqrt(1 - rho^2); the limits
        rho = 1 and rho = -1 are taken where they are reached exactly.
        """
        m1, m2, v1, v2, c = mean1, mean2, variance1, variance2, covariance

        def independent() -> N:
            factor: Any = self.mean(m1, v1)
            return self.total([factor * self.mean(m2, v2)])

        def dependent() -> N:
            pair = [*self._numbers(m1, m2), *map(self.root, self._numbers(v1, v2))]
            left = self.unexplained(v1, v2, c)

            def opposed() -> N:
                return self.if_positive(m2 * v1 - m1 * c, lambda: self._opposed(*pair), lambda: self.number(0))

            def explained() -> N:
                return self.if_positive(c, lambda: self._aligned(*pair), opposed)

            return self.if_zero(left, explained, lambda: self._oblique(*pair, c=self.number(c), left=left))

        return self.if_zero(v1 * v2 * c, independent, dependent)

    def covariance(self, mean1: Any, mean2: Any, variance1: Any, variance2: Any, covariance: Any) -> Any:
        """Return Cov(X+, Y+) = E[X+ Y+] - E[X+] E[Y+].

        Where ``in_tails``, with X' = -X for a mean above 0 and X for others, so that X+ = X + X'+ there: the covariance
        of X'+ and Y'+, and with c = Cov(X, Y) what is linear, by Stein's lemma c Phi(m/s) of Y at one mean above 0 and
        c (1 - Phi(-m1/s1) - Phi(-m2/s2)) at two.
        """
        m1, m2, v1, v2, c = mean1, mean2, variance1, variance2, covariance
        if not self.in_tails:
            product: Any = self.product(m1, m2, v1, v2, c)
            return product - self.mean(m1, v1) * self.mean(m2, v2)  # type: ignore[operator]
        below1, below2 = self.below_zero(m1), self.below_zero(m2)
        turned = c if (below1 == m1) == (below2 == m2) else -c
        tails: Any = self.product(below1, below2, v1, v2, turned)
        tails = tails - self.mean(below1, v1) * self.mean(below2, v2)  # type: ignore[operator]
        signs = [self.distribution(self.number(b) / self.root(self.number(v))) for b, v in ((below1, v1), (below2, v2))]
        if below1 == m1 and below2 == m2:
            return tails
        both = below1 != m1 and below2 != m2
        return tails + self.number(c) * (1 - sum(signs) if both else signs[below1 != m1])

    def _numbers(self, *given: Any) -> Iterator[Any]:
        return map(self.number, given)

    def mean_by_deviation(self, m: Any, s: Any) -> Any:
        """Return m Phi(m/s) + s phi(m/s), both numbers of this arithmetic and s > 0."""
        return m * self.distribution(m / s) + self.density(m / s, s)

    def _oblique(self, m1: Any, m2: Any, s1: Any, s2: Any, *, c: Any, left: Any) -> Any:
        """E[X+ Y+] at -1 < rho < 1."""
        a, b, rho = m1 / s1, m2 / s2, c / (s1 * s2)
        q = self.complement(rho, left, s1 * s1 * s2 * s2)
        u, v = (a - rho * b) / q, (b - rho * a) / q
        return (
            (m1 * m2 + c) * self.bivariate(a, b, rho)
            + m1 * s2 * self.density(b) * self.distribution(u)
            + m2 * s1 * self.density(a) * self.distribution(v)
            + s1 * s2 * q * self.density(a) * self.density(v)
        )

    def _aligned(self, m1: Any, m2: Any, s1: Any, s2: Any) -> Any:
        """E[X+ Y+] at rho = 1: X = m1 + s1 z and Y = m2 + s2 z are both positive for z > -t."""
        t = self.least(m1 / s1, m2 / s2)
        return (m1 * m2 + s1 * s2) * self.distribution(t) + (m1 * s2 + m2 * s1 - s1 * s2 * t) * self.density(t)

    def _opposed(self, m1: Any, m2: Any, s1: Any, s2: Any) -> Any:
        """E[X+ Y+] at rho = -1, a + b > 0: X = m1 + s1 z and Y = m2 - s2 z are both positive for -a < z < b."""
        a, b = m1 / s1, m2 / s2
        mass = self.between(-a, b)
        p, q = self.density(a), self.density(b)
        return m1 * m2 * mass + (m2 * s1 - m1 * s2) * (p - q) - s1 * s2 * (mass - a * p - b * q)


def _exactly_unexplained(v1: Any, v2: Any, c: Any) -> Any:
    return v1 * v2 - c * c


def _if_positive(given: Any, yes: Callable[[], Expr], no: Callable[[], Expr]) -> Expr:
    """Return one of two expressions, or a Piecewise of both where symbols decide."""
    x = as_sympy(given)
    if x.is_positive or x.is_nonpositive:
        return yes() if x.is_positive else no()
    return sympy.Piecewise((yes(), x > 0), (no(), True))


SYMBOLS: RectifiedMoments[Expr] = RectifiedMoments(
    number=as_sympy,
    positive_part=lambda given: sympy.Max(as_sympy(given), 0),
    if_zero=lambda given, yes, no: yes() if sympy.expand(as_sympy(given)) == 0 else no(),
    if_positive=_if_positive,
    below_zero=lambda given: None,
    unexplained=_exactly_unexplained,
    root=sympy.sqrt,
    density=lambda x, factor=1: factor * phi(x),
    distribution=Phi,
    between=lambda x, y: Phi(y) - Phi(x),
    bivariate=Phi2,
    least=sympy.Min,
    complement=lambda rho, left, scale: sympy.sqrt(1 - rho**2),
    total=lambda terms: sympy.expand(sympy.Add(*terms)),
)

BALLS: RectifiedMoments[arb] = RectifiedMoments(
    number=exact_ball,
    positive_part=lambda given: exact_ball(given if sign(given) > 0 else 0),
    if_zero=lambda given, yes, no: yes() if sign(given) == 0 else no(),
    if_positive=lambda given, yes, no: yes() if sign(given) > 0 else no(),
    below_zero=lambda given: -given if sign(given) > 0 else given,
    unexplained=_exactly_unexplained,
    root=arb.sqrt,
    density=lambda x, factor=None: normal_density(x) if factor is None else factor * normal_density(x),
    distribution=normal_cdf,
    between=lambda x, y: normal_cdf(-x) - normal_cdf(-y) if x > 0 else normal_cdf(y) - normal_cdf(x),
    bivariate=bivariate_cdf,
    least=arb.min,
    complement=lambda rho, left, scale: (exact_ball(left) / scale).sqrt(),
    total=lambda terms: sum(terms, arb(0)),
    in_tails=True,
)


def _where(condition: np.ndarray, yes: Callable[[], np.ndarray], no: Callable[[], np.ndarray]) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.where(condition, yes(), no())


def _distributions(x: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return np.asarray(ndtr(x))


def _bivariate_distributions(a: np.ndarray, b: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Return Phi Phi plus the integral of exp(-(a^2 + b^2 - 2ab sin u) / (2 cos^2 u)) / (2 pi) over u = 0..asin rho."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    angle = np.arcsin(rho)[..., None] * (1 + nodes) / 2
    square = (a * a + b * b)[..., None] - 2 * (a * b)[..., None] * np.sin(angle)
    integral = np.arcsin(rho) / 2 * (np.exp(-square / (2 * np.cos(angle) ** 2)) @ weights)
    return _distributions(a) * _distributions(b) + integral / (2 * np.pi)


def _unexplained_by(v1: np.ndarray, v2: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return v1 v2 (1 - rho) (1 + rho), which is not negative and is 0 where rho rounds to 1 or -1."""
    rho = np.clip(c / np.sqrt(v1 * v2), -1, 1)
    return v1 * v2 * (1 - rho) * (1 + rho)


FLOATS: RectifiedMoments[np.ndarray] = RectifiedMoments(
    number=np.asarray,
    positive_part=lambda given: np.maximum(given, 0),
    if_zero=lambda given, yes, no: _where(np.asarray(given) == 0, yes, no),
    if_positive=lambda given, yes, no: _where(np.asarray(given) > 0, yes, no),
    below_zero=lambda given: -np.abs(given),
    unexplained=_unexplained_by,
    root=np.sqrt,
    density=lambda x, factor=1: factor * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi),
    distribution=_distributions,
    between=lambda x, y: np.where(
        x > 0, _distributions(-x) - _distributions(-y), _distributions(y) - _distributions(x)
    ),
    bivariate=_bivariate_distributions,
    least=np.minimum,
    complement=lambda rho, left, scale: np.sqrt(left / scale),
    total=lambda terms: sum(terms, np.zeros(())),
)

rectified_mean, rectified_square, rectified_product = SYMBOLS.mean, SYMBOLS.square, SYMBOLS.product
