"""The pooled output of `uniform` and its kin by coupled transfer operators: oracles, symmetries, values, errors."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from solver import GaussianNoise, Layer, Network, TwoPixelTask, construct
from solver.errors import NotApplicableError
from solver.gaussian.chains.coupled_chains import ChainResolution, CoupledChains
from solver.gaussian.chains.level_grids import Line, Sectors, angle, ray
from solver.gaussian.chains.level_moves import move, resting
from solver.gaussian.chains.truncation import lost
from solver.sensitivity.noise.route import Sampling
from solver.sensitivity.noise.sampled.sampling import sampled_noise
from solver.sensitivity.noise.transfer.windows import EqualWindows
from solver.values import NumericValue
from tests.noise_routes import output_series, output_transfer

NOISE = GaussianNoise()
FINE = ChainResolution(0.55, 7.2, 18, 14)
COARSE = ChainResolution(0.7, 6.3, 10, 8)
TAPS = {0: (1.0,), 1: (1.0, 0.9), 2: (1.0, 0.8, 1.1)}


def chains(taps: tuple[float, ...], weights: tuple[float, ...], resolution: ChainResolution = FINE) -> CoupledChains:
    return CoupledChains(taps, weights, 1.0, 0.3, resolution)


def response(name: str, scale: int, length: int) -> tuple[float, float]:
    task = TwoPixelTask(length=length, scale=scale)
    value = output_transfer(construct(name, task), task, NOISE).total
    return value.estimate, value.uncertainty


def panels(ends: list[float], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights between consecutive ends."""
    x, w = np.polynomial.legendre.leggauss(count)
    ends = sorted(set(ends))
    nodes = [(b + a) / 2 + (b - a) / 2 * x for a, b in pairwise(ends)]
    return np.concatenate(nodes), np.concatenate([(b - a) / 2 * w for a, b in pairwise(ends)])


def density(x: np.ndarray, s: float) -> np.ndarray:
    return np.exp(-((x / s) ** 2) / 2) / (s * np.sqrt(2 * np.pi))


def left_over(y: np.ndarray, weight: float, mean: np.ndarray | float, s: float) -> np.ndarray:
    """E(y - weight (mean + s X)+)+ for y >= 0, X standard normal: an elementary integral of Phi."""

    def integral(a: np.ndarray) -> np.ndarray:
        return a * ndtr(a) + np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi)

    return weight * s * (integral((y / weight - mean) / s) - integral(-mean / s + 0 * y))


def product_of_two(
    taps: tuple[float, ...], weights: tuple[float, ...], means: tuple[float, ...], s: float, *, finer: bool = False
) -> float:
    """E[C_0 C_1] for windows of two sites, given the middle z: quadrature over it and the noises it shares."""
    first, second = weights
    z, dz = panels([-15 * s, -10 * s, -5 * s, -2 * s, -means[1], 1 / first - means[1], 1 / second - means[1]], 40)
    z, dz = z[z + means[1] < min(1 / first, 1 / second)], dz[z + means[1] < min(1 / first, 1 / second)]
    e, de = panels([k * s for k in (-9, -6, -4, -2, 0, 2, 4, 6, 9)], 20 if finer else 12)
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
    assert chains(taps, weights).product({means: 1}, 1)[0] == pytest.approx(expected, rel=1e-8)


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
    assert chains((1.0,), (a, b, c), ChainResolution(1, 9, 24, 20)).product({means: 1}, 1)[0] == pytest.approx(
        total, rel=1e-11
    )


@pytest.mark.parametrize("weights", [(1.0, 2.0), (2.0, 1.0, 3.0), (1.0, 2.0, 1.0)])
@pytest.mark.parametrize("memory", [1, 2])
def test_unused_taps_make_sites_independent(memory: int, weights: tuple[float, ...]) -> None:
    taps = (0.0,) * memory + (1.0,)
    for lag in range(1, len(weights)):
        means = tuple(np.random.default_rng(lag).integers(-1, 2, len(weights) + lag) * 0.25)
        expected = chains((1.0,), weights, COARSE).product({means: 1}, lag)[0]
        assert chains(taps, weights, COARSE).product({means: 1}, lag)[0] == pytest.approx(expected, rel=3e-6, abs=1e-8)
    here, means = chains(taps, weights, COARSE), (0.2,) * len(weights)
    for lag in range(len(weights), len(weights) + memory):
        apart = here.shortfalls([means])[0, 0] ** 2
        assert here.distant_product({means * 2: 1}, lag) == pytest.approx(apart, rel=3e-6)


@pytest.mark.parametrize("memory", [0, 1, 2])
@pytest.mark.parametrize(
    ("weights", "resolution", "tolerance"),
    [
        ((1.0, 2.0), FINE, 1e-8),
        ((2.0, 1.0, 3.0), COARSE, 3e-5),
        pytest.param((2.0, 1.0, 3.0), FINE, 1e-8, marks=pytest.mark.slow),
        pytest.param((1.0, 3.0, 2.0, 1.0), FINE, 1e-8, marks=pytest.mark.slow),
    ],
)
def test_mirror_images_agree(
    memory: int, weights: tuple[float, ...], resolution: ChainResolution, tolerance: float
) -> None:
    """The operator runs from the last site to the first; of the mirrored chain, from the first to the last."""
    here = chains(TAPS[memory], weights, resolution)
    there = chains(TAPS[memory][::-1], weights[::-1], resolution)
    count = len(weights)
    generator = np.random.default_rng(count)

    def both(quantity: Callable[[CoupledChains, tuple[float, ...]], float], sites: int) -> None:
        means = tuple(generator.integers(-1, 2, sites) * 0.2)
        expected = quantity(there, means[::-1])
        assert quantity(here, means) == pytest.approx(expected, rel=tolerance, abs=tolerance / 100)

    both(lambda chain, means: chain.shortfalls([means])[0][1], count)
    both(lambda chain, means: chain.tilt({means: 1}), count + 2 * memory)
    for lag in range(1, count):
        both(lambda chain, means, lag=lag: chain.product({means: 1}, lag)[0], count + lag)
    for lag in range(count, count + memory):
        both(lambda chain, means, lag=lag: chain.distant_product({means: 1}, lag), 2 * count)


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

    around = sum(r[: count + 2 * memory])
    check(chain.shortfalls([means[:count]])[0][0], short[0])
    check(chain.tilt({means[: count + 2 * memory]: 1}), around * short[memory])
    for lag in range(1, count):
        check(chain.product({means[: count + lag]: 1}, lag)[0], short[0] * short[lag])
    for lag in range(count, count + memory):
        both = means[:count] + means[lag : lag + count]
        check(chain.distant_product({both: 1}, lag), short[0] * short[lag])


@pytest.mark.parametrize(("scale", "length"), [(4, 32), (5, 32), (7, 32), (5, 64), (5, 200)])
def test_shift_equals_the_proven_value(scale: int, length: int) -> None:
    """Independent sites with equal weights: ball arithmetic knows the answer."""
    task = TwoPixelTask(length=length, scale=scale)
    truth = float(output_series(construct("shift", task), task, NOISE).enclose(18))
    estimate, error = response("shift", scale, length)
    assert abs(estimate - truth) <= error <= 1e-10 * truth
    assert estimate == pytest.approx(truth, rel=3e-12)


def test_a_stretched_field_changes_nothing() -> None:
    """Scaling the taps and the level alike scales the response: f of 2 x is 2 f, exactly."""
    task = TwoPixelTask(length=24, scale=5)

    def found(first: int, bias: int) -> float:
        layers = [Layer(filters=[[[first, first, first]]]), Layer(filters=[[[1, 1, 1]]], bias=[bias])]
        return output_transfer(Network(layers=layers), task, NOISE).total.estimate

    assert found(2, -2) == pytest.approx(4 * found(1, -1), rel=1e-13)


@pytest.mark.parametrize("taps", [[1, 2, 0], [-3, 2, 0], pytest.param([2, 3, -2], marks=pytest.mark.slow)])
def test_a_mirrored_network_has_the_same_noise(taps: list[int]) -> None:
    """Here neither the field nor the window is symmetric; of both, the one with its larger tap last is computed."""
    task = TwoPixelTask(length=24, scale=4)

    def found(filters: list[list[int]]) -> tuple[Network, NumericValue]:
        layers = [Layer(filters=[[filters[0]]]), Layer(filters=[[filters[1]]], bias=[-2])]
        network = Network(layers=layers)
        return network, output_transfer(network, task, NOISE).total

    network, here = found([taps, [1, 3, 2]])
    _, there = found([taps[::-1], [2, 3, 1]])
    assert here.estimate == pytest.approx(there.estimate, rel=1e-13)
    assert here.uncertainty < 1e-8 * here.estimate
    sampled = sampled_noise(network, task, NOISE, {3: None}, Sampling(points=1024, replicates=16))[3].total
    assert abs(sampled.estimate - here.estimate) < 4 * sampled.uncertainty


def test_copies_of_the_channels_change_nothing() -> None:
    task = TwoPixelTask(length=32, scale=5)
    plain, wide = (
        output_transfer(construct("shift-mixed", task, channels=c), task, NOISE).total.estimate for c in (1, 2)
    )
    assert wide == pytest.approx(plain, rel=1e-13)


@pytest.mark.parametrize(
    ("network", "noise", "why"),
    [
        (Network(layers=[Layer(filters=[[[1, 1, 1]]], bias=[-1])]), NOISE, "rectified exactly once"),
        (construct("uniform", TwoPixelTask(length=32, scale=7)), GaussianNoise(energy="1/100"), "too weak"),
        (
            Network(layers=[Layer(filters=[[[1, 1, 1, 1, 1]]]), Layer(filters=[[[1, 1, 1]]], bias=[-1])]),
            NOISE,
            "three taps",
        ),
        (
            Network(layers=[Layer(filters=[[[1, 3, 1]]]), Layer(filters=[[[1, 1, 1]]], bias=[-1])]),
            NOISE,
            "outer tap",
        ),
        (
            Network(layers=[Layer(filters=[[[1, 1, 1]]]), Layer(filters=[[[1, 0, 1]]], bias=[-1])]),
            NOISE,
            "without gaps",
        ),
        (
            Network(
                layers=[Layer(filters=[[[1, 1, 1]]]), Layer(filters=[[[1, 1, 0]], [[1, 2, 0]]], bias=[-1, -1])],
                readout=[1, 1],
            ),
            NOISE,
            "equal windows",
        ),
    ],
)
def test_what_does_not_apply_is_refused(network: Network, noise: GaussianNoise, why: str) -> None:
    with pytest.raises(NotApplicableError, match=why):
        output_transfer(network, TwoPixelTask(length=32, scale=7), noise)


def test_a_ring_that_windows_wrap_is_refused() -> None:
    with pytest.raises(NotApplicableError, match="both sides of the ring"):
        output_transfer(construct("uniform", TwoPixelTask(length=14, scale=7)), TwoPixelTask(length=8, scale=4), NOISE)


def test_progress_ends_at_its_total() -> None:
    task = TwoPixelTask(length=32, scale=5)
    seen: list[tuple[int, int]] = []
    output_transfer(construct("shift", task), task, NOISE, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == list(range(1, seen[-1][1] + 1))


def test_nodes_reproduce_smooth_functions_and_moves_integrate_them() -> None:
    """On sectors, b (b' - b)^2 is a polynomial, so a move of it along (1, 2) is exact."""
    cells = Sectors(1.0, (0.0, 0.5, 1.0, 2.0), 6, (4, 6, 7))

    def f(b: np.ndarray) -> np.ndarray:
        return b[..., 0] * (b[..., 1] - b[..., 0]) ** 2

    points = np.array([[0.3, 0.9], [0.8, 0.7], [1.0, 1.0], [0.2, 0.4]])
    step = move(cells, points, (1.0, 2.0), 6)
    values = f(cells.points)
    assert resting(cells, points, (1.0, 2.0)).applied(values[:, None])[:, 0] == pytest.approx(f(points))
    paths = ((point, *panels([0.0, min(point[0], point[1] / 2)], 6)) for point in points)
    expected = [w @ f(point - r[:, None] * np.array([1.0, 2.0])) for point, r, w in paths]
    assert step.matrix(np.ones_like(step.rises)) @ values == pytest.approx(expected)


def test_rays_and_angles_are_inverse() -> None:
    alpha = np.linspace(0.01, 1.99, 23)
    assert angle(3 * ray(alpha)) == pytest.approx(alpha)
    assert Line(2.0, 1, (0.0, 2.0), 3).points[:, 0] == pytest.approx([2.0] * 3)


# From the operator before this one, which went pattern by pattern and interpolated with sinc functions throughout.
VALUES = [
    ("uniform", 5, 32, "88.8601003338", 1e-10, False),
    ("uniform", 7, 32, "1873.448774350", 3e-12, False),
    ("uniform", 9, 32, "23473.556207", 1e-10, True),
    ("uniform", 7, 64, "2303.5193366", 2e-10, True),
    ("uniform", 5, 200, "10.2159188", 1e-8, False),
    ("shift-mixed", 7, 32, "6364.837649435563", 1e-12, False),
]


@pytest.mark.parametrize(
    ("name", "scale", "length", "value", "tolerance"),
    [pytest.param(*case, marks=pytest.mark.slow) if slow else case for *case, slow in VALUES],
)
def test_pooled_noise_by_value_and_by_samples(name: str, scale: int, length: int, value: str, tolerance: float) -> None:
    estimate, error = response(name, scale, length)
    last_digit = 10.0 ** -len(value.partition(".")[2])
    assert error < tolerance * estimate
    assert abs(estimate - float(value)) <= error + last_digit
    task = TwoPixelTask(length=length, scale=scale)
    network = construct(name, task)
    key = network.depth + 1
    sampled = sampled_noise(network, task, NOISE, {key: None}, Sampling(points=1024, replicates=16))[key].total
    assert abs(sampled.estimate - estimate) < 4 * sampled.uncertainty


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    memory=st.integers(0, 2),
    weights=st.tuples(*[st.sampled_from([1, 2, 3])] * 2),
    outer=st.tuples(*[st.integers(4, 8)] * 2),
    means=st.tuples(*[st.integers(-4, 8)] * 3),
    variance=st.integers(2, 8),
)
def test_the_error_of_a_pair_holds_the_difference(
    memory: int, weights: tuple[int, int], outer: tuple[int, int], means: tuple[int, ...], variance: int
) -> None:
    """Two windows of two sites: the transfer operator at its two resolutions against quadrature."""
    first, last = (Fraction(w, 8) for w in outer)
    taps = [(Fraction(1),), (first, Fraction(1)), (first, Fraction(1), last)][memory]
    taps = taps if memory < 2 or first <= last else taps[::-1]
    at = tuple(Fraction(m, 8) for m in means)
    images = [(list(at), Fraction(1))]
    windows = EqualWindows(
        Fraction(1), tuple(map(Fraction, weights)), taps, Fraction(1), Fraction(variance, 16), images, [], Fraction(0)
    )
    floats = tuple(map(float, at))
    coarse, fine = (windows.chains(fine=f, pair=True).product({floats: 1}, 1)[0] for f in (False, True))
    expected = product_of_two(
        tuple(map(float, taps)), tuple(map(float, weights)), floats, (variance / 16) ** 0.5, finer=True
    )
    mass = lost(windows.chains(fine=True, pair=True), 3)  # times theta^2 = 1
    assert abs(fine - expected) <= abs(fine - coarse) + mass + 1e-12
