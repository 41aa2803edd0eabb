"""The command: what goes where, files that are never lost, one line and exit code 2 for bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import Run

SMALL = ["--length", "14", "--scale", "3", "--construction", "uniform"]


BAD = {
    "unknown option": ["report", "--bogus"],
    "unknown command": ["nothing"],
    "length as text": ["report", "--length", "x"],
    "length of 5000 digits": ["report", "--length", "9" * 5000],
    "short ring": ["report", "--length", "3"],
    "scale": ["report", "--scale", "99"],
    "unreachable scale": ["report", "--scale", "8"],
    "even filter": ["report", "--filter-size", "4"],
    "no channel": ["report", "--channels", "0"],
    "ensemble": ["report", "--distances", "all"],
    "gap": ["report", "--gap", "9"],
    "law": ["report", "--deformation", "wild"],
    "law that does not sum to 1": ["report", "--deformation", "0:1/2 1:1/3"],
    "law with a line break": ["report", "--deformation", "0:1\nx"],
    "code": ["report", "--deformation", "0:__import__('os').getcwd()"],
    "collisions": ["report", "--collisions", "bounce"],
    "law without outcome": [*["report", "--deformation", "1,0:1", "--collisions", "reject"]],
    "noise energy": ["report", "--noise-energy", "-1"],
    "noise energy nan": ["report", "--noise-energy", "nan"],
    "noise of a still law": ["report", "--noise-energy", "exact", "--deformation", "0:1"],
    "construction": ["report", "--construction", "boxes"],
    "seed": ["report", "--seed", "-1"],
    "digits": ["report", "--digits", "0"],
    "format": ["report", "--format", "xml"],
    "folder that is not there": ["report", "-o", "/nowhere/table.tex"],
    "train nowhere": ["train"],
    "train an unknown architecture": ["train", "/nowhere/run", "--architecture", "boxes"],
    "train with a rate of words": ["train", "/nowhere/run", "--learning-rate", "fast"],
    "train too many": ["train", "/nowhere/run", "--images", "1000"],
    "show nothing": ["show"],
    "show unknown": ["show", "boxes"],
    "show too far": ["show", "shift", "--distance", "17"],
    "verify scale": ["verify", "--length", "8", "--scale", "7"],
    "formula: no layer": ["formula", "--in", "l"],
    "formula: point outside the range": ["formula", "--layer", "output", "--in", "l,xi", "--at", "l=14,xi=7"],
    "formula: point of one variable": ["formula", "--layer", "output", "--in", "l,xi", "--at", "l=14"],
    "formula: point as code": ["formula", "--layer", "output", "--at", "l=__import__"],
    "formula: point twice": ["formula", "--layer", "output", "--at", "l=14,l=15"],
    "formula: no formula in xi": ["formula", "--construction", "uniform", "--layer", "last", "--in", "l,xi"],
    "formula: variables": ["formula", "--layer", "output", "--in", "sigma"],
    "formula: quantity": ["formula", "--layer", "output", "--quantity", "Z"],
    "formula: noise rectified twice": ["formula", "--layer", "last", "--quantity", "G", "--latex", "--at", "l=32,xi=7"],
    "formula: noise energy": ["formula", "--layer", "1", "--quantity", "G", "--noise-energy", "x"],
    "formula: law": ["formula", "--layer", "output", "--deformation", "wild"],
    "formula: scale": ["formula", "--layer", "output", "--construction", "uniform", "--scale", "8"],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_exit_code_2(run: Run, name: str) -> None:
    code, out, err = run(*BAD[name])
    assert (code, out) == (2, "")
    assert err.startswith("solver: ") and err.count("\n") == 1 and "Traceback" not in err


def test_bad_input_of_a_whole_process() -> None:
    command = [sys.executable, "-m", "solver.cli", "report", "--scale", "8"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot reach 8; the nearest scales are 7 and 9" in done.stderr and done.stderr.count("\n") == 1


def test_data_goes_to_stdout_only(run: Run) -> None:
    code, out, err = run("report", *SMALL, "--format", "json")
    assert (code, err) == (0, "")
    assert json.loads(out)["networks"][0]["layers"][0]["D"]["exact"] == "175/234"


@pytest.mark.parametrize("form", ["text", "json", "latex"])
def test_file_holds_what_stdout_would(run: Run, tmp_path: Path, form: str) -> None:
    target = tmp_path / "table"
    _, out, _ = run("report", *SMALL, "--format", form)
    code, nothing, err = run("report", *SMALL, "--format", form, "-o", str(target))
    assert (code, nothing, err) == (0, "", f"solver: wrote {target}\n")
    command = f"% solver report {' '.join(SMALL)} --format latex"
    assert target.read_text().replace(f"{command} -o {target}\n", f"{command}\n") == out
    assert os.listdir(tmp_path) == ["table"]


def test_existing_file_survives_bad_input(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "table.tex"
    target.write_text("precious")
    code, _, _ = run("report", "--scale", "8", "-o", str(target))
    assert code == 2 and target.read_text() == "precious" and os.listdir(tmp_path) == ["table.tex"]


def test_existing_file_is_replaced_whole(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "table.tex"
    target.write_text("precious" * 10_000)
    assert run("show", "shift", "-o", str(target))[0] == 0
    assert target.read_text().startswith("shift on l = 32") and "precious" not in target.read_text()


def test_failed_writing_leaves_the_old_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "table.tex"
    target.write_text("precious")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(os, "replace", fail)
    code, _, err = run("show", "shift", "-o", str(target))
    assert (code, err) == (2, f"solver: No space left on device: {target}\n")
    assert target.read_text() == "precious" and os.listdir(tmp_path) == ["table.tex"]


def test_a_folder_is_no_file(run: Run, tmp_path: Path) -> None:
    code, out, err = run("show", "shift", "-o", str(tmp_path))
    assert (code, out) == (2, "") and err.count("\n") == 1 and "is a directory" in err


@pytest.mark.parametrize(
    "command",
    [[], ["report"], ["table"], ["sweep"], ["derive"], ["show"], ["verify"], ["constructions"]],
    ids=lambda c: c and c[0],
)
def test_help_is_cheap(command: list[str]) -> None:
    heavy = ["sympy", "scipy", "torch", "networkx", "flint", "numpy"]
    code = (
        "import sys\nfrom solver.cli import main\n"
        f"try: main({[*command, '--help']})\nexcept SystemExit as e: assert not e.code\n"
        f"print([m for m in {heavy} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: solver") and done.stderr.strip() == "[]"


def test_version(run: Run) -> None:
    from solver import __version__

    assert run("--version") == (0, f"solver, version {__version__}\n", "")


def test_constructions_are_listed(run: Run) -> None:
    code, out, err = run("constructions")
    assert (code, err) == (0, "") and [line.split(":")[0] for line in out.splitlines()[::2]][:2] == ["uniform", "shift"]


def test_all_leaves_out_what_cannot_reach_and_says_so(run: Run) -> None:
    code, out, err = run(
        "report", "--length", "14", "--scale", "2", "--construction", "all", "--format", "json", "--no-cache"
    )
    names = ["shift", "cyclotomic", "strided", "strided-shift"]
    assert code == 0 and [each["construction"] for each in json.loads(out)["networks"]] == names
    assert {line.split(":")[1].strip() for line in err.splitlines()} == {"left out"} and "'uniform'" in err


def test_options_reach_the_report(run: Run) -> None:
    arguments = (
        "--distances flat --gap 1 --deformation mirror --collisions merge --noise-energy exact --rectified-noise"
    )
    code, out, _ = run("report", *SMALL, *arguments.split(), "--channel-mean", "--format", "json", "--digits", "3")
    data = json.loads(out)
    task = {"length": "14", "scale": "3", "distances": "flat", "gap": "1", "labels": "distance"}
    assert code == 0 and data["task"] == task
    assert data["deformation"]["law"] == "mirror" and data["deformation"]["collisions"] == "merge"
    assert data["noise"]["energy"] == data["deformation"]["energy"] and data["noise"]["rectified"] is True
    assert data["channel_mean"] is True and data["networks"][0]["layers"][0]["D"]["value"].strip("0.").__len__() <= 3


def test_seed_changes_sampled_values_only(run: Run) -> None:
    first, again, other = (
        json.loads(run("report", "--length", "10", "--scale", "5", "--construction", "uniform",
                       "--format", "json", "--seed", seed)[1])["networks"][0]["layers"]
        for seed in ("1", "1", "2")
    )  # fmt: skip
    assert first == again
    for layer, changed in zip(first, other, strict=True):
        sampled = layer["G"]["kind"] == "numeric" and "seed" in layer["G"]["method"]
        assert (layer["G"] != changed["G"]) == sampled and layer["D"] == changed["D"]


def test_verify_passes_and_reports_each_check(run: Run) -> None:
    code, out, err = run("verify", *SMALL)
    lines = out.splitlines()
    checks = [line for line in lines if line.startswith("  ok   ")]
    assert (code, err, lines[-1]) == (0, "", f"all {len(checks)} checks agree") and len(checks) > 40


def test_verify_fails_where_a_claim_is_broken(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("solver.report.documents.verification.check_claim", lambda *_: {1: (0, 2)})
    code, out, _ = run("verify", *SMALL)
    assert code == 1 and "  FAIL claim f_p(d), every distance: 1 distances differ" in out
    assert out.splitlines()[-1] == "1 checks failed"


@pytest.mark.parametrize("form", ["text", "latex", "tikz"])
def test_show_has_three_formats(run: Run, form: str) -> None:
    code, out, err = run("show", "shift", "--scale", "5", "--format", form)
    assert (code, err) == (0, "")
    assert {"text": "shift on l = 32", "latex": r"\paragraph{shift}", "tikz": r"\begin{tikzpicture}"}[form] in out
