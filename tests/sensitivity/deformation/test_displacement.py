"""D: three routes give the same exact numbers, the known values, and the symmetries it must have."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import gcd
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver import Deformation, Layer, Network, TwoPixelTask, construct, linearity_proof
from solver.errors import NotApplicableError
from solver.network.changed.wider import widen
from solver.sensitivity.deformation.autocorrelations import autocorrelation_moments
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import image_moments
from tests.cases import Case, of_kind
from tests.strategies import RATIONALS, deformations, task_networks

TASK = TwoPixelTask(length=32, scale=7)
NAMES = ("uniform", "shift", "shift-mixed")


def ratios(network: Network, task: TwoPixelTask = TASK, **options: Any) -> list[Any]:
    """D of layers 0..depth and of f_p, None where the denominator is 0."""
    moments = distance_moments(network, task, Deformation(), **options)
    return [m.change / m.spread if m.spread else None for m in moments]


@of_kind("D")
def test_known_values(case: Case) -> None:
    name, layer = case.arguments
    assert ratios(construct(name, TASK))[layer] == case.number


@given(task_networks(RATIONALS), deformations(), st.booleans())
def test_one_image_per_distance_equals_every_image(case: Any, deformation: Deformation, mean: bool) -> None:
    task, network = case
    fast = distance_moments(network, task, deformation, channel_mean=mean)
    assert fast == image_moments(network, task, deformation, channel_mean=mean)


@given(task_networks(RATIONALS), deformations(), st.booleans())
def test_autocorrelations_equal_every_image(case: Any, deformation: Deformation, mean: bool) -> None:
    task, network = case
    plain = image_moments(network, task, deformation, channel_mean=mean)
    proofs = linearity_proof(network, task, deformation)
    for k in range(network.depth + 1):
        if gcd(network.total_stride(k), task.period) > 1:
            with pytest.raises(NotApplicableError, match=r"autocorrelations average over positions; layer \d"):
                autocorrelation_moments(network, task, deformation, k, channel_mean=mean)
        elif k == 0 or proofs[k - 1].linear_so_far:
            assert autocorrelation_moments(network, task, deformation, k, channel_mean=mean) == plain[k]
        else:
            with pytest.raises(NotApplicableError, match=r"autocorrelations need a linear layer; layer . cuts"):
                autocorrelation_moments(network, task, deformation, k, channel_mean=mean)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("distances", ["pairs", "balanced", "flat"])
def test_routes_agree_on_the_hand_built_networks(name: str, distances: str) -> None:
    task = TwoPixelTask(length=15, scale=5, distances=distances, gap=1)
    network, deformation = construct(name, task), Deformation(law="mirror", collisions="merge")
    plain = image_moments(network, task, deformation)
    assert distance_moments(network, task, deformation) == plain
    assert autocorrelation_moments(network, task, deformation, 1) == plain[1]


@settings(max_examples=10)
@given(task_networks(RATIONALS, strides=False), st.integers(0, 2))
def test_translating_a_filter_changes_nothing(case: Any, origin: int) -> None:
    task, network = case
    moved = tuple(replace(layer, origin=min(origin, layer.size - 1)) for layer in network.layers)
    assert ratios(replace(network, layers=moved), task) == ratios(network, task)


@settings(max_examples=10)
@given(task_networks(RATIONALS))
def test_permuting_channels_changes_nothing(case: Any) -> None:
    task, network = case
    layers = [
        replace(each, filters=[channel[::-1] if k else channel for channel in each.filters[::-1]], bias=each.bias[::-1])
        for k, each in enumerate(network.layers)
    ]
    assert ratios(replace(network, layers=layers, readout=network.readout[::-1]), task) == ratios(network, task)


@settings(max_examples=10)
@given(task_networks(RATIONALS), st.fractions(min_value=Fraction(1, 9), max_value=9))
def test_rescaling_a_layer_changes_nothing(case: Any, factor: Fraction) -> None:
    """A positive factor goes through every ReLU; undone in the next layer (or the readout), f_p keeps its D too."""
    task, network = case
    first, *rest = network.layers
    scaled = replace(
        first,
        filters=[[[w * factor for w in f] for f in channel] for channel in first.filters],
        bias=[b * factor for b in first.bias],
    )
    if rest:
        rest[0] = replace(rest[0], filters=[[[w / factor for w in f] for f in channel] for channel in rest[0].filters])
    assert ratios(replace(network, layers=(scaled, *rest)), task) == ratios(network, task)


@settings(max_examples=10)
@given(task_networks(RATIONALS), st.booleans())
def test_widening_changes_nothing(case: Any, mean: bool) -> None:
    task, network = case
    assert ratios(widen(network, 2), task, channel_mean=mean) == ratios(network, task, channel_mean=mean)


@given(deformations(), st.sampled_from(["relu", "identity"]), st.integers(1, 5))
def test_a_network_that_copies_keeps_the_input_value(deformation: Deformation, activation: str, weight: int) -> None:
    copy = Layer(filters=[[[0, weight, 0]]], activation=activation)
    moments = distance_moments(Network(layers=[copy, copy]), TASK, deformation)
    assert moments[0].spread > 0
    assert [m.change * moments[0].spread for m in moments[1:3]] == [m.spread * moments[0].change for m in moments[1:3]]


def test_a_still_deformation_moves_nothing() -> None:
    moments = distance_moments(construct("uniform", TASK), TASK, Deformation(law={0: 1}))
    assert {m.change for m in moments} == {0} and all(m.spread > 0 for m in moments)


def test_a_rigid_deformation_leaves_f_p_alone() -> None:
    *hidden, output = distance_moments(construct("uniform", TASK), TASK, Deformation(law="rigid"))
    assert output.change == 0 < min(m.change for m in hidden)


def test_channel_mean_makes_shift_like_a_box() -> None:
    """The mean over the offsets of `shift` at layer 1 is a box of width 3, which is layer 1 of `uniform`."""
    assert ratios(construct("shift", TASK), channel_mean=True)[1] == ratios(construct("uniform", TASK))[1]


def test_a_surd_network_runs_through_every_route() -> None:
    import sympy

    g = sympy.sqrt(2)
    network = Network(layers=[Layer(filters=[[[1, g]]])], readout=[g])
    task = TwoPixelTask(length=8, scale=3)
    plain = image_moments(network, task, Deformation())
    assert distance_moments(network, task, Deformation()) == plain
    assert autocorrelation_moments(network, task, Deformation(), 1) == plain[1]
    assert plain[1].spread.rational() is None
