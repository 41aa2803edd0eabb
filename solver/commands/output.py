"""Where commands write: files, stdout, and a progress bar on stderr."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from solver.files import replace_file

if TYPE_CHECKING:
    from solver.cache import Cache
    from solver.sensitivity.sensitivities import Sensitivities


@contextmanager
def bar(text: str, **start: Any) -> Iterator[Callable[..., None] | None]:
    """Show a progress bar on stderr if it is a terminal, and yield `rich.progress.Progress.update` of it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        yield partial(progress.update, progress.add_task(text, **start))


@contextmanager
def progress_bar(name: str, *, about: str = "noise of ") -> Iterator[Callable[[int, int], None] | None]:
    """Show a progress bar, and yield what is called with the steps that are done and all there are."""
    with bar(f"{about}{name}", total=None) as update:
        yield None if update is None else lambda done, total: update(completed=done, total=total)


Progress = Callable[[int, int], None]


@contextmanager
def shown_rows(heads: Sequence[str]) -> Iterator[tuple[Callable[[Sequence[str]], None], Callable[[str], Progress]]]:
    """Show rows of a table over a progress bar on stderr, if it is a terminal, for as long as there is work.

    Yield what adds a row, and what begins work of a name and returns what is called with the steps that are done and
    all there are.  The rows stay if the work is interrupted, and go if it is done: what comes of it holds them.
    """
    if not sys.stderr.isatty():
        yield lambda row: None, lambda name: lambda done, total: None
        return
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress import Progress

    from solver.report.writers.text import empty_table

    table, progress = empty_table(heads), Progress()
    task = progress.add_task("", total=None)

    def begun(name: str) -> Callable[[int, int], None]:
        progress.reset(task, total=None, description=name)
        return lambda done, total: progress.update(task, completed=done, total=total)

    with Live(Group(table, progress), console=Console(stderr=True), transient=True) as live:
        try:
            yield lambda row: table.add_row(*row), begun
        except BaseException:
            live.transient = False
            raise


Output = TypeVar("Output", Path, tuple[Path, ...], None)


def check_writable(_context: click.Context, _option: click.Parameter, output: Output) -> Output:
    """Return what the option ``--output`` holds; refuse paths that cannot be written, before any work is done."""
    for path in output if isinstance(output, tuple) else (output,):
        if path is not None and not os.access(path.parent, os.W_OK):
            told = f"the folder {str(path.parent)!r} does not exist or is not writable"
            raise click.BadParameter(told, param_hint="-o")
    return output


def say_where_kept(results: Sequence[Sensitivities], cache: Cache | None) -> None:
    """Say on stderr where slow values are kept, if there are any."""
    if cache is not None and any(layer.G.kind == "numeric" for each in results for layer in each.layers):
        click.echo(f"solver: slow values are kept in {cache.folder} (--no-cache to skip)", err=True)


def given_command() -> str:
    """Return the command line as it was given, to be recorded in what it makes."""
    return shlex.join(["solver", *click.get_current_context().find_root().obj])


def write(text: str, output: Path | None) -> None:
    """Write to stdout, or to a file that is replaced only once the new content is complete."""
    if output is None:
        click.echo(text, nl=False)
        return
    replace_file(output, text)
    click.echo(f"solver: wrote {output}", err=True)
