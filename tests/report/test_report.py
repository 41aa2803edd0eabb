"""The report: JSON of the promised shape and numbers, tables that LaTeX can read, text and HTML."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal
from fractions import Fraction
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from solver import (
    InputError,
    Layer,
    Network,
    Report,
    Sampling,
    TwoPixelTask,
    channel_graph,
    construct,
    sensitivities,
)
from solver.network.graph import graph_tikz
from solver.report.documents.show import shown_network
from solver.sensitivity.noise.routes import ROUTES
from tests.cases import Case, of_kind
from tests.command import called
from tests.latex import compiles, needs_latex
from tests.quick import quick_sensitivities

TASK = TwoPixelTask(length=32, scale=7)
TOP = {"schema", "task", "deformation", "noise", "channel_mean", "networks"}
NETWORK = {
    "construction", "filter_size", "depth", "channels", "response", "response_offset", "claim_holds", "layers",
}  # fmt: skip
VALUE = {"kind", "exact", "value", "error", "method", "latex"}
QUANTITIES = ("D", "G", "G_coherent", "G_incoherent", "R", "G_identity", "price")


@cache
def report(*names: str, scale: int = 7) -> Report:
    task = TwoPixelTask(length=32, scale=scale)
    return Report(tuple(quick_sensitivities(name, task) for name in names))


@cache
def parsed(*names: str, digits: int = 15) -> dict[str, Any]:
    return json.loads(report(*names).to_json(digits=digits))


def test_json_has_the_promised_shape() -> None:
    data = parsed("uniform", "shift")
    assert set(data) == TOP and data["schema"] == "solver.report/1" and data["channel_mean"] is False
    assert data["task"] == {"length": "32", "scale": "7", "distances": "pairs", "gap": "0", "labels": "distance"}
    assert data["deformation"] == {"law": "independent", "collisions": "add", "energy": "244/93", "energy_apart": "8/3"}
    assert data["noise"] == {"energy": "8/3", "variance": "1/12", "rectified": False}
    for network in data["networks"]:
        assert set(network) == NETWORK and network["claim_holds"] is True
        assert network["response"] == {str(d): str(max(7 - d, 0)) for d in range(1, 17)}
        assert [each["layer"] for each in network["layers"]] == [0, 1, 2, 3, 4]
        assert [each["name"] for each in network["layers"]] == ["input", "hidden", "hidden", "hidden", "output"]


def test_json_values_have_the_promised_shape() -> None:
    for layer in (layer for network in parsed("uniform", "shift")["networks"] for layer in network["layers"]):
        missing = {name for name in QUANTITIES if layer[name] is None}
        assert set(layer.get("why", {})) == missing and ("why" in layer) == bool(missing)
        for value in (layer[name] for name in QUANTITIES if layer[name]):
            assert set(value) == VALUE and value["kind"] in ("exact", "closed", "numeric")
            assert (value["exact"] is None) == (value["kind"] != "exact")
            assert {type(value[key]) for key in ("value", "error", "method", "latex")} == {str}
            assert Decimal(value["error"]) >= 0
            if value["exact"]:
                assert abs(Fraction(value["value"]) - Fraction(value["exact"])) <= Fraction(value["error"])


@of_kind("D")
def test_json_carries_the_known_d(case: Case) -> None:
    name, layer = case.arguments
    assert parsed(name)["networks"][0]["layers"][layer]["D"]["exact"] == case.value


@of_kind("G")
def test_json_carries_the_known_g(case: Case) -> None:
    name, layer = case.arguments
    value = parsed(name, digits=30)["networks"][0]["layers"][layer]["G"]
    assert abs(Fraction(value["value"]) - case.number) <= case.last_digit / 2 + Fraction(value["error"])


@pytest.mark.parametrize("digits", [1, 5, 40])
def test_digits_are_obeyed(digits: int) -> None:
    layers = parsed("uniform", digits=digits)["networks"][0]["layers"]
    for layer in layers[:3]:
        assert all(len(Decimal(layer[q]["value"]).as_tuple().digits) <= digits for q in ("D", "G", "R"))
        assert Decimal(layer["G"]["error"]) <= Decimal(layer["G"]["value"]) * Decimal(10) ** (1 - digits)


def test_text_names_everything() -> None:
    text = report("uniform", "shift").to_text()
    for words in (
        "l = 32",
        "xi = 7",
        "244/93",
        "l sigma^2 = 8/3",
        "uniform: filter size 3",
        "checked exactly for d = 1..16",
    ):
        assert words in text
    assert "2944/11745" in text and "0.443744330281001" in text
    assert all(line == line.rstrip() for line in text.splitlines()) and text.endswith("\n")


def test_html_is_well_formed() -> None:
    class Checker(HTMLParser):
        stack: list[str]
        cells = 0

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            self.cells += tag == "td"
            if tag != "br":
                self.stack.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.stack.pop() == tag

    checker = Checker()
    checker.stack = []
    checker.feed(report("uniform", "shift")._repr_html_())
    assert checker.stack == [] and checker.cells == 2 * 5 * 6


def test_a_report_answers_one_question() -> None:
    with pytest.raises(InputError, match=r"networks of one task, .* got 2"):
        Report((*report("uniform").networks, *report("shift", scale=5).networks))
    with pytest.raises(InputError, match="got 0"):
        Report(())


def test_a_result_shows_itself() -> None:
    (result,) = report("uniform").networks
    assert result.to_json() == report("uniform").to_json() and result.to_text() == report("uniform").to_text()
    assert result.to_latex(digits=6) == result._repr_latex_() and result._repr_html_() == report("uniform").to_html()


def test_show_follows_an_image_through_the_layers() -> None:
    text = shown_network(construct("uniform", TASK), TASK, 3)
    assert "effective kernel 1 3 6 7 6 3 1  first offset -3" in text and "f_p = 4" in text
    assert "cuts: channel sum has pre-activation -1" in text


@needs_latex
@pytest.mark.slow
def test_drawing_compiles(tmp_path: Path) -> None:
    if not subprocess.run(["kpsewhich", "tikz.sty"], capture_output=True, check=False).stdout:
        pytest.skip("tikz is not installed")
    compiles(graph_tikz(channel_graph(construct("shift", TASK, channels=2))), r"\usepackage{tikz}", tmp_path)


def test_a_network_whose_response_depends_on_the_place_is_reported() -> None:
    layers = [Layer(filters=[[[1, 1, 1]]], stride=2), Layer(filters=[[[1, 0, 0]]], bias=["-1/2"])]
    result = sensitivities(
        Network(layers=layers), TwoPixelTask(length=12, scale=3), sampling=Sampling(points=8, replicates=2)
    )
    network = json.loads(result.to_json())["networks"][0]
    assert network["response"] is None and "total stride 2" in network["why"]["response"]
    assert "f_p depends on where the pair is" in result.to_text()


def test_routes_say_why_each_stronger_one_was_refused() -> None:
    """Forced sampling on a small ring: every route but the last of each kind is refused at some layer."""
    task = TwoPixelTask(length=14, scale=7)
    result = sensitivities(
        construct("uniform", task), task, method="sampling", sampling=Sampling(points=16, replicates=2)
    )
    whole = Report((result,))
    routes = [each["routes"] for each in json.loads(whole.to_json(why=True))["networks"][0]["layers"]]
    for name, taken in {
        "D": ["kernel"] * 3 + ["one"] * 2,
        "G": ["linear", "closed", "closed", "randomised", "randomised"],
    }.items():
        assert [each[name]["taken"].split()[0] for each in routes] == taken
    refused = {(q, each["route"]): each["why"] for found in routes for q in "DG" for each in found[q]["refused"]}
    assert set(refused) == {("D", "kernel autocorrelations")} | {("G", each.name) for each in ROUTES[:-1]}
    assert refused["G", "series"] == refused["G", "transfer"] == "method 'sampling' was asked for"
    text = whole.to_text(why=True)
    below = text[text.index("uniform, routes") :]
    words = " ".join(below.split())
    assert all(f"not {name}: {why}" in words for (_, name), why in refused.items())
    assert all(len(line) <= 80 for line in below[: below.index("\n\nG: ")].splitlines())
    assert "routes" not in whole.to_json() and "routes" not in whole.to_text()


def test_routes_are_not_for_latex(capfd: pytest.CaptureFixture[str]) -> None:
    code, _, err = called(capfd, "report", "--why", "--format", "latex")
    assert code == 2 and "routes are for text and json" in err
    code, out, _ = called(capfd, "report", "--why", "--length", "8", "--scale", "3", "--construction", "uniform")
    assert code == 0 and "G of layer 0: linear noise\n" in out and "D of f_p: one image per distance\n" in out
