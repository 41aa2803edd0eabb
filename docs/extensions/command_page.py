"""The page of the command line: what ``--help`` of every command says."""

from __future__ import annotations

from collections.abc import Iterator

import click

from solver.cli import cli

WIDTH = 92


def command_page() -> str:
    """Return the help of every command, a section each."""
    sections = [f"## `{name}`\n\n```text\n{text}\n```" for name, text in helps("solver", cli)]
    head = "# Command line\n\nEvery command and its options, as `--help` prints them."
    return "\n\n".join([head, *sections]) + "\n"


def helps(name: str, command: click.Command, parent: click.Context | None = None) -> Iterator[tuple[str, str]]:
    """Yield the name and the help of a command, then those of the commands below it."""
    context = click.Context(command, info_name=name.rpartition(" ")[2], parent=parent, max_content_width=WIDTH)
    context.terminal_width = WIDTH
    yield name, command.get_help(context)
    if isinstance(command, click.Group):
        for below, each in command.commands.items():
            yield from helps(f"{name} {below}", each, context)
