"""Training: seeded, resumable to the same bytes, and recorded exactly."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from solver import InputError, TwoPixelTask, response, response_by_distance  # noqa: E402
from solver.cli import main  # noqa: E402
from solver.network.torch.writing import to_torch  # noqa: E402
from solver.optimal.torch_deformation import one_thread  # noqa: E402
from solver.train.descent import Descent, chosen_device, reproducible, ring_module, stored_network  # noqa: E402
from solver.train.record import (  # noqa: E402
    STATE,
    Checkpoint,
    Record,
    RunFolder,
    pack,
    read_checkpoint,
    read_record,
    record_from_json,
)
from solver.train.run import train  # noqa: E402
from solver.train.split import exact_errors, image_groups, responses_at, split  # noqa: E402
from solver.train.training import ARCHITECTURES, Architecture, Training, training_from_json  # noqa: E402

SLIDES = Training(
    task=TwoPixelTask(length=16, scale=5),
    architecture=Architecture(layers=2, channels=4),
    images=20,
    batch=7,
    optimizer="adam",
    learning_rate="1/50",
    steps=20,
    seed=3,
)
PAPER = replace(
    SLIDES,
    task=TwoPixelTask(length=16, scale=4, distances="balanced", labels="blocks"),
    architecture=Architecture(layers=3, channels=4, filter_size=2, stride=2),
    optimizer="sgd",
    momentum="9/10",
    batch=0,
)
CASES = pytest.mark.parametrize("training", [SLIDES, PAPER], ids=["slides", "paper"])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def every_image(training: Training) -> tuple[np.ndarray, list[tuple[int, int]]]:
    pairs = sorted(split(training).label)
    return np.stack([training.task.image(*pair) for pair in pairs]), pairs


def wrong(f: list[Any], labels: list[int]) -> int:
    return sum(y * v <= 0 for y, v in zip(labels, f, strict=True))


@CASES
def test_same_seed_same_bytes(training: Training, tmp_path: Path) -> None:
    train(training, tmp_path / "a", device="cpu")
    torch.manual_seed(1)
    torch.rand(3)
    train(training, tmp_path / "b", device="cpu")
    train(replace(training, seed=4), tmp_path / "c", device="cpu")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(tmp_path / "a")["step-000000.json"] != contents(tmp_path / "c")["step-000000.json"]


@CASES
@pytest.mark.parametrize("stop", [1, 11, 19])
def test_interrupted_run_ends_on_the_same_bytes(
    training: Training, stop: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(training, tmp_path / "whole", device="cpu")
    monkeypatch.setattr("solver.train.run.STEPS_BETWEEN_STATES", 2)
    advance = Descent.advance

    def interrupted(self: Descent) -> bool:
        if self.step == stop:
            raise KeyboardInterrupt
        return advance(self)

    with monkeypatch.context() as patch:
        patch.setattr(Descent, "advance", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(training, tmp_path / "cut", device="cpu")
    assert read_record(tmp_path / "cut").finished is None and (tmp_path / "cut" / STATE).exists()
    train(training, tmp_path / "cut", device="cpu")
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def test_run_killed_before_its_first_state_starts_anew(tmp_path: Path) -> None:
    record = train(SLIDES, tmp_path / "whole", device="cpu")
    RunFolder(tmp_path / "cut").opened(replace(record, checkpoints=record.checkpoints[:1], finished=None))
    train(SLIDES, tmp_path / "cut", device="cpu")
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def test_finished_run_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = train(SLIDES, tmp_path, device="cpu")
    monkeypatch.setattr(Descent, "advance", None)
    assert train(SLIDES, tmp_path, device="cpu") == record


@CASES
def test_recorded_errors_are_those_of_the_files(training: Training, tmp_path: Path) -> None:
    """Every image through the exact network, image by image, against what was recorded from classes of shifts."""
    record = train(training, tmp_path, device="cpu")
    images, pairs = every_image(training)
    sides = split(training)
    for each in record.checkpoints:
        f = dict(zip(pairs, response(read_checkpoint(tmp_path, each), images), strict=True))
        for side, error in ((sides.train, each.train_error), (sides.test, each.test_error)):
            weights = {pair: sides.weight[pair] for pair in side}
            bad = sum(w for pair, w in weights.items() if sides.label[pair] * f[pair] <= 0)
            assert error == bad / sum(weights.values())
        loss = sum(max(training.margin - sides.label[p] * f[p], 0) for p in sides.train) / len(sides.train)
        assert abs(each.train_loss - loss) <= abs(loss) / 10**14


def test_errors_by_distance(tmp_path: Path) -> None:
    """Task 1 without strides: an error is a sum over distances of the images that are left at each."""
    record = train(SLIDES, tmp_path, device="cpu")
    sides = split(SLIDES)
    left = Counter(min(j - i, 16 - (j - i)) for i, j in sides.test)
    for each in record.checkpoints:
        f = response_by_distance(read_checkpoint(tmp_path, each), SLIDES.task)
        bad = sum(count for d, count in left.items() if SLIDES.task.label(d) * f[d] <= 0)
        assert each.test_error == Fraction(bad, len(sides.test))


@CASES
def test_stored_network_is_the_module_on_the_grid(training: Training) -> None:
    module = ring_module(training.architecture, torch.Generator().manual_seed(0), torch.float64)
    images, pairs = every_image(training)
    tensor = torch.from_numpy(images).double()[:, None, :]
    with torch.no_grad():
        before = module(tensor)[:, 0]
        fine, coarse = (stored_network(module, bits, "n") for bits in (40, 8))
        assert torch.allclose(to_torch(fine)(tensor), before, rtol=0, atol=1e-9)
        assert not torch.allclose(to_torch(coarse)(tensor), before, rtol=0, atol=1e-9)
        assert torch.equal(module(tensor)[:, 0], before)
    assert all((w * 2**8).denominator == 1 for layer in coarse.layers for w in layer.weights)
    exact = responses_at(coarse, training.task.length, pairs)
    for pair, value in zip(pairs, to_torch(coarse)(tensor).tolist(), strict=True):
        assert float(exact[pair]) == pytest.approx(value, rel=1e-12, abs=1e-12)


def test_weights_are_rounded_to_the_nearest() -> None:
    module = ring_module(SLIDES.architecture, torch.Generator().manual_seed(0), torch.float64)
    network = stored_network(module, 6, "n")
    for layer, part in zip(network.layers, (module[1], module[4]), strict=True):
        ours = np.array(layer.filters, dtype=object).astype(float)
        assert np.abs(ours - part.weight.detach().numpy()).max() <= 2**-7


def test_descent_lowers_the_loss_to_zero(tmp_path: Path) -> None:
    training = replace(SLIDES, architecture=Architecture(layers=2, channels=8), steps=2000, batch=0, seed=0)
    record = train(training, tmp_path, device="cpu")
    last = record.checkpoints[-1]
    assert record.finished == "zero loss" and last.train_error == 0 and last.step not in training.checkpoint_steps
    assert record.checkpoints[0].train_loss > Fraction(1, 2) and last.train_loss < Fraction(1, 100)
    assert not (tmp_path / STATE).exists()


def test_first_step_is_that_of_gradient_descent() -> None:
    """One step of sgd against the gradient of the mean hinge loss by finite differences of the whole loss."""
    training = replace(SLIDES, optimizer="sgd", learning_rate="1/2", batch=0)
    with reproducible():
        descent, sides = Descent(training, split(training), "cpu"), split(training)
        before = [p.detach().clone() for p in descent.module.parameters()]
        images = torch.stack([torch.from_numpy(training.task.image(*p)).double() for p in sides.train])[:, None]
        y = torch.tensor([float(sides.label[p]) for p in sides.train])

        def loss() -> float:
            with torch.no_grad():
                return float(sum(max(0.0, 1 - v) for v in (y * descent.module(images)[:, 0]).tolist()) / len(y))

        bias, h = descent.module[-1].bias, 1e-6
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                bias += sign * h
                values.append(loss())
                bias -= sign * h
        assert descent.advance()
    moved = float(bias.detach() - before[-1])
    assert moved == pytest.approx(-0.5 * (values[0] - values[1]) / (2 * h), rel=1e-6)


@pytest.mark.parametrize("distances", ["pairs", "balanced", "flat"])
@pytest.mark.parametrize("labels", [{"gap": 1}, {"labels": "blocks"}])
def test_weights_are_the_ensembles(distances: str, labels: dict[str, Any]) -> None:
    task = TwoPixelTask(length=12, scale=4, distances=distances, **labels)
    sides = split(replace(SLIDES, task=task))
    assert sides.weight == {(min(i, j), max(i, j)): p for i, j, p in task.pairs()}
    assert not set(sides.train) & set(sides.test) and set(sides.train) | set(sides.test) == set(sides.weight)


def test_groups_give_equally() -> None:
    task = TwoPixelTask()
    sides = split(Training(task=replace(task, distances="balanced"), images=31))
    assert Counter(sides.label[pair] for pair in sides.train) == {1: 16, -1: 15}
    sides = split(Training(task=replace(task, distances="flat"), images=32))
    assert set(Counter(min(j - i, 32 - (j - i)) for i, j in sides.train).values()) == {2}
    assert Counter(split(Training()).label.values()) == {1: 192, -1: 304}


def test_blocks_share_a_label() -> None:
    labels = split(PAPER).label
    assert labels[0, 3] == 1 and labels[3, 4] == -1 and sum(y > 0 for y in labels.values()) == 4 * 6
    assert [len(group) for group in image_groups(PAPER.task).values()] == [24, 96]


def test_checkpoints_are_on_a_log_grid() -> None:
    assert Training(steps=1000).checkpoint_steps == (0, 1, 3, 10, 32, 100, 316, 1000)
    assert Training(steps=40, per_decade=1).checkpoint_steps == (0, 1, 10, 40)
    assert Training(steps=0).checkpoint_steps == (0,)
    assert Training(steps=40, per_decade=0).checkpoint_steps == (0, 40)


@CASES
def test_record_survives_json_and_zip(training: Training, tmp_path: Path) -> None:
    record = train(training, tmp_path / "run", device="cpu")
    assert record_from_json(record.to_json(), "x") == record == read_record(tmp_path / "run")
    assert training_from_json(training.as_json()) == training
    for name in ("a.zip", "b.zip"):
        pack(tmp_path / "run", tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert read_record(tmp_path / "a.zip") == record
    for each in record.checkpoints:
        assert read_checkpoint(tmp_path / "a.zip", each) == read_checkpoint(tmp_path / "run", each)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "optimizer": ({"optimizer": "newton"}, "optimizer"),
    "rate": ({"learning_rate": 0}, "positive"),
    "float rate": ({"learning_rate": 0.1}, "not exact"),
    "momentum of adam": ({"optimizer": "adam", "momentum": "1/2"}, "momentum"),
    "momentum": ({"momentum": 1}, "momentum"),
    "margin": ({"margin": -1}, "positive"),
    "batch": ({"batch": 21}, "batch"),
    "images": ({"images": 0}, "images"),
    "grid": ({"grid_bits": 60}, "grid bits"),
    "checkpoints": ({"per_decade": 21}, "per decade"),
    "ring": ({"task": TwoPixelTask(length=1025)}, "length"),
    "stride": ({"architecture": Architecture(layers=5, stride=2)}, "layer 4"),
    "filter": ({"architecture": Architecture(filter_size=17)}, "layer 1"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_configurations_are_refused(name: str) -> None:
    changes, message = BAD[name]
    with pytest.raises(InputError, match=message):
        replace(replace(SLIDES, optimizer="sgd"), **changes)


@pytest.mark.parametrize("size", [{"layers": 0}, {"channels": 1025}, {"stride": "2"}, {"filter_size": 1.5}])
def test_bad_sizes_are_refused(size: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="expected"):
        Architecture(**size)


def test_more_images_than_there_are() -> None:
    with pytest.raises(InputError, match="has 120 of them"):
        split(replace(SLIDES, images=121))
    with pytest.raises(InputError, match=r"label \+1 has 24"):
        split(replace(PAPER, images=60))


def test_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="something else"):
        train(SLIDES, tmp_path, device="cpu")
    assert contents(tmp_path) == {"notes.txt": b"mine"}


def test_run_of_something_else_is_refused(tmp_path: Path) -> None:
    record = train(SLIDES, tmp_path, device="cpu")
    before = contents(tmp_path)
    with pytest.raises(InputError, match="holds a run of seed 3, not 4"):
        train(replace(SLIDES, seed=4), tmp_path, device="cpu")
    assert contents(tmp_path) == before
    RunFolder(tmp_path).keep(replace(record, versions={"torch": "0"}, finished=None))
    with pytest.raises(InputError, match="begun with"):
        train(SLIDES, tmp_path, device="cpu")


def test_broken_state_is_named(tmp_path: Path) -> None:
    record = train(SLIDES, tmp_path, device="cpu")
    RunFolder(tmp_path).keep(replace(record, finished=None))
    (tmp_path / STATE).write_bytes(b"no state")
    with pytest.raises(InputError, match="delete it to train from the start"):
        train(SLIDES, tmp_path, device="cpu")


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.pop("schema"),
        lambda r: r.update(schema="solver.report/1"),
        lambda r: r["configuration"].pop("seed"),
        lambda r: r["configuration"].update(colour="red"),
        lambda r: r["configuration"].update(seed=[3]),
        lambda r: r["configuration"]["task"].update(length="3"),
        lambda r: r["checkpoints"][0].update(file="../step-0.json"),
        lambda r: r["checkpoints"][0].update(test_error="1/0"),
        lambda r: r.update(training_images=["0"]),
        lambda r: r.update(finished="tired"),
        lambda r: r.update(finished=[]),
    ],
)
def test_broken_records_are_refused(change: Any, tmp_path: Path) -> None:
    record = json.loads(Record(SLIDES, {}, split(SLIDES).train).to_json())
    record["checkpoints"] = [
        {"step": 0, "file": "step-000000.json", "train_loss": "1", "train_error": "1/2", "test_error": None}
    ]
    assert record_from_json(json.dumps(record), "x").training == SLIDES
    change(record)
    with pytest.raises(InputError, match=r"^x"):
        record_from_json(json.dumps(record), "x")


def test_no_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / "damaged.zip").write_bytes(b"PK\x03\x04 and no more")
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / "nothing.zip", tmp_path / "damaged.zip"):
        with pytest.raises(InputError, match=r"holds no training\.json"):
            read_record(path)
    lost = Checkpoint(step=0, file="step-000000.json", train_loss=Fraction(0), train_error=None, test_error=None)
    with pytest.raises(InputError, match=r"holds no readable step-000000\.json"):
        read_checkpoint(tmp_path, lost)


def test_weights_that_are_not_finite_are_refused() -> None:
    module = torch.nn.Conv1d(1, 1, 3)
    with torch.no_grad():
        module.weight.fill_(float("nan"))
    with pytest.raises(InputError, match="training diverged"):
        stored_network(module, 12, "x")


def test_device(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen_device("cpu") == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert chosen_device("auto") == "cpu"
    with pytest.raises(InputError, match="finds no GPU"):
        chosen_device("cuda")
    with pytest.raises(InputError, match="unknown"):
        chosen_device("tpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert chosen_device("auto") == chosen_device("cuda") == "cuda"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_training_on_a_gpu(tmp_path: Path) -> None:
    record, ours = train(SLIDES, tmp_path / "gpu", device="cuda"), train(SLIDES, tmp_path / "cpu", device="cpu")
    assert record.versions["device"] == "cuda" and record.images == ours.images
    assert float(record.checkpoints[-1].train_loss) == pytest.approx(float(ours.checkpoints[-1].train_loss), abs=0.01)


def test_settings_of_torch_are_left_as_they_were() -> None:
    threads = torch.get_num_threads()
    with reproducible(), one_thread():
        assert torch.are_deterministic_algorithms_enabled() and torch.get_num_threads() == 1
    assert not torch.are_deterministic_algorithms_enabled() and torch.get_num_threads() == threads


def test_default_architectures_see_the_scale() -> None:
    for name, scale in (("slides", 7), ("paper", 8)):
        Training(architecture=ARCHITECTURES[name], task=TwoPixelTask(scale=scale))
    slides = ARCHITECTURES["slides"]
    assert (slides.filter_size - 1) * slides.layers + 1 == 7


@pytest.mark.parametrize("name", ["learning_rate", "margin"])
def test_rates_beyond_single_precision_are_refused(name: str) -> None:
    assert float(getattr(replace(SLIDES, **{name: 10**30}), name)) == 1e30
    for power in (31, 40, 400):
        with pytest.raises(InputError, match=r"at most 10\^30"):
            replace(SLIDES, **{name: 10**power})


def test_exact_errors_count_zero_as_wrong() -> None:
    sides = split(SLIDES)
    network = stored_network(ring_module(SLIDES.architecture, torch.Generator().manual_seed(0), torch.float64), 8, "n")
    silent = replace(network, readout=[0] * 4)
    none = exact_errors(replace(silent, constant=0), 16, sides, Fraction(1))
    assert (none.train_loss, none.train_error, none.test_error) == (1, 1, 1)
    always = exact_errors(replace(silent, constant=3), 16, sides, Fraction(1))
    assert always.train_error == Fraction(sum(sides.label[p] < 0 for p in sides.train), 20)


def test_command(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    small = ["--length", "16", "--scale", "5", "--layers", "2", "--channels", "4", "--images", "20", "--steps", "20"]
    for _ in range(2):
        with pytest.raises(SystemExit) as caught:
            main(["train", str(folder), *small, "--device", "cpu", "--learning-rate", "1/50"])
        out, err = capfd.readouterr()
        assert not caught.value.code and not err
        options = "--length 16 --scale 5"
        assert out.splitlines()[-2:] == [
            f"next: solver report --network {folder / 'step-000020.json'} {options}",
            f"      solver history {folder}",
        ]
        assert [line.split()[0] for line in out.splitlines()[1:6]] == ["0", "1", "3", "10", "20"]
    with pytest.raises(SystemExit) as caught:
        main(["train", str(folder), *small])
    assert caught.value.code == 2 and "learning_rate" in capfd.readouterr().err


def test_command_interrupted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Descent) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(Descent, "advance", interrupted)
    with pytest.raises(SystemExit) as caught:
        main(["train", str(tmp_path / "run"), "--channels", "2", "--device", "cpu"])
    assert caught.value.code == 130 and capfd.readouterr().err.strip() == "solver: interrupted"
    assert (tmp_path / "run" / STATE).exists()


def test_interruption_right_after_a_file_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced = os.replace

    def interrupted(*paths: Any) -> None:
        replaced(*paths)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        RunFolder(tmp_path).keep(Record(SLIDES, {}, split(SLIDES).train))
    assert read_record(tmp_path).training == SLIDES
