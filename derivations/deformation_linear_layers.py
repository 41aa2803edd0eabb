# %% [markdown]
# # D of a layer that no ReLU cuts
#
# Let a = K * x with circular autocorrelations A_r = sum_c sum_j K^c(j) K^c(j+r) and S2 = sum_c (sum_j K^c(j))^2.
# **Result** for the ensemble `pairs` and the law `independent` with `add`:
#
# $$D = \frac{\frac83 (A_0 - A_1) - \frac49 \frac{3A_0 - 4A_1 + A_2}{l-1}}{4\,\frac{l-2}{l-1}\,(A_0 - S_2/l)}
#   \;\longrightarrow\; \frac23\left(1 - \frac{A_1}{A_0}\right).$$
#
# All averages are over the signed separation q = 1..l-1 of the second pixel from the first, each of probability
# 1/(l-1).

# %%
from fractions import Fraction
from math import comb

import sympy
from sympy import Expr, Rational, cancel, expand, limit, symbols

from solver import Deformation, Layer, Network, TwoPixelTask, construct, effective_kernel
from solver.network.kernels import Kernel
from solver.question.correlations import difference_correlations
from solver.sensitivity.deformation.autocorrelations import autocorrelation_moments
from solver.sensitivity.deformation.moments import image_moments

ell, k, s = symbols("l k s", positive=True)
theta, z = symbols("theta z")
A = symbols("A_0:3")
S2 = symbols("S_2")

# %% [markdown]
# ## The numerator
#
# a(tau x) - a(x) = K * u with u = tau x - x, so its mean squared norm is sum_r A_r C_r over all lags, with
# C_r = <sum_i u_i u_(i+r)>.  Collect the C_r in a Laurent series, C(z) = sum_r C_r z^r = <U(z) U(1/z)>.
#
# Pixel a alone, taken from its own site, gives U_a = z^t - 1.  With T(z) = <z^t>:
#
# - itself: <(z^t - 1)(z^-t - 1)> = 2 - T(z) - T(1/z), once for each pixel;
# - with the other, q sites further on: the moves are independent, so the average is a product,
#   m(z) m(1/z) z^q with m = T - 1, once in each order.


# %%
def law_series(law: dict[int, Fraction]) -> Expr:
    """Return T(z), the mean of z^t."""
    return sum(Rational(p) * z**t for t, p in law.items())


def own_term(series: Expr) -> Expr:
    """Return the autocorrelation series of one pixel's trace."""
    return expand(2 - series - series.subs(z, 1 / z))


def mean_trace_correlation(series: Expr) -> Expr:
    """Return m(z) m(1/z), the autocorrelation of the mean trace."""
    return expand((series - 1) * (series.subs(z, 1 / z) - 1))


# %% [markdown]
# For the default law m = (z^-1 - 2 + z)/3: the mean trace of a pixel is a third of the discrete Laplacian.
#
# Now average over q, on the ring, where z^l = 1.  Over all l separations sum_q z^q takes each lag once, and its
# product with m(z) m(1/z) has at every lag the sum of the coefficients, m(1)^2 = 0.  The ensemble lacks q = 0 only, so
# the sum over q = 1..l-1 of m(z) m(1/z) z^q is -m(z) m(1/z).  There are two orders.


# %%
def difference_correlation(law: dict[int, Fraction], lag: int) -> Expr:
    """Return C_r in symbolic l."""
    series = law_series(law)
    return 2 * own_term(series).coeff(z, lag) - 2 / (ell - 1) * mean_trace_correlation(series).coeff(z, lag)


thirds = {t: Fraction(1, 3) for t in (-1, 0, 1)}
C = [difference_correlation(thirds, lag) for lag in range(4)]
displacement = C[0] * A[0] + 2 * (C[1] * A[1] + C[2] * A[2])

# %% [markdown]
# ## The denominator
#
# It is 2 (E||a||^2 - ||E a||^2).  The pixel correlations are X_0 = 2 and, for r other than 0, the two orders of the
# pair with probability 1/(l-1) each.  Summed over all lags sum_r A_r = S2, so those apart from r = 0 sum to S2 - A_0.
# The mean image is 2/l at every site, so E a is constant, 2 S/l for a kernel that sums to S.

# %%
mean_square = 2 * A[0] + Rational(2) / (ell - 1) * (S2 - A[0])
square_of_mean = ell * S2 * (2 / ell) ** 2
spread = sympy.factor(2 * (mean_square - square_of_mean))

# %% [markdown]
# ## D, and long rings
#
# Everything is rational in l; the limit needs no more than that.

# %%
D = cancel(displacement / spread)
D_limit = limit(D, ell, sympy.oo).expand()

# %% [markdown]
# ## Deep `uniform` networks
#
# A_r is the coefficient of e^(i r theta) in (w(theta)/w(0))^(2k) up to a constant, with
# w(theta) = sin(s theta/2) / sin(theta/2), the Fourier series of s ones.  Deep down only small theta matter,
# where log w = -v theta^2/2 with v the variance of s equally likely offsets.  Then theta is Gaussian of variance
# 1/(2 k v), and 1 - A_1/A_0 is the mean of 1 - cos(theta) = theta^2/2.

# %%
x = symbols("x")
log_series = sympy.series(sympy.sin(s * x) / (s * sympy.sin(x)), x, 0, 4).removeO().subs(x, theta / 2)
variance = sympy.factor(-2 * sympy.expand(log_series - 1).coeff(theta, 2))
lost = 1 / (2 * k * variance) / 2
D_deep = sympy.simplify(D_limit.subs(A[1], A[0] * (1 - lost)))


# %%
def circular_autocorrelations(kernel: Kernel, length: int) -> list[Fraction]:
    """Return A_0, A_1, A_2 of a kernel on the ring, wider than the ring or not."""
    line = kernel.autocorrelations()
    signed = {r: line[abs(r)] for r in range(-len(line) + 1, len(line))}
    return [sum((v for r, v in signed.items() if (r - lag) % length == 0), Fraction(0)) for lag in range(3)]


def evaluated(expression: Expr, kernel: Kernel, length: int) -> Fraction:
    """Return a derived expression for a kernel on a ring."""
    values = dict(zip(A, map(Rational, circular_autocorrelations(kernel, length)), strict=True))
    return Fraction(str(expression.subs({**values, S2: Rational(kernel.squared_sums()), ell: length})))


def latex() -> str:
    """Return D and its limit."""
    above, below, far = (sympy.latex(part) for part in (displacement_shown(), spread, D_limit))
    return rf"D = \frac{{{above}}}{{{below}}} \longrightarrow {far}"


def displacement_shown() -> Expr:
    """Return the numerator with its two orders in 1/l apart."""
    far = limit(displacement, ell, sympy.oo)
    rest = sympy.factor(cancel(displacement - far))
    return sympy.factor(far) + rest


def check() -> None:
    """Compare with both engines, for the two solutions and for odd kernels, on long and short rings."""
    assert C[3] == 0
    assert cancel(displacement_shown() - displacement) == 0
    assert cancel(D_limit - Rational(2, 3) * (1 - A[1] / A[0])) == 0
    odd = Network(layers=[Layer(filters=[[[1, "1/2", -3, "2/7"]], [[0, -1, 2, 5]]], activation="identity")])
    cases = [(construct(name, TwoPixelTask()), 2) for name in ("uniform", "shift")] + [(odd, 1)]
    for network, layers in cases:
        for length in (14, 15, 32, 10**6):
            ring = TwoPixelTask(length=length, scale=7)
            for layer in range(layers + 1):
                kernel = effective_kernel(network, layer)
                moments = autocorrelation_moments(network, ring, Deformation(), layer)
                assert evaluated(displacement, kernel, length) == moments.change
                assert evaluated(spread, kernel, length) == moments.spread
                assert evaluated(D, kernel, length) == moments.change / moments.spread
    for length in (4, 5, 8):
        plain = image_moments(odd, TwoPixelTask(length=length, scale=2), Deformation())[1]
        assert evaluated(D, effective_kernel(odd, 1), length) == plain.change / plain.spread
    for law in ({-1: Fraction(1, 4), 0: Fraction(1, 2), 1: Fraction(1, 4)}, {0: Fraction(2, 3), 2: Fraction(1, 3)}):
        engine = difference_correlations(TwoPixelTask(length=40, scale=7), Deformation(law=law), 5)
        assert [Fraction(str(difference_correlation(law, r).subs(ell, 40))) for r in range(6)] == engine
    for size, depth in ((3, 60), (5, 60)):
        factor = float(deep_ratio(size, depth) / D_deep.subs({s: size, k: depth}))
        assert abs(factor - 1) < 1 / depth


def deep_ratio(size: int, depth: int) -> Rational:
    """Return D_limit of layer ``depth`` of `uniform`, from its s-nomial autocorrelations."""
    n, middle = 2 * depth, (size - 1) * depth
    entries = [
        sum((-1) ** i * comb(n, i) * comb(n + at - size * i - 1, n - 1) for i in range(at // size + 1))
        for at in (middle, middle - 1)
    ]
    return D_limit.subs({A[0]: entries[0], A[1]: entries[1]})


if __name__ == "__main__":
    check()
    print(latex())
    print(D_deep)
