"""The record of a training run, `training.json`: its configuration, its images, and the errors of its checkpoints."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from solver.numbers.exact import decimal_text
from solver.reading import json_structure
from solver.train.split import Pair
from solver.train.training import Training, training_from_json

SCHEMA = "solver.training/1"
LOSS_DIGITS = 15


@dataclass(frozen=True)
class Checkpoint:
    """A network kept on the way: the steps before it, its file, and how it does.

    The loss is that of `Errors`, rounded to 15 significant digits; the errors are exact.
    """

    step: int
    file: Annotated[str, Meta(pattern=r"\Astep-[^/\\]*\Z", description="a file step-... beside it")]
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


class RecordText(Struct, frozen=True):
    """A record as the file holds it."""

    schema: Annotated[Literal["solver.training/1"], Meta(description=repr(SCHEMA))]
    configuration: dict[str, Any]
    versions: dict[str, str]
    training_images: tuple[Annotated[str, Meta(pattern=r"\A[0-9]+ [0-9]+\Z", description="two sites as text")], ...]
    finished: Annotated[Literal["zero loss", "step limit"] | None, Meta(description="zero loss, step limit or null")]
    checkpoints: tuple[Checkpoint, ...]


def record_from_json(text: str, name: str) -> Record:
    """Return the record that `Record.to_json` wrote; ``name`` is where the text came from.

    Raises
    ------
    InputError
        If the text is not such a record.
    """
    found = json_structure(text, RecordText, name, f"a record of `solver train` ({SCHEMA})")
    images = (tuple(map(int, each.split())) for each in found.training_images)
    return Record(
        training=training_from_json(found.configuration, f"{name}: configuration"),
        versions=found.versions,
        images=tuple((i, j) for i, j in images),
        checkpoints=found.checkpoints,
        finished=found.finished,
    )


def checkpoint_object(each: Checkpoint) -> dict[str, Any]:
    """Return a checkpoint as the object that JSON holds; every number is text but the step."""
    return {
        "step": each.step,
        "file": each.file,
        "train_loss": f"{decimal_text(each.train_loss, LOSS_DIGITS)[0]}",
        "train_error": None if each.train_error is None else str(each.train_error),
        "test_error": None if each.test_error is None else str(each.test_error),
    }
