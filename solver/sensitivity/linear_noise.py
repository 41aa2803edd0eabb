"""Noise that no activation has touched: its second moments are rational."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from solver.network.kernels import effective_kernel
from solver.network.network import Network
from solver.noise import GaussianNoise
from solver.sensitivity.displacement import observed_kernel
from solver.task import TwoPixelTask


def linear_layer_noise(
    network: Network, task: TwoPixelTask, noise: GaussianNoise, layer: int, *, channel_mean: bool = False
) -> Any:
    """Return E||K*eta||^2 = sites sigma^2 (sum of A_r over the lags r that are multiples of l)."""
    kernel = observed_kernel(network, layer, channel_mean=channel_mean)
    a = kernel.autocorrelations()
    per_site = a[0] + 2 * sum(a[task.length :: task.length], Fraction(0))
    return per_site * noise.variance(task.length) * Fraction(task.length, kernel.stride)


def linear_readout_noise(network: Network, task: TwoPixelTask, noise: GaussianNoise) -> Any:
    """Return E[(f_p(x + eta) - f_p(x))^2] without ReLU: sigma^2 times the sum of each pixel's squared weight."""
    kernel = effective_kernel(network, network.depth)
    row = sum(v * taps[0] for v, taps in zip(network.pooled_readout(task.length), kernel.values, strict=True))
    pixels = [sum(row[start :: kernel.stride]) for start in range(kernel.stride)]
    return sum(w * w for w in pixels) * noise.variance(task.length) * Fraction(task.length, kernel.stride)
