"""D, G and R after the channels have been shuffled, as means over all shuffles or over a seeded sample of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from solver.errors import InputError, NotApplicableError
from solver.network.changed.shuffle import cut_nothing, expected_autocorrelations, shuffle_count, unshuffled_layers
from solver.network.network import Network
from solver.question.correlations import difference_correlations, pixel_correlations
from solver.sensitivity.deformation.moments import PairMoments, distance_moments
from solver.sensitivity.response.claim import broken_responses
from solver.sensitivity.sensitivities import LayerSensitivity, Sensitivities
from solver.sensitivity.shuffling.draws import Draws, Shuffles, draws
from solver.sensitivity.shuffling.noise import FLAT, mean_noise_response
from solver.sensitivity.shuffling.shorter import one_layer_equivalent
from solver.values import ExactValue, MissingValue, NumericValue, Value, as_value, quotient

MEANS = "mean autocorrelations of all shuffles"


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
    task = before.task.as_ring("shuffling", InputError("shuffling is for networks on a ring; take a TwoPixelTask"))
    options = options or Shuffles()
    network = before.network
    known = unshuffled_layers(network)
    reduced = partial(one_layer_equivalent, length=task.length)
    found = Draws(Counter([network]), True, "no shuffle changes f_p")
    layers: list[ShuffledLayer] = []
    for k in range(network.depth + 1):
        if known[k]:
            ends = None if k == network.depth else k + 1
            layers += map(_unchanged, before.layers[k:ends])
        else:
            found = draws(_lowest(network, k), options, options.sample, reduced)
            layers += _changed(before, k, found, options)
    return Shuffling(before, shuffle_count(network), _claim_kept(before, found), tuple(layers))


def linear_ratio_of_means(before: Sensitivities, layer: int) -> Value:
    """Return the mean numerator of D over its mean denominator, exactly, for a layer that stays linear when shuffled.

    Both are linear in A_r and S2, whose means are known without listing shuffles (`expected_autocorrelations`).

    Raises
    ------
    NotApplicableError
        If an activation may cut some shuffled network, or there are strides.
    """
    if not cut_nothing(before.network.layers[:layer]):
        raise NotApplicableError(f"an activation can cut layer {layer}; its means need the shuffled networks")
    a, s2 = expected_autocorrelations(before.network, layer)
    task = before.task
    u, x = difference_correlations(task, before.deformation, len(a) - 1), pixel_correlations(task, len(a) - 1)
    above, energy = (a[0] * c[0] + 2 * sum(p * q for p, q in zip(a[1:], c[1:], strict=True)) for c in (u, x))
    below = 2 * (energy - 4 * s2 * Fraction(1, task.sites))
    return quotient(ExactValue(above, MEANS), ExactValue(below, MEANS), method=MEANS, zero=FLAT)


def _lowest(network: Network, layer: int) -> Network:
    """Return layers 1..layer as a network, with the readout if that is all of them."""
    return network if layer >= network.depth else Network(layers=network.layers[:layer])


def _unchanged(each: LayerSensitivity) -> ShuffledLayer:
    return ShuffledLayer(each.layer, each.name, True, each.D, each.D, each.D, each.G, each.G, each.R, each.R)


def _changed(before: Sensitivities, depth: int, found: Draws, options: Shuffles) -> list[ShuffledLayer]:
    """Return a layer that shuffles change, followed by f_p if it is the last."""
    moments = [distance_moments(network, before.task, before.deformation) for network in found.counts]
    noise = mean_noise_response(before, _lowest(before.network, depth), options)
    layers = []
    for each in before.layers[depth : None if depth == before.network.depth else depth + 1]:
        at = each.layer - depth
        pairs, g = [rows[at - 2] for rows in moments], noise[at]
        try:
            ratio = linear_ratio_of_means(before, each.layer) if at == 0 else _ratio_of_means(pairs, found)
        except NotApplicableError:
            ratio = _ratio_of_means(pairs, found)
        mean = mean_of_ratios(pairs, found)
        r = quotient(mean, g, method=g.method, zero="G is 0")
        layers.append(ShuffledLayer(each.layer, each.name, False, each.D, mean, ratio, each.G, g, each.R, r))
    return layers


def mean_of_ratios(moments: list[PairMoments], found: Draws) -> Value:
    """Return the mean of D over shuffles: exact over all of them, else with a standard error."""
    if any(each.spread == 0 for each in moments):
        return MissingValue(FLAT)
    ratios = [each.displacement / each.spread for each in moments]
    return _value(found.mean(ratios), found.standard_error(ratios), found)


def _ratio_of_means(moments: list[PairMoments], found: Draws) -> Value:
    above, below = found.mean([each.displacement for each in moments]), found.mean([each.spread for each in moments])
    if below == 0:
        return MissingValue(FLAT)
    ratio = above / below
    residuals = [(each.displacement - ratio * each.spread) / below for each in moments]
    return _value(ratio, found.standard_error(residuals), found)


def _value(number: Any, error: float, found: Draws) -> Value:
    return as_value(number, found.method) if found.complete else NumericValue(float(number), error, found.method)


def _claim_kept(before: Sensitivities, found: Draws) -> Value:
    """Return the share of shuffles with the claimed f_p; a sample says no more than to one part in its size."""
    claim = before.network.claim
    if claim is None:
        return MissingValue("the network makes no claim about its response")
    kept = [Fraction(not broken_responses(network, before.task, claim)) for network in found.counts]
    return _value(found.mean(kept), max(found.standard_error(kept), 1 / found.counts.total()), found)
