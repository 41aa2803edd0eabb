"""The record of a training run, `training.json`: its configuration, its images, and the errors of its checkpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.errors import InputError
from solver.numbers.exact import decimal_text, rational
from solver.train.evaluation import Errors
from solver.train.split import Pair
from solver.train.training import Training, training_from_json

SCHEMA = "solver.training/1"
LOSS_DIGITS = 15
ENDS = ("zero loss", "step limit")


@dataclass(frozen=True)
class Checkpoint:
    """A network kept on the way: the steps before it, its file, and how it does.

    The loss is that of `Errors`, rounded to 15 significant digits; the errors are exact.
    """

    step: int
    file: str
    train_loss: Fraction
    train_error: Fraction | None
    test_error: Fraction | None


@dataclass(frozen=True)
class Record:
    """What a run has left so far.

    Attributes
    ----------
    training : Training
    versions : dict
        The versions of solver and torch, and the device, that made it.
    images : tuple of pairs
        The training images.
    checkpoints : tuple of Checkpoint
        In increasing order of steps.
    finished : str or None
        "zero loss", "step limit", or None while it is under way.
    """

    training: Training
    versions: dict[str, str]
    images: tuple[Pair, ...]
    checkpoints: tuple[Checkpoint, ...] = ()
    finished: str | None = None

    def to_json(self) -> str:
        """Return the record as JSON text."""
        record = {
            "schema": SCHEMA,
            "configuration": self.training.as_json(),
            "versions": self.versions,
            "training_images": [f"{i} {j}" for i, j in self.images],
            "finished": self.finished,
            "checkpoints": [checkpoint_object(each) for each in self.checkpoints],
        }
        return json.dumps(record, indent=1) + "\n"


def record_from_json(text: str, name: str) -> Record:
    """Return the record that `Record.to_json` wrote; ``name`` is where the text came from.

    Raises
    ------
    InputError
        If the text is not such a record.
    """
    try:
        record = json.loads(text)
        if record["schema"] != SCHEMA:
            raise ValueError(f"schema {record['schema']!r}")
        if record["finished"] not in (None, *ENDS):
            raise ValueError(f"finished {record['finished']!r}")
        return Record(
            training=training_from_json(record["configuration"]),
            versions={str(key): str(value) for key, value in record["versions"].items()},
            images=tuple(_pair(each) for each in record["training_images"]),
            checkpoints=tuple(checkpoint_from_object(each) for each in record["checkpoints"]),
            finished=record["finished"],
        )
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{name} is not a record of `solver train` ({SCHEMA}): {error!r}") from None


def checkpoint_of(step: int, file: str, errors: Errors) -> Checkpoint:
    """Return a checkpoint, its loss rounded as it is recorded."""
    loss = Fraction(decimal_text(errors.train_loss, LOSS_DIGITS)[0])
    return Checkpoint(step, file, loss, errors.train_error, errors.test_error)


def checkpoint_object(each: Checkpoint) -> dict[str, Any]:
    """Return a checkpoint as the object that JSON holds; every number is text but the step."""
    return {
        "step": each.step,
        "file": each.file,
        "train_loss": f"{decimal_text(each.train_loss, LOSS_DIGITS)[0]}",
        "train_error": None if each.train_error is None else str(each.train_error),
        "test_error": None if each.test_error is None else str(each.test_error),
    }


def checkpoint_from_object(record: Mapping[str, Any]) -> Checkpoint:
    """Return the checkpoint of such an object."""
    errors = [None if record[key] is None else rational(record[key], key) for key in ("train_error", "test_error")]
    return Checkpoint(int(record["step"]), _file_name(record["file"]), Fraction(record["train_loss"]), *errors)


def _file_name(name: str) -> str:
    if not name.startswith("step-") or "/" in name or "\\" in name:
        raise ValueError(f"checkpoint file {name!r}")
    return name


def _pair(text: str) -> Pair:
    first, second = text.split()
    return int(first), int(second)
