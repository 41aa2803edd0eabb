"""Cross-checks of one network on one case: every quantity by two routes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise

import numpy as np

from solver.network.network import Network
from solver.network.trace import activations
from solver.question.deformation import Deformation
from solver.question.noise import Noise
from solver.question.task import TwoPixelTask
from solver.sensitivity.deformation.routes import DEFORMATION_ROUTES, ENUMERATION
from solver.sensitivity.noise.closed import LINEAR, ONCE
from solver.sensitivity.noise.route import Evaluation, Route, Sampling
from solver.sensitivity.noise.routes import ROUTES
from solver.sensitivity.noise.sampled.sampling import SAMPLED, sampled_noise
from solver.sensitivity.question import Question
from solver.sensitivity.response.claim import check_claim
from solver.values import NumericValue, Value

LARGEST_ENUMERATION = 64
STANDARD_ERRORS = 5


@dataclass(frozen=True)
class Check:
    """One comparison: what was compared, what came out, and whether it agrees."""

    name: str
    outcome: str
    passed: bool


def verification(
    network: Network, task: TwoPixelTask, deformation: Deformation, noise: Noise, sampling: Sampling
) -> Iterator[Check]:
    """Yield the cross-checks of a network: its claim, D and G by every route that applies, torch's activations."""
    question = Question(network, task, deformation, noise)
    if network.claim is not None:
        broken = check_claim(network, task)
        places = ("f_p(d), every distance", "distances") if network.claim.period == 1 else ("f_p, every pair", "pairs")
        yield Check(f"claim {places[0]}", f"{len(broken)} {places[1]} differ", not broken)
    yield from _deformation_checks(question)
    yield from _noise_checks(question, Evaluation(sampling=sampling))
    yield from _torch_checks(network, task)


def _deformation_checks(question: Question) -> Iterator[Check]:
    """Compare each route to D with the next slower one, on every layer that both apply to."""
    short = question.task.sites <= LARGEST_ENUMERATION
    routes = [route for route in DEFORMATION_ROUTES if short or route is not ENUMERATION]
    found = {
        route: route.moments(question, [k for k in question.layers if route.refusal(question, k) is None])
        for route in routes
    }
    for fast, slow in reversed(list(pairwise(routes))):
        for k in sorted(found[fast].keys() & found[slow].keys()):
            (a, b), equal = (found[fast][k], found[slow][k]), found[fast][k] == found[slow][k]
            yield Check(
                f"D of {_place(question, k)}: {fast.method} = {slow.method}",
                f"{a.change} / {a.spread}" + ("" if equal else f" against {b.change} / {b.spread}"),
                equal,
            )


def _noise_checks(question: Question, how: Evaluation) -> Iterator[Check]:
    """Compare each route to G that applies to a layer and is quick there with plain sampling."""
    chosen = [(k, route) for k in question.layers for route in _quick_routes(question, k)]
    layers = dict.fromkeys(k for k, _ in chosen)
    sampled = sampled_noise(question.network, question.task, question.noise, layers, how.sampling)
    for k, route in chosen:
        response = route.response(question, k, how)
        yield _noise_check(f"noise response of {_place(question, k)}", response.total, sampled[k].total)
        yield _noise_check(f"coherent part of {_place(question, k)}", response.coherent, sampled[k].coherent)


def _quick_routes(question: Question, layer: int) -> Iterator[Route]:
    """Yield the closed form of a layer, or every other route but sampling that applies at a cost ``auto`` spends."""
    for route in ROUTES:
        if route is SAMPLED or not route.concerns(question, layer) or route.refusal(question, layer):
            continue
        if route.cost(question, layer) <= route.quick:
            yield route
        if route in (LINEAR, ONCE):
            return


def _noise_check(name: str, value: Value, estimate: NumericValue) -> Check:
    gap = abs(float(value) - estimate.estimate)
    deviation = gap / estimate.uncertainty if estimate.uncertainty else float("inf") if gap else 0.0
    return Check(
        f"{name}: {value.method.partition(';')[0]} = sampled",
        f"{value.value(10)} against {estimate.estimate:.10g}, {deviation:.1f} standard errors apart",
        deviation < STANDARD_ERRORS,
    )


def _place(question: Question, layer: int) -> str:
    return "f_p" if layer > question.depth else f"layer {layer}"


def _torch_checks(network: Network, task: TwoPixelTask) -> Iterator[Check]:
    if find_spec("torch") is None or task.length > LARGEST_ENUMERATION:
        return
    import torch

    from solver.network.torch.writing import to_torch

    images, _ = task.images()
    weights = [w for layer in network.layers for w in layer.weights]
    dyadic = network.is_rational and all(w.denominator & (w.denominator - 1) == 0 for w in weights)
    tolerance, words = (0.0, "bit for bit") if dyadic else (1e-9, "to 1e-9, as its weights are rounded")

    with torch.no_grad():
        maps = to_torch(network).maps(torch.from_numpy(images[:, None, :]))
    for k, (ours, theirs) in enumerate(zip(activations(network, images), maps, strict=True)):
        difference = np.abs(ours.exact().astype(float) - theirs.numpy()).max()
        yield Check(
            f"a_{k} of all {len(images)} images: exact = torch float64, {words}",
            f"largest difference {difference:g}",
            difference <= tolerance,
        )
