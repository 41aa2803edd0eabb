"""Jobs side by side, one on each core, that an interrupt does not wait for."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any


def results_in_threads(
    jobs: Sequence[Callable[[], Any]], progress: Callable[[int, int], None] | None = None
) -> list[Any]:
    """Return the results of jobs, whose matrix products take one thread each; ``progress`` is called after each job.

    The threads are daemons: on an interrupt or an error no job is begun any more, and none that runs is waited for.
    """
    from threadpoolctl import threadpool_limits

    waiting: SimpleQueue[int] = SimpleQueue()
    finished: SimpleQueue[tuple[int, Any, BaseException | None]] = SimpleQueue()
    for index in range(len(jobs)):
        waiting.put(index)
    stopped = Event()
    results: dict[int, Any] = {}
    with threadpool_limits(1):
        for _ in range(min(os.cpu_count() or 1, len(jobs))):
            Thread(target=_work, args=(jobs, waiting, finished, stopped), daemon=True).start()
        try:
            while len(results) < len(jobs):
                index, result, error = finished.get()
                if error is not None:
                    raise error
                results[index] = result
                if progress:
                    progress(len(results), len(jobs))
        finally:
            stopped.set()
    return [results[index] for index in range(len(jobs))]


def drawn_results(
    draw: Callable[[], Callable[[], Any]], count: int, progress: Callable[[int, int], None] | None = None
) -> list[Any]:
    """Return the results of ``count`` jobs that ``draw`` makes one after the other, as many at a time as are cores."""
    cores = os.cpu_count() or 1
    results: list[Any] = []
    for start in range(0, count, cores):
        told = progress and partial(_told, progress, start, count)
        results += results_in_threads([draw() for _ in range(min(cores, count - start))], told)
    return results


def _told(progress: Callable[[int, int], None], before: int, count: int, done: int, _: int) -> None:
    progress(before + done, count)


def _work(jobs: Sequence[Callable[[], Any]], waiting: Any, finished: Any, stopped: Event) -> None:
    while not stopped.is_set():
        try:
            index = waiting.get_nowait()
        except Empty:
            return
        try:
            finished.put((index, jobs[index](), None))
        except BaseException as error:
            finished.put((index, None, error))
