"""Every example runs, and ends on the number it is guarded by."""

from __future__ import annotations

import runpy
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "examples"

GUARDS: dict[str, tuple[str, Any]] = {
    "a_network_of_my_own": ("D", Fraction(124, 1939)),
    "deformation_by_hand": ("means", Fraction(4, 3)),
    "odd_activations": ("shares", {"relu": Decimal("0.95"), "hardtanh": Decimal("0.00")}),
    "one_pair_through_both_networks": ("outputs", {"uniform": 2, "shift": 2}),
    "the_task": ("close", Fraction(12, 31)),
    "what_training_finds": ("drop", Decimal("0.0835")),
    "why_noise_piles_up": ("ratio", Decimal("3.0000")),
    "why_overlap_makes_the_response": ("floor", 28),
}
"""The variable and its value, of the last entry for a list."""


def test_every_example_is_guarded() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.py")) == sorted(GUARDS)


@pytest.mark.parametrize("name", GUARDS)
def test_example_ends_on_its_number(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    variable, expected = GUARDS[name]
    found = runpy.run_path(str(FOLDER / f"{name}.py"))[variable]
    found = found[-1] if isinstance(found, list) else found
    assert (round(found, 4) if isinstance(found, Decimal) else found) == expected
    assert capsys.readouterr().out


@pytest.mark.parametrize("name", GUARDS)
def test_example_opens_as_a_notebook_and_asserts(name: str) -> None:
    text = (FOLDER / f"{name}.py").read_text()
    assert text.startswith("# %% [markdown]\n# # ")
    assert text.rstrip().splitlines()[-1].startswith("assert ")
    assert len(text.splitlines()) <= 70
