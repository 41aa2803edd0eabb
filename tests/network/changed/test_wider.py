"""Wider networks: what their channels carry, and what they refuse."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver import InputError, Layer, Network, Sampling, TwoPixelTask, construct, sensitivities
from solver.derive.scripts import derivations_folder, load
from solver.network.changed.wider import scaled_copies, widen
from solver.network.trace import activations, response
from tests.strategies import RATIONALS, task_networks

wider = load(derivations_folder() / "wider_networks.py")
TASK = TwoPixelTask(length=16, scale=5)
NOISE = np.random.default_rng(1).integers(-3, 4, size=(6, 16))


@given(
    task_networks(RATIONALS),
    st.lists(st.sampled_from([Fraction(1, 3), Fraction(1), Fraction(5, 2)]), min_size=1, max_size=3),
)
def test_scaled_copies_carry_scaled_maps(case: Any, scales: list[Fraction]) -> None:
    task, network = case
    wide = scaled_copies(network, scales)
    images = task.images()[0] * 3 - 1
    for a, b in zip(activations(network, images)[1:], activations(wide, images)[1:], strict=True):
        factors = np.array(scales * a.exact().shape[1], dtype=object)[None, :, None]
        assert np.array_equal(np.repeat(a.exact(), len(scales), axis=1) * factors, b.exact())
    assert response(network, images) == response(wide, images)


def test_equal_copies_are_scaled_copies_of_scale_one() -> None:
    network = construct("shift", TASK)
    assert widen(network, 3) == scaled_copies(network, [1, 1, 1])


@pytest.mark.parametrize(("name", "mean"), [("uniform", False), ("shift", True)])
def test_scaled_copies_leave_every_value_alone(name: str, mean: bool) -> None:
    """The same samples give the same G; single units take more of them where the whole ring costs more."""
    few = Sampling(points=16, replicates=8)
    network = construct(name, TASK)
    plain, wide = (
        sensitivities(each, TASK, channel_mean=mean, method="sampling", sampling=few)
        for each in (network, scaled_copies(network, [2, "1/2"]))
    )
    for a, b in zip(plain.layers, wide.layers, strict=True):
        assert a.D.exact == b.D.exact
        error = 0.0 if a.G.method == b.G.method else 3 * float(a.G.error() + b.G.error())
        assert float(a.G) == pytest.approx(float(b.G), rel=1e-9, abs=error)
    assert plain.layers[-1].G.method == wide.layers[-1].G.method


@pytest.mark.parametrize("layer", [1, 2])
def test_channels_at_scales_of_their_own_change_their_layer_only(layer: int) -> None:
    network = construct("shift", TASK)
    scaled = wider.scaled_channels(network, layer, [2, "1/3", 5][: network.channels[layer - 1]])
    assert response(scaled, NOISE) == response(network, NOISE)
    maps = [[a.exact() for a in activations(each, NOISE)] for each in (network, scaled)]
    same = [np.array_equal(a, b) for a, b in zip(*maps, strict=True)]
    assert same == [k != layer for k in range(3)]


@pytest.mark.parametrize("share", [0, "1/2", 1])
def test_a_sum_of_channels_leaves_images_alone(share: Any) -> None:
    network = construct("shift", TASK)
    summed = wider.with_channel_sum(network, 1, share=share)
    images, _ = TASK.images()
    hidden = activations(summed, images)[1].exact()
    assert np.array_equal(hidden[:, :3].sum(axis=1), hidden[:, 3])
    assert response(summed, images) == response(network, images)
    assert (response(summed, NOISE) == response(network, NOISE)) == (share == 0)


def test_what_cannot_be_widened_is_refused() -> None:
    network = construct("shift", TASK)
    bent = Network(layers=[Layer(filters=[[[1, 1, 1]]], activation="hardtanh")])
    for scales in ([], [0], [1, -1], [0.5]):
        with pytest.raises(InputError, match="scale"):
            scaled_copies(network, scales)
    with pytest.raises(InputError, match="hard tanh"):
        scaled_copies(bent, [2])
    assert scaled_copies(bent, [1, 1]).channels == (2,)
