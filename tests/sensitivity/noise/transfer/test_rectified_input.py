"""Noise that comes rectified and is rectified again: series, transfer operator, quadrature, sampling, limits."""

from __future__ import annotations

from fractions import Fraction
from functools import cache, cached_property
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.special import ndtr

from solver import GaussianNoise, Layer, Network, TwoPixelTask, construct, effective_kernel, sensitivities
from solver.errors import InputError, NotApplicableError
from solver.gaussian.chains.coupled_chains import CoupledChains
from solver.gaussian.independent import RectifiedSums, Term
from solver.sensitivity.limits.limits import strong_noise_responses, weak_noise_responses
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.route import Evaluation, Sampling
from solver.sensitivity.noise.routes import ROUTES, noise_responses
from solver.sensitivity.noise.sampled.sampling import sampled_noise
from solver.sensitivity.noise.series import PROVEN, SERIES
from solver.sensitivity.noise.transfer.rectified_input import INPUT_METHOD, INPUT_TRANSFER
from solver.sensitivity.noise.transfer.windows import equal_windows
from solver.sensitivity.question import Question
from solver.values import NumericValue
from tests.noise_routes import layer_series, layer_transfer, output_series, output_transfer

NOISE = GaussianNoise(rectified=True)


def window(kernel: list[int], level: object) -> Network:
    """One layer of one window, with a readout that sums."""
    return Network(layers=[Layer(filters=[[kernel]], bias=[-Fraction(level)])], pooling="sum")


def transfer(
    network: Network, task: TwoPixelTask, layer: int, noise: GaussianNoise = NOISE
) -> NoiseResponse[NumericValue]:
    if layer > network.depth:
        return output_transfer(network, task, noise)
    return layer_transfer(network, task, noise, layer)


def series(network: Network, task: TwoPixelTask, layer: int, noise: GaussianNoise = NOISE) -> float:
    if layer > network.depth:
        return float(output_series(network, task, noise).enclose(18))
    return float(layer_series(network, task, noise, layer).enclose(18))


def agrees(value: NumericValue, truth: float) -> bool:
    """Whether a value is what it says, to an error that is small."""
    return abs(value.estimate - truth) <= value.uncertainty <= 1e-9 * abs(truth)


def density(x: np.ndarray | float) -> np.ndarray:
    """The standard normal density."""
    return np.exp(-(np.asarray(x) ** 2) / 2) / np.sqrt(2 * np.pi)


# %% Quadrature over the pixels, with panels split at every kink; positive weights, two or three of them


class PixelQuadrature:
    """Moments of units (sum_o K_o r_(p+o) - b)+ with r = (sd Z)+, one pixel in closed form and the rest by panels."""

    def __init__(self, kernel: list[int], sd: float) -> None:
        self.kernel, self.sd = kernel, sd
        self.end = 11 * sd

    @cached_property
    def legendre(self) -> tuple[np.ndarray, np.ndarray]:
        return np.polynomial.legendre.leggauss(24)

    def one(self, y: np.ndarray, weight: float, power: int = 1) -> np.ndarray:
        """E (weight r - y)+^power; linear or quadratic for y < 0, where all of it counts."""
        m, s = self.sd / np.sqrt(2 * np.pi), self.sd
        c = np.maximum(y, 0) / weight
        tail, phi = ndtr(-c / s), density(c / s)
        if power == 1:
            return np.where(y < 0, weight * m - y, weight * (s * phi - c * tail))
        curved = weight**2 * ((s * s + c * c) * tail - c * s * phi)
        return np.where(y < 0, weight**2 * s * s / 2 - 2 * weight * m * y + y * y, curved)

    def over(self, kinks: list[float], function: object) -> float:
        """E f(r) over one pixel, its atom at 0 apart."""
        x, w = self.legendre
        total = 0.5 * float(function(np.zeros(1))[0])
        for a, b in pairwise(
            sorted({0.0, 2 * self.sd, 5 * self.sd, self.end, *(k for k in kinks if 0 < k < self.end)})
        ):
            r = (a + b) / 2 + (b - a) / 2 * x
            phi = density(r / self.sd) / self.sd
            total += (b - a) / 2 * float((w * phi * function(r)).sum())
        return total

    def some(self, y: float, weights: list[int], power: int = 1) -> float:
        """E (sum of weights * pixels - y)+^power for one to three pixels."""
        if len(weights) == 1:
            return float(self.one(np.array([y]), weights[0], power)[0])
        first, *rest = weights
        kinks = [y / first]
        if len(rest) == 1:
            return self.over(kinks, lambda r: self.one(y - first * r, rest[0], power))
        return self.over(kinks, lambda r: np.array([self.some(y - first * x, rest, power) for x in r]))

    @cache  # noqa: B019
    def mean(self, b: float) -> float:
        return self.some(b, self.kernel)

    @cache  # noqa: B019
    def product(self, lag: int, b: float, c: float) -> float:
        """E a_p a_(p+lag) at levels b and c."""
        k, n = self.kernel, len(self.kernel)
        if lag == 0:
            return self.some(b, k, 2)
        own, other = k[:lag], k[n - lag :]
        shared = list(zip(k[lag:], k, strict=False))
        if len(shared) == 1:
            (u, v), kinks = shared[0], [b / shared[0][0], c / shared[0][1]]
            return self.over(
                kinks, lambda r: np.array([self.some(b - u * x, own) * self.some(c - v * x, other) for x in r])
            )
        (u, v), (p, q) = shared

        def inner(x: float) -> float:
            left, right = b - u * x, c - v * x
            return self.over(
                [left / p, right / q], lambda y: self.one(left - p * y, own[0]) * self.one(right - q * y, other[0])
            )

        crossing = [(b * q - c * p) / (u * q - v * p)] if u * q != v * p else []
        return self.over([b / u, c / v, *crossing], lambda r: np.array([inner(x) for x in r]))


def by_quadrature(kernel: list[int], level: Fraction, task: TwoPixelTask) -> tuple[float, float, float, float]:
    """The response of the layer and its coherent part, then of the summed map, over all images and pairs of units."""
    units = PixelQuadrature(kernel, float(NOISE.variance(task.length)) ** 0.5)
    sites, reach = task.length, len(kernel) - 1
    found = np.zeros(4)
    images, weights = task.images()
    for image, weight in zip(images, weights, strict=True):
        levels = [
            float(level) - sum(w * int(image[(p + o - 1) % sites]) for o, w in enumerate(kernel)) for p in range(sites)
        ]
        calm = [max(-b, 0.0) for b in levels]
        shift = np.array([units.mean(b) - a for b, a in zip(levels, calm, strict=True)])
        square = sum(units.product(0, b, b) - 2 * a * units.mean(b) + a * a for b, a in zip(levels, calm, strict=True))
        near = 2 * sum(
            units.product(lag, b, levels[(p + lag) % sites]) - units.mean(b) * units.mean(levels[(p + lag) % sites])
            for lag in range(1, reach + 1)
            for p, b in enumerate(levels)
        )
        own = square - (shift**2).sum()
        found += float(weight) * np.array([square, (shift**2).sum(), own + near + shift.sum() ** 2, shift.sum() ** 2])
    return tuple(map(float, found))


SMALL = {
    "two equal": ([1, 1], "3/2"),
    "two": ([1, 3], 2),
    "three equal": ([1, 1, 1], 1),
    "three": ([1, 2, 1], 1),
    "three, levels between": ([2, 1, 3], "5/2"),
}


@pytest.mark.parametrize("name", SMALL)
def test_transfer_and_series_by_quadrature(name: str) -> None:
    kernel, level = SMALL[name]
    task, network = TwoPixelTask(length=8, scale=3), window(kernel, level)
    expected = by_quadrature(kernel, Fraction(level), task)
    for layer, (total, coherent) in ((1, expected[:2]), (2, expected[2:])):
        found = transfer(network, task, layer)
        assert found.total.estimate == pytest.approx(total, rel=1e-9)
        assert found.coherent.estimate == pytest.approx(coherent, rel=1e-9)
        if layer == 1 or "equal" in name:
            assert series(network, task, layer) == pytest.approx(total, rel=1e-9)


@settings(max_examples=15)
@given(
    st.lists(st.integers(1, 4), min_size=2, max_size=2), st.fractions("1/3", 4, max_denominator=3), st.integers(2, 5)
)
def test_random_pairs_of_weights_by_quadrature(kernel: list[int], level: Fraction, scale: int) -> None:
    task, network = TwoPixelTask(length=10, scale=scale), window(kernel, level)
    if level / min(kernel) > 4:
        return
    expected = by_quadrature(kernel, level, task)
    for layer, (total, coherent) in ((1, expected[:2]), (2, expected[2:])):
        found = transfer(network, task, layer)
        for value, exact in ((found.total, total), (found.coherent, coherent)):
            assert value.estimate == pytest.approx(exact, rel=1e-8, abs=max(1e-12, value.uncertainty))


@pytest.mark.parametrize(
    "shifts", [(0, 0, 0), (1, 0, 0), (0, "1/3", 0), ("1/2", 0, "1/4"), (0, 0, 1), ("1/4", "5/4", 0)]
)
def test_product_at_levels_of_their_own_by_scipy(shifts: tuple[object, object, object]) -> None:
    """E[(A + B - 1)+ (B + C - 1)+] with shifts in each part, integrated over B's atom and density."""
    v, sd = Fraction(1, 4), 0.5
    common, left, right = (
        Term(Fraction(w), Fraction(m), v, Fraction(c))
        for w, m, c in zip((1, 2, 1), ("1/4", 0, -1), shifts, strict=True)
    )

    def given_common(term: Term, s: float) -> float:
        """E (s + w (c + X+) - 1)+."""
        w, m, rest = float(term.weight), float(term.mean), s + float(term.weight * term.shift) - 1
        start = max(-rest / w, 0)
        tail, _ = integrate.quad(
            lambda t: (rest + w * t) * density((t - m) / sd) / sd, start, start + m + 6, epsabs=1e-13
        )
        return float(ndtr(-m / sd) * max(rest, 0) + tail)

    def integrand(t: float) -> float:
        s = t + float(common.shift)
        return given_common(left, s) * given_common(right, s)

    levels = [float(1 - common.shift - t.weight * t.shift) for t in (left, right)]
    kinks = sorted({0.0, *(b for b in levels if b > 0), 6.0})
    total = ndtr(-0.25 / sd) * integrand(0)
    for a, b in pairwise(kinks):
        total += integrate.quad(lambda t: integrand(t) * density((t - 0.25) / sd) / sd, a, b, epsabs=1e-12)[0]
    ball = RectifiedSums(Fraction(1), 20, v, 2).excess_product((common,), (left,), (right,))
    assert abs(float(ball) - total) < 1e-9
    assert float(ball.rad()) < 1e-18


def test_a_shift_that_raises_the_level_is_refused() -> None:
    term = Term(Fraction(1), Fraction(0), Fraction(1), Fraction(-1))
    with pytest.raises(InputError, match=r"weight \* shift >= 0"):
        RectifiedSums(Fraction(1), 10, Fraction(1), 1).excess((term,))


# %% Both routes against each other


@pytest.mark.parametrize(("scale", "length"), [(4, 32), (5, 32), (7, 32), (5, 64)])
def test_shift_by_both_routes(scale: int, length: int) -> None:
    task = TwoPixelTask(length=length, scale=scale)
    network = construct("shift", task)
    for layer in (network.depth, network.depth + 1):
        assert agrees(transfer(network, task, layer).total, series(network, task, layer))


@pytest.mark.parametrize("name", ["uniform", "shift-mixed"])
@pytest.mark.parametrize(("scale", "length"), [(5, 32), (7, 32), (7, 500)])
def test_last_layer_by_both_routes(name: str, scale: int, length: int) -> None:
    task = TwoPixelTask(length=length, scale=scale)
    network = construct(name, task)
    value = transfer(network, task, network.depth).total
    assert abs(value.estimate - series(network, task, network.depth)) <= value.uncertainty < 1e-6 * value.estimate


@settings(max_examples=25)
@given(
    st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=2),
    st.lists(st.integers(1, 3), min_size=2, max_size=3),
    st.fractions("1/2", 6, max_denominator=2),
    st.integers(8, 11),
)
def test_random_kernels_by_both_routes(hidden: list[list[int]], last: list[int], level: Fraction, length: int) -> None:
    """Windows with gaps and unequal weights, at every level that two pixels leave."""
    layers = [Layer(filters=[[taps]]) for taps in hidden]
    network = Network(layers=[*layers, Layer(filters=[[last]], bias=[-level])])
    task = TwoPixelTask(length=length, scale=3)
    try:
        truth = series(network, task, network.depth)
    except NotApplicableError:
        return
    value = transfer(network, task, network.depth).total
    assert abs(value.estimate - truth) <= value.uncertainty + 1e-11 * truth


def test_copies_of_a_channel_count_each() -> None:
    task = TwoPixelTask(length=16, scale=3)
    one = Network(layers=[Layer(filters=[[[1, 2, 1]]], bias=[-1])])
    two = Network(layers=[Layer(filters=[[[1, 2, 1]]] * 2, bias=[-1, -1])], readout=["1/2", "1/2"])
    single, pooled = transfer(one, task, 1), transfer(one, task, 2)
    assert transfer(two, task, 1).total.estimate == pytest.approx(2 * single.total.estimate, rel=1e-13)
    summed = layer_transfer(two, task, NOISE, 1, channel_mean=True)
    assert summed.coherent.estimate == pytest.approx(4 * single.coherent.estimate, rel=1e-13)
    assert transfer(two, task, 2).total.estimate == pytest.approx(pooled.total.estimate, rel=1e-13)


def test_a_mirrored_window_has_the_same_response() -> None:
    """Levels of unlike size on both sides: pairs come in either order, and the higher one is kept on the right."""
    task = TwoPixelTask(length=16, scale=4)
    for layer in (1, 2):
        here, there = (transfer(window(kernel, 3), task, layer) for kernel in ([1, 3, 2], [2, 3, 1]))
        assert here.total.estimate == pytest.approx(there.total.estimate, rel=1e-12)
        assert here.coherent.estimate == pytest.approx(there.coherent.estimate, rel=1e-12)


# %% Against samples


def monte_carlo(network: Network, task: TwoPixelTask, samples: int) -> list[tuple[float, float]]:
    """The response of the last layer, its coherent part apart, and of f_p by plain sampling of images and noise."""
    generator = np.random.default_rng(5)
    images, weights = task.images()
    chosen = images[generator.choice(len(images), samples, p=[float(w) for w in weights])]
    eta = generator.standard_normal(chosen.shape) * float(NOISE.variance(task.length)) ** 0.5
    kernel = effective_kernel(network, network.depth)
    taps = kernel.values[0, 0].astype(float)

    def unit(x: np.ndarray) -> np.ndarray:
        sums = sum(w * np.roll(x, -(kernel.first_offset + o), axis=1) for o, w in enumerate(taps))
        return np.maximum(sums + float(kernel.bias[0]), 0)

    moved = unit(chosen + np.maximum(eta, 0)) - unit(chosen)
    weight = float(network.pooled_readout(task.length)[0])
    values = [(moved**2).sum(axis=1), (weight * moved.sum(axis=1)) ** 2]
    return [(float(v.mean()), float(v.std()) / samples**0.5) for v in values]


@pytest.mark.parametrize(("name", "scale"), [("uniform", 5), ("uniform", 7), ("shift", 5)])
def test_within_four_standard_errors_of_monte_carlo(name: str, scale: int) -> None:
    task = TwoPixelTask(length=32, scale=scale)
    network = construct(name, task)
    for layer, (mean, error) in zip(
        (network.depth, network.depth + 1), monte_carlo(network, task, 20_000), strict=True
    ):
        assert abs(transfer(network, task, layer).total.estimate - mean) < 4 * error


@pytest.mark.parametrize(
    "network",
    [
        construct("uniform", TwoPixelTask(length=24, scale=5)),
        Network(layers=[Layer(filters=[[[1, 1]]], bias=["1/4"]), Layer(filters=[[[1, 2, 1]]], bias=[-2])]),
        Network(
            layers=[Layer(filters=[[[2, -1]]], activation="identity"), Layer(filters=[[[1, 1]]], bias=[-1])],
        ),
    ],
    ids=["uniform", "biased below", "signed"],
)
def test_within_four_standard_errors_of_quasi_monte_carlo(network: Network) -> None:
    """The last window is 2, 1, -1 after an identity layer: there only the layer has a transfer operator."""
    task = TwoPixelTask(length=24, scale=5)
    layers = [network.depth] if network.layers[0].activation == "identity" else [network.depth, network.depth + 1]
    sampled = sampled_noise(network, task, NOISE, dict.fromkeys(layers), Sampling(points=256, replicates=16))
    for layer in layers:
        found = transfer(network, task, layer).total
        assert abs(found.estimate - sampled[layer].total.estimate) < 4 * sampled[layer].total.uncertainty
        assert found.uncertainty < 1e-9 * found.estimate


# %% Limits


@pytest.mark.parametrize("name", ["uniform", "shift"])
def test_strong_noise(name: str) -> None:
    """The level, and with it the image, is then small against the noise: corrections are of order theta / sigma."""
    task, noise = TwoPixelTask(length=16, scale=5), GaussianNoise(energy=16 * 10**12, rectified=True)
    network = construct(name, task)
    limits = strong_noise_responses(network, task, rectified=True)
    for layer in (network.depth, network.depth + 1):
        found = transfer(network, task, layer, noise).total.estimate / 10**12
        assert found == pytest.approx(float(limits[layer]), rel=1e-5)


def test_weak_noise() -> None:
    """At sigma^2 = 1/100 a background unit of `shift` is reached with probability e^-16 at most; a tie moves."""
    task, noise = TwoPixelTask(length=12, scale=3), GaussianNoise(energy=Fraction(12, 100), rectified=True)
    network = construct("shift", task)
    limits = weak_noise_responses(network, task, rectified=True)
    for layer in (network.depth, network.depth + 1):
        assert series(network, task, layer, noise) * 100 == pytest.approx(float(limits[layer]), rel=1e-6)
    task, weakest = TwoPixelTask(length=16, scale=5), GaussianNoise(energy=Fraction(16, 10**8), rectified=True)
    uniform = construct("uniform", task)
    limit = weak_noise_responses(uniform, task, rectified=True)[2]
    found = transfer(uniform, task, 2, weakest).total
    assert abs(found.estimate - float(limit) / 10**8) <= found.uncertainty < 1e-4 * found.estimate


# %% What is asked, and what is refused


def test_routes_of_a_report() -> None:
    task = TwoPixelTask(length=32, scale=5)
    layers = sensitivities(construct("uniform", task), task, noise=NOISE).layers
    assert [layer.G.method for layer in layers[2:]] == [PROVEN, INPUT_METHOD]
    layers = sensitivities(construct("shift", task), task, noise=NOISE).layers
    assert [layer.G.method for layer in layers[2:]] == [PROVEN, PROVEN]
    latex = layers[3].G.latex
    assert latex is not None and "(s+1)" in latex and latex.count("{") == latex.count("}")


@pytest.mark.parametrize("method", ["series", "transfer"])
def test_a_forced_route(method: str) -> None:
    task = TwoPixelTask(length=32, scale=5)
    question = Question(construct("uniform", task), task, noise=NOISE)
    if method == "series":
        with pytest.raises(NotApplicableError, match="layer 3: two units weigh a shared site differently"):
            noise_responses(question, Evaluation(method=method))
    else:
        assert [v.total.method for v in noise_responses(question, Evaluation(method=method))[2:]] == [
            INPUT_METHOD,
            INPUT_METHOD,
        ]


def test_refusals_and_costs_evaluate_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor do they build anything twice: the units and their windows are made once for a question."""
    for name in ("series._Patterns", "ball_sum.RectifiedSums", "transfer.unit.refined"):
        monkeypatch.setattr(f"solver.sensitivity.noise.{name}", None)
    for name in ("shortfalls", "tilt", "product", "distant_product"):
        monkeypatch.setattr(CoupledChains, name, None)
    task = TwoPixelTask(length=32, scale=5)
    for noise, why in ((NOISE, "two units weigh a shared site differently"), (GaussianNoise(), "are correlated")):
        question = Question(construct("uniform", task), task, noise=noise)
        for layer in (2, 3):
            (operator,) = (each for each in ROUTES if each.name == "transfer" and each.concerns(question, layer))
            assert operator.refusal(question, layer) is None and operator.cost(question, layer) >= 0
            assert equal_windows(question, layer) is equal_windows(question, layer)
        assert why in str(SERIES.refusal(question, 3))


def test_what_takes_too_long_is_sampled() -> None:
    """Nine unequal weights and many levels: every pair of levels and lags would be a transfer operator of its own."""
    network = window([20, 31, 22, 29, 24, 27, 26, 25, 28], 55)
    question = Question(network, TwoPixelTask(length=32, scale=7), noise=NOISE)
    values = noise_responses(question, Evaluation(sampling=Sampling(points=16, replicates=4)))
    assert values[1].total.method == PROVEN and "Monte Carlo" in values[2].total.method
    assert INPUT_TRANSFER.cost(question, 2) > INPUT_TRANSFER.quick


def test_progress_ends_at_its_total() -> None:
    task = TwoPixelTask(length=32, scale=5)
    seen: list[tuple[int, int]] = []
    output_transfer(construct("uniform", task), task, NOISE, progress=lambda *at: seen.append(at))
    assert [done for done, _ in seen] == list(range(1, seen[-1][1] + 1))


@pytest.mark.parametrize(
    ("layers", "layer", "why"),
    [
        ([Layer(filters=[[[0]]], bias=[-1])], 1, "sees no pixel"),
        ([Layer(filters=[[[1]]], bias=[-1]), Layer(filters=[[[1]]], bias=[-1])], 2, "rectified exactly once"),
        ([Layer(filters=[[[1, 1, 0]], [[1, 2, 0]]], bias=[-1, -1])], 1, "equal windows"),
        ([Layer(filters=[[[2, -1]]], bias=[-1])], 2, "positive weights"),
        ([Layer(filters=[[[1, 1]]], bias=[-4])], 2, "too weak"),
    ],
)
def test_what_does_not_apply_is_refused(layers: list[Layer], layer: int, why: str) -> None:
    network = Network(layers=layers, readout=[1] * layers[-1].channels)
    with pytest.raises(NotApplicableError, match=why):
        transfer(network, TwoPixelTask(length=32, scale=5), layer)
