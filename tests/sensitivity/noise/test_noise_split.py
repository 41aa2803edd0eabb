"""The coherent and incoherent part of the noise response: every route against another, and what they say."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from mpmath import mp

from solver import (
    GaussianNoise,
    Layer,
    Network,
    Report,
    Sampling,
    TwoPixelTask,
    construct,
    sensitivities,
    to_torch,
)
from solver.cache import Cache
from solver.cli import main
from solver.gaussian.functions import as_sympy
from solver.plots.noise_split import noise_split_figure
from solver.sensitivity.noise.ball_sum import BallSum
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.route import Evaluation
from solver.sensitivity.noise.routes import noise_responses
from solver.sensitivity.noise.sampled.estimate import SquaredMean, standard_error
from solver.sensitivity.noise.sampled.sampling import sampled_noise
from solver.sensitivity.question import Question
from tests.noise_routes import layer_series
from tests.oracles import DIGITS, number, rectified_power
from tests.plain import linear_matrix, plain_layer
from tests.quick import SLOW, quick_sensitivities

TASK, NOISE = TwoPixelTask(length=32, scale=7), GaussianNoise()
FEW = Sampling(points=128, replicates=8)
ONCE = Network(layers=[Layer(filters=[[[1, -1, 1]]], bias=["-1/2"]), Layer(filters=[[[1, 2]]])], readout=[5])
TWO_CHANNELS = Network(
    layers=[
        Layer(filters=[[[0, 1, 0]], [[0, 0, 1]]]),
        Layer(filters=[[[1, 0, 1], [0, 0, 0]], [[0, 0, 1], [0, 0, 1]]], bias=[-1, -1]),
    ],
    readout=[2, 1],
)
THIRDS = Layer(filters=[[["1/3", "1/3", "1/3"]]])
PARTS = ("total", "coherent", "incoherent")


def responses(network: Network, task: TwoPixelTask, method: str = "auto", **options: Any) -> list[NoiseResponse[Any]]:
    """The noise responses of every layer by one method."""
    mean, noise = options.pop("channel_mean", False), options.pop("noise", NOISE)
    return noise_responses(
        Question(network, task, noise=noise, channel_mean=mean),
        Evaluation(method=method, sampling=options.pop("sampling", FEW)),
    )


def agree(one: NoiseResponse[Any], other: NoiseResponse[Any], errors: float = 4.0) -> bool:
    """Whether total and parts are within some combined errors of each other."""
    gaps = [
        (abs(float(x) - float(y)), float(x.error()), float(y.error()))
        for x, y in ((getattr(one, part), getattr(other, part)) for part in PARTS)
    ]
    return all(gap <= errors * (dx**2 + dy**2) ** 0.5 + 1e-12 for gap, dx, dy in gaps)


def sampled(network: Network, task: TwoPixelTask, layers: list[int], how: Sampling, **options: Any) -> Any:
    return sampled_noise(network, task, options.pop("noise", NOISE), dict.fromkeys(layers), how, **options)


# The parts add up


@pytest.mark.parametrize("name", ["uniform", "shift", "shift-mixed"])
@pytest.mark.parametrize("options", [{}, {"channel_mean": True}, {"noise": GaussianNoise(rectified=True)}])
def test_parts_add_up(name: str, options: dict[str, Any]) -> None:
    task = TwoPixelTask(length=20, scale=5)
    for layer in sensitivities(construct(name, task), task, sampling=FEW, **options).layers:
        parts = (layer.G_coherent, layer.G_incoherent)
        if layer.G.kind in ("exact", "closed"):
            assert sympy.expand(expression(layer.G) - sum(expression(part) for part in parts)) == 0
        else:
            assert {part.method for part in parts} == {layer.G.method}
            digits = 30 if "proven" in layer.G.method else 15
            gap = Fraction(layer.G.value(digits)) - sum(Fraction(part.value(digits)) for part in parts)
            assert abs(gap) <= sum(Fraction(v.error(digits)) for v in (layer.G, *parts))


def expression(value: Any) -> Any:
    return as_sympy(value.exact) if value.kind == "exact" else value.expression


def test_without_rectification_nothing_is_coherent() -> None:
    for response in responses(construct("uniform", TASK).with_identity(), TASK):
        assert response.coherent.exact == 0 and response.incoherent.exact == response.total.exact


def test_rectified_noise_is_coherent_from_the_input_on() -> None:
    """E max(eta, 0) = sigma / sqrt(2 pi) at every site: l sigma^2 / (2 pi) in all."""
    response = responses(construct("uniform", TASK), TASK, noise=GaussianNoise(rectified=True))[0]
    assert response.coherent.expression == 4 / (3 * sympy.pi)
    assert response.total.exact == Fraction(4, 3)


# Closed forms, against loops


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_closed_coherent_part_equals_the_plain_loop(layer: int) -> None:
    """||L mu||^2 over the images, mu = E z+ - z0+ by quadrature."""
    task = TwoPixelTask(length=6, scale=2)
    rows = linear_matrix(ONCE.layers[1:2] if layer > 1 else (), 1, 6)
    rows = np.array([[Fraction(5, 6)] * 6], dtype=object) @ rows if layer == 3 else rows
    with mp.workdps(DIGITS):
        total = number(Fraction(0))
        for image, weight in zip(*task.images(), strict=True):
            flat = replace(ONCE.layers[0], activation="identity")
            means = plain_layer(flat, [[Fraction(int(v)) for v in image]])[0]
            shifts = [shift(m, 3 * NOISE.variance(6)) for m in means]
            moved = [sum(number(w) * mu for w, mu in zip(row, shifts, strict=True)) for row in rows]
            total += number(weight) * sum(m * m for m in moved)
        found = closed_response(Question(ONCE, task, noise=NOISE), layer)
        assert found is not None
        assert abs(number(Fraction(found.coherent.value(25))) - total) < 1e-22 * total


@cache
def shift(mean: Fraction, variance: Fraction) -> Any:
    return rectified_power(mean, variance, 1) - number(max(mean, Fraction(0)))


# Routes against each other


@pytest.mark.parametrize("length", [10, 60])
@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("mean", [False, True])
def test_closed_parts_agree_with_sampled_ones(length: int, rectified: bool, mean: bool) -> None:
    task, noise = TwoPixelTask(length=length, scale=3), GaussianNoise(rectified=rectified)
    network = Network(
        layers=[Layer(filters=[[[1, 0, 1]], [[0, 2, 0]]]), Layer(filters=[[[1, 2], [1, 0]]])], readout=[5]
    )
    for k, found in sampled(network, task, [0, 1, 2, 3], FEW, noise=noise, channel_mean=mean).items():
        closed = closed_response(Question(network, task, noise=noise, channel_mean=mean), k)
        assert closed is not None and agree(found, closed)


@pytest.mark.parametrize("length", [14, 50])
def test_series_agree_with_the_transfer_operator(length: int) -> None:
    task = TwoPixelTask(length=length, scale=5)
    series, transfer = (responses(construct("shift", task), task, method) for method in ("series", "transfer"))
    for k in (2, 3):
        assert "proven" in series[k].coherent.method and "transfer" in transfer[k].coherent.method
        assert agree(series[k], transfer[k], 2)
        assert all(float(getattr(transfer[k], part).error()) < 1e-8 for part in PARTS)


@pytest.mark.parametrize("mean", [False, True])
def test_series_of_two_channels_agree_with_sampling(mean: bool) -> None:
    task = TwoPixelTask(length=12, scale=3)
    series = responses(TWO_CHANNELS, task, "series", channel_mean=mean)
    how = Sampling(points=512, replicates=16)
    for k, found in sampled(TWO_CHANNELS, task, [2, 3], how, channel_mean=mean).items():
        assert "proven" in series[k].coherent.method and agree(found, series[k])


@pytest.mark.parametrize(("name", "length"), [("uniform", 14), ("shift-mixed", 14), ("shift-mixed", 40)])
def test_transfer_operator_agrees_with_sampling(name: str, length: int) -> None:
    task = TwoPixelTask(length=length, scale=5)
    network = construct(name, task)
    transfer = responses(network, task, "transfer")
    for k, found in sampled(network, task, [2, 3], Sampling(points=512, replicates=16)).items():
        assert "transfer" in transfer[k].coherent.method and agree(found, transfer[k])


def test_everything_agrees_with_plain_monte_carlo() -> None:
    """The mean maps of two independent sets of noise, multiplied, have the coherent part as their mean."""
    torch = pytest.importorskip("torch")
    images = torch.from_numpy(np.stack([TASK.image(0, d) for d in range(1, 17)])).double()[:, None, None, :]
    weights = torch.tensor([float(TASK.probability(d)) for d in range(1, 17)], dtype=torch.float64)
    generator, sets, points = torch.Generator().manual_seed(3), 12, 200
    for name in ("uniform", "shift"):
        module = to_torch(construct(name, TASK))
        products: dict[int, list[float]] = {3: [], 4: []}
        with torch.no_grad():
            calm = {3: module.maps(images.flatten(0, 1))[3], 4: module(images.flatten(0, 1))[:, None, None]}
            means: dict[int, list[Any]] = {3: [], 4: []}
            for _ in range(2 * sets):
                eta = torch.randn((points, 1, 32), generator=generator, dtype=torch.float64) / 12**0.5
                noisy = (images + eta[None]).flatten(0, 1)
                for k, a in ((3, module.maps(noisy)[3]), (4, module(noisy)[:, None, None])):
                    means[k].append(a.reshape(16, points, *a.shape[1:]).mean(dim=1) - calm[k])
        found = responses(
            construct(name, TASK), TASK, SLOW.get(name, "auto"), sampling=Sampling(points=1024, replicates=8)
        )
        for k in (3, 4):
            pairs = zip(means[k][::2], means[k][1::2], strict=True)
            products[k] = [float((weights * (p * q).sum(dim=(1, 2))).sum()) for p, q in pairs]
            error = np.std(products[k], ddof=1) / sets**0.5
            coherent = found[k].coherent
            combined = (error**2 + float(coherent.error()) ** 2) ** 0.5
            assert error < 0.1 * float(coherent)
            assert abs(np.mean(products[k]) - float(coherent)) < 4 * combined


# The estimator


def test_squared_mean_is_the_mean_of_products_of_different_replicates() -> None:
    m = np.random.default_rng(1).normal(size=(5, 3))
    found = SquaredMean(m @ m.T)
    assert found.estimate == pytest.approx(np.mean([m[i] @ m[j] for i in range(5) for j in range(5) if i != j]))
    for i, without in enumerate(found.without):
        rest = np.delete(m, i, axis=0)
        assert without == pytest.approx(SquaredMean(rest @ rest.T).estimate)


@pytest.mark.parametrize(("mean", "replicates"), [(0.0, 8), (0.0, 32), (0.0, 3), (0.5, 8), (3.0, 32), (0.0, 2)])
def test_squared_mean_is_unbiased_with_an_honest_error(mean: float, replicates: int) -> None:
    """Also where the mean is 0, and the jackknife alone has a spread of 0 now and then."""
    generator = np.random.default_rng(2)
    estimates, scores = [], []
    for _ in range(2000):
        m = mean + generator.normal(size=replicates)
        found = SquaredMean(np.outer(m, m))
        estimates.append(found.estimate)
        error = np.hypot(standard_error(found.without), found.pair_error)
        scores.append((found.estimate - mean**2) / error)
    assert abs(np.mean(estimates) - mean**2) < 4 * np.std(estimates) / 2000**0.5
    assert np.mean(np.abs(scores) < 2) > 0.85 and np.mean(np.abs(scores) < 5) > 0.99


@pytest.mark.parametrize(("layer", "length"), [(1, 14), (2, 14), (3, 14), (3, 300)])
def test_errors_of_the_parts_are_honest_across_seeds(layer: int, length: int) -> None:
    task, noise = TwoPixelTask(length=length, scale=3), GaussianNoise(energy=Fraction(length, 4))
    closed = closed_response(Question(ONCE, task, noise=noise), layer)
    few = [Sampling(points=32, replicates=8, seed=seed) for seed in range(40)]
    runs = [sampled(ONCE, task, [layer], how, noise=noise)[layer] for how in few]
    for part in ("coherent", "incoherent"):
        expected = float(getattr(closed, part))
        scores = [(getattr(run, part).estimate - expected) / getattr(run, part).uncertainty for run in runs]
        assert 0.6 < np.sqrt(np.mean(np.square(scores))) < 1.7 and abs(np.mean(scores)) < 0.6


@pytest.mark.parametrize("replicates", [2, 3])
def test_few_replicates_are_enough(replicates: int) -> None:
    found = sampled(ONCE, TASK, [2, 3], Sampling(points=64, replicates=replicates))
    for k in (2, 3):
        closed = closed_response(Question(ONCE, TASK, noise=NOISE), k)
        assert closed is not None and agree(found[k], closed, 6)


# Odd activations (arXiv:2210.01506)


def test_hard_tanh_has_no_mean_response_on_background() -> None:
    """With zero biases a network of odd activations is odd, bit for bit."""
    torch = pytest.importorskip("torch")
    module = to_torch(Network(layers=[replace(THIRDS, activation="hardtanh")] * 3, pooling="sum"))
    eta = torch.randn((200, 1, 32), generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3
    with torch.no_grad():
        for plus, minus in zip((*module.maps(eta), module(eta)), (*module.maps(-eta), module(-eta)), strict=True):
            assert bool((plus == -minus).all()) and float(plus.abs().max()) > 0


@pytest.mark.parametrize("activation", ["hardtanh", "relu"])
def test_coherent_part_grows_with_the_ring_behind_a_relu_only(activation: str) -> None:
    """At one sigma the background adds to the coherent part of a map, 1/2 phi(0)^2 a site, or nothing."""
    coherent = []
    for length in (32, 128, 512):
        task, noise = TwoPixelTask(length=length, scale=7), GaussianNoise(energy=Fraction(length, 12))
        network = Network(layers=[replace(THIRDS, activation=activation)] * 2)
        coherent.append(sampled(network, task, [1], Sampling(points=256, replicates=16), noise=noise)[1].coherent)
    if activation == "relu":
        site = 1 / (3 * 12) / (2 * np.pi)
        for value, more in zip(coherent[1:], (128 - 32, 512 - 32), strict=True):
            assert value.estimate - coherent[0].estimate == pytest.approx(more * site, rel=0.03)
    else:
        assert all(abs(v.estimate) < 4 * v.uncertainty + 0.01 for v in coherent) and coherent[2].uncertainty < 0.01


# The cache


def test_parts_are_kept_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, task = Cache(tmp_path), TwoPixelTask(length=14, scale=5)

    def texts() -> list[list[str]]:
        return [
            [getattr(layer, name).value(12).to_eng_string() for name in ("G", "G_coherent", "G_incoherent")]
            for name in ("shift", "uniform")
            for layer in sensitivities(construct(name, task), task, sampling=FEW, cache=cache).layers
        ]

    first = texts()
    kept = [json.loads(path.read_text())["answer"] for path in tmp_path.iterdir()]
    assert kept and all(set(answer) == set(PARTS) for answer in kept)

    def again(*_: object, **__: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(BallSum, "enclose_split", again)
    monkeypatch.setattr("solver.sensitivity.noise.sampled.sampling.sampled_noise", again)
    monkeypatch.setattr("solver.sensitivity.noise.transfer.layer.unit_changes", again)
    assert texts() == first


def test_a_part_that_vanishes_is_a_ball_around_0() -> None:
    """A coherent part that cancels itself leaves rounding errors only, which no precision makes relatively small."""
    found = layer_series(construct("shift", TASK), TASK, NOISE, 3)
    terms = next(common for common, _, _ in found.differences)
    doubled = (*terms[:-1], terms[-1]._replace(weight=Fraction(2)))
    total = BallSum(found.level, found.smallest_scale, found.most_terms)
    total.differences |= {((), terms, doubled): Fraction(1), ((), doubled, terms): Fraction(-1)}
    total.covariances[terms, (), ()] = Fraction(1)
    balls = total.enclose_split(20)
    assert balls.coherent.contains(0) and not balls.coherent.is_zero() and abs(balls.coherent) < 1e-20
    assert balls.incoherent.overlaps(balls.total) and balls.total.rel_accuracy_bits() > 60


# The report and the figure


@cache
def report() -> Report:
    return Report(tuple(quick_sensitivities(name, TASK) for name in ("uniform", "shift")))


def test_text_has_a_table_of_parts_on_request() -> None:
    text = report().to_text(digits=6, split=True)
    assert text.count("parts of G:") == 2 and "parts of G" not in report().to_text(digits=6)
    rows = [line.split() for line in text.split("shift, parts of G:")[1].splitlines()]
    assert ["layer", "G", "coherent", "G", "incoherent", "share"] in rows
    assert ["0", "0", "0.711111", "0.0%"] in rows and ["f_p", "14.5926", "3.18247", "82.1%"] in rows
    assert "shift, parts of G:" in report().networks[1].to_text(split=True)


def test_html_has_columns_of_parts_on_request() -> None:
    split, plain = report().to_html(split=True), report().to_html()
    assert split.count("<th>G coherent</th><th>G incoherent</th>") == 2 and "coherent" not in plain
    assert "<td>14.5926</td><td>3.18247</td>" in split


def test_json_always_holds_the_parts() -> None:
    layer = json.loads(report().to_json())["networks"][1]["layers"][3]
    assert layer["G_coherent"]["kind"] == layer["G_incoherent"]["kind"] == "numeric"
    assert layer["G_coherent"]["value"] == "2.41041742332227"
    assert layer["G_coherent"]["latex"].count(r"\Bigr)^2") == 3 and r"\int" not in layer["G_coherent"]["latex"]
    assert layer["G_incoherent"]["latex"].count(r"\int") == 3


def test_flat_networks_have_no_parts() -> None:
    flat = sensitivities(Network(layers=[Layer(filters=[[[1]]], bias=[-5])]), TASK, sampling=FEW)
    assert flat[1].G_coherent.kind == flat[1].G_incoherent.kind == "missing"
    table = flat.to_text(split=True).split("parts of G:")[1].splitlines()
    assert next(line for line in table if line.strip().startswith("1 ")).split() == ["1", "-", "-", "-"]
    assert noise_split_figure([flat]).axes[0].lines[0].get_xdata().tolist() == [0]


def test_command_refuses_the_parts_in_latex(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["report", "--split", "--format", "latex"])
    assert caught.value.code == 2 and "tables take --columns G_coherent,G_incoherent instead" in capsys.readouterr().err


def test_figure_draws_both_parts_and_their_shares() -> None:
    networks = report().networks
    figure = noise_split_figure(networks)
    assert [axis.get_title() for axis in figure.axes[:2]] == ["uniform", "shift"]
    for column, s in enumerate(networks):
        upper, lower = figure.axes[column], figure.axes[column + 2]
        assert upper.get_yscale() == "log" and lower.get_yscale() == "linear"
        whole, coherent, incoherent = (line.get_ydata() for line in upper.lines)
        assert np.allclose(whole, [float(layer.G) for layer in s.layers], rtol=1e-5)
        assert np.allclose(coherent, [float(layer.G_coherent) for layer in s.layers[1:]], rtol=1e-5)  # 0 at the input
        assert np.allclose(incoherent, [float(layer.G_incoherent) for layer in s.layers], rtol=1e-5)
        bars = [patch.get_height() for patch in lower.patches]
        assert np.allclose(np.add(bars[:5], bars[5:]), 1, atol=1e-5)
        assert bars[4] == pytest.approx(float(s.output.G_coherent) / float(s.output.G), rel=1e-4)
        assert [tick.get_text() for tick in lower.get_xticklabels()] == ["0", "1", "2", "3", "$f_p$"]


def test_command_writes_the_figure(tmp_path: Path) -> None:
    path = tmp_path / "split.pdf"
    with pytest.raises(SystemExit) as caught:
        main(["plot", "noise-split", "--length", "14", "--scale", "3", "--no-cache", "-o", str(path)])
    assert caught.value.code == 0 and path.read_bytes().startswith(b"%PDF")
