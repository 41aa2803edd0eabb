"""Layers sampled from single units: their patterns, against closed forms, the whole ring and brute force; errors."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

from solver import FrameTask, GaussianNoise, Layer, Network, Sampling, TwoPixelTask, construct
from solver.brute_force.case import PlainCase
from solver.brute_force.draws import drawn_parts
from solver.question.noise import default_noise
from solver.sensitivity.noise.closed import closed_response, control
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.sampled import float_trace
from solver.sensitivity.noise.sampled.sampling import sampled_noise
from solver.sensitivity.noise.sampled.single_units import MOST_HALVINGS, halvings, unit_points, unit_response
from solver.sensitivity.noise.sampled.unit_patterns import unit_patterns
from solver.sensitivity.noise.sampled.whole_ring import ring_responses
from solver.sensitivity.question import Question
from tests.benchmarks.coverage import PARTS, coverage, known_questions, nominal
from tests.dense import dense

RING, BLOCKS = TwoPixelTask(length=12, scale=3), TwoPixelTask(length=12, scale=3, distances="balanced", labels="blocks")
LONG, FRAME = TwoPixelTask(length=32, scale=7), FrameTask(shape=(6, 5), scale=2)
FEW = Sampling(points=256, replicates=16)
CROOKED = [[1, 2], [0, -1]]
"""A filter on a frame without any symmetry."""

NETWORKS = {
    "one of each sign": Network(layers=[Layer(filters=[[[1, -1, 1]]], bias=["-1/2"]), Layer(filters=[[[1, 2]]])]),
    "strides": Network(
        layers=[
            Layer(filters=[[[1, -1, 1]], [[0, 1, 1]]], stride=2),
            Layer(filters=[[[1, 0], [2, 1]]], origin=1),
            Layer(filters=[[[1, -1]]], stride=3),
        ]
    ),
    "dense": dense(5, 3, 3),
    "hard tanh": Network(
        layers=[
            Layer(filters=[[[1, 1, 1]], [[1, 0, -2]]], activation="hardtanh"),
            Layer(filters=[[[1, -1], [1, 1]]], activation="hardtanh"),
        ]
    ),
    "identity": dense(3, 1, 3).with_identity(2),
}


def forced(question: Question, layer: int, sampling: Sampling, known: float | None = None) -> NoiseResponse[Any]:
    """A layer by single units, whether or not the ring costs less."""
    return unit_response(
        question.network,
        question.task,
        question.noise,
        layer,
        known,
        sampling,
        sampling.points,
        channel_mean=question.channel_mean,
    )


def assert_near(one: NoiseResponse[Any], other: NoiseResponse[Any], errors: float = 5) -> None:
    """All parts are equal within so many errors of both."""
    for part in PARTS:
        a, b = getattr(one, part), getattr(other, part)
        assert abs(float(a) - float(b)) <= errors * float(np.hypot(float(a.error()), float(b.error())))


# The patterns


def enumerated(network: Network, task: Any, layer: int) -> dict[bytes, float]:
    """How often each pattern is under a unit of a channel, from all images and all units."""
    size, stride = network.receptive_field(layer), network.total_stride(layer)
    offset = sum(each.first_offset * network.total_stride(k) for k, each in enumerate(network.layers[:layer]))
    images, weights = task.images()
    found: Counter[bytes] = Counter()
    for image, weight in zip(images, weights, strict=True):
        for unit in product(*(range(0, n, stride) for n in task.shape)):
            seen = image
            for axis, first in enumerate(unit):
                seen = np.take(seen, np.arange(first + offset, first + offset + size), axis=axis, mode="wrap")
            found[seen.astype(float).tobytes()] += float(weight)  # type: ignore[assignment]
    return dict(found)


@pytest.mark.parametrize(
    ("name", "task", "layer"),
    [(name, task, k) for name in ("dense", "strides") for task in (RING, BLOCKS) for k in (1, 2)],
)
def test_patterns_are_those_of_all_images_and_units(name: str, task: TwoPixelTask, layer: int) -> None:
    network = NETWORKS[name]
    patterns = unit_patterns(network, task, layer)
    expected = enumerated(network, task, layer)
    assert not patterns.images[0].any()
    found = {image.tobytes(): count for image, count in zip(patterns.images, patterns.counts, strict=True) if count}
    assert found.keys() == expected.keys()
    assert all(found[key] == pytest.approx(expected[key]) for key in found)


@pytest.mark.parametrize("task", [TwoPixelTask(length=1000, scale=7), LONG])
def test_patterns_of_a_long_ring_sum_to_its_sites(task: TwoPixelTask) -> None:
    network = NETWORKS["strides"]
    assert float(unit_patterns(network, task, 1).counts.sum()) == pytest.approx(task.length / 2)
    assert len(unit_patterns(dense(2, 3, 3), task, 3).images) == 1 + 7 + 21


def test_patterns_on_a_frame_and_their_reflections() -> None:
    crooked = Network(layers=[Layer(filters=[[CROOKED]])])
    patterns, expected = unit_patterns(crooked, FRAME, 1), enumerated(crooked, FRAME, 1)
    found = {image.tobytes(): count for image, count in zip(patterns.images, patterns.counts, strict=True)}
    assert found == pytest.approx(expected)
    square = FrameTask(shape=(6, 6), scale=3)
    box = construct("uniform", square)
    folded, whole = unit_patterns(box, square, 1), enumerated(box, square, 1)
    assert len(folded.images) < len(whole) / 3
    for image, count in zip(folded.images, folded.counts, strict=True):
        turned = {np.rot90(each, n).tobytes() for each in (image, image.T) for n in range(4)}
        assert count == pytest.approx(sum(whole[each] for each in turned))


# That they agree


@pytest.mark.parametrize("task", [RING, LONG], ids=["whole ring", "shorter ring"])
@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("mean", [False, True])
def test_once_rectified_layers_agree_with_the_closed_form(task: TwoPixelTask, rectified: bool, mean: bool) -> None:
    network = Network(layers=[Layer(filters=[[[1, 0, 1]], [[0, 2, 0]]]), Layer(filters=[[[1, 2], [1, 0]]])])
    question = Question(network, task, noise=GaussianNoise(rectified=rectified), channel_mean=mean)
    for k in (1, 2):
        found, closed = forced(question, k, FEW), closed_response(question, k)
        assert closed is not None
        assert_near(found, closed)
        assert 0 < found.total.uncertainty < 0.01 * found.total.estimate


def test_strided_and_frame_layers_agree_with_the_closed_form() -> None:
    strided = Question(NETWORKS["strides"], RING)
    frame = Question(Network(layers=[Layer(filters=[[CROOKED]], bias=["-1/4"])]), FRAME, noise=default_noise(FRAME))
    for question in (strided, frame):
        closed = closed_response(question, 1)
        assert closed is not None
        assert_near(forced(question, 1, FEW), closed)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("task", [RING, BLOCKS, LONG], ids=["pairs", "blocks", "long"])
def test_layers_agree_with_the_whole_ring(name: str, task: TwoPixelTask) -> None:
    network = NETWORKS[name]
    if task is LONG and name == "strides":
        task = TwoPixelTask(length=36, scale=7)
    question = Question(network, task, noise=GaussianNoise(energy=6))
    layers = [k for k in range(network.depth + 1) if network.receptive_field(k) <= task.length]
    whole = ring_responses(network, task, question.noise, dict.fromkeys(layers), FEW)
    for k in layers:
        assert_near(forced(question, k, Sampling(points=1024, replicates=16, seed=1)), whole[k])


@pytest.mark.parametrize("symmetric", [True, False])
def test_layers_on_a_frame_agree_with_the_whole_frame(symmetric: bool) -> None:
    filters = [[[1, 2, 1], [2, -1, 2], [1, 2, 1]]] if symmetric else [CROOKED]
    network = Network(layers=[Layer(filters=[filters], bias=["-1/8"])] * 2)
    question = Question(network, FrameTask(shape=(6, 6), scale=3), noise=GaussianNoise(energy=4))
    assert network.is_symmetric is symmetric
    whole = ring_responses(network, question.task, question.noise, {2: None}, Sampling(points=256, replicates=8))
    assert_near(forced(question, 2, Sampling(points=1024, replicates=8, seed=1)), whole[2])


@pytest.mark.parametrize("name", NETWORKS)
def test_layers_agree_with_brute_force(name: str) -> None:
    question = Question(NETWORKS[name], TwoPixelTask(length=6, scale=3), noise=GaussianNoise(energy=3))
    layers = [k for k in range(1, question.depth + 1) if question.network.receptive_field(k) <= 6]
    drawn = drawn_parts(question.network, PlainCase(shape=(6,), scale=3, energy=3), layers, 2 * 10**5)
    for k in layers:
        found = forced(question, k, FEW)
        for part in PARTS:
            value, plain = getattr(found, part), getattr(drawn[k], part)
            assert abs(value.estimate - plain.number) <= 5 * np.hypot(value.uncertainty, plain.error)


@pytest.mark.parametrize("name", ["uniform", "cyclotomic", "shift"])
def test_a_fitted_control_leaves_the_value_as_it_is(name: str) -> None:
    question = Question(construct(name, LONG), LONG)
    known = control(question, 3)
    assert known is not None
    plain, fitted = forced(question, 3, FEW), forced(question, 3, FEW, known)
    assert_near(plain, fitted)
    assert plain.total.estimate != fitted.total.estimate
    assert name != "uniform" or fitted.total.uncertainty < plain.total.uncertainty / 2


# How much is drawn


def test_points_are_halved_with_the_root_of_what_patterns_add() -> None:
    spread = np.array([4.0**-n for n in range(10)])
    assert halvings(spread).tolist() == [min(n, MOST_HALVINGS) for n in range(10)]
    assert halvings(np.zeros(3)).tolist() == [MOST_HALVINGS] * 3


def test_where_single_units_are_taken() -> None:
    network = dense(4, 3, 3)
    assert [unit_points(network, LONG, k, Sampling()) > 0 for k in range(5)] == [True] * 4 + [False]
    wide = Network(layers=[Layer(filters=[[[1] * 11]])] * 2)
    assert unit_points(wide, RING, 2, Sampling()) == 0
    found = sampled_noise(network, LONG, GaussianNoise(), {2: None, 4: None}, Sampling(points=16, replicates=2))
    assert found[2].total.method.startswith("single units by randomised quasi-Monte Carlo, 2 x ")
    assert found[4].total.method.startswith("randomised quasi-Monte Carlo, 2 x 16 points")


def multiplied(monkeypatch: pytest.MonkeyPatch, network: Network, layer: int, sampling: Sampling) -> float:
    """The multiplications of the passes that a layer takes."""
    counts = []
    plain = float_trace._valid_correlation

    def counted(a: np.ndarray, weights: np.ndarray, stride: int) -> np.ndarray:
        found = plain(a, weights, stride)
        counts.append(found.size * weights[0].size)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(float_trace, "_valid_correlation", counted)
        sampled_noise(network, LONG, GaussianNoise(), {layer: None}, sampling)
    return float(sum(counts))


@pytest.mark.parametrize("layer", [2, 3])
def test_single_units_take_more_points_and_fewer_products(monkeypatch: pytest.MonkeyPatch, layer: int) -> None:
    network, sampling = dense(16, 3, 3), Sampling(points=64, replicates=4)
    whole = multiplied(monkeypatch, network, 4, sampling)
    assert multiplied(monkeypatch, network, layer, sampling) < whole / 2
    assert unit_points(network, LONG, layer, sampling) >= (8 if layer == 3 else 32) * sampling.points


def test_points_grow_until_the_tolerance_is_met() -> None:
    question = Question(dense(4, 2, 3), RING)
    coarse, fine = (forced(question, 2, Sampling(points=16, replicates=8, tolerance=t)).total for t in (None, "0.001"))
    assert fine.uncertainty <= fine.estimate / 1000 < coarse.uncertainty
    assert "8 x 16 points" in coarse.method and "8 x 16 points" not in fine.method


def test_a_rare_pattern_of_great_weight_is_sampled_as_often_as_it_matters() -> None:
    """All there is comes from two neighbouring pixels: a unit is open nowhere else."""
    rare = Network(layers=[Layer(filters=[[[1, 1]]]), Layer(filters=[[[10]]], bias=[-20])])
    question = Question(rare, LONG, noise=GaussianNoise(energy="1/100"))
    assert_near(
        forced(question, 2, FEW),
        ring_responses(rare, LONG, question.noise, {2: None}, Sampling(points=2048, replicates=8))[2],
    )


# The errors


@pytest.mark.parametrize("seed", range(12))
def test_patterns_in_which_the_pilot_saw_nothing_are_in_the_error(seed: int) -> None:
    """Units open at one noise in 500 where no pixel is, and hardly ever elsewhere."""
    first = Layer(filters=[[["-1/2"]]], bias=["-1/2"])
    network = Network(layers=[first, Layer(filters=[[[0, "3/2", "1/2"]], [[0, "1/2", 1]]])])
    question = Question(network, TwoPixelTask(length=8, scale=3), noise=GaussianNoise(energy=1))
    closed = closed_response(question, 2)
    assert closed is not None
    for sampling in (Sampling(points=16, replicates=8, seed=seed), Sampling(seed=seed + 5000)):
        found = forced(question, 2, sampling)
        for part in PARTS:
            value = getattr(found, part)
            assert abs(value.estimate - float(getattr(closed, part))) <= 4 * value.uncertainty


@pytest.mark.parametrize("length", [8, 16])
def test_one_event_tells_no_size(length: int) -> None:
    """Open at one noise in 400: of 512 samples one is, and by how little it is open says nothing."""
    network = Network(layers=[Layer(filters=[[[-2]]], bias=[-2])])
    question = Question(network, TwoPixelTask(length=length, scale=3), noise=GaussianNoise(energy=Fraction(length, 8)))
    closed = closed_response(question, 1)
    assert closed is not None
    for seed in (347949, *range(40)):
        found = forced(question, 1, Sampling(points=16, replicates=32, seed=seed))
        for part in PARTS:
            value = getattr(found, part)
            assert abs(value.estimate - float(getattr(closed, part))) <= 6 * value.uncertainty


@pytest.mark.slow
@pytest.mark.parametrize(("deep", "networks", "seeds"), [(False, 60, 5), (True, 12, 20)])
def test_coverage_of_single_units(deep: bool, networks: int, seeds: int) -> None:
    """Stated errors of forced single units, within what so few cases can tell, of the nominal level."""
    errors: dict[str, list[float]] = {part: [] for part in PARTS}
    cases = known_questions(17, deep=deep)
    for n in range(networks):
        known = next(cases)
        layer = known.question.depth
        if known.question.network.receptive_field(layer) > known.question.task.length or layer not in known.truth:
            continue
        for seed in range(seeds):
            found = forced(known.question, layer, Sampling(points=64, replicates=16, seed=100 * n + seed))
            for part, true in zip(PARTS, known.truth[layer], strict=True):
                value = getattr(found, part)
                if true > 0:
                    errors[part].append(abs(value.estimate - true) / value.uncertainty)
    for each in errors.values():
        assert len(each) > networks * seeds / 2
        for share, level, slack in zip(coverage(each), nominal(16), (0.08, 0.04, 0.03), strict=True):
            assert level - slack <= share <= level + 0.15
        assert max(each) < 8
