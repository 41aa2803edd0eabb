"""The hard tanh: exact, as torch has it, never taken as linear; noise does not pile up behind it as behind a ReLU."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from math import gcd
from typing import Any

import numpy as np
import pytest
import sympy
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
    activations,
    construct,
    linearity_proof,
    response,
    sensitivities,
)
from solver.brute_force.case import PlainCase
from solver.errors import NotApplicableError
from solver.network.torch.writing import to_torch
from solver.network.trace import dense_images, preactivations
from solver.question.deformation import deformation_outcomes
from solver.report.documents.checks import Check
from solver.report.documents.verification import verification
from solver.sensitivity.deformation.autocorrelations import autocorrelation_moments
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import image_moments
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.noise.once import is_rectified_once, linear_on_rectified, readout_second_moment
from solver.sensitivity.noise.sampled.sampling import sampled_noise
from solver.sensitivity.noise.sites.response import SITES_METHOD
from solver.sensitivity.noise.units import Refusal, units_of_layer
from solver.sensitivity.question import Question
from tests.plain import plain_layer
from tests.strategies import DYADICS, RATIONALS, deformations, task_networks

TASK, NOISE = TwoPixelTask(length=32, scale=7), GaussianNoise()
MIXED = ("hardtanh", "hardtanh", "relu", "identity")
SMALL = st.fractions(min_value=Fraction(-1, 3), max_value=Fraction(1, 3), max_denominator=6)
WEIGHTS = st.one_of(SMALL, RATIONALS)
THIRDS = Layer(filters=[[["1/3", "1/3", "1/3"]]])


def thirds(hidden: str, last: str = "relu") -> Network:
    """`uniform` with all weights divided by 3 (so the last bias by 27), and other activations."""
    middle = replace(THIRDS, activation=hidden)
    return Network(layers=[middle, middle, replace(THIRDS, bias=["-1/27"], activation=last)], pooling="sum")


# The forward pass


@given(task_networks(RATIONALS, activations=MIXED), st.data())
def test_activations_equal_the_definition(case: Any, data: Any) -> None:
    task, network = case
    image = data.draw(st.lists(RATIONALS, min_size=task.length, max_size=task.length))
    maps = [image]
    for layer, a in zip(network.layers, activations(network, np.array(image, dtype=object))[1:], strict=True):
        maps = plain_layer(layer, maps)
        assert a.exact()[0].tolist() == maps


@given(task_networks(DYADICS, lengths=st.sampled_from([4, 8]), activations=MIXED))
def test_torch_has_the_same_bits(case: Any) -> None:
    torch = pytest.importorskip("torch")
    task, network = case
    images, _ = task.images()
    module, x = to_torch(network), torch.from_numpy(images)[:, None, :]
    for ours, theirs in zip(activations(network, images), module.maps(x), strict=True):
        assert np.array_equal(ours.exact().astype(float), theirs.detach().numpy())
    assert [float(f) for f in response(network, images)] == module(x).tolist()


@pytest.mark.parametrize("weight", [Fraction(1, 2**70), Fraction(1, 3), 1, 3, 2**70])
def test_the_clip_is_at_one_whatever_the_denominator(weight: Any) -> None:
    network = Network(layers=[Layer(filters=[[[weight]], [[-weight]]], activation="hardtanh")])
    images = np.array([[0, 1, 2, 2**20]])
    up = [min(weight * v, 1) for v in images[0].tolist()]
    for batch in (images, images.astype(object), images * Fraction(1)):
        assert activations(network, batch)[1].exact().tolist() == [[up, [-v for v in up]]]


def test_surds_are_clipped_exactly() -> None:
    g = NumberField(sympy.sqrt(2)).generator
    layer = Layer(filters=[[[g]], [[g - 1]], [[-g]], [[3 - 2 * g]]], activation="hardtanh")
    maps = activations(Network(layers=[layer]), np.array([[1, 2]]))[1].exact()[0]
    assert maps.tolist() == [[1, 1], [g - 1, 2 * g - 2], [-1, -1], [3 - 2 * g, 6 - 4 * g]]


@given(task_networks(RATIONALS, activations=("hardtanh", "identity")))
def test_networks_without_bias_are_odd(case: Any) -> None:
    """a(-x) = -a(x), so that on background symmetric noise has mean response 0, exactly."""
    task, network = case
    odd = replace(network, layers=tuple(replace(layer, bias=[0] * layer.channels) for layer in network.layers))
    images, _ = task.images()
    for a, b in zip(activations(odd, images), activations(odd, -images), strict=True):
        assert np.array_equal(a.values, -b.values)


@pytest.mark.parametrize("name", ["tanh", "HardTanh", "hard tanh", "Hardtanh", "", None])
def test_other_names_are_refused(name: Any) -> None:
    with pytest.raises(InputError, match=r"unknown; choose one of relu, identity, hardtanh$"):
        Layer(filters=[[[1]]], activation=name)


# Where it cuts, and D


@given(task_networks(WEIGHTS, activations=MIXED), deformations())
def test_cuts_and_witnesses_against_enumeration(case: Any, deformation: Deformation) -> None:
    task, network = case
    plain, _ = task.images()
    moved = [y for i, j, _ in task.pairs() for y, _ in deformation_outcomes(task, deformation, i, j)]
    images, linear = np.concatenate([plain, np.stack(moved)]), True
    for k, proof in enumerate(linearity_proof(network, task, deformation), start=1):
        z, activation = preactivations(network, images, k).exact(), network.layers[k - 1].activation
        outside = {"relu": z < 0, "identity": z != z, "hardtanh": (z < -1) | (z > 1)}[activation]
        linear = linear and not outside.any()
        assert (proof.cuts, proof.linear_so_far, proof.witness is not None) == (outside.any(), linear, outside.any())
        if proof.witness:
            channel, site, image, value = proof.witness
            assert preactivations(network, dense_images([image], task.length), k).exact()[0, channel, site] == value
            assert value < 0 if activation == "relu" else abs(value) > 1


def proofs_of(*layers: Layer) -> list[tuple[bool, str]]:
    """Whether each layer cuts, and the reason without its numbers."""
    proofs = linearity_proof(Network(layers=layers), TASK, Deformation())
    return [(proof.cuts, proof.reason.partition(": ")[-1].partition(" at ")[0] or proof.reason) for proof in proofs]


def test_signs_prove_nothing_about_a_hard_tanh() -> None:
    """Pixels that meet have value 2: weights of 1/2 reach 1 and are not cut, weights of 1 are."""
    half, one = (Layer(filters=[[[w]]], activation="hardtanh") for w in ("1/2", 1))
    assert proofs_of(half) == [(False, "no pre-activation leaves [-1, 1]")]
    assert proofs_of(one) == [(True, "channel 1 has pre-activation 2")]
    assert proofs_of(replace(one, filters=[[[-1]]])) == [(True, "channel 1 has pre-activation -2")]


def test_what_follows_a_hard_tanh_may_be_negative() -> None:
    difference = Layer(filters=[[["1/2", "-1/2"]]], activation="hardtanh")
    cut = Layer(filters=[[[3]]], activation="hardtanh")
    positive = Layer(filters=[[[1, 1]]])
    kept = "no filter entry and no bias is negative, and neither is any input"
    assert [cuts for cuts, _ in proofs_of(difference, Layer(filters=[[[1]]]))] == [False, True]
    assert proofs_of(cut, positive)[1] == (False, kept)
    assert proofs_of(positive, cut, positive)[2] == (False, kept)


@given(task_networks(WEIGHTS, activations=MIXED), deformations(), st.booleans())
def test_three_routes_to_the_displacement_are_equal(case: Any, deformation: Deformation, mean: bool) -> None:
    task, network = case
    plain = image_moments(network, task, deformation, channel_mean=mean)
    assert distance_moments(network, task, deformation, channel_mean=mean) == plain
    for k, proof in enumerate(linearity_proof(network, task, deformation), start=1):
        averaged = gcd(network.total_stride(k), task.period) == 1
        if proof.linear_so_far and averaged:
            assert autocorrelation_moments(network, task, deformation, k, channel_mean=mean) == plain[k]
        else:
            message = "autocorrelations need a linear layer" if averaged else "autocorrelations average over positions"
            with pytest.raises(NotApplicableError, match=message):
                autocorrelation_moments(network, task, deformation, k, channel_mean=mean)


def test_thirds_move_as_uniform_does() -> None:
    """No image is cut below the last layer, whichever activation, and the scale cancels."""
    uniform = distance_moments(construct("uniform", TASK), TASK, Deformation())
    for hidden in ("hardtanh", "relu", "identity"):
        proofs = linearity_proof(thirds(hidden), TASK, Deformation())
        assert [proof.cuts for proof in proofs] == [False, False, True]
        moments = distance_moments(thirds(hidden), TASK, Deformation())
        assert [m.change / m.spread for m in moments] == [m.change / m.spread for m in uniform]


# Noise


def test_noise_that_met_a_hard_tanh_is_neither_linear_nor_rectified_once() -> None:
    tanh, relu = replace(THIRDS, activation="hardtanh"), THIRDS
    for layers in ([tanh], [tanh, relu], [relu, tanh], [relu, tanh, relu], [tanh, tanh]):
        network = Network(layers=layers)
        for noise in (NOISE, GaussianNoise(rectified=True)):
            question = Question(network, TASK, noise=noise)
            met = 1 + next(n for n, layer in enumerate(layers) if layer.activation == "hardtanh")
            known = [closed_response(question, k) is not None for k in range(network.depth + 2)]
            assert known == [k < met for k in range(network.depth + 2)]
            assert not any(is_rectified_once(network, k, noise) for k in range(met, network.depth + 1))
        assert not linear_on_rectified(network, network.depth, after=0)


@pytest.mark.parametrize(("hidden", "last"), [("hardtanh", "relu"), ("relu", "hardtanh")])
def test_deterministic_routes_refuse_a_hard_tanh(hidden: str, last: str) -> None:
    units = units_of_layer(thirds(hidden, last), NOISE, 3)
    assert isinstance(units, Refusal)
    assert re.search(r"rectified exactly once|not a ReLU layer", units.why)
    for method in ("series", "transfer"):
        with pytest.raises(NotApplicableError, match=f"method '{method}' does not apply to layer"):
            sensitivities(thirds(hidden, last), TASK, method=method)


def test_sensitivities_sample_it_and_replace_it_by_the_identity() -> None:
    sampling = Sampling(points=64, replicates=4)
    result = sensitivities(thirds("hardtanh"), TASK, sampling=sampling)
    assert [each.G.kind for each in result.layers] == ["exact", *["numeric"] * 4]
    assert result.layers[1].G.method == SITES_METHOD
    assert all("randomised quasi-Monte Carlo" in each.G.method for each in result.layers[2:])
    linear = thirds("identity", "identity")
    assert thirds("hardtanh").with_identity() == linear
    known = [closed_response(Question(linear, TASK, noise=NOISE), k) for k in range(4)]
    spreads = [m.spread for m in distance_moments(linear, TASK, Deformation())]
    exact = [value.total.exact / spread for value, spread in zip(known, spreads, strict=False)]  # type: ignore[union-attr]
    assert [each.G_identity.exact for each in result.layers[:4]] == exact


def test_verification_passes() -> None:
    pytest.importorskip("torch")
    case, sampling = PlainCase(shape=(16,), scale=7), Sampling(points=64, replicates=8)
    checks = [each for each in verification(thirds("hardtanh"), case, sampling) if isinstance(each, Check)]
    assert len(checks) > 50 and all(check.passed for check in checks)


@pytest.mark.parametrize("rectified", [False, True])
def test_strong_noise_within_four_errors_of_torch(rectified: bool) -> None:
    """Noise of variance 1 at every site, which the hard tanh does clip."""
    torch = pytest.importorskip("torch")
    noise = GaussianNoise(energy=32, rectified=rectified)
    network = Network(
        layers=[Layer(filters=[[[1, -1, 1]]], bias=["-1/2"], activation="hardtanh"), Layer(filters=[[[1, 2]]])],
        readout=[5],
    )
    values = sampled_noise(network, TASK, noise, dict.fromkeys([1, 2, 3]), Sampling(points=256, replicates=8))
    images, weights = TASK.images()
    generator = torch.Generator().manual_seed(3)
    chosen = torch.multinomial(torch.tensor([float(w) for w in weights]), 40_000, replacement=True, generator=generator)
    x = torch.from_numpy(images).double()[chosen][:, None, :]
    eta = torch.randn(x.shape, generator=generator, dtype=torch.float64)
    module, y = to_torch(network), x + (eta.relu() if rectified else eta)
    with torch.no_grad():
        squares = [((b - a) ** 2).sum(dim=(1, 2)) for a, b in zip(module.maps(x), module.maps(y), strict=True)]
        squares.append((module(y) - module(x)) ** 2)
    for k, split in values.items():
        found = split.total
        error = (float(squares[k].var()) / len(squares[k]) + found.uncertainty**2) ** 0.5
        assert abs(found.estimate - float(squares[k].mean())) < 4 * error


# What the paper says: odd activations avoid the pile-up of rectified noise (arXiv:2210.01506)


def mean_shifts(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """E f(x + eta) - f(x) with its standard error, without pixels and with a pair at distance 1..16."""
    torch = pytest.importorskip("torch")
    images = torch.from_numpy(dense_images([{}, *({0: 1, d: 1} for d in range(1, 17))], 32)).double()[:, None, :]
    eta = torch.randn((8000, 1, 1, 32), generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    eta = eta * float(NOISE.variance(32)) ** 0.5
    module = to_torch(network)
    with torch.no_grad():
        noisy = module((images + eta).reshape(-1, 1, 32)).reshape(8000, 17)
        moved = noisy - module(images)
    return moved.mean(dim=0).numpy(), moved.std(dim=0).numpy() / 8000**0.5


def test_mean_response_vanishes_with_hard_tanh_and_not_with_relu() -> None:
    """Before the last ReLU the pooled sum shifts by 32/6 phi(0) = 2.13 on background with ReLUs, by 0 with hard tanhs.

    Below pixels the hard tanh saturates a little, by less than 0.01 in all.
    """
    shift, error = mean_shifts(thirds("hardtanh", "identity"))
    assert (error < 0.02).all() and (np.abs(shift) < 4 * error).all()
    rectified, rectified_error = mean_shifts(thirds("relu", "identity"))
    assert (rectified > 50 * rectified_error).all() and (rectified > 1.5).all()
    assert abs(rectified[0] - 32 / 6 / (2 * np.pi) ** 0.5) < 4 * rectified_error[0]
    weights = np.array([2] * 15 + [1]) / 31
    coherent = float(readout_second_moment(thirds("relu", "identity"), TASK, NOISE).split().coherent)
    assert coherent == pytest.approx(3.0621231818695, rel=1e-12)
    assert weights @ rectified[1:] ** 2 == pytest.approx(coherent, rel=0.05)
    assert weights @ shift[1:] ** 2 < 1e-3


def pooled_noise(network: Network, length: int) -> Any:
    task, sampling = TwoPixelTask(length=length, scale=7), Sampling(points=256, replicates=16, seed=1)
    depth = network.depth
    return sampled_noise(network, task, NOISE, {depth + 1: None}, sampling)[depth + 1].total


@pytest.mark.parametrize(("length", "ratio"), [(32, 1.5), (128, 6)])
def test_pooled_noise_before_the_last_relu_is_smaller_with_hard_tanh(length: int, ratio: float) -> None:
    """8/3, as without any activation, at every l; with ReLUs the coherent part grows like l (4.17 and 17.4).

    Before the last ReLU the pooled sum is the same for all images, so the numerators of G are compared; over the
    denominator of f_p, which both networks share, their ratio is that of G.
    """
    odd, relu = (pooled_noise(thirds(hidden, "identity"), length) for hidden in ("hardtanh", "relu"))
    error = (odd.uncertainty**2 + relu.uncertainty**2) ** 0.5
    assert relu.estimate - odd.estimate > 30 * error and relu.estimate > ratio * odd.estimate
    assert abs(odd.estimate - 8 / 3) < 4 * odd.uncertainty < 0.2
    task = TwoPixelTask(length=length, scale=7)
    moment = readout_second_moment(thirds("relu", "identity"), task, NOISE)
    assert abs(relu.estimate - float(moment.expression())) < 4 * relu.uncertainty
    assert float(moment.split().incoherent) < odd.estimate < float(moment.split().coherent)


def test_noise_of_the_output_is_smaller_with_hard_tanh() -> None:
    """G is about 165 against the 232 of `uniform`; the hidden layers pay for it, where a ReLU halves the noise."""
    networks = {hidden: thirds(hidden) for hidden in ("hardtanh", "relu")}
    spreads = {hidden: [m.spread for m in distance_moments(n, TASK, Deformation())] for hidden, n in networks.items()}
    assert spreads["hardtanh"] == spreads["relu"]
    sampling = Sampling(points=256, replicates=16, seed=1)
    found = {h: sampled_noise(n, TASK, NOISE, dict.fromkeys([1, 2, 4]), sampling) for h, n in networks.items()}
    for k, sign in ((1, -1), (2, -1), (4, 1)):
        odd, relu = found["hardtanh"][k].total, found["relu"][k].total
        error = (odd.uncertainty**2 + relu.uncertainty**2) ** 0.5
        assert sign * (relu.estimate - odd.estimate) > 20 * error
    for hidden, G in (("hardtanh", 165), ("relu", 232)):
        assert found[hidden][4].total.estimate / float(spreads[hidden][4]) == pytest.approx(G, rel=0.03)
