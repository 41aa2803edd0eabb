"""Finished cells on disk, one JSON line each, so that a sweep that was interrupted goes on where it stopped."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import Struct

from solver.errors import InputError
from solver.reading import json_structure

HEADER = json.dumps({"schema": "solver.sweep.state/1"}) + "\n"


class FinishedCell(Struct, frozen=True):
    """A line of the file: the text of a cell, and its layers or the reason why it cannot exist."""

    question: str
    answer: dict[str, Any]


@dataclass(frozen=True)
class State:
    """A file of finished cells: a header, then a line for each, appended in one write.

    The end of the last line is the mark that it is whole: what follows the last line break, left by a process that was
    killed while writing, is cut off and computed again.  Answers to cells of other sweeps are kept and not used.

    Parameters
    ----------
    path : Path
    """

    path: Path

    def opened(self) -> dict[str, dict[str, Any]]:
        """Return the answers that the file holds, by the text of their cell; create it if there is none.

        Raises
        ------
        InputError
            If it is not a file of finished cells, or one of its lines is not an answer.
        """
        content = self.path.read_bytes() if self.path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        header, *lines = whole.splitlines(keepends=True) or [b""]
        fresh = not whole and HEADER.encode().startswith(content)
        if not fresh and header != HEADER.encode():
            raise InputError(f"state: {str(self.path)!r} is not a file of finished cells; name another")
        answers = dict(self._answer(line, number) for number, line in enumerate(lines, start=2))
        with self.path.open("ab") as file:
            file.truncate(len(whole))
        if fresh:
            self._append(HEADER)
        return answers

    def keep(self, question: str, answer: dict[str, Any]) -> None:
        """Append an answer."""
        self._append(json.dumps({"question": question, "answer": answer}) + "\n")

    def _append(self, line: str) -> None:
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            written = os.write(handle, line.encode())
        finally:
            os.close(handle)
        if written != len(line.encode()):
            raise OSError(28, "the line of a finished cell could not be written whole", str(self.path))

    def _answer(self, line: bytes, number: int) -> tuple[str, dict[str, Any]]:
        try:
            found = json_structure(line, FinishedCell, "state")
        except InputError:
            found = FinishedCell("", {})
        if set(found.answer) != {"why"} and "layers" not in found.answer:
            raise InputError(
                f"state: line {number} of {str(self.path)!r} is no finished cell; "
                "delete the line to compute that cell again, or the file to start anew"
            )
        return found.question, found.answer
