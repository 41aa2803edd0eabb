"""A training run as text: the loss and the errors of its checkpoints."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from solver.train.record import Record

WORDS = {"zero loss": "the training loss is 0", "step limit": "the limit of steps is reached", None: "not finished"}


def training_text(record: Record, folder: Path) -> str:
    """Return a line for each checkpoint, and how to go on from the last."""
    lines = [f"{'step':>8}  {'train loss':>10}  {'train error':>11}  {'test error':>10}"]
    for each in record.checkpoints:
        errors = f"{_short(each.train_error):>11}  {_short(each.test_error):>10}"
        lines.append(f"{each.step:>8}  {_short(each.train_loss):>10}  {errors}")
    training, last = record.training, record.checkpoints[-1]
    lines.append(
        f"{WORDS[record.finished]} after {last.step} steps; {len(record.images)} training images, "
        f"seed {training.seed}, weights kept as multiples of 2^-{training.grid_bits}"
    )
    lines.append(f"next: solver report --network {folder / last.file}")
    return "\n".join(lines) + "\n"


def _short(value: Fraction | None) -> str:
    return "-" if value is None else f"{float(value):.4g}"
