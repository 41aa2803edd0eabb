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


NOISE = {
    "G": (["--layer", "1", "--in", "l,xi", "--quantity", "G"], "0.377755575679029 (error 1.39E-16)"),
    "rectified": (["--layer", "1", "--quantity", "G", "--rectified-noise"], "16/45"),
    "R of the image": (["--layer", "0", "--quantity", "R"], "61/62"),
    "another energy": (["--layer", "0", "--quantity", "G", "--noise-energy", "4/3"], "16/45"),
    "energy of the ensemble": (["--layer", "0", "--quantity", "R", "--noise-energy", "exact"], "1"),
}


@pytest.mark.parametrize("name", NOISE)
@pytest.mark.parametrize("eliminate", [[], ["--eliminate-sigma"]])
def test_noise_has_its_value_and_error_last(capfd: pytest.CaptureFixture[str], name: str, eliminate: list[str]) -> None:
    arguments, value = NOISE[name]
    code, out, err = run(capfd, *arguments, *eliminate, "--at", "l=32,xi=7")
    lines = out.splitlines()
    assert (code, err, lines[-1]) == (0, "", value)
    assert lines[0].startswith(f"{arguments[arguments.index('--quantity') + 1]} = ")
    assert ("sigma" in lines[0]) == (not eliminate)


def test_owens_t(capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["--construction", "uniform", "--layer", "2", "--quantity", "G", "--at", "l=32"]
    (_, plain, _), (_, owen, _) = run(capfd, *arguments), run(capfd, *arguments, "--owens-t")
    assert "Phi2(" in plain and "Phi2(" not in owen and "OwensT(" in owen
    assert plain.splitlines()[-1] == owen.splitlines()[-1] == "0.477173299432558 (error 3.79E-16)"


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
    "noise rectified twice": ["--layer", "last", "--quantity", "G", "--latex", "--at", "l=32,xi=7"],
    "noise energy": ["--layer", "1", "--quantity", "G", "--noise-energy", "x"],
    "law": ["--layer", "output", "--deformation", "wild"],
    "scale": ["--layer", "output", "--construction", "uniform", "--scale", "8"],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_exit_code_2(capfd: pytest.CaptureFixture[str], name: str) -> None:
    code, out, err = run(capfd, *BAD[name])
    assert (code, out) == (2, "")
    assert err.startswith("solver: ") and err.count("\n") == 1
