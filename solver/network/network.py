"""A convolutional network on the ring: layers, global pooling, an affine readout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, islice
from math import prod
from operator import mul
from typing import TYPE_CHECKING, Any

import numpy as np

from solver.errors import InputError
from solver.network.layer import Layer
from solver.numbers.algebraic import in_common_field
from solver.numbers.exact import Exact, choice, exact, integer
from solver.question.lattice import Step, components
from solver.question.pairs import LABELS

if TYPE_CHECKING:
    from solver.network.kernels import Kernel

POOLINGS = ("mean", "sum")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a construction promises of f_p after the readout, for l >= smallest_length (derivations/response.py).

    With ``labels`` "distance", f_p(d) = ReLU(scale - d), on a frame the product ReLU(scale - d_1) ReLU(scale - d_2) for
    sides of at least ``smallest_length``; with "blocks", f_p = y/2, +1/2 where both pixels share a block of ``scale``
    sites and -1/2 elsewhere.  ``offset`` is the constant that the readout subtracts from the pooled sum.

    Raises
    ------
    InputError
        For other ``labels``, an ``offset`` that is not exact, and lengths that are no integers or too small.

    Examples
    --------
    >>> [Claim(scale=7, offset=0, smallest_length=14).response(d) for d in (1, 6, 7)]
    [6, 1, 0]
    """

    scale: int
    offset: Any
    smallest_length: int
    labels: str = "distance"

    def __post_init__(self) -> None:
        choice(self.labels, "labels", LABELS)
        scale, least = integer(self.scale, "scale", 1), integer(self.smallest_length, "smallest_length", 0)
        vars(self).update(scale=scale, smallest_length=least, offset=exact(self.offset, "offset"))

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
    """f_p = sum_c v[c] pool_p a_last(c, p) + constant (docs/theory.md, section 2).

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

    Attributes
    ----------
    depth : int
        Number of layers.
    axes : int
        Spatial axes: 1 on a ring, 2 on a frame.
    channels : tuple of int
        Of every layer, from the first.
    is_rational : bool
        Whether every weight is rational.
    kernels : dict
        The effective kernels computed so far, by (after, layer).

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
    depth: int = field(init=False, repr=False, compare=False)
    axes: int = field(init=False, repr=False, compare=False)
    channels: tuple[int, ...] = field(init=False, repr=False, compare=False)
    is_rational: bool = field(init=False, repr=False, compare=False)
    kernels: dict[tuple[int, int], Kernel] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        layers = tuple(self.layers) if isinstance(self.layers, Iterable) else ()
        if not layers or not all(isinstance(layer, Layer) for layer in layers):
            raise InputError("layers: expected at least one Layer")
        _check_chain(layers)
        outputs = layers[-1].channels
        if not isinstance(self.readout, Iterable):
            raise InputError(f"readout: expected one weight per channel of the last layer, got {self.readout!r}")
        readout = tuple(exact(v, "readout") for v in self.readout) or (Fraction(1),) * outputs
        if len(readout) != outputs:
            raise InputError(
                f"readout: expected one weight per channel of the last layer ({outputs}), got {len(readout)}"
            )
        choice(self.pooling, "pooling", POOLINGS)
        constant = exact(self.constant, "constant")
        numbers = [*(w for layer in layers for w in layer.weights), *readout, constant]
        is_rational = all(isinstance(w, Fraction) for w in numbers)
        if not is_rational:
            layers, readout, constant, claim = _in_one_field(layers, numbers, self.claim)
            vars(self).update(claim=claim)
        channels = tuple(layer.channels for layer in layers)
        vars(self).update(layers=layers, readout=readout, constant=constant, is_rational=is_rational, kernels={})
        vars(self).update(depth=len(layers), axes=layers[0].axes, channels=channels)

    @cached_property
    def _strides(self) -> tuple[int, ...]:
        return tuple(accumulate((layer.stride for layer in self.layers), mul, initial=1))

    def total_stride(self, layer: int) -> int:
        """Return the product of the strides of layers 1..layer."""
        return self._strides[min(layer, self.depth)]

    def receptive_field(self, layer: int) -> int:
        """Return how many neighbouring pixels a unit of this layer sees along an axis (2k+1 for filter size 3)."""
        return 1 + sum((each.size - 1) * self._strides[k] for k, each in enumerate(self.layers[:layer]))

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

    @cached_property
    def is_symmetric(self) -> bool:
        """Whether every filter is its own reflection along each axis, and its own transpose on a frame."""
        for layer in self.layers:
            sites = tuple(range(2, layer.array.ndim))
            images = [np.flip(layer.array, axis) for axis in sites]
            images += [np.swapaxes(layer.array, *sites)] if len(sites) == 2 else []
            if 2 * layer.first_offset != 1 - layer.size or not all(np.array_equal(layer.array, x) for x in images):
                return False
        return True

    def lowest(self, layer: int) -> Network:
        """Return layers 1..layer (at least the first) as a network without a readout; all of it from the last on."""
        if layer >= self.depth:
            return self
        return self._sharing(Network(layers=self.layers[: max(layer, 1)]))

    def with_identity(self, first: int = 1) -> Network:
        """Return the same network with the identity for the activations of layer ``first`` and of those above it."""
        below, above = self.layers[: first - 1], self.layers[first - 1 :]
        linear = (replace(each, activation="identity") for each in above)
        return self._sharing(replace(self, layers=(*below, *linear), claim=None))

    def _sharing(self, other: Network) -> Network:
        """Return the other network, of the same filters and biases, with the effective kernels of this one."""
        vars(other).update(kernels=self.kernels)
        return other


def _check_chain(layers: Sequence[Layer]) -> None:
    """Refuse layers that do not follow on each other."""
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


def _in_one_field(
    layers: Sequence[Layer], numbers: Sequence[Exact], claim: Claim | None
) -> tuple[tuple[Layer, ...], tuple[Exact, ...], Exact, Claim | None]:
    """Return all in one number field, so that activations can be added and multiplied and a file needs one field."""
    *common, offset = in_common_field([*numbers, claim.offset if claim else Fraction(0)])
    flat = iter(common)
    placed = []
    for layer in layers:
        weights = np.array(list(islice(flat, len(layer.weights))), dtype=object)
        filters, bias = weights[: layer.array.size].reshape(layer.array.shape), weights[layer.array.size :]
        same = all(a is b for a, b in zip(weights, layer.weights, strict=True))
        placed.append(layer if same else replace(layer, filters=tuple(filters), bias=tuple(bias)))
    *readout, constant = flat
    return tuple(placed), tuple(readout), constant, replace(claim, offset=offset) if claim else None
