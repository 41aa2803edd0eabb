"""What the page holds, and the command that writes it; what a browser makes of it is in test_page.py."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from solver import InputError, Layer, Network, Sampling, TwoPixelTask, construct, sensitivities
from solver.commands.options import number_list
from solver.commands.page import page
from solver.errors import NotApplicableError
from solver.network.changed.wider import widen
from solver.page import document
from solver.page.data import PageOptions, case_data, grid, network_data, page_data, shown_value
from solver.page.document import page_html
from solver.report.report import Report
from solver.report.writers.json import report_object
from solver.values import MissingValue, NumericValue
from tests.command import called

FEW = Sampling(points=32, replicates=2)
HOW = PageOptions(method="sampling", sampling=FEW)


@pytest.fixture(scope="module")
def case() -> dict[str, Any]:
    """The data of one small task."""
    return case_data(14, 5, HOW)


def test_values_are_those_of_the_json_report(case: dict[str, Any]) -> None:
    task = TwoPixelTask(length=14, scale=5)
    results = tuple(
        sensitivities(construct(n, task), task, method="sampling", sampling=FEW) for n in ("uniform", "shift")
    )
    report = report_object(Report(results), 15)
    for found, expected in zip(case["networks"], report["networks"], strict=True):
        assert found["name"] == expected["construction"]
        assert [str(f) for f in found["response"]] == list(expected["response"].values())
        for mine, layer in zip(found["sensitivities"], expected["layers"], strict=True):
            for name in ("D", "G", "R", "price"):
                if layer[name] is None:
                    assert mine[name] == {"kind": "missing", "shown": "-", "why": layer["why"][name]}
                else:
                    assert all(
                        mine[name][key] == (layer[name][key] or "")
                        for key in ("kind", "exact", "value", "error", "method")
                    )


def test_networks_are_written_as_they_are(case: dict[str, Any]) -> None:
    for found in case["networks"]:
        network = construct(found["name"], TwoPixelTask(length=14, scale=5))
        layers = [
            Layer(filters=each["filters"], bias=each["bias"], names=each["names"], origin=-each["first_offset"])
            for each in found["layers"]
        ]
        assert tuple(layers) == network.layers
        assert (found["readout"], found["constant"]) == ([1], network.constant)


def test_an_error_is_shown_where_it_touches_the_digits() -> None:
    assert shown_value(NumericValue(232.1287, 0.2, "sampled"))["shown"] == "232.1(3)"
    assert shown_value(NumericValue(232.1287, 1e-9, "sampled"))["shown"] == "232.129"
    assert shown_value(MissingValue("no reason")) == {"kind": "missing", "shown": "-", "why": "no reason"}


def test_the_default_grid_holds_every_task() -> None:
    defaults = {option.name: option.default for option in page.params}
    lengths, scales = (number_list(str(defaults[name]), name) for name in ("lengths", "scales"))
    tasks = grid(lengths, scales)
    assert len(tasks) == len(set(tasks)) == len(lengths) * len(scales) - 1 and (16, 9) not in tasks


@pytest.mark.parametrize(
    ("lengths", "scales", "complaint"),
    [
        ((32, 8), (5,), "length 8"),
        ((16,), (3, 9), "scale 9"),
        ((), (), "no task"),
        ((32, 202), (3,), "at most 200 sites"),
    ],
)
def test_grids_without_a_task_are_refused(lengths: tuple[int, ...], scales: tuple[int, ...], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        grid(lengths, scales)


def test_only_slow_values_are_sampled() -> None:
    how = PageOptions()
    assert how.method_for("uniform", 32, 7) == how.method_for("uniform", 64, 5) == "auto"
    assert how.method_for("uniform", 48, 7) == how.method_for("uniform", 32, 9) == "sampling"
    assert how.method_for("shift", 64, 9) == "auto" and HOW.method_for("shift", 64, 9) == "sampling"


@pytest.mark.parametrize(
    ("layer", "complaint"),
    [
        (Layer(filters=[[[1, 1, 1]]], stride=2), "stride 1"),
        (Layer(filters=[[[1, 1, 1]]], activation="hardtanh"), "relu"),
        (Layer(filters=[[["1/2", 1, 1]]]), "1/2 is none"),
    ],
)
def test_networks_that_it_cannot_draw_are_refused(layer: Layer, complaint: str) -> None:
    task = TwoPixelTask(length=12, scale=3)
    result = sensitivities(Network(layers=[layer], pooling="sum"), task, sampling=FEW)
    with pytest.raises(NotApplicableError, match=complaint):
        network_data(result)


def test_copies_of_channels_keep_whole_numbers_out() -> None:
    task = TwoPixelTask(length=12, scale=3)
    result = sensitivities(widen(construct("uniform", task), 2), task, sampling=FEW)
    with pytest.raises(NotApplicableError, match="1/2 is none"):
        network_data(result)


def test_one_file_holds_everything(case: dict[str, Any]) -> None:
    data = page_data([case | {"note": "</script><b>"}])
    html = page_html(data)
    assert "{{" not in html and html.count("<script>") == len(list(Path(document.__file__).parent.glob("*.js")))
    assert not re.search(r"(?:src|href)=\"(?!#)|@import|url\(|https?://(?!www\.w3\.org/2000/svg)", html)
    held = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert held and json.loads(held[1]) == data


def test_the_command_writes_the_page(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "play.html"
    code = called(capfd, "page", "--lengths", "12", "--scales", "3", "--jobs", "1", "-o", str(target))
    assert code == (0, "", f"solver: wrote {target}\n")
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--lengths", "x"), "expected numbers"),
        (("--scales", "8", "--lengths", "32"), "cannot reach 8"),
        (("--method", "magic"), "choose one of mixed, auto, sampling"),
        (("-o", "/nowhere/play.html"), "not writable"),
    ],
)
def test_bad_input_is_refused(capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], complaint: str) -> None:
    code, out, err = called(capfd, "page", "--jobs", "1", *arguments)
    assert (code, out) == (2, "") and complaint in err and err.count("\n") == 1
