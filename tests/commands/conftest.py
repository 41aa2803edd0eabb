"""What tests of commands share."""

from __future__ import annotations

from functools import partial

import pytest

from tests.command import Run, called


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process: exit code, stdout, stderr."""
    return partial(called, capfd)
