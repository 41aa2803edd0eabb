"""Units of independent pixels, whatever happens at a pixel: nested quadrature, sampling, and other routes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver import FrameTask, GaussianNoise, Layer, Network, Sampling, TwoPixelTask, construct, sensitivities
from solver.gaussian.independent import Term
from solver.gaussian.sites.laws import SiteResolution
from solver.sensitivity.noise.ball_sum import BallSum
from solver.sensitivity.noise.route import Evaluation
from solver.sensitivity.noise.sampled.sampling import SAMPLED
from solver.sensitivity.noise.sites.moments import SiteMoments
from solver.sensitivity.noise.sites.response import SITES, SiteLayer, layer_moments, output_moments, site_layer
from solver.sensitivity.question import Question
from tests.sensitivity.noise.sites.nested import TwoPixels

RING = TwoPixelTask(length=4, scale=2)
WEIGHTS = st.builds(Fraction, st.integers(-12, 12), st.sampled_from([1, 2, 4]))
USED = WEIGHTS.filter(bool)
ENERGIES = st.builds(lambda n, k: Fraction(n) * Fraction(10) ** k, st.integers(1, 9), st.integers(-4, 4))
RELU_LIKE = st.sampled_from(["relu", "hardtanh"])


@st.composite
def two_pixel_networks(draw: Any, outputs: int = 2) -> Network:
    """One to three channels that see one pixel, then windows of two pixels."""
    inner, channels = draw(st.integers(1, 3)), draw(st.integers(1, outputs))
    first = Layer(
        filters=[[[draw(USED)]] for _ in range(inner)],
        bias=[draw(WEIGHTS) for _ in range(inner)],
        activation=draw(RELU_LIKE),
    )
    second = Layer(
        filters=[[[draw(USED), draw(USED)] for _ in range(inner)] for _ in range(channels)],
        bias=[draw(WEIGHTS) for _ in range(channels)],
        activation=draw(RELU_LIKE),
    )
    return Network(layers=[first, second], pooling="sum")


def oracle(question: Question) -> TwoPixels:
    return TwoPixels(question.network, float(question.noise.variance(RING.length)) ** 0.5, question.noise.rectified)


def ensemble() -> tuple[list[list[int]], list[float]]:
    images, weights = RING.images()
    return [[int(v) for v in image] for image in images], [float(w) for w in weights]


def close(value: Any, expected: float, scale: float = 0.0) -> bool:
    """Within the error, and what the oracle promises."""
    return abs(value.estimate - expected) <= value.uncertainty + 1e-10 * abs(expected) + 1e-12 * scale


def check(network: Network, noise: GaussianNoise) -> None:
    question = Question(network, RING, noise=noise)
    truth = oracle(question)
    found = SITES.response(question, 2, Evaluation()).total
    assert close(found, truth.layer(*ensemble()))
    if network.layers[1].channels == 1:
        assert SITES.refusal(question, 3) is None
        output = SITES.response(question, 3, Evaluation()).total
        assert close(output, truth.output(*ensemble()), scale=found.estimate)


@settings(max_examples=8)
@given(network=two_pixel_networks(), energy=ENERGIES, rectified=st.booleans())
def test_error_holds_nested_quadrature(network: Network, energy: Fraction, rectified: bool) -> None:
    check(network, GaussianNoise(energy=energy, rectified=rectified))


@pytest.mark.slow
@settings(max_examples=80)
@given(network=two_pixel_networks(1), energy=ENERGIES, rectified=st.booleans())
def test_error_holds_nested_quadrature_of_the_output(network: Network, energy: Fraction, rectified: bool) -> None:
    check(network, GaussianNoise(energy=energy, rectified=rectified))


def coarse(found: SiteLayer, reach: float) -> SiteLayer:
    rough = SiteResolution(nodes=10, tolerance=1e-7, reach=reach + 0.5, panel=2.0)
    rougher = SiteResolution(nodes=8, tolerance=1e-5, reach=reach, panel=1.7)
    old = found.moments
    return replace(found, moments=SiteMoments(old.patterns, old.deviation, old.rectified, (rough, rougher)))


@settings(max_examples=8)
@given(network=two_pixel_networks(1), energy=ENERGIES, rectified=st.booleans(), reach=st.sampled_from([1.0, 2.0, 9.0]))
def test_error_holds_at_coarse_resolutions(network: Network, energy: Fraction, rectified: bool, reach: float) -> None:
    question = Question(network, RING, noise=GaussianNoise(energy=energy, rectified=rectified))
    truth, variance = oracle(question), float(question.noise.variance(RING.length))
    for layer, expected in ((2, truth.layer(*ensemble())), (3, truth.output(*ensemble()))):
        found = site_layer(question, layer)
        assert isinstance(found, SiteLayer)
        rough = coarse(found, reach)
        parts = layer_moments(rough, None) if layer == 2 else output_moments(rough, [1.0], None)
        value, error = variance * parts.sum(axis=0)
        assert abs(value - expected) <= error + 1e-10 * expected


@pytest.mark.parametrize("energy", [1, 4, 20])
@pytest.mark.parametrize("nodes", [4, 5, 6])
def test_the_difference_of_two_resolutions_holds_an_error_that_is_large(nodes: int, energy: int) -> None:
    layers = [Layer(filters=[[[1]]], bias=["1/3"]), Layer(filters=[[[1, 2]]], bias=[-1])]
    question = Question(Network(layers=layers, pooling="sum"), RING, noise=GaussianNoise(energy=energy))
    found = site_layer(question, 2)
    assert isinstance(found, SiteLayer)
    rough, rougher = SiteResolution(nodes, 1e-2, 9.0, 4.0), SiteResolution(nodes - 1, 1e-1, 8.5, 3.5)
    moments = SiteMoments(found.patterns, found.moments.deviation, False, (rough, rougher))
    value, error = energy / 4 * layer_moments(replace(found, moments=moments), None).sum(axis=0)
    off = abs(value - oracle(question).layer(*ensemble()))
    assert 1e-3 * error < off <= error


@pytest.mark.parametrize("reach", [0.5, 1.0, 2.0])
def test_error_of_a_pair_holds_what_is_cut_off(reach: float) -> None:
    layers = [Layer(filters=[[[1]]], bias=["1/3"]), Layer(filters=[[[1, 1]]], bias=[-1])]
    question = Question(Network(layers=layers, pooling="sum"), RING, noise=GaussianNoise(energy=4))
    found, truth = site_layer(question, 3), oracle(question)
    assert isinstance(found, SiteLayer)
    rough = coarse(found, reach).moments
    pairs = {pair for each in found.pairings for pair in found.patterns.pairs(*each) if len(pair.shared) == 1}
    assert len(pairs) > 3
    for pair in pairs:
        seen = (pair.own[0][0], pair.shared[0][0], pair.own[1][0])
        value, error = rough.product(pair)
        assert abs(value - truth.product(0, 0, tuple(found.patterns.kinds[i].pixel for i in seen))) <= error


# Networks that no other route takes


def counts(activation: str = "relu") -> Network:
    """Windows of five over ReLU(x), minus 1, and ReLU(x - 1) of each pixel, read out with weight 5."""
    window, copy, none = [1, 1, 1, 1, 1], [0, 0, 1, 0, 0], [0] * 5
    first = Layer(filters=[[[1]], [[1]]], bias=[0, -1], activation=activation)
    second = Layer(filters=[[window, none], [none, copy]], bias=[-1, 0])
    return Network(layers=[first, second], readout=[1, 5], pooling="sum")


SEVERAL = Network(
    layers=[
        Layer(filters=[[[1]], [[-2]], [["3/2"]]], bias=["1/3", "1/2", -1]),
        Layer(filters=[[[1, 1, 1], [2, 2, 2], ["-1/2"] * 3]], bias=["-1/2"]),
    ],
    pooling="sum",
)
LONGER = TwoPixelTask(length=16, scale=5)
SMALL_FRAME = FrameTask(shape=(10, 11), scale=5)
OTHERS = {
    "counts": Question(counts(), LONGER),
    "counts, rectified noise": Question(counts(), LONGER, noise=GaussianNoise(rectified=True)),
    "counts, bounded": Question(counts("hardtanh"), LONGER, noise=GaussianNoise(energy=10)),
    "counts, channel mean": Question(counts(), LONGER, channel_mean=True),
    "several channels": Question(SEVERAL, LONGER, noise=GaussianNoise(energy=10)),
    "frame": Question(construct("shift", SMALL_FRAME), SMALL_FRAME).reduced,
}


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n == "frame")) for n in OTHERS])
def test_sampling_agrees(name: str) -> None:
    question = OTHERS[name]
    how = Evaluation(sampling=Sampling(points=64 if question.task.axes > 1 else 512, replicates=32))
    for layer in (2, 3):
        assert SITES.refusal(question, layer) is None
        found, sampled = (route.response(question, layer, how) for route in (SITES, SAMPLED))
        for part in ("total", "coherent", "incoherent"):
            one, other = getattr(found, part), getattr(sampled, part)
            assert one.uncertainty < 1e-11 * found.total.estimate
            assert abs(one.estimate - other.estimate) <= 5 * other.uncertainty + one.uncertainty


def frame_balls(question: Question, layer: int) -> Any:
    """The same sums over units of a frame as proven balls, of windows of rectified pixels."""
    found = site_layer(question, layer)
    assert isinstance(found, SiteLayer)
    kinds, variance = found.patterns.kinds, question.noise.variance(question.task.sites)
    level = -found.patterns.units.channels[0].constant

    def terms(row: Any) -> Any:
        return tuple(Term(Fraction(1), Fraction(kinds[i].pixel), variance) for i in sorted(row))

    total = BallSum(level, variance, 25)
    if layer == 2:
        for unit, weight in found.counts.items():
            total.differences[terms(unit.row), (), ()] += weight
        return total.enclose(15)
    for pairing, factor in found.pairings.items():
        for pair, weight in found.patterns.pairs(*pairing).items():
            left, right = sorted(map(terms, pair.own))
            total.covariances[terms(i for i, _ in pair.shared), left, right] += factor * weight
    (readout,) = question.network.pooled_readout(question.task.sites)
    for image, weight in found.patterns.images:
        shifts: dict[Any, Fraction] = defaultdict(Fraction)
        for seen, stretch in ((image, Fraction(1)), (found.patterns.background, found.patterns.ring.stretch)):
            for unit, times in found.patterns.alone(seen).items():
                shifts[terms(unit.row)] += readout * times * stretch
        total.squares.append((dict(shifts), weight))
    return total.enclose(15)


@pytest.mark.parametrize("layer", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_error_holds_proven_balls_on_a_frame(layer: int) -> None:
    question = OTHERS["frame"]
    found, truth = SITES.response(question, layer, Evaluation()).total, float(frame_balls(question, layer))
    assert abs(found.estimate - truth) <= found.uncertainty + 1e-14 * truth


def test_a_larger_frame_differs_by_its_background_alone() -> None:
    """Layers on a frame long enough are those of the representing one: of two frames of one variance, G per site."""
    found = []
    for side in (26, 30):
        task = FrameTask(shape=side, scale=5)
        question = Question(construct("shift", task), task, noise=GaussianNoise(energy=Fraction(side**2, 100))).reduced
        layer = site_layer(question, 2)
        assert isinstance(layer, SiteLayer) and sum(layer.counts.values()) == side**2
        found.append(layer)
    assert found[0].counts.keys() == found[1].counts.keys()


def test_weak_noise_is_proportional() -> None:
    """As sigma -> 0 a unit that no pixel cuts moves as a linear form: E||delta||^2 / sigma^2 has a limit."""
    network = Network(layers=[Layer(filters=[[[1]]], bias=[1]), Layer(filters=[[[1, 2]]], bias=[-1])], pooling="sum")
    for exponent in (10, 40, 100):
        noise = GaussianNoise(energy=Fraction(4, 10**exponent))
        found = [SITES.response(Question(network, RING, noise=noise), k, Evaluation()).total for k in (2, 3)]
        for value, expected in zip(found, (4 * 5, 4 * 9), strict=True):
            assert abs(value.estimate * 10**exponent - expected) <= value.uncertainty * 10**exponent


@pytest.mark.parametrize(
    ("network", "layer", "why"),
    [
        (construct("uniform", LONGER), 3, "layer 1 cuts a sum over several pixels"),
        (counts(), 0, "the image is no layer"),
        (Network(layers=[Layer(filters=[[[1]]]), Layer(filters=[[[1, 2, 1]]], bias=[-1])]), 3, "each in its own way"),
    ],
)
def test_refusals(network: Network, layer: int, why: str) -> None:
    assert why in str(SITES.refusal(Question(network, LONGER), layer))


def test_laws_with_too_many_places_are_refused() -> None:
    weights = [Fraction(1, 3**k) for k in range(10)]
    first = Layer(filters=[[[1]]], activation="hardtanh")
    question = Question(Network(layers=[first, Layer(filters=[[weights]])]), TwoPixelTask(length=16, scale=2))
    assert "places where it is not smooth" in str(SITES.refusal(replace(question, noise=GaussianNoise(energy=40)), 2))


def test_a_frame_is_answered_without_sampling() -> None:
    found = sensitivities(construct("shift", SMALL_FRAME), SMALL_FRAME, sampling=Sampling(points=2, replicates=2))
    assert [layer.G.kind for layer in found.layers] == ["exact", "closed", "numeric", "numeric"]
    assert all(float(layer.G.error()) < 1e-11 * float(layer.G) for layer in found.layers[2:])
