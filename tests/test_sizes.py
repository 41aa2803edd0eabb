"""No file of the package is too long to read in one sitting, and no function too long to see at once."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "solver").rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 300, 44


def too_long(text: str) -> list[str]:
    """The functions of a module that have too many lines, with their docstring and without decorators."""
    functions = [each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    lines = [(each.name, (each.end_lineno or 0) - each.lineno + 1) for each in functions]
    return [f"{name} has {count} lines" for name, count in lines if count > LONGEST_FUNCTION]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    assert too_long(text) == []


def test_a_long_function_is_found() -> None:
    body = "    pass\n" * (LONGEST_FUNCTION - 1)
    assert too_long(f"def f():\n{body}") == []
    assert too_long(f"class A:\n    def f():\n{body.replace('    pass', '        pass')}        pass\n") != []
