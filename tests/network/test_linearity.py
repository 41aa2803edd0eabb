"""Proofs about where a ReLU cuts: against every image and outcome, witnesses, reasons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from solver import Deformation, Layer, Network, TwoPixelTask, activations, construct, linearity_proof
from solver.network.representatives import network_representatives
from solver.network.trace import dense_images, preactivations
from solver.question.deformation import deformation_outcomes
from solver.sensitivity.noise.once import linear_on_rectified
from tests.quick import UNSTRIDED
from tests.strategies import deformations, task_networks

TASK = TwoPixelTask(length=32, scale=7)


def all_images(task: TwoPixelTask, deformation: Deformation) -> np.ndarray:
    """Every image of the ensemble and every deformed one, of positive probability."""
    plain, _ = task.images()
    moved = [y for i, j, _ in task.pairs() for y, _ in deformation_outcomes(task, deformation, i, j)]
    return np.concatenate([plain, np.stack(moved)])


@given(task_networks(), deformations())
def test_cuts_exactly_where_enumeration_finds_a_negative(case: Any, deformation: Deformation) -> None:
    task, network = case
    images = all_images(task, deformation)
    linear = True
    for k, proof in enumerate(linearity_proof(network, task, deformation), start=1):
        negative = bool((preactivations(network, images, k).values < 0).any())
        linear = linear and not (negative and network.layers[k - 1].activation == "relu")
        assert proof.layer == k
        assert proof.cuts == (negative and network.layers[k - 1].activation == "relu")
        assert proof.linear_so_far == linear


@given(task_networks(), deformations())
def test_a_witness_really_cuts(case: Any, deformation: Deformation) -> None:
    task, network = case
    length = task.length
    for proof in linearity_proof(network, task, deformation):
        assert (proof.witness is not None) == proof.cuts
        if proof.witness:
            channel, site, image, value = proof.witness
            z = preactivations(network, dense_images([image], length), proof.layer).exact()[0]
            assert z[channel, site] == value < 0
            assert str(value) in proof.reason


def test_a_witness_cuts_on_the_ring_of_the_task() -> None:
    task, deformation = TwoPixelTask(length=7, scale=2), Deformation(law={0: 1})
    difference = Layer(filters=[[[-1, 1]]], bias=[2], origin=0)
    network = Network(layers=[difference, Layer(filters=[[[-1]]], bias=[2])])
    proof = linearity_proof(network, task, deformation)[1]
    assert proof.witness is not None
    channel, site, image, value = proof.witness
    assert preactivations(network, dense_images([image], 7), 2).exact()[0, channel, site] == value


@given(task_networks(), deformations())
def test_linear_layers_are_affine_convolutions(case: Any, deformation: Deformation) -> None:
    task, network = case
    images = all_images(task, deformation)
    maps, linear = activations(network, images), activations(network.with_identity(), images)
    for proof in linearity_proof(network, task, deformation):
        if proof.linear_so_far:
            assert np.array_equal(maps[proof.layer].exact(), linear[proof.layer].exact())


@pytest.mark.parametrize("name", UNSTRIDED)
def test_hand_built_networks_cut_in_the_last_layer_only(name: str) -> None:
    network = construct(name, TASK)
    proofs = linearity_proof(network, TASK, Deformation())
    assert [proof.cuts for proof in proofs] == [False, False, True]
    if network.layers[0].is_non_negative:
        assert proofs[0].reason == "no filter entry and no bias is negative, and neither is any input"
    last = network.layers[-1].names[0]
    assert proofs[2].reason.startswith(f"cuts: channel {last} has pre-activation -1 at site ")


def proofs_of(*layers: Layer) -> list[tuple[bool, str]]:
    """Whether each layer cuts, and the first words of the reason."""
    proofs = linearity_proof(Network(layers=layers), TASK, Deformation())
    return [(proof.cuts, " ".join(proof.reason.split()[:3])) for proof in proofs]


def test_each_argument_is_used() -> None:
    negative = Layer(filters=[[[-1]]], activation="identity")
    positive, difference = Layer(filters=[[[1]]]), Layer(filters=[[[1, -1]]])
    lifted = Layer(filters=[[[1, -1]]], bias=[2])
    assert proofs_of(negative) == [(False, "the activation is")]
    assert proofs_of(negative, Layer(filters=[[[-1]]])) == [(False, "the activation is"), (False, "the layer is")]
    assert proofs_of(positive, difference) == [(False, "no filter entry"), (True, "cuts: channel 1")]
    assert proofs_of(lifted) == [(False, "checked on all")]
    assert proofs_of(difference, positive) == [(True, "cuts: channel 1"), (False, "no filter entry")]


def test_representatives_that_are_known_need_not_be_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    network, deformation = construct("shift", TASK), Deformation()
    ring, proofs = network_representatives(network, TASK, deformation), linearity_proof(network, TASK, deformation)
    monkeypatch.setattr("solver.network.linearity.network_representatives", None)
    assert linearity_proof(network, TASK, deformation, ring=ring) == proofs


def test_the_deformation_can_make_the_difference() -> None:
    """A bias of 1 saves -1 at single pixels; only pixels that add up to 2 break it."""
    network = Network(layers=[Layer(filters=[[[-1]]], bias=[1])])
    for collisions, cuts in (("add", True), ("merge", False), ("reject", False)):
        (proof,) = linearity_proof(network, TASK, Deformation(collisions=collisions))
        assert proof.cuts is cuts


def test_cost_does_not_grow_with_the_ring() -> None:
    task = TwoPixelTask(length=10**12, scale=7)
    network = construct("shift", task)
    assert [proof.cuts for proof in linearity_proof(network, task, Deformation())] == [False, False, True]


def test_linear_on_rectified_asks_for_kernels_without_negative_entries() -> None:
    ones, minus = Layer(filters=[[[1, 1]]]), Layer(filters=[[[1, -1]]])
    assert linear_on_rectified(Network(layers=[minus, ones, ones]), 3, after=1)
    assert not linear_on_rectified(Network(layers=[ones, ones, minus]), 3, after=1)
    assert not linear_on_rectified(Network(layers=[ones, Layer(filters=[[[1]]], bias=[-1])]), 2, after=1)
    free = Layer(filters=[[[1, -1]]], activation="identity")
    assert linear_on_rectified(Network(layers=[ones, free]), 2, after=1)
    assert not linear_on_rectified(Network(layers=[ones, free, ones]), 3, after=1)
