# %% [markdown]
# # Limits: long rings, deep networks, large scales
#
# **Results**, ensemble `pairs`, law `independent` with `add`, filter size s, on long rings.  Layer k of `uniform`, with
# A_k = S_2/A_0 its effective window:
#
# $$D_k = \frac{2}{(s^2-1)k} - \frac{3(s^2+6)}{5(s^2-1)^2k^2} + O(k^{-3}), \qquad
#   A_k = \sqrt{\tfrac{\pi}{3}(s^2-1)k} + O(k^{-1/2}), \qquad D_k A_k^2 \to \tfrac{2\pi}{3}.$$
#
# (1/(4k) - 9/(64 k^2) at s = 3.)  The last map: (2/3)(A_0 - A_1 - 1)/(A_0 - 2 s^k + xi), the same expansion.  The
# output: D_f ~ 2/xi^2, and 4c/((2c-3) xi^2) on the ring of c xi sites, c > 2.

# %%
from fractions import Fraction

import sympy
from sympy import Expr, Rational, cos, exp, expand, factor, integrate, limit, log, oo, pi, series, sin, sqrt, symbols

from solver import Deformation, TwoPixelTask, construct, sensitivity_formula
from solver.sensitivity.deformation.autocorrelations import autocorrelation_moments
from solver.sensitivity.deformation.distances import distance_moments
from solver.symbolic.expansions.asymptotics import (
    deep_deformation,
    effective_window,
    large,
    last_map_deformation,
    long_ring,
)
from solver.symbolic.expansions.expansion import expansion
from solver.symbolic.expansions.laplace import central_series, cumulant
from solver.symbolic.setting import Setting
from solver.symbolic.symbols import ell, k, xi

s, y, r, c = symbols("s y r c", positive=True)
theta, x = symbols("theta x", real=True)
A = symbols("A_0:2")

# %% [markdown]
# ## Long rings: one pixel at a time
#
# Two pixels are closer than any fixed distance with a probability that falls like 1/l.  So for l -> infinity the
# moments of a map are those of two single pixels: with K the response to one, moved by t with T(t) = 1/3,
# 2 <||K(.-t) - K||^2> = 2 (2/3) 2 (A_0 - A_1), over 2 * 2 A_0.

# %%
D_long = sympy.cancel(2 * Rational(2, 3) * 2 * (A[0] - A[1]) / (4 * A[0]))

# %% [markdown]
# ## The last map
#
# There one pixel gives ReLU(K_j - 1) = K_j - 1 on the xi sites of its window, as K_j >= 1 is an integer.  So replace
# A_0 by sum (K_j - 1)^2 and A_1 by sum (K_j - 1)(K_(j+1) - 1), xi - 1 pairs of neighbours, in which each end (K = 1)
# occurs once and every other site twice.  With S = s^k the sum of the kernel:

# %%
S = symbols("S", positive=True)
own = A[0] - 2 * S + xi
neighbours = A[1] - (S - 1) - (S - 1) + (xi - 1)
D_last = factor(D_long.subs({A[0]: own, A[1]: neighbours}, simultaneous=True))

# %% [markdown]
# S^2 = s^(2k) exceeds A_0 by sqrt(k) only, so S and xi are exponentially small against A_0: D of the last map has the
# expansion of D_k, at k = (xi - 1)/(s - 1).
#
# ## Deep: the Fourier integral of A_r
#
# A_r of `uniform` is the coefficient of z^r in (z^-((s-1)/2) + ... + z^((s-1)/2))^n with n = 2k.  On the unit circle
# the bracket is sin(s theta/2)/sin(theta/2) = s w(theta), so A_r = (s^n / 2 pi) int_(-pi)^pi w^n cos(r theta) d theta.
#
# By the triangle inequality |w| < 1 but at theta = 0.  So outside |theta| < delta the integrand is below q^n, q < 1:
# exponentially small.  Inside, put theta = y/sqrt(n kappa_2).  The rest of the exponent, n times a series in theta^2
# that starts with theta^4, is O(1/n) times a polynomial in y, and y is Gaussian: expand exp and cos, integrate term by
# term.  Cutting the Taylor series after n^-m leaves an error bounded by a polynomial in y times n^-(m+1) times
# exp(-y^2/4) for small delta: O(n^-(m+1)).  That is Watson's lemma, and proves the order.


# %%
def log_sinc(argument: Expr) -> Expr:
    """Return log(sin(x)/x) up to x^4."""
    sinc = expand(series(sin(x), x, 0, 7).removeO() / x)
    return series(log(sinc), x, 0, 6).removeO().subs(x, argument)


log_w = expand(log_sinc(s * theta / 2) - log_sinc(theta / 2))
variance = factor(-2 * log_w.coeff(theta, 2))
quartic = factor(log_w.coeff(theta, 4))

# %% [markdown]
# One correction suffices: 1 - cos(theta) starts with theta^2 and brings the first 1/n itself.

# %%
n, small = symbols("n epsilon", positive=True)  # epsilon = 1/n


def gaussian_mean(polynomial: Expr) -> Expr:
    """Return the mean over standard normal y, power by power."""
    powers = sympy.Poly(polynomial, y).terms()
    return sum(c * integrate(y**m * exp(-(y**2) / 2), (y, 0, oo)) * 2 / sqrt(2 * pi) for (m,), c in powers)


def weighted(function: Expr, order: int) -> Expr:
    """Return int w^n f d theta over sqrt(2 pi / (n kappa_2)), to order epsilon^order."""
    scaled = theta**2, y**2 * small / variance
    integrand = (1 + quartic * theta**4 / small) * function
    known = expand(expand(integrand).subs(theta**4, scaled[1] ** 2).subs(*scaled))
    return gaussian_mean(sum(known.coeff(small, j) * small**j for j in range(order + 1)))


lost = weighted((1 - cos(theta)).series(theta, 0, 6).removeO(), 2) / weighted(sympy.Integer(1), 1)
one_minus_ratio = series(lost, small, 0, 3).removeO()
D_deep = [factor((Rational(2, 3) * one_minus_ratio.coeff(small, j)) / (2 * k) ** j) for j in (1, 2)]

# %% [markdown]
# The leading order of A_0 itself is s^n / sqrt(2 pi n kappa_2).  S_2 = s^n, which gives the effective window, and
# D_k A_k^2 does not depend on s: whatever the filter size, D_k falls with the inverse square of the window, as in
# arXiv 2210.01506 (D_k ~ A_k^-2 with A_k ~ sqrt(k), without strides).

# %%
window = sqrt(2 * pi * 2 * k * variance)
product = sympy.simplify(D_deep[0] * window**2)

# %% [markdown]
# ## The output at large scales

# %%
D_output = 4 * (ell - 1) / (xi * ((2 * xi - 1) * (ell - 1) - 3 * xi * (xi - 1)))  # derived in deformation_output.py
D_output_long = limit(xi**2 * limit(D_output, ell, oo), xi, oo)
D_output_ring = factor(limit(xi**2 * D_output.subs(ell, c * xi), xi, oo))


def latex() -> str:
    """Return the expansions."""
    deep = " + ".join(map(sympy.latex, D_deep)).replace("+ -", "-")
    return "\n".join(
        [
            r"\begin{aligned}",
            rf"D_k &= {deep} + O(k^{{-3}}), \qquad A_k = {sympy.latex(window)} + O(k^{{-1/2}}) \\",
            rf"D_k A_k^2 &\to {sympy.latex(product)} \\",
            rf"D_{{\tilde k}} &\to {sympy.latex(D_last)} \\",
            rf"\xi^2 D_f &\to {sympy.latex(D_output_long)} \quad (l \gg \xi), \qquad "
            rf"{sympy.latex(D_output_ring)} \quad (l = c\,\xi)",
            r"\end{aligned}",
        ]
    )


def check() -> None:
    """Compare with the expansions of the package, and with networks: remainders over their order stay bounded."""
    assert sympy.simplify(variance - cumulant(2, s)) == 0
    assert sympy.simplify(quartic - cumulant(4, s) / 24) == 0
    first = expand(weighted(cos(r * theta).series(theta, 0, 4).removeO(), 1)).coeff(small, 1)
    assert sympy.simplify(first - central_series(s, r, 2)[1]) == 0
    found = deep_deformation(s).terms
    assert all(sympy.simplify(a - b) == 0 for a, b in zip(D_deep, found, strict=True))
    assert product == 2 * pi / 3
    expanded = expansion(effective_window(Setting(construction="uniform")), k)
    assert sympy.expand(expanded.terms[0] - window.subs(s, 3)) == 0
    assert D_output_long == 2
    check_deep_networks()
    check_last_maps()
    check_output()


def check_deep_networks() -> None:
    """k^3 times the remainder after two terms tends to the third coefficient, at the rate 1/k."""
    for size, depths in ((3, (8, 16)), (5, (6,))):
        third = deep_deformation(size, 3).terms[2].subs(k, 1)
        for depth in depths:
            task, network = deep_network(size, depth, 10**15)
            moments = autocorrelation_moments(network, task, Deformation(), depth)
            D = Rational(str(moments.change / moments.spread))
            remainder = D - sum(D_deep).subs({s: size, k: depth})
            assert abs(remainder * depth**3 / third - 1) < Rational(1, depth)


def deep_network(size: int, depth: int, length: int) -> tuple:
    """Return the least scale at which `uniform` has a hidden layer ``depth``, as a task, and its network."""
    task = TwoPixelTask(length=length, scale=(size - 1) * (depth + 1) + 1)
    return task, construct("uniform", task, filter_size=size)


def check_last_maps() -> None:
    """The limits of the formulas in l that were identified from networks are the derived one, exactly."""
    for size, depth in ((3, 2), (3, 3), (5, 2)):
        scale = (size - 1) * depth + 1
        formula = sensitivity_formula("uniform", "last", "l", scale=scale, filter_size=size)
        values = {A[lag]: snomial(2 * depth, (size - 1) * depth + lag, size) for lag in (0, 1)}
        derived = D_last.subs({**values, S: size**depth, xi: scale})
        assert long_ring(formula) == derived == last_map_deformation(size).subs(k, depth)


def snomial(power: int, at: int, size: int) -> int:
    """Return the coefficient of z^at in (1 + ... + z^(size-1))^power."""
    return int(sympy.Poly([1] * size, x).pow(power).coeff_monomial(x**at))


def check_output() -> None:
    """xi^3 times the remainder after the leading term tends to the next coefficient of the package's expansion."""
    formula = sensitivity_formula("shift", "output", "l,xi")
    for ratio, leading in ((None, D_output_long), (3, D_output_ring.subs(c, 3))):
        expanded = large(formula, length=None if ratio is None else ratio * xi)
        assert sympy.cancel(expanded.terms[0] * xi**2 - leading) == 0
        for scale in (10, 20):
            task = TwoPixelTask(length=10**15 if ratio is None else ratio * scale, scale=scale)
            moments = distance_moments(construct("shift", task, filter_size=3), task, Deformation())[-1]
            D = Fraction(moments.change) / Fraction(moments.spread)
            remainder = (Rational(str(D)) - leading / scale**2) * scale**3
            assert abs(remainder / expanded.terms[1].subs(xi, 1) - 1) < Rational(2, scale)


if __name__ == "__main__":
    check()
    print(latex())
