"""The means over one randomised set of noises, of layers and of f_p, on images that stand for an ensemble."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from solver.sensitivity.noise.sampled.estimate import Samples
from solver.sensitivity.noise.sampled.float_trace import FloatTrace, Trace, alike, shared
from solver.sensitivity.noise.sampled.replicates import Draw
from solver.sensitivity.noise.sampled.unmet import SELDOM, LouderNoise, Statistic, Unmet, unmet_changes

_CHUNK = 2**21
"""Entries of the largest map at a time."""


@dataclass(frozen=True)
class Replicated:
    """Means over the noises of one replicate.

    Attributes
    ----------
    samples : dict
        By layer.
    pieces : list of arrays of bool
        On which pieces each unit was (`FloatTrace.pieces`).
    points : array of int, shape (images,)
        How many noises each image took.
    """

    samples: dict[int, Samples]
    pieces: list[np.ndarray]
    points: np.ndarray


@dataclass(frozen=True)
class Replicate:
    """A network on images, with and without noise: called with the noises of one replicate.

    Parameters
    ----------
    trace : FloatTrace
    images : array of shape (images, *sites)
        The first is the empty one.
    coefficients : dict
        The layers asked for, each with the multiple of ||z - z0||^2, at its last pre-activation, that is taken out of
        ||a - a0||^2 as its closed value is known; 0 for none.
    channel_mean : bool
    readout : array of shape (channels,), optional
        Of f_p, which is under the key depth + 1.
    """

    trace: FloatTrace
    images: np.ndarray
    coefficients: dict[int, float]
    channel_mean: bool = False
    readout: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def depth(self) -> int:
        """The layers of the network."""
        return len(self.trace.layers)

    @cached_property
    def calm(self) -> Trace:
        """The pass without noise."""
        return self.trace(self.noisy(np.zeros((1, self.images[0].size))))

    @cached_property
    def kinds(self) -> list[np.ndarray]:
        """Which units are `alike`."""
        return alike(self.calm)

    def __call__(self, eta: np.ndarray) -> Replicated:
        """Return the means over noises of shape (points, sites)."""
        sums: dict[int, Any] = dict.fromkeys(self.coefficients, (0, 0, 0))
        met: list[np.ndarray] | None = None
        for chunk in self.chunks(eta):
            noisy = self.trace(self.noisy(chunk))
            met = shared(self.kinds, self.trace.pieces(noisy, met))
            for key in self.coefficients:
                parts = self.differences(key, noisy)
                sums[key] = [total + part.sum(axis=-1) for total, part in zip(sums[key], parts, strict=True)]
        samples = {key: Samples(s / len(eta), z / len(eta), m.T / len(eta)) for key, (s, z, m) in sums.items()}
        return Replicated(samples, met or [], np.full(len(self.images), len(eta)))

    def fitted(self, counts: np.ndarray, eta: np.ndarray) -> Replicate:
        """Return the same with the coefficients, where not 0, that leave the least variance of a sum over images.

        Fitted to noises that are used for nothing else, they bias nothing.
        """
        fitted = dict(self.coefficients)
        for key in (k for k, each in self.coefficients.items() if each):
            square, linear = self.squares(key, eta)
            taken = counts @ linear
            variance = float(taken.var())
            if variance > 0:
                fitted[key] *= float(np.cov(counts @ square, taken, bias=True)[0, 1]) / variance
        return replace(self, coefficients=fitted)

    def known(self, controls: Mapping[int, float | None]) -> dict[int, float | None]:
        """Return the closed values of what is taken out, given those of ||z - z0||^2."""
        return {
            k: None if control is None or not self.coefficients[k] else self.coefficients[k] * control
            for k, control in controls.items()
        }

    def squares(self, key: int, eta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the first two of `differences` at every noise."""
        parts = [self.differences(key, self.trace(self.noisy(chunk)))[:2] for chunk in self.chunks(eta)]
        square, linear = (np.concatenate(each, axis=-1) for each in zip(*parts, strict=True))
        return square, linear

    def unmet(self, runs: Sequence[Replicated], noises: Draw, seed: int, *, gaussian: bool) -> dict[int, Unmet]:
        """Return by how much what no replicate met, or only one, could change the means (`unmet_changes`)."""

        def statistic(key: int, noisy: Trace) -> Statistic:
            square, linear, moved = self.differences(key, noisy)
            return square - linear, moved

        louder = LouderNoise(lambda *drawn: list(self.chunks(noises(*drawn))), self.noisy, gaussian)
        met = [np.sum(each, axis=0) >= SELDOM for each in zip(*(run.pieces for run in runs), strict=True)]
        samples = np.sum([run.points for run in runs], axis=0)
        statistics = {key: partial(statistic, key) for key in self.coefficients}
        return unmet_changes(self.trace, louder, self.kinds, met, samples, seed, statistics)

    def only(self, chosen: np.ndarray) -> Replicate:
        """Return the same on some of the images."""
        return replace(self, images=self.images[chosen])

    def chunks(self, eta: np.ndarray) -> Iterator[np.ndarray]:
        """Yield noises in parts that fit into memory."""
        widest = max((layer.channels for layer in self.trace.layers), default=1) * self.images.size
        step = max(1, _CHUNK // widest)
        return (eta[start : start + step] for start in range(0, len(eta), step))

    def noisy(self, eta: np.ndarray) -> np.ndarray:
        """Return every image with every noise added, of shape (*sites, 1, images, points)."""
        noise = np.ascontiguousarray(eta.T).reshape(*self.images.shape[1:], 1, 1, len(eta))
        noisy: np.ndarray = np.moveaxis(self.images, 0, -1)[..., None, :, None] + noise
        return noisy

    def differences(self, key: int, noisy: Trace) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return ||a - a0||^2 and ||z - z0||^2 of shape (images, points), and a - a0 of (units, images, points).

        The second is times its coefficient.
        """
        (z0, a0), (z, a) = self.calm[min(key, self.depth)], noisy[min(key, self.depth)]
        moved = self._change(key, a, a0)
        square = np.einsum("uip,uip->ip", moved, moved)
        coefficient = self.coefficients[key]
        if not coefficient:
            return square, np.zeros_like(square), moved
        linear = self._change(key, z, z0)
        return square, coefficient * np.einsum("uip,uip->ip", linear, linear), moved

    def _change(self, key: int, after: np.ndarray, before: np.ndarray) -> np.ndarray:
        moved = after - before
        moved = moved.reshape(-1, *moved.shape[-3:])
        if key > self.depth:
            return np.einsum("c,cip->ip", self.readout, moved.sum(axis=0))[None]
        if self.channel_mean:
            return moved.sum(axis=1)
        return moved.reshape(-1, *moved.shape[-2:])
