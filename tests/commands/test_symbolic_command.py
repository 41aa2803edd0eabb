"""`solver formula`: the value is the last line, LaTeX comes alone, and nothing else."""

from __future__ import annotations

import pytest

from tests.command import Run

VALUES = {
    "in l and xi": (["--layer", "last", "--in", "l,xi", "--at", "l=32,xi=7"], "18352/89775"),
    "output": (["--construction", "uniform", "--layer", "output", "--in", "l,xi", "--at", "l=32, xi=7"], "124/1939"),
    "in l": (["--construction", "uniform", "--layer", "3", "--at", "l=32"], "435488/3947085"),
    "in l and k": (["--construction", "uniform", "--in", "l,k", "--at", "l=32,k=2"], "592/4743"),
}


@pytest.mark.parametrize("name", VALUES)
def test_value_is_the_last_line(run: Run, name: str) -> None:
    arguments, value = VALUES[name]
    code, out, err = run("formula", *arguments)
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
def test_noise_has_its_value_and_error_last(run: Run, name: str, eliminate: list[str]) -> None:
    arguments, value = NOISE[name]
    code, out, err = run("formula", *arguments, *eliminate, "--at", "l=32,xi=7")
    lines = out.splitlines()
    assert (code, err, lines[-1]) == (0, "", value)
    assert lines[0].startswith(f"{arguments[arguments.index('--quantity') + 1]} = ")
    assert ("sigma" in lines[0]) == (not eliminate)


def test_owens_t(run: Run) -> None:
    arguments = ["--construction", "uniform", "--layer", "2", "--quantity", "G", "--at", "l=32"]
    (_, plain, _), (_, owen, _) = run("formula", *arguments), run("formula", *arguments, "--owens-t")
    assert "Phi2(" in plain and "Phi2(" not in owen and "OwensT(" in owen
    assert plain.splitlines()[-1] == owen.splitlines()[-1] == "0.477173299432558 (error 3.79E-16)"


def test_latex_is_all_there_is(run: Run) -> None:
    code, out, _ = run("formula", "--layer", "output", "--in", "l,xi", "--latex")
    assert code == 0 and out.startswith(r"D_{f} = \frac{") and out.count("\n") == 1
