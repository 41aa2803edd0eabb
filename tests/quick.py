"""Sensitivities for tests that need no digits of f_p of `uniform`, which takes some 15 s: there it is sampled."""

from __future__ import annotations

from solver import Sampling, Sensitivities, TwoPixelTask, construct, sensitivities
from solver.constructions.registry import CONSTRUCTIONS

SLOW = {"uniform": "sampling"}
FEW = Sampling(points=64, replicates=4)


def quick_sensitivities(name: str, task: TwoPixelTask, sampling: Sampling = FEW) -> Sensitivities:
    """The sensitivities of a construction, with few samples where they would be slow."""
    return sensitivities(construct(name, task), task, method=SLOW.get(name, "auto"), sampling=sampling)


UNSTRIDED = [name for name, each in CONSTRUCTIONS.items() if each.strided_depth is None]
"""The constructions without strides, whose scales do not have to fit the ring."""
