"""Representing pairs: on a long ring they stand for the whole ensemble."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver import Deformation, Layer, Network, TwoPixelTask, deformation_energy
from solver.network.representatives import network_representatives
from solver.question.ensemble import representatives
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import image_moments
from tests.strategies import deformations, networks, tasks


@given(tasks(lengths=st.integers(4, 60)), st.integers(1, 12), st.sampled_from([1, 2, 3]))
def test_probabilities_sum_to_one(task: TwoPixelTask, sight: int, phases: int) -> None:
    if task.length % phases:
        phases = 1
    ring = representatives(task, sight, phases=phases)
    assert sum(w for _, _, w in ring.pairs) == 1
    assert ring.length % phases == 0 and ring.length + ring.missing_sites == task.length
    assert {first for first, _, _ in ring.pairs} == set(range(phases))


@given(tasks(lengths=st.integers(4, 60)), st.integers(1, 12))
def test_near_pairs_keep_their_law_and_far_ones_share_one(task: TwoPixelTask, sight: int) -> None:
    ring = representatives(task, sight)
    law = {d: w for _, d, w in ring.pairs}
    if not ring.missing_sites:
        assert law == task.distance_law
        return
    assert {d: w for d, w in law.items() if d < sight} == {d: w for d, w in task.distance_law.items() if d < sight}
    far = [d for d in law if d >= sight]
    assert far == [ring.length // 2] and ring.length - far[0] >= sight


def test_size_does_not_grow_with_the_ring() -> None:
    rings = [representatives(TwoPixelTask(length=n, scale=7), 9) for n in (100, 10**12)]
    assert [ring.length for ring in rings] == [18, 18]
    assert [[d for _, d, _ in ring.pairs] for ring in rings] == [[*range(1, 10)]] * 2


@settings(max_examples=10)
@given(st.data(), st.sampled_from([20, 21, 24]), st.sampled_from(["pairs", "balanced", "flat"]))
def test_long_ring_equals_full_enumeration(data: Any, length: int, distances: str) -> None:
    task = TwoPixelTask(length=length, scale=4, distances=distances, gap=data.draw(st.integers(0, 1)))
    network = data.draw(networks(length, depth=2, strides=length % 4 == 0))
    deformation = data.draw(deformations())
    assert distance_moments(network, task, deformation) == image_moments(network, task, deformation)


@settings(max_examples=15)
@given(st.data(), st.sampled_from([24, 30, 32]), st.sampled_from(["pairs", "balanced", "flat"]))
def test_long_ring_with_phases_equals_full_enumeration(data: Any, length: int, distances: str) -> None:
    """Blocks and strides at once: filters of two taps keep the representing ring shorter than the ring."""
    scale = data.draw(st.sampled_from([xi for xi in (2, 3, 4) if length % xi == 0]))
    labels = data.draw(st.sampled_from(["distance", "blocks"]))
    task = TwoPixelTask(length=length, scale=scale, distances=distances, labels=labels)
    weights = [data.draw(st.integers(-2, 2)) for _ in range(5)]
    stride = data.draw(st.sampled_from([1, 2]))
    layers = [Layer(filters=[[weights[:2]]], bias=weights[2:3], stride=stride)]
    network = Network(layers=[*layers, Layer(filters=[[weights[3:]]], bias=[-1])])
    deformation = data.draw(st.sampled_from([Deformation(), Deformation(law="single", collisions="reject")]))
    assert distance_moments(network, task, deformation) == image_moments(network, task, deformation)


@pytest.mark.parametrize("labels", ["distance", "blocks"])
@pytest.mark.parametrize("distances", ["pairs", "balanced", "flat"])
@pytest.mark.parametrize(("scale", "sight", "phases"), [(3, 2, 3), (4, 6, 8), (12, 5, 24), (3, 5, 6)])
def test_each_pair_of_phases_has_its_weight(labels: str, distances: str, scale: int, sight: int, phases: int) -> None:
    task = TwoPixelTask(length=96, scale=scale, distances=distances, labels=labels)
    ring = representatives(task, sight, phases=phases)
    assert ring.missing_sites > 0 and ring.missing_sites % phases == 0
    assert all(d < sight or ring.length - d >= sight for _, d, _ in ring.pairs)
    assert all(start + d < ring.length for start, d, _ in ring.pairs)

    def kind(first: int, distance: int) -> tuple[int, int, int]:
        """The distance if it is in sight, and the phases of both pixels, in order where that is lost."""
        one, other = first % phases, (first + distance) % phases
        return (distance, one, other) if distance < sight else (sight, *sorted((one, other)))

    found, counted = Counter(), Counter()
    for first, distance, weight in ring.pairs:
        found[kind(first, distance)] += weight
    for first, second, weight in task.pairs():
        counted[kind(first, (second - first) % task.length)] += weight
    assert found == counted


def test_phases_cost_nothing_on_a_long_ring() -> None:
    task = TwoPixelTask(length=8 * 10**12, scale=8, distances="balanced", labels="blocks")
    ring = representatives(task, 20, phases=16)
    assert ring.length == 80 and len(ring.pairs) == 16 * (19 + 16)
    assert sum(w for _, _, w in ring.pairs) == 1


def test_far_pairs_of_a_strided_network() -> None:
    """f_p = [i even] + [j even], which is 1 at every odd distance and 0 or 2 at even ones."""
    task, network = TwoPixelTask(length=20, scale=4), Network(layers=[Layer(filters=[[[1]]], stride=2)], pooling="sum")
    fast, plain = (route(network, task, Deformation())[-1] for route in (distance_moments, image_moments))
    assert fast == plain


def test_the_long_ring_above_is_represented_by_a_shorter_one() -> None:
    """Otherwise the test above would compare enumeration with itself."""
    network = Network(layers=[Layer(filters=[[[1, 1, 1]]]), Layer(filters=[[[1, 1, 1]]])])
    ring = network_representatives(network, TwoPixelTask(length=20, scale=4), Deformation())
    assert ring.missing_sites == 4


def test_deformed_far_pairs_never_meet() -> None:
    task, deformation = TwoPixelTask(length=10**6, scale=7), Deformation(law={-3: "1/2", 3: "1/2"})
    ring = representatives(task, 9 + 2 * deformation.reach)
    far = max(ring.pairs, key=lambda pair: pair[1])
    assert all(len(image) == 2 for image, _ in ring.outcomes(deformation, far))
    assert deformation_energy(task, deformation) < 4 < deformation_energy(task, deformation) + Fraction(1, 1000)
