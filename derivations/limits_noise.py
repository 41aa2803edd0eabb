# %% [markdown]
# # G of deep networks on long rings
#
# **Result** for layer k of `uniform`, ensemble `pairs`, E = l sigma^2, with A_k = S_2/A_0 the effective window:
#
# $$G_k = \frac{E}{8\pi s} A_k + \frac{E}{4s} \sum_{|r|<s} c_r + O(k^{-1/2}), \qquad
#   A_k = \sqrt{\tfrac{\pi}{3}(s^2-1)k} + O(k^{-1/2}), \qquad
#   c_r = \frac{\sqrt{1-\rho^2} + \rho\,(\pi - \arccos\rho) - 1}{2\pi}, \quad \rho = 1 - \frac{|r|}{s}.$$
#
# So G_k ~ A_k ~ sqrt(k), the scaling of arXiv 2210.01506 without strides.  The window is derived in `limits.py`.

# %%
import math

import sympy
from sympy import Expr, Rational, cos, expand, integrate, pi, sqrt, symbols

from solver import Deformation, GaussianNoise, TwoPixelTask, construct
from solver.gaussian.balls import enclose
from solver.sensitivity.deformation.autocorrelations import autocorrelation_moments
from solver.sensitivity.noise.once import layer_second_moment
from solver.symbolic.expansions.asymptotics import effective_window, noise_on_long_rings
from solver.symbolic.expansions.expansion import expansion
from solver.symbolic.setting import Setting
from solver.symbolic.symbols import ell, k

s, E = symbols("s E", positive=True)
window = sqrt(pi * (s**2 - 1) * k / 3)

# %% [markdown]
# ## The background
#
# Layer 1 holds z+ on background, z = w * eta of variance s sigma^2, with correlation rho_r = 1 - r/s at lag r < s.
# The later layers add: K' = w^(k-1), of sum s^(k-1) and autocorrelations A'_r.  So l sites give the numerator
# l sum_r A'_r E[z_0+ z_r+].  For standard normal z at correlation rho, polar coordinates give the mean product; far
# sites still have the squared mean, 1/(2 pi).

# %%
rho = symbols("rho", positive=True)
angle, phase = symbols("angle phase", real=True)
wedge = integrate(expand(cos(phase) * cos(phase - angle), trig=True), (phase, angle - pi / 2, pi / 2))
mean_product = (sympy.simplify(wedge) * 2 / (2 * pi)).subs(angle, sympy.acos(rho))  # the mean squared radius is 2

# %% [markdown]
# ## Piling up
#
# Split E[z_0+ z_r+] = s sigma^2 (1/(2 pi) + c_r), with c_r = 0 from r = s on.  The first part meets sum_r A'_r =
# s^(2k-2): the squared sum of the kernel, the mean noise that piles up.  Over the denominator 4 A_0 it is
# E s s^(-2) S_2/(2 pi) / (4 A_0) = E A_k / (8 pi s), exactly; the second is E s sum_r A'_r c_r / (4 A_0), and tends
# to a constant as A'_r/A_0 -> s^-2.

# %%
slope = E * s * s**-2 / (2 * pi) / 4


def excess(lag: int, size: int) -> Expr:
    """Return c_r = E[z_0+ z_r+]/(s sigma^2) - 1/(2 pi)."""
    value = Rational(1, 2) if lag == 0 else mean_product.subs(rho, 1 - Rational(lag, size))
    return value - 1 / (2 * pi)


def offset(size: int) -> Expr:
    """Return the second term of G_k."""
    near = excess(0, size) + 2 * sum(excess(lag, size) for lag in range(1, size))
    return E / (4 * size) * near


# %% [markdown]
# ## Which limits commute
#
# Only 2 s sites of layer 1 see a pixel.  There |delta| <= |z|, so an E[delta delta'] differs
# from the background's by at most (1 + 1/2) s sigma^2, on at most 4 s rows and columns, each of weight s^(2k-2) in all.
# Over the background's numerator, at least l s sigma^2 s^(2k-2)/(2 pi), that is 12 pi s / l, whatever k.  And the
# denominator is 4 (l-2)/(l-1) (A_0 - S_2/l) with S_2/(l A_0) = A_k/l, at most of order l^(-1/2) as k < l.  So G_k on
# the ring and G_k at l -> infinity agree for all hidden layers at once, and l and k can grow together.  Noise of fixed
# sigma instead of fixed E changes nothing: the background's part is l sigma^2 times the same function.
#
# The last layer is different: at fixed k its background, of the size sigma s^k ~ s^k/sqrt(l), stays below the bias 1,
# and G of the last map falls like 1/l.  Only for l << E s^(2k) does the bias not matter.


def background_noise(setting: Setting) -> Expr:
    """Return G_k in l and k with every site taken for background."""
    return noise_on_long_rings(setting) * (ell - 1) / (ell - 2) / (1 - effective_window(setting) / ell)


def latex() -> str:
    """Return both terms; the second in numbers for filter sizes 3 and 5."""
    constants = {size: sympy.latex((offset(size) / E).evalf(10)) for size in (3, 5)}
    return "\n".join(
        [
            r"\begin{aligned}",
            rf"G_k &= {sympy.latex(slope)}\, A_k + C_s E + O(k^{{-1/2}}), \qquad A_k \sim {sympy.latex(window)} \\",
            rf"C_3 &= {constants[3]}, \qquad C_5 = {constants[5]}",
            r"\end{aligned}",
        ]
    )


def check() -> None:
    """The networks keep the proven distance from the background's part; its expansion is the derived one."""
    for size, depths in ((3, (1, 3)), (5, (2,))):
        setting = Setting(construction="uniform", filter_size=size)
        for depth in depths:
            for length in (1000, 10**8):
                task = TwoPixelTask(length=length, scale=(size - 1) * (depth + 1) + 1)
                network = construct("uniform", task, filter_size=size)
                moments = autocorrelation_moments(network, task, Deformation(), depth)
                response = layer_second_moment(network, task, GaussianNoise(), depth).expression()
                background = background_noise(setting).subs({ell: length, k: depth}) * Rational(str(moments.spread))
                assert abs(enclose(response, 20) / enclose(background, 20) - 1) < 12 * math.pi * size / length
        expanded = expansion(noise_on_long_rings(setting), k)
        energy = Rational(8, 3)
        assert sympy.expand(expanded.terms[0] - (slope * window).subs({E: energy, s: size})) == 0
        constant = offset(size).subs(E, energy).rewrite(sympy.asin)
        assert abs(enclose(expanded.terms[1], 30) - enclose(constant, 30)) < 1e-25
        ratio = noise_on_long_rings(setting) / effective_window(setting)
        assert abs(ratio.subs(k, 400).evalf(20) / slope.subs({E: energy, s: size}) - 1) < 3 / sqrt(400)


if __name__ == "__main__":
    check()
    print(latex())
