"""The command line, run in this process."""

from __future__ import annotations

import pytest

from solver.cli import main


def called(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Return the exit code, stdout and stderr of the command."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    out, err = capfd.readouterr()
    return int(caught.value.code or 0), out, err
