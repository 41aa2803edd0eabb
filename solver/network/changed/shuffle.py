"""Shuffled channels: the input filters of each output channel permuted, every permutation on its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import factorial, prod
from typing import Any

import numpy as np

from solver.errors import InputError, NotApplicableError
from solver.network.layer import Layer
from solver.network.network import Network
from solver.numbers.exact import Exact

Taps = tuple[Any, ...]
Orders = tuple[tuple[tuple[int, ...], ...], ...]


def shuffled(network: Network, permutations: Sequence[Sequence[Sequence[int]]]) -> Network:
    """Return the ``network`` whose layer-k channel c gives input i the filter it had for permutations[k-1][c][i].

    Filters stay what they are; only the maps they act on change (docs/shuffling.md).  The claim is dropped.  Costs one
    look at each filter.

    Parameters
    ----------
    permutations : nested sequence of int, shape (depth, channels of the layer, inputs of the layer)

    Raises
    ------
    InputError
        If they do not match the network or are no permutations.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> network = construct("uniform", TwoPixelTask())
    >>> shuffled(network, [[[0]], [[0]], [[0]]]).layers == network.layers
    True
    """
    if len(permutations) != network.depth:
        raise InputError(f"permutations: expected one list per layer ({network.depth}), got {len(permutations)}")
    layers = []
    for k, (layer, orders) in enumerate(zip(network.layers, permutations, strict=True), start=1):
        if len(orders) != layer.channels or any(sorted(o) != list(range(layer.input_channels)) for o in orders):
            raise InputError(
                f"permutations of layer {k}: expected {layer.channels} orders of 0..{layer.input_channels - 1}, "
                f"one per channel, got {orders!r}"
            )
        filters = tuple(tuple(channel[i] for i in order) for channel, order in zip(layer.filters, orders, strict=True))
        layers.append(layer if filters == layer.filters else replace(layer, filters=filters))
    return replace(network, layers=tuple(layers), claim=None)


def random_orders(network: Network, generator: np.random.Generator) -> Orders:
    """Return independent uniform permutations, one for each output channel."""
    return tuple(
        tuple(tuple(map(int, generator.permutation(layer.input_channels))) for _ in range(layer.channels))
        for layer in network.layers
    )


def shuffle_count(network: Network) -> int:
    """Return how many different networks shuffling gives; filters that are equal do not count twice."""
    return prod(_order_count(channel) for layer in network.layers for channel in layer.filters)


def shuffles(network: Network) -> Iterator[Network]:
    """Yield every different shuffled network once; under uniform permutations each is equally likely."""
    choices = [list(product(*map(_orders, layer.filters))) for layer in network.layers]
    for orders in product(*choices):
        yield shuffled(network, orders)


def unshuffled_layers(network: Network) -> tuple[bool, ...]:
    """Return for layers 0..depth whether no shuffle can change the norms of its maps, proven from the weights.

    Two arguments carry from layer to layer.  (1) If no channel has two different filters, shuffling is the identity.
    (2) If the maps below are translates of one map and a channel reads one of them, it makes no difference which: the
    result is a translate too, and norms and sums over the ring do not see translations.  The maps stay translates of
    one another as long as all channels have the same filter up to translation, and the same bias.
    """
    fixed = copies = True
    known = [True]
    for layer in network.layers:
        single = all(sum(map(bool, map(_stripped, channel))) == 1 for channel in layer.filters)
        from_copies = copies and single and layer.stride == 1
        fixed = fixed and all(_order_count(channel) == 1 for channel in layer.filters)
        shapes = {(b, *filter(None, map(_stripped, c))) for b, c in zip(layer.bias, layer.filters, strict=True)}
        copies = from_copies and len(shapes) == 1
        known.append(fixed or from_copies)
        if not (fixed or copies):
            break
    return (*known, *[False] * (network.depth + 1 - len(known)))


def cut_nothing(layers: Sequence[Layer]) -> bool:
    """Return whether signs show that layers cut no non-negative maps, whatever the shuffle.

    So it is if all activations are identities, or no weight or bias is negative and none is a hard tanh.
    """
    return all(each.activation == "identity" for each in layers) or all(
        each.activation != "hardtanh" and each.is_non_negative for each in layers
    )


def expected_autocorrelations(network: Network, layer: int) -> tuple[list[Exact], Exact]:
    r"""Return the means over all shuffles of A_r, r = 0..width-1, and of S2, for the effective kernels of a layer.

    With P = sum_c K^c(z) K^c(1/z) and Q the same of sum_c K^c, and for a layer of n inputs V the autocorrelation of its
    filters summed over channels and inputs, U that of each channel's summed filters, W that of all filters summed:

        P' = V P/n + (U - V) (Q - P)/(n (n-1)),        Q' = P' + (W - U) Q/n^2,

    as a filter falls on each input equally often, two filters of a channel on each ordered pair of inputs, and
    channels are shuffled independently.  Costs O(layers * width^2), however many shuffles there are.

    Raises
    ------
    NotApplicableError
        For strides.
    """
    own = summed = np.array([Fraction(1)], dtype=object)
    for k, each in enumerate(network.layers[:layer], start=1):
        if each.stride != 1:
            raise NotApplicableError(f"mean autocorrelations need stride 1; layer {k} has stride {each.stride}")
        filters = each.array
        n = each.input_channels
        V = _autocorrelation(filters.reshape(-1, each.size))
        U = _autocorrelation(filters.sum(axis=1))
        W = _autocorrelation(filters.sum(axis=(0, 1))[None])
        apart = np.convolve(U - V, summed - own) * Fraction(1, max(n * (n - 1), 1))
        own_next = np.convolve(V, own) * Fraction(1, n) + apart
        summed = own_next + np.convolve(W - U, summed) * Fraction(1, n * n)
        own = own_next
    return list(own[len(own) // 2 :]), own.sum()


def _order_count(channel: Sequence[Taps]) -> int:
    return factorial(len(channel)) // prod(map(factorial, Counter(channel).values()))


def _orders(channel: Sequence[Taps]) -> Iterator[tuple[int, ...]]:
    """Yield one permutation of the inputs for every different order of a channel's filters."""
    places: dict[Taps, list[int]] = {}
    for i, taps in enumerate(channel):
        places.setdefault(taps, []).append(i)

    def extend(chosen: tuple[int, ...], left: dict[Taps, list[int]]) -> Iterator[tuple[int, ...]]:
        if not left:
            yield chosen
        for taps, (first, *rest) in left.items():
            others = {t: p for t, p in left.items() if t != taps}
            yield from extend((*chosen, first), others | ({taps: rest} if rest else {}))

    return extend((), places)


def _stripped(taps: Taps) -> Taps:
    """Return taps without the zeros at both ends (rows of a frame stay as they are)."""
    nonzero = [j for j, w in enumerate(taps) if w != 0]
    return tuple(taps[nonzero[0] : nonzero[-1] + 1]) if nonzero else ()


def _autocorrelation(rows: np.ndarray) -> np.ndarray:
    """Return the coefficients of sum_rows w(z) w(1/z)."""
    return np.sum([np.convolve(taps, taps[::-1]) for taps in rows], axis=0)
