"""Limits of G/sigma^2: the closed forms at tiny and huge sigma, proven series, and Monte Carlo at tiny sigma."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest
import sympy
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from solver import (
    Deformation,
    GaussianNoise,
    InputError,
    Layer,
    Network,
    NumberField,
    Sampling,
    TwoPixelTask,
    construct,
)
from solver.cli import main
from solver.gaussian.balls import enclose, rational_ball
from solver.gaussian.functions import as_sympy
from solver.network.trace import activated, correlate
from solver.report.documents.limits import limits_text
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.limits.limits import noise_limits, strong_noise_responses, weak_noise_responses
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.question import Question
from solver.values import ExactValue, NumericValue, Value
from tests.noise_routes import layer_series, output_series
from tests.quick import UNSTRIDED
from tests.strategies import RATIONALS, task_networks

TASK = TwoPixelTask(length=16, scale=5)
FEW = Sampling(points=2, replicates=2)
SOME = Sampling(points=256, replicates=16)
NAMES = sorted(UNSTRIDED)


@pytest.fixture(autouse=True)
def precision() -> Iterator[None]:
    """Let differences of balls keep 100 digits."""
    with flint.ctx.workprec(400):
        yield


def ball(value: Value, digits: int = 50) -> Any:
    expression = as_sympy(value.exact) if isinstance(value, ExactValue) else value.expression  # type: ignore[attr-defined]
    return enclose(expression, digits)


def close(x: Any, y: Any, digits: int) -> bool:
    return bool((x - y).abs_upper() <= arb(10) ** -digits * (1 + y.abs_upper()))


def at_sigma(network: Network, task: TwoPixelTask, sigma: Fraction, layer: int, **options: Any) -> Any | None:
    """N/sigma^2 by the closed form at one sigma, as a ball; None where the noise is rectified twice."""
    mean = options.pop("channel_mean", False)
    noise = GaussianNoise(energy=task.length * sigma**2, **options)
    response = closed_response(Question(network, task, noise=noise, channel_mean=mean), layer)
    value = response and response.total
    return None if value is None else ball(value) / rational_ball(sigma**2)


def extrapolated(network: Network, task: TwoPixelTask, layer: int, **options: Any) -> Any | None:
    """N/sigma^2 at sigma -> infinity from 10^12, 2 10^12 and 4 10^12, without its terms in 1/sigma and 1/sigma^2."""
    values = [at_sigma(network, task, Fraction(2**i * 10**12), layer, **options) for i in range(3)]
    if values[0] is None:
        return None
    first, second = 2 * values[1] - values[0], 2 * values[2] - values[1]
    return (4 * second - first) / 3


def without_bias(network: Network) -> Network:
    layers = [replace(layer, bias=()) for layer in network.layers]
    return replace(network, layers=tuple(layers), claim=None)


def monte_carlo(
    network: Network, task: TwoPixelTask, *, sigma: float = 1e-7, points: int = 100, rectified: bool = False,
    channel_mean: bool = False, batches: int = 20,
) -> list[tuple[float, float]]:  # fmt: skip
    """<||a(x + eta) - a(x)||^2>/sigma^2 of every layer and f_p with its standard error, on all images of the ring."""
    images, weights = task.images()
    generator, readout = np.random.default_rng(5), [float(v) for v in network.pooled_readout(task.length)]
    results = []
    for _ in range(batches):
        eta = sigma * generator.standard_normal((points, 1, 1, task.length))
        eta = np.maximum(eta, 0) if rectified else eta
        calm, noisy = images[None, :, None, :].astype(float), images[None, :, None, :] + eta
        rows = []
        for layer in (None, *network.layers):
            if layer is not None:
                filters = [[[float(w) for w in f] for f in channel] for channel in layer.filters]
                bias = [float(b) for b in layer.bias]
                calm, noisy = (activated(correlate(a, layer, filters, bias), layer.activation) for a in (calm, noisy))
            moved = (noisy - calm).sum(axis=2, keepdims=True) if channel_mean else noisy - calm
            rows.append((moved**2).sum(axis=(2, 3)))
        rows.append(((noisy - calm).sum(axis=3) @ np.array(readout)) ** 2)
        results.append([float((row / sigma**2 @ np.array([float(w) for w in weights])).mean()) for row in rows])
    means = np.array(results)
    return list(zip(means.mean(axis=0), means.std(axis=0, ddof=1) / batches**0.5, strict=True))


def agrees(value: Value, sampled: tuple[float, float], *, errors: float = 4.5) -> bool:
    spread = value.uncertainty if isinstance(value, NumericValue) else 0.0
    return abs(float(value) - sampled[0]) <= errors * (spread + sampled[1]) + 1e-6 * abs(sampled[0]) + 1e-9


# Against the closed forms at finite sigma


@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("channel_mean", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_limits_of_the_closed_responses(name: str, rectified: bool, channel_mean: bool) -> None:
    network, options = construct(name, TASK), {"rectified": rectified, "channel_mean": channel_mean}
    weak = weak_noise_responses(network, TASK, sampling=FEW, **options)
    strong = strong_noise_responses(network, TASK, sampling=FEW, **options)
    seen = 0
    for k in range(network.depth + 2):
        finite = at_sigma(network, TASK, Fraction(1, 10**6), k, **options)
        if finite is not None:
            seen += 1
            assert close(ball(weak[k]), finite, 40)
        bare = extrapolated(without_bias(network), TASK, k, **options)
        if bare is None:  # without its bias the last filter of `cyclotomic`, of both signs, rectifies again
            assert name == "cyclotomic" and k >= network.depth and strong[k].kind == "numeric"
            continue
        assert close(ball(strong[k]), bare, 30)
        if finite is not None:
            assert close(ball(strong[k]), extrapolated(network, TASK, k, **options), 30)
    assert seen >= network.depth
    kinds = [value.kind for value in weak]
    assert ("numeric" in kinds[network.depth :]) != rectified and "numeric" not in kinds[: network.depth]


@given(task_networks(RATIONALS, depth=2, lengths=st.integers(4, 5)), st.booleans(), st.booleans())
def test_random_networks_have_the_limits_of_their_closed_responses(case: Any, rectified: bool, mean: bool) -> None:
    task, network = case
    options = {"rectified": rectified, "channel_mean": mean}
    weak = weak_noise_responses(network, task, sampling=FEW, **options)
    strong = strong_noise_responses(network, task, sampling=FEW, **options)
    for k in range(network.depth + 2):
        finite = at_sigma(network, task, Fraction(1, 10**6), k, **options)
        if finite is not None:
            assert close(ball(weak[k]), finite, 30)
        large = extrapolated(network, task, k, **options)
        if large is not None:
            assert close(ball(strong[k]), large, 25)


def test_algebraic_weights() -> None:
    """Half of the pixels' noise passes the ReLU of a background tie; 1 - sqrt(2) < 0 < 3 - 2 sqrt(2), exactly."""
    root = NumberField(sympy.sqrt(2)).generator
    network = Network(layers=[Layer(filters=[[[root]]]), Layer(filters=[[[1]], [[1]]], bias=[1 - 2 * root, -root])])
    weak, strong = weak_noise_responses(network, TASK), strong_noise_responses(network, TASK)
    assert [value.exact for value in strong[1:3]] == [TASK.length, 2 * TASK.length]
    assert [value.exact for value in weak[1:3]] == [2 * 2 + (TASK.length - 2), 2]
    assert close(ball(weak[1]), at_sigma(network, TASK, Fraction(1, 10**6), 1), 40)


# Against proven series, where the noise is rectified twice


def test_series_at_strong_noise() -> None:
    energy = Fraction(10) ** 8
    network, noise = construct("shift", TASK), GaussianNoise(energy=energy)
    strong = strong_noise_responses(network, TASK)
    layer = layer_series(network, TASK, noise, network.depth)
    readout = output_series(network, TASK, noise)
    sigma = (float(energy) / TASK.length) ** 0.5
    for value, finite in ((strong[-2], layer), (strong[-1], readout)):
        ratio = finite.enclose(12) / rational_ball(noise.variance(TASK.length)) / ball(value)
        assert float((ratio - 1).abs_upper()) < 3 / sigma


@pytest.mark.parametrize("pooled", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_series_at_weak_noise(pooled: bool) -> None:
    """At sigma^2 = 1/140 units leave their side with probability e^-14 at most: the series is the limit to 1e-5."""
    network, noise = construct("shift", TASK), GaussianNoise(energy=Fraction(TASK.length, 140))
    value = weak_noise_responses(network, TASK)[2 + pooled]
    if pooled:
        finite = output_series(network, TASK, noise)
    else:
        finite = layer_series(network, TASK, noise, network.depth)
    ratio = 140 * float(finite.enclose(8)) / float(value)
    assert isinstance(value, NumericValue) and value.uncertainty < 3e-4 * value.estimate
    assert abs(ratio - 1) < 4 * value.uncertainty / value.estimate + 1e-5


# Against Monte Carlo at tiny sigma, on the whole ring


@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_weak_limits_agree_with_monte_carlo(name: str, rectified: bool) -> None:
    network = construct(name, TASK)
    weak = weak_noise_responses(network, TASK, rectified=rectified, sampling=SOME)
    for value, sampled in zip(weak, monte_carlo(network, TASK, rectified=rectified), strict=True):
        assert agrees(value, sampled)


def test_ring_that_stands_for_a_longer_one() -> None:
    """The background contributes to every layer: its bias is a tie for channel 1, active for 2 and off for 3."""
    first = Layer(filters=[[[1, 1]], [[1, -1]], [[-1, 1]]], bias=[0, 1, "-1/2"])
    second = Layer(filters=[[[1], [-1], [1]], [[-1], [1], [0]]], bias=[1, "-3/2"])
    third = Layer(filters=[[[1], [-1]]], bias=[-1])
    task = TwoPixelTask(length=40, scale=2)
    for layers in ([first], [first, second], [first, second, third], [first, replace(second, bias=[1, -1])]):
        network = Network(layers=layers, readout=[1, 2, -1][: layers[-1].channels])
        weak = weak_noise_responses(network, task, sampling=SOME)
        for value, sampled in zip(weak, monte_carlo(network, task, points=10), strict=True):
            assert agrees(value, sampled)
    assert "numeric" in {value.kind for value in weak}


@pytest.mark.parametrize("mean", [False, True])
@given(
    task_networks(RATIONALS, lengths=st.integers(4, 6), activations=("relu", "relu", "hardtanh", "identity")),
    st.booleans(),
)
def test_random_networks_agree_with_monte_carlo(mean: bool, case: Any, rectified: bool) -> None:
    task, network = case
    sampling = Sampling(points=128, replicates=16)
    weak = weak_noise_responses(network, task, rectified=rectified, channel_mean=mean, sampling=sampling)
    direct = monte_carlo(network, task, points=200, rectified=rectified, channel_mean=mean)
    for value, sampled in zip(weak, direct, strict=True):
        assert agrees(value, sampled, errors=7)


@given(task_networks(RATIONALS, lengths=st.integers(4, 6)), st.booleans())
def test_strong_limits_agree_with_monte_carlo_without_biases(case: Any, rectified: bool) -> None:
    task, network = case
    strong = strong_noise_responses(network, task, rectified=rectified, sampling=Sampling(points=128, replicates=16))
    direct = monte_carlo(without_bias(network), task, sigma=1e9, points=200, rectified=rectified)
    for value, sampled in zip(strong, direct, strict=True):
        assert agrees(value, sampled, errors=7)


# Ties


@pytest.mark.parametrize(("bias", "expected"), [(-1, 1), (Fraction(-1) + Fraction(1, 10**9), 2),
                                                (Fraction(-1) - Fraction(1, 10**9), 0)])  # fmt: skip
def test_ties_are_decided_exactly(bias: Fraction, expected: int) -> None:
    """Two pixels on a bias that meets them, misses by 1e-9, or exceeds by 1e-9: half, all or none of their noise."""
    network = Network(layers=[Layer(filters=[[[1]]], bias=[bias])])
    weak = weak_noise_responses(network, TASK)
    assert weak[1].exact == expected


def test_ties_behind_a_rectification() -> None:
    """Sums of rectified noise pass a tie if no weight is negative, stop there if none is positive, else are open."""
    first = Layer(filters=[[[1]]])
    kinds = {}
    for weights in ([1, 1], [-1, -1], [1, -1]):
        network = Network(layers=[first, Layer(filters=[[weights]], activation="relu")])
        strong = strong_noise_responses(network, TASK, sampling=SOME)
        kinds[tuple(weights)] = strong[2]
    half = TASK.length * (Fraction(1, 2) + Fraction(1, 2))
    assert close(ball(kinds[1, 1]), as_ball(half + TASK.length / sympy.pi), 30)
    assert kinds[-1, -1].exact == 0
    opposed = kinds[1, -1]
    assert isinstance(opposed, NumericValue) and "quasi-Monte Carlo" in opposed.method
    assert abs(opposed.estimate - TASK.length * (0.5 - 0.5 / np.pi)) < 4 * opposed.uncertainty < 0.2


def as_ball(expression: Any) -> Any:
    return enclose(sympy.sympify(expression), 40)


# Other activations and options


def test_hard_tanh_is_linear_inside_a_tie_at_one_and_bounded_in_strong_noise() -> None:
    """Background passes the noise, a pixel at 1 half of it, a pixel at 2 none."""
    for weight, passed in (("1/2", TASK.length), (1, TASK.length - 1), (2, TASK.length - 2)):
        network = Network(layers=[Layer(filters=[[[weight]]], activation="hardtanh"), Layer(filters=[[[1]]])])
        weak, strong = weak_noise_responses(network, TASK, sampling=FEW), strong_noise_responses(network, TASK)
        assert weak[1].exact == Fraction(weight) ** 2 * passed
        assert [value.exact for value in strong] == [TASK.length, 0, 0, 0]
        assert "bounded by the hard tanh of layer 1" in strong[2].method


def test_hard_tanh_does_not_pile_noise_up() -> None:
    """The pooled response is that of a linear network, the same at every l; behind ReLUs its mean adds up over l."""
    box = Layer(filters=[[["1/4", "1/4", "1/4"]]])
    for length, least in ((32, 1), (320, 10)):
        task = TwoPixelTask(length=length, scale=7)
        odd, relu = (
            weak_noise_responses(Network(layers=[replace(box, activation=name)] * 2), task)[-1]
            for name in ("hardtanh", "relu")
        )
        assert odd.exact == Fraction(9, 16) ** 2 / length and float(relu) > least * float(odd)


def test_identity_is_exact_at_every_sigma() -> None:
    network = construct("uniform", TASK).with_identity()
    limits = noise_limits(network, TASK, noise=GaussianNoise(energy="7/3"))
    for each in limits.layers[:-1]:
        assert each.weak == each.strong and each.weak.exact == each.finite.exact
    assert {limits.output.weak.kind, limits.output.strong.kind} == {"missing"}


def test_rectified_noise_is_closed_at_every_layer() -> None:
    """On a background tie, noise that comes rectified is never rectified again: all weights are positive."""
    for name in NAMES:
        limits = noise_limits(construct(name, TASK), TASK, noise=GaussianNoise(rectified=True))
        assert {v.kind for each in limits.layers for v in (each.weak, each.strong)} <= {"exact", "closed"}
        assert limits[0].weak.exact == limits[0].finite.exact


@pytest.mark.parametrize("name", NAMES)
def test_equal_channels_change_nothing(name: str) -> None:
    one, two = (noise_limits(construct(name, TASK, channels=h), TASK, sampling=FEW) for h in (1, 2))
    for a, b in zip(one.layers, two.layers, strict=True):
        for x, y in ((a.strong, b.strong), (a.weak, b.weak)):
            assert x.kind == y.kind and (x.kind == "numeric" or close(ball(x), ball(y), 40))


def test_limits_are_numerators_over_the_denominator_of_g() -> None:
    network = construct("shift", TASK)
    limits, weak = noise_limits(network, TASK, sampling=FEW), weak_noise_responses(network, TASK, sampling=FEW)

    for each, numerator, moment in zip(
        limits.layers, weak, distance_moments(network, TASK, Deformation()), strict=True
    ):
        assert float(each.weak) == pytest.approx(float(numerator) / float(moment.spread), rel=1e-14)
    assert [each.name for each in limits.layers] == ["input", "hidden", "hidden", "output"]
    assert limits[2].finite.kind == "missing" and limits[1].finite.kind == "closed"


def test_long_rings() -> None:
    """In strong noise every layer grows like l, exactly, and the coherent part of the mean-pooled output not at all."""
    short, long = TwoPixelTask(length=64, scale=5), TwoPixelTask(length=10**6, scale=5)
    for name in ("uniform", "shift", "shift-mixed"):
        near, far = (strong_noise_responses(construct(name, task), task) for task in (short, long))
        for a, b in zip(near[:-1], far[:-1], strict=True):
            assert close(ball(b) / 10**6, ball(a) / 64, 40)
    weak = weak_noise_responses(construct("uniform", long), long, sampling=FEW)
    assert close(ball(weak[1]), at_sigma(construct("uniform", long), long, Fraction(1, 10**6), 1), 40)


def test_tolerance_and_progress() -> None:
    task, calls = TwoPixelTask(length=10, scale=5), []
    network = construct("shift", task)
    sampling = Sampling(points=16, replicates=8, tolerance="1/300")
    value = weak_noise_responses(network, task, sampling=sampling, progress=lambda *at: calls.append(at))[-1]
    assert isinstance(value, NumericValue) and value.uncertainty <= value.estimate / 300
    assert calls[:2] == [(1, 8), (2, 8)] and len(calls) % 8 == 0 and len(calls) > 8


@pytest.mark.parametrize("argument", ["network", "task", "noise"])
def test_arguments_of_another_type_are_refused(argument: str) -> None:
    given: dict[str, Any] = {"network": construct("shift", TASK), "task": TASK, "noise": GaussianNoise()}
    with pytest.raises(InputError, match=f"^{argument}: expected a "):
        noise_limits(**(given | {argument: 3}))


# The command


@pytest.mark.parametrize("form", ["text", "json", "latex"])
def test_command_prints_the_limits(capsys: pytest.CaptureFixture[str], form: str) -> None:
    arguments = ["limits", "--length", "12", "--scale", "3", "--construction", "all", "--digits", "8", "--channel-mean"]
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--format", form])
    out, err = capsys.readouterr()
    left_out = err.startswith("solver: left out: 'strided' ") and len(err.splitlines()) == 1
    assert not caught.value.code and left_out
    assert all(name in out for name in NAMES)
    if form == "json":
        data = json.loads(out)
        layer = data["networks"][0]["layers"][0]
        assert data["schema"] == "solver.limits/1" and data["channel_mean"] is True
        assert layer["weak"]["exact"] == layer["finite"]["exact"] == layer["strong"]["exact"] == "18/5"
        last = data["networks"][0]["layers"][-1]
        assert last["finite"]["kind"] == last["strong"]["kind"] == "closed" and r"\pi" in last["strong"]["latex"]
    elif form == "latex":
        assert (
            out.count(r"\begin{align*}") == len([*NAMES, "strided-shift"])
            and r"\lim_{\sigma\to\infty} G_{f_p}/\sigma^2 &= " in out
        )
    else:
        assert "18/5" in out and "sigma -> inf" in out and "channels averaged first" in out


def test_command_names_the_methods(capsys: pytest.CaptureFixture[str]) -> None:
    options = {"length": 10, "scale": 5, "construction": "uniform", "seed": 3, "tolerance": "1/10"}
    with pytest.raises(SystemExit):
        main(["limits", *(f"--{name}={value}" for name, value in options.items())])
    out, _ = capsys.readouterr()
    assert out.count("numeric: randomised quasi-Monte Carlo") == 1 and "seed 3" in out


def test_text_says_what_is_bounded_and_what_is_missing() -> None:
    network = Network(layers=[Layer(filters=[[[1]]], activation="hardtanh")], name="odd")
    text = limits_text([noise_limits(network, TASK, sampling=FEW)], 6)
    assert "odd, layer 1: bounded by the hard tanh of layer 1" in text
    assert "odd, layer f_p: every image of the ensemble gives the same value here" in text


BAD = {
    "scale": ["--scale", "8", "--construction", "uniform"],
    "construction": ["--construction", "boxes"],
    "energy": ["--noise-energy", "0"],
    "tolerance": ["--tolerance", "-1"],
    "digits": ["--digits", "0"],
    "format": ["--format", "html"],
    "option": ["--deformation", "mirror"],
    "folder": ["-o", "/nowhere/limits.tex"],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str], name: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["limits", *BAD[name]])
    out, err = capsys.readouterr()
    assert (caught.value.code, out) == (2, "") and err.startswith("solver: ") and err.count("\n") == 1
