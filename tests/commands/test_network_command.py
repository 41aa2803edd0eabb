"""Network files on the command line: what they report, what stands beside them, what is refused."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest

from solver import FrameTask, Layer, Network, TwoPixelTask, construct, network_text, read_network, write_network
from tests.command import Run
from tests.latex import compiles, needs_latex

SMALL = ["--length", "8", "--scale", "3"]
LONG = Fraction(123456789, 2**40)


@pytest.fixture
def trained(tmp_path: Path) -> str:
    """A file of a network without a claim, whose weights are as long as trained ones."""
    layers = [
        Layer(filters=[[[LONG, 1, -LONG]], [["1/2", 0, LONG]]], bias=[LONG, 0], activation="identity"),
        Layer(filters=[[["1/4"], [-LONG]]], bias=["1/8"], names=["100% & $x_1$"]),
    ]
    write_network(Network(layers=layers, constant=LONG, name="mine_1"), tmp_path / "trained.json")
    return str(tmp_path / "trained.json")


def names(out: str) -> list[str]:
    return [each["construction"] for each in json.loads(out)["networks"]]


def test_a_construction_of_a_file_reports_as_by_name(run: Run, tmp_path: Path) -> None:
    file = str(tmp_path / "shift.json")
    assert run("show", "shift", *SMALL, "--format", "json", "-o", file)[0] == 0
    assert read_network(file) == construct("shift", TwoPixelTask(length=8, scale=3))
    for form in ("text", "json"):
        by_name = run("report", *SMALL, "--construction", "shift", "--format", form)
        assert run("report", *SMALL, "--network", file, "--format", form) == by_name


def test_show_writes_what_it_reads(run: Run, trained: str) -> None:
    code, out, _ = run("show", "--network", trained, "--format", "json")
    assert code == 0 and out == network_text(read_network(trained)) == Path(trained).read_text()


def test_files_take_the_place_of_the_defaults_alone(run: Run, trained: str) -> None:
    def titles(*arguments: str) -> list[str]:
        _, out, _ = run("report", *SMALL, *arguments, "--columns", "D", "--format", "latex")
        return re.findall(r"\\multicolumn\{1\}\{c\}\{(mine.*?|uniform|shift)\}", out)

    assert titles("--network", trained) == [r"mine\_1"]
    assert titles("--construction", "uniform", "--network", trained) == ["uniform", r"mine\_1"]
    assert titles() == ["uniform", "shift"]


def test_networks_of_one_name_are_told_apart(run: Run, tmp_path: Path) -> None:
    files = [str(tmp_path / f"{n}.json") for n in (1, 2)]
    for file in files:
        write_network(construct("uniform", TwoPixelTask(length=8, scale=3)), file)
    given = [word for file in (*files, files[0]) for word in ("--network", file)]
    _, out, _ = run("report", *SMALL, "--construction", "uniform", *given, "--format", "json")
    assert names(out) == ["uniform", f"uniform ({files[0]})", f"uniform ({files[1]})"]


def test_a_report_without_a_claim_reads_well(run: Run, trained: str) -> None:
    _, out, _ = run("report", *SMALL, "--network", trained)
    lines = out.splitlines()
    start = lines.index("mine_1: filter size 3,1, 2 layers, channels 2, 1")
    assert lines[start + 1] == "no claim about f_p"
    assert lines[start + 2].startswith("f_p(1..4) = ~0.") and max(map(len, lines)) < 160
    assert lines[start + 3] == "~ stands before numbers rounded to 6 digits; JSON holds them exactly"
    _, out, _ = run("report", *SMALL, "--network", trained, "--format", "json")
    (entry,) = json.loads(out)["networks"]
    assert entry["claim_holds"] is None and entry["response_offset"] is None
    assert Fraction(entry["response"]["1"]).denominator > 2**40


@needs_latex
def test_reports_of_files_compile(run: Run, trained: str, tmp_path: Path) -> None:
    _, table, _ = run("report", *SMALL, "--network", trained, "--format", "latex")
    _, shown, _ = run("show", *SMALL, "--network", trained, "--format", "latex")
    assert r"mine\_1" in table and r"{\sim}{-}0.000112283" in shown
    compiles(table + shown, "", tmp_path)


def test_show_rounds_long_numbers_and_says_so(run: Run, trained: str) -> None:
    _, out, _ = run("show", *SMALL, "--network", trained)
    assert "filters x: ~0.000112283 1 ~-0.000112283" in out and "mine_1 on l = 8" in out
    assert out.endswith("~ stands before numbers rounded to 6 digits; --format json holds the weights exactly\n")
    assert "~" not in run("show", "cyclotomic")[1]


@pytest.mark.parametrize(
    "command",
    [
        ["limits", *SMALL, "--digits", "5"],
        ["verify", *SMALL],
        ["shuffle", *SMALL, "--shuffles", "4", "--noisy", "2"],
        ["table", "--length", "8", "--scales", "3,4", "--columns", "D"],
    ],
    ids=lambda c: c[0],
)
def test_other_commands_take_files(run: Run, trained: str, command: list[str]) -> None:
    code, out, _ = run(*command, "--network", trained)
    assert code == 0 and "mine" in out and "uniform:" not in out and "{uniform}" not in out


def test_figures_take_files(run: Run, trained: str, tmp_path: Path) -> None:
    target = tmp_path / "frequencies.svg"
    code, _, _ = run("plot", "frequencies", *SMALL, "--network", trained, "-o", str(target))
    assert code == 0 and "mine_1" in target.read_text()


BAD = {
    "missing": (["report", "--network", "nowhere.json"], "nowhere.json: cannot be read (No such file"),
    "folder": (["report", "--network", "/"], "/: cannot be read (Is a directory)"),
    "no network": (["show", "--network", __file__], "is not JSON"),
    "channels": (["report", "--network", "FILE", "--channels", "2"], "--channels: copies channels of constructions"),
    "channels with both": (
        ["report", "--network", "FILE", "--construction", "shift", "--channels", "2"],
        "leave it out with --network",
    ),
    "filter size": (["limits", "--network", "FILE", "--filter-size", "5"], "--filter-size: is for constructions"),
    "filter size of show": (["show", "--network", "FILE", "--filter-size", "5"], "--filter-size: is for constructions"),
    "name and file": (["show", "shift", "--network", "FILE"], "the NAME of a construction, or --network FILE"),
    "neither": (["show"], "the NAME of a construction, or --network FILE"),
    "a stride that does not divide": (["report", "--network", "STRIDED", "--length", "15"], "stride 2 does not divide"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_exit_code_2(run: Run, trained: str, tmp_path: Path, name: str) -> None:
    strided = tmp_path / "strided.json"
    write_network(Network(layers=[Layer(filters=[[[1, 1]]], stride=2)]), strided)
    arguments, words = BAD[name]
    places = {"FILE": trained, "STRIDED": str(strided)}
    code, out, err = run(*(places.get(each, each) for each in arguments))
    assert (code, out) == (2, "") and err.startswith("solver: ") and err.count("\n") == 1 and words in err


@pytest.mark.parametrize("command", ["report", "show", "shuffle", "verify", "limits", "cite"])
def test_networks_on_frames_are_for_frames(run: Run, tmp_path: Path, command: str) -> None:
    file = tmp_path / "frame.json"
    write_network(construct("uniform", FrameTask(shape=8, scale=3)), file)
    code, out, err = run(command, "--network", str(file))
    assert (code, out) == (2, "") and "has filters for a frame, the task is on a ring" in err
    code, out, _ = run("frame", *SMALL, "--network", str(file), "--format", "json")
    assert code == 0 and names(out) == ["uniform"]


def test_networks_on_rings_are_not_for_frames(run: Run, trained: str) -> None:
    code, _, err = run("frame", *SMALL, "--network", trained)
    assert code == 2 and "has filters for a ring, the task is on a frame" in err


def test_all_on_a_frame_are_those_with_a_version_there(run: Run) -> None:
    code, out, _ = run("frame", *SMALL, "--construction", "all", "--format", "json")
    assert code == 0 and names(out) == ["uniform", "shift"]
