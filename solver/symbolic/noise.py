"""G of a layer that rectifies the noise once, in l and sigma, for a given scale.

The noise response is a sum of moments of pairs of pre-activations, each named by means and by variances in units of
sigma^2, times the mean number of such pairs.  Out of sight images are one class and sites that see no pixel are
alike, so those numbers are combinations of 1, p and l (and l^2 in the pooled output, where all sites meet), with p the
probability of a distance.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from functools import reduce
from typing import Any

import sympy
from sympy import Integer

from solver.errors import NotApplicableError
from solver.gaussian.functions import as_sympy
from solver.gaussian.moments import rectified_mean, rectified_product
from solver.network.network import Network
from solver.noise import GaussianNoise
from solver.sensitivity.linear_noise import linear_layer_noise, linear_readout_noise
from solver.sensitivity.rectified_noise import (
    SecondMoment,
    is_rectified_once,
    layer_second_moment,
    noise_representatives,
    readout_second_moment,
    rectifying_layer,
)
from solver.symbolic.formula import Formula, Point, Proof
from solver.symbolic.rings import extended_down, measured_moments, ring_moments
from solver.symbolic.setting import Setting, shallow
from solver.symbolic.span import RingSpan
from solver.symbolic.symbols import ell, sigma
from solver.symbolic.weights import class_weights
from solver.task import TwoPixelTask
from solver.values import Value, as_value

Counts = dict[Any, Any]
"""Mean numbers of pairs of units by their kind: (x, y, covariance), (x, y) or, without rectification, ()."""

_LONG = 10**9


def noise_in_length(setting: Setting, layer: str, scale: int, noise: GaussianNoise) -> Formula:
    """Return G of a layer in l and sigma, for a given scale.

    Raises
    ------
    NotApplicableError
        If the noise is rectified more than once.
    """
    index = setting.layer_index(layer, scale)
    counts, span = _counts_in_length(setting, index, scale, noise)
    moments, other = ring_moments(setting, index, scale)
    first = max(span.first, other.first)
    draft = Formula(
        quantity="G",
        expression=over(counts_expression(counts), moments.spread),
        setting=setting,
        layer=layer,
        variables=("l",),
        fixed={"xi": scale},
        conditions=(sympy.Ge(ell, setting.smallest_length(scale), evaluate=False),),
        proof=Proof(
            method="identified",
            reason=(
                "images out of sight are one class and sites without pixels alike, so the numbers of pairs of units "
                f"are combinations of {', '.join(map(str, span.functions))}; the moments of a pair are closed forms"
            ),
            certain=f"l >= {first}",
            unknowns=len(span.functions) * len(counts),
            fitted=tuple({"l": length} for length in span.fitted),
            held_out=tuple({"l": length} for length in span.held_out),
        ),
        noise=noise,
        measure=lambda point: measured_noise(setting, index, point["l"], scale, noise),
    )

    def agrees(point: Point) -> bool:
        length = point["l"]
        found = {kind: weight.subs(ell, length) for kind, weight in counts.items()}
        measured = unit_counts(setting, index, length, scale, noise)
        spread = moments.spread.subs(ell, length)
        same = {kind: w for kind, w in found.items() if w != 0} == {kind: as_sympy(w) for kind, w in measured.items()}
        return same and spread == as_sympy(measured_moments(setting, index, length, scale).spread)

    return extended_down(draft, first, agrees)


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
    if not isinstance(moment, SecondMoment):
        return {(): moment}
    counts: Counts = {**moment.covariances, **moment.products}
    return {kind: weight for kind, weight in counts.items() if weight != 0}


def measured_noise(setting: Setting, layer: int, length: int, scale: int, noise: GaussianNoise) -> Value:
    """Return G of a layer on one ring."""
    task = setting.task(length, scale)
    moment = _second_moment(setting.network(task), task, layer, noise.resolved(task, setting.deformation))
    response = moment.expression() if isinstance(moment, SecondMoment) else as_sympy(moment)
    return as_value(response / as_sympy(measured_moments(setting, layer, length, scale).spread), "network")


def counts_expression(counts: Counts) -> dict[Any, Any]:
    """Return the noise response as {product of functions of sigma: coefficient in l}."""
    gathered: dict[Any, Any] = defaultdict(lambda: sympy.S.Zero)
    for kind, weight in counts.items():
        for term in sympy.Add.make_args(sympy.expand(_moment(kind))):
            number, rest = term.as_coeff_Mul()
            gathered[rest] += number * weight
    return {rest: coefficient for rest, coefficient in gathered.items() if sympy.cancel(coefficient) != 0}


def over(gathered: dict[Any, Any], spread: Any) -> Any:
    """Return the sum of coefficient times function over a spread, with one common denominator in l."""
    quotients = {rest: sympy.cancel(sympy.together(c / spread)).as_numer_denom() for rest, c in gathered.items()}
    common = reduce(sympy.lcm, (below for _, below in quotients.values()), Integer(1))
    terms = [sympy.factor(above * sympy.cancel(common / below)) * rest for rest, (above, below) in quotients.items()]
    return sympy.Add(*terms) / sympy.factor(common)


def noise_span(setting: Setting, scale: int, sight: int, *, pooled: bool) -> RingSpan:
    """Return the combinations of 1, p and l, for f_p of l^2 too; p l reduces unless p is in floor(l/2)."""
    p = class_weights(setting.distances, scale, setting.gap).far
    powers = [ell, ell**2] if pooled else [ell]
    mixed = [p * power for power in powers] if setting.distances == "flat" else []
    return RingSpan((Integer(1), p, *powers, *mixed), max(2 * sight, setting.smallest_length(scale)))


def _counts_in_length(setting: Setting, layer: int, scale: int, noise: GaussianNoise) -> tuple[Counts, RingSpan]:
    task = setting.task(_LONG, scale)
    network = setting.network(task)
    part = Network(layers=network.layers[: max(min(layer, network.depth), 1)])
    sight = noise_representatives(part, task).length // 2
    span = noise_span(setting, scale, sight, pooled=layer > network.depth)
    rows = {n: unit_counts(setting, layer, n, scale, noise) for n in (*span.fitted, *span.held_out)}
    kinds = list(dict.fromkeys(kind for row in rows.values() for kind in row))
    solved = span.solved(lambda length: [rows[length].get(kind, Fraction(0)) for kind in kinds])
    return dict(zip(kinds, map(span.combination, solved), strict=True)), span


def _second_moment(network: Network, task: TwoPixelTask, layer: int, noise: GaussianNoise) -> Any:
    """Return the noise response as a `SecondMoment`, or as a number if no activation has touched the noise."""
    output = layer > network.depth
    depth = min(layer, network.depth)
    part = shallow(network, layer)
    if rectifying_layer(network, depth, noise) is None:
        return linear_readout_noise(network, task, noise) if output else linear_layer_noise(part, task, noise, layer)
    if not is_rectified_once(network, depth, noise):
        raise NotApplicableError(
            f"G of layer {'output' if output else layer} has no closed form: its noise is rectified twice; there is "
            f"one for layers 0 to {network.depth - 1}"
        )
    return readout_second_moment(network, task, noise) if output else layer_second_moment(part, task, noise, layer)


def _moment(kind: Any) -> Any:
    """Return Cov(X+, Y+), mu_X mu_Y or sigma^2, for variances and covariances in units of sigma^2."""
    if not kind:
        return sigma**2
    (m1, v1), (m2, v2), *covariance = (
        (as_sympy(x[0]), as_sympy(x[1]) * sigma**2) if isinstance(x, tuple) else x for x in kind
    )
    if covariance:
        joint = rectified_product(m1, m2, v1, v2, as_sympy(covariance[0]) * sigma**2)
        return joint - rectified_mean(m1, v1) * rectified_mean(m2, v2)
    return (rectified_mean(m1, v1) - sympy.Max(m1, 0)) * (rectified_mean(m2, v2) - sympy.Max(m2, 0))
