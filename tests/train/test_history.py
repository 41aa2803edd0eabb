"""What training does to the layers: the same numbers by plain enumeration, and the runs that are kept."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from solver import Deformation, InputError, TwoPixelTask, construct, response  # noqa: E402
from solver.cli import main  # noqa: E402
from solver.network.changed.shuffle import random_orders, shuffled  # noqa: E402
from solver.question.noise import GaussianNoise  # noqa: E402
from solver.report.documents.training import history_json  # noqa: E402
from solver.sensitivity.deformation.moments import image_moments  # noqa: E402
from solver.sensitivity.noise.closed import closed_response  # noqa: E402
from solver.sensitivity.noise.sampled.sampling import Sampling  # noqa: E402
from solver.sensitivity.question import Question  # noqa: E402
from solver.train.history import History, history  # noqa: E402
from solver.train.record import read_checkpoint, read_record  # noqa: E402
from solver.train.run import train  # noqa: E402
from solver.train.split import split  # noqa: E402
from solver.train.training import Architecture, Training  # noqa: E402
from solver.values import NumericValue  # noqa: E402

TRAINED = Path(__file__).resolve().parents[2] / "examples" / "trained"
TINY = Training(
    task=TwoPixelTask(length=10, scale=4, distances="balanced"),
    architecture=Architecture(layers=2, channels=2),
    images=12,
    optimizer="adam",
    learning_rate="1/50",
    steps=30,
    per_decade=0,
    grid_bits=6,
    seed=2,
)
STRIDED = Architecture(layers=1, channels=2, filter_size=2, stride=2)
SAMPLING = Sampling(points=32, replicates=4)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny run, trained once."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    train(TINY, folder, device="cpu")
    return folder


@pytest.fixture(scope="module")
def found(run: Path) -> History:
    """Its history."""
    return history(run, shuffles=3, sampling=SAMPLING)


def test_deformation_by_enumeration(run: Path, found: History) -> None:
    for moment in found.moments:
        network = read_checkpoint(run, moment.checkpoint)
        plain = image_moments(network, TINY.task, Deformation())
        for layer, each in zip(moment.layers, plain, strict=True):
            assert layer.D.exact == Fraction(each.change) / Fraction(each.spread)


def test_shuffled_deformation_by_enumeration(run: Path, found: History) -> None:
    """The mean over the same seeded shuffles, each by every image and every outcome."""
    moment = found.moments[-1]
    network, generator = read_checkpoint(run, moment.checkpoint), np.random.default_rng(SAMPLING.seed)
    rows = [
        [Fraction(each.change) / each.spread for each in image_moments(other, TINY.task, Deformation())]
        for other in (shuffled(network, random_orders(network, generator)) for _ in range(3))
    ]
    for layer, values in zip(moment.layers, zip(*rows, strict=True), strict=True):
        assert float(layer.D_shuffled) == pytest.approx(float(sum(values)) / 3, rel=1e-12)


def test_noise_by_the_exact_and_closed_route(run: Path, found: History) -> None:
    """Layers 0 and 1 have an exact and a closed G, and R follows."""
    network = read_checkpoint(run, found.moments[0].checkpoint)
    question = Question(network, TINY.task, noise=GaussianNoise(), channel_mean=False)
    for layer, each in zip(found.moments[0].layers, image_moments(network, TINY.task, Deformation())[:2], strict=False):
        closed = closed_response(question, layer.layer)
        assert closed is not None and isinstance(layer.G, NumericValue)
        assert abs(float(closed.total) / float(each.spread) - float(layer.G)) < 5 * layer.G.uncertainty
        assert float(layer.R) == pytest.approx(float(layer.D) / float(layer.G), rel=1e-12)


def test_frequencies_in_floats(run: Path, found: History) -> None:
    for moment in found.moments:
        network = read_checkpoint(run, moment.checkpoint)
        for layer, weights in zip(moment.layers[1:-1], network.layers, strict=True):
            w = np.array(weights.filters, dtype=object).astype(float)
            assert float(layer.filter_frequency) == pytest.approx((np.diff(w) ** 2).sum() / (w**2).sum(), rel=1e-12)
        assert moment.layers[0].filter_frequency.exact is None and moment.layers[-1].filter_frequency.exact is None


def test_json_holds_what_was_found(found: History) -> None:
    record = json.loads(history_json(found))
    assert record["schema"] == "solver.history/1" and record["configuration"] == TINY.as_json()
    assert [each["step"] for each in record["moments"]] == [each.checkpoint.step for each in found.moments]
    for each, moment in zip(record["moments"], found.moments, strict=True):
        assert each["test_error"] == str(moment.checkpoint.test_error)
        assert [layer["D"]["exact"] for layer in each["layers"]] == [str(layer.D.exact) for layer in moment.layers]


def test_chosen_steps(run: Path, found: History) -> None:
    assert [each.checkpoint.step for each in found.moments] == [0, 30]
    only = history(run, steps=[0], shuffles=2, sampling=SAMPLING)
    assert [each.checkpoint.step for each in only.moments] == [0]
    with pytest.raises(InputError, match="no checkpoint at 7; choose from 0, 30"):
        history(run, steps=[7])


def test_history_refuses(run: Path) -> None:
    with pytest.raises(InputError, match="shuffles"):
        history(run, shuffles=1)


RUNS: dict[str, Training] = runpy.run_path(str(TRAINED / "make.py"))["runs"]()


def test_kept_runs_are_all_there_and_small() -> None:
    kept = sorted(TRAINED.glob("*.zip"))
    assert [path.stem for path in kept] == sorted(RUNS)
    assert sum(path.stat().st_size for path in kept) < 600_000


@pytest.mark.parametrize("name", RUNS)
def test_kept_runs_are_of_their_configuration(name: str) -> None:
    record = read_record(TRAINED / f"{name}.zip")
    assert record.training == RUNS[name] and record.finished
    assert record.images == split(record.training).train
    assert record.checkpoints[0].step == 0 and record.checkpoints[-1].train_error == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_kept_errors_are_those_of_the_networks(name: str) -> None:
    """The last network of every run, image by image."""
    path = TRAINED / f"{name}.zip"
    record = read_record(path)
    sides, last = split(record.training), record.checkpoints[-1]
    images = np.stack([record.training.task.image(*pair) for pair in sides.test])
    f: list[Any] = response(read_checkpoint(path, last), images)
    weights = [sides.weight[pair] for pair in sides.test]
    wrong = [w for w, v, pair in zip(weights, f, sides.test, strict=True) if sides.label[pair] * v <= 0]
    assert last.test_error == sum(wrong) / sum(weights)


def test_figure_draws_what_was_found(found: History) -> None:
    pytest.importorskip("matplotlib")
    from solver.plots.training import least_deformations, training_figure
    from solver.sensitivity.sensitivities import sensitivities

    task = TINY.task
    reference = sensitivities(
        construct("uniform", TwoPixelTask(length=10, scale=3)),
        task,
        deformation=Deformation(),
        noise=GaussianNoise(),
        quantities=("D",),
    )
    errors, stability, frequencies, D, G, _R = training_figure(found, [reference]).axes
    last = found.moments[-1]
    assert errors.lines[1].get_ydata()[-1] == float(last.checkpoint.test_error or 0)
    assert list(stability.lines[0].get_ydata()) == [float(moment.layers[-1].R) for moment in found.moments]
    assert [line.get_ydata()[-1] for line in frequencies.lines] == [
        float(x.filter_frequency) for x in last.layers[1:-1]
    ]
    drawn = {line.get_label(): list(line.get_ydata()) for line in D.lines}
    assert drawn["after"] == [float(layer.D) for layer in last.layers]
    assert drawn["shuffled"] == [float(layer.D_shuffled) for layer in last.layers]
    assert drawn["least, linear"] == list(least_deformations(TINY).values())
    assert drawn["uniform"] == [float(layer.D) for layer in reference.layers]
    assert [line.get_label() for line in G.lines] == ["before", "after"]


def test_least_deformation_is_of_layers_without_strides() -> None:
    from solver.plots.training import least_deformations

    least = least_deformations(TINY)
    assert sorted(least) == [1, 2] and least[2] < least[1]
    assert least_deformations(replace(TINY, architecture=STRIDED)) == {}


def test_command_draws_a_run(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setattr("solver.train.history.QUICK", SAMPLING)
    monkeypatch.setattr("solver.train.history.history", partial(history, sampling=SAMPLING))
    path = tmp_path / "run.svg"
    with pytest.raises(SystemExit) as caught:
        main(["plot", "training", str(run), "--shuffles", "2", "-o", str(path)])
    assert caught.value.code == 0 and b"<svg" in path.read_bytes()


def test_command_needs_a_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["plot", "training", str(tmp_path), "-o", str(tmp_path / "run.svg")])
    assert caught.value.code == 2 and "holds no training.json" in capfd.readouterr().err
