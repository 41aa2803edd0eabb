"""Every example runs, draws one figure, and ends on the number it is guarded by."""

from __future__ import annotations

import ast
import runpy
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from matplotlib import pyplot

FOLDER = Path(__file__).resolve().parents[1] / "examples"

GUARDS: dict[str, tuple[str, Any]] = {
    "a_network_of_my_own": ("D", Fraction(124, 1939)),
    "deformation_by_hand": ("means", Fraction(4, 3)),
    "low_against_high_frequency": ("limits", {"uniform": Fraction(2, 19), "shift": Fraction(2, 3)}),
    "odd_activations": ("shares", {"relu": Decimal("0.95"), "hardtanh": Decimal("0.00")}),
    "one_pair_through_both_networks": ("outputs", {"uniform": 2, "shift": 2}),
    "the_best_kernel": ("D_uniform", Fraction(592, 4743)),
    "the_task": ("close", Fraction(12, 31)),
    "trained_beside_hand_built": ("rho", Decimal("0.9333")),
    "what_training_finds": ("drop", Decimal("0.0699")),
    "why_noise_piles_up": ("ratio", Decimal("3.0000")),
    "why_overlap_makes_the_response": ("floor", 28),
}
"""The variable and its value, of the last entry for a list."""


def test_every_example_is_guarded() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.py")) == sorted(GUARDS)


@pytest.mark.parametrize("name", GUARDS)
@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive:UserWarning")
def test_example_draws_a_figure_and_ends_on_its_number(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    variable, expected = GUARDS[name]
    pyplot.switch_backend("agg")
    try:
        found = runpy.run_path(str(FOLDER / f"{name}.py"))[variable]
        (number,) = pyplot.get_fignums()
        panels = pyplot.figure(number).axes
        assert panels and all(axis.lines or axis.patches for axis in panels)
        assert all(axis.get_xlabel() or axis.get_ylabel() or axis.get_title() for axis in panels)
    finally:
        pyplot.close("all")
    found = found[-1] if isinstance(found, list) else found
    assert (round(found, 4) if isinstance(found, Decimal) else found) == expected
    assert capsys.readouterr().out


@pytest.mark.parametrize("name", GUARDS)
def test_example_is_prose_and_cells_and_asserts(name: str) -> None:
    text = (FOLDER / f"{name}.py").read_text()
    title, rule, blank, *prose = (ast.get_docstring(ast.parse(text)) or "").splitlines()
    assert rule == "=" * len(title) and not blank and prose
    cells = text.split("\n# %%\n")[1:]
    assert sum(cell.startswith("# ") for cell in cells) == len(cells) - 1 >= 2  # all but the guard say what they do
    assert cells[-1].startswith("assert ") and len(cells[-1].splitlines()) == 1
    assert len(text.splitlines()) <= 70 and "show(" in text


@pytest.mark.parametrize("name", GUARDS)
def test_example_opens_as_a_notebook(name: str) -> None:
    parser = pytest.importorskip("sphinx_gallery.py_source_parser")
    core = pytest.importorskip("docutils.core")
    _, blocks = parser.split_code_and_text_blocks(str(FOLDER / f"{name}.py"))
    kinds = [block.type if hasattr(block, "type") else block[0] for block in blocks]
    assert kinds[:2] == ["text", "code"] and kinds[-1] == "code" and kinds.count("text") >= 3
    for kind, block in zip(kinds, blocks, strict=True):
        if kind == "text":
            core.publish_doctree(block[1], settings_overrides={"halt_level": 2, "report_level": 5})
