"""Networks with strides: what they claim, their D and G by two routes, and what they print."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
import pytest
import sympy

from solver import (
    Deformation,
    GaussianNoise,
    InputError,
    Layer,
    Network,
    TwoPixelTask,
    check_claim,
    construct,
    response,
    sensitivities,
    sensitivity_formula,
)
from solver.cli import main
from solver.commands.question import chosen_networks
from solver.constructions.registry import reaching_networks
from solver.errors import NotApplicableError, UnreachableScaleError
from solver.gaussian.balls import enclose
from solver.network.representatives import noise_representatives
from solver.question.ensemble import representatives
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import image_moments
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.noise.sampled.sampling import sampled_noise
from solver.sensitivity.question import Question
from solver.sensitivity.response.by_displacement import mean_response
from tests.noise_routes import layer_series, output_series
from tests.plain import linear_matrix, noise_response
from tests.quick import FEW

BLOCKS = TwoPixelTask(length=32, scale=8, labels="blocks")
NOISE = GaussianNoise()


@pytest.mark.parametrize(("size", "scale"), [(2, 2), (2, 4), (2, 8), (2, 16), (3, 3), (3, 9), (4, 4), (4, 16), (5, 5)])
@pytest.mark.parametrize("blocks", [2, 3, 10**9])
def test_strided_tells_blocks_apart_at_every_pair(size: int, scale: int, blocks: int) -> None:
    task = TwoPixelTask(length=blocks * scale, scale=scale, labels="blocks")
    network = construct("strided", task, filter_size=size)
    assert check_claim(network, task) == {}
    assert network.receptive_field(network.depth) == network.total_stride(network.depth) == scale


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("scale", [2, 3, 4, 7, 9, 10])
@pytest.mark.parametrize("blocks", [2, 5])
def test_strided_shift_responds_with_the_tent_everywhere(size: int, scale: int, blocks: int) -> None:
    task = TwoPixelTask(length=blocks * size**4, scale=scale)
    network = construct("strided-shift", task, filter_size=size)
    assert check_claim(network, task) == {}
    assert (size - 1) * size ** (network.depth - 1) + 1 >= scale


@pytest.mark.parametrize("length", [16, 24])
def test_responses_of_every_image(length: int) -> None:
    """The claims' plain route: f_p of every image by the forward pass, against the labels."""
    task = TwoPixelTask(length=length, scale=8, labels="blocks")
    images, _ = task.images()
    pairs = [(i, j) for i, j, _ in task.pairs()]
    assert response(construct("strided", task), images) == [Fraction(task.pair_label(*p), 2) for p in pairs]
    tents = [max(8 - task.distance(*p), 0) for p in pairs]
    assert response(construct("strided-shift", task), images) == tents


def test_mean_response_is_the_mean_over_all_pairs_at_a_distance() -> None:
    network = construct("strided", BLOCKS)
    mean = mean_response(network, BLOCKS)
    for d in range(1, 17):
        images = np.stack([BLOCKS.image(i, i + d) for i in range(32)])
        assert mean[d] == Fraction(sum(response(network, images)), 32) == network.claim.response(d)  # type: ignore[union-attr]


@pytest.mark.parametrize("fault", ["tap", "bias", "constant", "readout", "origin"])
def test_a_broken_network_is_caught_at_a_pair_of_sites(fault: str) -> None:
    network = construct("strided", BLOCKS)
    layer = network.layers[-1]
    faults: dict[str, Callable[[], Network]] = {
        "tap": lambda: replace(network, layers=(*network.layers[:-1], replace(layer, filters=[[[1, 2]]]))),
        "bias": lambda: replace(network, layers=(*network.layers[:-1], replace(layer, bias=["-1/2"]))),
        "constant": lambda: replace(network, constant=0),
        "readout": lambda: replace(network, readout=[3]),
        "origin": lambda: replace(network, layers=(replace(network.layers[0], origin=1), *network.layers[1:])),
    }
    wrong = check_claim(faults[fault](), BLOCKS)
    assert wrong
    for pair, (computed, claimed) in wrong.items():
        assert computed != claimed == Fraction(BLOCKS.pair_label(*pair), 2)


@pytest.mark.parametrize(
    ("name", "length", "scale", "size", "words"),
    [
        ("strided", 32, 7, None, "needs scale = 2^k and cannot reach 7; the nearest scales are 4 and 8"),
        ("strided", 32, 8, 3, "the nearest scales are 3 and 9; for scale 8 the filter sizes 2, 8 work"),
        ("strided", 36, 8, 2, "does not divide the length 36; the nearest lengths are 32 and 40"),
        ("strided-shift", 28, 7, 2, "total stride 8, which does not divide the length 28; the nearest lengths are 24"),
    ],
)
def test_unreachable_sizes_name_their_neighbours(name: str, length: int, scale: int, size: Any, words: str) -> None:
    with pytest.raises(UnreachableScaleError) as caught:
        construct(name, TwoPixelTask(length=length, scale=scale), filter_size=size)
    assert words in str(caught.value)


def test_a_ring_that_strides_or_blocks_do_not_divide_is_refused_at_once() -> None:
    network = construct("strided", BLOCKS)
    claim, task = network.claim, TwoPixelTask(length=16, scale=7)
    huge = replace(network, layers=(replace(network.layers[0], stride=10**15 - 1), *network.layers[1:]))
    with pytest.raises(InputError, match="layer 1: stride 999999999999999 does not divide the 16 sites"):
        check_claim(huge, task)
    with pytest.raises(InputError, match="claim: blocks of 1000000000 sites do not fill a ring of 16"):
        check_claim(replace(network, claim=replace(claim, scale=10**9)), task)  # type: ignore[type-var]


def test_even_filters_are_for_strides_alone() -> None:
    with pytest.raises(InputError, match="filter size: expected an odd size, got 4"):
        construct("uniform", BLOCKS, filter_size=4)
    with pytest.raises(InputError, match="filter size: expected an integer of at least 2, got 1"):
        construct("strided", BLOCKS, filter_size=1)
    assert {network.name for network in reaching_networks(TwoPixelTask())} >= {"uniform", "shift"}
    assert all(network.total_stride(network.depth) == 1 for network in reaching_networks(TwoPixelTask(scale=8)))


@pytest.mark.parametrize("distances", ["pairs", "balanced", "flat"])
@pytest.mark.parametrize("labels", ["distance", "blocks"])
@pytest.mark.parametrize("name", ["strided", "strided-shift"])
def test_d_is_that_of_every_image(name: str, distances: str, labels: str) -> None:
    task = TwoPixelTask(length=16, scale=4, distances=distances, labels=labels)
    network = construct(name, task)
    for deformation in (Deformation(), Deformation(law="mirror", collisions="reject")):
        assert distance_moments(network, task, deformation) == image_moments(network, task, deformation)


def test_strides_keep_d_of_the_same_windows() -> None:
    """D of a strided layer is that of its windows at every site: the last map of `shift` has them."""
    strided, shift = (
        [m.change / m.spread for m in distance_moments(construct(name, BLOCKS), BLOCKS, Deformation())]
        for name in ("strided", "shift")
    )
    assert strided[3] == shift[4] == Fraction(1333, 7371)


@pytest.mark.parametrize("distances", ["pairs", "balanced"])
def test_long_rings_have_the_noise_of_every_image(distances: str) -> None:
    """Classes of images on a shorter ring against every image and site, good to 15 digits."""
    task = TwoPixelTask(length=24, scale=4, labels="blocks", distances=distances)
    network = Network(layers=[Layer(filters=[[[1, 2]]], stride=2, origin=0), Layer(filters=[[[1, 3]]], origin=0)])
    assert noise_representatives(network, task).missing_sites > 0
    closed = closed_response(Question(network, task, noise=NOISE), 2)
    rows = linear_matrix(network.layers[1:], 1, 12)
    difference = enclose(closed.total.expression, 30) - enclose(  # type: ignore[union-attr]
        sympy.Rational(noise_response(network, task, NOISE, 1, rows)), 30
    )
    assert abs(difference) < 1e-15


def random_strided(seed: int, overlap: bool) -> Network:
    """Positive weights, one channel or three, strides 2 and 2; the last windows overlap or not."""
    rng = np.random.default_rng(seed)
    last = [[1, 1, 1], [1, 1, 1]] if overlap else [[1, int(rng.integers(1, 3))], [int(rng.integers(1, 3)), 1]]
    first = Layer(filters=[[[1, 0]], [[0, 1]]], stride=2, origin=0)
    return Network(layers=[first, Layer(filters=[last], bias=[-1], stride=2 - overlap, origin=0)], pooling="sum")


@pytest.mark.parametrize(("seed", "overlap"), [(0, False), (1, False), (2, True)])
@pytest.mark.parametrize("rectified", [False, True])
def test_series_of_strided_units_against_sampling(seed: int, overlap: bool, rectified: bool) -> None:
    task = TwoPixelTask(length=16, scale=4, labels="blocks", distances="balanced")
    network, noise = random_strided(seed, overlap), GaussianNoise(rectified=rectified)
    sampled = sampled_noise(network, task, noise, {2: None, 3: None}, FEW)
    layer = layer_series(network, task, noise, 2)
    for key, response_ in ((2, layer), (3, output_series(network, task, noise))):
        split, estimate = response_.enclose_split(10), sampled[key]
        for part in ("total", "coherent", "incoherent"):
            value, near = float(getattr(split, part)), getattr(estimate, part)
            assert abs(value - near.estimate) < 6 * near.uncertainty


def overlapping(last: int) -> Network:
    """Windows of three sites that overlap at stride 2, then windows of two sites at a last stride of 1 or 2."""
    layers = [Layer(filters=[[[1, 2, 1]], [[0, 1, -1]]], stride=2), Layer(filters=[[[1, 1], [2, 1]]], stride=last)]
    return Network(layers=layers, pooling="sum")


@pytest.mark.parametrize("network", [overlapping(1), overlapping(2)], ids=["stride 1", "stride 2"])
@pytest.mark.parametrize("distances", ["pairs", "balanced"])
def test_the_representing_ring_is_long_enough(
    network: Network, distances: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noise responses of overlapping windows, rectified once, on it and on the whole ring."""
    task = TwoPixelTask(length=36, scale=4, labels="blocks", distances=distances)
    assert noise_representatives(network, task).missing_sites > 0
    question = Question(network, task, noise=NOISE)
    short = [closed_response(question, k) for k in (1, 2, 3)]
    monkeypatch.setattr(
        "solver.sensitivity.noise.once.noise_representatives",
        lambda network, task: representatives(task, task.length, phases=lcm(4, task.period)),
    )
    for ours, k in zip(short, (1, 2, 3), strict=True):
        whole = closed_response(question, k)
        assert ours is not None and whole is not None
        for part in ("total", "coherent", "incoherent"):
            near, far = (enclose(getattr(each, part).expression, 25) for each in (ours, whole))
            assert abs(near - far) < 1e-18


def test_windows_that_share_pixels_are_not_independent() -> None:
    task = TwoPixelTask(length=16, scale=4)
    first = Layer(filters=[[[1, 1, 1]]], stride=2)
    network = Network(layers=[first, Layer(filters=[[[1, 1]]], bias=[-1])])
    with pytest.raises(NotApplicableError, match="the sites of the rectified field are correlated"):
        layer_series(network, task, NOISE, 2)
    with pytest.raises(NotApplicableError, match="method 'transfer' does not apply to layer 2: units with strides"):
        sensitivities(construct("strided", task), task, method="transfer")


def test_strided_shift_has_the_sensitivities_of_shift() -> None:
    task = TwoPixelTask(length=24, scale=5)
    ours, theirs = (sensitivities(construct(name, task), task, sampling=FEW) for name in ("strided-shift", "shift"))
    for k, j in ((1, 1), (-2, -2), (-1, -1)):
        assert ours.layers[k].D.exact == theirs.layers[j].D.exact
        assert abs(ours.layers[k].G.value(12) - theirs.layers[j].G.value(12)) < 1e-10
        assert ours.layers[k].G.kind == theirs.layers[j].G.kind != "sampling"


def test_nothing_is_sampled_for_strided() -> None:
    result = sensitivities(construct("strided", BLOCKS), BLOCKS)
    assert [layer.G.kind for layer in result.layers] == ["exact", "closed", "closed", "numeric", "numeric"]
    assert all("proven" in layer.G.method for layer in result.layers[3:])
    assert [str(layer.D.exact) for layer in result.layers[1:]] == ["736/2025", "184/945", "1333/7371", "1333/6048"]


def test_labels_are_part_of_what_is_cached() -> None:
    texts = {
        Question(construct("strided", task), task, noise=NOISE).text(3, "series")
        for task in (BLOCKS, replace(BLOCKS, labels="distance"), replace(BLOCKS, distances="balanced"))
    }
    assert len(texts) == 3


@pytest.mark.parametrize(("layer", "least"), [("1", 8), ("last", 8), ("output", 12)])
def test_formulas_hold_on_multiples_of_the_stride(layer: str, least: int) -> None:
    """D_f differs at l = 2 xi, where both neighbours of a block are one (derivations/strided_layers.py)."""
    formula = sensitivity_formula("strided", layer, scale=4)
    assert formula.range_text == f"l >= {least}, 4 divides l"
    number = {"last": 2, "output": 3}.get(layer) or int(layer)
    for length in (12, 20, 400):
        task = TwoPixelTask(length=length, scale=4)
        moments = distance_moments(construct("strided", task), task, Deformation())[number]
        assert formula.at(l=length) == moments.change / moments.spread
    with pytest.raises(InputError, match="lies outside the range"):
        formula.at(l=30)


def test_formula_of_g_below_the_last_layer() -> None:
    formula = sensitivity_formula("strided", 2, scale=8, quantity="G")
    result = sensitivities(construct("strided", BLOCKS), BLOCKS)
    assert abs(formula.value(l=32).value(15) - result.layers[2].G.value(15)) < 1e-13


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"variables": "l,xi"}, "strides, which have to divide l: there is a formula in l for a given scale"),
        ({"distances": "flat"}, "with strides there is no formula for distances 'flat'"),
        ({"quantity": "G", "layer": "last"}, r"layers 0, 1, 2 have a formula, .* gives its exact form as integrals"),
    ],
)
def test_formulas_that_do_not_exist_say_why(options: dict[str, Any], message: str) -> None:
    with pytest.raises(NotApplicableError, match=message):
        sensitivity_formula("strided", **({"layer": 1, "scale": 8} | options))


ARGUMENTS = ["--construction", "strided", "--scale", "4", "--length", "16", "--labels", "blocks", "--no-cache"]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command prints, after it ends well."""
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    assert not stopped.value.code
    return capsys.readouterr().out


def test_report_says_what_depends_on_the_place(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "report", *ARGUMENTS)
    assert "strided: filter size 2, 2 layers, channels 1, 1, strides 2, 2" in out
    assert "y = +1 where both pixels share a block of xi sites, else -1" in out
    assert "f_p = 1/2 where both pixels share a block of 4 sites, else -1/2, claimed for l >= 8, checked" in out
    assert "averaged over where the pair is, f_p(1..8) = 1/4, 0, -1/4, -1/2" in out


def test_json_carries_labels_and_the_mean_response(capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(printed(capsys, "report", *ARGUMENTS, "--format", "json"))
    (network,) = data["networks"]
    assert data["task"]["labels"] == "blocks" and network["claim_holds"] is True and network["response"] is None
    assert [network["mean_response"][d] for d in "1238"] == ["1/4", "0", "-1/4", "-1/2"]
    assert "depends on where the pair is" in network["why"]["response"]


def test_the_other_task_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [each for each in ARGUMENTS if each not in ("--labels", "blocks")]
    assert "answers to labels 'blocks', not to this task's" in printed(capsys, "report", *arguments)


def test_verify_show_and_list(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [each for each in ARGUMENTS if each != "--no-cache"]
    out = printed(capsys, "verify", *arguments, "--distances", "balanced")
    assert "ok   claim f_p, every pair: 0 pairs differ" in out and "checks agree" in out
    out = printed(capsys, "show", "strided", *arguments[2:])
    assert "filter size 2, stride 2, receptive field 4, relu" in out
    assert "reaches xi = s^k~, s >= 2" in printed(capsys, "constructions")


def test_what_does_not_reach_a_scale_is_left_out_with_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    options = {"construction": ["all"], "filter_size": None, "channels": 1}
    names = [network.name for network in chosen_networks(options, TwoPixelTask(length=32, scale=7))]
    assert "strided" not in names and names[-1] == "strided-shift"
    assert "left out: 'strided' with filter size 2 needs scale = 2^k" in capsys.readouterr().err
    names = [network.name for network in chosen_networks(options, BLOCKS)]
    assert names == ["shift", "cyclotomic", "strided", "strided-shift"]


def test_a_sweep_over_both_tasks(capsys: pytest.CaptureFixture[str]) -> None:
    both = "--labels distance,blocks --distances balanced --quantities D --jobs 1 --filter-size 2"
    out = printed(capsys, "sweep", "--construction", "strided", "--scale", "4", "--length", "16", *both.split())
    rows = [line.split(",") for line in out.splitlines()]
    at, value = rows[0].index("labels"), rows[0].index("D_exact")
    found = {(row[at], row[rows[0].index("layer")]): row[value] for row in rows[1:]}
    task = TwoPixelTask(length=16, scale=4, distances="balanced", labels="blocks")
    moments = distance_moments(construct("strided", task), task, Deformation())[-1]
    assert found["blocks", "3"] == str(moments.change / moments.spread) != found["distance", "3"]
