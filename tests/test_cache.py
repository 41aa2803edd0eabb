"""The cache: asked once, trusted only for the very same question, never in the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from solver.cache import Cache, default_folder


def never() -> dict[str, Any]:
    raise AssertionError("computed again")


def test_an_answer_is_computed_once(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "made" / "on demand")
    assert cache.answer("what?", lambda: {"value": "1/2"}) == {"value": "1/2"}
    assert cache.answer("what?", never) == {"value": "1/2"}
    assert cache.answer("what ?", lambda: {"value": "3"}) == {"value": "3"}


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"question": "other", "answer": {}}', '{"question": "what?"}', "\x00", '{"answer": 3}']
)
def test_a_damaged_file_is_computed_anew_and_replaced(tmp_path: Path, content: str) -> None:
    cache = Cache(tmp_path)
    cache.answer("what?", lambda: {"value": "1"})
    (path,) = tmp_path.iterdir()
    path.write_text(content)
    assert cache.answer("what?", lambda: {"value": "2"}) == {"value": "2"}
    assert cache.answer("what?", never) == {"value": "2"}


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert Cache(tmp_path / "file").answer("what?", lambda: {"value": "1"}) == {"value": "1"}


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLVER_CACHE", str(tmp_path))
    assert default_folder() == tmp_path
