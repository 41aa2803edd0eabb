"""D, G and R after the channels have been shuffled, as means over all shuffles or over a seeded sample of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from solver.errors import InputError, NotApplicableError
from solver.network.changed.shuffle import cut_nothing, expected_autocorrelations, shuffle_count, unshuffled_layers
from solver.question.correlations import difference_correlations, pixel_correlations
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import PairMoments
from solver.sensitivity.response.claim import broken_responses
from solver.sensitivity.results import LayerValues
from solver.sensitivity.sensitivities import Sensitivities
from solver.sensitivity.shuffling.draws import FLAT_SHUFFLED, Draws, Shuffles, draws, largest_change
from solver.sensitivity.shuffling.noise import mean_noise_response
from solver.sensitivity.shuffling.shorter import one_layer_equivalent
from solver.values import ExactValue, MissingValue, Value, quotient

MEANS = "mean autocorrelations of all shuffles"


@dataclass(frozen=True)
class ShuffledLayer(LayerValues):
    """The values of one layer before and after.

    Attributes
    ----------
    unchanged : bool
        Whether no shuffle changes the layer (`unshuffled_layers`), so that all after equals all before.
    """

    unchanged: bool


@dataclass(frozen=True)
class Shuffling:
    """What shuffling its channels does to a network.

    Attributes
    ----------
    count : int
        Different networks that shuffling gives, the network itself included.
    claim_kept : Value
        Share of them whose f_p(d) is what the network claims at every d, or missing without a claim.
    layers : tuple of ShuffledLayer
        ``D``, ``G``, ``R`` of the network as it is; ``D_shuffled``, ``G_shuffled``, the means of D and G over uniformly
        random shuffled networks; ``D_of_means``, mean numerator over mean denominator of D, the D of a network drawn
        anew for every image; ``R_shuffled``, D_shuffled / G_shuffled.
    """

    before: Sensitivities
    count: int
    claim_kept: Value
    layers: tuple[ShuffledLayer, ...]


def shuffling(before: Sensitivities, options: Shuffles | None = None) -> Shuffling:
    """Return what shuffling its channels does to the sensitivities of a network (docs/shuffling.md).

    Costs D of every network taken and G, sampled, of the noisy ones, for the layers that a shuffle changes; networks
    that are linear below a layer enter it by their effective kernels alone, of which there are few.

    Parameters
    ----------
    before : Sensitivities
        Of the network as it is; task, deformation and noise are taken from it.
    options : Shuffles

    Raises
    ------
    InputError
        If channels are averaged before norms: a translation of one channel against another then counts.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct, sensitivities
    >>> found = sensitivities(construct("uniform", TwoPixelTask()), TwoPixelTask(), quantities=["D"])
    >>> all(layer.unchanged for layer in shuffling(found).layers)
    True
    """
    if before.channel_mean:
        raise InputError("channel mean: shuffling is defined for norms over all channels; leave channels unaveraged")
    task = before.task.as_ring("shuffling")
    options = options or Shuffles()
    network = before.network
    known = unshuffled_layers(network)
    reduced = partial(one_layer_equivalent, length=task.length)
    found = Draws(Counter([network]), True, "no shuffle changes f_p")
    layers: list[ShuffledLayer] = []
    for k in range(network.depth + 1):
        here = before.layers[k : None if k == network.depth else k + 1]
        if known[k]:
            layers += [_after(each, each.D, each.D, each.G, each.R, unchanged=True) for each in here]
        else:
            found = draws(network.lowest(k), options, options.sample, reduced)
            layers += _changed(before, k, here, found, options)
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
    return quotient(ExactValue(above, MEANS), ExactValue(below, MEANS), method=MEANS, zero=FLAT_SHUFFLED)


def _after(
    before: LayerValues, d: Value, of_means: Value, g: Value, r: Value, *, unchanged: bool = False
) -> ShuffledLayer:
    """Return a layer's values before and after."""
    values = {"D": before.D, "D_shuffled": d, "D_of_means": of_means}
    values |= {"G": before.G, "G_shuffled": g, "R": before.R, "R_shuffled": r}
    return ShuffledLayer(before.layer, before.name, values, unchanged)


def _changed(
    before: Sensitivities, depth: int, layers: Sequence[LayerValues], found: Draws, options: Shuffles
) -> list[ShuffledLayer]:
    """Return a layer that shuffles change, followed by f_p if it is the last."""
    rows = [distance_moments(network, before.task, before.deformation) for network in found.counts]
    noise = mean_noise_response(before, before.network.lowest(depth), options)
    after = []
    for each in layers:
        at = each.layer - depth
        moments, g = [row[at - 2] for row in rows], noise[at]
        try:
            ratio = linear_ratio_of_means(before, each.layer) if at == 0 else _ratio_of_means(moments, found)
        except NotApplicableError:
            ratio = _ratio_of_means(moments, found)
        mean = found.mean_ratio(moments)
        after.append(_after(each, mean, ratio, g, quotient(mean, g, method=g.method, zero="G is 0")))
    return after


def _ratio_of_means(moments: list[PairMoments], found: Draws) -> Value:
    above, below = found.mean([each.change for each in moments]), found.mean([each.spread for each in moments])
    if below == 0:
        return MissingValue(FLAT_SHUFFLED)
    ratio = above / below
    residuals = [(each.change - ratio * each.spread) / below for each in moments]
    largest = largest_change([each.change / each.spread for each in moments if each.spread])
    return found.value(ratio, found.error(residuals, largest))


def _claim_kept(before: Sensitivities, found: Draws) -> Value:
    """Return the share of shuffles with the claimed f_p."""
    claim = before.network.claim
    if claim is None:
        return MissingValue("the network makes no claim about its response")
    kept = [Fraction(not broken_responses(network, before.task, claim)) for network in found.counts]
    return found.value(found.mean(kept), found.error(kept, 1.0))
