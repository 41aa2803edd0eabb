"""The page of the command line: what ``--help`` of every command says, set so that it fits a phone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from solver.cli import cli

HEAD = """# Command line

What `solver COMMAND --help` prints, for every command."""
_MARKUP = "\\`*_[]<>|$"


def command_page() -> str:
    """Return a section for every command: what it does, its usage, its examples and its options."""
    return "\n\n".join([HEAD, *sections("solver", cli)]) + "\n"


def sections(name: str, command: click.Command, parent: click.Context | None = None) -> Iterator[str]:
    """Yield the section of a command, then those of the commands below it."""
    context = click.Context(command, info_name=name.rpartition(" ")[2], parent=parent)
    yield f"## `{name}`\n\n{described(command, context)}"
    if isinstance(command, click.Group):
        for below, each in command.commands.items():
            yield from sections(f"{name} {below}", each, context)


def described(command: click.Command, context: click.Context) -> str:
    """Return the help of a command as Markdown."""
    prose, examples = parts(command.help or "")
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    blocks = [*map(plain, prose), f"```text\n{usage}\n```"]
    if examples:
        blocks.append("\n".join(["```console", *(f"$ {line}" for line in examples), "```"]))
    records = [record for each in command.get_params(context) if (record := each.get_help_record(context))]
    rows = [f"| {literal(names)} | {plain(words)} |" for names, words in records if names != "--help"]
    if isinstance(command, click.Group):
        commands = [f"| `{name}` | {plain(each.get_short_help_str(200))} |" for name, each in command.commands.items()]
        blocks.append("\n".join(["| command | what it does |", "|---|---|", *commands]))
    if rows:
        blocks.append("\n".join(["| option | meaning |", "|---|---|", *rows]))
    return "\n\n".join(blocks)


def parts(text: str) -> tuple[list[str], list[str]]:
    """Return the paragraphs of a help text, and the lines of its examples."""
    prose: list[str] = []
    examples: list[str] = []
    for block in textwrap.dedent(text).replace("\b", "").strip().split("\n\n"):
        first, *rest = block.strip().splitlines() or [""]
        if first == "Examples:":
            examples += [line.strip() for line in rest]
        elif first:
            prose.append(" ".join([first, *rest]))
    return prose, examples


def literal(names: str) -> str:
    """Return the names of an option as code in a cell of a table."""
    return "`" + names.replace("|", "\\|") + "`"


def plain(words: str) -> str:
    """Return words with the signs that Markdown takes as its own kept."""
    return "".join(f"\\{sign}" if sign in _MARKUP else sign for sign in words)
