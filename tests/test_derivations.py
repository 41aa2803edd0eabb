"""Every derivation holds, yields LaTeX, and opens as a notebook."""

from __future__ import annotations

from pathlib import Path

import pytest

from solver.derive.document import section
from solver.derive.scripts import Derivation, cells, chosen_scripts, derivations_folder, load

SCRIPTS = chosen_scripts(derivations_folder())


def test_the_folder_is_the_one_of_the_checkout() -> None:
    assert derivations_folder() == Path(__file__).resolve().parents[1] / "derivations"
    assert len(SCRIPTS) >= 8


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_derivation_holds_and_yields_latex(path: Path) -> None:
    derivation = load(path)
    derivation.check()
    text = derivation.latex()
    assert text.strip()
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_derivation_opens_as_a_notebook_and_renders(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("# %% [markdown]\n# # ")
    assert text.count("\n# %%") >= 4
    found = cells(text)
    assert {cell.markdown for cell in found} == {True, False}
    assert section(Derivation(path, 0.0, latex="1 = 1")).startswith(r"\section{")
