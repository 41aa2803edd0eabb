# %% [markdown]
# # D in two dimensions
#
# Two pixels on a periodic frame of N = n_1 n_2 sites; every pair of sites is equally likely, and each component of each
# pixel moves by -1, 0, +1 with probability 1/3, all independently; pixels that meet add up. Autocorrelations now
# have vector lags, A_r = sum_c sum_j K^c(j) K^c(j+r), and S2 = sum_c (sum_j K^c(j))^2.
#
# **Result** for a layer that no ReLU cuts. With the eight neighbours e of the site 0,
#
# $$D \longrightarrow \frac89 \left(1 - \frac18 \sum_e \frac{A_e}{A_0}\right), \qquad N \to \infty,$$
#
# and for a kernel that is a product of two on a line, as that of `uniform`, D is that of the line twice over:
#
# $$1 - D = (1 - D^{(1)})^2, \qquad D^{(1)} = \frac23 \left(1 - \frac{A_1}{A_0}\right).$$

# %%
from fractions import Fraction
from itertools import product

import sympy
from sympy import Expr, Rational, Symbol, cancel, expand, symbols

from solver import Deformation, FrameTask, Layer, Network, construct, effective_kernel
from solver.network.kernels import Kernel
from solver.question.correlations import difference_correlations
from solver.question.lattice import lags
from solver.sensitivity.deformation.autocorrelations import linear_moments
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import image_moments

N, S2, xi, k, s = symbols("N S_2 xi k s", positive=True)
z1, z2 = symbols("z_1 z_2")
A0, line, D1 = symbols("A_0 a D^(1)")

# %% [markdown]
# ## The numerator
#
# As on the ring, a(tau x) - a(x) = K * u with u = tau x - x, and C(z) = <U(z) U(1/z)> collects the C_r, now in two
# variables. Pixel a alone gives U_a = z_1^t z_2^t' - 1. With the law's series T = T_1(z_1) T_1(z_2),
# T_1(z) = (1/z + 1 + z)/3:
#
# - itself: 2 - T(z) - T(1/z), once for each pixel;
# - with the other, at displacement v: (T - 1)(z) (T - 1)(1/z) z^v, in both orders.
#
# Over all v the second sums to 0 at every lag, as (T - 1)(1) = 0. The ensemble lacks v = 0 only, so the sum over the
# N - 1 others is minus its term there. T is even, so (T - 1)(1/z) is (T - 1)(z).

# %%
series = expand((1 / z1 + 1 + z1) * (1 / z2 + 1 + z2) / 9)
own = expand(2 * (2 - 2 * series))
together = expand(-2 * (series - 1) ** 2)


def coefficient(terms: Expr, lag: tuple[int, int]) -> Expr:
    """Return the coefficient of z^lag."""
    return terms.coeff(z1, lag[0]).coeff(z2, lag[1])


def difference_correlation(lag: tuple[int, int]) -> Expr:
    """Return C_r in symbolic N."""
    return coefficient(own, lag) + coefficient(together, lag) / (N - 1)


# %% [markdown]
# So C_0 tends to 32/9, the energy of two pixels far apart, and C_e to -4/9 at each of the eight neighbours.
#
# ## The denominator
#
# It is that of the ring: X_0 = 2 and each other lag has the two orders of a pair of probability 1/(N-1), the lags of A
# sum to S2, and the mean image is 2/N everywhere.

# %%
mean_square = 2 * A0 + Rational(2) / (N - 1) * (S2 - A0)
spread = sympy.factor(2 * (mean_square - N * S2 * (2 / N) ** 2))

# %% [markdown]
# ## Product kernels
#
# Let A_(r1, r2) = A_r1 A_r2, and let a = A_1/A_0 be the ratio on the line. Four neighbours have A_e/A_0 = a and four
# a^2. Only E over the relative displacement of A_t/A_0 enters 1 - D, and law and kernel are products: so is 1 - D.

# %%
D_product = Rational(8, 9) * (1 - (4 * line + 4 * line**2) / 8)
D_twice = sympy.factor(D_product.subs(line, 1 - Rational(3, 2) * D1))

# %% [markdown]
# Deep in `uniform` D^(1) = 2/((s^2-1) k) + O(1/k^2) (derivations/limits.py), so D_k = 4/((s^2-1) k): 1/(2k) for s = 3.
# A frame is half as stable as a ring at the same depth, as a pixel moves along two axes.

# %%
D_deep = sympy.limit(k * D_twice.subs(D1, 2 / ((s**2 - 1) * k)), k, sympy.oo) / k

# %% [markdown]
# ## The output
#
# With bias -1 the last ReLU of a kernel that is at least 1 on a window of xi x xi sites is active on the union of two
# windows. The pooled sum is 2 sum K less the size of the union, so f_p(v) = g(v_1) g(v_2) up to a constant, with
# g(d) = ReLU(xi - |d|): positive exactly where max |v_i| < xi. It also holds for v = 0, pixels that met.
#
# The pixels move apart by u = t' - t. With R(u) = sum_v f(v) f(v+u) = rho(u_1) rho(u_2), rho(u) = sum_d g(d) g(d+u),
# the sum over all v of (f(v+u) - f(v))^2 is 2 R(0) - 2 R(u), of which the term v = 0 has to go. For n_i >= 2 xi + 2
# nothing wraps around. rho(u) is a cubic in xi.

# %%
steps = {u: Rational(3 - abs(u), 9) for u in range(-2, 3)}


def overlap(scale: int, u: int) -> int:
    """Return rho(u) by adding up."""
    return sum(max(scale - abs(d), 0) * max(scale - abs(d + u), 0) for d in range(-scale - 2, scale + 3))


def polynomial(u: int) -> Expr:
    """Return rho(u) as a cubic in xi, from four values."""
    return sympy.interpolate([(scale, overlap(scale, u)) for scale in (3, 4, 5, 6)], xi)


def mean_over_steps(values: dict[int, Expr]) -> Expr:
    """Return the mean of a function of one component of u."""
    return expand(sum(p * values[u] for u, p in steps.items()))


rho = {u: polynomial(u) for u in steps}
g = {u: xi - abs(u) for u in steps}
g_mean, g_square = mean_over_steps(g), mean_over_steps({u: v**2 for u, v in g.items()})
lost = xi**4 - 2 * xi**2 * g_mean**2 + g_square**2
output_displacement = (2 * rho[0] ** 2 - 2 * mean_over_steps(rho) ** 2 - lost) / (N - 1)
output_spread = 2 * ((rho[0] ** 2 - xi**4) / (N - 1) - ((xi**4 - xi**2) / (N - 1)) ** 2)
D_output = sympy.factor(output_displacement / output_spread)
D_output_wide = sympy.limit(sympy.limit(D_output, N, sympy.oo) * xi**2, xi, sympy.oo) / xi**2


# %%
def displacement(kernel: Kernel) -> Expr:
    """Return the numerator for a kernel, in symbolic N; its lags up to 2 must not meet around the frame."""
    terms = zip(lags(kernel.width - 1, 2), kernel.autocorrelations(), strict=True)
    near = [(lag, a) for lag, a in terms if max(map(abs, lag)) <= 2]
    return sum((2 if lag[0] else 1) * Rational(a) * difference_correlation(lag) for lag, a in near)


def evaluated(expression: Expr, values: dict[Symbol, object]) -> Fraction:
    """Return a derived expression at numbers."""
    return Fraction(str(expression.subs({symbol: sympy.sympify(value) for symbol, value in values.items()})))


def latex() -> str:
    """Return the limit of product kernels, its form for deep `uniform`, and D of the output for large frames and xi."""
    twice, deep, wide = (sympy.latex(each) for each in (expand(D_twice), D_deep, D_output_wide))
    return rf"D \longrightarrow {twice}, \qquad D_k \simeq {deep}, \qquad D_f \simeq {wide}"


def check() -> None:
    """Compare with both engines: odd kernels and `uniform`, a frame that is not square, the output."""
    assert expand(1 - D_twice - (1 - D1) ** 2) == 0
    assert cancel(D_deep - 4 / ((s**2 - 1) * k)) == 0
    task = FrameTask(shape=(10, 11), scale=4)
    engine = difference_correlations(task, Deformation(), 3)
    assert [evaluated(difference_correlation(lag), {N: 110}) for lag in lags(3, 2)] == engine
    odd = Network(layers=[Layer(filters=[[[[1, 2, 0], ["1/2", -3, 1], [0, 1, 5]]]], activation="identity")])
    for network, layer, frame in (
        (odd, 1, FrameTask(shape=(6, 5), scale=2)),
        (odd, 1, FrameTask(shape=(16, 17), scale=3)),
        (construct("uniform", FrameTask(scale=7)), 2, FrameTask(scale=7)),
    ):
        kernel = effective_kernel(network, layer)
        values = {N: frame.sites, A0: sum(v * v for v in kernel.values.ravel()), S2: kernel.squared_sums()}
        moments = linear_moments(network, frame, Deformation(), [layer])[layer]
        assert evaluated(displacement(kernel), values) == moments.change
        assert evaluated(spread, values) == moments.spread
        if frame.sites < 40:
            assert image_moments(network, frame, Deformation())[layer] == moments
    a = [1, 4, 10, 16, 19, 16, 10, 4, 1]  # autocorrelations of 1, 2, 3, 2, 1
    kernel = effective_kernel(construct("uniform", FrameTask(scale=5)), 2)
    assert kernel.autocorrelations() == [a[r + 4] * a[t + 4] for r, t in product(range(5), range(-4, 5))]
    far = sympy.limit(displacement(kernel) / (4 * 19**2), N, sympy.oo)
    assert far == D_twice.subs(D1, Rational(2, 3) * (1 - Rational(16, 19)))
    for scale in (3, 5, 9):
        assert all(overlap(scale, u) == rho[u].subs(xi, scale) for u in steps)
    for shape, scale in (((12, 13), 5), (9, 3)):
        frame = FrameTask(shape=shape, scale=scale)
        moments = distance_moments(construct("uniform", frame), frame, Deformation())[-1]
        values = {N: frame.sites, xi: scale}
        assert evaluated(output_displacement, values) == moments.change
        assert evaluated(output_spread, values) == moments.spread
        assert evaluated(D_output, values) == moments.change / moments.spread


if __name__ == "__main__":
    check()
    print(latex())
    print(D_output)
