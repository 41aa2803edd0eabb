"""Runs side by side: ranks by hand, what is read back, the data of figures, and the kept numbers from the networks."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from statistics import mean, median
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from solver import InputError, Sampling, TwoPixelTask  # noqa: E402
from solver.report.documents.outcomes import outcomes_json, outcomes_text, read_outcomes  # noqa: E402
from solver.report.documents.training import HISTORY  # noqa: E402
from solver.sensitivity.results import LayerValues  # noqa: E402
from solver.train.history import Moment  # noqa: E402
from solver.train.outcomes import Outcome, correlations, families, outcome, settings  # noqa: E402
from solver.train.record import Checkpoint, read_record  # noqa: E402
from solver.train.run import train  # noqa: E402
from solver.train.training import Architecture, Training  # noqa: E402
from solver.values import MissingValue, NumericValue  # noqa: E402
from tests.command import called  # noqa: E402

TRAINED = Path(__file__).resolve().parents[2] / "examples" / "trained"
KEPT = TRAINED / "histories.json"
TINY = Training(
    task=TwoPixelTask(length=10, scale=4, distances="balanced"),
    architecture=Architecture(layers=1, channels=2),
    images=12,
    optimizer="adam",
    learning_rate="1/50",
    steps=10,
    per_decade=0,
    grid_bits=6,
)
FEW = {"shuffles": 2, "sampling": Sampling(points=16, replicates=2)}


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three tiny runs: two seeds of one family, and one of another."""
    folder = tmp_path_factory.mktemp("runs")
    configurations = {"a": TINY, "b": replace(TINY, seed=1), "c": replace(TINY, learning_rate="1/20")}
    for name, training in configurations.items():
        train(training, folder / name, device="cpu")
    return [folder / name for name in configurations]


@pytest.fixture(scope="module")
def found(paths: list[Path]) -> list[Outcome]:
    """What they became."""
    return [outcome(path, **FEW) for path in paths]


def made(P: int, error: str, value: float, seed: int = 0) -> Outcome:
    """A run of P images that ends at a test error, with R, D and G of every layer at one value, -value, and value^2."""
    error_free = Checkpoint(1, "step-1.json", Fraction(0), Fraction(0), Fraction(error))
    numbers = {"R": value, "D": -value, "G": value**2}
    values: dict[str, Any] = {name: NumericValue(each, 0.0, "made") for name, each in numbers.items()}
    missing = MissingValue("made")
    layers = [LayerValues(k, "hidden", values | {"D_shuffled": missing, "filter_frequency": missing}) for k in range(3)]
    return Outcome(f"{P}-{seed}", replace(TINY, images=P, seed=seed), (Moment(error_free, tuple(layers)),))


def plain_rank(values: list[float]) -> list[float]:
    """How many values are smaller, ties counted half."""
    return [sum((v < w) + 0.5 * (v == w) for v in values) for w in values]


def plain_correlation(x: list[float], y: list[float]) -> float:
    """Pearson's."""
    a, b = ([v - mean(each) for v in each] for each in (x, y))
    return sum(u * v for u, v in zip(a, b, strict=True)) / (sum(u * u for u in a) * sum(v * v for v in b)) ** 0.5


SOME = [
    *(made(6, "1/2", 3.0), made(6, "1/3", 5.0, 1), made(6, "1/4", 2.0, 2)),
    *(made(9, "1/5", 1.5), made(9, "0", 0.5, 1), made(9, "0", 1.0, 2)),
]


def test_correlation_over_all_runs() -> None:
    errors, values = [each.test_error() or 0.0 for each in SOME], [each.number("R_f") or 0.0 for each in SOME]
    by = {(each.measure, each.among): each for each in correlations(SOME)}
    expected = plain_correlation(plain_rank(errors), plain_rank(values))
    assert by["R_f", "all"].rho == pytest.approx(expected) == pytest.approx(by["G_f", "all"].rho)
    assert by["D_f", "all"].rho == pytest.approx(-expected)
    assert (by["R_f", "all"].runs, by["R_f", "all"].errors) == (6, 5)


def test_correlation_is_scipys() -> None:
    from scipy.stats import spearmanr

    errors, values = [each.test_error() for each in SOME], [each.number("R_L") for each in SOME]
    (found,) = (each for each in correlations(SOME) if (each.measure, each.among) == ("R_L", "all"))
    assert found.rho == pytest.approx(spearmanr(errors, values).statistic)


def test_correlation_within_and_for_each_number_of_images() -> None:
    by = {each.among: each for each in correlations(SOME) if each.measure == "R_f"}
    assert by["P = 6"].rho == pytest.approx(0.5) and by["P = 9"].rho == pytest.approx(0.75**0.5)
    # Centred ranks (1, 0, -1; 1, -1/2, -1/2) and (0, 1, -1; 1, -1, 0): 1 + 3/2 over sqrt(7/2 * 4).
    assert by["within P"].rho == pytest.approx(2.5 / 14**0.5)


def test_images_alone_make_no_correlation_within() -> None:
    """Errors and R that both fall with P agree over all runs, and say nothing within P."""
    runs = [made(6, "1/2", 4.0), made(6, "1/2", 4.5, 1), made(9, "0", 1.0), made(9, "0", 1.5, 1)]
    by = {each.among: each for each in correlations(runs) if each.measure == "R_f"}
    assert (by["all"].rho or 0) > 0.8 and by["within P"].rho is None and by["P = 6"].rho is None


def test_families_and_settings(found: list[Outcome]) -> None:
    assert [[each.name for each in family] for family in families(found)] == [["a", "b"], ["c"]]
    assert [[each.name for each in panel] for panel in settings(found)] == [["a", "b", "c"]]


def test_runs_are_read_back(found: list[Outcome], tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    path.write_text(outcomes_json(found, 12))
    read = read_outcomes(path)
    assert [(each.name, each.training) for each in read] == [(each.name, each.training) for each in found]
    for before, after in zip(found, read, strict=True):
        assert [m.checkpoint for m in after.moments] == [m.checkpoint for m in before.moments]
        for a, b in zip(before.moments[-1].layers, after.moments[-1].layers, strict=True):
            for name in (each.name for each in HISTORY):
                assert float(getattr(b, name)) == pytest.approx(float(getattr(a, name)), rel=1e-11, nan_ok=True)


BROKEN = {
    "no json": lambda text: text[1:],
    "schema": lambda text: text.replace("solver.histories/1", "solver.histories/9"),
    "a field": lambda text: text.replace('"layers"', '"maps"'),
    "a file outside": lambda text: text.replace('"step-', '"../step-'),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused(name: str, found: list[Outcome], tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    path.write_text(BROKEN[name](outcomes_json(found)))
    with pytest.raises(InputError, match="holds no runs"):
        read_outcomes(path)


def test_text_holds_the_numbers(found: list[Outcome]) -> None:
    text = outcomes_text(found)
    for each in found:
        (line,) = (line for line in text.splitlines() if line.startswith(f"{each.name} "))
        assert f"{float(each.moments[-1].layers[-1].D):.3g}" in line.split()
    middle = median(float(each.moments[-1].layers[1].D) for each in found[:2])
    rows = [line.split() for line in text.splitlines()]
    assert next(row for row in rows if row[:1] == ["last"])[2] == f"{middle:.3g}"
    assert "runs" not in outcomes_text(found, ["layers"]) and text.count("medians of") == 2


@pytest.mark.parametrize("tables", [["all"], []])
def test_tables_are_chosen_by_name(tables: list[str], found: list[Outcome]) -> None:
    with pytest.raises(InputError, match=r"^tables: "):
        outcomes_text(found, tables)


QUICKLY = ("--points", "16", "--shuffles", "2")


def test_command_prints_one_run(paths: list[Path], capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capfd, "history", str(paths[0]), *QUICKLY)
    assert code == 0 and out.startswith("12 training images, seed 0, adam; ")
    exact = outcome(paths[0], **FEW).moments
    lines = out.splitlines()
    at = lines.index("D") + 2
    for line, moment in zip(lines[at : at + len(exact)], exact, strict=True):
        assert [float(cell) for cell in line.split()[1:]] == pytest.approx(
            [float(layer.D) for layer in moment.layers], rel=1e-3
        )
    assert "frequency of the filters" in lines


def test_command_writes_one_run_at_chosen_steps(paths: list[Path], capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capfd, "history", str(paths[0]), *QUICKLY, "--steps", "0", "--format", "json")
    record = json.loads(out)
    assert code == 0 and record["schema"] == "solver.history/1" and [m["step"] for m in record["moments"]] == [0]


def test_command_puts_runs_side_by_side(paths: list[Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "runs.json"
    code, out, _ = called(capfd, "history", *map(str, paths[:2]), *QUICKLY, "--format", "json", "-o", str(kept))
    assert (code, out) == (0, "")
    code, out, _ = called(capfd, "history", str(kept), "--tables", "runs")
    assert code == 0 and [line.split()[0] for line in out.splitlines()[3:5]] == ["a", "b"]


def test_command_refuses(paths: list[Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    a, b = str(paths[0]), str(paths[1])
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    for arguments, said in (
        ([a, b, "--steps", "0"], "is for one run"),
        ([a, a, *QUICKLY], "two are called 'a'"),
        ([str(wrong)], "holds no runs"),
        ([a, "--steps", "7"], "no checkpoint at 7"),
        ([a, "--shuffles", "1"], "shuffles"),
        ([str(tmp_path)], "holds no training.json"),
        ([str(tmp_path / "nothing")], "holds no training.json"),
        ([str(tmp_path / "nothing.json")], "No such file"),
    ):
        code, out, err = called(capfd, "history", *arguments)
        assert (code, out) == (2, "") and said in err and err.count("\n") == 1


def test_run_without_a_checkpoint_is_refused(paths: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "begun"
    folder.mkdir()
    record = read_record(paths[0])
    (folder / "training.json").write_text(replace(record, checkpoints=(), finished=None).to_json())
    with pytest.raises(InputError, match="no checkpoint yet"):
        outcome(folder, **FEW)


def test_error_figure_draws_the_runs(found: list[Outcome]) -> None:
    pytest.importorskip("matplotlib")
    from solver.plots.outcomes import error_figure

    (axis,) = error_figure(found, "D_f").axes
    before, after = axis.lines
    for line, moment in ((before, 0), (after, -1)):
        points = [(each.number("D_f", moment), each.test_error(moment)) for each in found]
        known = [point for point in points if point[0] is not None]
        assert known and list(zip(line.get_xdata(), line.get_ydata(), strict=True)) == known
    assert after.get_label() == "$P = 12$" and before.get_markerfacecolor() == "none"
    with pytest.raises(InputError, match="measure"):
        error_figure(found, "R")
    with pytest.raises(InputError, match="at least one"):
        error_figure([])


def test_error_figure_tells_numbers_of_images_apart() -> None:
    pytest.importorskip("matplotlib")
    from solver.plots.outcomes import error_figure

    (axis,) = error_figure(SOME).axes
    trained = axis.lines[1::2]
    assert [line.get_label() for line in trained] == ["$P = 6$", "$P = 9$"]
    assert len({line.get_marker() for line in trained}) == len({line.get_color() for line in trained}) == 2


def test_layers_figure_draws_medians_and_what_is_built_by_hand() -> None:
    pytest.importorskip("matplotlib")
    from solver.network.frequency.content import mean_filter_frequency
    from solver.plots.outcomes import by_hand, layers_of_runs_figure
    from solver.plots.training import least_deformations

    runs = [each for each in read_outcomes(KEPT) if each.name.startswith("slides-P6-")]
    references = by_hand(runs[0].training)
    assert [each.network.name for each in references] == ["uniform", "shift"]
    axes = layers_of_runs_figure(runs, references).axes
    for axis, name in zip(axes, ("D", "G", "R", "filter_frequency"), strict=True):
        drawn = {line.get_label(): list(line.get_ydata()) for line in axis.lines}
        for label, moment in (("before training", 0), ("trained, $P = 6$", -1)):
            columns = zip(*(each.moments[moment].layers for each in runs), strict=True)
            values = [[float(getattr(layer, name)) for layer in column] for column in columns]
            assert drawn[label] == [median(column) for column in values if column[0] == column[0]]
    drawn = {line.get_label(): list(line.get_ydata()) for line in axes[0].lines}
    assert drawn["uniform"] == [float(layer.D) for layer in references[0].layers]
    assert drawn["least, linear layer"] == list(least_deformations(runs[0].training).values())
    frequencies = {line.get_label(): list(line.get_ydata()) for line in axes[3].lines}
    assert frequencies["shift"] == pytest.approx(
        [float(mean_filter_frequency(references[1].network, k)) for k in (1, 2, 3)]
    )


def test_hand_built_networks_answer_to_the_labels() -> None:
    pytest.importorskip("matplotlib")
    from solver.plots.outcomes import by_hand

    last = {each.training.task.labels: each.training for each in read_outcomes(KEPT)}
    assert [each.network.name for each in by_hand(last["blocks"])] == ["strided"]
    assert by_hand(replace(last["blocks"], architecture=Architecture(stride=4, filter_size=4, layers=2))) == []


@pytest.mark.parametrize("kind", ["error", "layers"])
def test_command_draws_runs(kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    few = tmp_path / "few.json"
    few.write_text(outcomes_json([each for each in read_outcomes(KEPT) if each.name.startswith("slides-sgd")]))
    path = tmp_path / "runs.svg"
    code, _, _ = called(capfd, "plot", "runs", str(few), "--figure", kind, "-o", str(path))
    assert code == 0 and b"<svg" in path.read_bytes()
    code, _, err = called(capfd, "plot", "runs", str(few), "--measure", "D", "-o", str(path))
    assert code == 2 and "measure" in err


RUNS: dict[str, Training] = runpy.run_path(str(TRAINED / "make.py"))["runs"]()


def assert_kept(name: str) -> None:
    """The kept numbers of a run are those of its networks: D, shuffled D and frequencies as text, G within rounding."""
    (kept,) = (each for each in read_outcomes(KEPT) if each.name == name)
    found = outcome(TRAINED / f"{name}.zip")
    assert kept.training == found.training and len(kept.moments) == 2
    for ours, theirs in zip(found.moments, kept.moments, strict=True):
        assert ours.checkpoint == theirs.checkpoint
        for a, b in zip(ours.layers, theirs.layers, strict=True):
            for each in (quantity.name for quantity in HISTORY):
                assert float(getattr(b, each)) == pytest.approx(float(getattr(a, each)), rel=1e-5, nan_ok=True)


def test_kept_numbers_are_of_the_kept_runs() -> None:
    kept = read_outcomes(KEPT)
    assert {each.name: each.training for each in kept} == RUNS and len(kept) == len(RUNS)
    assert KEPT.stat().st_size < 250_000


def test_kept_numbers_of_one_run_are_those_of_its_networks() -> None:
    assert_kept("slides-sgd-P64-seed0")


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_kept_numbers_are_those_of_the_networks(name: str) -> None:
    assert_kept(name)
