"""The forward pass in float64, and on which linear piece of its activation every unit was."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from solver.network.network import Network
from solver.network.trace import correlate

KINKS = {"identity": (-np.inf, np.inf), "relu": (0.0, np.inf), "hardtanh": (-1.0, 1.0)}
"""Between which values each activation is the identity; it is constant beyond."""
_DECIMALS = 9
"""Of pre-activations that are the same."""

Trace = list[tuple[np.ndarray, np.ndarray]]
"""The pre-activations and activations of layers 0..depth."""


class FloatTrace:
    """The forward pass in float64, of images of shape (..., 1, *sites).

    Attributes
    ----------
    there : list of arrays of bool, shape (3,)
        For each layer, whether its activation has a piece below, between and above its kinks.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._weights = [(layer.array.astype(float), [float(b) for b in layer.bias]) for layer in network.layers]
        kinks = [KINKS[layer.activation] for layer in network.layers]
        self.there = [np.array([low > -np.inf, True, high < np.inf]) for low, high in kinks]

    def __call__(self, a: np.ndarray, met: Sequence[np.ndarray] | None = None) -> Trace:
        """Return the pre-activations and activations of layers 0..depth.

        With ``met``, of each layer an array of bool (pieces, ..., channels, *sites), units know these pieces only and
        go on linearly beyond them.
        """
        trace = [(a, a)]
        for k, (layer, (weights, bias)) in enumerate(zip(self.network.layers, self._weights, strict=True)):
            z = correlate(a, layer, weights, bias)
            low, high = KINKS[layer.activation] if met is None else _limits(layer.activation, met[k])
            a = z if layer.activation == "identity" else np.clip(z, low, high)
            trace.append((z, a))
        return trace

    def pieces(self, trace: Trace) -> list[np.ndarray]:
        """Return for each layer how many points (first axis) were below, between and above the kinks, unit by unit."""
        found = []
        for layer, (z, _) in zip(self.network.layers, trace[1:], strict=True):
            low, high = KINKS[layer.activation]
            below = np.count_nonzero(z <= low, axis=0) if np.isfinite(low) else np.zeros(z.shape[1:], dtype=int)
            above = np.count_nonzero(z > high, axis=0) if np.isfinite(high) else np.zeros(z.shape[1:], dtype=int)
            found.append(np.stack([below, len(z) - below - above, above]))
        return found

    def shared(self, calm: Trace, met: list[np.ndarray]) -> list[np.ndarray]:
        """Return the pieces of each layer that any unit of the same channel and ``calm`` pre-activation has met."""
        found = []
        for (z, _), each in zip(calm[1:], met, strict=True):
            whole = np.empty_like(each)
            for channel in range(z.shape[1]):
                _, kinds = np.unique(np.round(z[:, channel], _DECIMALS), return_inverse=True)
                kinds = kinds.reshape(z[:, channel].shape)
                for piece, of in zip(each[:, :, channel], whole[:, :, channel], strict=True):
                    of[...] = np.bincount(kinds.ravel(), piece.ravel())[kinds] > 0
            found.append(whole)
        return found


def _limits(activation: str, met: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return between which values each unit is the identity where it knows some pieces of its activation only."""
    low, high = KINKS[activation]
    below, between, above = met
    return (
        np.where(below, low, np.where(between, -np.inf, high)),
        np.where(above, high, np.where(between, np.inf, low)),
    )
