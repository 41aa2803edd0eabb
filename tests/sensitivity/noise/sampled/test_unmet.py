"""What no sample met is in the error, no sampled value is certain, and the stated errors hold what they promise."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from solver import GaussianNoise, Layer, Network, Sampling, TwoPixelTask, sensitivities
from solver.sensitivity.limits.limits import strong_noise_responses, weak_noise_responses
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.noise.sampled.estimate import SquaredMean, error_of, standard_error
from solver.sensitivity.noise.sampled.float_trace import FloatTrace, alike, shared
from solver.sensitivity.noise.sampled.sampling import sampled_noise
from solver.sensitivity.question import Question
from solver.values import MissingValue, NumericValue
from tests.benchmarks.coverage import PARTS, coverage, nominal, scores

TASK = TwoPixelTask(length=8, scale=3)
FEW = Sampling(points=64, replicates=8)


def saturated(weight: int = 10) -> Network:
    """A hard tanh that every image saturates, and no likely noise brings back."""
    first = Layer(filters=[[[weight]]], bias=[Fraction(-weight, 2)], activation="hardtanh")
    return Network(layers=[first, Layer(filters=[[[1]]], bias=[1])], pooling="sum")


def plain_moment(distance: float, sigma: float, slope: float) -> float:
    """E[min((slope eta - distance)+, 2)^2], eta of standard deviation sigma, by quadrature."""
    eta = np.linspace(distance / slope, distance / slope + 12 * sigma, 20001)
    density = np.exp(-((eta / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))
    return float(np.trapezoid(np.minimum(slope * eta - distance, 2) ** 2 * density, eta))


@pytest.mark.parametrize("replicates", [2, 8, 32])
def test_a_response_that_no_sample_met_is_not_zero(replicates: int) -> None:
    sampling = Sampling(points=1024, replicates=replicates)
    found = sensitivities(saturated(), TASK, noise=GaussianNoise(energy="1/20"), method="sampling", sampling=sampling)
    true = 8 * plain_moment(4, (1 / 160) ** 0.5, 10)
    for layer in found.layers[1:3]:
        noise = layer.G
        assert isinstance(noise, NumericValue) and isinstance(layer.R, MissingValue)
        assert noise.estimate == 0 and noise.uncertainty > true / 16
        assert layer.R.why == "not resolved: G is 0 within its error"
    assert "1: no R: not resolved: G is 0 within its error" in found.to_text()


@pytest.mark.parametrize("bias", ["-3/2", "-2", "-3", "-6", "-20"])
@pytest.mark.parametrize("points", [16, 256])
def test_a_channel_that_is_rarely_open_is_in_the_error(bias: str, points: int) -> None:
    """Beside one that is always met: the closed value lies within three errors, whatever is rare."""
    first = Layer(filters=[[[1]], [[1]]], bias=[0, bias])
    network, noise = Network(layers=[first], pooling="sum"), GaussianNoise(energy="1/2")
    closed = closed_response(Question(network, TASK, noise=noise), 1)
    assert closed is not None
    for seed in range(3):
        sampling = Sampling(points=points, replicates=16, seed=seed)
        found = sampled_noise(network, TASK, noise, {1: None}, sampling)[1]
        for part in PARTS:
            value = getattr(found, part)
            assert abs(value.estimate - float(getattr(closed, part))) <= 4 * value.uncertainty


def test_a_rare_channel_of_great_weight_is_seen() -> None:
    """Half of G is in one event in 10^7, which no sample meets."""
    weight = 10**4
    first = Layer(filters=[[[1]], [[1]]], bias=[0, "-9/4"])
    second = Layer(filters=[[[1], [0]], [[0], [weight]]])
    network, noise = Network(layers=[first, second], pooling="sum"), GaussianNoise(energy="1/2")
    closed = closed_response(Question(network, TASK, noise=noise), 2)
    found = sampled_noise(network, TASK, noise, {2: None}, FEW)[2].total
    assert closed is not None and float(closed.total) > 1.5 * found.estimate
    assert abs(found.estimate - float(closed.total)) <= found.uncertainty


@st.composite
def rare_networks(draw: Any) -> tuple[Network, GaussianNoise]:
    """One or two layers of any signs and large biases, so that closed forms exist."""
    whole = st.integers(-3, 3)
    channels = draw(st.integers(1, 2))
    filters = draw(
        st.lists(
            st.lists(st.lists(whole, min_size=2, max_size=2), min_size=1, max_size=1),
            min_size=channels,
            max_size=channels,
        )
    )
    bias = draw(st.lists(st.integers(-8, 8), min_size=channels, max_size=channels))
    stack = [Layer(filters=filters, bias=bias)]
    if draw(st.booleans()):
        stack.append(Layer(filters=[[[draw(whole)] for _ in range(channels)]], activation="identity"))
    noise = GaussianNoise(energy=draw(st.sampled_from(["1/100", "1", "10"])), rectified=draw(st.booleans()))
    return Network(layers=stack, pooling="sum"), noise


@given(rare_networks(), st.integers(0, 3))
def test_no_sampled_value_is_certain_or_negative(given_: tuple[Network, GaussianNoise], seed: int) -> None:
    network, noise = given_
    layers = dict.fromkeys((network.depth, network.depth + 1))
    found = sampled_noise(network, TASK, noise, layers, Sampling(points=16, replicates=8, seed=seed))
    for k, response in found.items():
        closed = closed_response(Question(network, TASK, noise=noise), k)
        for part in PARTS:
            value = getattr(response, part)
            assert value.estimate >= 0 < value.uncertainty
            if closed is not None:
                assert abs(value.estimate - float(getattr(closed, part))) <= 8 * value.uncertainty


def test_the_network_as_met_goes_on_linearly() -> None:
    layers = [Layer(filters=[[[1]]], activation=kind) for kind in ("relu", "hardtanh")]
    trace, x = FloatTrace(layers), np.array([-3.0, -0.5, 0.5, 3.0])[:, None, None, None]
    every, between = np.ones((2, 3, 4, 1, 1), dtype=bool), np.zeros((2, 3, 4, 1, 1), dtype=bool)
    between[:, 1] = True
    assert np.array_equal(trace(x, every)[-1][1], trace(x)[-1][1])
    assert np.array_equal(trace(x, between)[-1][1], x)
    below = np.zeros_like(between)
    below[0, 1], below[1, 0] = True, True
    assert np.array_equal(trace(x, below)[-1][1], np.full_like(x, -1))
    pieces = trace.pieces(trace(x))
    assert pieces[0][..., 0, 0].tolist() == [[1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0]]
    assert pieces[1][..., 0, 0].tolist() == [[0, 0, 0, 0], [1, 1, 1, 0], [0, 0, 0, 1]]
    (more, _) = trace.pieces(trace(-x), pieces)
    assert more[..., 0, 0].tolist() == [[1, 1, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0]]


def test_units_alike_share_what_they_met() -> None:
    """Two channels of a ring: units of one channel and one pre-activation are alike."""
    trace = FloatTrace([Layer(filters=[[[1, 1]], [[1, 1]]])])
    calm = trace(np.array([1.0, 0.0, 0.0, 0.0])[:, None, None, None])
    (kinds,) = alike(calm)
    assert len(np.unique(kinds)) == 4 and kinds[1, 0, 0] == kinds[2, 0, 0] != kinds[2, 1, 0]
    met = np.zeros((3, 4, 2, 1), dtype=bool)
    met[1, 2, 0] = True
    assert shared([kinds], [met])[0][1, :, :, 0].tolist() == [[0, 0], [1, 0], [1, 0], [0, 0]]


def test_what_many_samples_met_tells_nothing_of_few() -> None:
    kinds, samples = np.zeros((1, 1, 3), dtype=int), np.array([1, 16, 64])
    met = np.zeros((3, 1, 1, 3), dtype=bool)
    met[1, 0, 0, 1] = True
    assert shared([kinds], [met], samples)[0][1, 0, 0].tolist() == [False, True, True]


@pytest.mark.parametrize("count", [2, 4, 8, 16, 32])
def test_the_error_of_gaussian_replicates_is_nominal(count: int) -> None:
    """Student's t at 68.27 %, and 95.45 % and 99.73 % at the multiples that docs/accuracy.md tells."""
    generator = np.random.default_rng(count)
    without = -generator.standard_normal((4000, count)) / (count - 1)
    off = np.array([abs(each.mean() * (count - 1)) / error_of(each) for each in without])
    unit = t.ppf((1 + 0.6826894921370859) / 2, count - 1)
    for level in (0.6826894921370859, 0.9544997361036416, 0.9973002039367398):
        held = float(np.mean(off <= t.ppf((1 + level) / 2, count - 1) / unit))
        assert abs(held - level) < 0.02
    assert error_of(without[0]) == pytest.approx(unit * standard_error(without[0]), rel=0.5)


def test_one_event_doubles_the_error() -> None:
    """Of 32 replicates one holds all there is: the spread alone would be the estimate."""
    without = np.append(np.full(31, 1 / 31), 0.0)
    assert error_of(without) == pytest.approx(2 * standard_error(without), rel=0.05)
    assert SquaredMean(np.zeros((4, 4))).error == 0


def test_slopes_that_no_sample_met_are_in_the_limit() -> None:
    """Layer 2 is open where eight sites are negative: at about one point in 500."""
    task = TwoPixelTask(length=24, scale=3)
    second = Layer(filters=[[[1] + [-100] * 8]])
    network = Network(layers=[Layer(filters=[[[1]]]), second])
    few = strong_noise_responses(network, task, sampling=Sampling(points=16, replicates=4))[2]
    many = strong_noise_responses(network, task, sampling=Sampling(points=4096, replicates=16))[2]
    assert isinstance(few, NumericValue) and isinstance(many, NumericValue)
    assert many.estimate > 0 and few.uncertainty > 0
    assert abs(few.estimate - many.estimate) <= 3 * (few.uncertainty + many.uncertainty)
    box = Network(layers=[Layer(filters=[[[1, 1, 1]]])] * 2)
    (weak,) = weak_noise_responses(box, task, sampling=Sampling(points=16, replicates=4))[2:3]
    assert weak.kind != "numeric" or float(weak.error()) < float(weak)


@pytest.mark.slow
@pytest.mark.parametrize(("deep", "networks", "seeds"), [(False, 60, 2), (True, 12, 10)])
def test_coverage_of_stated_errors(deep: bool, networks: int, seeds: int) -> None:
    """Within what so few cases can tell, of the nominal level; ``tests/benchmarks/coverage.py`` takes thousands."""
    found = scores(networks, seeds, Sampling(points=64, replicates=16), seed=5, deep=deep)
    for part in PARTS:
        errors = [each.errors for each in found if each.part == part]
        for share, level, slack in zip(coverage(errors), nominal(16), (0.08, 0.04, 0.02), strict=True):
            assert level - slack <= share <= level + 0.15
        assert max(errors) < 8
    assert any(each.strided for each in found)
