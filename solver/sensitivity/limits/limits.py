"""The limits of G/sigma^2 for weak and for strong noise: closed forms where no rectified sum is rectified again.

The numerator over sigma^2 tends to E||J(g)||^2, g standard normal, where J is the network with one-sided
slopes in place of its activations (`solver.sensitivity.limits.slopes`).  Where a sum of rectified noise is
rectified again, it is sampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.errors import InputError
from solver.network.network import Network
from solver.network.representatives import noise_representatives
from solver.network.trace import dense_images
from solver.question.ensemble import Representatives
from solver.question.noise import GaussianNoise, Noise
from solver.question.task import TwoPixelTask
from solver.sensitivity.deformation.routes import DISTANCES, pair_moments
from solver.sensitivity.limits.moments import OneSidedEnsemble
from solver.sensitivity.limits.sampled import sampled_limits
from solver.sensitivity.limits.slopes import OneSidedNetwork, Slopes, strong_slopes, weak_slopes
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.noise.route import Progress, Sampling
from solver.sensitivity.quantities import FLAT
from solver.sensitivity.question import Question
from solver.sensitivity.results import LayerResults, LayerValues
from solver.values import ExactValue, MissingValue, Value, as_value, quotient

AT_MOST_ONCE = "closed form, rectified at most once"
BOUNDED = "bounded by the hard tanh"


@dataclass(frozen=True)
class NoiseLimits(LayerResults):
    """The limits of G/sigma^2 (docs/theory.md, section 5) of every layer of a network and of its output.

    Each of the ``layers`` has ``weak``, lim G/sigma^2 as sigma -> 0; ``finite``, G/sigma^2 at the noise's own sigma,
    where that is exact or closed, missing elsewhere; and ``strong``, lim G/sigma^2 as sigma -> infinity, 0 behind a
    hard tanh, where G itself stays bounded.  The deformation of the ``question`` does not matter.

    Examples
    --------
    >>> from solver import construct
    >>> task = TwoPixelTask(length=6, scale=3)
    >>> image = noise_limits(construct("uniform", task), task)[0]
    >>> image.weak.exact == image.finite.exact == image.strong.exact
    True
    """


def noise_limits(
    network: Network,
    task: TwoPixelTask,
    *,
    noise: Noise | None = None,
    channel_mean: bool = False,
    sampling: Sampling | None = None,
    progress: Progress | None = None,
) -> NoiseLimits:
    """Return lim G/sigma^2 for sigma -> 0 and sigma -> infinity, for every layer and for f_p, as `NoiseLimits`.

    The parameters are those of `Question` and `Evaluation`.  The numerator over sigma^2 tends to E||J(g)||^2, g
    standard normal, J the network with one-sided slopes as activations: exact or closed where g is rectified at most
    once (derivations/rectified_moments.py), else sampled, with its error.  Costs no more on a longer ring.

    Raises
    ------
    InputError
        If an argument is not of its type.

    Examples
    --------
    >>> from solver import construct
    >>> task = TwoPixelTask(length=6, scale=3)
    >>> noise_limits(construct("uniform", task), task)[0].weak.exact
    Fraction(9, 4)
    """
    if not isinstance(task, TwoPixelTask):
        raise InputError(f"task: expected a TwoPixelTask, got {task!r}")
    question = Question(network, task, noise=noise or GaussianNoise(), channel_mean=channel_mean)
    noise = question.noise
    noise.assume("independent", "gaussian")
    options = {"rectified": noise.rectified, "channel_mean": channel_mean, "sampling": sampling, "progress": progress}
    weak, strong = (limit(network, task, **options) for limit in (weak_noise_responses, strong_noise_responses))
    layers = []
    for k, (_, moments) in pair_moments(question, question.layers).items():
        spread = ExactValue(moments.spread, DISTANCES.method)
        closed = closed_response(question, k)
        finite = _over_variance(closed.total if closed else None, noise.variance(task.length))
        found = {"weak": weak[k], "finite": finite, "strong": strong[k]}
        ratios = {name: quotient(value, spread, zero=FLAT) for name, value in found.items()}
        layers.append(LayerValues(k, question.names[k], ratios))
    return NoiseLimits(question, tuple(layers))


def _over_variance(response: Value | None, variance: Fraction) -> Value:
    if response is None:
        return MissingValue("the noise is rectified twice; sensitivities(...) evaluates it")
    return quotient(response, ExactValue(variance, "sigma^2"), zero="")


def weak_noise_responses(network: Network, task: TwoPixelTask, **options: Any) -> list[Value]:
    """Return lim <||a(x + eta) - a(x)||^2>/sigma^2 as sigma -> 0, for layers 0..depth and f_p.

    E||J_x(g)||^2 over the ensemble: units off a tie cross it with a probability that vanishes like
    exp(-z0^2 / (2 sigma^2 v)).  Options: rectified, channel_mean, sampling, progress.
    """
    ring = noise_representatives(network, task)
    slopes = weak_slopes(network, dense_images([{}, *ring.images], ring.length))
    weights = (Fraction(0), *(weight for _, _, weight in ring.pairs))
    return _responses(network, ring, slopes, weights, **options)


def strong_noise_responses(network: Network, task: TwoPixelTask, **options: Any) -> list[Value]:
    """Return lim <||a(x + eta) - a(x)||^2>/sigma^2 as sigma -> infinity, for layers 0..depth and f_p.

    Images and biases drop out, so one empty image stands for the ensemble.  Behind a hard tanh the response
    stays bounded, and the limit is 0.  Options: rectified, channel_mean, sampling, progress.
    """
    ring = noise_representatives(network, task)
    values = _responses(network, ring, strong_slopes(network, ring.length), (Fraction(1),), **options)
    bound = next((k for k, layer in enumerate(network.layers, start=1) if layer.activation == "hardtanh"), len(values))
    bounded = f"{BOUNDED} of layer {bound}: the numerator of G itself has a finite limit"
    return [value if k < bound else ExactValue(Fraction(0), bounded) for k, value in enumerate(values)]


def _responses(
    network: Network,
    ring: Representatives,
    slopes: list[Slopes],
    weights: tuple[Fraction, ...],
    *,
    rectified: bool = False,
    channel_mean: bool = False,
    sampling: Sampling | None = None,
    progress: Progress | None = None,
) -> list[Value]:
    readout = network.pooled_readout(ring.task.sites)
    derivative = OneSidedNetwork(network, slopes, ring.length, readout, rectified=rectified)
    ensemble = OneSidedEnsemble(derivative, weights, ring.stretch, channel_mean)
    known: list[Value | None] = [
        as_value(m.expression(), AT_MOST_ONCE) if m.is_closed else None for m in ensemble.moments
    ]
    open_layers = [k for k, value in enumerate(known) if value is None]
    sampled = sampled_limits(ensemble, open_layers, sampling or Sampling(), progress) if open_layers else {}
    return [sampled[k] if value is None else value for k, value in enumerate(known)]
