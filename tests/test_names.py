"""One noun per idea: no two modules give a public name of their own to different things."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import solver

ROOT = Path(solver.__file__).parent
ONE_EACH = {"CONSTRUCTION", "SCHEMA"}
"""Every construction's file has the one, every document with a schema the other."""


def public_names(path: Path) -> set[str]:
    """The names that a module gives at its top: functions, classes, constants; type variables aside."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            made = ast.unparse(node.value) if node.value else ""
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {each.id for each in targets if isinstance(each, ast.Name) and not made.startswith("TypeVar(")}
    return {name for name in found if not name.startswith("_")}


def test_a_public_name_has_one_meaning() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in sorted(ROOT.rglob("*.py")):
        if path.parent.name != "commands":  # a command and what it calls may share a name
            for name in public_names(path):
                places[name].append(str(path.relative_to(ROOT)))
    twice = {name: files for name, files in places.items() if len(files) > 1 and name not in ONE_EACH}
    assert not twice


def test_it_would_notice() -> None:
    assert {"TwoPixelTask"} <= public_names(ROOT / "question" / "task.py")
    assert "N" not in public_names(ROOT / "gaussian" / "moments.py")
