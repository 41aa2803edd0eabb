"""D, G and R after the channels have been shuffled, as means over all shuffles or over a seeded sample of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from solver.correlations import difference_correlations, pixel_correlations
from solver.errors import InputError, NotApplicableError
from solver.exact import integer
from solver.network.network import Network
from solver.network.shuffle import (
    expected_autocorrelations,
    random_orders,
    shuffle_count,
    shuffled,
    shuffles,
    stays_linear,
    unshuffled_layers,
)
from solver.sensitivity.displacement import PairMoments, distance_moments
from solver.sensitivity.equivalent import one_layer_equivalent
from solver.sensitivity.response import response_by_distance
from solver.sensitivity.sampling import Sampling, sampled_noise
from solver.sensitivity.sensitivities import Sensitivities
from solver.values import ExactValue, MissingValue, NumericValue, Value, as_value, quotient

MEANS = "mean autocorrelations of all shuffles"
FLAT = "some shuffled network gives every image the same value here, so its denominator is 0"


@dataclass(frozen=True, kw_only=True)
class Shuffles:
    """How shuffled networks are taken: all of them where there are few, else a seeded sample.

    Parameters
    ----------
    most : int
        Enumerate where shuffling gives at most this many different networks.
    sample : int
        Networks to draw otherwise.
    noisy : int
        Networks to draw for G, each with its own noise (``points`` in two scrambled sets).
    points, seed : int
    """

    most: int = 5000
    sample: int = 400
    noisy: int = 64
    points: int = 64
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("most", 0), ("sample", 2), ("noisy", 2), ("points", 1), ("seed", 0)):
            integer(getattr(self, name), name, least)


@dataclass(frozen=True)
class ShuffledLayer:
    """One layer before and after shuffling.

    Attributes
    ----------
    layer, name
        As in `LayerSensitivity`.
    unchanged : bool
        No shuffle changes the layer (`unshuffled_layers`), so everything after equals everything before.
    D, G, R : Value
        Of the network as it is.
    D_shuffled, G_shuffled : Value
        The mean of D_k and of G_k over uniformly random shuffled networks.
    D_of_means : Value
        Mean numerator over mean denominator of D_k, the D of a network drawn anew for every image.
    R_shuffled : Value
        D_shuffled / G_shuffled.
    """

    layer: int
    name: str
    unchanged: bool
    D: Value
    D_shuffled: Value
    D_of_means: Value
    G: Value
    G_shuffled: Value
    R: Value
    R_shuffled: Value


@dataclass(frozen=True)
class Shuffling:
    """What shuffling its channels does to a network.

    Attributes
    ----------
    count : int
        Different networks that shuffling gives, the network itself included.
    claim_kept : Value
        Share of them whose f_p(d) is what the network claims at every d, or missing without a claim.
    """

    before: Sensitivities
    count: int
    claim_kept: Value
    layers: tuple[ShuffledLayer, ...]


@dataclass(frozen=True)
class _Drawn:
    """Shuffled networks of one depth, equal ones counted together, and whether they are all there are."""

    counts: Counter[Network]
    complete: bool
    method: str


def shuffling(before: Sensitivities, options: Shuffles | None = None) -> Shuffling:
    """Return what shuffling its channels does to the sensitivities of a network.

    Parameters
    ----------
    before : Sensitivities
        Of the network as it is; task, deformation and noise are taken from it.
    options : Shuffles

    Raises
    ------
    InputError
        If channels are averaged before norms: a translation of one channel against another then counts.

    Notes
    -----
    Layers that no shuffle changes are proven so and cost nothing.  Networks that are linear below a layer enter it by
    their effective kernels alone, of which there are few.
    """
    if before.channel_mean:
        raise InputError("channel mean: shuffling is defined for norms over all channels; leave channels unaveraged")
    options = options or Shuffles()
    network = before.network
    known = unshuffled_layers(network)
    drawn = {k: _drawn(before, k, options) for k in range(1, network.depth + 1) if not known[k]}
    layers = []
    for each in before.layers:
        depth = min(each.layer, network.depth)
        layers.append(_unchanged(each) if known[depth] else _changed(before, each, drawn[depth], options))
    claim = _claim_kept(before, None if known[-1] else drawn[network.depth])
    return Shuffling(before, shuffle_count(network), claim, tuple(layers))


def linear_ratio_of_means(before: Sensitivities, layer: int) -> Value:
    """Return the mean numerator of D over its mean denominator, exactly, for a layer that stays linear when shuffled.

    Both are linear in A_r and S2, whose means are known without listing shuffles (`expected_autocorrelations`).

    Raises
    ------
    NotApplicableError
        If an activation may cut some shuffled network, or there are strides.
    """
    if not stays_linear(before.network, layer):
        raise NotApplicableError(f"an activation can cut layer {layer}; its means need the shuffled networks")
    a, s2 = expected_autocorrelations(before.network, layer)
    task = before.task
    u, x = difference_correlations(task, before.deformation, len(a) - 1), pixel_correlations(task, len(a) - 1)
    above, energy = (a[0] * c[0] + 2 * sum(p * q for p, q in zip(a[1:], c[1:], strict=True)) for c in (u, x))
    below = 2 * (energy - 4 * s2 * Fraction(1, task.length))
    return quotient(ExactValue(above, MEANS), ExactValue(below, MEANS), method=MEANS, zero=FLAT)


def _drawn(before: Sensitivities, layer: int, options: Shuffles) -> _Drawn:
    part = _lowest(before.network, layer)
    reduced = partial(one_layer_equivalent, length=before.task.length)
    total = shuffle_count(part)
    if total <= options.most:
        return _Drawn(Counter(map(reduced, shuffles(part))), True, f"all {total} shuffled networks")
    counts = Counter(map(reduced, _sample(part, options.sample, options.seed)))
    return _Drawn(counts, False, f"{options.sample} shuffles, seed {options.seed}; error is one standard error")


def _lowest(network: Network, layer: int) -> Network:
    """Return layers 1..layer as a network, with the readout if that is all of them."""
    return network if layer >= network.depth else Network(layers=network.layers[:layer])


def _sample(network: Network, count: int, seed: int) -> Iterator[Network]:
    generator = np.random.default_rng(seed)
    return (shuffled(network, random_orders(network, generator)) for _ in range(count))


def _unchanged(each: Any) -> ShuffledLayer:
    return ShuffledLayer(each.layer, each.name, True, each.D, each.D, each.D, each.G, each.G, each.R, each.R)


def _changed(before: Sensitivities, each: Any, drawn: _Drawn, options: Shuffles) -> ShuffledLayer:
    output = each.layer > before.network.depth
    moments = [
        (distance_moments(network, before.task, before.deformation)[-1 if output else -2], count)
        for network, count in drawn.counts.items()
    ]
    try:
        ratio = linear_ratio_of_means(before, each.layer) if not output else _ratio_of_means(moments, drawn)
    except NotApplicableError:
        ratio = _ratio_of_means(moments, drawn)
    mean = _mean_of_ratios(moments, drawn)
    g = _noise_mean(before, each.layer, options)
    r = quotient(mean, g, method=g.method, zero="G is 0")
    return ShuffledLayer(each.layer, each.name, False, each.D, mean, ratio, each.G, g, each.R, r)


def _mean_of_ratios(moments: list[tuple[PairMoments, int]], drawn: _Drawn) -> Value:
    if any(each.spread == 0 for each, _ in moments):
        return MissingValue(FLAT)
    return _average([(each.displacement / each.spread, count) for each, count in moments], drawn)


def _ratio_of_means(moments: list[tuple[PairMoments, int]], drawn: _Drawn) -> Value:
    total = sum(count for _, count in moments)
    above, below = (
        sum(getattr(each, name) * count for each, count in moments) * Fraction(1, total)
        for name in ("displacement", "spread")
    )
    if below == 0:
        return MissingValue(FLAT)
    if drawn.complete:
        return as_value(above / below, drawn.method)
    residuals = [((each.displacement - above / below * each.spread) / below, count) for each, count in moments]
    return NumericValue(float(above / below), _standard_error(residuals), drawn.method)


def _average(values: list[tuple[Any, int]], drawn: _Drawn) -> Value:
    total = sum(count for _, count in values)
    mean = sum((value * count for value, count in values), Fraction(0)) * Fraction(1, total)
    if drawn.complete:
        return as_value(mean, drawn.method)
    return NumericValue(float(mean), _standard_error(values), drawn.method)


def _standard_error(values: list[tuple[Any, int]]) -> float:
    numbers = np.repeat([float(value) for value, _ in values], [count for _, count in values])
    return float(numbers.std(ddof=1) / np.sqrt(len(numbers)))


def _noise_mean(before: Sensitivities, layer: int, options: Shuffles) -> Value:
    """Return the mean of G over sampled shuffles, each with few points of noise of its own.

    Each is unbiased, so the spread between them is the whole error.
    """
    output = layer > before.network.depth
    values = []
    for i, each in enumerate(_sample(_lowest(before.network, layer), options.noisy, options.seed)):
        reduced = one_layer_equivalent(each, before.task.length)
        spread = distance_moments(reduced, before.task, before.deformation)[-1 if output else -2].spread
        if spread == 0:
            return MissingValue(FLAT)
        few = Sampling(points=options.points, replicates=2, seed=options.seed + i)
        noise = sampled_noise(each, before.task, before.noise, {layer: None}, few)[layer].total
        values.append((noise.estimate / float(spread), 1))
    method = f"{options.noisy} shuffles with {2 * options.points} points of noise each, seed {options.seed}"
    mean = float(np.mean([value for value, _ in values]))
    return NumericValue(mean, _standard_error(values), f"{method}; error is one standard error")


def _claim_kept(before: Sensitivities, drawn: _Drawn | None) -> Value:
    claim = before.network.claim
    if claim is None:
        return MissingValue("the network makes no claim about its response")

    def holds(network: Network) -> bool:
        found = response_by_distance(network, before.task)
        return all(found[d] == claim.response(d) for d in found.distinct)

    drawn = drawn or _Drawn(Counter([before.network]), True, "no shuffle changes f_p")
    return _average([(Fraction(holds(network)), count) for network, count in drawn.counts.items()], drawn)
