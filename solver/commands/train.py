"""``solver train``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from solver.commands.options import added, distances_option, gap_option, labels_option, length_option
from solver.commands.output import progress_bar

SIZES = ("layers", "channels", "filter_size", "stride")
TASK = ("length", "scale", "distances", "gap", "labels")


trained_options = added(
    click.option(
        "--architecture",
        default="slides",
        show_default=True,
        help="slides (3 layers, filter 3, stride 1, xi 7) or paper (5 layers, filter 2, stride 2, xi 8).",
    ),
    click.option("--layers", type=int, help="Layers L [default: the architecture's]."),
    click.option("--channels", type=int, help="Channels H of every layer [default: 16]."),
    click.option("--filter-size", type=int, help="Filter size s [default: the architecture's]."),
    click.option("--stride", type=int, help="Stride of every layer [default: the architecture's]."),
    labels_option,
    length_option,
    click.option("--scale", type=int, help="The task's scale xi, in pixels [default: the architecture's]."),
    distances_option,
    gap_option,
)
"""The options that describe the network and the task it is trained on."""


descent_options = added(
    click.option("--images", default=128, show_default=True, help="Training images P."),
    click.option("--batch", default=0, show_default=True, help="Images of a step; 0 for all P."),
    click.option("--optimizer", default="adam", show_default=True, help="adam or sgd."),
    click.option("--learning-rate", default="0.003", show_default=True, help="An exact rational."),
    click.option("--momentum", default="0", show_default=True, help="Of sgd, likewise."),
    click.option("--margin", default="1", show_default=True, help="m of the loss max(0, m - y f), likewise."),
    click.option("--steps", default=10000, show_default=True, help="Steps at most; it ends at zero loss."),
    click.option("--seed", default=0, show_default=True, help="Seed of images, weights and batches."),
    click.option("--per-decade", default=2, show_default=True, help="Checkpoints a power of ten of steps; 0: ends."),
    click.option("--precision", default="double", show_default=True, help="double or single."),
    click.option("--grid-bits", default=12, show_default=True, help="Keep weights as multiples of 2^-BITS."),
    click.option("--device", default="auto", show_default=True, help="auto (a GPU if present), cpu or cuda."),
)
"""The options that describe the descent and what is kept of it."""


@click.command(
    short_help="Train a network on the task with hinge loss, and keep it on the way.",
    help="""\b
Examples:
  solver train run
  solver train run --images 16 --seed 3 --optimizer sgd --learning-rate 0.1
  solver train strided --architecture paper --labels blocks --distances balanced

Train into FOLDER, which is made. Weights are kept at steps 0, 1, 3, 10, ..., rounded to a grid, one network file each
for 'solver report --network'; training.json holds the loss and the exact errors of what was kept. Run the same command
again after an interruption, and it goes on to the same result. Needs PyTorch.""",
)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@trained_options
@descent_options
def train(folder: Path, architecture: str, device: str, **options: Any) -> None:
    """Train, and print how the checkpoints do."""
    from dataclasses import replace

    from solver.numbers.exact import choice
    from solver.question.task import TwoPixelTask
    from solver.report.documents.training import training_text
    from solver.train.run import train as trained
    from solver.train.training import ARCHITECTURES, SCALES, Training

    choice(architecture, "architecture", ARCHITECTURES)
    sizes = {name: given for name in SIZES if (given := options.pop(name)) is not None}
    task = {name: options.pop(name) for name in TASK}
    if task["scale"] is None:
        task["scale"] = SCALES[architecture]
    training = Training(
        task=TwoPixelTask(**task), architecture=replace(ARCHITECTURES[architecture], **sizes), **options
    )
    with progress_bar(str(folder), about="training of ") as progress:
        record = trained(training, folder, device=device, progress=progress)
    click.echo(training_text(record, folder), nl=False)
