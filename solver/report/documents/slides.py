"""The case of the slides: `uniform` and `shift` on a ring of 32 sites, at scale 7."""

from __future__ import annotations

from functools import lru_cache

from solver.cache import Cache, default_folder
from solver.constructions.registry import construct
from solver.question.task import TwoPixelTask
from solver.report.report import Report
from solver.sensitivity.sensitivities import sensitivities

SLIDES_NETWORKS = ("uniform", "shift")


@lru_cache(maxsize=1)
def slides_report() -> Report:
    """Return the report of that case, with every other convention at its default; some seconds, less once kept."""
    task = TwoPixelTask(length=32, scale=7)
    cache = Cache(default_folder())
    return Report(tuple(sensitivities(construct(name, task), task, cache=cache) for name in SLIDES_NETWORKS))
