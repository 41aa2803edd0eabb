"""The response f_p(d) of a network to two pixels at each distance."""

from __future__ import annotations

from typing import Any

from solver.ensemble import Representatives, representatives
from solver.errors import NotApplicableError
from solver.network.linearity import dense_images
from solver.network.network import Network
from solver.network.trace import Activation, activations
from solver.task import TwoPixelTask


def response_by_distance(network: Network, task: TwoPixelTask) -> dict[int, Any]:
    """Return f_p(d) for d = 1..l//2, exactly, whether or not the ensemble keeps the distance.

    Distances out of the network's sight share one value, so the cost does not grow with l but for
    writing the values down.

    Raises
    ------
    NotApplicableError
        If the response depends on where the pair is, as it can with strides.
    """
    everywhere = TwoPixelTask(length=task.length, scale=task.scale)
    phases = network.total_stride(network.depth)
    ring = representatives(everywhere, network.receptive_field(network.depth) + phases, phases=phases)
    values: dict[int, Any] = {}
    for (_, distance, _), value in zip(ring.pairs, pair_responses(network, ring), strict=True):
        if values.setdefault(distance, value) != value:
            raise NotApplicableError(
                f"f_p depends on the position of the pair (at distance {distance}): the network has total stride {phases}"
            )
    far = values[ring.length // 2]
    return {d: values.get(d, far) for d in range(1, task.length // 2 + 1)}


def pair_responses(network: Network, ring: Representatives) -> list[Any]:
    """Return f_p, on the task's full ring, for each representing pair."""
    pairs = [{first: 1, (first + d) % ring.length: 1} for first, d, _ in ring.pairs]
    last = activations(network, dense_images([{}, *pairs], ring.length))[-1]
    return [_plain(f) for f in readouts(network, last, ring)[1:]]


def readouts(network: Network, last: Activation, ring: Representatives) -> list[Any]:
    """Return f_p on the task's full ring from last-layer maps on the representing one; row 0 is the empty image.

    The sites that the representing ring leaves out see background only, so they add its activation.
    """
    weights = network.pooled_readout(ring.task.length)
    missing = ring.missing_sites // network.total_stride(network.depth)
    sums = last.site_sums()
    background = last[:1].exact()[0, :, 0]
    return [
        sum(v * (s + missing * b) for v, s, b in zip(weights, row, background, strict=True)) + network.constant
        for row in sums
    ]


def _plain(value: Any) -> Any:
    return value.numerator if getattr(value, "denominator", 0) == 1 else value
