"""Sweeps: cells are what `sensitivities` gives, whatever runs them; an interrupted sweep ends as a whole one."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from solver import Deformation, GaussianNoise, InputError, Sampling, TwoPixelTask, construct, sensitivities
from solver.cli import main
from solver.errors import MissingDependencyError, NotApplicableError
from solver.network.changed.wider import scaled_copies
from solver.network.trace import response
from solver.plots.style import COLORS
from solver.plots.sweep import sweep_figure
from solver.sensitivity.quantities import NAMES
from solver.sweep.answer import cell_answer, recorded_layer
from solver.sweep.grid import AXES, Settings, Sweep
from solver.sweep.results import SweepResults, read_json
from solver.sweep.run import run_sweep
from solver.sweep.state import HEADER, State
from solver.values import MissingValue
from tests.latex import compiles, needs_latex

ALONE = Settings(deformation_only=True)
FEW = Settings(method="sampling", sampling=Sampling(points=16, replicates=2))
CHEAP = Sweep(scale=(3, 4), distances=("pairs", "flat"), settings=ALONE)
NOISY = Sweep(length=12, scale=3, noise_energy=("8/3", 1), channels=(1, "1:2"), settings=FEW)


def layers(found: SweepResults, number: int = 0) -> list[dict[str, Any]]:
    return list(found.answers[number]["layers"])


def test_a_cell_is_what_sensitivities_gives() -> None:
    sweep = Sweep(
        length=20,
        scale=5,
        channels="2:1/2",
        distances="balanced",
        gap=1,
        deformation="mirror",
        collisions="merge",
        noise_energy="exact",
        construction="shift",
        settings=Settings(rectified=True, channel_mean=True, sampling=Sampling(points=16, replicates=2)),
    )
    task = TwoPixelTask(length=20, scale=5, distances="balanced", gap=1)
    wanted = sensitivities(
        scaled_copies(construct("shift", task), [2, "1/2"]),
        task,
        deformation=Deformation(law="mirror", collisions="merge"),
        noise=GaussianNoise(energy="exact", rectified=True),
        channel_mean=True,
        sampling=Sampling(points=16, replicates=2),
    )
    found = run_sweep(sweep)
    assert found.answers[0]["widths"] == ["6", "2"]
    for got, layer in zip(layers(found), wanted.layers, strict=True):
        assert (got["layer"], got["name"]) == (str(layer.layer), layer.name)
        for name in NAMES:
            value = getattr(layer, name)
            assert got[name]["kind"] == value.kind
            if not isinstance(value, MissingValue):
                assert (got[name]["value"], got[name]["error"]) == tuple(map(str, value.bounded(15)))
                assert got[name]["exact"] == (None if value.exact is None else str(value.exact))
                back = getattr(recorded_layer(got), name)
                assert back.kind == value.kind and float(back) == pytest.approx(float(value), rel=1e-14)


def test_known_values_come_out() -> None:
    found = run_sweep(Sweep(settings=ALONE))
    assert [each["D"]["exact"] for each in layers(found)] == [
        "976/1395", "2944/11745", "592/4743", "435488/3947085", "124/1939"
    ]  # fmt: skip
    assert str(found.layers(1)[3].D.exact) == "18352/89775"
    assert "G" not in layers(found)[0] and found.layers(0)[3].G.kind == "missing"


def test_axes_are_canonical_and_in_grid_order() -> None:
    same = Sweep(noise_energy=("2.5", "5/2"), channels=("2", 2, "1:0.5"), deformation="-1:1/4 0:1/2 1:1/4")
    assert same.noise_energy == ("5/2",) and same.channels == ("2", "1:1/2")
    assert same.deformation == (Deformation(law="-1:1/4 0:1/2 1:1/4").name,)
    assert same.varied == ["channels", "construction"]
    places = [(cell["channels"], cell["construction"]) for cell in same.cells]
    assert places == [("2", "uniform"), ("2", "shift"), ("1:1/2", "uniform"), ("1:1/2", "shift")]
    texts = [Sweep(settings=each).cells[0].text for each in (Settings(), ALONE, FEW, Settings(digits=3))]
    assert len(set(texts)) == 4


BAD = {
    "float": {"noise_energy": 0.5},
    "construction": {"construction": "boxes"},
    "ensemble": {"distances": ("pairs", "all")},
    "scale": {"scale": 1},
    "fraction": {"length": "63/2"},
    "scales": {"channels": "1:-2"},
    "no value": {"gap": ()},
    "law": {"deformation": "wild"},
    "too many": {"length": range(4, 2000), "noise_energy": range(1, 1000)},
    "method": {"settings": "guess"},
}


@pytest.mark.parametrize("name", BAD)
def test_bad_grids_are_refused(name: str) -> None:
    with pytest.raises(InputError):
        Settings(method="guess") if name == "method" else Sweep(**BAD[name])


def test_cells_that_cannot_exist_are_rows_with_a_reason() -> None:
    found = run_sweep(Sweep(scale=(4, 17), gap=(0, 9), settings=ALONE))
    reasons = [each.get("why") for each in found.answers]
    assert "cannot reach 4" in reasons[0] and reasons[1] is None and "gap: 9" in reasons[2]
    assert all("at most half the length" in why for why in reasons[4:])
    rows = list(csv.DictReader(io.StringIO(found.to_csv(["output"], ["D"]))))
    assert [row["why"] for row in rows] == [why or "" for why in reasons] and rows[1]["D_exact"]
    assert [cell.get("why") for cell in read_json(found.to_json(["output"], ["D"]))] == reasons
    forced = cell_answer(Sweep(construction="uniform", settings=Settings(method="series")).cells[0])
    assert "'series' does not apply" in forced["why"]


class StopError(Exception):
    """Stands for whatever ends a process."""


def stopped(sweep: Sweep, state: Path, at: int) -> None:
    def progress(done: int, total: int) -> None:
        if done == at:
            raise StopError

    with pytest.raises(StopError):
        run_sweep(sweep, state=state, progress=progress)


@pytest.mark.parametrize("sweep", [CHEAP, NOISY], ids=["D", "all"])
def test_an_interrupted_sweep_ends_as_a_whole_one(tmp_path: Path, sweep: Sweep) -> None:
    whole, state = run_sweep(sweep), tmp_path / "cells"
    stopped(sweep, state, 2)
    with state.open("ab") as file:
        file.write(b'{"question": "torn')
    stopped(sweep, state, 4)
    lines = state.read_text().splitlines(keepends=True)
    assert lines[0] == HEADER and len(lines) == 5
    seen: list[int] = []
    resumed = run_sweep(sweep, state=state, progress=lambda done, total: seen.append(done))
    assert seen == list(range(4, len(sweep.cells) + 1))
    for form in ("to_csv", "to_json", "to_latex", "to_markdown"):
        assert getattr(resumed, form)(["output"], ["D"]) == getattr(whole, form)(["output"], ["D"])


def test_finished_cells_serve_a_larger_grid(tmp_path: Path) -> None:
    state, seen = tmp_path / "cells", []
    run_sweep(CHEAP, state=state)
    wider = Sweep(scale=(3, 4, 5), distances=("pairs", "flat"), settings=ALONE)
    assert run_sweep(wider, state=state, progress=lambda done, total: seen.append(done)) == run_sweep(wider)
    assert seen[0] == len(CHEAP.cells)


def test_state_that_is_none_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "cells"
    for content in ("precious", "precious\n", HEADER + "{}\n", HEADER + '{"question": 1, "answer": {"why": ""}}\n'):
        path.write_text(content)
        with pytest.raises(InputError, match="state: "):
            State(path).opened()
        assert path.read_text() == content
    for torn in ("", HEADER[:9]):
        path.write_text(torn)
        assert State(path).opened() == {} and path.read_text() == HEADER


def test_all_cores_give_what_one_gives() -> None:
    assert run_sweep(CHEAP, jobs=2) == run_sweep(CHEAP)
    with pytest.raises(InputError, match="jobs"):
        run_sweep(CHEAP, jobs=0)


def test_a_cluster_gives_what_one_core_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as local:
        address = local.scheduler_address
        assert run_sweep(CHEAP, cluster=address) == run_sweep(CHEAP)
        monkeypatch.setattr("solver.sweep.run._version", lambda: "0.0.0")
        with pytest.raises(NotApplicableError, match=r"run solver 0\.0\.0"):
            run_sweep(CHEAP, cluster=address)
    for address in ("nonsense", "foo://bar"):
        with pytest.raises(InputError, match="no Dask scheduler answers"):
            run_sweep(CHEAP, cluster=address)


def test_a_cluster_without_distributed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(MissingDependencyError, match=r"\[cluster\]"):
        run_sweep(CHEAP, cluster="tcp://127.0.0.1:8786")


def command(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["sweep", *arguments])
    return int(caught.value.code or 0)


def test_command_writes_every_format_and_resumes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [tmp_path / f"out.{kind}" for kind in ("csv", "json", "tex")]
    given = ["--scale", "3..5", "--deformation", "rigid,mirror", "--deformation", "0:1/2 1:1/2", "--quantities", "D"]
    given += [part for name in names for part in ("-o", str(name))]
    assert command(*given) == 0
    first = [name.read_text() for name in names]
    assert "3 of 18 cells do not exist" in capsys.readouterr().err
    assert len((tmp_path / "out.csv.cells").read_text().splitlines()) == 19
    assert command(*given) == 0 and [name.read_text() for name in names] == first
    cells = read_json(first[1])
    assert len(cells) == 18 and set(AXES) <= set(cells[0])
    assert first[2].startswith("% solver sweep --scale 3..5") and r"$\xi$ & displacements & layer" in first[2]
    assert "scale=4 deformation=rigid construction=uniform left out: 'uniform'" in first[2]


@needs_latex
def test_longtable_compiles(tmp_path: Path) -> None:
    found = run_sweep(Sweep(scale=(3, 4, 20), deformation=("mirror", "0:1/2 1:1/2"), settings=ALONE))
    log = compiles(found.to_latex(["last", "output"], "D_exact,D"), r"\usepackage{longtable}", tmp_path)
    assert "Overfull" not in log


def test_command_prints_csv_unless_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--scale", "3", "--quantities", "D", "--jobs", "1") == 0
    out, err = capsys.readouterr()
    assert out == run_sweep(Sweep(scale=3, settings=ALONE)).to_csv(["last", "output"], ["D"]) and err == ""


@pytest.mark.parametrize(
    "given",
    [
        ["--scale", "x"],
        ["--quantities", "D,D"],
        ["--quantities", "Z"],
        ["--layers", "first"],
        ["-o", "out.txt"],
        ["--format", "csv", "-o", "out.csv"],
        ["--construction", "boxes"],
        ["--channels", "0"],
        ["--quantities", "D", "--columns", "G", "--format", "tex", "--scale", "3"],
    ],
)
def test_bad_commands_are_refused(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command(*given) == 2
    assert capsys.readouterr().err.startswith("solver: ")


def test_figure_has_a_line_for_each_other_choice(tmp_path: Path) -> None:
    sweep = Sweep(scale=(3, 5, 7), length=(32, 64), settings=ALONE)
    cells = read_json(run_sweep(sweep).to_json(["all"], ["D"]))
    place = sweep_figure(cells, "xi", "D", "output").axes[0]
    lines = [each.lines[0] for each in place.containers]
    assert [list(line.get_xdata()) for line in lines] == [[3, 5, 7]] * 4
    uniform = [float(run_sweep(sweep).layers(i)[-1].D) for i in (0, 2, 4)]
    assert list(lines[0].get_ydata()) == pytest.approx(uniform, rel=1e-11)
    names = [text.get_text() for text in place.get_legend().get_texts()]
    assert names[0] == r"$\ell=32$, uniform" and place.get_xlabel() == r"$\xi$"
    alone = read_json(run_sweep(Sweep(scale=(3, 5), settings=ALONE)).to_json(["all"], ["D"]))
    drawn = [each.lines[0].get_color() for each in sweep_figure(alone, "xi", "D", "output").axes[0].containers]
    assert drawn == [COLORS["uniform"], COLORS["shift"]]
    words = sweep_figure(cells, "construction", "D", "last").axes[0]
    assert [text.get_text() for text in words.get_xticklabels()] == ["uniform", "shift"]
    (tmp_path / "sweep.json").write_text(run_sweep(sweep).to_json(["all"], ["D"]))
    with pytest.raises(SystemExit) as caught:
        main(["plot", "sweep", str(tmp_path / "sweep.json"), "-o", str(tmp_path / "sweep.svg")])
    assert not caught.value.code and (tmp_path / "sweep.svg").stat().st_size > 1000


def test_figures_that_cannot_be_drawn_are_refused() -> None:
    cells = read_json(run_sweep(CHEAP).to_json(["output"], ["D"]))
    for x, quantity, layer in (("z", "D", "output"), ("xi", "Z", "output"), ("xi", "D", "all"), ("xi", "G", "output")):
        with pytest.raises(InputError):
            sweep_figure(cells, x, quantity, layer)
    with pytest.raises(InputError, match="lines"):
        sweep_figure([cell | {"gap": str(i)} for i in range(13) for cell in cells], "xi", "D", "output")
    for text in ("", "{}", json.dumps({"schema": "solver.sweep/1", "cells": [{}]}), '{"schema": "other", "cells": []}'):
        with pytest.raises(InputError, match=r"solver\.sweep/1"):
            read_json(text)


@pytest.mark.parametrize(("name", "total"), [("uniform", 27), ("shift", 7), ("shift-mixed", 27), ("cyclotomic", 7)])
def test_only_merged_pixels_show_the_output_which_network_it_is(name: str, total: int) -> None:
    """Two pixels on one site give f_p = xi for `add`, one that is left xi - S for `merge`, S the sum of the kernel."""
    network = construct(name, TwoPixelTask(length=32, scale=7))
    images = np.zeros((2, 32), dtype=np.int64)
    images[:, 3] = 2, 1
    assert response(network, images) == [7, 7 - total]
