r"""The noise response of independent units as LaTeX: a finite sum of integrals.

F_{0^{5} 1^{2}} is the law of a sum of five rectified Gaussians (sigma z)_+ and two (1 + sigma z)_+, an atom at 0 and a
density, with sigma^2 the variance of the noise at a rectified site; a weight w other than 1 is written in front,
w{\cdot}m.  With g_A(s) = \int (s + t - theta)_+ dF_A(t), a unit that sums A has mean g_A(0), and two units with the
summands B in common, A and C apart, have E[a a'] = \int g_A g_C dF_B.  What an image adds to noise that comes rectified
is no part of a law: it is added to the argument of g.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction

from solver.gaussian.independent import Terms
from solver.sensitivity.noise.ball_sum import BallSum, joined


def integral_formula(total: BallSum) -> str:
    """Return a `BallSum` as LaTeX in the integrals above, without dollar signs."""
    parts = [(weight, _covariance(*split)) for split, weight in total.covariances.items()]
    parts += [(weight, _difference(total, *split)) for split, weight in total.differences.items()]
    return _gathered(parts + _squares(total))


def incoherent_formula(total: BallSum) -> str:
    """Return the incoherent part of a `BallSum` as LaTeX: covariances."""
    correlated = [*total.covariances.items(), *((s, w) for s, w in total.differences.items() if s[0])]
    return _gathered([(weight, _covariance(*split)) for split, weight in correlated])


def coherent_formula(total: BallSum) -> str:
    """Return the coherent part of a `BallSum` as LaTeX: products of mean differences."""
    parts = [(weight, _shift_product(total, *split)) for split, weight in total.differences.items()]
    return _gathered(parts + _squares(total))


def _squares(total: BallSum) -> list[tuple[Fraction, str]]:
    return [(weight, rf"\Bigl({_shift(total, shifts)}\Bigr)^2") for shifts, weight in total.squares]


def _shift_product(total: BallSum, common: Terms, left: Terms, right: Terms) -> str:
    """Return (E[a] - a0) (E[a'] - a0')."""
    p, q = (rf"\Bigl({_shift(total, {joined(common, own): Fraction(1)})}\Bigr)" for own in (left, right))
    return rf"{p}^2" if p == q else rf"{p}{q}"


def _covariance(common: Terms, left: Terms, right: Terms) -> str:
    """Return Cov(a, a')."""
    means = _mean(joined(common, left)) + _mean(joined(common, right))
    return rf"\Bigl({_product(common, left, right)}-{means}\Bigr)"


def _difference(total: BallSum, common: Terms, left: Terms, right: Terms) -> str:
    """Return E[(a - a0)(a' - a0')]."""
    p, q = joined(common, left), joined(common, right)
    a, b = total.calm(p), total.calm(q)
    means = [(-2 * a, _mean(p))] if p == q else [(-a, _mean(q)), (-b, _mean(p))]
    terms = [(Fraction(1), _product(common, left, right)), *means, (a * b, "")]
    return rf"\Bigl({_sum(terms)}\Bigr)"


def _shift(total: BallSum, shifts: dict[Terms, Fraction]) -> str:
    """Return the sum of mean differences E a - a0."""
    calm = -sum((v * total.calm(terms) for terms, v in shifts.items()), Fraction(0))
    return _sum([*((v, _mean(terms)) for terms, v in shifts.items()), (calm, "")])


def _product(common: Terms, left: Terms, right: Terms) -> str:
    g, h = _expectation(left, "s", (*common, *left)), _expectation(right, "s", (*common, *right))
    factors = rf"{g}^2" if g == h else rf"{g}\,{h}"
    return rf"\int {factors}\,dF_{{{_law(common)}}}(s)"


def _mean(terms: Terms) -> str:
    return _expectation(terms, "", terms)


def _expectation(terms: Terms, place: str, unit: Terms) -> str:
    """Return g of the summands' law, at a place plus what all summands of the unit are shifted by."""
    shift = sum((t.weight * t.shift for t in unit), Fraction(0))
    at = f"{place}+{shift}" if place and shift else place or str(shift)
    return rf"g_{{{_law(terms)}}}({at})"


def _law(terms: Terms) -> str:
    counts = Counter((term.weight, term.mean) for term in terms)
    names = [(f"{w}" + r"{\cdot}" if w != 1 else "") + f"{m}^{{{n}}}" for (w, m), n in sorted(counts.items())]
    return r"\,".join(names) or r"\emptyset"


def _gathered(parts: list[tuple[Fraction, str]]) -> str:
    """Return the sum with the coefficients of equal factors added up."""
    coefficients: dict[str, Fraction] = defaultdict(Fraction)
    for coefficient, factor in parts:
        coefficients[factor] += coefficient
    return _sum([(coefficient, factor) for factor, coefficient in coefficients.items()])


def _sum(parts: list[tuple[Fraction, str]]) -> str:
    """Return sum of coefficient times factor; an empty factor is 1."""
    text = ""
    for coefficient, factor in parts:
        if coefficient:
            p, q = abs(coefficient.numerator), coefficient.denominator
            size = str(p) if q == 1 else rf"\frac{{{p}}}{{{q}}}"
            text += f"{'-' if coefficient < 0 else '+' if text else ''}{'' if size == '1' and factor else size}{factor}"
    return text or "0"
