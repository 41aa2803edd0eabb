"""The document: a title page, a section for each derivation, tables and figures; pdflatex makes it a PDF."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from solver import __version__
from solver.derive.characters import prose
from solver.derive.equations import displayed
from solver.derive.markdown import inline_code, markdown_latex, verbatim
from solver.derive.scripts import Derivation, cells, shown_code
from solver.errors import InputError, NotApplicableError

_WIDTH = 460.0
"""Points of a line: A4 paper less its margins of 24 mm."""

INSTALL = (
    "on Debian or Ubuntu: apt-get install texlive-latex-base texlive-latex-recommended lmodern; "
    "elsewhere any TeX Live, MacTeX or MiKTeX"
)


def document(
    outcomes: Sequence[Derivation], tables: Sequence[str] = (), figures: Mapping[str, str] | None = None
) -> str:
    """Return the LaTeX source of the document; everything it needs beyond its figures comes with LaTeX.

    Parameters
    ----------
    outcomes : sequence of Derivation
        One section each; a script whose check fails is shown without its result.
    tables : sequence of str
        LaTeX tables.
    figures : mapping of str to str
        File names, as seen from the source, and captions in markdown.
    """
    title = rf"\title{{Derivations}}\author{{adaptive-pooling-solver {prose(__version__)}}}\date{{}}"
    preamble = (Path(__file__).parent / "preamble.tex").read_text(encoding="utf-8")
    parts = [f"{preamble}{title}\n\\begin{{document}}\n\\maketitle\n\\tableofcontents\n"]
    parts += [f"\\clearpage\n{section(outcome)}" for outcome in outcomes]
    shown = [
        "\\begin{figure}[htbp]\n\\centering\n"
        f"\\includegraphics[width=\\linewidth,height=0.8\\textheight,keepaspectratio]{{{name}}}\n"
        f"\\caption{{{markdown_latex(caption).strip()}}}\n\\end{{figure}}\n"
        for name, caption in (figures or {}).items()
    ]
    for head, found in (("Tables", tables), ("Figures", shown)):
        if found:
            parts.append(f"\\clearpage\n\\section{{{head}}}\n" + "\n".join(found))
    return "\n".join([*parts, "\\end{document}\n"])


def section(outcome: Derivation) -> str:
    """Return the section of one derivation: prose and code in the order of the script, then what it derives.

    Raises
    ------
    InputError
        For prose that has no LaTeX; names the script.
    """
    try:
        body = "".join(
            markdown_latex(cell.text) if cell.markdown else verbatim(code)
            for cell in cells(outcome.path.read_text(encoding="utf-8"))
            if cell.markdown or (code := shown_code(cell.text))
        )
    except InputError as error:
        raise InputError(f"{outcome.path.name}: {error}") from None
    if outcome.failure:
        result = rf"\textbf{{The check of this derivation fails}}: {inline_code(outcome.failure)}. No result is stated."
    else:
        result = displayed(outcome.latex)
    script = inline_code(f"derivations/{outcome.path.name}")
    return f"{body}\n\\subsection*{{What {script} derives}}\n{result}\n"


def compile_pdf(source: Path, target: Path) -> Path:
    """Run pdflatex twice on a LaTeX file, put the PDF at ``target`` and return that.

    Raises
    ------
    NotApplicableError
        If pdflatex or a package is missing (says how to install them), or pdflatex fails (says where the log is).
    """
    if shutil.which("pdflatex") is None:
        raise NotApplicableError(f"pdflatex is not installed, so there is no PDF; {INSTALL}. The source is {source}")
    for _ in range(2):
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", source.name]
        done = subprocess.run(command, cwd=source.parent, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise NotApplicableError(_reason(source.with_suffix(".log"), done.stdout))
    shutil.move(source.with_suffix(".pdf"), target)
    return target


def write_sources(outcomes: Sequence[Derivation], folder: Path, *, complete: bool) -> Path:
    """Write each result, the tables and figures if ``complete``, and the document; return the document's path."""
    for outcome in outcomes:
        if outcome.latex:
            (folder / f"{outcome.name}.tex").write_text(f"{outcome.latex}\n", encoding="utf-8")
    path = folder / "derivations.tex"
    path.write_text(document(outcomes, *(slides_case(folder) if complete else ())), encoding="utf-8")
    return path


def slides_case(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return the tables of the slides' case, and its figures, drawn to a folder; none without matplotlib."""
    from solver.plots.registry import FIGURES
    from solver.plots.style import save
    from solver.report.documents.slides import slides_report

    tables = [slides_report().to_latex(command="solver derive", width=_WIDTH)]
    figures = {}
    for entry in FIGURES if find_spec("matplotlib") else ():
        save(entry.draw(), folder / f"figure-{entry.name}.pdf")
        figures[f"figure-{entry.name}.pdf"] = entry.caption
    return tables, figures


def _reason(log: Path, output: bytes) -> str:
    """Return what pdflatex stumbled on, from its log."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else output.decode(errors="replace")
    lines = text.splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith("!")), max(len(lines) - 5, 0))
    hint = f"; a package is missing: {INSTALL}" if "not found" in " ".join(lines[start : start + 2]) else ""
    return f"pdflatex failed: {' '.join(lines[start : start + 5])}{hint} (log: {log})"
