"""One rule for every route that states an error: forced to be large, the error holds an independent value.

Few orders, digits, nodes, points or draws; the values are elementary integrals, quadrature in mpmath, nested quadrature
or complete enumeration.  Nor is an error absurd: `WIDEST` times what the value really misses, where that can be said.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import flint
import numpy as np
import pytest
from flint import arb
from mpmath import mp, mpf
from scipy.special import stdtrit
from sympy import sqrt

from solver import Sampling, TwoPixelTask, construct, sensitivities
from solver.gaussian import independent
from solver.gaussian.balls import enclose, is_resolved
from solver.gaussian.chains.coupled_chains import ChainResolution
from solver.gaussian.functions import Phi, phi
from solver.gaussian.independent import RectifiedSums, Term
from solver.gaussian.steps.sums import SteppedSums
from solver.sensitivity.limits.limits import strong_noise_responses, weak_noise_responses
from solver.sensitivity.noise.ball_sum import BallSum
from solver.sensitivity.noise.closed import ONCE
from solver.sensitivity.noise.route import Evaluation, Route
from solver.sensitivity.noise.routes import ROUTES
from solver.sensitivity.noise.sampled.sampling import SAMPLED
from solver.sensitivity.noise.sampled.scaled import SCALED
from solver.sensitivity.noise.series import SERIES
from solver.sensitivity.noise.transfer.layer import LAYER_TRANSFER
from solver.sensitivity.noise.transfer.output import OUTPUT_TRANSFER
from solver.sensitivity.noise.transfer.rectified_input import INPUT_TRANSFER
from solver.sensitivity.noise.transfer.windows import EqualWindows
from solver.sensitivity.shuffling.deformation import shuffled_deformations
from solver.values import NumericValue
from tests.gaussian.test_steps import holds, line_excess, nested
from tests.oracles import number
from tests.sensitivity.noise.transfer.test_bounds import LENGTH, TASK, asked, found, ring
from tests.sensitivity.shuffling.test_unmet_shuffles import mean_over_all, odd_one_out

ONE = Fraction(1)
WIDEST = 1e3
A, B, C = (Term(Fraction(w), Fraction(m), Fraction(1, 2)) for w, m in ((1, "1/2"), (2, 0), (1, "-1/3")))
PAIRS = [(B, A, C), (A, B, C), (C, A, B)]
"""What two units of two sites share, and the site that each has for itself."""


def excess_moments(one: Term, other: Term) -> list[Any]:
    """E(S - 1)+ and E[(S - 1)+^2] of two sites, as an integral over the first and its atom."""
    w, m, s = number(one.weight), number(one.mean), mp.sqrt(number(one.variance))

    def square(x: Any) -> Any:
        v, n, t = number(other.weight), number(other.mean), mp.sqrt(number(other.variance))
        low = max((1 - x) / v, mpf(0))  # from which value of the other site on the unit rises
        a, rest = (n - low) / t, x + v * low - 1
        first = (n - low) * mp.ncdf(a) + t * mp.npdf(a)
        second = ((n - low) ** 2 + t * t) * mp.ncdf(a) + t * (n - low) * mp.npdf(a)
        return v * v * second + 2 * v * rest * first + rest * rest

    functions: list[Callable[[Any], Any]] = [lambda x: line_excess(other, x, mpf(1)), square]
    ends = sorted({mpf(0), 1 / w, *(mpf(k) for k in (1, 2, 4, 8, 12))})
    return [
        mp.ncdf(-m / s) * f(mpf(0)) + mp.quad(lambda x, f=f: mp.npdf(x, m, s) * f(w * x), ends)  # type: ignore[misc]
        for f in functions
    ]


def cut(sums: RectifiedSums, order: int) -> RectifiedSums:
    """The series cut off at an order, whatever digits they were to have."""
    sums.order = order
    with flint.ctx.workprec(sums.precision):
        sums.tail = independent._tail(sums.level, order, Fraction(1, 2), 2)
    return sums


# Proven balls


@pytest.mark.parametrize("order", [6, 9, 12, 16, 24, 32])
def test_series_cut_early(order: int) -> None:
    """The order alone decides: 45 digits are asked for, and the ball says what became of them."""
    with mp.workdps(30):
        for common, left, right in PAIRS:
            sums = cut(RectifiedSums(ONE, 45, Fraction(1, 2), 2), order)
            for pair in ((common, left), (common, right)):
                unit = tuple(sorted(pair))
                balls = sums.excess(unit), sums.excess_square(unit)
                for ball, truth in zip(balls, excess_moments(*pair), strict=True):
                    assert holds(ball, truth, 20)
            assert holds(sums.excess_product((common,), (left,), (right,)), nested(common, left, right, ONE), 20)


def test_what_a_series_leaves_out_is_more_than_rounding() -> None:
    """The cases above are about the bound: without it most of the balls would miss."""
    missed = {"single": 0, "pair": 0}
    with mp.workdps(30):
        for order in (6, 9, 12):
            for common, left, right in PAIRS:
                sums = cut(RectifiedSums(ONE, 45, Fraction(1, 2), 2), order)
                sums.tail = arb(0)
                unit = tuple(sorted((common, left)))
                missed["single"] += not holds(sums.excess(unit), excess_moments(common, left)[0], 20)
                product = sums.excess_product((common,), (left,), (right,))
                missed["pair"] += not holds(product, nested(common, left, right, ONE), 20)
    assert min(missed.values()) >= 5


@pytest.mark.parametrize("digits", [-2, 0, 1, 2])
def test_steps_of_few_digits(digits: int) -> None:
    with mp.workdps(30):
        for common, left, right in PAIRS:
            steps = SteppedSums(ONE, digits, [tuple(sorted((common, own))) for own in (left, right)])
            product = steps.excess_product((common,), (left,), (right,))
            assert holds(product, nested(common, left, right, ONE), 20)
            for pair in ((common, left), (common, right)):
                unit = tuple(sorted(pair))
                for ball, truth in zip(
                    (steps.excess(unit), steps.excess_square(unit)), excess_moments(*pair), strict=True
                ):
                    assert holds(ball, truth, 20)


@pytest.mark.parametrize("digits", [3, 12, 30])
@pytest.mark.parametrize("start", [1, 2, 5])
def test_a_ball_sum_goes_on_until_it_has_its_digits(digits: int, start: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From too few working digits, as much cancellation leaves them, on to a radius below 10^-digits."""
    monkeypatch.setattr(BallSum, "working_digits", lambda self, digits: start)
    pixel = Term(ONE, ONE, Fraction(1, 2))
    unit = tuple(sorted((A, pixel)))
    total = BallSum(ONE, Fraction(1, 2), 2)
    total.differences[(unit, (), ())] += 1
    total.squares.append(({unit: Fraction(2)}, Fraction(3)))
    found = total.enclose_split(digits)
    calm = Fraction(1, 2)
    with mp.workdps(40):
        first, second = excess_moments(A, pixel)
        shift = (first - number(calm)) ** 2
        incoherent, coherent = second - first**2, 13 * shift
        truth = incoherent + coherent
        for ball, expected in ((found.total, truth), (found.coherent, coherent), (found.incoherent, incoherent)):
            assert holds(ball, expected, 28) and is_resolved(ball, digits)
    few = total.response(total.sums(start)).total
    assert not is_resolved(few, 30)


@pytest.mark.parametrize("digits", [1, 2, 5, 15])
def test_closed_forms_of_few_digits(digits: int) -> None:
    """Sums that cancel 20 and 10 digits, and G_1 of `uniform` from docs/theory.md."""
    with mp.workdps(60):
        x = mpf(10)
        expected = mp.npdf(x) - x * mp.ncdf(-x)
        ball = enclose(phi(10) - 10 * (1 - Phi(10)), digits)
        assert holds(ball, expected, 55) and is_resolved(ball, digits)
        ball = enclose(sqrt(10**10 + 1) - 10**5, digits)
        assert holds(ball, 1 / (mp.sqrt(10**10 + 1) + 10**5), 40) and is_resolved(ball, digits)
    task = TwoPixelTask(length=32, scale=7)
    value = sensitivities(construct("uniform", task), task, layers=(1,))[1].G
    estimate, error = map(Fraction, value.bounded(digits))
    assert abs(estimate - Fraction("0.443744330281001")) <= error + Fraction(1, 10**15)
    assert error < Fraction(1, 10**digits)


# Transfer operators

CASES = [
    ([Fraction(1), Fraction(1)], Fraction(-1, 4), [Fraction(1), Fraction(2)], Fraction(1), Fraction(4), False),
    ([Fraction(1), Fraction(3, 4)], Fraction(1, 2), [Fraction(2), Fraction(1)], Fraction(3, 2), Fraction(8), False),
    ([Fraction(1)], Fraction(1, 4), [Fraction(1), Fraction(-1)], Fraction(1, 2), Fraction(2), False),
    ([Fraction(1)], Fraction(0), [Fraction(1), Fraction(3, 2)], Fraction(3, 2), Fraction(3), True),
    ([Fraction(1)], Fraction(0), [Fraction(1), Fraction(-1, 2)], Fraction(1, 2), Fraction(2), True),
]


OUTPUTS = [([Fraction(1)], Fraction(-1, 4), [Fraction(1), Fraction(2)], Fraction(1), Fraction(4), False), CASES[3]]


@cache
def output_truths() -> list[tuple[float, float]]:
    return [ring(*case, added=added).mean() for *case, added in OUTPUTS]


def coarser(nodes: int, reach: float = 4.5) -> Callable[..., ChainResolution]:
    def resolution(self: EqualWindows, *, fine: bool, pair: bool) -> ChainResolution:
        count = nodes + 2 * fine
        return ChainResolution(0.9 if fine else 1.1, reach if fine else reach - 0.5, count, count, 4 * self.unit)

    return resolution


def route_of(added: bool, output: bool) -> Route:
    return INPUT_TRANSFER if added else OUTPUT_TRANSFER if output else LAYER_TRANSFER


def compare(values: list[NumericValue], expected: list[float]) -> list[float]:
    """How much of each error is used up."""
    return [abs(v.estimate - e) / v.uncertainty for v, e in zip(values, expected, strict=True)]


@pytest.mark.parametrize("nodes", [3, 4, 5, 6])
def test_layers_on_coarse_grids(nodes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EqualWindows, "resolution", coarser(nodes))
    used = []
    for *case, added in CASES:
        question = asked(*case, added=added)
        response = found(route_of(added, output=False), question, question.depth)
        used += compare([response.total, response.coherent], [*ring(*case, added=added).layer()])
    assert 1 / WIDEST < max(used) <= 1 and np.median(used) > 1 / WIDEST, used


@pytest.mark.parametrize(("nodes", "alone"), [(3, False), (4, False), (5, True), (6, True)])
def test_outputs_on_coarse_grids(nodes: int, alone: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every window, or of pairs alone, whose errors are then all there is."""
    fine_enough, coarse = EqualWindows.resolution, coarser(nodes, 8.0 if alone else 4.5)

    def resolution(self: EqualWindows, *, fine: bool, pair: bool) -> ChainResolution:
        return (coarse if pair or not alone else fine_enough)(self, fine=fine, pair=pair)

    monkeypatch.setattr(EqualWindows, "resolution", resolution)
    used = []
    for (*case, added), truth in zip(OUTPUTS, output_truths(), strict=True):
        question = asked(*case, added=added)
        response = found(route_of(added, output=True), question, question.depth + 1)
        used += compare([response.total, response.coherent], [*truth])
    assert 1 / WIDEST < max(used) <= 1 and np.median(used) > 1 / WIDEST, used


# Samples: each error holds in 68.27 % of all cases, so most of many seeds, and all at Student's far quantiles

REPLICATES = 8
SEEDS = range(40)
FAR = float(stdtrit(REPLICATES - 1, 1 - 1e-6) / stdtrit(REPLICATES - 1, 0.8413))


def few(seed: int, points: int = 8) -> Sampling:
    return Sampling(points=points, replicates=REPLICATES, seed=seed)


def check(scores: list[float]) -> None:
    """Of 40 errors at 68.27 % at least 19 hold in 997 of 1000 cases, and all of them far out."""
    used = np.array(scores)
    assert np.count_nonzero(used <= 1) >= 19 and used.max() <= FAR, used
    assert np.median(used) > 1 / WIDEST, used


SIGNED: list[Any] = [[Fraction(1)], Fraction(1, 4), [Fraction(1), Fraction(-1)], Fraction(1, 2), Fraction(2)]


@pytest.mark.parametrize("case", [CASES[0][:5], SIGNED])
def test_few_samples_of_a_layer(case: list[Any]) -> None:
    question, (total, coherent) = asked(*case, added=False), ring(*case, added=False).layer()
    responses = [SAMPLED.response(question, 2, Evaluation(sampling=few(seed))) for seed in SEEDS]
    check([compare([each.total], [total])[0] for each in responses])  # type: ignore[list-item]
    check([compare([each.coherent], [coherent])[0] for each in responses])  # type: ignore[list-item]


def test_few_samples_of_an_output() -> None:
    question, (total, coherent) = asked(*OUTPUTS[0][:5], added=False), output_truths()[0]
    responses = [SAMPLED.response(question, 3, Evaluation(sampling=few(seed))) for seed in SEEDS]
    check([compare([each.total], [total])[0] for each in responses])  # type: ignore[list-item]
    check([compare([each.coherent], [coherent])[0] for each in responses])  # type: ignore[list-item]


WEAK: list[Any] = [[Fraction(1)], Fraction(0), [Fraction(1), Fraction(-1)], Fraction(-1, 2)]


def test_few_samples_of_scaled_noise() -> None:
    """Noise that no unit leaves its pieces in, but for the sites at a kink: an energy of 1e-12."""
    case = [*WEAK, Fraction(1, 10**12)]
    question, (total, _) = asked(*case, added=False), ring(*case, added=False).layer()
    assert SCALED.refusal(question, 2) is None
    responses = (SCALED.response(question, 2, Evaluation(sampling=few(seed))) for seed in SEEDS)
    check([compare([each.total], [total])[0] for each in responses])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("limit", "energy", "case"),
    [
        (weak_noise_responses, Fraction(1, 10**14), [*WEAK[:3], Fraction(0)]),
        (strong_noise_responses, Fraction(10**16), SIGNED[:4]),
    ],
)
def test_few_samples_of_limits(limit: Callable[..., Any], energy: Fraction, case: list[Any]) -> None:
    """Against quadrature at noise that is as good as at the limit: to 1e-7 of it."""
    question, (total, _) = asked(*case, energy, added=False), ring(*case, energy, added=False).layer()
    expected = total / float(energy / LENGTH)
    values = [limit(question.network, TASK, sampling=few(seed))[2] for seed in SEEDS]
    assert all(isinstance(value, NumericValue) for value in values)
    check([compare([value], [expected])[0] for value in values])


def test_few_shuffles() -> None:
    """A channel of 8 is another: the mean over three draws against that over all shuffles."""
    network = odd_one_out(8)
    true = mean_over_all(network, 2)
    assert true is not None
    before = sensitivities(network, TwoPixelTask(length=10, scale=3), quantities=["D"])
    values = [shuffled_deformations(before, 3, seed=seed)[2].mean for seed in SEEDS]
    scores = [abs(float(value) - float(true)) / float(value.error()) for value in values]
    assert np.count_nonzero(np.array(scores) <= 1) >= 19 and np.median(scores) > 1 / WIDEST, scores


def test_every_route_that_states_an_error_is_here() -> None:
    """But for `sites`, of which tests/sensitivity/noise/sites asks the same."""
    forced = {ONCE, SERIES, LAYER_TRANSFER, OUTPUT_TRANSFER, INPUT_TRANSFER, SCALED, SAMPLED}
    assert {each.name for each in set(ROUTES) - forced} == {"linear", "sites"}
