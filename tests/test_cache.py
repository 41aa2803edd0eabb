"""The cache: keeps answers, trusts only those to the very same question, and is never in the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from solver.cache import Cache, default_folder


def test_an_answer_is_found_by_its_own_question_only(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "made" / "on demand")
    assert cache.find("what?") is None
    cache.keep("what?", {"value": "1/2"})
    assert cache.find("what?") == {"value": "1/2"} and cache.find("what ?") is None
    cache.keep("what?", {"value": "3"})
    assert cache.find("what?") == {"value": "3"} and len(os.listdir(cache.folder)) == 1


DAMAGED = ["", "{", "[]", '{"question": "other", "answer": {}}', '{"question": "what?"}', "\xff", '{"answer": {}}']


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_file_is_no_answer_and_is_replaced(tmp_path: Path, content: str) -> None:
    cache = Cache(tmp_path)
    cache.keep("what?", {"value": "1"})
    (path,) = tmp_path.iterdir()
    path.write_bytes(content.encode("latin-1"))
    assert cache.find("what?") is None
    cache.keep("what?", {"value": "2"})
    assert cache.find("what?") == {"value": "2"}


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache(tmp_path / "file")
    cache.keep("what?", {"value": "1"})
    assert cache.find("what?") is None and (tmp_path / "file").read_text() == ""


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLVER_CACHE", str(tmp_path))
    assert default_folder() == tmp_path
