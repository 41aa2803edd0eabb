"""What users see is what was kept, byte for byte; the cases that are slow or in floating point with ``-m slow``."""

from __future__ import annotations

import pytest

from tests.recording.cases import CASES, Case
from tests.recording.record import KEPT, difference


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name, marks=[] if case.quick else [pytest.mark.slow]) for case in CASES]
)
def test_users_see_what_was_kept(case: Case) -> None:
    assert "\n".join(difference(case)) == ""


def test_every_kept_file_has_one_case() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert {path.stem for path in KEPT.glob("*.txt")} == set(names)
