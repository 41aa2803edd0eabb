"""Cross-checks of one network: what a report shows, and every route behind it, against `solver.brute_force`.

The brute force shares no code with what it checks: both start from the words of the question and the numbers of the
network.  Where the ring is too long for it, a shorter one stands in, and the routes of the long one are compared with
one another.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from solver.brute_force.case import PlainCase
from solver.brute_force.response import PlainNumber
from solver.brute_force.table import PlainTable, is_affordable, shorter_case
from solver.cache import Cache
from solver.network.layer import Layer
from solver.network.network import Network
from solver.network.trace import Activation, activations
from solver.question.deformation import Deformation
from solver.question.noise import GaussianNoise
from solver.question.task import TwoPixelTask
from solver.report.documents.checks import Check, Note, agreement, place
from solver.report.documents.shown_checks import calm_checks, noise_checks
from solver.sensitivity.deformation.routes import DEFORMATION_ROUTES, ENUMERATION
from solver.sensitivity.noise.closed import LINEAR, ONCE
from solver.sensitivity.noise.route import Evaluation, Progress, Route, Sampling
from solver.sensitivity.noise.routes import ROUTES
from solver.sensitivity.noise.sampled.sampling import SAMPLED, sampled_responses
from solver.sensitivity.question import Question
from solver.sensitivity.response.claim import check_claim

LARGEST_ENUMERATION = 64


def verification(
    network: Network, case: PlainCase, sampling: Sampling | None = None, progress: Progress | None = None
) -> Iterator[Check | Note]:
    """Yield the cross-checks of a network on a ring, and notes that say what is compared with what.

    Raises
    ------
    InputError
        For a question that no task, deformation or noise accepts.
    """
    question = asked(network, case)
    if network.claim is not None:
        broken = check_claim(network, question.task)
        places = ("f_p(d), every distance", "distances") if network.claim.period == 1 else ("f_p, every pair", "pairs")
        yield Check(f"claim {places[0]}", f"{len(broken)} {places[1]} differ", not broken)
    with TemporaryDirectory() as folder:
        how = Evaluation(sampling=sampling or Sampling(), cache=Cache(Path(folder)), progress=progress)
        small = case if is_affordable(network, case) else shorter_case(network, case)
        if small is None:
            yield Note("no ring is short enough for brute force: routes are compared with one another")
        else:
            yield from _against_brute_force(asked(network, small), small, how)
        if small is not case:
            yield Note(f"on l = {case.sites}, one route against another:")
            yield from _deformation_routes(question)
            yield from _noise_routes(question, how)
    yield from _torch_checks(network, question.task.as_ring("torch"))


def asked(network: Network, case: PlainCase) -> Question:
    """Return the question about a network that is asked in these words."""
    names = ("scale", "distances", "gap", "labels")
    task = TwoPixelTask(length=case.sites, **{name: getattr(case, name) for name in names})
    deformation = Deformation(law=case.law, collisions=case.collisions)
    noise = GaussianNoise(energy=case.energy, rectified=case.rectified)
    return Question(network, task, deformation, noise, case.channel_mean)


def _against_brute_force(question: Question, case: PlainCase, how: Evaluation) -> Iterator[Check | Note]:
    table = PlainTable(question.network, case, how.sampling.seed)
    images = f"all {len(case.weights)} images and all their outcomes"
    yield Note(
        f"on l = {case.sites}, against brute force over {images}; noise once rectified is summed over pairs of "
        "units, noise rectified again is drawn:"
    )
    yield from calm_checks(question, table)
    yield from _deformation_routes(question, table)
    yield from _noise_routes(question, how, table)
    yield from noise_checks(question, table, how)


def _deformation_routes(question: Question, table: PlainTable | None = None) -> Iterator[Check]:
    """Compare the mean squares of D by each route with brute force, or else with the next slower one."""
    short = question.task.sites <= LARGEST_ENUMERATION
    routes = [route for route in DEFORMATION_ROUTES if short or route is not ENUMERATION]
    found = {
        route: route.moments(question, [k for k in question.layers if route.refusal(question, k) is None])
        for route in routes
    }
    if table is None:
        for fast, slow in reversed(list(pairwise(routes))):
            for k in sorted(found[fast].keys() & found[slow].keys()):
                same = found[fast][k] == found[slow][k]
                yield Check(f"D of {place(question, k)} by {fast.method}", f"= {slow.method}, exactly", same)
        return
    for route in routes:
        known = [(k, (table.squares.changes[k], table.squares.spreads[k])) for k in sorted(found[route])]
        differ = [place(question, k) for k, plain in known if (found[route][k].change, found[route][k].spread) != plain]
        outcome = f"differ at {', '.join(differ)}" if differ else f"= brute force at {len(known)} layers"
        yield Check(f"D's mean squares, {route.method}", outcome, not differ)


def _noise_routes(question: Question, how: Evaluation, table: PlainTable | None = None) -> Iterator[Check]:
    """Compare the noise responses of each layer, by every route that is quick there, with brute force or sampling."""
    sampled = sampled_responses(question, [*question.layers], how) if table is None else {}
    for k in question.layers:
        for route in _quick_routes(question, k):
            if table is None and route is SAMPLED:
                continue
            response = route.response(question, k, how)
            known = _drawn(sampled[k]) if table is None else vars(table.noise[k])
            where = place(question, k)
            yield agreement(f"noise of {where} by {route.name}", response.total, known["total"])
            yield agreement(f"coherent part of {where}", response.coherent, known["coherent"])


def _drawn(response: Any) -> dict[str, PlainNumber]:
    return {part: PlainNumber(v.estimate, v.uncertainty, "sampling") for part, v in vars(response).items()}


def _quick_routes(question: Question, layer: int) -> Iterator[Route]:
    """Yield the closed form of a layer, or every other route that applies at a cost ``auto`` spends."""
    for route in ROUTES:
        if not route.concerns(question, layer) or route.refusal(question, layer):
            continue
        if route.cost(question, layer) <= route.quick:
            yield route
        if route in (LINEAR, ONCE):
            return


def _torch_checks(network: Network, task: TwoPixelTask) -> Iterator[Check]:
    if find_spec("torch") is None or task.length > LARGEST_ENUMERATION:
        return
    import torch

    from solver.network.torch.writing import to_torch

    images, _ = task.images()
    with torch.no_grad():
        maps = to_torch(network).maps(torch.from_numpy(images[:, None, :]))
    whole, below = True, None
    for k, (ours, theirs) in enumerate(zip(activations(network, images), maps, strict=True)):
        whole = whole and (below is None or _is_whole(network.layers[k - 1], below, ours))
        below, exact = ours, ours.exact().astype(float)
        difference = float(np.abs(exact - theirs.numpy()).max())
        tolerance, words = (0.0, "bit for bit") if whole else (1e-9 * max(1.0, float(np.abs(exact).max())), "to 1e-9")
        yield Check(
            f"a_{k} of all {len(images)} images = torch float64, {words}",
            f"largest difference {difference:g}",
            difference <= tolerance,
        )


def _is_whole(layer: Layer, below: Activation, found: Activation) -> bool:
    """Return whether float64 holds every partial sum of a layer: whole numbers below 2^53, over a power of two."""
    if not all(isinstance(w, Fraction) for w in layer.weights) or found.denominator & (found.denominator - 1):
        return False
    rows = [sum(map(abs, [*np.ravel(channel), b])) for channel, b in zip(layer.array, layer.bias, strict=True)]
    largest = max(1, Fraction(int(np.abs(below.values).max()), below.denominator))
    return max(rows) * largest * found.denominator < 2**53
