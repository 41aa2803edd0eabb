"""G of the hidden layers on long rings, in k, and the effective window A_k = S2/A_0 that it grows with.

Layer 1 rectifies the noise, later ones add: a_k changes by K' * delta.  On background delta = z+, z Gaussian of
variance s sigma^2 (`uniform`), and E[z+ z'+] does not vanish between far sites, as z+ has a mean.  With A'_r the
autocorrelations of K' the background contributes l sum_r A'_r E[z_0+ z_r+] to the numerator: all A'_r, S'^2 in sum,
times the squared mean, and a few near lags times the covariance.

Only 2 s sites of layer 1 see a pixel, and |delta| <= |z| everywhere.  So for every hidden layer of every ring the
numerator is the background's times 1 + e, |e| <= 12 pi s/l, and the denominator is 4 (l-2)/(l-1) (A_0 - S2/l).  The
limits l -> infinity and k -> infinity commute, at fixed l sigma^2 as at fixed sigma.  Not so in the last layer: its
bias drops out for sigma s^k >> 1 only.  Derivation: derivations/limits_noise.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Integer

from solver.gaussian.functions import as_sympy
from solver.gaussian.moments import rectified_mean, rectified_product
from solver.question.noise import GaussianNoise
from solver.symbolic.deformation.linear_layers import HiddenKernel, hidden_kernel
from solver.symbolic.expansions.expansion import Expansion, expansion
from solver.symbolic.setting import Setting
from solver.symbolic.symbols import ell, k


@dataclass(frozen=True)
class RectifiedBackground:
    """Where the noise of a construction is rectified, and how it is added up after.

    Attributes
    ----------
    taps : int
        How many noises a rectified unit adds with weight 1.
    after : HiddenKernel
        The kernel K' from the rectified units to layer k.
    whole : HiddenKernel
        The kernel K from the image to layer k, with as many channels.
    """

    taps: int
    after: HiddenKernel
    whole: HiddenKernel

    @property
    def mean_square(self) -> Any:
        """E[z+]^2 / sigma^2."""
        return rectified_mean(0, self.taps) ** 2

    def covariance(self, lag: int) -> Any:
        """Return Cov(z_0+, z_r+) / sigma^2; 0 from lag ``taps`` on."""
        if lag == 0:
            return Integer(self.taps) / 2 - self.mean_square
        shared = max(self.taps - lag, 0)
        return rectified_product(0, 0, self.taps, self.taps, shared) - self.mean_square

    def per_site(self) -> Any:
        """Return sum_r A'_r E[z_0+ z_r+] / sigma^2, what each background site adds to the numerator of G."""
        near = [self.after.autocorrelation(lag) * self.covariance(lag) for lag in range(self.taps)]
        return self.after.squared_sum * self.mean_square + near[0] + 2 * sympy.Add(*near[1:])


def rectified_background(setting: Setting, noise: GaussianNoise) -> RectifiedBackground:
    """Return where a construction rectifies noise: before or in layer 1, after s or single taps of it.

    Raises
    ------
    NotApplicableError
        If the kernels of the construction's layers are no powers of one polynomial.
    """
    whole = hidden_kernel(setting, k)
    if setting.construction == "uniform" and not noise.rectified:
        return RectifiedBackground(setting.filter_size, HiddenKernel(k - 1, setting.filter_size), whole)
    return RectifiedBackground(1, whole, whole)


def noise_on_long_rings(setting: Setting, noise: GaussianNoise | None = None) -> Any:
    """Return G_k, k >= 1 below the last layer, for l -> infinity at fixed energy E = l sigma^2, exact in k.

    E sum_r A'_r E[z_0+ z_r+] / (4 sigma^2 A_0), for the ensembles `pairs` and `flat`.

    Raises
    ------
    InputError
        If the noise's energy is "exact", which depends on the ring.
    NotApplicableError
        As for `rectified_background`.

    Examples
    --------
    >>> noise_on_long_rings(Setting(construction="shift"))
    1/3
    """
    noise = noise or GaussianNoise()
    background = rectified_background(setting, noise)
    energy = as_sympy(noise.variance(1))
    return sympy.expand(energy * background.per_site()) / (4 * background.whole.autocorrelation(0))


def background_noise(setting: Setting, noise: GaussianNoise | None = None) -> Any:
    """Return G_k in l and k with every site taken for background: it errs by a factor of at most 1 + 12 pi s/l."""
    kernel = hidden_kernel(setting, k)
    a0, s2 = kernel.autocorrelation(0), kernel.squared_sum
    return noise_on_long_rings(setting, noise) * (ell - 1) / (ell - 2) / (1 - s2 / (ell * a0))


def effective_window(setting: Setting) -> Any:
    """Return A_k = S2/A_0 = (sum K)^2 / sum K^2 of hidden layer k, the number of sites that its kernel averages over.

    The width of a box, and 2 sqrt(pi) standard deviations of a Gaussian.  For `uniform` A_k ~ sqrt(k).
    """
    kernel = hidden_kernel(setting, k)
    return kernel.squared_sum / kernel.autocorrelation(0)


def deep_noise(setting: Setting, noise: GaussianNoise | None = None, terms: int = 2) -> Expansion:
    """Return the leading terms of G_k for large k on a long ring.

    For `uniform` (E/8 pi s) A_k leads, A_k = sqrt(pi k (s^2-1)/3): the mean of the rectified noise, piled up.

    Examples
    --------
    >>> deep_noise(Setting(construction="uniform")).terms[0]
    2*sqrt(6)*sqrt(k)/(27*sqrt(pi))
    """
    return expansion(noise_on_long_rings(setting, noise), k, terms)


def deep_window(setting: Setting, terms: int = 2) -> Expansion:
    """Return the leading terms of the effective window A_k for large k."""
    return expansion(effective_window(setting), k, terms)
