"""Shared options: help that lists what there is, and settings that a command changes."""

from __future__ import annotations

import re
from collections.abc import Iterable

import click
import pytest

from solver.cli import COMMANDS, cli
from solver.commands.options import DEFAULTS, SHARED, shared
from solver.question.deformation import COLLISIONS
from solver.question.task import ENSEMBLES, LABELS
from solver.sensitivity.noise.methods import METHODS


@pytest.mark.parametrize(
    ("option", "names"),
    [("method", METHODS), ("distances", ENSEMBLES), ("labels", LABELS), ("collisions", COLLISIONS)],
)
def test_help_lists_what_there_is(option: str, names: Iterable[str]) -> None:
    assert [word for word in re.findall(r"\w+", SHARED[option]["help"]) if word in names] == list(names)


def test_every_command_is_listed_once() -> None:
    assert sorted(COMMANDS) == sorted(cli.commands) and len(set(COMMANDS)) == len(COMMANDS)


def test_a_command_changes_what_is_shared_for_itself_alone() -> None:
    @click.command()
    @shared("scale", "output", "own", scale={"default": 5}, own={"help": "Of its own."})
    def command(**_: object) -> None: ...

    assert [each.name for each in command.params] == ["scale", "output", "own"]
    assert command.params[0].default == 5 and DEFAULTS["scale"] == SHARED["scale"]["default"] == 7
    assert command.params[1].opts == ["-o", "--output"]
