"""LaTeX for the tests: compile a page where pdflatex is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

needs_latex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


def compiles(body: str, packages: str, folder: Path) -> str:
    """Assert that LaTeX compiles in an article with these packages; return the log."""
    source = f"\\documentclass{{article}}\n{packages}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
    (folder / "page.tex").write_text(source)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-1500:]
    return (folder / "page.log").read_text(errors="replace")
