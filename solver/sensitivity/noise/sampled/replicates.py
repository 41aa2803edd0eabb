"""Independent randomised sets of noises, with more points until a tolerance is met."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

import numpy as np

from solver.question.noise import Noise
from solver.sensitivity.noise.route import Progress, Sampling
from solver.sensitivity.noise.sampled.threads import drawn_results
from solver.values import NumericValue

Run = TypeVar("Run")
Found = TypeVar("Found")
Draw = Callable[[int, np.random.Generator], np.ndarray]
MOST_POINTS = 2**17


def sampled_until_met(
    sampling: Sampling,
    points: int,
    noises: Draw,
    replicate: Callable[[np.ndarray], Run],
    estimated: Callable[[list[Run], str], Found],
    judged: Callable[[Found], Iterable[NumericValue]],
    progress: Progress | None,
    *,
    most: int = MOST_POINTS,
) -> Found:
    """Return estimates from independent replicates, with four times the points until those judged are met."""
    generator = np.random.default_rng(sampling.seed)

    def drawn() -> Callable[[], Run]:
        return partial(replicate, noises(points, generator))

    while True:
        found = estimated(drawn_results(drawn, sampling.replicates, progress), sampling.method(points))
        if sampling.is_met(judged(found)) or 4 * points > most:
            return found
        points *= 4


def sobol_noises(noise: Noise, length: int, sites: int, points: int, generator: np.random.Generator) -> np.ndarray:
    """Return one scrambled Sobol set of noises, of shape (points, sites)."""
    from scipy.stats import qmc

    return noise.samples(qmc.Sobol(sites, scramble=True, rng=generator), points, length)
