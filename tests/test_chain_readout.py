"""The pooled output of `uniform` and its kin by coupled transfer operators: oracles, symmetries, known values, errors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import ndtr

from solver import GaussianNoise, TwoPixelTask, construct
from solver.gaussian.coupled_chains import ChainResolution, CoupledChains
from solver.sensitivity.chain_readout import chain_readout_response
from solver.sensitivity.rectified_twice import independent_readout_response

NOISE = GaussianNoise()
FINE = ChainResolution(0.5, 7.5, 22, 18)
TAPS = {0: (1.0,), 1: (1.0, 0.9), 2: (1.0, 0.8, 1.1)}


def chains(taps: tuple[float, ...], weights: tuple[float, ...], deviation: float = 0.3) -> CoupledChains:
    return CoupledChains(taps, weights, 1.0, deviation, FINE)


def response(name: str, scale: int, length: int) -> tuple[float, float]:
    task = TwoPixelTask(length=length, scale=scale)
    value = chain_readout_response(construct(name, task), task, NOISE)
    return value.estimate, value.uncertainty


def panels(ends: list[float], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights between consecutive ends."""
    x, w = np.polynomial.legendre.leggauss(count)
    ends = sorted(set(ends))
    nodes = [(b + a) / 2 + (b - a) / 2 * x for a, b in zip(ends, ends[1:], strict=False)]
    return np.concatenate(nodes), np.concatenate([(b - a) / 2 * w for a, b in zip(ends, ends[1:], strict=False)])


def density(x: np.ndarray, s: float) -> np.ndarray:
    return np.exp(-((x / s) ** 2) / 2) / (s * np.sqrt(2 * np.pi))


def left_over(y: np.ndarray, weight: float, mean: np.ndarray | float, s: float) -> np.ndarray:
    """E(y - weight (mean + s X)+)+ for y >= 0, X standard normal: an elementary integral of Phi."""

    def integral(a: np.ndarray) -> np.ndarray:
        return a * ndtr(a) + np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi)

    return weight * s * (integral((y / weight - mean) / s) - integral(-mean / s + 0 * y))


def product_of_two(taps: tuple[float, ...], weights: tuple[float, float], means: tuple[float, ...], s: float) -> float:
    """E[C_0 C_1] for windows of two sites, given the middle z: quadrature over it and the noises it shares."""
    first, second = weights
    z, dz = panels([-15 * s, -10 * s, -5 * s, -2 * s, -means[1], 1 / first - means[1], 1 / second - means[1]], 40)
    z, dz = z[z + means[1] < min(1 / first, 1 / second)], dz[z + means[1] < min(1 / first, 1 / second)]
    e, de = panels([k * s for k in (-9, -6, -4, -2, 0, 2, 4, 6, 9)], 12)
    middle = np.maximum(means[1] + z, 0)
    rest_p, rest_q = 1 - second * middle, 1 - first * middle
    if len(taps) == 1:
        f = left_over(rest_p, first, means[0], s) * left_over(rest_q, second, means[2], s)
        return float((dz * density(z, s) * f).sum())
    if len(taps) == 2:  # e_1 = e and z_1 = w_0 e_1 + w_1 e_2
        a, b = taps
        e2 = (z[:, None] - a * e) / b
        left = left_over(rest_p[:, None], first, means[0] + b * e, a * s)
        right = left_over(rest_q[:, None], second, means[2] + a * e2, b * s)
        return float(np.einsum("z,e,ze->", dz, de, left * right * density(e, s) * density(e2, s) / b))
    a, b, c = taps  # e_1, e_2 and z_1 = a e_1 + b e_2 + c e_3
    e1, e2 = e[:, None], e[None, :]
    e3 = (z[:, None, None] - a * e1 - b * e2) / c
    left = left_over(rest_p[:, None, None], first, means[0] + b * e1 + c * e2, a * s)
    right = left_over(rest_q[:, None, None], second, means[2] + a * e2 + b * e3, c * s)
    weight = density(e1, s) * density(e2, s) * density(e3, s) / c
    return float(np.einsum("z,e,f,zef->", dz, de, de, left * right * weight))


@pytest.mark.parametrize("memory", [0, 1, 2])
@pytest.mark.parametrize("weights", [(1.0, 1.0), (1.0, 2.0), (3.0, 1.0)])
@pytest.mark.parametrize("means", [(0.0, 0.0, 0.0), (0.25, -0.25, 0.5), (0.0, 0.3, 0.0)])
def test_product_of_two_windows_by_quadrature(
    memory: int, weights: tuple[float, float], means: tuple[float, ...]
) -> None:
    taps = TAPS[memory]
    expected = product_of_two(taps, weights, means, 0.3)
    assert chains(taps, weights).products([means], 1)[0] == pytest.approx(expected, rel=2e-9, abs=1e-13)


def test_product_of_three_independent_sites_by_quadrature() -> None:
    """Two common sites: an integral over both, with their atoms at 0."""
    (a, b, c), means, s = (1.0, 3.0, 2.0), (0.1, 0.0, 0.25, -0.2), 0.3

    def given(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        p, q = 1 - b * x - c * y, 1 - a * x - b * y
        inside = (p > 0) & (q > 0)
        f = left_over(np.maximum(p, 0), a, means[0], s) * left_over(np.maximum(q, 0), c, means[3], s)
        return np.where(inside, f, 0)

    def law(r: np.ndarray, m: float) -> np.ndarray:
        return density(r - m, s)

    atoms = ndtr(-means[1] / s), ndtr(-means[2] / s)
    x, dx = panels([0.0, 1 / b], 40)
    y, dy = panels([0.0, 1 / b], 40)
    total = atoms[0] * atoms[1] * given(np.zeros(1), np.zeros(1))[0]
    total += atoms[1] * (dx * law(x, means[1]) * given(x, 0 * x)).sum()
    total += atoms[0] * (dy * law(y, means[2]) * given(0 * y, y)).sum()
    for xi, wi in zip(*panels([0.0, 1 / 7, 1 / b], 40), strict=True):  # the lines p = 0 and q = 0 cross at x = 1/7
        y, dy = panels([0.0, max(min((1 - b * xi) / c, (1 - a * xi) / b), 1e-15)], 40)
        total += wi * law(xi, means[1]) * (dy * law(y, means[2]) * given(xi + 0 * y, y)).sum()
    assert chains((1.0,), (a, b, c), s).products([means], 1)[0] == pytest.approx(total, rel=1e-11)


@pytest.mark.parametrize("weights", [(2.0, 1.0, 3.0), (1.0, 2.0, 3.0, 2.0, 1.0)])
@pytest.mark.parametrize("memory", [1, 2])
def test_unused_taps_make_sites_independent(memory: int, weights: tuple[float, ...]) -> None:
    taps = (0.0,) * memory + (1.0,)
    for lag in range(1, len(weights)):
        means = tuple(np.random.default_rng(lag).integers(-1, 2, len(weights) + lag) * 0.25)
        expected = chains((1.0,), weights).products([means], lag)[0]
        assert chains(taps, weights).products([means], lag)[0] == pytest.approx(expected, rel=1e-8, abs=1e-12)
    for lag in range(len(weights), len(weights) + memory):
        assert abs(chains(taps, weights).distant_covariances([means[:1] * 2 * len(weights)], lag)[0]) < 1e-11


@pytest.mark.parametrize("memory", [0, 1, 2])
@pytest.mark.parametrize("weights", [(1.0, 2.0), (2.0, 1.0, 3.0), (1.0, 3.0, 2.0, 1.0)])
def test_mirror_images_agree(memory: int, weights: tuple[float, ...]) -> None:
    """The operator runs from the last site to the first; of the mirrored chain, from the first to the last."""
    here, there = chains(TAPS[memory], weights), chains(TAPS[memory][::-1], weights[::-1])
    count = len(weights)
    generator = np.random.default_rng(count)

    def both(quantity: Callable[[CoupledChains, tuple[float, ...]], float], sites: int) -> None:
        means = tuple(generator.integers(-1, 3, sites) * 0.2)
        assert quantity(here, means) == pytest.approx(quantity(there, means[::-1]), rel=1e-8, abs=1e-11)

    both(lambda chain, means: chain.shortfalls([means])[0][1], count)
    both(lambda chain, means: chain.tilts([means])[0], count + 2 * memory)
    for lag in range(1, count):
        both(lambda chain, means, lag=lag: chain.products([means], lag)[0], count + lag)
    for lag in range(count, count + memory):
        both(lambda chain, means, lag=lag: chain.distant_covariances([means], lag)[0], 2 * count)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_covariances_within_four_standard_errors_of_monte_carlo(seed: int) -> None:
    generator = np.random.default_rng(seed)
    memory, count, s = int(generator.integers(0, 3)), int(generator.integers(2, 5)), 0.3
    taps = (*generator.choice([-1.0, 0.5, 1.0], memory), 1.0)
    weights = tuple(generator.integers(1, 4, count).astype(float))
    sites = 2 * count + 2 * memory
    means = tuple(generator.integers(-1, 3, sites) * 0.25)
    samples = 10**7 // sites
    eta = generator.standard_normal((sites + memory, samples)) * s
    r = [np.maximum(m + sum(w * eta[i + k] for k, w in enumerate(taps)), 0) for i, m in enumerate(means)]
    short = [np.maximum(1 - sum(w * r[p + j] for j, w in enumerate(weights)), 0) for p in range(sites - count + 1)]
    chain = chains(taps, weights)

    def check(found: float, x: np.ndarray) -> None:
        assert abs(found - x.mean()) < 4 * x.std() / samples**0.5 + 1e-12

    centred = [x - x.mean() for x in short]
    around = sum(r[: count + 2 * memory])
    check(chain.shortfalls([means[:count]])[0][0], short[0])
    check(chain.tilts([means[: count + 2 * memory]])[0], (around - around.mean()) * centred[memory])
    for lag in range(1, count):
        check(chain.products([means[: count + lag]], lag)[0], short[0] * short[lag])
    for lag in range(count, count + memory):
        both = means[:count] + means[lag : lag + count]
        check(chain.distant_covariances([both], lag)[0], centred[0] * centred[lag])


@pytest.mark.parametrize(("scale", "length"), [(3, 32), (5, 32), (7, 32), (5, 64), (7, 64), (5, 200)])
def test_shift_equals_the_proven_value(scale: int, length: int) -> None:
    """Independent sites with equal weights: ball arithmetic knows the answer."""
    task = TwoPixelTask(length=length, scale=scale)
    truth = float(independent_readout_response(construct("shift", task), task, NOISE).enclose(18))
    estimate, error = response("shift", scale, length)
    assert abs(estimate - truth) <= error <= 1e-10 * truth
    assert estimate == pytest.approx(truth, rel=1e-12)


# Values to the digits that two finer resolutions agree on; see the slow test below for the comparison with samples.
VALUES = {
    ("uniform", 3, 32): 0.0,
    ("uniform", 5, 32): 0.0,
    ("uniform", 7, 32): 0.0,
    ("uniform", 9, 32): 0.0,
    ("shift-mixed", 7, 32): 0.0,
}
SLOW = {("uniform", 7, 32), ("uniform", 9, 32)}
