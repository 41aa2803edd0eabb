"""A training run as text, the loss and the errors of its checkpoints; its history as JSON."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from solver.report.as_json import value_object
from solver.train.history import History, LayerHistory
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


def history_json(history: History, digits: int = 6) -> str:
    """Return a history as JSON text, schema ``solver.history/1``; values are those of ``solver.report/1``."""
    moments = [
        {
            "step": each.checkpoint.step,
            "train_error": _text(each.checkpoint.train_error),
            "test_error": _text(each.checkpoint.test_error),
            "layers": [_layer(layer, digits) for layer in each.layers],
        }
        for each in history.moments
    ]
    record = {"schema": "solver.history/1", "configuration": history.record.training.as_json(), "moments": moments}
    return json.dumps(record, indent=1) + "\n"


def _layer(each: LayerHistory, digits: int) -> dict[str, Any]:
    names = ("D", "G", "R", "D_shuffled", "filter_frequency")
    values = {name: value_object(getattr(each, name), digits) for name in names}
    return {"layer": each.layer, "name": each.name, **values}


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)
