"""Cross-checks of one network on one case: every quantity by two routes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from solver.network.network import Network
from solver.network.trace import activations
from solver.question.deformation import Deformation
from solver.question.noise import Noise
from solver.question.task import TwoPixelTask
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.enumeration import image_moments
from solver.sensitivity.deformation.routes import AUTOCORRELATIONS
from solver.sensitivity.noise.route import Evaluation
from solver.sensitivity.noise.routes import noise_responses
from solver.sensitivity.noise.sampled.sampling import METHOD, Sampling, sampled_noise
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
    """Yield the cross-checks of a network: its claim, D by three routes, G by sampling, torch's activations."""
    noise = noise.resolved(task, deformation)
    if network.claim is not None:
        broken = check_claim(network, task)
        places = ("f_p(d), every distance", "distances") if network.claim.period == 1 else ("f_p, every pair", "pairs")
        yield Check(f"claim {places[0]}", f"{len(broken)} {places[1]} differ", not broken)
    yield from _deformation_checks(network, task, deformation)
    yield from _noise_checks(network, task, noise, sampling)
    yield from _torch_checks(network, task)


def _deformation_checks(network: Network, task: TwoPixelTask, deformation: Deformation) -> Iterator[Check]:
    fast = distance_moments(network, task, deformation)
    if task.length <= LARGEST_ENUMERATION:
        plain = image_moments(network, task, deformation)
        for k, (a, b) in enumerate(zip(fast, plain, strict=True)):
            name = "f_p" if k > network.depth else f"layer {k}"
            yield Check(
                f"D of {name}: one image per distance = every image and outcome",
                f"{a.displacement} / {a.spread}" + ("" if a == b else f" against {b.displacement} / {b.spread}"),
                a == b,
            )
    question = Question(network, task, deformation)
    layers = [k for k in question.layers if AUTOCORRELATIONS.refusal(question, k) is None]
    for k, short in AUTOCORRELATIONS.moments(question, layers).items():
        yield Check(
            f"D of layer {k}: kernel autocorrelations = one image per distance",
            f"{short.displacement} / {short.spread}",
            short == fast[k],
        )


def _noise_checks(network: Network, task: TwoPixelTask, noise: Noise, sampling: Sampling) -> Iterator[Check]:
    question = Question(network, task, noise=noise)
    values = dict(enumerate(noise_responses(question, Evaluation(sampling=sampling))))
    known = {k: value for k, value in values.items() if not value.total.method.startswith(METHOD)}
    sampled = sampled_noise(network, task, noise, dict.fromkeys(known), sampling)
    for k, response in known.items():
        name = "f_p" if k > network.depth else f"layer {k}"
        yield _noise_check(f"noise response of {name}", response.total, sampled[k].total)
        yield _noise_check(f"coherent part of {name}", response.coherent, sampled[k].coherent)


def _noise_check(name: str, value: Value, estimate: NumericValue) -> Check:
    gap = abs(float(value) - estimate.estimate)
    deviation = gap / estimate.uncertainty if estimate.uncertainty else float("inf") if gap else 0.0
    return Check(
        f"{name}: {value.method.partition(';')[0]} = sampled",
        f"{value.value(10)} against {estimate.estimate:.10g}, {deviation:.1f} standard errors apart",
        deviation < STANDARD_ERRORS,
    )


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
