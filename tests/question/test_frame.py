"""Two dimensions: the frame's task, exact D by three routes, responses, thresholds, against listing everything."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest

from solver import (
    Deformation,
    FrameTask,
    InputError,
    Layer,
    Network,
    TwoPixelTask,
    activations,
    check_claim,
    construct,
    effective_kernel,
    linearity_proof,
    response,
    response_by_displacement,
)
from solver.constructions.shift import disc, overlap_errors
from solver.derive.scripts import derivations_folder, load
from solver.network.changed.translates import one_of_each_translate
from solver.network.changed.wider import scaled_copies
from solver.network.trace import dense_images, preactivations
from solver.question.correlations import deformation_energy, difference_correlations, pixel_correlations
from solver.question.deformation import COLLISIONS, deformation_outcomes, far_energy
from solver.question.ensemble import representatives
from solver.question.lattice import lags
from solver.question.laws import LAWS, Law
from solver.sensitivity.deformation.autocorrelations import linear_moments
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import image_moments
from solver.sensitivity.question import Question
from solver.sensitivity.response.threshold import best_threshold
from solver.sensitivity.sensitivities import sensitivities

ODD = Network(
    layers=[
        Layer(filters=[[[[1, 2, 0], [3, 1, 0], [0, "1/2", 1]]], [[[0, 0, 1], [2, 0, 0], [1, 1, 0]]]]),
        Layer(filters=[[[[0, 1, 1], [1, 0, 0], [2, 0, 1]], [[1, 0, 0], [0, -2, 0], [0, 3, 1]]]], bias=["-1/2"]),
    ],
    pooling="sum",
)


def square(task: FrameTask, a: tuple[int, int], b: tuple[int, int]) -> int:
    """The squared distance of two sites, by trying every way around."""
    around = [
        (a[0] - b[0] + i * task.shape[0], a[1] - b[1] + j * task.shape[1]) for i, j in product((-1, 0, 1), repeat=2)
    ]
    return min(x * x + y * y if task.metric == "l2" else max(x * x, y * y) for x, y in around)


@pytest.mark.parametrize("metric", ["l2", "linf"])
@pytest.mark.parametrize("distances", ["pairs", "balanced", "flat"])
@pytest.mark.parametrize("gap", [0, 1])
def test_every_image_comes_once_with_its_weight(metric: str, distances: str, gap: int) -> None:
    task = FrameTask(shape=(6, 8), scale=3, metric=metric, distances=distances, gap=gap)
    sites = list(product(range(6), range(8)))
    apart = {frozenset(pair): square(task, *pair) for pair in combinations(sites, 2)}
    kept = {p: s for p, s in apart.items() if s < (3 - gap) ** 2 or s >= (3 + gap) ** 2}
    at, near = Counter(kept.values()), Counter(s < 9 for s in kept.values())
    weight = {
        "pairs": lambda s: Fraction(1, len(kept)),
        "balanced": lambda s: Fraction(1, 2 * near[s < 9]),
        "flat": lambda s: Fraction(1, len(at) * at[s]),
    }[distances]
    images, weights = task.images()
    found = {frozenset(map(tuple, np.argwhere(image).tolist())): w for image, w in zip(images, weights, strict=True)}
    assert found == {p: weight(s) for p, s in kept.items()} and len(images) == len(kept)
    assert sum(task.displacement_law.values()) == 1
    assert all(task.label((b[0] - a[0], b[1] - a[1])) == (1 if s < 9 else -1) for (a, b), s in apart.items())
    lag = pixel_correlations(task, 3)
    flat = images.reshape(len(images), 6, 8)
    for vector, value in zip(lags(3, 2), lag, strict=True):
        shifted = np.roll(flat, tuple(-v for v in vector), axis=(1, 2))
        assert value == sum(int(n) * w for n, w in zip((flat * shifted).sum(axis=(1, 2)), weights, strict=True))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": (4, 4, 4)}, "two"),
        ({"shape": 3}, "shape"),
        ({"shape": (8, 20), "scale": 5}, "shorter side"),
        ({"metric": "l1"}, "metric"),
        ({"gap": 6}, "close"),
        ({"shape": 14, "scale": 7, "gap": 1}, "distant"),
        ({"shape": 2**13}, "sites"),
    ],
)
def test_a_frame_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        FrameTask(**options)


@pytest.mark.parametrize("law", LAWS)
def test_laws_have_the_energies_of_their_moves(law: str) -> None:
    moves = Deformation(law=law).moves_on(2)
    assert sum(moves.values()) == 1
    energies = {"single": Fraction(16, 9), "neighbours": Fraction(16, 5)}
    assert far_energy(Deformation(law=law), 2) == energies.get(law, Fraction(32, 9))
    exchanged = {(b, a): p for (a, b), p in moves.items()}
    turned = {tuple((-y, x) for x, y in move): p for move, p in moves.items()}
    assert moves == exchanged == turned


def test_laws_that_are_not_for_frames_are_refused() -> None:
    with pytest.raises(InputError, match="on a frame expected one of"):
        deformation_energy(FrameTask(shape=6, scale=2), Deformation(law="-1:1/2 1:1/2"))
    assert Deformation(law="neighbours").moves == Deformation().moves


def test_reject_drops_meetings_on_a_frame() -> None:
    """Pixels side by side meet in 2 x 3 x 3 + 2 x 3 of their 81 outcomes; on a ring they swap order in one more."""
    deformation = Deformation(collisions="reject")
    kept = deformation.outcomes((0, 1), (8, 8))
    assert len(kept) == 81 - 6 and sum(kept.values()) == 1
    assert all((t[0] - s[0], 1 + t[1] - s[1]) != (0, 0) for s, t in kept)
    assert deformation.outcomes((0, 3), (8, 8)) == Deformation().outcomes((0, 3), (8, 8))
    with pytest.raises(InputError, match="leaves no outcome"):
        Deformation(law="0,1:1", collisions="reject").outcomes(1, (2,))


SKEWED = {
    "diagonal": lambda axes: dict.fromkeys([((0,) * axes,) * 2, ((1,) * axes,) * 2], Fraction(1, 2)),
    "one row": lambda axes: {((0,) * axes, (1,) + (0,) * (axes - 1)): Fraction(1)},
    "far along rows": lambda axes: dict.fromkeys([((x,) + (0,) * (axes - 1),) * 2 for x in (-2, 0, 2)], Fraction(1, 3)),
}


@pytest.mark.parametrize("collisions", COLLISIONS)
@pytest.mark.parametrize("name", SKEWED)
def test_a_law_that_is_not_symmetric_is_not_folded(name: str, collisions: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new law is one entry: every route takes it, or what is not the same for both axes would be averaged away."""
    monkeypatch.setitem(LAWS, name, Law("of this test", SKEWED[name]))
    task, deformation = FrameTask(shape=8, scale=3), Deformation(law=name, collisions=collisions)
    assert not deformation.is_symmetric_on(2) and deformation.is_symmetric_on(1) == (name == "far along rows")
    network = construct("uniform", task)
    expected = image_moments(network, task, deformation)
    assert network.is_symmetric and distance_moments(network, task, deformation) == expected
    proofs = linearity_proof(network, task, deformation)
    linear = [0] + [proof.layer for proof in proofs if proof.linear_so_far]
    assert linear_moments(network, task, deformation, linear) == {k: expected[k] for k in linear}
    if (name, collisions) == ("diagonal", "add"):
        assert expected[1].change == Fraction(20, 21)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("collisions", COLLISIONS)
def test_difference_correlations_are_those_of_all_images(law: str, collisions: str) -> None:
    task, deformation = FrameTask(shape=(4, 5), scale=2, metric="l2"), Deformation(law=law, collisions=collisions)
    expected = dict.fromkeys(lags(4, 2), Fraction(0))
    for vector, weight in task.displacement_law.items():
        j = vector[0] * 5 + vector[1]
        before = dense_images([{0: 1, j: 1}], task.shape)[0]
        for after, p in deformation_outcomes(task, deformation, 0, j):
            u = after - before
            for lag in expected:
                expected[lag] += weight * p * int((u * np.roll(u, tuple(-r for r in lag), axis=(0, 1))).sum())
    assert difference_correlations(task, deformation, 4) == list(expected.values())


@pytest.mark.parametrize(
    ("network", "shape", "law", "collisions", "distances"),
    [
        ("uniform", 6, "neighbours", "add", "pairs"),
        ("shift", (4, 5), "independent", "merge", "balanced"),
        ("odd", (6, 5), "mirror", "add", "flat"),
        ("odd", (5, 5), "single", "merge", "pairs"),
    ],
)
def test_moments_are_those_of_every_image(network: str, shape: Any, law: str, collisions: str, distances: str) -> None:
    task = FrameTask(shape=shape, scale=3 if network == "uniform" else 2, metric="l2", distances=distances)
    each = ODD if network == "odd" else construct(network, task)
    deformation = Deformation(law=law, collisions=collisions)
    expected = image_moments(each, task, deformation)
    assert distance_moments(each, task, deformation) == expected
    linear = [0] + [proof.layer for proof in linearity_proof(each, task, deformation) if proof.linear_so_far]
    for k, moments in linear_moments(each, task, deformation, linear).items():
        assert moments == expected[k]


@pytest.mark.parametrize("metric", ["l2", "linf"])
def test_a_larger_frame_has_the_moments_of_its_displacements(metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On 18 x 16 sites one class stands for all displacements out of sight; on the whole frame each has its own."""
    from solver.sensitivity.deformation import distances

    task, deformation = FrameTask(shape=(18, 16), scale=3, metric=metric, distances="balanced"), Deformation()
    networks = [construct("uniform", task), Network(layers=ODD.layers[:1])]
    assert [network.is_symmetric for network in networks] == [True, False]
    short = [distance_moments(network, task, deformation) for network in networks]
    monkeypatch.setattr(distances, "network_representatives", lambda *_: representatives(task, 9))
    assert [distance_moments(network, task, deformation) for network in networks] == short


def test_known_numbers() -> None:
    task = FrameTask(shape=32, scale=7)
    network = construct("uniform", task)
    moments = linear_moments(network, task, Deformation(), [0, 1, 2])
    ratios = [each.change / each.spread for each in moments.values()]
    assert ratios == [
        Fraction(4188160, 4704777), Fraction(30158848, 75621357), Fraction(339341312, 1669910697),
    ]  # fmt: skip
    assert deformation_energy(task, Deformation()) == Fraction(32720, 9207)


def test_the_witness_of_a_cut_cuts() -> None:
    for shape, network in ((20, construct("uniform", FrameTask(shape=20, scale=5))), ((30, 31), ODD)):
        task = FrameTask(shape=shape, scale=2)
        proof = linearity_proof(network, task, Deformation())[-1]
        assert proof.cuts and proof.witness is not None
        channel, site, image, value = proof.witness
        z = preactivations(network, dense_images([image], task.shape), 2).exact()[0, channel].ravel()
        assert z[site] == value < 0


@pytest.mark.parametrize("name", ["uniform", "shift"])
@pytest.mark.parametrize("shape", [(10, 10), (11, 14), (30, 31)])
def test_the_claim_holds_at_every_displacement(name: str, shape: tuple[int, int]) -> None:
    task = FrameTask(shape=shape, scale=5)
    network = construct(name, task)
    assert check_claim(network, task) == {}
    f = response_by_displacement(network, task)
    assert len(f) == sum(1 for _ in f) and (shape[0] // 2 + 1, 0) not in f
    images = dense_images([{0: 1, d[0] * shape[1] + d[1] % shape[1]: 1} for d in f], shape)
    assert [f[d] for d in f] == response(network, images)
    assert all((f[d] > 0) == (task.label(d) > 0) for d in f)
    broken = Network(layers=network.layers, readout=network.readout, pooling=network.pooling, claim=network.claim)
    assert bool(check_claim(broken, task)) == (name == "uniform")


@pytest.mark.parametrize("scale", [3, 5, 7, 8, 9])
@pytest.mark.parametrize("name", ["uniform", "shift"])
def test_thresholds_on_euclidean_distances(name: str, scale: int) -> None:
    """Against sorting all displacements of the frame by f_p."""
    if name == "uniform" and scale == 8:
        return
    task = FrameTask(shape=20, scale=scale, metric="l2")
    network = construct(name, task)
    law = task.displacement_law
    values = response(network, dense_images([{0: 1, v[0] * 20 + v[1]: 1} for v in law], task.shape))
    rows = list(zip(law, values, law.values(), strict=True))

    def error(level: Any) -> Fraction:
        return sum((p for v, f, p in rows if (f > level) != (task.label(v) > 0)), Fraction(0))

    best = best_threshold(network, task)
    assert best.error == min(map(error, set(values))) == error(best.level)
    if name == "shift":
        wrong, level = overlap_errors(disc(scale), scale)
        assert best.error == Fraction(wrong, 399) and error(level) == best.error
        assert (wrong, level) == {3: (0, 0), 5: (0, 0), 7: (4, 1), 8: (wrong, level), 9: (0, 0)}[scale]


def test_constructions_without_a_version_are_refused() -> None:
    with pytest.raises(
        InputError, match="construction 'sine' is for rings, got a FrameTask; there take one of uniform, shift"
    ):
        construct("sine", FrameTask(shape=16, scale=5))
    network = construct("uniform", TwoPixelTask(length=16, scale=5))
    with pytest.raises(InputError, match="filters for a ring, the task is on a frame"):
        distance_moments(network, FrameTask(shape=16, scale=5), Deformation())
    with pytest.raises(InputError, match="filters for a frame, the task is on a ring"):
        distance_moments(construct("uniform", FrameTask()), TwoPixelTask(), Deformation())


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([Layer(filters=[[[[1, 1], [1, 1]]]]), Layer(filters=[[[1]]])], "axes"),
        ([Layer(filters=[[[[1, 1], [1, 1]]]], stride=2)], "strides are for rings"),
    ],
)
def test_networks_of_two_axes_refuse(layers: list[Layer], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Network(layers=layers)


def test_filters_are_square() -> None:
    with pytest.raises(InputError, match="square"):
        Layer(filters=[[[[1, 1, 1], [1, 1, 1]]]])
    with pytest.raises(InputError, match=r"\(batch, rows, columns\)"):
        activations(ODD, np.zeros((2, 3, 4, 5), dtype=int))


@pytest.mark.parametrize("task", [FrameTask(shape=12, scale=5), FrameTask(shape=14, scale=6, metric="l2")])
def test_translated_channels_stand_for_one(task: FrameTask) -> None:
    network = construct("shift", task)
    single = one_of_each_translate(network)
    rng = np.random.default_rng(0)
    images = rng.integers(-3, 4, (5, *task.shape))
    assert response(network, images) == response(single, images)
    for a, b, count in zip(
        activations(network, images)[1:], activations(single, images)[1:], network.channels, strict=True
    ):
        assert a.squared_norms() == [count * norm for norm in b.squared_norms()]
    assert one_of_each_translate(ODD) is ODD
    kernel = effective_kernel(single, single.depth).values
    assert int((kernel != 0).sum()) == (25 if task.metric == "linf" else len(disc(6)))


def test_one_channel_that_would_not_fit_is_not_taken() -> None:
    task = FrameTask(shape=4, scale=2)
    corner = Network(layers=[Layer(filters=[[[[1] * 3] * 3]], bias=[-1], origin=0)])
    assert one_of_each_translate(corner).layers[0].size == 5 and Question(corner, task).reduced.network is corner
    moments = image_moments(corner, task, Deformation())
    assert sensitivities(corner, task).layers[1].D.exact == moments[1].change / moments[1].spread
    wide = FrameTask(shape=5, scale=2)
    assert Question(corner, wide).reduced.network is not corner


def test_copies_and_sums_of_channels_keep_the_output() -> None:
    images = np.random.default_rng(2).integers(0, 3, (4, 6, 5))
    expected = response(ODD, images)
    wider = load(derivations_folder() / "wider_networks.py")
    wide = [scaled_copies(ODD, (1, "1/2")), wider.scaled_channels(ODD, 1, ("3", "1/3")), wider.with_channel_sum(ODD, 1)]
    assert [network.channels[0] for network in wide] == [4, 2, 3]
    assert all(response(network, images) == expected for network in wide)


def test_torch_computes_the_same_numbers() -> None:
    torch = pytest.importorskip("torch")
    from solver import to_torch

    task = FrameTask(shape=(7, 6), scale=3)
    images = np.random.default_rng(1).integers(0, 3, (6, 7, 6))
    for network in (construct("uniform", task), construct("shift", task), ODD):
        module, batch = to_torch(network), torch.from_numpy(images).double()[:, None]
        with torch.no_grad():
            maps, f = module.maps(batch), module(batch)
        for ours, theirs in zip(activations(network, images), maps, strict=True):
            assert np.array_equal(ours.exact().astype(float), theirs.numpy())
        assert np.allclose(np.array(response(network, images), dtype=float), f.numpy(), rtol=1e-14, atol=0)
