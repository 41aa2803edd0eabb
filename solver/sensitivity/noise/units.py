"""Units that rectify noise a second time: windows that slide over one stationary rectified field.

Noise that comes rectified is such a field too: its sites are independent, and the image is added to them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from solver.errors import NotApplicableError
from solver.gaussian.independent import Term
from solver.network.kernels import Kernel, effective_kernel
from solver.network.network import Network
from solver.question.noise import GaussianNoise
from solver.sensitivity.noise.once import is_rectified_once, rectifying_layer


@dataclass(frozen=True)
class SlidingUnits:
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
        The window of each output channel: its nonzero weights by offset, in order.
    level : exact number
        theta.
    adds_image : bool
        Whether the image is added to noise that comes rectified.
    stride, step : int
        Pixels between the sites of one channel, and sites between the units of one channel.
    places : tuple of int
        Where each channel's first tap sits.
    """

    taps: tuple[Any, ...]
    bias: Any
    kernels: tuple[tuple[tuple[int, Any], ...], ...]
    level: Any
    adds_image: bool = False
    stride: int = 1
    step: int = 1
    places: tuple[int, ...] = (0,)

    @property
    def is_independent(self) -> bool:
        """Whether no two sites share a pixel, so that their noises are independent."""
        pixels = [place + j for place in self.places for j, w in enumerate(self.taps) if w != 0]
        return len({pixel % self.stride for pixel in pixels}) == len(pixels)

    @property
    def slides(self) -> bool:
        """Whether units sit at every site of a field that has one site for each pixel."""
        return (self.stride, self.step, self.places) == (1, 1, (0,))

    def sites(self, length: int) -> int:
        """Return the sites of z on a ring of so many pixels."""
        return length // self.stride * len(self.places)

    @property
    def span(self) -> int:
        """Sites from the first to the last offset of all windows."""
        offsets = [o for kernel in self.kernels for o, _ in kernel]
        return max(offsets) - min(offsets) + 1

    @property
    def is_positive(self) -> bool:
        """Whether every weight and the level are positive, so that what falls short of the level is bounded."""
        return self.level > 0 and all(w > 0 for kernel in self.kernels for _, w in kernel)

    def variance(self, noise_variance: Fraction) -> Any:
        """Return the variance of z."""
        return noise_variance * sum(w * w for w in self.taps)

    def field_means(self, image: dict[int, int], length: int) -> list[Any]:
        """Return the mean of z, or what is added to it, at every site of a ring for an image ``{site: value}``."""
        means = [self.bias] * self.sites(length)
        for site, value in image.items():
            for c, place in enumerate(self.places):
                for j, w in enumerate(self.taps):
                    p, rest = divmod((site - place - j) % length, self.stride)
                    if rest == 0:
                        means[len(self.places) * p + c] += w * value
        return means

    def term(self, weight: Any, mean: Any, variance: Any) -> Term:
        """Return a summand from its `field_means` entry."""
        return Term(weight, Fraction(0), variance, mean) if self.adds_image else Term(weight, mean, variance)


def sliding_units(network: Network, noise: GaussianNoise, layer: int) -> SlidingUnits:
    """Return the units of a layer that rectifies noise a second time.

    Raises
    ------
    NotApplicableError
        If the layer is not of this form; says which condition fails.
    """
    source = rectifying_layer(network, layer - 1, noise)
    if source is None or not is_rectified_once(network, layer - 1, noise):
        raise NotApplicableError(f"the noise does not reach layer {layer} rectified exactly once")
    if network.layers[layer - 1].activation != "relu":
        raise NotApplicableError(f"layer {layer} is not a ReLU layer")
    field = effective_kernel(network, source)
    taps, bias, offsets = _one_field(field)
    kernel = effective_kernel(network, layer, after=source)
    levels = {-b for b in kernel.bias}
    if len(levels) > 1:
        raise NotApplicableError(f"the effective biases of layer {layer} are not one number")
    strided, count = field.stride > 1, field.channels
    places = list(range(count)) if strided else offsets
    kernels = tuple(_window(kernel, channel, places, count if strided else 1) for channel in range(kernel.channels))
    if not all(kernels):
        raise NotApplicableError(f"a channel of layer {layer} sees no pixel")
    units = SlidingUnits(taps, bias, kernels, levels.pop(), adds_image=noise.rectified, step=kernel.stride)
    if not strided:
        return units
    return replace(units, stride=field.stride, step=kernel.stride * count, places=tuple(offsets))


def refuse_rectified(noise: GaussianNoise) -> None:
    """Raise `NotApplicableError` where noise has to be Gaussian."""
    if noise.rectified:
        raise NotApplicableError("noise that comes rectified is not a Gaussian field: see `rectified_input`")


def _one_field(kernel: Kernel) -> tuple[tuple[Any, ...], Any, list[int]]:
    """Return the taps and bias that all channels share, and where each channel's first tap sits."""
    fields = set()
    offsets = []
    for taps, bias in zip(kernel.values[:, 0], kernel.bias, strict=True):
        support = [o for o, w in enumerate(taps) if w != 0]
        if not support:
            raise NotApplicableError("a channel of the rectifying layer sees no pixel")
        fields.add((tuple(taps[support[0] : support[-1] + 1]), bias))
        offsets.append(kernel.first_offset + support[0])
    if len(fields) > 1:
        raise NotApplicableError("the channels of the rectifying layer are not shifts of one field")
    (taps, bias) = fields.pop()
    return taps, bias, offsets


def _window(kernel: Kernel, channel: int, offsets: list[int], count: int) -> tuple[tuple[int, Any], ...]:
    """Return the weight of each site, ``count`` of them to a position, with those of a channel at its offset."""
    weights: dict[int, Any] = {}
    for source, taps in enumerate(kernel.values[channel]):
        for o, w in enumerate(taps):
            at = count * (kernel.first_offset + o) + offsets[source]
            weights[at] = weights.get(at, Fraction(0)) + w
    return tuple((at, w) for at, w in sorted(weights.items()) if w != 0)
