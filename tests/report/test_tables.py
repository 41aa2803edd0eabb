"""Tables: columns by name, a group for each construction, rows of layers and scales, nothing wider than the page."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from solver import InputError, Report, Sampling, TwoPixelTask, construct, sensitivities
from solver.report.cells import cell, exact_cell
from solver.report.columns import COLUMNS, DEFAULT_COLUMNS, chosen_columns
from solver.report.documents.show import network_latex
from solver.report.documents.sweep import sweep_latex
from solver.report.layers import chosen_layers
from solver.report.tables import Grid, Row, group, panels
from solver.sensitivity.quantities import NAMES
from solver.sensitivity.sensitivities import Sensitivities
from solver.values import ExactValue, MissingValue, NumericValue
from tests.command import called
from tests.latex import compiles, needs_latex
from tests.quick import quick_sensitivities

TASK = TwoPixelTask(length=32, scale=7)
FEW = Sampling(points=64, replicates=4)


@cache
def result(name: str, scale: int = 7) -> Sensitivities:
    task = TwoPixelTask(length=32, scale=scale)
    return quick_sensitivities(name, task)


@cache
def report(*names: str) -> Report:
    return Report(tuple(result(name) for name in names))


def cells_of(text: str) -> list[list[str]]:
    """The cells of every row of the tables, without dollar signs."""
    lines = [line.removesuffix("*") for line in text.splitlines()]
    rows = [line for line in lines if line.endswith(r" \\") and line.startswith(("$", " & $"))]
    found = [[part.strip().strip("$") for part in row.removesuffix(r" \\").split(" & ")] for row in rows]
    return [row for row in found if row[1:2] != ["layer"] and "multicolumn" not in "".join(row)]


def test_every_value_of_a_layer_is_a_column() -> None:
    assert NAMES == ("D", "G", "G_coherent", "G_incoherent", "R", "G_identity", "price")
    assert set(COLUMNS) == {name + end for name in NAMES for end in ("", "_exact")}
    assert [(each.name, each.exact) for each in chosen_columns(["D", "D_exact"])] == [("D", False), ("D", True)]
    assert [chosen_columns(names)[0].name for names in DEFAULT_COLUMNS] == ["D"] * 4


@pytest.mark.parametrize("names", ["D,Z", "", "D,,G", "d", "layer", "D,G,D"])
def test_unknown_columns_are_refused(names: str) -> None:
    with pytest.raises(InputError, match="columns: "):
        report("shift").to_latex(columns=names)
    with pytest.raises(InputError, match="got none"):
        chosen_columns([])


def test_constructions_stand_side_by_side() -> None:
    text = report("uniform", "shift").to_latex(command="solver report", columns="D,G,R")
    assert text.startswith("% solver report\n") and text.count("{") == text.count("}")
    environments = re.findall(r"\\(begin|end)\{(\w+)\}", text)
    assert environments == [("begin", "table"), ("begin", "tabular"), ("end", "tabular"), ("end", "table")]
    assert r" & \multicolumn{3}{c}{uniform} & \multicolumn{3}{c}{shift} \\" in text
    assert r"\cmidrule(lr){2-4}\cmidrule(lr){5-7}" in text and text.count(r"\caption") == text.count(r"\label") == 1
    rows = cells_of(text)
    assert [row[0] for row in rows] == ["0", "1", "2", "3", "f_p"] and {len(row) for row in rows} == {7}
    assert rows[0] == ["0", "0.699642", "0.711111", "0.983871", "0.699642", "0.711111", "0.983871"]
    for row, *layers in zip(rows, result("uniform").layers, result("shift").layers, strict=True):
        assert row[1:] == [cell(getattr(each, q), 6).strip("$") for each in layers for q in ("D", "G", "R")]


def test_exact_columns_hold_the_known_fractions() -> None:
    text = report("uniform").to_latex(columns="D_exact,D")
    assert [row[1] for row in cells_of(text)] == [
        "976/1395", "2944/11745", "592/4743", "435488/3947085", "124/1939"
    ]  # fmt: skip
    assert r"layer & \multicolumn{2}{c}{$D$} \\" in text and "stackedfrac" not in text
    stacked = report("uniform", "shift").to_latex(columns="D_exact,D,G", width=320)
    assert r"\stackedfrac{435488}{3947085}" in stacked and stacked.count("providecommand{\\stackedfrac}") == 1


def test_columns_unless_told_are_the_most_that_fit_side_by_side() -> None:
    for names, width, columns in (
        (("uniform",), None, 0),
        (("uniform", "shift"), 430, 1),
        (("uniform", "shift"), None, 2),
    ):
        found, asked = (report(*names).to_latex(columns=each, width=width) for each in (None, DEFAULT_COLUMNS[columns]))
        assert found == asked and found.count(r"\begin{tabular}") == 1
    assert report("uniform", "shift", "uniform").to_latex().count(r"\begin{tabular}") == 2


def test_constructions_of_other_depth_leave_blanks() -> None:
    shallow = construct("uniform", TwoPixelTask(length=32, scale=5))
    other = sensitivities(shallow, TASK, sampling=FEW)
    rows = cells_of(Report((other, result("shift"))).to_latex(columns="D"))
    assert [row[0] for row in rows] == ["0", "1", "2", "3", "f_p"]
    assert [bool(row[1]) for row in rows] == [True, True, True, False, True] and all(row[2] for row in rows)


def test_a_table_too_wide_is_cut_into_panels_that_fit() -> None:
    layer = result("shift").layers[3]
    long = ExactValue(Fraction(10**37 + 1, 3**70), "made up")
    columns, layers = (
        chosen_columns("D_exact,D,R_exact,G"),
        {0: replace(layer, values={**layer.values, "D": long, "R": long})},
    )
    grid = Grid(("layer",), (Row(0, ("$0$",)),), tuple(group(name, columns, layers, 9) for name in ("a", "b")))
    for width in (60, 200, 345, 800):
        parts = panels(grid, width)
        assert all(part.width <= width or part.columns.count("r") + part.columns.count("c") == 2 for part in parts)
        heads = [part.head.count("$") // 2 + part.head.count("{2}{c}{$D$}") for part in parts]
        assert sum(heads) == 8
    assert [len(panels(grid, width)) for width in (60, 345, 800, 1000)] == [8, 4, 2, 1]


def test_cells() -> None:
    assert cell(NumericValue(0.5255742060413, 2e-13, "m"), 6) == "$0.525574$"
    assert cell(NumericValue(232.1, 0.2, "m"), 6) == "$232.1(3)$"
    assert cell(ExactValue(Fraction(1, 3 * 10**30), "m"), 3) == r"$3.33\times 10^{-31}$"
    assert cell(MissingValue("why"), 6) == cell(None, 6) == "--"
    half = ExactValue(Fraction(-1, 2), "m")
    assert exact_cell(half, stacked=False) == "$-1/2$" and exact_cell(half, stacked=True) == r"$-\stackedfrac{1}{2}$"
    assert exact_cell(ExactValue(Fraction(10**50), "m"), stacked=True) == r"$\cdots$"
    assert exact_cell(ExactValue(Fraction(3), "m"), stacked=True) == "$3$"
    assert exact_cell(NumericValue(1.0, 0.1, "m"), stacked=True) == exact_cell(MissingValue("why"), stacked=True) == ""


def sweep(layers: str, **options: Any) -> str:
    found: dict[int, dict[str, Sensitivities]] = {
        3: {name: result(name, 3) for name in ("uniform", "shift")},
        4: {"shift": result("shift", 4)},
        5: {name: result(name, 5) for name in ("uniform", "shift")},
    }
    return sweep_latex(found, chosen_layers(layers), 6, "solver table", **options)


def test_a_sweep_has_a_row_for_each_scale_and_layer() -> None:
    text = sweep("output,last", columns="D_exact")
    assert text.startswith("% solver table\n% needs longtable") and r"\xi=3,4,5$" in text
    rows = cells_of(text)
    assert [row[:2] for row in rows] == [["3", "1"], ["", "f_p"], ["4", "2"], ["", "f_p"], ["5", "2"], ["", "f_p"]]
    assert [row[2] for row in rows] == ["6448/13311", "124/411", "", "", "5456/25023", "124/1095"]
    assert [row[3] for row in rows] == [
        str(result("shift", xi).layers[k].D.exact) for xi in (3, 4, 5) for k in (-2, -1)
    ]
    body = text[text.index(r"\endlastfoot") :]
    assert body.count(r"\midrule") == 2 and body.count(r"\\*") == 3
    assert r"\\*" not in sweep("output", columns="D")
    assert sweep("output", columns="D")[text.index(r"\endlastfoot") :].count(r"\midrule") == 0


def test_a_sweep_shows_the_layers_that_are_there() -> None:
    assert [row[:2] for row in cells_of(sweep("2", columns="D"))] == [["4", "2"], ["5", "2"]]
    assert len(cells_of(sweep("all", columns="D"))) == 3 + 4 + 4
    with pytest.raises(InputError, match="no network here has any of 9"):
        sweep("9")
    for bad in ("first", "1,1", "-1", "", "01"):
        with pytest.raises(InputError, match="layers: "):
            chosen_layers(bad)


def test_d_alone_is_the_d_of_the_whole() -> None:
    for name, xi in (("uniform", 5), ("shift", 4), ("shift", 7)):
        whole = result(name, xi)
        alone = sensitivities(
            whole.network, whole.task, deformation=whole.deformation, noise=whole.noise, quantities=("D",)
        )
        assert [each.D for each in alone.layers] == [each.D for each in whole.layers]
        assert [each.name for each in alone.layers] == [each.name for each in whole.layers]
        text = Report((alone,)).to_latex(columns="D_exact,D")
        assert "noise" not in text and cells_of(text) == cells_of(Report((whole,)).to_latex(columns="D_exact,D"))


def test_d_alone_costs_no_noise(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("solver.sensitivity.quantities.answered_choices")
    code, out, _ = called(capfd, "table", "--scales", "3..9", "--columns", "D", "--layers", "output", "--length", "50")
    assert code == 0 and len(cells_of(out)) == 7


def test_command_makes_the_table_and_is_recorded(capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["table", "--scales", "3..4", "--layers", "last", "--columns", "D_exact", "--length", "12"]
    code, out, err = called(capfd, *arguments, "--no-cache")
    assert code == 0 and out.startswith(f"% solver {' '.join(arguments)} --no-cache\n")
    assert [row[:2] for row in cells_of(out)] == [["3", "1"], ["4", "2"]]
    assert err.count("left out: 'uniform'") == 1
    code, out, _ = called(capfd, "report", "--length", "12", "--scale", "3", "--format", "latex", "--columns", "R, D")
    assert code == 0 and {len(row) for row in cells_of(out)} == {5}


BAD = {
    "columns": ["report", "--format", "latex", "--columns", "Q"],
    "columns of text": ["report", "--columns", "D"],
    "width of JSON": ["report", "--format", "json", "--width", "300"],
    "no scale": ["table", "--scales", ""],
    "scales backwards": ["table", "--scales", "5..3"],
    "scale too large": ["table", "--scales", "3,99"],
    "nothing reaches": ["table", "--scales", "4", "--construction", "uniform"],
    "layers": ["table", "--layers", "first"],
    "table columns": ["table", "--columns", "D,Q"],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_ends_with_exit_code_2(capfd: pytest.CaptureFixture[str], name: str) -> None:
    code, out, err = called(capfd, *BAD[name])
    lines = [line for line in err.splitlines() if "left out" not in line]
    assert (code, out, len(lines)) == (2, "", 1) and lines[0].startswith("solver: ")


@cache
def pages() -> str:
    names, both = list(COLUMNS), report("uniform", "shift")
    tables = [both.to_latex(columns=names[i : i + 5]) for i in range(0, len(names), 5)]
    tables += [both.to_latex(digits=9), report("uniform", "shift", "uniform").to_latex()]
    tables += [sweep("all"), sweep("output,last", columns="D_exact,D,G,R,price")]
    return "\n\\clearpage\n".join(tables)


@needs_latex
@pytest.mark.parametrize("packages", ["", r"\usepackage{booktabs}"], ids=["bare", "booktabs"])
def test_every_table_compiles_and_stays_on_the_page(packages: str, tmp_path: Path) -> None:
    assert "Overfull" not in compiles(pages(), rf"\usepackage{{longtable}}{packages}", tmp_path)


@needs_latex
@pytest.mark.slow
def test_a_network_compiles(tmp_path: Path) -> None:
    compiles(network_latex(construct("shift", TASK, channels=2), TASK, 3), "", tmp_path)
