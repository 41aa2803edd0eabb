"""`solver derive`: markdown and characters as LaTeX, equations that fit, what is written, what fails and how."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import solver
from solver.cli import main
from solver.derive.characters import code, mathematics, prose
from solver.derive.document import compile_pdf, document
from solver.derive.equations import LINE, displayed
from solver.derive.markdown import markdown_latex
from solver.derive.plain_mathematics import plain_mathematics
from solver.derive.scripts import chosen_scripts, derivations_folder, run, shown_code
from solver.errors import InputError, NotApplicableError
from solver.plots.registry import FIGURES
from solver.report.writers.latex_width import latex_width
from tests.latex import needs_latex

SOUND = """# %% [markdown]
# # Sound: ξ, ~ and `a_b`
#
# Prose with 50%, $x_1 < ξ$, **bold** and
#
# $$x = 1.$$
#
# | a | b |
# |---|--:|
# | `c` | $d$ |

# %%
x = "~ \\\\ {} # % é ξ"


# %%
def latex():
    return "x = 1"


def check():
    pass
"""
BROKEN = SOUND.replace("Sound", "Broken").replace("    pass", "    assert x == 0, 'x is not 0'")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two derivations in the place of the real one."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "sound.py").write_text(SOUND)
    (scripts / "broken.py").write_text(BROKEN)
    monkeypatch.setattr("solver.derive.scripts.derivations_folder", lambda: scripts)
    return tmp_path


def call(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command in this process: exit code, stdout, stderr."""
    with pytest.raises(SystemExit) as caught:
        main(["derive", *arguments])
    out, err = capfd.readouterr()
    return int(caught.value.code or 0), out, err


MARKDOWN = {
    "heading": ("## Two `a_b`", "\\subsection*{\\texorpdfstring{Two \\texttt{a\\_\\allowbreak{}b}}{Two a\\_b}}"),
    "bold and emphasis": ("**so** *on*", "\\textbf{so} \\emph{on}"),
    "inline": ("so $a*b*c_1$ is", "so $a*b*c_1$ is"),
    "dollar in code": ("`$x$` costs \\$5", "\\texttt{\\$x\\$} costs \\$5"),
    "a lone dollar": ("costs $5", "costs \\$5"),
    "plain mathematics": ("a_k = K * x < l^2", "$a_{k}$ = $K$ $*$ $x$ \\textless{} $l^{2}$"),
    "bars": ("|x|", "\\textbar{}$x$\\textbar{}"),
    "list": ("- so\n- on", "\\begin{itemize}\n\\item so\n\n\\item on\n\n\\end{itemize}"),
    "table": (
        "| p | to |\n|:--|--:|\n| 1 | $2$ |",
        "\\begin{center}\n\\begin{tabular}{lr}\n$p$ & to \\\\\n\\hline\n1 & $2$ \\\\\n\\end{tabular}\n\\end{center}",
    ),
    "link": ("[a](http://b/c_d)", "\\href{http://b/c\\_d}{a}"),
    "fence": ("```\na $1$\n```", "commandchars=\\\\\\{\\}]\na \\$1\\$\n\\end{Verbatim}"),
}  # fmt: skip


@pytest.mark.parametrize("name", MARKDOWN)
def test_markdown(name: str) -> None:
    text, latex = MARKDOWN[name]
    assert markdown_latex(text).strip().endswith(latex)


PLAIN = {
    "2 xi - 1": "2 $\\xi$ $-$ 1",
    "z^(-(s-1)k) K_2k(z)": "$z^{-(s-1)k}$ $K_{2k}$($z$)",
    "(S - theta)+^p": "($S$ $-$ $\\theta$)${}_{+}^{p}$",
    "E[X+ V+]": "$E$[$X_{+}$ $V_{+}$]",
    "<u_i> >= -1": "$\\langle$$u_{i}$$\\rangle$ $\\ge$ $-$1",
    "s1^2 ~ x_max": "$s_{1}^{2}$ $\\sim$ $x_{\\mathrm{max}}$",
    "phi' = -z phi dz": "$\\varphi'$ = $-$$z$ $\\varphi$ $dz$",
    "a pixel's trace, e.g. one-hot or s-nomial": "a pixel's trace, e.g. one-hot or $s$-nomial",
    "phi(a), A unit": "$\\varphi$($a$), A unit",
    "2 * 3, ||a||": "2 $\\cdot$ 3, $\\|$$a$$\\|$",
}


@pytest.mark.parametrize("text", PLAIN)
def test_mathematics_in_plain_characters(text: str) -> None:
    assert plain_mathematics(text) == PLAIN[text]


def test_display_may_start_lines_with_what_markdown_reads() -> None:
    found = markdown_latex("Then\n\n$$a\n= b\n- c\n# d$$\n\nend")
    assert "\\fitted{a\n= b\n- c\n# d}" in found and "section" not in found and "itemize" not in found


def test_unrendered_markdown_is_refused() -> None:
    with pytest.raises(InputError, match="no LaTeX for markdown of the kind 'image'"):
        markdown_latex("![a](b.png)")


@pytest.mark.parametrize(
    ("character", "command"),
    [("ξ", "\\xi"), ("Σ", "\\Sigma"), ("ς", "\\varsigma"), ("λ", "\\lambda"), ("Λ", "\\Lambda"), ("²", "^{2}"),
     ("₁", "_{1}"), ("ⁿ", "^{n}"), ("≤", "\\le"), ("‖", "\\|"), ("ℓ", "\\ell")],
)  # fmt: skip
def test_characters_beyond_ascii(character: str, command: str) -> None:
    assert prose(character) == code(character) == f"\\ensuremath{{{command}}}"
    assert mathematics(character) == f"{{{command}}}"


def test_characters_without_latex_are_named() -> None:
    assert prose("é–~") == r"é--\textasciitilde{}"
    with pytest.raises(InputError, match=r"no LaTeX for the character '☃' \(SNOWMAN\)"):
        prose("☃")


def test_short_equations_stay_whole() -> None:
    assert displayed("a = b") == "\n\\[\\fitted{a = b}\\]\n"


@pytest.mark.parametrize(
    "latex",
    [
        "S = " + " + ".join(rf"\frac{{x_{{{i}}}}}{{y^2}}\left(a - b_{i}\right)" for i in range(20)),
        "a = "
        + " + ".join("bcdef" for _ in range(15))
        + r", \qquad g(x - 1) = "
        + " - ".join("hij" for _ in range(20)),
        "\\begin{aligned} a &= b \\\\ c &= " + " + ".join("defgh" for _ in range(20)) + "\\end{aligned}",
    ],
)
def test_long_equations_are_broken_where_nothing_is_open(latex: str) -> None:
    body = re.sub(r"\\(begin|end)\{aligned\}", "", displayed(latex).strip()[len(r"\[\fitted{") : -len(r"}\]")])
    lines = body.split(r"\\")
    assert len(lines) > 1 and all(line.count("&") == 1 for line in lines)
    for line in lines:
        assert latex_width(line) < 1.1 * LINE
        assert line.count(r"\left") == line.count(r"\right") and line.count("(") == line.count(")")
    bare = re.sub(r"\\(begin|end)\{aligned\}|&|\\\\|\\q?quad|\s", "", latex)
    assert re.sub(r"&|\\q?quad|\s", "", "".join(lines)) == bare


def test_a_failed_check_is_reported_and_the_others_are_written(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capfd, "broken", "sound", "--no-pdf", "--output", str(folder / "out"))
    assert code == 1
    assert [line.split()[:2] for line in out.splitlines()[:2]] == [["broken", "FAILED"], ["sound", "ok"]]
    assert "1 of 2 derivations hold" in out and "solver: failed: broken (AssertionError: x is not 0)" in err
    assert err.count("Traceback") == 1 and "assert x == 0" in err
    written = folder / "out" / "derivations"
    assert sorted(path.name for path in written.iterdir()) == ["derivations.tex", "sound.tex"]
    assert (written / "sound.tex").read_text() == "x = 1\n"
    document = (written / "derivations.tex").read_text()
    assert document.count(r"\section{") == 2 and document.count("x = 1}") == 1
    assert "The check of this derivation fails" in document


def test_stop_leaves_the_rest_out(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capfd, "broken", "sound", "--stop", "--no-pdf", "--output", str(folder / "out"))
    assert code == 1 and "0 of 2 derivations hold, 1 not run" in out


def test_names_choose(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capfd, "sound", "--no-pdf", "--output", str(folder / "out"))
    assert (code, err) == (0, "") and out.startswith("sound") and "1 of 1 derivations hold" in out
    code, out, err = call(capfd, "absent", "--output", str(folder / "new"))
    assert (code, out, err) == (2, "", "solver: derivation: expected one of broken, sound; got 'absent'\n")
    assert not (folder / "new").exists()


def test_without_pdflatex_sources_are_still_written(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("solver.derive.document.shutil.which", lambda _: None)
    code, out, err = call(capfd, "sound", "--output", str(folder / "out"))
    assert code == 2 and "apt-get install texlive-latex-base" in err and "1 of 1 derivations hold" in out
    assert (folder / "out" / "derivations" / "derivations.tex").exists()
    assert not (folder / "out" / "derivations.pdf").exists()


def test_prose_without_latex_names_its_script(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "scripts" / "sound.py").write_text(SOUND.replace("bold", "☃"))
    code, out, err = call(capfd, "sound", "--no-pdf", "--output", str(folder / "out"))
    assert code == 2 and "1 of 1 derivations hold" in out and "solver: sound.py: no LaTeX for the character '☃'" in err


@needs_latex
def test_pdf_is_built(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, _, err = call(capfd, "sound", "--output", str(folder / "out"))
    assert (code, err) == (0, "")
    assert (folder / "out" / "derivations.pdf").read_bytes().startswith(b"%PDF-")
    assert "Overfull" not in (folder / "out" / "derivations" / "derivations.log").read_text(errors="replace")


@needs_latex
def test_a_document_that_fails_to_compile_says_why(tmp_path: Path) -> None:
    source = tmp_path / "page.tex"
    source.write_text("\\documentclass{article}\\begin{document}\n\\nothing\n\\end{document}\n")
    with pytest.raises(NotApplicableError, match=r"! Undefined control sequence.*page\.log"):
        compile_pdf(source, tmp_path / "page.pdf")
    assert not (tmp_path / "page.pdf").exists()


@needs_latex
@pytest.mark.slow
def test_the_whole_document(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capfd, "--output", str(tmp_path))
    assert code == 0 and f"written: {tmp_path / 'derivations.pdf'}" in out
    log = (tmp_path / "derivations" / "derivations.log").read_text(errors="replace")
    assert "Overfull" not in log and "Missing character" not in log and "is shrunk" not in log
    source = (tmp_path / "derivations" / "derivations.tex").read_text()
    assert source.count("\\includegraphics") == len(FIGURES) and "\\begin{tabular}" in source


def test_a_wheel_carries_its_derivations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "solver"
    installed.mkdir()
    monkeypatch.setattr(solver, "__file__", str(installed / "__init__.py"))
    with pytest.raises(NotApplicableError, match="reinstall adaptive-pooling-solver from its wheel"):
        derivations_folder()
    (installed / "derivations").mkdir()
    assert derivations_folder() == installed / "derivations"


def test_what_a_script_raises_is_its_failure(folder: Path) -> None:
    script = folder / "scripts" / "odd.py"
    script.write_text("raise ValueError('on\\nimport')")
    outcome = run(script)
    assert (outcome.failure, outcome.latex) == ("ValueError: on import", "") and "Traceback" in outcome.trace
    assert [path.stem for path in chosen_scripts(folder / "scripts")] == ["broken", "odd", "sound"]


def test_figures_have_captions_and_names_of_their_own() -> None:
    assert len({entry.name for entry in FIGURES}) == len(FIGURES) > 0
    assert all(entry.name.replace("-", "_").isidentifier() and entry.caption.endswith(".") for entry in FIGURES)


def test_tables_and_figures_follow_the_sections() -> None:
    text = document((), ["TABLE"], {"a.pdf": "A **box**."})
    assert text.index("TABLE") < text.index("{a.pdf}") < text.index("\\caption{A \\textbf{box}.}")


def test_the_reading_order_names_every_derivation() -> None:
    stems = [path.stem for path in chosen_scripts(derivations_folder())]
    assert stems == (derivations_folder() / "order.txt").read_text().split()


def test_latex_functions_are_not_shown() -> None:
    check = "def check():\n    assert x"
    code = f"x = 1\n\n\ndef latex():\n    return 'x'\n\n\n{check}\n\n\nif __name__ == '__main__':\n    check()\n"
    assert shown_code(code) == f"x = 1\n\n\n{check}"
    assert shown_code("def latex():\n    return ''\n") == ""
