"""Jobs in threads: results in order, progress, errors, and no waiting for what still runs."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest

from solver.sensitivity.noise.sampled.threads import drawn_results, results_in_threads


def test_results_come_in_the_order_of_the_jobs_and_progress_counts_them() -> None:
    seen: list[tuple[int, int]] = []
    jobs = [lambda n=n: n * n for n in range(7)]
    assert results_in_threads(jobs, lambda done, total: seen.append((done, total))) == [n * n for n in range(7)]
    assert seen == [(n, 7) for n in range(1, 8)]
    assert results_in_threads([]) == []


def test_jobs_are_drawn_in_order_and_no_more_than_there_are_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    drawn: list[int] = []
    seen: list[tuple[int, int, int]] = []

    def draw() -> Callable[[], int]:
        drawn.append(number := len(drawn))
        return lambda: number * number

    results = drawn_results(draw, 5, lambda done, total: seen.append((done, total, len(drawn))))
    assert results == [0, 1, 4, 9, 16]
    assert seen == [(1, 5, 2), (2, 5, 2), (3, 5, 4), (4, 5, 4), (5, 5, 5)]


def test_the_error_of_a_job_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        results_in_threads([lambda: 1, lambda: 1 // 0])


def test_an_interrupt_does_not_wait_for_jobs_that_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    release, left = Event(), Event()

    def endless() -> None:
        release.wait(60)
        left.set()

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        results_in_threads([endless, lambda: None, lambda: None], interrupt)
    assert not left.is_set()
    release.set()
    assert left.wait(60)
