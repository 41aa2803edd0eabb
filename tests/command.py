"""The command line, run in this process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from solver.cli import main

Run = Callable[..., tuple[int, str, str]]
"""The command with its arguments: exit code, stdout, stderr."""


def called(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Return the exit code, stdout and stderr of the command."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    out, err = capfd.readouterr()
    return int(caught.value.code or 0), out, err
