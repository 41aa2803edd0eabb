"""Units that see every pixel through a piecewise linear function of that pixel alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from solver.gaussian.sites.piecewise import IDENTITY, PIECEWISE, RELU, PiecewiseLinear, chained, weighted
from solver.sensitivity.noise.units import Refusal

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

SiteOffset = tuple[int, ...]


@dataclass(frozen=True)
class SiteSum:
    """z(p) = constant + sum_o g_o(y(stride p + o)), y the noisy pixels.

    Attributes
    ----------
    responses : dict of {offset: PiecewiseLinear}
        g_o, none of them constant.
    constant : exact number
    """

    responses: dict[SiteOffset, PiecewiseLinear]
    constant: Any

    def after(self, activation: PiecewiseLinear) -> SiteSum | None:
        """Return act(z) as a sum over pixels; None if it is not one."""
        if activation == IDENTITY:
            return self
        if len(self.responses) == 1:
            ((offset, response),) = self.responses.items()
            moved = chained(activation, weighted([(Fraction(1), response), (self.constant, _ONE)]))
            return site_sum({offset: moved}, Fraction(0))
        ends = [[getattr(g, end) for g in self.responses.values()] for end in ("least", "most")]
        low, high = (None if None in each else sum(each, self.constant) for each in ends)
        pieces = [*zip((None, *activation.places), (*activation.places, None), activation.slopes, strict=True)]
        for start, end, slope in pieces:
            if (start is None or (low is not None and low >= start)) and (
                end is None or (high is not None and high <= end)
            ):
                known = activation.places[0] if start is None else start
                shift = activation(known) - slope * known
                scaled = {o: weighted([(slope, g)]) for o, g in self.responses.items()}
                return site_sum(scaled, slope * self.constant + shift)
        return None


_ONE = PiecewiseLinear((Fraction(0),), (Fraction(1),), Fraction(0), Fraction(0))


def site_sum(responses: dict[SiteOffset, PiecewiseLinear], constant: Any) -> SiteSum:
    """Return a sum over pixels, those that it does not depend on in its constant."""
    seen = {o: g for o, g in responses.items() if not g.is_constant}
    return SiteSum(seen, sum((g.values[0] for g in responses.values() if g.is_constant), constant))


@dataclass(frozen=True)
class SiteUnits:
    """The units a(c, p) = act(z_c(p)) of a layer.

    Attributes
    ----------
    channels : tuple of SiteSum
    activation : PiecewiseLinear
    stride : int
        Pixels between neighbouring units.
    """

    channels: tuple[SiteSum, ...]
    activation: PiecewiseLinear
    stride: int


@lru_cache(maxsize=16)
def site_units(question: Question, layer: int) -> SiteUnits | Refusal:
    """Return the units of a layer, of f_p those of the last one; costs one exact pass over the weights."""
    network, noise = question.network, question.noise
    if why := noise.lacks("independent", "gaussian"):
        return Refusal(why)
    if layer == 0:
        return Refusal("the image is no layer that rectifies noise")
    last, stride = min(layer, question.depth), 1
    channels = [SiteSum({(0,) * network.axes: RELU if noise.rectified else IDENTITY}, Fraction(0))]
    for k, each in enumerate(network.layers[:last], start=1):
        inputs = [channels[i] for i in range(each.input_channels)]
        sums = [_before_activation(each, c, inputs, stride) for c in range(each.channels)]
        stride *= each.stride
        activation = PIECEWISE[each.activation]
        if k == last:
            return SiteUnits(tuple(sums), activation, stride)
        channels = []
        for one in sums:
            found = one.after(activation)
            if found is None:
                return Refusal(f"a unit of layer {k} cuts a sum over several pixels")
            channels.append(found)
    raise AssertionError


def _before_activation(layer: Any, channel: int, inputs: list[SiteSum], stride: int) -> SiteSum:
    """Return the pre-activation of a channel as a sum over pixels."""
    terms: dict[SiteOffset, list[tuple[Any, PiecewiseLinear]]] = defaultdict(list)
    constant = layer.bias[channel]
    weights = layer.array[channel]
    for i, *tap in np.argwhere(weights != 0).tolist():
        w = weights[(i, *tap)]
        constant = constant + w * inputs[i].constant
        for offset, response in inputs[i].responses.items():
            at = tuple(o + stride * (j + layer.first_offset) for o, j in zip(offset, tap, strict=True))
            terms[at].append((w, response))
    return site_sum({at: weighted(each) for at, each in sorted(terms.items())}, constant)
