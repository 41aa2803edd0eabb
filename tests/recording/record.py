"""Keep what users see, or compare it: ``python -m tests.recording.record write|check [--only TEXT] [--quick]``."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import hashlib
import io
import os
import re
import shlex
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from math import isclose
from pathlib import Path
from unittest import mock

from .cases import CASES, Case

HERE = Path(__file__).parent
KEPT = HERE / "kept"
EXAMPLES = HERE.parents[1] / "examples"
LARGE = 30_000
FIRST_LINES = 20
DIFF_LINES = 40
DECIMAL = re.compile(r"(\d+\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)(?:\(\d+\))?")  # with its error
HASH = re.compile(r"^sha256 .*$", re.MULTILINE)
ELAPSED = re.compile(r"^(\w+ +(?:ok|failed)) +\d+\.\d s$", re.MULTILINE)  # of a derivation


def recorded(case: Case) -> str:
    """Return what a user sees of a case: each command's stdout, stderr and exit code, and the files it leaves."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        work = Path(folder).resolve()
        for name, content in case.files:
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_text(content, encoding="utf-8")
        with mock.patch.dict(os.environ, {"SOLVER_CACHE": cache, "COLUMNS": "80"}), contextlib.chdir(work):
            parts = [_command(line) for line in case.commands]
            if case.snippet:
                parts.append(_ran("python snippet", lambda: exec(compile(case.snippet, case.name, "exec"), {})))
        given = {name for name, _ in case.files}
        for path in sorted(path for path in work.rglob("*") if path.is_file()):
            name = path.relative_to(work).as_posix()
            if name not in given or path.read_text(encoding="utf-8") != dict(case.files)[name]:
                parts.append(_section(f"file {name}", path.read_bytes().decode("utf-8", "backslashreplace"), case))
        places = {str(work): "<folder>", cache: "<cache>", str(EXAMPLES): "<examples>"}
        text = "".join(parts)
        for place, name in places.items():
            text = text.replace(place, name)
        return ELAPSED.sub(r"\1 <seconds> s", text)


def _command(line: str) -> str:
    from solver.cli import main

    arguments = [word.replace("{examples}", str(EXAMPLES)) for word in shlex.split(line)]
    return _ran(f"solver {line}", lambda: main(arguments))


def _ran(title: str, run: Callable[[], object]) -> str:
    """Return a command's title, stdout, stderr and exit code; an exception that escapes is its own text."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            run()
        except SystemExit as stop:
            code = stop.code or 0
        except Exception as error:
            code = "uncaught " + "".join(traceback.format_exception_only(error)).strip()
    streams = [("stdout", out.getvalue()), ("stderr", err.getvalue())]
    return f"===== {title}\n" + "".join(_section(name, text) for name, text in streams if text) + f"----- exit {code}\n"


def _section(title: str, text: str, case: Case | None = None) -> str:
    """Return a titled text that ends in a line break; of a large or hashed one, its hash and its first lines."""
    if len(text.encode()) > LARGE or (case is not None and case.hashed):
        lines = [line[:200] for line in text.splitlines()[: 3 if case is not None and case.hashed else FIRST_LINES]]
        text = "\n".join([f"sha256 {hashlib.sha256(text.encode()).hexdigest()}", *lines])
    return f"----- {title}\n{text}" + ("" if text.endswith("\n") else "\n(no line break at the end)\n")


def difference(case: Case, *, elsewhere: bool = False) -> list[str]:
    """Return the unified diff between what is kept of a case and what it gives now.

    With ``elsewhere``, decimals that another processor may round otherwise need only be `alike`.
    """
    path = KEPT / f"{case.name}.txt"
    before = path.read_bytes().decode() if path.exists() else ""
    now = recorded(case)
    if before == now or (elsewhere and not case.portable and alike(before, now)):
        return []
    lines = difflib.unified_diff(before.split("\n"), now.split("\n"), "kept", "now", lineterm="", n=1)
    return [line[:300] for line in lines]


def alike(before: str, now: str) -> bool:
    """Return whether two texts are the same but for hashes, spaces, and decimals that agree to 1e-6 or within 1e-9."""
    (words, numbers), (other_words, other_numbers) = (_parted(text) for text in (before, now))
    return words == other_words and all(map(partial(isclose, rel_tol=1e-6, abs_tol=1e-9), numbers, other_numbers))


def _parted(text: str) -> tuple[list[str], list[float]]:
    """Return what stands between the decimals of a text, and the decimals."""
    parts = DECIMAL.split(HASH.sub("", text))
    return [re.sub(r" +|-{2,}", " ", part) for part in parts[::2]], list(map(float, parts[1::2]))


def main(arguments: list[str] | None = None) -> int:
    """Write or check the cases asked for; return 1 if any differ."""
    parser = argparse.ArgumentParser(prog="python -m tests.recording.record", description=__doc__)
    parser.add_argument("action", choices=["write", "check"])
    parser.add_argument("--only", default="", help="Cases with this text in their name.")
    parser.add_argument("--quick", action="store_true", help="Only portable cases of less than two seconds.")
    parser.add_argument("--times", action="store_true", help="Print the seconds of each case.")
    options = parser.parse_args(arguments)
    chosen = [case for case in CASES if options.only in case.name and (case.quick or not options.quick)]
    differing = 0
    for case in chosen:
        with _timed(case.name, show=options.times):
            if options.action == "write":
                KEPT.mkdir(exist_ok=True)
                (KEPT / f"{case.name}.txt").write_bytes(recorded(case).encode())
            elif lines := difference(case):
                differing += 1
                print(f"##### {case.name}{'' if case.portable else ' (not portable)'}", *lines[:DIFF_LINES], sep="\n")
    if options.action == "write":
        _drop_old(whole=len(chosen) == len(CASES))
        print(f"{len(chosen)} cases written")
    else:
        print(f"{len(chosen)} cases, {differing} differ")
    return int(differing > 0)


@contextlib.contextmanager
def _timed(name: str, *, show: bool) -> Iterator[None]:
    """Print the seconds of wall clock and of the processor that a case takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    if show:
        print(f"{time.perf_counter() - wall:7.2f} s {time.process_time() - cpu:7.2f} s cpu  {name}", flush=True)


def _drop_old(*, whole: bool) -> None:
    """Delete kept files of cases that are no more."""
    names = {f"{case.name}.txt" for case in CASES}
    for path in KEPT.glob("*.txt") if whole else ():
        if path.name not in names:
            path.unlink()


if __name__ == "__main__":
    sys.exit(main())
