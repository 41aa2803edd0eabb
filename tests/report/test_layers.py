"""Some layers of a report: only these are evaluated, each is shown as soon as it is known, none reads otherwise."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from solver import InputError, Layer, Network, Sampling, TwoPixelTask, construct, sensitivities
from solver.network.trace import layer_passes
from solver.report.layers import chosen_layers, layers_of
from solver.sensitivity.noise import routes
from solver.sensitivity.noise.route import Evaluation, Route
from solver.sensitivity.question import Question
from solver.sensitivity.sensitivities import answers
from tests.command import called

TASK = TwoPixelTask(length=14, scale=7)
FEW = Sampling(points=16, replicates=4)
SAMPLED = ("--length", "14", "--construction", "uniform", "--method", "sampling", "--no-cache")


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The routes and layers of responses, in the order of their evaluation; a set of samples is one."""
    seen: list[tuple[str, int]] = []

    def counted(route: Route) -> Route:
        def response(question: Question, layer: int, how: Evaluation) -> object:
            seen.append((route.name, layer))
            return route.response(question, layer, how)

        return replace(route, response=response)

    def sampled(question: Question, layers: list[int], how: Evaluation) -> object:
        seen.extend(("sampling", k) for k in layers)
        return samples(question, layers, how)

    samples = routes.sampled_responses
    every = (*map(counted, routes.ROUTES[:-1]), routes.ROUTES[-1])
    monkeypatch.setattr(routes, "ROUTES", every)
    monkeypatch.setattr(routes, "CLOSED_ROUTES", every[: len(routes.CLOSED_ROUTES)])
    monkeypatch.setattr(routes, "sampled_responses", sampled)
    return seen


def test_names_of_layers() -> None:
    assert chosen_layers("f_p, 0..2,last") == ("output", "0", "1", "2", "last")
    assert layers_of(("output", "0", "7", "last"), depth=3) == [0, 3, 4]
    assert layers_of(("all", "1"), depth=2) == [0, 1, 2, 3]
    for bad in ("2..1", "1..", "..3", "0..3,2", "f_p,output", "00", "1..99999", "f", "1-3"):
        with pytest.raises(InputError, match="layers: "):
            chosen_layers(bad)


@pytest.mark.parametrize("method", ["auto", "sampling"])
@pytest.mark.parametrize("layers", [(0,), (1, 3), (2, 4), (4,), (3,)])
def test_layers_asked_for_are_those_of_the_whole(method: str, layers: tuple[int, ...]) -> None:
    network = construct("shift", TASK)
    whole, some = (
        sensitivities(network, TASK, method=method, sampling=FEW, layers=each) for each in (None, reversed(layers))
    )
    assert [each.layer for each in some.layers] == list(layers)
    for k, why in zip(layers, some.why, strict=True):
        assert some[k].name == whole[k].name and why == whole.why[k]
        for name, value in some[k].values.items():
            other = whole[k].values[name]
            assert (value.kind, value.bounded(12)) == (other.kind, other.bounded(12)) or value.kind == "missing"


def test_a_layer_not_asked_for_costs_nothing(evaluated: list[tuple[str, int]]) -> None:
    network = construct("uniform", TASK)
    sensitivities(network, TASK, sampling=FEW, layers=(0, 2))
    assert evaluated == [("linear", 0), ("once", 2)]
    evaluated.clear()
    sensitivities(network, TASK, method="sampling", sampling=FEW, layers=(1, 4))
    assert evaluated == [("once", 1), ("sampling", 4)]
    evaluated.clear()
    sensitivities(network, TASK, method="sampling", sampling=FEW)
    assert evaluated == [("linear", 0), ("once", 1), ("once", 2), ("sampling", 3), ("sampling", 4)]
    evaluated.clear()
    sensitivities(network, TASK, quantities=("D",), layers=(3,))
    assert evaluated == []


def test_layers_come_one_after_the_other(evaluated: list[tuple[str, int]]) -> None:
    found = answers(Question(construct("uniform", TASK), TASK), Evaluation(method="sampling", sampling=FEW))
    for k in range(5):
        layer, _ = next(found)
        assert layer.layer == k and len(evaluated) == (k + 1 if k < 3 else 5)


def test_a_layer_that_is_not_there_is_refused() -> None:
    network = construct("uniform", TASK)
    for bad in (5, -1):
        with pytest.raises(InputError, match=f"layers: expected numbers from 0 to 4, the output; got {bad}"):
            sensitivities(network, TASK, layers=[1, bad])
    some = sensitivities(network, TASK, quantities=("D",), layers=(1, 4))
    assert list(some) == list(some.layers) and some.output is some[-1] is some[4]
    with pytest.raises(IndexError, match=r"expected one of the layers \[1, 4\], got 2"):
        some[2]


def test_no_image_runs_through_the_layers_above(monkeypatch: pytest.MonkeyPatch) -> None:
    """D of a layer from one image per distance passes the layers up to it."""
    network, depths = Network(layers=[Layer(filters=[[[1, -2, 1]]], bias=["-1/2"])] * 4), []

    def passed(below: Network, images: np.ndarray) -> object:
        depths.append(below.depth)
        return layer_passes(below, images)

    whole = sensitivities(network, TASK, quantities=("D",))
    monkeypatch.setattr("solver.sensitivity.deformation.distances.layer_passes", passed)
    for k in (1, 3, 5):
        assert sensitivities(network, TASK, quantities=("D",), layers=(k,))[k].D == whole[k].D
    assert depths == [1, 3, 4]


def test_a_report_has_the_layers_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    _, whole, _ = called(capfd, "report", *SAMPLED, "--seed", "3")
    code, some, _ = called(capfd, "report", *SAMPLED, "--seed", "3", "--layers", "1..2,f_p", "--why", "--split")
    rows = {line.split()[0]: line.split() for line in whole.splitlines() if line.startswith(" ")}
    found = [line.split() for line in some[: some.index("parts of G")].splitlines() if line.startswith(" ")]
    assert code == 0 and found[2:] == [rows["1"], rows["2"], rows["f_p"]]
    assert "layer 1" in some and "layer 3:" not in some and "G of f_p" in some
    _, text, _ = called(capfd, "report", *SAMPLED, "--layers", "last", "--format", "json", "--shuffles", "2")
    (network,) = json.loads(text)["networks"]
    assert [each["layer"] for each in network["layers"]] == [3] and "D_shuffled" in network["layers"][0]
    _, text, _ = called(capfd, "report", *SAMPLED, "--layers", "2", "--frequencies")
    below = text[text.index("mean frequencies") :].splitlines()
    assert [line.split()[0] for line in below[3:5]] == ["─" * len(below[3].strip()), "2"]


def test_networks_of_other_depth_have_the_layers_that_they_have(capfd: pytest.CaptureFixture[str]) -> None:
    both = ("--construction", "uniform", "--construction", "strided-shift", "--length", "32", "--scale", "5")
    code, text, _ = called(capfd, "report", *both, "--layers", "f_p,last", "--format", "latex", "--columns", "D")
    rows = [line.split(" & ") for line in text.splitlines() if line.startswith("$") and line.endswith(r"\\")]
    assert code == 0 and [row[0] for row in rows] == ["$2$", "$3$", "$f_p$"]
    assert [[bool(cell.strip(" \\")) for cell in row[1:]] for row in rows] == [
        [True, False],
        [False, True],
        [True, True],
    ]
    code, _, err = called(capfd, "report", *both, "--layers", "9", "--format", "latex", "--columns", "D")
    assert code == 2 and "no network here has any of 9" in err


def test_rows_are_shown_as_they_are_found(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, and they stay if the rest is interrupted."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    def shown(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        return called(capfd, "report", *SAMPLED, *arguments)

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    _, plain, _ = called(capfd, "report", *SAMPLED, "--digits", "9")
    code, out, err = shown("--digits", "9")
    assert code == 0 and out == plain and "xi = 7" in err
    monkeypatch.setattr(routes, "sampled_responses", interrupted)
    code, out, err = shown("--digits", "9")
    last = [line.split()[1:] for line in err.splitlines() if line.strip().startswith("uniform ")][-3:]
    assert code != 0 and out == ""
    assert last == [line.split() for line in plain.splitlines() if line.strip()[:2] in ("0 ", "1 ", "2 ")]
