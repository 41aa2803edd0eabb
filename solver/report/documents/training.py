"""A training run as text, the loss and the errors of its checkpoints; its history as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from shlex import quote

from solver.question.task import TwoPixelTask
from solver.report.cells import decimal, found_by, text_cell
from solver.report.writers.json import value_object
from solver.sensitivity.quantities import Quantity
from solver.train.history import History
from solver.train.record import Record

ENDINGS = {"zero loss": "the training loss is 0", "step limit": "the limit of steps is reached", None: "not finished"}

HISTORY = (
    Quantity("D", "D"),
    Quantity("G", "G"),
    Quantity("R", "R = D/G"),
    Quantity("D_shuffled", "D with channels shuffled"),
    Quantity("filter_frequency", "frequency of the filters"),
)
"""What a history holds of a layer."""


def training_text(record: Record, folder: Path) -> str:
    """Return a line for each checkpoint, and how to go on from the last."""
    lines = [f"{'step':>8}  {'train loss':>10}  {'train error':>11}  {'test error':>10}"]
    for each in record.checkpoints:
        errors = f"{short(each.train_error):>11}  {short(each.test_error):>10}"
        lines.append(f"{each.step:>8}  {short(each.train_loss):>10}  {errors}")
    training, last = record.training, record.checkpoints[-1]
    lines.append(
        f"{ENDINGS[record.finished]} after {last.step} steps; {len(record.images)} training images, "
        f"seed {training.seed}, weights kept as multiples of 2^-{training.grid_bits}"
    )
    lines.append(f"next: solver report --network {quote(str(folder / last.file))}{_task_options(training.task)}")
    lines.append(f"      solver history {quote(str(folder))}")
    return "\n".join(lines) + "\n"


def _task_options(task: TwoPixelTask) -> str:
    """Return the options that ask about this task, where they are not the defaults of the command."""
    plain = TwoPixelTask()
    changed = [each.name for each in fields(task) if getattr(task, each.name) != getattr(plain, each.name)]
    return "".join(f" --{name} {getattr(task, name)}" for name in changed)


def short(value: Fraction | None) -> str:
    """Return an error or a loss to 4 digits, a dash where there is none."""
    return "-" if value is None else f"{float(value):.4g}"


def history_text(history: History, digits: int = 4) -> str:
    """Return a table for each quantity: a line for each checkpoint, a column for each layer."""
    training = history.record.training
    lines = [
        f"{len(history.record.images)} training images, seed {training.seed}, {training.optimizer}; "
        f"{ENDINGS[history.record.finished]}",
        "",
        f"{'step':>8}  {'train error':>11}  {'test error':>10}  {'R_f':>10}",
    ]
    for moment in history.moments:
        point = moment.checkpoint
        stability = f"{decimal(moment.layers[-1].R, digits):>10}"
        lines.append(f"{point.step:>8}  {short(point.train_error):>11}  {short(point.test_error):>10}  {stability}")
    for each in HISTORY:
        lines += ["", *_layer_table(history, each, digits)]
    return "\n".join([*lines, "", *_methods(history)]) + "\n"


def _layer_table(history: History, quantity: Quantity, digits: int) -> list[str]:
    depth = len(history.moments[0].layers) - 2
    columns = range(1, depth + 1) if quantity.name == "filter_frequency" else range(depth + 2)
    heads = ["f_p" if k > depth else f"layer {k}" if k else "image" for k in columns]
    lines = [quantity.text, f"{'step':>8}" + "".join(f" {head:>12}" for head in heads)]
    for each in history.moments:
        cells = "".join(f" {text_cell(quantity, each.layers[k], digits):>12}" for k in columns)
        lines.append(f"{each.checkpoint.step:>8}{cells}")
    return lines


def _methods(history: History) -> list[str]:
    """Return how D, G and D shuffled were found, without repeats."""
    layers = [layer for each in history.moments for layer in each.layers]
    names = ("D", "G", "D_shuffled")
    return list(dict.fromkeys(f"{name}: {found_by(layer.values[name])}" for name in names for layer in layers))


def history_json(history: History, digits: int = 6) -> str:
    """Return a history as JSON text, schema ``solver.history/1``; values are those of ``solver.report/1``."""
    moments = [
        {
            "step": each.checkpoint.step,
            "train_error": _text(each.checkpoint.train_error),
            "test_error": _text(each.checkpoint.test_error),
            "layers": [
                {"layer": layer.layer, "name": layer.name}
                | {name: value_object(value, digits) for name, value in layer.values.items()}
                for layer in each.layers
            ],
        }
        for each in history.moments
    ]
    record = {"schema": "solver.history/1", "configuration": history.record.training.as_json(), "moments": moments}
    return json.dumps(record, indent=1) + "\n"


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)
