"""G in two dimensions: closed forms against a loop over pairs of sites, sampling against them and against torch."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from solver import (
    Deformation,
    FrameTask,
    GaussianNoise,
    InputError,
    Layer,
    Network,
    Sampling,
    Sensitivities,
    SolverError,
    TwoPixelTask,
    activations,
    best_deformation,
    channel_graph,
    construct,
    kernel_content,
    least_of_any_map,
    noise_limits,
    response_by_displacement,
    response_by_distance,
    search_deformation,
    sensitivities,
    shuffling,
    side_channels,
)
from solver.commands.frame import frame
from solver.network.trace import dense_images, preactivations
from solver.question.noise import default_noise
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.noise.route import Evaluation
from solver.sensitivity.noise.routes import noise_responses
from solver.sensitivity.noise.sampled.sampling import sampled_noise
from solver.sensitivity.question import Question
from tests.latex import compiles, needs_latex
from tests.plain import _shift_product

PAIR = Network(
    layers=[
        Layer(filters=[[[[1, 2, 0], [1, 1, 0], [0, 1, 1]]], [[[0, 0, 1], [2, 0, 0], [1, 1, 0]]]]),
        Layer(filters=[[[[0, 1, 1], [1, 0, 0], [2, 0, 1]], [[1, 0, 0], [0, 2, 0], [0, 3, 1]]]]),
    ],
    pooling="sum",
)
FEW = Sampling(points=64, replicates=8)


def linear(network: Network) -> Network:
    """The network without biases and activations."""
    layers = [replace(each, bias=[0] * each.channels, activation="identity") for each in network.layers]
    return Network(layers=layers)


def matrix(network: Network, task: FrameTask) -> np.ndarray:
    """The linear part of a network of one input channel as a matrix, column by column."""
    impulses = dense_images([{n: 1} for n in range(task.sites)], task.shape)
    return activations(linear(network), impulses)[-1].exact().reshape(task.sites, -1).T


def plain_response(network: Network, task: FrameTask, noise: GaussianNoise, rows: np.ndarray) -> Fraction:
    """E||L (a_1(x + eta) - a_1(x))||^2 over the displacements, by a double loop over the units of layer 1."""
    first = Network(layers=network.layers[:1])
    inner = matrix(first, task)
    covariance, gram = inner @ inner.T * noise.variance(task.sites), rows.T @ rows
    total = Fraction(0)
    for vector, weight in task.displacement_law.items():
        image = dense_images([{0: 1, vector[0] * task.shape[1] + vector[1]: 1}], task.shape)
        means = preactivations(first, image, 1).exact().ravel()
        for i, j in np.argwhere(gram != 0):
            key = (means[i], covariance[i, i], means[j], covariance[j, j], covariance[i, j])
            total += weight * gram[i, j] * _shift_product(*map(Fraction, key))
    return total


def after(network: Network, task: FrameTask) -> np.ndarray:
    """The second layer of a network as a matrix on the units of the first."""
    units = task.sites * network.channels[0]
    columns = []
    for n in range(units):
        maps = np.zeros(units, dtype=object)
        maps[n] = 1
        maps = maps.reshape(network.channels[0], *task.shape)
        total = np.zeros((network.channels[1], *task.shape), dtype=object)
        for c, channel in enumerate(np.array(network.layers[1].filters, dtype=object)):
            for i, a, b in np.argwhere(channel != 0):
                total[c] += channel[i, a, b] * np.roll(maps[i], (1 - a, 1 - b), axis=(0, 1))
        columns.append(total.ravel())
    return np.array(columns).T


@pytest.mark.parametrize("name", ["uniform", "pair"])
def test_closed_forms_are_the_loop_over_pairs(name: str) -> None:
    task = FrameTask(shape=(5, 4), scale=2, distances="balanced")
    noise = default_noise(task)
    ones = Layer(filters=[[np.ones((3, 3), dtype=int).tolist()]])
    network = PAIR if name == "pair" else Network(layers=[ones, ones])
    assert noise.energy == Fraction(32, 9)
    question = Question(network, task, noise=noise)
    units = np.eye(task.sites * network.channels[0], dtype=object)
    second = after(network, task)
    pooled = np.ones((1, len(second)), dtype=object) @ second * network.pooled_readout(task.sites)[0]
    for layer, rows in ((1, units), (2, second), (3, pooled)):
        closed = closed_response(question, layer)
        assert closed is not None
        expected = plain_response(network, task, noise, rows)
        assert abs(Fraction(str(closed.total.value(20))) / expected - 1) < Fraction(1, 10**17)
        assert abs(float(closed.coherent) + float(closed.incoherent) - float(closed.total)) < 1e-12 * float(expected)


def test_a_larger_frame_is_represented_by_a_shorter_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from solver.question.ensemble import representatives
    from solver.sensitivity.noise import once as rectified_noise

    task = FrameTask(shape=(18, 17), scale=3)
    question = Question(Network(layers=construct("uniform", task).layers[:1]), task, noise=default_noise(task))
    hidden = replace(question, network=Network(layers=[replace(question.network.layers[0], bias=[0])], pooling="sum"))
    short = [closed_response(hidden, k) for k in (1, 2)]
    monkeypatch.setattr(rectified_noise, "noise_representatives", lambda *_: representatives(task, 9))
    for ours, whole in zip(short, [closed_response(hidden, k) for k in (1, 2)], strict=True):
        assert ours is not None and whole is not None
        assert abs(float(ours.total) / float(whole.total) - 1) < 1e-12


def test_sampling_agrees_with_the_closed_forms() -> None:
    task = FrameTask(shape=(6, 5), scale=2)
    question = Question(PAIR, task, noise=default_noise(task))
    sampled = sampled_noise(PAIR, task, question.noise, dict.fromkeys((1, 2, 3), None), FEW)
    for layer, found in sampled.items():
        closed = closed_response(question, layer)
        assert closed is not None
        for part in ("total", "coherent", "incoherent"):
            value = getattr(found, part)
            assert abs(value.estimate - float(getattr(closed, part))) < 5 * value.uncertainty


def test_rectified_twice_agrees_with_torch() -> None:
    """Independent noise, drawn by torch, through torch's own convolution."""
    torch = pytest.importorskip("torch")
    from solver import to_torch

    task = FrameTask(shape=10, scale=5)
    network, noise = construct("uniform", task), default_noise(task)
    found = noise_responses(Question(network, task, noise=noise), Evaluation(sampling=FEW))
    vectors = list(task.displacement_law.items())
    images = torch.from_numpy(dense_images([{0: 1, v[0] * 10 + v[1]: 1} for v, _ in vectors], task.shape)).double()
    weights = torch.tensor([float(p) for _, p in vectors], dtype=torch.float64)
    eta = torch.randn(2000, 1, 10, 10, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    eta *= float(noise.variance(task.sites)) ** 0.5
    module = to_torch(network)
    with torch.no_grad():
        layer, output = torch.zeros(2000, dtype=torch.float64), torch.zeros(2000, dtype=torch.float64)
        for image, weight in zip(images, weights, strict=True):
            noisy, calm = module.maps(image[None, None] + eta)[-1], module.maps(image[None, None])[-1]
            layer += weight * ((noisy - calm) ** 2).sum(dim=(1, 2, 3))
            output += weight * (noisy - calm).sum(dim=(1, 2, 3)) ** 2
    for response, samples in ((found[2], layer), (found[3], output)):
        error = float(samples.std()) / 2000**0.5
        assert response.total.kind == "numeric"
        assert abs(float(samples.mean()) - response.total.estimate) < 5 * np.hypot(error, response.total.uncertainty)


@cache
def small(name: str = "uniform", metric: str = "linf") -> Sensitivities:
    task = FrameTask(shape=(6, 7), scale=3, metric=metric)
    return sensitivities(construct(name, task), task, sampling=Sampling(points=4, replicates=4))


def test_sensitivities_of_both_constructions() -> None:
    uniform, shift = small(), small("shift")
    assert [layer.D.kind for layer in uniform.layers] == ["exact"] * 3
    assert [layer.G.kind for layer in uniform.layers] == ["exact", "closed", "closed"]
    assert uniform.output.D.exact == shift.output.D.exact
    assert uniform.noise == GaussianNoise(energy=Fraction(32, 9))
    hidden = sensitivities(construct("uniform", FrameTask(shape=10, scale=5)), FrameTask(shape=10, scale=5),
                           sampling=Sampling(points=2, replicates=2))  # fmt: skip
    assert [layer.G.kind for layer in hidden.layers] == ["exact", "closed", "numeric", "numeric"]


def test_what_needs_a_ring_is_refused() -> None:
    task = FrameTask(shape=10, scale=5)
    network = construct("uniform", task)
    with pytest.raises(SolverError, match="for rings"):
        sensitivities(network, task, method="transfer")
    ring = construct("uniform", TwoPixelTask(length=12, scale=5))
    for call in (
        lambda: shuffling(small()),
        lambda: response_by_distance(network, task),  # type: ignore[arg-type]
        lambda: response_by_displacement(ring, TwoPixelTask(length=12, scale=5)),  # type: ignore[arg-type]
        lambda: channel_graph(network),
        lambda: best_deformation(3, task),  # type: ignore[arg-type]
        lambda: least_of_any_map(3, task),  # type: ignore[arg-type]
        lambda: search_deformation(task, 1),  # type: ignore[arg-type]
        lambda: side_channels(task, 1),  # type: ignore[arg-type]
        lambda: noise_limits(network, task),  # type: ignore[arg-type]
        lambda: kernel_content(network, 1, 10),
    ):
        with pytest.raises(SolverError, match=r"ring|frame|TwoPixelTask"):
            call()
    with pytest.raises(InputError, match="on a frame expected one of"):
        sensitivities(network, task, deformation=Deformation(law="0:1/2 1:1/2"))


def test_the_report_says_where_and_how_well() -> None:
    text = small("shift", "l2").to_text(digits=6)
    assert "periodic frame of 6 x 7 (l = 42 sites), metric l2" in text
    assert "no claim about f_p" in text and "wrong with probability 0" in text
    data = json.loads(small().to_json())
    assert data["schema"] == "solver.report/1"
    ensemble = {"scale": "3", "distances": "pairs", "gap": "0", "labels": "distance"}
    assert data["task"] == {"shape": ["6", "7"], "metric": "linf"} | ensemble
    network = data["networks"][0]
    assert network["claim_holds"] is True and network["threshold"] == {"level": "0", "error": "0"}
    assert network["response"]["1,-1"] == "4" and len(network["response"]) == 3 * 7 + 3
    assert network["layers"][1]["filter_frequency"]["exact"] == "0"
    assert network["layers"][1]["kernel_frequency"]["exact"] == "4/3"
    assert "periodic frame" in small()._repr_html_()


@needs_latex
def test_the_table_compiles(tmp_path: Any) -> None:
    table = small().to_latex()
    assert r"a periodic frame of $6\times7$ ($\ell=42$)" in table
    assert compiles(table, "", tmp_path)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(frame, [*arguments, "--no-cache"], obj=["frame"])


def test_the_command() -> None:
    text = run("--length", "6x7", "--scale", "3", "--digits", "6").output
    assert "uniform: filter size 3, 1 layer" in text and "periodic frame of 6 x 7" in text
    latex = run("--length", "9", "--scale", "3", "--construction", "shift", "--format", "latex", "--columns", "D_exact")
    assert latex.exit_code == 0 and "385/807" in latex.output
    assert run("--length", "6by7").exit_code == 2
    refused = run("--length", "9", "--scale", "3", "--construction", "cyclotomic")
    assert isinstance(refused.exception, InputError) and "is for rings, got a FrameTask" in str(refused.exception)
