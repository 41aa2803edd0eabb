"""`solver formula`: the value is the last line, LaTeX comes alone, bad input is one line."""

from __future__ import annotations

import pytest

from solver.cli import main

VALUES = {
    "in l and xi": (["--layer", "last", "--in", "l,xi", "--at", "l=32,xi=7"], "18352/89775"),
    "output": (["--construction", "uniform", "--layer", "output", "--in", "l,xi", "--at", "l=32, xi=7"], "124/1939"),
    "in l": (["--construction", "uniform", "--layer", "3", "--at", "l=32"], "435488/3947085"),
    "in l and k": (["--construction", "uniform", "--in", "l,k", "--at", "l=32,k=2"], "592/4743"),
}


def run(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command in this process: exit code, stdout, stderr."""
    with pytest.raises(SystemExit) as caught:
        main(["formula", *arguments])
    out, err = capfd.readouterr()
    return int(caught.value.code or 0), out, err


@pytest.mark.parametrize("name", VALUES)
def test_value_is_the_last_line(capfd: pytest.CaptureFixture[str], name: str) -> None:
    arguments, value = VALUES[name]
    code, out, err = run(capfd, *arguments)
    lines = out.splitlines()
    assert (code, err, lines[-1]) == (0, "", value)
    assert lines[0].startswith("D = ") and lines[1].startswith("range: ")
    assert lines[2].startswith(("derived: ", "identified: ")) and any("held out" in line for line in lines)


def test_latex_is_all_there_is(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capfd, "--layer", "output", "--in", "l,xi", "--latex")
    assert code == 0 and out.startswith(r"D_{f} = \frac{") and out.count("\n") == 1


BAD = {
    "no layer": ["--in", "l"],
    "point outside the range": ["--layer", "output", "--in", "l,xi", "--at", "l=14,xi=7"],
    "point of one variable": ["--layer", "output", "--in", "l,xi", "--at", "l=14"],
    "point as code": ["--layer", "output", "--at", "l=__import__"],
    "point twice": ["--layer", "output", "--at", "l=14,l=15"],
    "no formula in xi": ["--construction", "uniform", "--layer", "last", "--in", "l,xi"],
    "variables": ["--layer", "output", "--in", "sigma"],
    "quantity": ["--layer", "output", "--quantity", "Z"],
    "law": ["--layer", "output", "--deformation", "wild"],
    "scale": ["--layer", "output", "--construction", "uniform", "--scale", "8"],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_exit_code_2(capfd: pytest.CaptureFixture[str], name: str) -> None:
    code, out, err = run(capfd, *BAD[name])
    assert (code, out) == (2, "")
    assert err.startswith("solver: ") and err.count("\n") == 1
