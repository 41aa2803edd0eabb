"""Pages made at build time: derivations, figures of the findings, the command line, the files beside docs/."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import house_figures
from command_page import command_page
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

import solver
from solver.derive.equations import over_lines
from solver.derive.scripts import Derivation, cells, chosen_scripts, derivations_folder, run, shown_code

SHOWN_LINES = 14
"""Code of more lines than this is folded."""

_log = logging.getLogger(__name__)
_BESIDE = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changes.md"}


def generate(app: Sphinx) -> None:
    """Write every page that does not exist or is older than the code."""
    docs = Path(app.srcdir)
    newest = _newest(Path(solver.__file__).parent, Path(__file__).parent)
    _write_beside(docs)
    _keep(docs / "commands.md", command_page())
    _write_derivations(docs / "derivations", newest)
    house_figures.draw_all(docs / "figures", newest)


def _newest(*folders: Path) -> float:
    return max(path.stat().st_mtime for folder in folders for path in folder.rglob("*.py"))


def _write_beside(docs: Path) -> None:
    """Copy the files beside docs/, with their links seen from docs/."""
    for source, target in _BESIDE.items():
        text = (docs.parent / source).read_text(encoding="utf-8")
        text = text.replace("](docs/", "](").replace("](README.md)", "](start.md)")
        for beside, page in _BESIDE.items():
            text = text.replace(f"]({beside})", f"]({page})")
        _keep(docs / target, text)


def _write_derivations(folder: Path, newest: float) -> None:
    folder.mkdir(exist_ok=True)
    paths = chosen_scripts(derivations_folder())
    for stale in {path.stem for path in folder.glob("*.md")} - {path.stem for path in paths}:
        (folder / f"{stale}.md").unlink()
    for path in paths:
        page = folder / f"{path.stem}.md"
        if page.exists() and page.stat().st_mtime > max(newest, path.stat().st_mtime):
            continue
        _log.info("checking derivation %s", path.stem)
        page.write_text(derivation_page(run(path)), encoding="utf-8")
    _keep(folder / "index.md", index_page(paths))


def derivation_page(outcome: Derivation) -> str:
    """Return the page of one derivation: its prose and code in order, then what it derives.

    Raises
    ------
    ExtensionError
        If its check fails: a site that states a result which does not hold is not built.
    """
    if outcome.failure:
        raise ExtensionError(f"derivations/{outcome.path.name} fails: {outcome.failure}\n{outcome.trace}")
    found = cells(outcome.path.read_text(encoding="utf-8"))
    body = [cell.text if cell.markdown else folded(shown_code(cell.text)) for cell in found]
    result = f"## What this derives\n\n$$\n{over_lines(outcome.latex)}\n$$"
    note = f"The script is `derivations/{outcome.path.name}`; its check held when this page was built."
    return "\n\n".join([*filter(None, body), result, note]) + "\n"


def folded(code: str) -> str:
    """Return code as a block, behind a click where it is long."""
    if not code.strip():
        return ""
    block = f"```python\n{code}\n```"
    lines = code.count("\n") + 1
    if lines <= SHOWN_LINES:
        return block
    names = [name for name in re.findall(r"^def (\w+)|^(\w+) = ", code, re.MULTILINE) for name in name if name]
    what = ", ".join(f"<code>{name}</code>" for name in dict.fromkeys(names))
    summary = f"{lines} lines of code{': ' if what else ''}{what}"
    start = f'```{{raw}} html\n<details class="code"><summary>{summary}</summary>\n```'
    return f"{start}\n\n{block}\n\n```{{raw}} html\n</details>\n```"


def index_page(paths: list[Path]) -> str:
    """Return the list of the derivations in the order in which they build on each other."""
    names = "\n".join(path.stem for path in paths)
    return (
        "# Derivations\n\nOne page a formula: the statement, the steps, the code that takes them, a check against the "
        "engine, and the result as the code gives it.  They build on each other in this order.  Each is a script in "
        "`derivations/` that opens as a notebook; `solver derive` checks them all and typesets them as one PDF.\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{names}\n```\n"
    )


def _keep(page: Path, text: str) -> None:
    """Write a page unless it already reads so, which keeps a second build short."""
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", generate, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
