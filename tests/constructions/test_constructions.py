"""The hand-built networks do what they claim, at every size; broken ones are caught."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from importlib import import_module
from math import pi, prod, sin
from pathlib import Path
from typing import Any

import pytest
import sympy

import solver
from solver import (
    InputError,
    Layer,
    Network,
    NumberField,
    TwoPixelTask,
    check_claim,
    construct,
    effective_kernel,
    response,
    response_by_distance,
)
from solver.constructions.registry import CONSTRUCTIONS
from solver.errors import NotApplicableError, UnreachableScaleError
from tests.quick import UNSTRIDED

SIZES = [
    (name, size, scale)
    for name in UNSTRIDED
    for size in (3, 5, 7)
    for scale in range(2, 14)
    if CONSTRUCTIONS[name].every_scale or (scale - 1) % (size - 1) == 0
]


@pytest.mark.parametrize(("name", "size", "scale"), SIZES)
def test_claim_holds_on_short_odd_and_long_rings(name: str, size: int, scale: int) -> None:
    for length in {max(2 * scale, size), 2 * scale + 1 + size, 40}:
        task = TwoPixelTask(length=length, scale=scale)
        network = construct(name, task, filter_size=size)
        assert check_claim(network, task) == {}
        assert network.receptive_field(network.depth) >= scale


@pytest.mark.parametrize("name", UNSTRIDED)
@pytest.mark.parametrize("length", [14, 15, 32])
def test_response_of_every_image_is_the_tent(name: str, length: int) -> None:
    """The claim's plain route: f_p of every image by the forward pass."""
    task = TwoPixelTask(length=length, scale=7)
    images, _ = task.images()
    distances = [(j - i) % length for i, j, _ in task.pairs()]
    assert response(construct(name, task), images) == [max(7 - d, 0) for d in distances]


SINE_SUM = 3 * (4 + 2 * NumberField(sympy.sqrt(3)).generator)  # (1, sqrt 3, 2, sqrt 3, 1), then three ones
POOLED = [("uniform", 40), ("shift-mixed", 40), ("shift", 0), ("cyclotomic", 0), ("sine", 2 * (SINE_SUM - 7))]


@pytest.mark.parametrize(("name", "pooled"), POOLED)
def test_pooled_sum_carries_the_stated_constant(name: str, pooled: Any) -> None:
    """2 (s^k~ - xi) = 2 (27 - 7) = 40 for ones, 2 (S - xi) in general."""
    network = construct(name, TwoPixelTask(length=32, scale=7))
    assert network.claim is not None and network.claim.offset == pooled and network.constant == -pooled
    raw = replace(network, constant=0)
    assert response_by_distance(raw, TwoPixelTask(length=32, scale=7))[3] == 4 + pooled


@pytest.mark.parametrize("name", UNSTRIDED)
def test_widened_networks_keep_the_claim(name: str) -> None:
    task = TwoPixelTask(length=32, scale=7)
    network = construct(name, task, channels=3)
    assert check_claim(network, task) == {}
    assert network.channels == tuple(3 * c for c in construct(name, task).channels)


def test_a_trillion_sites() -> None:
    task = TwoPixelTask(length=64, scale=7)
    network = construct("uniform", TwoPixelTask(length=10**12, scale=7))
    assert network.readout == (10**12,) and network.layers == construct("uniform", task).layers


@pytest.mark.parametrize("name", UNSTRIDED)
@pytest.mark.parametrize("fault", ["tap", "bias", "constant", "readout"])
def test_a_broken_network_is_caught(name: str, fault: str) -> None:
    task = TwoPixelTask(length=32, scale=7)
    network = construct(name, task)
    last = network.layers[-1]
    if fault == "tap":
        filters = [list(map(list, channel)) for channel in last.filters]
        i, j = next((i, j) for i, f in enumerate(filters[0]) for j, w in enumerate(f) if w)
        filters[0][i][j] = 0
        broken = replace(network, layers=(*network.layers[:-1], replace(last, filters=filters)))
    elif fault == "bias":
        broken = replace(network, layers=(*network.layers[:-1], replace(last, bias=(Fraction(-1, 2),))))
    elif fault == "constant":
        broken = replace(network, constant=network.constant + Fraction(1, 10**9))
    else:
        broken = replace(network, readout=(31,))
    wrong = check_claim(broken, task)
    assert wrong and all(computed != claimed == max(7 - d, 0) for d, (computed, claimed) in wrong.items())


def test_a_ring_that_is_too_short_for_the_claim_is_seen() -> None:
    """At l < 2 xi the windows meet on both sides: the claim of `uniform` for xi = 7 fails at l = 12."""
    network = construct("uniform", TwoPixelTask(length=14, scale=7))
    assert check_claim(replace(network, readout=(12,)), TwoPixelTask(length=12, scale=6)) != {}


@pytest.mark.parametrize(
    ("name", "scale", "size", "words"),
    [
        ("uniform", 8, 3, ["cannot reach 8", "nearest scales are 7 and 9", "'shift' reaches every scale"]),
        ("uniform", 7, 5, ["cannot reach 7", "nearest scales are 5 and 9", "filter sizes 3, 7 work"]),
        ("shift-mixed", 2, 3, ["cannot reach 2", "nearest scales are 3;"]),
    ],
)
def test_unreachable_scales_name_their_neighbours(name: str, scale: int, size: int, words: list[str]) -> None:
    with pytest.raises(UnreachableScaleError) as caught:
        construct(name, TwoPixelTask(length=32, scale=scale), filter_size=size)
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize("name", UNSTRIDED)
def test_suggested_neighbours_can_be_built(name: str) -> None:
    for scale in (5, 9):
        assert construct(name, TwoPixelTask(length=32, scale=scale), filter_size=5).depth == (scale - 1) // 4


def test_networks_without_a_claim_cannot_be_checked() -> None:
    with pytest.raises(InputError, match="'box' makes no claim"):
        check_claim(Network(layers=[Layer(filters=[[[1]]])], name="box"), TwoPixelTask())


def test_response_that_depends_on_position_is_refused() -> None:
    network = Network(layers=[Layer(filters=[[[1]]], stride=2)], pooling="sum")
    with pytest.raises(NotApplicableError, match=r"f_p depends on .* total stride 2"):
        response_by_distance(network, TwoPixelTask(length=8, scale=2))


def test_strided_response_that_does_not_depend_on_position() -> None:
    network = Network(layers=[Layer(filters=[[[1, 1]]], stride=2)], pooling="sum")
    task = TwoPixelTask(length=40, scale=3)
    assert dict(response_by_distance(network, task)) == dict.fromkeys(range(1, 21), 2)
    assert set(response(network, task.images()[0])) == {2}


@pytest.mark.parametrize("length", [14, 15, 16, 17, 30])
def test_response_is_a_mapping_over_all_distances(length: int) -> None:
    task = TwoPixelTask(length=length, scale=7, gap=0)
    f = response_by_distance(construct("uniform", task), task)
    assert dict(f) == {d: max(7 - d, 0) for d in range(1, length // 2 + 1)} and len(f) == length // 2
    assert f.distinct == sorted(set(f.distinct)) and {f[d] for d in f} == {f[d] for d in f.distinct}
    for outside in (0, length // 2 + 1):
        with pytest.raises(KeyError):
            f[outside]


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("scale", [*range(2, 14), 21, 30])
def test_cyclotomic_filters_multiply_to_the_box_through_positive_kernels(size: int, scale: int) -> None:
    """Every kernel so far is the product of sines in the docstring, hence positive; the last one is the box."""
    network = construct("cyclotomic", TwoPixelTask(length=2 * scale + size, scale=scale), filter_size=size)
    for k in range(1, network.depth + 1):
        taps = [v for v in effective_kernel(network, k).values.ravel() if v != 0]
        above = (scale + 2 - len(taps)) // 2  # roots e^(+-2 pi i j/xi), j < above, are left out
        assert all(v > 0 for v in taps) and (scale - len(taps)) % 2 == 0
        for r, v in enumerate(taps):
            sines = [sin(pi * (r + i) / scale) / sin(pi * i / scale) for i in range(1, 2 * above - 1)]
            assert float(v) == pytest.approx(prod(sines), rel=1e-12)
    assert taps == [1] * scale


@pytest.mark.parametrize("name", CONSTRUCTIONS)
def test_a_construction_is_in_the_tables_and_in_one_file(name: str) -> None:
    root = Path(solver.__file__).parents[1]
    assert (
        f"\n| `{name}` | " in (root / "README.md").read_text()
        and f"\n| `{name}` | " in (root / "docs" / "theory.md").read_text()
    )
    module = import_module(f"solver.constructions.{name.replace('-', '_')}")
    assert module.CONSTRUCTION is CONSTRUCTIONS[name] and module.CONSTRUCTION.build.__module__ == module.__name__
