"""Whether a network responds as it claims to, at every pair of sites."""

from __future__ import annotations

from typing import Any

from solver.errors import InputError
from solver.network.network import Claim, Network
from solver.network.representatives import every_pair
from solver.question.pairs import Task
from solver.sensitivity.response.by_displacement import network_response, pair_responses


def check_claim(network: Network, task: Task) -> dict[Any, tuple[Any, Any]]:
    """Return where f_p of a ``network``, computed exactly, breaks its claim, as (computed, claimed).

    The keys are distances, displacements on a frame, or pairs of sites where the claim is about blocks.  Empty when the
    claim holds for every pair of sites of the ``task``, as derivations/response.py proves of the constructions.  Costs
    no more on long rings: pairs out of the network's sight share one value.

    Raises
    ------
    InputError
        If the network makes no claim, or does not fit the task.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> check_claim(construct("shift", TwoPixelTask()), TwoPixelTask())
    {}
    """
    if network.claim is None:
        raise InputError(f"network {network.name!r} makes no claim about its response")
    return broken_responses(network, task, network.claim)


def broken_responses(network: Network, task: Task, claim: Claim) -> dict[Any, tuple[Any, Any]]:
    """Return where f_p is not what a claim says, as (computed, claimed).

    The keys are distances, displacements on a frame, or pairs of sites where the claim is about blocks.  Exact at every
    pair of sites; costs no more on long rings: pairs out of sight are one class for each two phases.

    Raises
    ------
    InputError
        If a stride, or the blocks of the claim, do not divide the ring.
    """
    if task.axes > 1:
        found = network_response(network, task)
        values = {d: (found[d], claim.response(d)) for d in found.distinct}
        return {d: pair for d, pair in values.items() if pair[0] != pair[1]}
    if task.sites % claim.period:
        raise InputError(f"claim: blocks of {claim.period} sites do not fill a ring of {task.sites}")
    ring = every_pair(network, task, period=claim.period, sight=claim.scale)
    broken: dict[Any, tuple[Any, Any]] = {}
    distance: Any
    for (first, distance, _), value in zip(ring.pairs, pair_responses(network, ring), strict=True):
        claimed = claim.pair_response(first, distance)
        if value != claimed:
            broken.setdefault(distance if claim.period == 1 else (first, first + distance), (value, claimed))
    return broken
