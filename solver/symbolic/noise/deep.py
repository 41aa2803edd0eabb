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

from typing import TYPE_CHECKING

import sympy

from solver.gaussian.functions import as_sympy
from solver.question.noise import GaussianNoise
from solver.symbolic.hidden_layer import hidden_kernel
from solver.symbolic.noise.hidden import HiddenNoise
from solver.symbolic.noise.pair_moments import pair_moment
from solver.symbolic.setting import Setting
from solver.symbolic.symbols import ell, k, sigma

if TYPE_CHECKING:
    from sympy import Expr


def noise_on_long_rings(setting: Setting, noise: GaussianNoise | None = None) -> Expr:
    """Return G_k, k >= 1 below the last layer, for l -> infinity at fixed energy E = l sigma^2, exact in k.

    E sum_r A'_r E[z_0+ z_r+] / (4 sigma^2 A_0), for the ensembles `pairs` and `flat`.

    Raises
    ------
    InputError
        If the noise's energy is "exact", which depends on the ring.
    NotApplicableError
        If the kernels of the construction's layers are no powers of one polynomial.

    Examples
    --------
    >>> noise_on_long_rings(Setting(construction="shift"))
    1/3
    """
    noise = noise or GaussianNoise()
    sums = HiddenNoise.of(setting, k, noise)
    energy = as_sympy(noise.variance(1))
    background = {kind: sympy.expand(n).coeff(ell) for kind, n in sums.counts(sympy.S.Zero).items()}
    per_site = sympy.Add(*(n * pair_moment(kind).subs(sigma, 1) for kind, n in background.items() if n != 0))
    return sympy.expand(energy * per_site.subs(sums.values())) / (4 * sums.kernel.autocorrelation(0))


def effective_window(setting: Setting) -> Expr:
    """Return A_k = S2/A_0 = (sum K)^2 / sum K^2 of hidden layer k, the number of sites that its kernel averages over.

    The width of a box, and 2 sqrt(pi) standard deviations of a Gaussian.  For `uniform` A_k ~ sqrt(k).
    """
    kernel = hidden_kernel(setting, k)
    return kernel.squared_sum / kernel.autocorrelation(0)
