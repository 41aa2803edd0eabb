"""The shape of a network that is trained: layers, channels, filter size, stride."""

from __future__ import annotations

from dataclasses import dataclass

from solver.errors import InputError
from solver.numbers.exact import integer

LARGEST = 1024
"""Layers, channels, sites of the ring: more could not be evaluated exactly."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Equal layers of ReLU(w * a + b) on the ring, then a mean over sites and an affine readout.

    Parameters
    ----------
    layers : int
        L.
    channels : int
        H, of every layer.
    filter_size : int
        s, in sites.
    stride : int
        Sites between outputs, of every layer.

    Raises
    ------
    InputError
        For sizes below 1, and more than `LARGEST` layers or channels.
    """

    layers: int = 3
    channels: int = 16
    filter_size: int = 3
    stride: int = 1

    def __post_init__(self) -> None:
        for name in ("layers", "channels", "filter_size", "stride"):
            object.__setattr__(self, name, integer(getattr(self, name), name.replace("_", " "), 1))
        if max(self.layers, self.channels) > LARGEST:
            raise InputError(
                f"layers and channels: expected at most {LARGEST} of each, got {self.layers} and {self.channels}"
            )

    def check_ring(self, length: int) -> None:
        """Refuse a ring on which a layer has no room.

        Raises
        ------
        InputError
            If a filter is larger than the layer's input, or the stride does not divide it.
        """
        sites = length
        for layer in range(1, self.layers + 1):
            if self.filter_size > sites or sites % self.stride:
                fewer = f"take fewer than {layer} layers or another length" if layer > 1 else "take another length"
                raise InputError(
                    f"layer {layer} has {sites} sites of input, which filter size {self.filter_size} and stride "
                    f"{self.stride} do not fit; {fewer}"
                )
            sites //= self.stride


ARCHITECTURES = {
    "slides": Architecture(layers=3, channels=16, filter_size=3, stride=1),
    "paper": Architecture(layers=5, channels=16, filter_size=2, stride=2),
}
"""The networks of the slides, and of arXiv 2210.01506 for its strided architecture, at the default size."""

SCALES = {"slides": 7, "paper": 8}
"""The scale xi that each is trained on unless another is named; 8 is a power of the stride 2."""
