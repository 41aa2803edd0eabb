"""Units that rectify noise a second time: weighted sums of one stationary rectified field, and the ring they sit on.

Noise that comes rectified is such a field too: its sites are independent, and the image is added to them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from solver.network.kernels import Kernel, effective_kernel
from solver.network.network import Network
from solver.network.representatives import noise_representatives
from solver.question.noise import Noise
from solver.sensitivity.noise.once import is_rectified_once, rectifying_layer

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

Window = tuple[tuple[int, Any], ...]
"""Offsets and nonzero weights of one unit, in order."""


@dataclass(frozen=True)
class Refusal:
    """Why something does not apply, in words."""

    why: str


@dataclass(frozen=True)
class Units:
    """a(c, p) = (S(c, p) - level)+ with S(c, p) = sum_o kernels[c][o] (z(p + o))+ and z = taps * (x + eta) + bias.

    If ``adds_image``, S(c, p) = sum_o kernels[c][o] (x(p + o) + (eta(p + o))+) instead.

    Equal channels of the rectifying layer, and channels that are shifts of each other, are one field z.  With strides z
    has the C channels of the rectifying layer in turn: site t = C p + c sees the pixels from stride p + places[c] on,
    and unit p of the layer asked for sees the sites from step p on.

    Attributes
    ----------
    taps : tuple of exact numbers
        The field's kernel, without outer zeros, from the site's own pixel on; one tap means independent sites.
    bias : exact number
        Mean of the field without an image.
    kernels : tuple of tuple (offset, weight)
        The window of each output channel.
    level : exact number
        theta.
    adds_image : bool
        Whether the image is added to noise that comes rectified.
    stride, step : int
        Pixels between the sites of one channel, and sites between the units of one channel.
    places : tuple of int
        Where each channel's first tap sits.
    is_independent : bool
        Whether no two sites share a pixel, so that their noises are independent.
    has_strides : bool
        Whether sites or units leave out pixels.
    span : int
        Sites from the first to the last offset of all windows.
    is_positive : bool
        Whether every weight and the level are positive, so that what falls short of the level is bounded.
    """

    taps: tuple[Any, ...]
    bias: Any
    kernels: tuple[Window, ...]
    level: Any
    adds_image: bool = False
    stride: int = 1
    step: int = 1
    places: tuple[int, ...] = (0,)
    is_independent: bool = field(init=False, repr=False, compare=False)
    has_strides: bool = field(init=False, repr=False, compare=False)
    span: int = field(init=False, repr=False, compare=False)
    is_positive: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pixels = [place + j for place in self.places for j, w in enumerate(self.taps) if w != 0]
        offsets = [o for kernel in self.kernels for o, _ in kernel]
        positive = all(w > 0 for kernel in self.kernels for _, w in kernel)
        vars(self).update(
            is_independent=len({pixel % self.stride for pixel in pixels}) == len(pixels),
            has_strides=(self.stride, self.step, self.places) != (1, 1, (0,)),
            span=max(offsets) - min(offsets) + 1,
            is_positive=positive and self.level > 0,
        )

    def field_means(self, image: dict[int, int], length: int) -> list[Any]:
        """Return the mean of z, or what is added to it, at every site of a ring for an image ``{site: value}``."""
        means = [self.bias] * (length // self.stride * len(self.places))
        for site, value in image.items():
            for c, place in enumerate(self.places):
                for j, w in enumerate(self.taps):
                    p, rest = divmod((site - place - j) % length, self.stride)
                    if rest == 0:
                        means[len(self.places) * p + c] += w * value
        return means


@dataclass(frozen=True)
class UnitRing:
    """The units of a layer on the representing ring, with the images that stand for the ensemble.

    Attributes
    ----------
    images : list of (means, weight)
        `Units.field_means` of every image; the weights sum to 1.
    background : list
        The means without an image, of which ``stretch`` rings are left out.
    variance : exact number
        Of z.
    sites : int
        Of the rectified field.
    """

    units: Units
    images: list[tuple[list[Any], Fraction]]
    background: list[Any]
    stretch: Fraction
    variance: Any
    sites: int


@lru_cache(maxsize=16)
def unit_ring(question: Question, layer: int) -> UnitRing | Refusal:
    """Return the units of a layer, of f_p those of the last layer, on the ring that represents the task."""
    if why := question.task.no_ring("the route", "take auto or sampling"):
        return Refusal(why)
    units = units_of_layer(question.network, question.noise, min(layer, question.depth))
    if isinstance(units, Refusal):
        return units
    ring = noise_representatives(question.network, question.task)
    background = units.field_means({}, ring.length)
    if units.span + len(units.taps) > len(background):
        return Refusal("a window wraps around the ring")
    weights = [weight for _, _, weight in ring.pairs]
    images = [(units.field_means(x, ring.length), weight) for x, weight in zip(ring.images, weights, strict=True)]
    variance = question.noise.variance(question.task.sites) * sum(w * w for w in units.taps)
    return UnitRing(units, images, background, ring.stretch, variance, len(background))


def units_of_layer(network: Network, noise: Noise, layer: int) -> Units | Refusal:
    """Return the units of a layer that rectifies noise a second time."""
    if why := noise.lacks("independent", "gaussian"):
        return Refusal(why)
    if layer == 0:
        return Refusal("the image is no layer that rectifies noise")
    source = rectifying_layer(network, layer - 1, noise)
    if source is None or not is_rectified_once(network, layer - 1, noise):
        return Refusal(f"the noise does not reach layer {layer} rectified exactly once")
    if network.layers[layer - 1].activation != "relu":
        return Refusal(f"layer {layer} is not a ReLU layer")
    source_kernel = effective_kernel(network, source)
    shared = _one_field(source_kernel)
    if isinstance(shared, Refusal):
        return shared
    taps, bias, offsets = shared
    kernel = effective_kernel(network, layer, after=source)
    if len(set(kernel.bias)) > 1:
        return Refusal(f"the effective biases of layer {layer} are not one number")
    strided, count = source_kernel.stride > 1, source_kernel.channels
    places = list(range(count)) if strided else offsets
    kernels = tuple(_window(kernel, channel, places, count if strided else 1) for channel in range(kernel.channels))
    if not all(kernels):
        return Refusal(f"a channel of layer {layer} sees no pixel")
    units = Units(taps, bias, kernels, -kernel.bias[0], adds_image=noise.rectified, step=kernel.stride)
    if not strided:
        return units
    return replace(units, stride=source_kernel.stride, step=kernel.stride * count, places=tuple(offsets))


def _one_field(kernel: Kernel) -> tuple[tuple[Any, ...], Any, list[int]] | Refusal:
    """Return the taps and bias that all channels share, and where each channel's first tap sits."""
    fields, offsets = set(), []
    for taps, bias in zip(kernel.values[:, 0], kernel.bias, strict=True):
        support = [o for o, w in enumerate(taps) if w != 0]
        if not support:
            return Refusal("a channel of the rectifying layer sees no pixel")
        fields.add((tuple(taps[support[0] : support[-1] + 1]), bias))
        offsets.append(kernel.first_offset + support[0])
    if len(fields) > 1:
        return Refusal("the channels of the rectifying layer are not shifts of one field")
    return *fields.pop(), offsets


def _window(kernel: Kernel, channel: int, offsets: list[int], count: int) -> Window:
    """Return the weight of each site, ``count`` of them to a position, with those of a channel at its offset."""
    weights: dict[int, Any] = {}
    for source, taps in enumerate(kernel.values[channel]):
        for o, w in enumerate(taps):
            at = count * (kernel.first_offset + o) + offsets[source]
            weights[at] = weights.get(at, Fraction(0)) + w
    return tuple((at, w) for at, w in sorted(weights.items()) if w != 0)
