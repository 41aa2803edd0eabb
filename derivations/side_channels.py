# %% [markdown]
# # Every hidden layer the most stable at once
#
# The most stable kernel of a layer on a long ring is its sine window (`best_kernel.py`).  **Result**: no network of
# one channel has it in two successive layers; with several channels D of every hidden layer comes as close to the
# least value as one likes, while f_p(d) = ReLU(xi - d) stays as it is.  D of a layer says what its maps are made of,
# not what the output makes of them.

# %%
from dataclasses import replace
from fractions import Fraction
from math import gcd
from typing import Any

import numpy as np
import sympy
from sympy import Poly, Rational, cancel, limit, symbols

from solver import Deformation, Layer, Network, TwoPixelTask, check_claim, construct, effective_kernel, response
from solver.constructions.side_channels import side_channels, sine_windows
from solver.constructions.sine_channels import sine_channels
from solver.optimal.deformation import best_deformation
from solver.sensitivity.deformation.autocorrelations import autocorrelation_moments

e, m = symbols("epsilon m", positive=True)
z, b = symbols("z b")
N, M, N0, M0 = symbols("N M N_0 M_0", positive=True)

# %% [markdown]
# ## One channel
#
# With one channel K_(k+1) = w * K_k, so the polynomial K_k divides K_(k+1).  The best kernels are simple
# eigenvectors: up to a factor they are the sine windows W, of n + 1 = (s-1) k + 2, with the roots e^(+-i pi t/(n+1)),
# t = 3, 5, ....
#
# *They do not divide.*  If n >= 5, W has the angles 3 pi/(n+1) and 5 pi/(n+1).  Were both roots of the next window,
# of n' + 1 = rho (n + 1), 3 rho and 5 rho would be odd integers, and rho = 2 * 3 rho - 5 rho too.  But rho = 1 +
# (s-1)/(n+1) lies between 1 and 2.  For n = 3 (so s = 3, k = 1) 3 rho = 9/2.
#
# *For s = 3 they have no root in common*: t/(2(k+1)) = t'/(2(k+2)) with t, t' odd makes t (k+2) = t' (k+1), of which
# one side is even and the other odd.


# %%
def root_angles(size: int, layer: int) -> set[Fraction]:
    """Return the angles of the roots of a layer's sine window over pi, up to the sign."""
    period = (size - 1) * layer + 2
    return {Fraction(t, period) for t in range(3, period + 1, 2)}


# %% [markdown]
# How much one channel loses: with (1, sqrt 2, 1) in layer 1, the best layer 2 on a long ring has a filter (1, b, 1):
# 9% more than the least D.

# %%
first = Poly([1, sympy.sqrt(2), 1], z, extension=True)
second = (first * Poly([1, b, 1], z)).all_coeffs()
lag = [sympy.expand(sum(x * y for x, y in zip(second, second[r:], strict=False))) for r in range(2)]
D_second = Rational(2, 3) * (1 - lag[1] / lag[0])
best_b = max(sympy.real_roots(sympy.Poly(sympy.fraction(cancel(sympy.diff(D_second, b)))[0], b, extension=True)))
D_after_best = sympy.N(D_second.subs(b, best_b), 20)

# %% [markdown]
# ## A channel for the norm, others for the output
#
# Give hidden layer k a channel with kernel K and n = (s-1) k + 1 more, e times the image seen from each offset.  Any
# kernel of layer k + 1, again the next offsets times e, or at last the box, is a sum over the faint channels, each
# through one tap: every offset is within (s-1)/2 of one below.  Weights over e make up for e.  No entry of an
# effective kernel is negative, so no ReLU cuts, and the last kernel is the box: f_p(d) = ReLU(xi - d) for every e >
# 0.  Both sides of D add over channels:

# %%
D_layer = (N + e**2 * m * N0) / (M + e**2 * m * M0)
D_faint = limit(D_layer, e, 0)
excess = sympy.factor(sympy.diff(D_layer, e, 2).subs(e, 0) / 2)

# %% [markdown]
# The excess over N/M is e^2 times that.  Nothing here used l: with the kernels that are best on a finite ring, the
# least D there is approached, in any ensemble.  At amplitude 0 there is no network, so the infimum is not attained
# this way.
#
# The main channels feed nothing.  For any input whatever, noise included, f is that of `shift`: a ReLU takes e out,
# and the faint channels are the channels of `shift`.  So G of the output is that of `shift` as well.
#
# ## Chains
#
# Cheaper on long rings: chain j = 1..k~-1 runs through layers 1..j, split as in `cyclotomic.py`, e times a positive
# kernel below layer j and the sine window in layer j.  The last chain goes on to the output as in `sine`.  Layer k
# has k~ - k channels, and the last hidden layer the sine window only, so it attains its infimum; the one before has
# the rest e times.


# %%
def faint_formula(network: Network, task: TwoPixelTask, layer: int, amplitude: Fraction) -> Fraction:
    """Return D_layer at the moments of the main channel and of the image."""
    main = Network(layers=(*network.layers[: layer - 1], only_first(network.layers[layer - 1])))
    ours = autocorrelation_moments(main, task, Deformation(), layer)
    image = autocorrelation_moments(main, task, Deformation(), 0)
    width = effective_kernel(network, layer).width
    numerator = ours.change + amplitude**2 * width * image.change
    return numerator / (ours.spread + amplitude**2 * width * image.spread)


def only_first(layer: Layer) -> Layer:
    """Return a layer's first channel alone."""
    return replace(layer, filters=layer.filters[:1], bias=layer.bias[:1], names=layer.names[:1])


def latex() -> str:
    """Return D of a layer with faint channels, and what it exceeds the best by."""
    shown = sympy.latex(excess)
    return (
        rf"D_k = {sympy.latex(D_layer)} = {sympy.latex(D_faint)} + {shown} \epsilon^2 + O(\epsilon^4), \qquad "
        r"f_p(d) = \mathrm{ReLU}(\xi - d) \quad \text{for every } \epsilon > 0"
    )


def check() -> None:
    """Compare with the networks: claims, D of every hidden layer as exact numbers, and f on any input."""
    for layer in range(1, 40):
        assert not root_angles(3, layer) & root_angles(3, layer + 1)
        for size in (5, 7, 9):
            assert not root_angles(size, layer) <= root_angles(size, layer + 1)
    assert all(gcd(x + 1, x + 2) == 1 for x in range(40)) and root_angles(3, 1) <= root_angles(3, 5)
    nearly = best_deformation(5, multiple_of=(1, Fraction(141421356237, 10**11), 1))  # over filters of any shape
    assert abs(float(nearly.value) - float(D_after_best)) < 1e-9
    assert float(best_deformation(5).value) < float(D_after_best) < 1.1 * float(best_deformation(5).value)
    assert D_faint == N / M
    task, amplitude = TwoPixelTask(length=40, scale=7), Fraction(1, 1000)
    check_shifts(task, amplitude)
    check_chains(TwoPixelTask(length=10**9, scale=9), amplitude)


def check_shifts(task: TwoPixelTask, amplitude: Fraction) -> None:
    """The kernels that are best on the ring, and the sine windows: D exact, close to the least; f that of `shift`."""
    chosen = [tuple(rounded(v) for v in best_deformation(taps, task).kernel) for taps in (3, 5)]
    shift, images = construct("shift", task), np.random.default_rng(3).integers(-4, 5, (5, task.length))
    for kernels in (chosen, None):
        network = side_channels(task, amplitude, kernels=kernels)
        assert check_claim(network, task) == {} and response(network, images) == response(shift, images)
        for layer in (1, 2):
            moments = autocorrelation_moments(network, task, Deformation(), layer)
            ours, least = moments.change / moments.spread, float(best_deformation(2 * layer + 1, task).value)
            assert ours == faint_formula(network, task, layer, amplitude)
            assert kernels is None or 0 < float(ours) - least < 20 * float(amplitude) ** 2


def check_chains(task: TwoPixelTask, amplitude: Fraction) -> None:
    """One chain a hidden layer: D within some e^2 of the least, equal to that of the sine window in the last one."""
    network = sine_channels(task, amplitude)
    assert check_claim(network, task) == {} and network.channels == (3, 2, 1, 1)
    for layer, window in enumerate(sine_windows(3, 3), start=1):
        moments = autocorrelation_moments(network, task, Deformation(), layer)
        ours = float(moments.change / moments.spread)
        assert abs(ours - float(best_deformation(2 * layer + 1).value)) < 2 * float(amplitude) ** 2
        assert tuple(effective_kernel(network, layer).values[0, 0]) == window


def rounded(value: Any) -> Fraction:
    """Return a number to ten digits."""
    return Fraction(round(float(value) * 10**10), 10**10)


if __name__ == "__main__":
    check()
    print(latex())
    print(D_after_best)
