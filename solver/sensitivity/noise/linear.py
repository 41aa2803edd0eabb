"""Noise that no activation has touched: its second moments are rational."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from solver.network.kernels import effective_kernel
from solver.network.network import Network
from solver.question.lattice import lags
from solver.question.noise import GaussianNoise
from solver.question.task import Task
from solver.sensitivity.deformation.moments import observed_kernel


def linear_layer_noise(
    network: Network, task: Task, noise: GaussianNoise, layer: int, *, channel_mean: bool = False
) -> Any:
    """Return E||K*eta||^2 = sites sigma^2 (sum of A_r over the lags r that are multiples of l)."""
    kernel = observed_kernel(network, layer, channel_mean=channel_mean)
    per_site = Fraction(0)
    for lag, a in zip(lags(kernel.width - 1, kernel.axes), kernel.autocorrelations(), strict=True):
        if all(r % n == 0 for r, n in zip(lag, task.shape, strict=True)):
            per_site = per_site + (2 if lag[0] else 1) * a
    return per_site * noise.variance(task.sites) * Fraction(task.sites, kernel.stride)


def linear_readout_noise(network: Network, task: Task, noise: GaussianNoise) -> Any:
    """Return E[(f_p(x + eta) - f_p(x))^2] without ReLU: sigma^2 times the sum of each pixel's squared weight."""
    kernel = effective_kernel(network, network.depth)
    row = sum(v * taps[0] for v, taps in zip(network.pooled_readout(task.sites), kernel.values, strict=True))
    pixels = [row[start :: kernel.stride].sum() for start in range(kernel.stride)]
    return sum(w * w for w in pixels) * noise.variance(task.sites) * Fraction(task.sites, kernel.stride)
