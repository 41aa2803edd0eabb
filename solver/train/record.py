"""What a run leaves in its folder: `training.json`, a network file a checkpoint, and the state to go on from."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from solver.errors import InputError
from solver.files import replace_file
from solver.network.files.reading import network_from_text
from solver.network.network import Network
from solver.network.torch import torch_module
from solver.numbers.exact import decimal_text
from solver.reading import json_structure
from solver.train.split import Sites
from solver.train.training import Training, training_from_json

RECORD, STATE = "training.json", "state.pt"
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
    images: tuple[Sites, ...]
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


@dataclass(frozen=True)
class RunFolder:
    """A folder that holds one run; every file in it is replaced at once, so that none is ever half written.

    Parameters
    ----------
    path : Path
    """

    path: Path

    def opened(self, fresh: Record) -> Record:
        """Return the record of the folder, or ``fresh``, written, if there is none.

        Raises
        ------
        InputError
            If the folder holds anything else: other files, another configuration, a run of other versions.
        """
        if (self.path / RECORD).exists():
            found = read_record(self.path)
            self._check_same(found, fresh)
            return found
        if self.path.exists() and any(not each.name.startswith(".") for each in self.path.iterdir()):
            raise InputError(f"folder: {str(self.path)!r} holds something else than a training run; name a new one")
        self.path.mkdir(parents=True, exist_ok=True)
        self.keep(fresh)
        return fresh

    def keep(self, record: Record) -> None:
        """Write the record."""
        replace_file(self.path / RECORD, record.to_json())

    def keep_state(self, state: dict[str, Any]) -> None:
        """Write the state to go on from."""
        unfinished = self.path / f".{STATE}"
        torch_module().save(state, unfinished)
        os.replace(unfinished, self.path / STATE)

    def state(self) -> dict[str, Any] | None:
        """Return the state to go on from, or None.

        Raises
        ------
        InputError
            If the file cannot be read as one.
        """
        path = self.path / STATE
        if not path.exists():
            return None
        try:
            found = torch_module().load(path, weights_only=True)
        except Exception as error:
            raise InputError(
                f"{str(path)!r} cannot be read ({type(error).__name__}); delete it to train from the start"
            ) from None
        return dict(found)

    def _check_same(self, found: Record, fresh: Record) -> None:
        if found.training != fresh.training:
            ours, theirs = fresh.training.as_json(), found.training.as_json()
            name = next(key for key in ours if ours[key] != theirs[key])
            raise InputError(
                f"folder: {str(self.path)!r} holds a run of {name} {theirs[name]}, not {ours[name]}; name another"
            )
        if found.versions != fresh.versions and found.finished is None:
            raise InputError(
                f"folder: {str(self.path)!r} holds a run begun with {found.versions}, which {fresh.versions} would not "
                "continue to the same numbers; name another"
            )


def read_record(path: Path) -> Record:
    """Return the record of a run, from its folder or from the .zip that `pack` made of it.

    Raises
    ------
    InputError
        If there is none.
    """
    text = _text(path, RECORD, f"holds no {RECORD}; give the folder or the .zip of a training run")
    return record_from_json(text, f"{RECORD} in {str(path)!r}")


def read_checkpoint(path: Path, checkpoint: Checkpoint) -> Network:
    """Return the network of a checkpoint, from the folder or the .zip of its run.

    Raises
    ------
    InputError
        If there is none.
    """
    return network_from_text(_text(path, checkpoint.file, f"holds no readable {checkpoint.file}; train it again"))


def pack(folder: Path, target: Path) -> None:
    """Write the record and the networks of a run as one .zip, the same bytes for the same run."""
    record = read_record(folder)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in (RECORD, *(each.file for each in record.checkpoints)):
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, (folder / name).read_bytes(), compresslevel=9)


def _text(path: Path, name: str, otherwise: str) -> str:
    """Return the text of a file in a folder or in an archive."""
    try:
        root: Any = zipfile.Path(path) if path.suffix == ".zip" and path.is_file() else path
        return str((root / name).read_text(encoding="utf-8"))
    except (OSError, KeyError, UnicodeDecodeError, zipfile.BadZipFile, zlib.error):
        raise InputError(f"{str(path)!r} {otherwise}") from None
