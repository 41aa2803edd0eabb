"""``solver train``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from solver.commands.options import command, shared
from solver.commands.output import progress_bar
from solver.commands.question import chosen_task

SIZES = ("layers", "channels", "filter_size", "stride")
TRAINED: dict[str, Mapping[str, Any]] = {
    "architecture": {
        "default": "slides",
        "help": "slides (3 layers, filter 3, stride 1, xi 7) or paper (5 layers, filter 2, stride 2, xi 8).",
    },
    "layers": {"type": int, "default": None, "help": "Layers L [default: the architecture's]."},
    "channels": {"type": int, "default": None, "help": "Channels H of every layer [default: 16]."},
    "filter_size": {"help": "Filter size s [default: the architecture's]."},
    "stride": {"type": int, "help": "Stride of every layer [default: the architecture's]."},
    "labels": {},
    "length": {},
    "scale": {"type": int, "default": None, "help": "The task's scale xi, in pixels [default: the architecture's]."},
    "distances": {},
    "gap": {},
}
"""The options that describe the network and the task it is trained on."""

DESCENT: dict[str, Mapping[str, Any]] = {
    "images": {"default": 128, "help": "Training images P."},
    "batch": {"default": 0, "help": "Images of a step; 0 for all P."},
    "optimizer": {"default": "adam", "help": "adam or sgd."},
    "learning_rate": {"default": "0.003", "help": "An exact rational."},
    "momentum": {"default": "0", "help": "Of sgd, likewise."},
    "margin": {"default": "1", "help": "m of the loss max(0, m - y f), likewise."},
    "steps": {"default": 10000, "help": "Steps at most; it ends at zero loss."},
    "seed": {"default": 0, "help": "Seed of images, weights and batches."},
    "per_decade": {"default": 2, "help": "Checkpoints a power of ten of steps; 0: ends."},
    "precision": {"default": "double", "help": "double or single."},
    "grid_bits": {"default": 12, "help": "Keep weights as multiples of 2^-BITS."},
}
"""The options that describe the descent and what is kept of it: the fields of `solver.train.training.Training`."""


@command("""\b
Examples:
  solver train run
  solver train run --images 16 --seed 3 --optimizer sgd --learning-rate 0.1
  solver train strided --architecture paper --labels blocks --distances balanced

Train into FOLDER, which is made. Weights are kept at steps 0, 1, 3, 10, ..., rounded to a grid, one network file each
for 'solver report --network'; training.json holds the loss and the exact errors of what was kept. Run the same command
again after an interruption, and it goes on to the same result. Needs PyTorch.""")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@shared(*TRAINED, *DESCENT, **TRAINED, **DESCENT)
@click.option("--device", default="auto", show_default=True, help="auto (a GPU if present), cpu or cuda.")
def train(folder: Path, architecture: str, device: str, **options: Any) -> None:
    """Train a network on the task with hinge loss, and keep it on the way."""
    from dataclasses import replace

    from solver.numbers.exact import choice
    from solver.report.documents.training import training_text
    from solver.train.run import train as trained
    from solver.train.training import ARCHITECTURES, SCALES, Training

    choice(architecture, "architecture", ARCHITECTURES)
    if options["scale"] is None:
        options["scale"] = SCALES[architecture]
    task = chosen_task(options)
    sizes = {name: options[name] for name in SIZES if options[name] is not None}
    built = replace(ARCHITECTURES[architecture], **sizes)
    training = Training(task=task, architecture=built, **{name: options[name] for name in DESCENT})
    with progress_bar(str(folder), about="training of ") as progress:
        record = trained(training, folder, device=device, progress=progress)
    click.echo(training_text(record, folder), nl=False)
