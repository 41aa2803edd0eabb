"""D after shuffling, in the report: against every permutation, each draw on its own, and in text and JSON."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import permutations, product
from statistics import stdev
from typing import Any

import numpy as np
import pytest
from scipy.special import stdtrit

from solver import Deformation, InputError, Layer, Network, TwoPixelTask, construct
from solver.cli import main
from solver.network.changed.shuffle import random_orders, shuffled
from solver.report.report import Report
from solver.sensitivity.deformation.moments import image_moments
from solver.sensitivity.sensitivities import Sensitivities, sensitivities
from solver.sensitivity.shuffling.deformation import shuffled_deformations
from solver.values import MissingValue
from tests.dense import dense

TASK = TwoPixelTask(length=6, scale=3)
ROWS = [[[1, -1], [2, 1], [0, 1]], [[0, 1], [1, 1], [0, 1]]]
TWO = Network(
    layers=[Layer(filters=[[[1, 0, 1]], [[1, -1, 0]], [[0, 2, 1]]], bias=[0, 0, -1]), Layer(filters=ROWS)],
    readout=[1, -2],
)


def before(network: Network, **options: Any) -> Sensitivities:
    return sensitivities(network, TASK, **options)


def plain(network: Network, mean: bool = False) -> list[Fraction]:
    moments = image_moments(network, TASK, Deformation(), channel_mean=mean)
    return [pair.change / pair.spread for pair in moments]


@pytest.mark.parametrize("mean", [False, True])
def test_all_shuffles_give_the_exact_mean(mean: bool) -> None:
    orders = product([((0,), (0,), (0,))], product(permutations(range(3)), repeat=2))
    every = [plain(shuffled(TWO, chosen), mean) for chosen in orders]
    assert len(every) == 36
    for k, each in enumerate(shuffled_deformations(before(TWO, channel_mean=mean), 36)):
        values = [row[k] for row in every]
        assert each.mean.exact == sum(values) / 36
        assert float(each.spread) == pytest.approx(float(np.std([float(v) for v in values])), abs=1e-15)
        assert {value.exact for value in each.each} == set(values)


def test_a_sample_holds_the_exact_value_of_each_draw() -> None:
    network = dense(4, 2, 3)
    told: list[tuple[int, int]] = []
    found = shuffled_deformations(before(network), 5, seed=3, progress=lambda done, total: told.append((done, total)))
    generator = np.random.default_rng(3)
    drawn = [plain(shuffled(network, random_orders(network, generator))) for _ in range(5)]
    assert told == [(n, 5) for n in range(1, 6)]
    for k, each in enumerate(found):
        values = [row[k] for row in drawn]
        assert [value.exact for value in each.each] == values
        assert float(each.mean) == pytest.approx(float(sum(values) / 5), rel=1e-14)
        assert float(each.spread) == pytest.approx(stdev(map(float, values)), rel=1e-9, abs=1e-15)
        if k < 2:  # no channel of the first layer has more than one filter
            assert each.mean.exact == values[0] and each.spread.exact == 0
            continue
        standard = float(each.spread) / 5**0.5 * stdtrit(4, 0.8413447460685429)
        assert standard <= each.mean.uncertainty <= 2 * standard  # type: ignore[attr-defined]
    assert "5 shuffles, seed 3" in found[-1].mean.method


def test_a_flat_layer_has_no_mean() -> None:
    dead = Network(layers=[Layer(filters=[[[0, 0]]])])
    for each in shuffled_deformations(before(dead), 2)[1:]:
        assert isinstance(each.mean, MissingValue) and isinstance(each.spread, MissingValue) and each.each == ()
    assert "-" in Report((before(dead),), (shuffled_deformations(before(dead), 2),)).to_text()


def test_one_shuffle_is_too_few_and_layers_must_match() -> None:
    result = before(construct("uniform", TASK))
    with pytest.raises(InputError, match="sample: expected an integer of at least 2, got 1"):
        shuffled_deformations(result, 1)
    with pytest.raises(InputError, match="shuffled: expected the deformations of every layer"):
        Report((result,), (shuffled_deformations(result, 2)[1:],))


def command(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["report", "--construction", "shift", "--length", "10", "--scale", "3", *arguments])
    out, err = capfd.readouterr()
    return int(caught.value.code or 0), out, err


def test_text_and_json_hold_the_shuffles(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = command(capfd, "--shuffles", "4", "--frequencies")
    assert code == 0 and "shift, shuffled: " in out and "D shuffled: the mean of D" in out and "mean frequencies" in out
    code, out, _ = command(capfd, "--shuffles", "4", "--format", "json")
    layer = json.loads(out)["networks"][0]["layers"][1]
    assert code == 0 and set(layer["D_shuffled"]) == {"mean", "spread", "each"}
    assert layer["D_shuffled"]["mean"]["value"] == layer["D"]["value"] == layer["D_shuffled"]["each"][0]
    assert "D_shuffled" not in json.loads(command(capfd, "--format", "json")[1])["networks"][0]["layers"][1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--shuffles", "4", "--format", "latex"], "leave out --format latex"), (["--shuffles", "1"], "--shuffles")],
)
def test_bad_shuffles(arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]) -> None:
    code, _, err = command(capfd, *arguments)
    assert code == 2 and message in err
