"""Shuffled channels: exact means against every permutation and every image, and what no shuffle can change."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver import (
    Deformation,
    InputError,
    Layer,
    Network,
    Sampling,
    Sensitivities,
    TwoPixelTask,
    activations,
    construct,
    effective_kernel,
    response,
    sensitivities,
)
from solver.cli import main
from solver.errors import NotApplicableError
from solver.network.changed.shuffle import (
    cut_nothing,
    expected_autocorrelations,
    random_orders,
    shuffle_count,
    shuffled,
    shuffles,
    unshuffled_layers,
)
from solver.sensitivity.deformation.moments import image_moments
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.question import Question
from solver.sensitivity.shuffling.draws import Shuffles
from solver.sensitivity.shuffling.shorter import one_layer_equivalent, two_layer_equivalent
from solver.sensitivity.shuffling.shuffling import linear_ratio_of_means, shuffling
from solver.values import NumericValue
from tests.quick import UNSTRIDED
from tests.strategies import INTEGERS, networks

SMALL = TwoPixelTask(length=10, scale=5)
ONE_HOT = st.sampled_from([(1, 0, 0), (0, 1, 0), (0, 0, 1)])


def every_shuffle(network: Network) -> Iterator[Network]:
    """Every tuple of permutations, equal networks repeated."""
    orders = [product(permutations(range(layer.input_channels)), repeat=layer.channels) for layer in network.layers]
    return (shuffled(network, chosen) for chosen in product(*orders))


@st.composite
def one_hot_networks(draw: Any) -> Network:
    """Networks in which each channel reads one input through one tap, of weight 1 or 2, or with a spare filter."""
    stack, inputs = [], 1
    for _ in range(draw(st.integers(1, 3))):
        filters = []
        for _ in range(draw(st.integers(1, 2))):
            rows = [(0, 0, 0)] * inputs
            for _ in range(draw(st.sampled_from([1, 1, 1, 2]))):
                scale = draw(st.sampled_from([1, 1, 1, 2]))
                rows[draw(st.integers(0, inputs - 1))] = tuple(scale * w for w in draw(ONE_HOT))
            filters.append(rows)
        stack.append(Layer(filters=filters, bias=[draw(st.sampled_from([0, 0, -1]))] * len(filters)))
        inputs = len(filters)
    return Network(layers=stack, pooling="sum")


def two_layers() -> Network:
    """Non-negative, with two different filters in each channel of layer 2: linear on every image, and changed."""
    first = Layer(filters=[[[1, 0, 0]], [[0, 2, 1]]])
    return Network(layers=[first, Layer(filters=[[[1, 1, 0], [0, 0, 3]], [[1, 0, 2], [0, 1, 0]]])], pooling="sum")


@cache
def before(name: str) -> Sensitivities:
    task = TwoPixelTask(length=8, scale=4) if name == "cyclotomic" else SMALL
    network = two_layers() if name == "two layers" else construct(name, task)
    return sensitivities(network, task, method="sampling", sampling=Sampling(points=32, replicates=2))


@given(networks(6, INTEGERS, strides=False))
def test_each_different_network_is_equally_likely(network: Network) -> None:
    counts = Counter(each.layers for each in every_shuffle(network))
    assert set(counts) == {each.layers for each in shuffles(network)}
    assert len(counts) == shuffle_count(network) == sum(1 for _ in shuffles(network))
    assert len(set(counts.values())) == 1


@given(networks(6, INTEGERS, strides=False), st.integers(0, 99))
def test_shuffling_back_gives_the_network(network: Network, seed: int) -> None:
    orders = random_orders(network, np.random.default_rng(seed))
    back = [[tuple(map(int, np.argsort(order))) for order in layer] for layer in orders]
    assert shuffled(shuffled(network, orders), back) == replace(network, claim=None)


@given(networks(6, INTEGERS, strides=False))
def test_mean_autocorrelations_are_those_of_all_permutations(network: Network) -> None:
    kernels = [effective_kernel(each, network.depth) for each in every_shuffle(network)]
    a, s2 = expected_autocorrelations(network, network.depth)
    share = Fraction(1, len(kernels))
    assert a == [sum(each) * share for each in zip(*(k.autocorrelations() for k in kernels), strict=True)]
    assert s2 == sum(kernel.squared_sums() for kernel in kernels) * share


@settings(max_examples=15)
@given(one_hot_networks())
def test_layers_said_to_be_unchanged_are(network: Network) -> None:
    task = TwoPixelTask(length=6, scale=3)
    known = unshuffled_layers(network)
    plain = image_moments(network, task, Deformation())
    for each in list(shuffles(network))[:6]:
        moments = image_moments(each, task, Deformation())
        assert all(moments[k] == plain[k] for k in range(network.depth + 1) if known[k])
        assert moments[-1] == plain[-1] or not known[-1]


def test_unchanged_layers_of_the_constructions() -> None:
    known = {name: unshuffled_layers(construct(name, TwoPixelTask())) for name in UNSTRIDED}
    assert known.pop("shift") == (True, True, True, False)
    assert all(all(each) for each in known.values())
    assert all(unshuffled_layers(construct("uniform", TwoPixelTask(), channels=3)))
    heavy = Network(layers=[Layer(filters=[[[1, 0]], [[0, 2]]]), Layer(filters=[[[1, 0], [0, 0]]])])
    assert unshuffled_layers(heavy) == (True, True, False)


def test_noise_of_hidden_layers_of_shift_sees_no_shuffle() -> None:
    """By the closed forms of shuffled networks, which know nothing of translates."""
    task = TwoPixelTask(length=14, scale=7)
    network = construct("shift", task)
    noise = sensitivities(construct("uniform", SMALL), SMALL, method="sampling").noise
    plain = closed_response(Question(network, task, noise=noise), 2)
    assert plain is not None
    for seed in range(2):
        other = shuffled(network, random_orders(network, np.random.default_rng(seed)))
        assert other.layers[1] != network.layers[1]
        found = closed_response(Question(other, task, noise=noise), 2)
        assert found is not None
        gap = abs(found.total.value(25) - plain.total.value(25))
        assert gap <= found.total.error(25) + plain.total.error(25)


@pytest.mark.parametrize("seed", range(4))
def test_one_layer_stands_for_linear_layers_below(seed: int) -> None:
    task = TwoPixelTask(length=14, scale=7)
    network = construct("shift", task)
    other = shuffled(network, random_orders(network, np.random.default_rng(seed)))
    reduced = one_layer_equivalent(other, task.length)
    assert reduced.depth == 1
    plain, short = (image_moments(each, task, Deformation(law={0: "1/2", 1: "1/2"}))[-2:] for each in (other, reduced))
    assert plain == short
    signed = Network(layers=[Layer(filters=[[[-1, 1]]]), Layer(filters=[[[1, 1]]])])
    assert one_layer_equivalent(signed, 14) is signed
    assert one_layer_equivalent(network, 6) is network


@pytest.mark.parametrize("name", ["shift", "two layers"])
def test_means_are_those_over_every_permutation_and_image(name: str) -> None:
    found = shuffling(before(name), Shuffles(noisy=2, points=1))
    moments = [image_moments(each, SMALL, Deformation()) for each in every_shuffle(before(name).network)]
    linear = name == "two layers"
    for k, layer in enumerate(found.layers[:-1] if linear else found.layers):
        pairs = [each[k] for each in moments]
        mean = sum(each.change / each.spread for each in pairs) / len(pairs)
        assert layer.D_shuffled.exact == mean
        assert layer.D_of_means.exact == sum(p.change for p in pairs) / sum(p.spread for p in pairs)
        assert layer.unchanged == (k < 2) and (k < 2 or layer.D.exact != mean)
    assert not linear or found.layers[-1].D_shuffled.kind == "missing"


@pytest.mark.parametrize(("name", "layers"), [("two layers", [2]), ("shift", [2, 3])])
def test_samples_agree_with_all_shuffles(name: str, layers: list[int]) -> None:
    exact = shuffling(before(name), Shuffles(noisy=2, points=1)).layers
    drawn = shuffling(before(name), Shuffles(most=1, sample=300, noisy=2, points=1, seed=5)).layers
    for known, sampled in ((exact[k], drawn[k]) for k in layers):
        assert isinstance(sampled.D_shuffled, NumericValue) and sampled.D_shuffled.uncertainty > 0
        gap = abs(float(sampled.D_shuffled) - float(known.D_shuffled))
        assert gap < 5 * sampled.D_shuffled.uncertainty
        gap = abs(float(sampled.D_of_means) - float(known.D_of_means))
        assert gap <= 5 * float(sampled.D_of_means.error())
    if name == "two layers":
        assert drawn[2].D_of_means.exact == exact[2].D_of_means.exact is not None
        assert linear_ratio_of_means(before(name), 2).exact == exact[2].D_of_means.exact


def test_g_agrees_with_closed_forms_of_every_shuffle() -> None:
    """Layer 2 of `two_layers` carries rectified noise linearly, so G of each of its four shuffles is known."""
    s = before("two layers")
    found = shuffling(s, Shuffles(noisy=60, points=64))
    closed = []
    for each in shuffles(s.network):
        noise = closed_response(Question(each, SMALL, noise=s.noise), 2)
        assert noise is not None
        closed.append(float(noise.total) / float(image_moments(each, SMALL, s.deformation)[2].spread))
    g, r = found.layers[2].G_shuffled, found.layers[2].R_shuffled
    assert isinstance(g, NumericValue) and 0 < g.uncertainty < 0.1 * g.estimate
    assert len(set(closed)) > 1 and abs(g.estimate - sum(closed) / len(closed)) < 5 * g.uncertainty
    assert float(r) == pytest.approx(float(found.layers[2].D_shuffled) / g.estimate)


@pytest.mark.parametrize("name", ["uniform", "shift-mixed", "cyclotomic"])
def test_nothing_changes_where_filters_are_alone_or_equal(name: str) -> None:
    found = shuffling(before(name))
    assert found.count == 1 and found.claim_kept.exact == 1
    for layer in found.layers:
        assert layer.unchanged and layer.D_shuffled is layer.D is layer.D_of_means
        assert layer.G_shuffled is layer.G and layer.R_shuffled is layer.R


def test_claim_of_shift_needs_its_order() -> None:
    """xi = 5: only one order of the three filters covers the offsets -2..2 once each."""
    found = shuffling(before("shift"), Shuffles(noisy=2, points=1))
    kept = 0
    for order in permutations([(-1, 0), (0,), (0, 1)]):
        seen = {channel + tap for channel, taps in zip((-1, 0, 1), order, strict=True) for tap in taps}
        kept += len(seen) == 5 == max(seen) - min(seen) + 1
    assert found.claim_kept.exact == Fraction(kept, 6) == Fraction(1, 6) and found.count == 6


@pytest.mark.slow
def test_shift_of_the_slides() -> None:
    """f_p(d) counts the covered offsets at distance d, so it is ReLU(xi - d) where 7 offsets in a row are covered."""
    task = TwoPixelTask()
    found = shuffling(sensitivities(construct("shift", task), task, method="sampling"), Shuffles(noisy=4))
    kept = 0
    orders = set(permutations([(-1, 0), (0,), (0,), (0,), (0, 1)]))
    for read in product((-1, 0, 1), repeat=5):
        offsets = [own + below for own, below in zip((-1, 0, 0, 0, 1), read, strict=True)]
        for order in orders:
            seen = {o + tap for o, taps in zip(offsets, order, strict=True) for tap in taps}
            kept += len(seen) == 7 == max(seen) - min(seen) + 1
    assert found.count == 3**5 * len(orders) == 4860
    assert found.claim_kept.exact == Fraction(kept, 4860) == Fraction(1, 810)
    assert [layer.unchanged for layer in found.layers] == [True, True, True, False, False]


@pytest.mark.parametrize("seed", range(3))
def test_two_layers_stand_for_the_network_under_noise(seed: int) -> None:
    """On images with values of either sign, site by site: the last maps are the same up to translations."""
    network = construct("shift", TwoPixelTask(length=14, scale=7), channels=1 + seed % 2)
    generator = np.random.default_rng(seed)
    other = shuffled(network, random_orders(network, generator))
    reduced = two_layer_equivalent(other, 14)
    assert reduced.depth == 2 and reduced.channels[0] == 1
    images = generator.integers(-5, 6, (6, 14))
    maps, short = (activations(each, images)[-1].exact() for each in (other, reduced))
    for image, few in zip(maps, short, strict=True):
        turned = [min(tuple(np.roll(row, t)) for t in range(14)) for row in image]
        assert sorted(turned) == sorted(min(tuple(np.roll(row, t)) for t in range(14)) for row in few)
    assert response(reduced, images) == response(other, images)
    signed = Network(layers=[Layer(filters=[[[1]]]), Layer(filters=[[[-1, 1]]]), Layer(filters=[[[1, 1]]])])
    assert two_layer_equivalent(signed, 14) is signed


def test_signs_show_where_nothing_is_cut() -> None:
    first = Layer(filters=[[[1, -1]]], activation="identity")
    assert cut_nothing(Network(layers=[first, Layer(filters=[[[1]]], activation="identity")]).layers[:2])
    assert not cut_nothing(Network(layers=[first, Layer(filters=[[[1]]])]).layers[:2])
    assert not cut_nothing(Network(layers=[Layer(filters=[[[1]]], bias=[-1])]).layers[:1])
    assert not cut_nothing(Network(layers=[Layer(filters=[[[1]]], activation="hardtanh")]).layers[:1])


def test_flat_networks_have_no_mean() -> None:
    first = Layer(filters=[[[1, 0]], [[-1, 0]]], activation="identity")
    network = Network(layers=[first, Layer(filters=[[[1, 0], [-1, 0]], [[1, 0], [-1, 0]]], activation="identity")])
    found = shuffling(sensitivities(network, SMALL), Shuffles(noisy=2, points=1))
    assert found.layers[2].D_shuffled.exact is not None
    assert found.layers[3].D_shuffled.kind == "missing" and found.layers[3].G_shuffled.kind == "missing"
    cancels = Network(layers=[first, Layer(filters=[[[1, 0], [1, 1]]])])
    assert cut_nothing(cancels.layers[:1]) and not cut_nothing(Network(layers=[Layer(filters=[[[-1, 0]]])]).layers[:1])


def test_bad_input_is_refused() -> None:
    network = construct("shift", SMALL)
    with pytest.raises(InputError, match=r"expected one list per layer \(2\), got 1"):
        shuffled(network, [[[0]]])
    with pytest.raises(InputError, match=r"permutations of layer 2: expected 1 orders of 0..2"):
        shuffled(network, [[[0], [0], [0]], [[0, 0, 1]]])
    strided = Network(layers=[Layer(filters=[[[1, 1]]], stride=2)])
    with pytest.raises(NotApplicableError, match="need stride 1; layer 1 has stride 2"):
        expected_autocorrelations(strided, 1)
    with pytest.raises(NotApplicableError, match="an activation can cut layer 2"):
        linear_ratio_of_means(before("shift"), 2)
    with pytest.raises(InputError, match="channel mean"):
        shuffling(replace(before("shift"), question=replace(before("shift").question, channel_mean=True)))
    with pytest.raises(InputError, match="noisy: expected an integer of at least 2"):
        Shuffles(noisy=1)


def test_command_prints_text_and_json(capsys: Any) -> None:
    question = ["shuffle", "--length", "10", "--scale", "5", "--construction", "shift", "--noisy", "4", "--no-cache"]
    for arguments, code in (([], 0), (["--format", "json"], 0), (["--channel-mean"], 2)):
        with pytest.raises(SystemExit) as caught:
            main([*question, "--method", "sampling", *arguments])
        assert int(caught.value.code or 0) == code
        out = capsys.readouterr().out
        if arguments == ["--format", "json"]:
            data = json.loads(out)
            (network,) = data["networks"]
            assert data["schema"] == "solver.shuffle/1" and network["shuffled_networks"] == "6"
            assert [layer["unchanged"] for layer in network["layers"]] == [True, True, False, False]
            assert network["layers"][2]["D_shuffled"]["kind"] == "exact"
        elif not code:
            assert "6 different shuffled networks; share that keeps the claim about f_p: 1/6" in out
