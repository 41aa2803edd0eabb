"""Shuffles that were not drawn are in the error: means over few draws against the mean over all."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from solver import Deformation, InputError, Layer, Network, TwoPixelTask, construct, sensitivities
from solver.network.changed.shuffle import shuffle_count, shuffles
from solver.sensitivity.deformation.moments import image_moments
from solver.sensitivity.shuffling.deformation import shuffled_deformations, unchanged_layers
from solver.sensitivity.shuffling.draws import Shuffles
from solver.sensitivity.shuffling.shuffling import shuffling
from solver.values import NumericValue, Value
from tests.strategies import INTEGERS, task_networks

TASK = TwoPixelTask(length=10, scale=3)


def odd_one_out(channels: int = 16) -> Network:
    """Channels that are equal but for one, of which the next layer reads one: most draws agree, one in 16 does not."""
    first = Layer(filters=[[[1, 1, 1]]] * (channels - 1) + [[[1, -1, 1]]])
    return Network(layers=[first, Layer(filters=[[[1]] + [[0]] * (channels - 1)])])


def mean_over_all(network: Network, layer: int, task: TwoPixelTask = TASK) -> Fraction | None:
    """The mean of D over every different shuffled network, from every image and outcome."""
    pairs = [image_moments(each, task, Deformation())[layer] for each in shuffles(network)]
    if any(pair.spread == 0 for pair in pairs):
        return None
    return sum((pair.change / pair.spread for pair in pairs), Fraction(0)) / len(pairs)


def within(value: Value, true: Fraction, errors: int = 1) -> bool:
    """Whether a value that is not exact is within some errors, or an exact one equal."""
    if not isinstance(value, NumericValue):
        return value.exact == true
    return value.uncertainty > 0 and abs(Fraction(value.estimate) - true) <= errors * Fraction(value.uncertainty)


@pytest.mark.parametrize("seed", range(4))
def test_draws_that_agree_are_not_all_there_is(seed: int) -> None:
    network = odd_one_out()
    true = mean_over_all(network, 2)
    assert true is not None
    drawn = shuffled_deformations(sensitivities(network, TASK, quantities=["D"]), 8, seed=seed)
    assert drawn[2].mean.kind == "numeric" and within(drawn[2].mean, true, 2)
    assert drawn[0].mean.exact is not None and drawn[1].mean.exact == drawn[1].each[0].exact


def test_three_draws_that_agree() -> None:
    """All read one of the 15 equal channels, so that D is theirs; the mean over all is elsewhere."""
    network = odd_one_out()
    true = mean_over_all(network, 2)
    before = sensitivities(network, TASK, quantities=["D"])
    drawn = (shuffled_deformations(before, 3, seed=seed)[2] for seed in range(20))
    agreed = [each for each in drawn if len({value.exact for value in each.each}) == 1]
    assert true is not None and len(agreed) > 5
    for each in agreed:
        assert isinstance(each.mean, NumericValue) and isinstance(each.spread, NumericValue)
        assert each.mean.estimate != pytest.approx(float(true)) and within(each.mean, true)
        assert each.spread.estimate == 0 < each.spread.uncertainty


@st.composite
def four_channels(draw: Any) -> Network:
    """Four channels of small filters, summed with small weights: up to 24 different shuffles."""
    taps = st.lists(st.integers(-1, 2), min_size=2, max_size=2)
    first = Layer(filters=[[draw(taps)] for _ in range(4)], bias=[draw(st.integers(-1, 0)) for _ in range(4)])
    weights = draw(st.lists(st.integers(-1, 2), min_size=4, max_size=4))
    return Network(layers=[first, Layer(filters=[[[w] for w in weights]])])


@settings(max_examples=25)
@given(four_channels(), st.integers(0, 9))
def test_few_draws_hold_the_mean_over_all(network: Network, seed: int) -> None:
    """Within some errors, whatever was drawn."""
    task = TwoPixelTask(length=6, scale=2)
    assume(shuffle_count(network) > 6)
    drawn = shuffled_deformations(sensitivities(network, task, quantities=["D"]), 6, seed=seed)[2].mean
    true = mean_over_all(network, 2, task)
    if true is not None and drawn.kind != "missing":
        assert within(drawn, true, 6)


@settings(max_examples=15)
@given(task_networks(INTEGERS, lengths=st.just(6), strides=False), st.booleans())
def test_what_no_shuffle_changes_is_exact(given_: Any, mean: bool) -> None:
    task, network = given_
    assume(shuffle_count(network) <= 24)
    known = unchanged_layers(network, channel_mean=mean)
    plain = image_moments(network, task, Deformation(), channel_mean=mean)
    for each in shuffles(network):
        moments = image_moments(each, task, Deformation(), channel_mean=mean)
        assert all(a == b for a, b, same in zip(moments, plain, known, strict=True) if same)


def test_the_share_that_keeps_the_claim_is_not_certain() -> None:
    task = TwoPixelTask(length=14, scale=7)
    before = sensitivities(construct("shift", task), task, quantities=["D"])
    found = shuffling(before, Shuffles(most=1, sample=12, noisy=2, points=1))
    assert isinstance(found.claim_kept, NumericValue)
    assert found.claim_kept.estimate == 0 and found.claim_kept.uncertainty == pytest.approx(3 / 12)


def test_one_draw_says_nothing() -> None:
    with pytest.raises(InputError, match="sample"):
        Shuffles(sample=1)
