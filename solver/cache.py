"""Slow numbers kept on disk, each with the full text of the question it answers."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solver.files import replace_file


@dataclass(frozen=True)
class Cache:
    """A folder of answers, one JSON file a question.

    A file is found by a hash of the question and trusted only if the question it holds is the same,
    letter for letter; a file that cannot be read is no answer, and is replaced.

    Parameters
    ----------
    folder : Path
    """

    folder: Path

    def find(self, question: str) -> dict[str, Any] | None:
        """Return the stored answer to a question, or None.

        Parameters
        ----------
        question : str
            Canonical text that names everything the answer depends on.
        """
        try:
            stored = json.loads(self._path(question).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        match stored:
            case {"question": found, "answer": dict(answer)} if found == question:
                return answer
        return None

    def keep(self, question: str, answer: dict[str, Any]) -> None:
        """Store the answer to a question, a JSON object."""
        with suppress(OSError):  # a full disk is no error
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_file(self._path(question), json.dumps({"question": question, "answer": answer}))

    def _path(self, question: str) -> Path:
        return self.folder / f"{hashlib.sha256(question.encode()).hexdigest()}.json"


def default_folder() -> Path:
    """Return the user's cache folder for solver, or ``$SOLVER_CACHE`` if that is set."""
    from platformdirs import user_cache_path

    return Path(os.environ.get("SOLVER_CACHE") or user_cache_path("adaptive-pooling-solver"))
