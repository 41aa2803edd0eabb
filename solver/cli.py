"""The command ``solver``: thin, and quick to answer ``--help`` (heavy imports happen inside the commands)."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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


@click.group(help=f"{EXAMPLES}\nExact stability of hand-built CNNs to deformations (D) and noise (G).")
@click.version_option(__version__, prog_name="solver")
def cli() -> None:
    """Group of the commands."""


def task_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that describe the task and the size of the networks."""
    for option in reversed(
        [
            click.option("--length", default=32, show_default=True, help="Sites of the ring, l."),
            click.option("--scale", default=7, show_default=True, help="The task's scale xi, in pixels."),
            click.option("--filter-size", default=3, show_default=True, help="Filter size s, odd."),
            click.option("--channels", default=1, show_default=True, help="Equal copies H of every channel."),
            click.option("--distances", default="pairs", show_default=True, help="Ensemble: pairs, balanced or flat."),
            click.option("--gap", default=0, show_default=True, help="Drop distances within this gap around xi."),
        ]
    ):
        command = option(command)
    return command


def question_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that describe the deformation and the noise."""
    for option in reversed(
        [
            click.option(
                "--construction",
                "names",
                multiple=True,
                default=("uniform", "shift"),
                show_default=True,
                help="A network to report on; repeat it, or 'all' for every one that reaches the scale.",
            ),
            click.option(
                "--deformation",
                "law",
                default="independent",
                show_default=True,
                help="independent, mirror, rigid, single, or a law such as '-1:1/4 0:1/2 1:1/4'.",
            ),
            click.option("--collisions", default="add", show_default=True, help="add, merge or reject."),
            click.option("--noise-energy", default="8/3", show_default=True, help="l sigma^2: a rational, or 'exact'."),
            click.option("--rectified-noise", is_flag=True, help="Add max(eta, 0) in place of eta."),
            click.option("--seed", default=0, show_default=True, help="Seed of sampled values."),
        ]
    ):
        command = option(command)
    return command


@cli.command(
    short_help="Print D, G and R of every layer and of the output.",
    help="""\b
Examples:
  solver report --construction all --digits 20
  solver report --length 1000000 --construction uniform

Print D, G and R of every layer and of the output.""",
)
@task_options
@question_options
@click.option(
    "--method",
    default="auto",
    show_default=True,
    help="Route for noise rectified twice: auto, deterministic, series, transfer or sampling.",
)
@click.option("--tolerance", help="Sample until each error is this fraction of its value, such as 0.001.")
@click.option("--no-cache", is_flag=True, help="Neither read nor keep slow values on disk.")
@click.option("--channel-mean", is_flag=True, help="Average channels before taking norms.")
@click.option("--digits", type=click.IntRange(1, 1000), help="Significant digits [default: 15, in LaTeX 6].")
@click.option("--format", "form", type=click.Choice(["text", "json", "latex"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file, not to stdout.")
def report(
    names: tuple[str, ...],
    channel_mean: bool,
    method: str,
    tolerance: str | None,
    no_cache: bool,
    digits: int | None,
    form: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Print the report."""
    from solver.cache import Cache, default_folder
    from solver.report.report import Report
    from solver.sensitivity.sensitivities import sensitivities

    check_writable(output)
    task, deformation, noise, sampling = _question(options | {"tolerance": tolerance})
    networks = _networks(names, task, options)
    cache = None if no_cache else Cache(default_folder())
    results = []
    for network in networks:
        with progress_bar(network.name) as progress:
            results.append(
                sensitivities(
                    network,
                    task,
                    deformation=deformation,
                    noise=noise,
                    channel_mean=channel_mean,
                    method=method,
                    sampling=sampling,
                    cache=cache,
                    progress=progress,
                )
            )
    result = Report(tuple(results))
    if form == "json":
        text = result.to_json(digits=digits or 15)
    elif form == "latex":
        text = result.to_latex(
            digits=digits or 6, command=shlex.join(["solver", *click.get_current_context().find_root().obj])
        )
    else:
        text = result.to_text(digits=digits or 15)
    if cache is not None and any(layer.G.kind == "numeric" for each in results for layer in each.layers):
        click.echo(f"solver: slow values are kept in {cache.folder} (--no-cache to skip)", err=True)
    write(text, output)


@cli.command(
    short_help="Print a construction layer by layer.",
    help="""\b
Examples:
  solver show uniform
  solver show shift --scale 6 --distance 4 --format latex

Print a construction layer by layer: filters, effective kernels, the activations of one image.""",
)
@click.argument("name")
@task_options
@click.option(
    "--distance", type=click.IntRange(1), default=3, show_default=True, help="Distance of the image's pixels."
)
@click.option("--format", "form", type=click.Choice(["text", "latex", "tikz"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file, not to stdout.")
def show(name: str, distance: int, form: str, output: Path | None, **options: Any) -> None:
    """Print a construction layer by layer."""
    check_writable(output)
    task = _task(options)
    (network,) = _networks((name,), task, options)
    if distance > task.length // 2:
        raise click.BadParameter(
            f"expected at most {task.length // 2} on a ring of {task.length}", param_hint="--distance"
        )
    if form == "tikz":
        from solver.network.graph import channel_graph, graph_tikz

        write(graph_tikz(channel_graph(network)) + "\n", output)
        return
    from solver.report.show import network_latex, network_text

    write((network_text if form == "text" else network_latex)(network, task, distance), output)


@cli.command(
    short_help="Compare every quantity by two routes on one case.",
    help="""\b
Examples:
  solver verify
  solver verify --length 16 --scale 5 --construction all --collisions merge

Compare every quantity by two routes on one case; exit 1 if any differ.""",
)
@task_options
@question_options
def verify(names: tuple[str, ...], **options: Any) -> None:
    """Run the cross-checks."""
    from solver.report.verification import verification

    task, deformation, noise, sampling = _question(options)
    failed = 0
    for network in _networks(names, task, options):
        click.echo(f"{network.name}:")
        for check in verification(network, task, deformation, noise, sampling):
            failed += not check.passed
            click.echo(f"  {'ok  ' if check.passed else 'FAIL'} {check.name}: {check.outcome}")
    click.echo(f"{failed} checks failed" if failed else "all checks agree")
    if failed:
        raise click.exceptions.Exit(1)


@cli.command(name="constructions")
def list_constructions() -> None:
    """List the hand-built networks and what they claim."""
    from solver.constructions.registry import CONSTRUCTIONS

    for each in CONSTRUCTIONS.values():
        reach = "every xi" if each.every_scale else "xi = (s-1) k~ + 1"
        click.echo(f"{each.name}: {each.summary}\n  {each.claim}; reaches {reach}, s odd")


def _task(options: dict[str, Any]) -> Any:
    from solver.task import TwoPixelTask

    keys = ("length", "scale", "distances", "gap")
    return TwoPixelTask(**{key: options[key] for key in keys})


def _question(options: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
    from solver.deformation import Deformation
    from solver.noise import GaussianNoise
    from solver.sensitivity.sampling import Sampling

    return (
        _task(options),
        Deformation(law=options["law"], collisions=options["collisions"]),
        GaussianNoise(energy=options["noise_energy"], rectified=options["rectified_noise"]),
        Sampling(seed=options["seed"], tolerance=options.get("tolerance")),
    )


def _networks(names: Sequence[str], task: Any, options: dict[str, Any]) -> list[Any]:
    from solver.constructions.registry import CONSTRUCTIONS, construct
    from solver.errors import UnreachableScaleError

    networks = []
    for name in dict.fromkeys(CONSTRUCTIONS if "all" in names else names):
        try:
            networks.append(construct(name, task, filter_size=options["filter_size"], channels=options["channels"]))
        except UnreachableScaleError as error:
            if "all" not in names:
                raise
            click.echo(f"solver: left out: {error}", err=True)
    return networks


@contextmanager
def progress_bar(name: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a progress bar on stderr if it is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"noise of {name}", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def check_writable(output: Path | None) -> None:
    """Refuse an output path that cannot be written, before any work is done."""
    if output is not None and not os.access(output.parent, os.W_OK):
        raise click.BadParameter(
            f"the folder {str(output.parent)!r} does not exist or is not writable", param_hint="-o"
        )


def write(text: str, output: Path | None) -> None:
    """Write to stdout, or to a file that is replaced only once the new content is complete."""
    if output is None:
        click.echo(text, nl=False)
        return
    handle, temporary = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, output)
    except BaseException:
        os.unlink(temporary)
        raise
    click.echo(f"solver: wrote {output}", err=True)


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
