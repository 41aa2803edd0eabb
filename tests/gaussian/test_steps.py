"""Laws of sums by Taylor steps: against the series, nested quadrature and Laplace inversion, errors forced large."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import flint
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from solver.gaussian.balls import midpoint_radius
from solver.gaussian.independent import RectifiedSums, Term, Terms
from solver.gaussian.steps.laws import SteppedLaws, StepPoint
from solver.gaussian.steps.recursion import StepEquation, taylor_coefficients
from solver.gaussian.steps.sums import SteppedSums
from solver.gaussian.steps.tails import Kind, Sum, beyond, excess_bound
from tests.oracles import number

ONE = Fraction(1)
DIGITS = (0, 1, 3, 8, 20)
"""Few digits: cut series, short reaches and far sites cut early, so that every bound is called upon."""


def terms(variance: Any, *means: Any, weights: Any = None) -> Terms:
    weights = weights or [1] * len(means)
    return tuple(
        sorted(Term(Fraction(w), Fraction(m), Fraction(variance)) for w, m in zip(weights, means, strict=True))
    )


def holds(ball: arb, value: Any, digits: int = 25) -> bool:
    """Whether a ball holds a value that is known to some digits."""
    middle, radius = (mpf(x.numerator) / mpf(x.denominator) for x in midpoint_radius(ball))
    return bool(abs(middle - value) <= radius + mpf(10) ** -digits * max(1, abs(value)))


def inverted(summands: Terms, level: Fraction, power: int) -> Any:
    """E(S - level)+^power as a Laplace integral of the moments' generating function, along two bent rays."""
    theta = number(level - sum((t.weight * t.shift for t in summands), Fraction(0)))

    def generating(z: Any) -> Any:
        product = mpf(1)
        for t in summands:
            w, m, s = number(t.weight), number(t.mean), mp.sqrt(number(t.variance))
            a = m / s
            product *= (
                mp.ncdf(-a) + mp.exp(m * w * z + (s * w * z) ** 2 / 2) * mp.erfc(-(a + s * w * z) / mp.sqrt(2)) / 2
            )
        return product

    scale = max(mp.sqrt(number(t.variance)) * number(t.weight) for t in summands)
    start, direction = 1 / scale, mp.expjpi(mpf(5) / 12)

    def integrand(t: Any) -> Any:
        z = start + t * direction
        return mp.exp(-z * theta) * generating(z) / z ** (power + 1) * direction

    ends = [mpf(k) / scale for k in (0, 2, 6, 14, 30)]
    return mp.factorial(power) * mp.quad(integrand, ends).imag / mp.pi


def line_excess(term: Term, x: Any, level: Any) -> Any:
    """E(w (X)+ + x - level)+."""
    w, m, s = number(term.weight), number(term.mean), mp.sqrt(number(term.variance))
    need = level - x

    def above(y: Any) -> Any:
        a = (m - y) / s
        return (m - y) * mp.ncdf(a) + s * mp.npdf(a)

    return w * above(need / w) if need > 0 else w * above(mpf(0)) - need


@lru_cache
def nested(common: Term, left: Term, right: Term, level: Fraction) -> Any:
    """E[(A + B - level)+ (B + C - level)+] of one term each, as an integral over B and its atom."""
    w, m, s, theta = *(number(x) for x in common[:2]), mp.sqrt(number(common.variance)), number(level)

    def both(x: Any) -> Any:
        return line_excess(left, x, theta) * line_excess(right, x, theta)

    centre = max(m, mpf(0))
    panels = sorted({mpf(0), *(max(centre + k * s, mpf(0)) for k in range(-12, 13, 6)), theta / w, centre + 12 * s})
    inside = mp.quad(lambda x: mp.npdf(x, m, s) * both(w * x), panels)
    return mp.ncdf(-m / s) * both(mpf(0)) + inside


@pytest.mark.parametrize("digits", DIGITS)
@pytest.mark.parametrize("length", [4, 32, 100])
def test_balls_hold_the_series(digits: int, length: int) -> None:
    """Windows of seven sites with no, one and two pixels, as of `shift`."""
    v = Fraction(8, 3) / length
    empty, one, two = (terms(v, *[0] * (7 - n), *[1] * n) for n in range(3))
    plain = RectifiedSums(ONE, 45, v, 7)
    steps = SteppedSums(ONE, digits, [empty, one, two])
    for unit in (empty, one, two):
        assert steps.excess(unit).overlaps(plain.excess(unit))
        assert steps.excess_square(unit).overlaps(plain.excess_square(unit))
    for split in splits(v):
        assert steps.excess_product(*split).overlaps(plain.excess_product(*split))


def splits(v: Fraction) -> list[tuple[Terms, Terms, Terms]]:
    return [
        (terms(v, 0, 0, 0), terms(v, 0, 0, 0, 1), terms(v, 0, 0, 0, 0)),
        (terms(v, 0, 0, 1), terms(v, 0, 0, 0, 0), terms(v, 0, 0, 0, 1)),
        (terms(v, 0, 0), terms(v, 0, 0, 1, 1, 0), terms(v, 0, 0, 0, 0, 1)),
        ((), terms(v, *[0] * 6, 1), terms(v, *[0] * 7)),
    ]


MEANS = st.sampled_from(
    [Fraction(-1), Fraction(-1, 3), Fraction(0), Fraction(0), Fraction(1, 2), Fraction(1), Fraction(2)]
)
WEIGHTS = st.sampled_from([Fraction(1), Fraction(1), Fraction(2), Fraction(3)])
SHIFTS = st.sampled_from([Fraction(0), Fraction(0), Fraction(1, 4), Fraction(1), Fraction(3)])


@st.composite
def unit_pairs(draw: Any) -> tuple[Terms, Terms, Terms, Fraction, Fraction, int]:
    variance = draw(st.sampled_from([Fraction(1, 30), Fraction(1, 12), Fraction(1, 3), Fraction(2)]))
    one = st.builds(Term, WEIGHTS, MEANS, st.just(variance), SHIFTS)
    groups = [tuple(sorted(draw(st.lists(one, max_size=most)))) for most in (3, 2, 2)]
    level = draw(st.sampled_from([Fraction(1, 2), Fraction(1), Fraction(3, 2)]))
    return *groups, level, variance, draw(st.sampled_from(DIGITS))


@given(unit_pairs())
@settings(max_examples=40, deadline=None)
def test_random_sums_hold_the_series(case: Any) -> None:
    """Weights, shifts, biases and levels of all sizes: kinks at different places, far sites above and below."""
    common, left, right, level, variance, digits = case
    units = [tuple(sorted((*common, *own))) for own in (left, right)]
    if not any(units):
        return
    smallest = min(t.weight for unit in units for t in unit) ** 2 * variance
    plain = RectifiedSums(level, 40, smallest, 5)
    steps = SteppedSums(level, digits, units)
    assert steps.excess_product(common, left, right).overlaps(plain.excess_product(common, left, right))
    for unit in filter(None, units):
        assert steps.excess(unit).overlaps(plain.excess(unit))
        assert steps.excess_square(unit).overlaps(plain.excess_square(unit))


@pytest.mark.parametrize("digits", DIGITS)
@pytest.mark.parametrize("variance", ["1/12", "1/300", "1/4000", "1/1000000"])
def test_balls_hold_nested_quadrature(digits: int, variance: str) -> None:
    """Weak noise, where the series cannot go: one site each, with every choice of pixels."""
    with mp.workdps(30):
        for pixels in (0, 1, 2, 3, 5, 7):
            a, b, c = (Term(ONE, Fraction(pixels >> k & 1), Fraction(variance)) for k in range(3))
            steps = SteppedSums(ONE, digits, [(a, b), (b, c)])
            truth = nested(b, a, c, ONE)
            assert holds(steps.excess_product((b,), (a,), (c,)), truth)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variance", "means"),
    [
        ("1/12", (0, 0, 0, 0, 0, 0, 0)),
        ("1/1000", (0, 0, 0, 0, 0, 0, 1)),
        ("1/400000", (0, 0, 0, 0, 0, "1/2", "1/2")),
    ],
)
def test_balls_hold_laplace_integrals(variance: str, means: Any) -> None:
    unit = terms(Fraction(variance), *map(Fraction, means))
    with mp.workdps(20):
        truth = [inverted(unit, ONE, power) for power in (1, 2)]
        for digits in DIGITS:
            steps = SteppedSums(ONE, digits, [unit])
            assert holds(steps.excess(unit), truth[0], 15) and holds(steps.excess_square(unit), truth[1], 15)


@pytest.mark.parametrize("digits", [10, 20, 50, 90])
@pytest.mark.parametrize("length", [32, 300, 10**6])
def test_radii_are_as_small_as_asked(digits: int, length: int) -> None:
    v = Fraction(8, 3) / length
    unit = terms(v, 0, 0, 0, 0, 0, 0, 1)
    steps = SteppedSums(ONE, digits, [unit, terms(v, *[0] * 7)])
    split = (terms(v, 0, 0, 1), terms(v, 0, 0, 0, 0), terms(v, 0, 0, 0, 0))
    assert midpoint_radius(steps.excess_product(*split))[1] < v / 10**digits
    assert midpoint_radius(steps.excess(unit))[1] ** 2 < v / 10 ** (2 * digits)


def test_scales_do_not_matter() -> None:
    """Lengths times 2^300: the noise may be as weak as it likes."""
    scale = Fraction(2) ** 300
    unit = terms(Fraction(1, 12), 0, 0, 1)
    large = tuple(t._replace(mean=t.mean * scale, variance=t.variance * scale**2) for t in unit)
    small = SteppedSums(ONE, 20, [unit]).excess_square(unit)
    assert (SteppedSums(scale, 20, [large]).excess_square(large) / arb(2) ** 600).overlaps(small)


@pytest.mark.parametrize("y", [Fraction(2), Fraction(5), Fraction(-3)])
def test_tail_bounds_hold(y: Fraction) -> None:
    """Against the excess itself, which the bound exceeds, but not by much."""
    law, unit = Sum((Kind(Fraction(0), ONE), Kind(ONE, ONE)), Fraction(0)), terms(1, 0, 1)
    if y > 0:
        plain = RectifiedSums(y, 40, ONE, 2)
        assert plain.excess(unit) < excess_bound(law, y) < 40 * plain.excess(unit)
        assert plain.excess_square(unit) < beyond(law, y, 1) < 40 * plain.excess_square(unit)
    mirrored = beyond(Sum((), ONE), y, -1)
    with mp.workdps(30):
        s = number(y)
        below = (s * s + 1) * mp.ncdf(s) + s * mp.npdf(s)
        assert float(mirrored) >= below


@given(st.integers(-6, 6), st.integers(1, 6), st.sampled_from([1, 3, 6, 12]))
@settings(deadline=None)
def test_tails_of_taylor_series_hold(drift: int, variance: int, digits: int) -> None:
    """h' = (d - x / V) h and k' = (d - x / V) k + h have h = e^(d x - x^2 / 2V) and k = x h; at both ends."""
    with flint.ctx.workprec(200):
        own = (arb(drift), arb(1) / variance)
        rows = [StepEquation(*own, []), StepEquation(*own, [(0, arb(1))])]
        series, tail = taylor_coefficients(rows, [arb(1), arb(0)], arb(10) ** -digits)
        assert tail < arb(10) ** -digits
        for x in (-1, 1):
            exact = (drift * x - arb(1) / (2 * variance)).exp()
            for coefficients, value in zip(series, (exact, x * exact), strict=True):
                partial = sum((c * x**n for n, c in enumerate(coefficients)), arb(0))
                assert abs(partial - value) <= tail + arb(2) ** -150


def test_operations_do_not_grow_with_the_level() -> None:
    counts = []
    for length in (1000, 10**4, 10**6, 10**12):
        v = Fraction(8, 3) / length
        steps = SteppedSums(ONE, 20, [terms(v, *[0] * (7 - n), *[1] * n) for n in range(3)])
        for split in splits(v):
            steps.excess_product(*split)
        counts.append(steps.operations)
        assert counts[-1] < steps.cost(splits(v))
    assert counts[-1] < 1.5 * counts[0]


@pytest.mark.parametrize("digits", [-2, 0, 2])
def test_levels_beyond_reach_are_held(digits: int) -> None:
    """From levels that are met to those that are not: each of the bounds far out stands alone somewhere."""
    unit = terms(1, 0, 0)
    for quarter in range(2, 36):
        level = Fraction(quarter, 4)
        plain, steps = RectifiedSums(level, 60, ONE, 2), SteppedSums(level, digits, [unit])
        assert steps.excess(unit).overlaps(plain.excess(unit))
        assert steps.excess_square(unit).overlaps(plain.excess_square(unit))
        assert steps.excess_product(unit[:1], unit[1:], unit[1:]).overlaps(
            plain.excess_product(unit[:1], unit[1:], unit[1:])
        )


@pytest.mark.parametrize("digits", [-2, 0, 2])
def test_levels_far_below_a_pixel_are_held(digits: int) -> None:
    """A pixel that noise cannot cut, and wide noise: the factor is a line but for a little."""
    wide, pixel = Term(Fraction(5), Fraction(0), ONE), Term(ONE, Fraction(60), ONE)
    with mp.workdps(30):
        for level in range(44, 62, 2):
            theta = mpf(level)
            inside = mp.quad(lambda x, t=theta: mp.npdf(x) * line_excess(pixel, 5 * x, t), [0, 2, 4, 6, 8, 12])
            truth = line_excess(pixel, mpf(0), theta) / 2 + inside
            steps = SteppedSums(Fraction(level), digits, [(pixel, wide)])
            assert holds(steps.excess((pixel, wide)), truth, 20)
            assert holds(steps.excess((pixel,)), line_excess(pixel, mpf(0), theta), 20)
            product = steps.excess_product((wide,), (pixel,), (pixel,))
            assert holds(product, nested(wide, pixel, pixel, Fraction(level)), 20)


def test_errors_at_the_start_are_carried_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """With h_1 off by 1/1000 at 0, and said to be, the laws of one and two terms at any distance are held still."""
    start = SteppedLaws._start

    def shaken(laws: SteppedLaws) -> StepPoint:
        point = start(laws)
        first = [d + (sum(a) == 1) * arb(1) / 1000 for a, d in zip(laws.indices, point.densities, strict=True)]
        errors = [e + (sum(a) == 1) * arb(1001) / 10**6 for a, e in zip(laws.indices, point.errors, strict=True)]
        return point._replace(densities=first, errors=errors)

    monkeypatch.setattr(SteppedLaws, "_start", shaken)
    kind = Kind(Fraction(0), ONE)
    with flint.ctx.workprec(200), mp.workdps(30):
        laws = SteppedLaws(Sum((kind, kind), Fraction(0)), arb(10) ** -20)
        for centre in (Fraction(1), Fraction(5, 2), Fraction(4), Fraction(7)):
            panel = laws.panel(centre)
            for at in (-1, 0, 1):
                x = number(centre + at)
                one, two = mp.npdf(x), mp.npdf(x / mp.sqrt(2)) / mp.sqrt(2) * mp.erf(x / 2)
                for i, truth in ((1, one), (2, two)):
                    assert holds(panel.series[i](at) + arb(0, (panel.errors[i] + panel.tail).upper()), truth)
