"""The command ``solver``: thin, and quick to answer ``--help`` (heavy imports happen inside the commands)."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from solver import __version__
from solver.errors import SolverError

EXAMPLES = """\b
Examples:
  solver report
  solver report --length 33 --scale 9 --construction all --format json
  solver report --construction uniform --format latex -o table.tex
  solver show shift --scale 5 --distance 2
  solver verify --length 16 --scale 5
"""


COMMANDS = (
    *("report", "frame", "table", "sweep", "limits", "formula", "plot", "page", "search", "show", "shuffle"),
    *("train", "history", "verify", "derive", "cite", "constructions"),
)
"""Each is the function of this name in the module of this name in `solver.commands`."""


@click.group(help=f"{EXAMPLES}\nExact stability of hand-built CNNs to deformations (D) and noise (G).")
@click.version_option(__version__, prog_name="solver")
def cli() -> None:
    """Group of the commands."""


for name in COMMANDS:
    cli.add_command(getattr(import_module(f"solver.commands.{name}"), name))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command: exit 2 with one line for bad input, 130 when interrupted."""
    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        code = cli.main(args=given, prog_name="solver", standalone_mode=False, obj=given.copy())
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        code = 2
    except click.ClickException as error:
        code = _fail(error.format_message())
    except SolverError as error:
        code = _fail(str(error))
    except MemoryError:
        code = _fail("the question needs more memory than there is; ask for a smaller one")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        code = _fail(f"{error.strerror or error}: {error.filename}")
    except (click.Abort, KeyboardInterrupt):
        click.echo("solver: interrupted", err=True)
        code = 130
    sys.exit(code or 0)


def _fail(message: str) -> int:
    click.echo(f"solver: {' '.join(message.split())}", err=True)
    return 2


if __name__ == "__main__":
    main()
