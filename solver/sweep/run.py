"""Run a sweep: cells that are not finished yet go to this process, to all cores, or to a Dask cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from solver import __version__
from solver.cache import Cache
from solver.errors import InputError, MissingDependencyError, NotApplicableError
from solver.numbers.exact import integer
from solver.sensitivity.noise.route import Progress
from solver.sweep.answer import cell_answer
from solver.sweep.grid import Cell, Sweep
from solver.sweep.results import SweepResults
from solver.sweep.state import State

Answers = Generator[tuple[str, dict[str, Any]], None, None]
"""Answers as they are finished, each after the text of its cell."""


def run_sweep(
    sweep: Sweep,
    *,
    state: Path | None = None,
    jobs: int = 1,
    cluster: str | None = None,
    cache: Cache | None = None,
    progress: Progress | None = None,
) -> SweepResults:
    """Return the answers to all cells of a sweep, in grid order, whatever order and place they were computed in.

    Parameters
    ----------
    state : Path, optional
        File of finished cells: those it holds are not computed again, and each new one is appended at once.
    jobs : int
        Processes on this machine; -1 for one a core.
    cluster : str, optional
        Address of a Dask scheduler, such as ``tcp://host:8786``; takes the place of ``jobs``.
    cache, progress
        As in `solver.sensitivities`, the folder of that name on each machine; (done, total) counts cells.

    Raises
    ------
    SolverError
        If the state cannot be used, or the cluster: nothing answers there, it runs another version of solver, or
        ``distributed`` is not installed.
    """
    if jobs != -1:
        integer(jobs, "jobs", 1)
    kept = None if state is None else State(state)
    known = kept.opened() if kept else {}
    missing, total = [cell for cell in sweep.cells if cell.text not in known], len(sweep.cells)
    tell = progress or (lambda done, total: None)
    tell(total - len(missing), total)
    with closing(_answers(missing, jobs, cluster, cache)) as answers:
        for done, (text, found) in enumerate(answers, start=total - len(missing) + 1):
            known[text] = found
            if kept:
                kept.keep(text, found)
            tell(done, total)
    return SweepResults(sweep, tuple(known[cell.text] for cell in sweep.cells))


def _answers(cells: Sequence[Cell], jobs: int, cluster: str | None, cache: Cache | None) -> Answers:
    """Yield the cell_answer to each cell as it is finished."""
    if not cells:
        return
    if cluster is not None:
        yield from _on_cluster(cells, cluster, cache)
        return
    from joblib import Parallel, cpu_count, delayed

    workers = min(cpu_count() if jobs == -1 else jobs, len(cells))
    parallel = Parallel(n_jobs=workers, return_as="generator_unordered")
    with closing(parallel(delayed(_answered)(cell, cache) for cell in cells)) as found:
        yield from found


def _on_cluster(cells: Sequence[Cell], address: str, cache: Cache | None) -> Answers:
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise MissingDependencyError(
            "a cluster needs distributed: pip install 'adaptive-pooling-solver[cluster]'"
        ) from None
    _check_address(address)
    with Client(address, timeout="10s", set_as_default=False) as client:
        _check_versions(client)
        futures = client.map(_answered, cells, cache=cache, pure=False)
        try:
            for _, found in as_completed(futures, loop=client.loop, with_results=True):
                yield found
        finally:
            client.cancel(futures)


def _answered(cell: Cell, cache: Cache | None) -> tuple[str, dict[str, Any]]:
    return cell.text, cell_answer(cell, cache)


def _check_address(address: str) -> None:
    """Refuse an address at which nothing listens; a Dask client that cannot connect would go on trying to close."""
    from distributed.comm import connect

    async def reach() -> None:
        comm = await connect(address, timeout=10)
        comm.abort()

    if address.startswith("inproc://"):
        return
    try:
        asyncio.run(reach())
    except (OSError, ValueError) as error:
        raise InputError(f"cluster: no Dask scheduler answers at {address!r}: {error}") from None


def _check_versions(client: Any) -> None:
    """Refuse workers whose numbers might differ, before any cell is sent."""
    try:
        versions = client.run(_version)
    except ImportError as error:
        raise NotApplicableError(
            f"cluster: its workers cannot import solver ({error}); install solver {__version__} there"
        ) from None
    others = sorted({version for version in versions.values() if version != __version__})
    if others:
        raise NotApplicableError(
            f"cluster: its workers run solver {', '.join(others)}, this is {__version__}; install one version"
        )


def _version() -> str:
    return __version__
