"""f_p of `uniform`: pairs of windows summed over all images at once, against image by image, and its growth.

CPU seconds of one thread, as ratios in one run: ``make bench``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from threadpoolctl import threadpool_limits

from solver import GaussianNoise, TwoPixelTask, construct
from solver.gaussian.chains.columns import Counts
from solver.sensitivity.noise.transfer.output import OUTPUT_TRANSFER, output_response, pair_patterns
from solver.sensitivity.noise.transfer.windows import EqualWindows, equal_windows, float_counts
from solver.sensitivity.question import Question


def timed(compute: Callable[[], Any]) -> tuple[Any, float]:
    """Return a result and the CPU seconds it took."""
    start = time.process_time()
    result = compute()
    return result, time.process_time() - start


def windows(name: str, length: int, scale: int) -> EqualWindows:
    """Return the windows of f_p."""
    task = TwoPixelTask(length=length, scale=scale)
    question = Question(construct(name, task), task, noise=GaussianNoise())
    found = equal_windows(question, question.depth + 1)
    assert isinstance(found, EqualWindows)
    assert OUTPUT_TRANSFER.refusal(question, question.depth + 1) is None
    return found


def columns() -> None:
    """One lag of pairs: in columns, and a pass for each pattern of means."""
    for scale, lag in ((5, 1), (7, 2)):
        here = windows("uniform", 32, scale)
        chains, counts = here.chains(fine=True, pair=True), float_counts(pair_patterns(here, lag))
        fast, quick = timed(lambda chains=chains, counts=counts, lag=lag: chains.product(counts, lag)[0])

        def apart(chains: Any = chains, counts: Counts = counts, lag: int = lag) -> float:
            return sum(float(w) * chains.product({p: 1}, lag)[0] for p, w in counts.items())

        slow, plain = timed(apart)
        assert abs(fast - slow) < 1e-9 * slow
        print(f"pairs of uniform, xi = {scale}, lag {lag}: {quick:.2f} s for {len(counts)} patterns of means; ", end="")
        print(f"a pass for each {plain / quick:.0f} x")


def growth() -> None:
    """The whole of f_p, both resolutions and all errors, over xi and l."""
    base = 0.0
    cases = [("uniform", 32, 7), ("uniform", 64, 7), ("uniform", 32, 9), ("uniform", 64, 11), ("sine", 32, 7)]
    for name, length, scale in cases:
        here = windows(name, length, scale)
        value, seconds = timed(lambda here=here: output_response(here).total)
        base = base or seconds
        error = value.uncertainty / value.estimate
        print(
            f"f_p of {name}, l = {length}, xi = {scale}: {seconds:.1f} s ({seconds / base:.1f} x the first), ", end=""
        )
        print(f"relative error {error:.1g}")


if __name__ == "__main__":
    with threadpool_limits(1):
        columns()
        growth()
