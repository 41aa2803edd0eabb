"""Train the networks of this folder: `make trained`, or `python examples/trained/make.py [NAME ...]`.

Each run becomes NAME.zip, which `solver.train.record.read_record` and `read_checkpoint` read as it is; unzipped, it is
the folder that `solver train` writes.  A run whose .zip is there is not repeated, and one that was interrupted goes on.
Where torch rounds otherwise than it did for the files kept here, networks differ in their last bits, and may end
elsewhere.

Without names it then writes histories.json, unless it is there: D, G, R and filter frequencies of every run before and
after training, as `solver history examples/trained/*.zip --format json` does; some ten minutes.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from solver import Training, TwoPixelTask
from solver.report.documents.outcomes import outcomes_json
from solver.train.outcomes import outcome
from solver.train.record import pack
from solver.train.run import train
from solver.train.training import ARCHITECTURES

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build" / "trained"
HISTORIES = HERE / "histories.json"

SLIDES = Training(
    task=TwoPixelTask(length=32, scale=7, distances="balanced"),
    architecture=ARCHITECTURES["slides"],
    optimizer="adam",
    learning_rate="3/1000",
    images=64,
)
TASK_1 = replace(
    SLIDES,
    task=TwoPixelTask(length=32, scale=8, distances="balanced", gap=1),
    architecture=ARCHITECTURES["paper"],
    images=256,
    batch=16,
)
TASK_2 = replace(TASK_1, task=replace(TASK_1.task, gap=0, labels="blocks"), images=128)


def runs() -> dict[str, Training]:
    """Return the runs by name: kind, training images, seed; seed 0 of the largest sets keeps its whole history."""
    sets = {
        "slides": (SLIDES, (6, 10, 16, 64), 4),
        "slides-sgd": (replace(SLIDES, optimizer="sgd", learning_rate="1/10"), (64,), 3),
        "task1": (TASK_1, (64, 128, 256), 3),
        "task2": (TASK_2, (16, 32, 64, 128), 3),
    }
    named = {}
    for kind, (base, sizes, seeds) in sets.items():
        for size in sizes:
            for seed in range(seeds):
                whole = size == sizes[-1] and seed == 0
                named[f"{kind}-P{size}-seed{seed}"] = replace(
                    base, images=size, seed=seed, per_decade=2 if whole else 0
                )
    return named


def main(names: list[str]) -> None:
    """Train and pack the runs named, or all, and look at all."""
    for name, training in runs().items():
        target = HERE / f"{name}.zip"
        if (names and name not in names) or target.exists():
            continue
        record = train(training, BUILD / name, device="cpu")
        pack(BUILD / name, target)
        last = record.checkpoints[-1]
        print(f"{name:22} {record.finished}, {last.step} steps, test error {last.test_error}", flush=True)
    if not names and not HISTORIES.exists():
        HISTORIES.write_text(outcomes_json([outcome(HERE / f"{name}.zip") for name in runs()]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
