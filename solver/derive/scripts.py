"""The scripts of `derivations/`: where they are, their cells, and what running one gives."""

from __future__ import annotations

import ast
import importlib.util
import re
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import solver
from solver.errors import InputError, NotApplicableError

_MARK = re.compile(r"^# %%(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class ScriptCell:
    """One cell of a percent-format script: markdown without its comment signs, or code."""

    markdown: bool
    text: str


@dataclass(frozen=True)
class Derivation:
    """What running a script gave: its LaTeX if its check holds, else the failure in one line and in full."""

    path: Path
    seconds: float
    latex: str = ""
    failure: str = ""
    trace: str = ""

    @property
    def name(self) -> str:
        """The script's name, such as ``ensemble_energy``."""
        return self.path.stem


def derivations_folder() -> Path:
    """Return the folder of the scripts: the checkout's, or the one that the wheel installs.

    Raises
    ------
    NotApplicableError
        If there is neither.
    """
    package = Path(solver.__file__).resolve().parent
    for folder in (package / "derivations", package.parent / "derivations"):
        if folder.is_dir():
            return folder
    raise NotApplicableError(
        f"no derivations beside {package}: this install left them out; "
        "reinstall adaptive-pooling-solver from its wheel, or run from a checkout"
    )


def chosen_scripts(folder: Path, names: Sequence[str] = ()) -> list[Path]:
    """Return the named scripts of a folder in the order given, or all of them as they build on each other.

    The folder's order.txt has that order; those that it does not name follow, sorted by name.

    Raises
    ------
    InputError
        If a name is not there; lists those that are.
    """
    order = folder / "order.txt"
    first = order.read_text(encoding="utf-8").split() if order.exists() else []
    found = {path.stem: path for path in sorted(folder.glob("*.py"))}
    known = {name: found[name] for name in dict.fromkeys([*first, *found]) if name in found}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(f"derivation: expected one of {', '.join(known)}; got {unknown[0]!r}")
    return [known[name] for name in dict.fromkeys(names or known)]


def cells(source: str) -> list[ScriptCell]:
    """Return the cells of a percent-format script that hold anything.

    Examples
    --------
    >>> cells("# %% [markdown]\\n# # Title\\n#\\n# Prose.\\n\\n# %%\\nx = 1\\n")
    [ScriptCell(markdown=True, text='# Title\\n\\nProse.'), ScriptCell(markdown=False, text='x = 1')]
    """
    _, *parts = _MARK.split(source)
    found = []
    for head, body in zip(parts[::2], parts[1::2], strict=True):
        markdown = head.strip() == "[markdown]"
        text = re.sub(r"^# ?", "", body, flags=re.MULTILINE) if markdown else body
        if text.strip():
            found.append(ScriptCell(markdown, text.strip("\n")))
    return found


def shown_code(source: str) -> str:
    """Return the code of a cell without what serves the file rather than the reader: ``latex()``, and the main block.

    Examples
    --------
    >>> shown_code("x = 1\\n\\n\\ndef latex():\\n    return 'x'\\n")
    'x = 1'
    """
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if getattr(node, "name", "") == "latex" or (isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)):
            lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - node.lineno + 1)
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)).strip("\n")


def load(path: Path) -> ModuleType:
    """Return a derivation as a module, computed afresh."""
    spec = importlib.util.spec_from_file_location(f"derivations.{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(path: Path) -> Derivation:
    """Derive, check and return one script's LaTeX; whatever it raises is a failure."""
    start = time.perf_counter()
    latex = failure = trace = ""
    try:
        module = load(path)
        module.check()
        latex = str(module.latex())
    except Exception as error:
        failure = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
        trace = traceback.format_exc()
    return Derivation(path, time.perf_counter() - start, latex, failure, trace)
