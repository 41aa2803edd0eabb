"""G of a layer that rectifies the noise once, in l and sigma, for a given scale.

The noise response is a sum of moments of pairs of pre-activations, each named by means and by variances in units of
sigma^2, times the mean number of such pairs.  Out of sight images are one class and sites that see no pixel are
alike, so those numbers are combinations of 1, p and l (and l^2 in the pooled output, where all sites meet), with p the
probability of a distance.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import sympy
from sympy import Integer

from solver.errors import NotApplicableError
from solver.gaussian.functions import as_sympy
from solver.network.network import Network
from solver.question.deformation import Deformation
from solver.question.noise import GaussianNoise
from solver.question.task import TwoPixelTask
from solver.sensitivity.noise.linear import linear_layer_noise, linear_readout_noise
from solver.sensitivity.noise.once import (
    is_rectified_once,
    layer_second_moment,
    noise_representatives,
    readout_second_moment,
    rectifying_layer,
)
from solver.sensitivity.noise.second_moment import SecondMoment
from solver.sensitivity.noise.units import sliding_units
from solver.symbolic.deformation.weights import class_weights
from solver.symbolic.formula import Formula, Point
from solver.symbolic.noise.pair_moments import Counts, by_function, over
from solver.symbolic.rings import extended_down, identified_in_length, measured_moments, ring_moments, ring_span
from solver.symbolic.setting import Setting, shallow
from solver.symbolic.span import RingSpan
from solver.symbolic.symbols import ell
from solver.values import Value, as_value


def noise_in_length(setting: Setting, layer: str, scale: int, noise: GaussianNoise) -> Formula:
    """Return G of a layer in l and sigma, for a given scale.

    The range is extended below the rings for which the argument holds as far as the numbers of pairs and the
    denominator agree on every shorter ring: then G does for every sigma.  Costs well under a second for xi = 7.

    Raises
    ------
    NotApplicableError
        If the noise is rectified more than once.
    """
    setting = replace(setting, deformation=noise_deformation(setting, noise))
    index = setting.layer_index(layer, scale)
    counts, span = _counts_in_length(setting, index, scale, noise)
    moments, other = ring_moments(setting, index, scale)
    first = max(span.first, other.first)
    factor, terms = over(by_function(counts), moments.spread)
    draft = identified_in_length(
        setting,
        layer,
        scale,
        span,
        quantity="G",
        expression=factor * sympy.Add(*(sympy.factor(p) * f for f, p in terms.items())),
        reason=(
            "images out of sight are one class and sites without pixels alike, so the numbers of pairs of units "
            f"are combinations of {', '.join(map(str, span.functions))}; the moments of a pair are closed forms"
        ),
        first=first,
        unknowns=len(span.functions) * len(counts),
        noise=noise,
        measure=lambda point: measured_noise(setting, index, point["l"], scale, noise),
    )

    def agrees(point: Point) -> bool:
        at = {ell: point["l"]}
        found = {kind: n.subs(at) for kind, n in counts.items()}
        return same_counts(found, moments.spread.subs(at), setting, index, point["l"], scale, noise)

    return extended_down(draft, first, agrees)


def noise_deformation(setting: Setting, noise: GaussianNoise) -> Deformation:
    """Return the deformation that G depends on: none but for the energy ``"exact"``."""
    return setting.deformation if noise.energy == "exact" else Deformation()


def same_counts(
    counts: Counts, spread: Any, setting: Setting, layer: int, length: int, scale: int, noise: GaussianNoise
) -> bool:
    """Return whether numbers of pairs and a denominator are those of the network on one ring, exactly."""
    measured = unit_counts(setting, layer, length, scale, noise)
    found = {kind: count for kind, count in counts.items() if count != 0}
    same = found == {kind: as_sympy(count) for kind, count in measured.items()}
    return same and bool(spread == as_sympy(measured_moments(setting, layer, length, scale).spread))


def unit_counts(setting: Setting, layer: int, length: int, scale: int, noise: GaussianNoise) -> Counts:
    """Return how many pairs of units of each kind there are on one ring, with the noise at variance 1.

    Raises
    ------
    NotApplicableError
        If the noise is rectified more than once.
    """
    task = setting.task(length, scale)
    network, unit = setting.network(task), GaussianNoise(energy=length, rectified=noise.rectified)
    moment = _second_moment(network, task, layer, unit)
    return pair_counts(moment) if isinstance(moment, SecondMoment) else {(): moment}


def pair_counts(moment: SecondMoment) -> Counts:
    """Return the weights of a second moment by kind, without those that are 0."""
    weights: Counts = {**moment.covariances}
    weights.update(moment.products)
    return {kind: weight for kind, weight in weights.items() if weight != 0}


def measured_noise(setting: Setting, layer: int, length: int, scale: int, noise: GaussianNoise) -> Value:
    """Return G of a layer on one ring."""
    task = setting.task(length, scale)
    moment = _second_moment(setting.network(task), task, layer, noise.resolved(task, setting.deformation))
    response = moment.expression() if isinstance(moment, SecondMoment) else as_sympy(moment)
    return as_value(response / as_sympy(measured_moments(setting, layer, length, scale).spread), "network")


def noise_span(setting: Setting, scale: int, sight: int, *, pooled: bool) -> RingSpan:
    """Return the combinations of 1, p and l, for f_p of l^2 too; p l reduces unless p is in floor(l/2)."""
    p = class_weights(setting.distances, scale, setting.gap).far
    powers = [ell, ell**2] if pooled else [ell]
    mixed = [p * power for power in powers] if setting.distances == "flat" else []
    return ring_span(setting, scale, (Integer(1), p, *powers, *mixed), sight)


def _counts_in_length(setting: Setting, layer: int, scale: int, noise: GaussianNoise) -> tuple[Counts, RingSpan]:
    task = setting.long_task(scale)
    network = setting.network(task)
    sight = noise_representatives(shallow(network, layer), task).length // 2
    span = noise_span(setting, scale, sight, pooled=layer > network.depth)
    rows = {n: unit_counts(setting, layer, n, scale, noise) for n in (*span.fitted, *span.held_out)}
    kinds = list(dict.fromkeys(kind for row in rows.values() for kind in row))
    solved = span.solved(lambda length: [rows[length].get(kind, Fraction(0)) for kind in kinds])
    return dict(zip(kinds, map(span.combination, solved), strict=True)), span


def _second_moment(network: Network, task: TwoPixelTask, layer: int, noise: GaussianNoise) -> Any:
    """Return the noise response as a `SecondMoment`, or as a number if no activation has touched the noise."""
    output, depth = layer > network.depth, min(layer, network.depth)
    part = shallow(network, layer)
    if rectifying_layer(network, depth, noise) is None:
        return linear_readout_noise(network, task, noise) if output else linear_layer_noise(part, task, noise, layer)
    if not is_rectified_once(network, depth, noise):
        raise NotApplicableError(_without_formula(network, layer, noise))
    return readout_second_moment(network, task, noise) if output else layer_second_moment(part, task, noise, layer)


def _without_formula(network: Network, layer: int, noise: GaussianNoise) -> str:
    """Return why a layer has no formula, which layers have one, and where its value is."""
    closed = [
        str(k)
        for k in range(network.depth + 1)
        if rectifying_layer(network, k, noise) is None or is_rectified_once(network, k, noise)
    ]
    name = "the output" if layer > network.depth else f"layer {layer}"
    form = "its exact form as integrals and its value" if _has_integrals(network, layer, noise) else "its value"
    return (
        f"G of {name} is no closed form, as its noise is rectified more than once; layers {', '.join(closed)} have a "
        f"formula, and for one l 'solver report --construction {network.name} --format json' gives {form} there"
    )


def _has_integrals(network: Network, layer: int, noise: GaussianNoise) -> bool:
    """Return whether the units are sums of independent sites of one weight, so that any two share equal summands."""
    try:
        units = sliding_units(network, noise, min(layer, network.depth))
    except NotApplicableError:
        return False
    return units.is_independent and len({w for kernel in units.kernels for _, w in kernel}) == 1
