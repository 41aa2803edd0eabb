"""What users see is what was kept, byte for byte; decimals in floating point to six digits, with ``-m slow``."""

from __future__ import annotations

import pytest

from tests.recording.cases import CASES, Case
from tests.recording.record import KEPT, alike, difference


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name, marks=[] if case.quick else [pytest.mark.slow]) for case in CASES]
)
def test_users_see_what_was_kept(case: Case) -> None:
    assert "\n".join(difference(case, elsewhere=True)) == ""


def test_every_kept_file_has_one_case() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert {path.stem for path in KEPT.glob("*.txt")} == set(names)


def test_decimals_are_alike_to_six_digits() -> None:
    assert alike("G  0.52560001(3), 1/3, 1.5e-13", "G 0.52560002(3), 1/3, 0.7e-13")
    assert not alike("G 0.5256", "G 0.5257")
    assert not alike("G 1/3", "G 1/4") and not alike("G -0.5", "G 0.5")
    assert not alike("G 0.5256 (numeric)", "G 0.5256 (exact)")
