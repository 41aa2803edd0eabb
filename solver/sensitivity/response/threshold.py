"""How well a threshold on f_p tells the two labels apart, exactly."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key
from typing import Any

from solver.errors import NotApplicableError
from solver.network.network import Network
from solver.network.representatives import checked_stride
from solver.numbers.exact import sign
from solver.question.ensemble import representatives
from solver.question.pairs import Task
from solver.sensitivity.response.by_displacement import pair_responses


@dataclass(frozen=True)
class Threshold:
    """The rule y = +1 for f_p > ``level``, and the probability over the ensemble that it is wrong."""

    level: Any
    error: Fraction


def best_threshold(network: Network, task: Task) -> Threshold:
    """Return the threshold on f_p with the smallest probability of a wrong label, the largest such value of f_p.

    Raises
    ------
    NotApplicableError
        For a network with strides, whose response depends on where the pair is.

    Notes
    -----
    Costs one forward pass for each displacement in sight: all others share one response, and one label as far as
    the network is right about any of them.

    Examples
    --------
    >>> from solver import FrameTask, construct
    >>> task = FrameTask(shape=16, scale=5, metric="l2")
    >>> best_threshold(construct("uniform", task), task)
    Threshold(level=2, error=Fraction(0, 1))
    """
    weights = response_weights(network, task)
    error = sum((near for near, _ in weights.values()), Fraction(0))
    best: Threshold | None = None
    for level in sorted(weights, key=cmp_to_key(_order), reverse=True):
        if best is None or error <= best.error:
            best = Threshold(level, error)
        near, far = weights[level]
        error += far - near
    assert best is not None
    return best


def response_weights(network: Network, task: Task) -> dict[Any, tuple[Fraction, Fraction]]:
    """Return each value of f_p with the probabilities that an image has it and the label +1, or -1."""
    phases = checked_stride(network, task)
    if phases > 1:
        raise NotApplicableError("a threshold on f_p is for networks without strides")
    sight = max(network.receptive_field(network.depth) + phases, task.scale + task.gap)
    ring = representatives(task, sight)
    weights: defaultdict[Any, list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
    for (_, step, weight), f in zip(ring.pairs, pair_responses(network, ring), strict=True):
        weights[f][task.label(step) < 0] += weight
    return {f: (near, far) for f, (near, far) in weights.items()}


def _order(left: Any, right: Any) -> int:
    return sign(left - right)
