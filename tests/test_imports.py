"""Rooms import downwards only, and `import solver` is cheap."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import solver

ROOT = Path(solver.__file__).parent
ORDER = [
    "errors",
    "files",
    "cache",
    "proof",
    "brute_force",
    "numbers",
    "reading",
    "question",
    "network",
    "gaussian",
    "values",
    "constructions",
    "sensitivity",
    "optimal",
    "train",
    "symbolic",
    "report",
    "citations",
    "sweep",
    "plots",
    "page",
    "derive",
    "commands",
    "cli",
]
LAZY_UPWARD = {
    ("sensitivity", "report"): "a result shows itself: to_json, to_latex and the notebook reprs",
}
HEAVY = [
    "sympy",
    "scipy",
    "torch",
    "networkx",
    "flint",
    "mpmath",
    "matplotlib",
    "click",
    "rich",
    "joblib",
    "distributed",
    "msgspec",
]


def room(module: str) -> str:
    """The room of a module: solver.network.trace is in `network`."""
    return module.split(".")[1]


def imports(path: Path) -> list[tuple[str, bool]]:
    """The solver modules that a file imports, and whether it does so inside a function."""
    tree = ast.parse(path.read_text())
    guarded = [
        node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    lazy = {id(inner) for node in [*guarded, *functions] for inner in ast.walk(node)}
    found = []
    for node in ast.walk(tree):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found += [(name, id(node) in lazy) for name in names if name.startswith("solver.")]
    return found


FILES = sorted(path for path in ROOT.rglob("*.py") if path.name != "__init__.py")


def test_every_room_has_its_place() -> None:
    assert {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in FILES} == set(ORDER)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_downwards(path: Path) -> None:
    here = path.relative_to(ROOT).parts[0].removesuffix(".py")
    for module, lazy in imports(path):
        there = room(module)
        allowed = ORDER.index(there) <= ORDER.index(here) or (lazy and (here, there) in LAZY_UPWARD)
        assert allowed, f"{path.name} imports {module}"


def test_brute_force_shares_nothing() -> None:
    """It checks all the other rooms, so it imports none of them."""
    inside = [path for path in FILES if path.parent.name == "brute_force"]
    assert inside and {room(module) for path in inside for module, _ in imports(path)} == {"brute_force"}


def test_upward_imports_allowed_are_all_in_use() -> None:
    used = {
        (p.relative_to(ROOT).parts[0].removesuffix(".py"), room(m)) for p in FILES for m, lazy in imports(p) if lazy
    }
    assert set(LAZY_UPWARD) <= used


@pytest.mark.parametrize(
    "statement", ["import solver", "import solver; solver.TwoPixelTask()", "import solver; dir(solver)"]
)
def test_import_is_cheap(statement: str) -> None:
    code = f"import sys; {statement}; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", solver.__all__)
def test_public_names_are_there(name: str) -> None:
    found = getattr(solver, name)
    assert found.__name__ == name and found.__doc__


def test_unknown_names_are_missing() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        solver.Nothing  # noqa: B018
