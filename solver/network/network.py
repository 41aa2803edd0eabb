"""A convolutional network on the ring: layers, global pooling, an affine readout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Any

from solver.errors import InputError
from solver.network.layer import Layer, leaves, reshaped
from solver.numbers.algebraic import in_common_field
from solver.numbers.exact import Exact, choice, exact, integer, rational
from solver.question.lattice import Step, components
from solver.question.task import LABELS

POOLINGS = ("mean", "sum")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a construction promises of f_p after the readout, for l >= smallest_length.

    With ``labels`` "distance", f_p(d) = ReLU(scale - d), on a frame the product ReLU(scale - d_1) ReLU(scale - d_2) for
    sides of at least ``smallest_length``; with "blocks", f_p = y/2, +1/2 where both pixels share a block of ``scale``
    sites and -1/2 elsewhere.  ``offset`` is the constant that the readout subtracts from the pooled sum.
    """

    scale: int
    offset: Exact
    smallest_length: int
    labels: str = "distance"

    def __post_init__(self) -> None:
        choice(self.labels, "labels", LABELS)

    def response(self, distance: Step) -> Exact | int:
        """Return the promised f_p(d), or f_p(d_1, d_2) on a frame; for blocks its mean over where the pair is."""
        tent = prod(max(self.scale - abs(d), 0) for d in components(distance))
        return tent if self.labels == "distance" else Fraction(tent, self.scale) - Fraction(1, 2)

    def pair_response(self, first: int, distance: int) -> Exact | int:
        """Return the promised f_p of pixels at a site and ``distance`` <= l/2 sites further on."""
        if self.labels == "distance":
            return self.response(distance)
        return Fraction(1 if first % self.scale + distance < self.scale else -1, 2)

    @property
    def period(self) -> int:
        """The translation of the pair that leaves the promise as it is."""
        return self.scale if self.labels == "blocks" else 1

    @property
    def text(self) -> str:
        """The promise in words."""
        if self.labels == "distance":
            return f"f_p(d) = ReLU({self.scale} - d)"
        return f"f_p = 1/2 where both pixels share a block of {self.scale} sites, else -1/2"


@dataclass(frozen=True, kw_only=True)
class Network:
    """f_p = sum_c v[c] pool_p a_last(c, p) + constant.

    Parameters
    ----------
    layers : sequence of Layer
        The first layer takes one channel, the image.
    readout : sequence of exact numbers, one per channel of the last layer; ones if omitted
    constant : exact number
    pooling : {"mean", "sum"}
        Over all sites of the last layer.
    name : str
    claim : Claim, optional
        What the network's response is promised to be.

    Raises
    ------
    InputError
        If the channels of successive layers do not match.

    Examples
    --------
    >>> box = Network(layers=[Layer(filters=[[[1, 1, 1]]], bias=[-1])], pooling="sum")
    >>> box.receptive_field(1)
    3
    """

    layers: tuple[Layer, ...]
    readout: tuple[Any, ...] = ()
    constant: Any = Fraction(0)
    pooling: str = "mean"
    name: str = "network"
    claim: Claim | None = None

    def __post_init__(self) -> None:
        layers = tuple(self.layers) if isinstance(self.layers, Iterable) else ()
        if not layers or not all(isinstance(layer, Layer) for layer in layers):
            raise InputError("layers: expected at least one Layer")
        inputs = 1
        for k, layer in enumerate(layers, start=1):
            if layer.input_channels != inputs:
                raise InputError(
                    f"layer {k} takes {layer.input_channels} input channels but its input has {inputs}; "
                    "filters have shape (channels, input channels, filter size)"
                )
            if layer.axes != layers[0].axes:
                raise InputError(f"layer {k} has filters of {layer.axes} axes, but layer 1 of {layers[0].axes}")
            if layer.axes > 1 and layer.stride > 1:
                raise InputError(f"layer {k}: strides are for rings; on a frame expected 1, got {layer.stride}")
            inputs = layer.channels
        if not isinstance(self.readout, Iterable):
            raise InputError(f"readout: expected one weight per channel of the last layer, got {self.readout!r}")
        readout = tuple(exact(v, "readout") for v in self.readout) or (Fraction(1),) * inputs
        if len(readout) != inputs:
            raise InputError(
                f"readout: expected one weight per channel of the last layer ({inputs}), got {len(readout)}"
            )
        choice(self.pooling, "pooling", POOLINGS)
        layers, readout, constant = _in_one_field(layers, readout, exact(self.constant, "constant"))
        for name, value in (("layers", layers), ("readout", readout), ("constant", constant)):
            object.__setattr__(self, name, value)

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.layers)

    @property
    def axes(self) -> int:
        """Spatial axes: 1 on a ring, 2 on a frame."""
        return self.layers[0].axes

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of every layer, from the first."""
        return tuple(layer.channels for layer in self.layers)

    @cached_property
    def is_rational(self) -> bool:
        """Whether every weight is rational."""
        weights = [w for layer in self.layers for w in layer.weights]
        return all(isinstance(w, Fraction) for w in (*weights, *self.readout, self.constant))

    def total_stride(self, layer: int) -> int:
        """Return the product of the strides of layers 1..layer."""
        return prod(each.stride for each in self.layers[:layer])

    def receptive_field(self, layer: int) -> int:
        """Return how many neighbouring pixels a unit of this layer sees along an axis (2k+1 for filter size 3)."""
        return 1 + sum((each.size - 1) * self.total_stride(k) for k, each in enumerate(self.layers[:layer]))

    def output_length(self, length: int, layer: int) -> int:
        """Return the sites of a layer's maps on a ring, or frame, of ``length`` pixels.

        Raises
        ------
        InputError
            If a stride does not divide the length of its layer's input.
        """
        sites = length
        for k, each in enumerate(self.layers[:layer], start=1):
            if sites % each.stride:
                raise InputError(f"layer {k}: stride {each.stride} does not divide the {sites} sites of its input")
            sites //= each.stride
        return sites

    def pooled_readout(self, length: int) -> tuple[Exact, ...]:
        """Return the weight with which the sum over sites of each last-layer channel enters f_p."""
        sites = self.output_length(length, self.depth) if self.pooling == "mean" else 1
        return tuple(v / Fraction(sites) for v in self.readout)

    def with_identity(self) -> Network:
        """Return the same network with every activation replaced by the identity."""
        return replace(self, layers=tuple(replace(layer, activation="identity") for layer in self.layers), claim=None)


def widen(network: Network, copies: int) -> Network:
    """Return the network with every channel in ``copies`` equal copies, each fed the mean of its inputs' copies.

    Activations of the copies equal those of the original, so f_p, D, G and R of every layer are unchanged.
    """
    return scaled_copies(network, (1,) * integer(copies, "copies", 1))


def scaled_copies(network: Network, scales: Sequence[Any]) -> Network:
    """Return the network with a copy of every channel for each scale c_h > 0, which carries c_h times the original.

    Copy h has c_h times the filters and the bias, and is fed the sum of its inputs' copies over c_1 + ... + c_H; so is
    the readout.  As ReLU(c z) = c ReLU(z) for c > 0, every map is c_h times the original on every input, noisy or not:
    f_p does not change, nor does any D, G or R, with or without `channel_mean` (derivations/wider_networks.py).

    Raises
    ------
    InputError
        If there is no scale or one is not a positive rational, or for a scale other than 1 and a hard tanh.
    """
    factors = tuple(rational(c, "channel scale") for c in scales)
    if not factors or min(factors) <= 0:
        raise InputError(f"channel scales: expected at least one, each positive; got {[str(c) for c in factors]}")
    if set(factors) != {1} and any(layer.activation == "hardtanh" for layer in network.layers):
        raise InputError("channel scales: a hard tanh does not commute with a scale other than 1; use relu or identity")
    share = 1 / sum(factors, Fraction(0))
    layers = []
    for k, layer in enumerate(network.layers):
        inputs, weight = (1, Fraction(1)) if k == 0 else (len(factors), share)
        layers.append(
            replace(
                layer,
                filters=tuple(
                    tuple(_scaled(f, c * weight) for f in channel for _ in range(inputs))
                    for channel in layer.filters
                    for c in factors
                ),
                bias=tuple(c * b for b in layer.bias for c in factors),
                names=tuple(f"{name} #{h + 1}" for name in layer.names for h in range(len(factors))),
            )
        )
    readout = tuple(v * share for v in network.readout for _ in factors)
    return replace(network, layers=tuple(layers), readout=readout)


def _scaled(filter_: Any, weight: Fraction) -> tuple[Any, ...]:
    return reshaped(filter_, [w * weight for w in leaves(filter_)])


def _in_one_field(
    layers: tuple[Layer, ...], readout: tuple[Exact, ...], constant: Exact
) -> tuple[tuple[Layer, ...], tuple[Exact, ...], Exact]:
    """Return all weights in one number field, so that activations can be added and multiplied by any of them."""
    weights = [w for layer in layers for w in layer.weights]
    numbers = [*weights, *readout, constant]
    common = in_common_field(numbers)
    if all(a is b for a, b in zip(common, numbers, strict=True)):
        return layers, readout, constant
    placed, start = [], 0
    for layer in layers:
        flat = common[start : start + len(layer.weights)]
        start += len(flat)
        split = len(flat) - layer.channels
        placed.append(replace(layer, filters=reshaped(layer.filters, flat[:split]), bias=tuple(flat[split:])))
    return tuple(placed), tuple(common[start : start + len(readout)]), common[-1]
