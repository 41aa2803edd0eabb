"""Windows with weights of either sign over a moving average: nested quadrature of the Gaussian law is the other route.

The oracle knows no transfer operator: the sites of a window are jointly Gaussian, all but the last are integrated
over Gauss-Legendre panels between the kinks, and the last one, given the others, by an elementary integral.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from solver import GaussianNoise, Layer, Network, NumberField, TwoPixelTask, sensitivities
from solver.gaussian.chains.coupled_chains import CoupledChains
from solver.gaussian.chains.truncation import neglected
from solver.sensitivity.noise.route import Sampling
from solver.sensitivity.noise.transfer.windows import EqualWindows

Case = tuple[tuple[Fraction, ...], tuple[Fraction, ...], Fraction, tuple[Fraction, ...], Fraction]
"""Taps, weights, level, means and the variance of one noise."""


def phi(a: np.ndarray) -> np.ndarray:
    return np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi)


def first(a: np.ndarray) -> np.ndarray:
    """The integral of Phi."""
    return a * ndtr(a) + phi(a)


def second(a: np.ndarray) -> np.ndarray:
    """The integral of `first`."""
    return ((a**2 + 1) * ndtr(a) + a * phi(a)) / 2


def last_site(y: np.ndarray, weight: float, mean: np.ndarray, sd: float) -> tuple[np.ndarray, np.ndarray]:
    """E (y - weight X+)+ and its square's, X ~ N(mean, sd^2)."""
    if weight > 0:
        t = np.maximum(y, 0) / weight
        a, b = (t - mean) / sd, -mean / sd
        one = weight * sd * (first(a) - first(b))
        two = 2 * weight**2 * sd * (sd * (second(a) - second(b)) - t * first(b))
        return one, two
    q, a = -weight, (mean - np.maximum(-y, 0) / -weight) / sd
    rise, square = sd * first(a), 2 * sd**2 * second(a)  # of (X - c)+ with c = max(-y, 0) / q
    up = np.maximum(y, 0)
    return up + q * rise, up**2 + 2 * up * q * rise + q**2 * square


def panels(ends: list[float], low: float, high: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights on [low, high], split at the ends inside."""
    x, w = np.polynomial.legendre.leggauss(count)
    pieces = list(pairwise(sorted({low, high, *(e for e in ends if low < e < high)})))
    return (
        np.concatenate([(a + b) / 2 + (b - a) / 2 * x for a, b in pieces]),
        np.concatenate([(b - a) / 2 * w for a, b in pieces]),
    )


def oracle(taps: np.ndarray, weights: np.ndarray, level: float, means: np.ndarray, s: float) -> np.ndarray:
    """E (level - S)+ and its square's, for windows of two or three sites."""
    count = len(weights)
    lags = [s**2 * float(taps[: len(taps) - r] @ taps[r:]) if r < len(taps) else 0.0 for r in range(count)]
    law = np.array([[lags[abs(i - j)] for j in range(count)] for i in range(count)])
    factor = np.linalg.cholesky(law)
    sd = factor[0, 0]
    even = [k * sd for k in range(-9, 10, 3)]
    kinks = [-means[0], level / weights[0] - means[0]]
    z, dz = panels([*kinks, *even], -9 * sd, 9 * sd, 40)
    total = np.zeros(2)
    for z0, w0 in zip(z, dz * phi(z / sd) / sd, strict=True):
        y = level - weights[0] * max(means[0] + z0, 0.0)
        e0 = z0 / factor[0, 0]
        if count == 2:
            inner = last_site(np.array(y), weights[1], np.array(means[1] + factor[1, 0] * e0), factor[1, 1])
            total += w0 * np.array(inner)
            continue
        mean, sd1 = means[1] + factor[1, 0] * e0, factor[1, 1]
        ends = [-mean, y / weights[1] - mean, *(k * sd1 for k in range(-9, 10, 3))]
        u, du = panels(ends, -9 * sd1, 9 * sd1, 24)
        rest = y - weights[1] * np.maximum(mean + u, 0)
        drift = means[2] + factor[2, 0] * e0 + factor[2, 1] * u / sd1
        one, two = last_site(rest, weights[2], drift, factor[2, 2])
        measure = w0 * du * phi(u / sd1) / sd1
        total += np.array([measure @ one, measure @ two])
    return total


def windows(case: Case) -> EqualWindows:
    taps, weights, level, means, variance = case
    return EqualWindows(Fraction(1), weights, taps, level, variance, [(list(means), Fraction(1))], [], Fraction(0))


def chains(case: Case, *, fine: bool) -> CoupledChains:
    here = windows(case)
    return here.chains(fine=fine)


def as_floats(values: tuple[Fraction, ...]) -> tuple[float, ...]:
    return tuple(float(v) for v in values)


def compared(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The finer value, its error estimate and the oracle's value, which is good to 12 digits."""
    taps, weights, level, means, variance = case
    coarse, found = (chains(case, fine=fine).shortfalls([as_floats(means)])[0] for fine in (False, True))
    expected = oracle(
        np.array(as_floats(taps)), np.array(as_floats(weights)), float(level), np.array(as_floats(means)),
        float(variance) ** 0.5,
    )  # fmt: skip
    return found, np.abs(found - coarse) + neglected(chains(case, fine=True), [as_floats(means)])[0], expected


HALF, THIRD = Fraction(1, 2), Fraction(1, 3)
CASES: dict[str, Case] = {
    "independent": ((Fraction(1),), (Fraction(1), Fraction(-1), Fraction(2)), Fraction(1), (0, HALF, 0), THIRD),
    "a difference": ((Fraction(1), Fraction(1)), (Fraction(2), Fraction(-1)), Fraction(1), (0, Fraction(1)), HALF),
    "second difference": ((Fraction(1),) * 3, (Fraction(1), Fraction(-2), Fraction(1)), Fraction(1), (0, 1, 0), THIRD),
    "level 0": ((Fraction(1),) * 3, (Fraction(1), Fraction(1), Fraction(-1)), Fraction(0), (0, 0, 1), THIRD),
    "level below 0": ((Fraction(1),) * 2, (Fraction(-1), Fraction(1), Fraction(-1)), -HALF, (0, 1, 0), THIRD),
    "all negative": ((Fraction(1),) * 3, (Fraction(-1), Fraction(-2), Fraction(-1)), Fraction(-1), (0, 1, 0), THIRD),
    "positive": ((Fraction(1),) * 3, (Fraction(1), Fraction(3), Fraction(2)), Fraction(2), (0, HALF, 1), THIRD),
    "cyclotomic taps": ((1, Fraction(9, 5), 1), (1, Fraction(-5, 4), 1), Fraction(1), (0, 1, 1), Fraction(1, 12)),
}  # fmt: skip


SLOW = "cyclotomic taps"  # with unequal taps, hardly two states of the noise have the same kink


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow if n == SLOW else ()) for n in CASES])
def test_shortfalls_by_quadrature(name: str) -> None:
    found, error, expected = compared(CASES[name])
    assert found == pytest.approx(expected, rel=1e-10)
    assert (np.abs(found - expected) <= error + 1e-12 * np.abs(expected)).all()


def fractions(low: int, high: int, denominator: int) -> st.SearchStrategy[Fraction]:
    return st.integers(low, high).map(lambda n: Fraction(n, denominator))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Fields of one to three taps, the outer ones not small, and windows of two or three sites.

    Not three of each: where hardly two states of the noise have the same kink, one such case takes minutes; "cyclotomic
    taps" above is one.
    """
    outer = fractions(4, 8, 8)
    taps = draw(st.sampled_from([(), (outer,), (outer, fractions(-8, 8, 8))]))
    drawn = [draw(t) for t in taps]
    kernel = (*drawn, Fraction(1))
    weight = st.sampled_from([-2, Fraction(-3, 2), -1, Fraction(-1, 2), Fraction(1, 2), 1, Fraction(3, 2), 2])
    count = draw(st.integers(2, 3 if len(kernel) < 3 else 2))
    weights = tuple(Fraction(draw(weight)) for _ in range(count))
    means = tuple(draw(fractions(-4, 8, 8)) for _ in range(count))
    return kernel, weights, draw(fractions(-4, 8, 4)), means, draw(fractions(2, 8, 16))


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(cases())
def test_the_error_holds_the_difference(case: Case) -> None:
    found, error, expected = compared(case)
    assert (np.abs(found - expected) <= error + 1e-12 * (1 + np.abs(expected))).all()


@pytest.mark.parametrize(
    "layers",
    [
        [Layer(filters=[[[1, 1, 1]]]), Layer(filters=[[[1, -1, 2]]], bias=[-1])],
        [Layer(filters=[[[1, 1]]]), Layer(filters=[[[1, 0, -1]]])],
        [Layer(filters=[[[1]]]), Layer(filters=[[[2, -1, 1]], [[2, -1, 1]]], bias=[Fraction(1, 2), Fraction(1, 2)])],
    ],
    ids=["biased", "gap", "independent"],
)
def test_a_layer_of_signed_windows_agrees_with_sampling(layers: list[Layer]) -> None:
    task = TwoPixelTask(length=16, scale=3)
    network = Network(layers=layers)
    exact = sensitivities(network, task, noise=GaussianNoise(energy=4), method="deterministic")[2].G
    sampled = sensitivities(
        network, task, noise=GaussianNoise(energy=4), method="sampling", sampling=Sampling(points=4096)
    )[2].G
    assert exact.method.startswith("transfer operator")
    assert float(exact.error()) < 1e-9 * float(exact)
    assert abs(float(exact) - float(sampled)) < 5 * float(sampled.error()) < 1e-2 * float(exact)


def test_algebraic_weights_scale_the_response() -> None:
    """A layer scaled by sqrt 2, an algebraic number, has the same G."""
    root = NumberField(sympy.sqrt(2)).generator
    task = TwoPixelTask(length=16, scale=3)

    def found(factor: Any) -> Any:
        window = [[[w * factor for w in (2, -1, 1)]]]
        layers = [Layer(filters=[[[1, 1]]]), Layer(filters=window, bias=[-1 * factor])]
        return sensitivities(Network(layers=layers), task, method="deterministic")[2].G

    plain, scaled = found(1), found(root)
    assert scaled.method == plain.method
    assert float(scaled) == pytest.approx(float(plain), rel=1e-12)
