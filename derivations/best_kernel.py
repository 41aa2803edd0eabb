# %% [markdown]
# # The most stable kernel
#
# A layer that no ReLU cuts is a convolution a = K * x with a kernel of n taps.  **Result**, ensemble `pairs`, law
# `independent`: over all kernels of n taps, and any number of channels,
#
# $$\min_K D \;\longrightarrow\; \frac23\left(1 - \cos\frac{\pi}{n+1}\right), \qquad l \to \infty,$$
#
# reached by the sine window K_j = sin(pi j/(n+1)) alone.  On a finite ring the least D is the least generalised
# eigenvalue of two n by n Toeplitz matrices, and the sine window misses it by O(1/l^2).

# %%
from fractions import Fraction
from math import cos, pi

import sympy
from sympy import Rational, cot, limit, oo, simplify, symbols

from solver import Deformation, Layer, Network, TwoPixelTask, check_claim, construct, effective_kernel
from solver.constructions.windows import sine_window
from solver.optimal.deformation import best_deformation
from solver.sensitivity.deformation.autocorrelations import autocorrelation_moments

ell = symbols("l", positive=True)
theta = symbols("theta", positive=True)
n, j, k, s = symbols("n j k s", integer=True, positive=True)
A = symbols("A_0:3")
S2 = symbols("S_2")

# %% [markdown]
# ## D is a quotient of two quadratic forms
#
# Both sides of D are sums over autocorrelations (`deformation_linear_layers.py`), and A_r is a quadratic form in K:
# with Toeplitz matrices, D = K'NK / K'MK, N_ij = C_(i-j) and M_ij = 2 (X_(i-j) - 4/l).  M is positive definite for n
# < l.  Several channels add up in both forms, and (p + q)/(m + w) lies between p/m and q/w: no set of channels does
# better than its best one.  So the infimum over all kernels of n taps is the least root of det(N - D M), for any law
# and ensemble. Reflection, K_j -> K_(n+1-j), commutes with Toeplitz matrices: the two blocks of symmetric and of
# antisymmetric kernels can be solved apart.

# %%
numerator = Rational(8, 3) * (A[0] - A[1]) - Rational(4, 9) * (3 * A[0] - 4 * A[1] + A[2]) / (ell - 1)
D = numerator / (4 * (ell - 2) / (ell - 1) * (A[0] - S2 / ell))

# %% [markdown]
# ## Long rings: the path
#
# As l grows, D -> (2/3)(1 - A_1/A_0).  A_1 = sum_j K_j K_(j+1) is the form of the path's adjacency matrix over 2.  A
# vector sin(j theta) goes through it to sin((j-1) theta) + sin((j+1) theta) = 2 cos(theta) sin(j theta), provided it
# vanishes at both sites next to the path, j = 0 and j = n + 1: theta = pi m/(n+1).  For m = 1..n these are n
# different eigenvalues, so all of them, and each is simple.  The largest A_1/A_0 is cos(pi/(n+1)), for m = 1 only.

# %%
neighbours = sympy.sin((j - 1) * theta) + sympy.sin((j + 1) * theta)
eigenvalue = simplify(sympy.expand_trig(neighbours) / sympy.expand_trig(sympy.sin(j * theta)))
D_least = limit(D, ell, oo).subs(A[1], A[0] * eigenvalue / 2).subs(theta, sympy.pi / (n + 1))
D_least = simplify(D_least)

# %% [markdown]
# For another law that moves a pixel by at most one site, C_1 = -C_0/2 far from the other pixel, and the same kernel
# is best: min D -> E/4 (1 - cos(pi/(n+1))), E = ||tau x - x||^2 of pixels far apart.
#
# ## Deep layers
#
# In layer k, n + 1 = (s-1) k + 2.  `uniform` loses 1 - A_1/A_0 ~ 1/(4 k v), v = (s^2 - 1)/12 (same script), a power
# of k more.

# %%
D_deep = limit(D_least.subs(n, k) * k**2, k, oo) / n**2
advantage = sympy.simplify(Rational(2, 3) / (4 * k * (s**2 - 1) / 12) / D_deep.subs(n, (s - 1) * k))

# %% [markdown]
# ## The sine window on a finite ring
#
# Its sums are geometric.  With theta = pi/(n+1), sum_j sin(j theta) = cot(theta/2) and sum_j sin^2(j theta) =
# (n+1)/2. A_2 = sum_(j=1)^(n-2) sin(j theta) sin((j+2) theta) is half the sum of cos(2 theta) - cos((2j+2) theta);
# the cosines of 2 m theta sum to 0 over m = 0..n, so A_2 = [(n-2) cos(2 theta) + 1 + 2 cos(2 theta)]/2.

# %%
sine_sums = {
    A[1]: A[0] * sympy.cos(theta),
    A[2]: A[0] * (n * sympy.cos(2 * theta) + 1) / (n + 1),
    S2: A[0] * 2 / (n + 1) * cot(theta / 2) ** 2,
}
D_sine = D.subs(sine_sums).subs(A[0], 1)

# %% [markdown]
# It is stationary for the limit's quotient, and the forms differ from the limit's by O(1/l).  A stationary vector
# shifted by O(1/l) has a quotient off by O(1/l^2): l^2 (D_sine - min D) stays bounded.
#
# ## A proven value
#
# A rational kernel near the minimum gives D <= b exactly.  From below, N - a M is positive definite for a < min D:
# signs of n pivots, decided in rational arithmetic or in balls.  Small n give the root itself.
#
# ## A network
#
# As a polynomial, the sine window is what is left of 1 + z^(n+1) without its roots e^(+-i theta).  By `cyclotomic.py`
# (N = 2) the rest can be split into filters of any odd size s, (s-1)/2 factors each, with every product so far >= 1.
# All-ones filters on top keep the entries >= 1, so by `response.py` bias -1 gives ReLU(xi - d) plus a constant:
# `sine`.


# %%
def window_identity(taps: int) -> float:
    """Return the largest coefficient of (z^2 - 2 z cos theta + 1) W(z) - 1 - z^(n+1), W the sine window: 0."""
    z, angle = symbols("z"), sympy.pi / (taps + 1)
    window = sum(sympy.sin(i * angle) / sympy.sin(angle) * z ** (i - 1) for i in range(1, taps + 1))
    difference = sympy.expand((z**2 - 2 * z * sympy.cos(angle) + 1) * window - 1 - z ** (taps + 1))
    return max(abs(complex(c.evalf(30))) for c in sympy.Poly(difference, z).all_coeffs())


def latex() -> str:
    """Return the least D, its deep limit and D of the sine window on a ring."""
    deep, least, ring = (sympy.latex(part) for part in (D_deep, D_least, D_sine))
    return "\n".join(
        [
            r"\begin{aligned}",
            rf"\min_K D &\longrightarrow {least} \simeq {deep} \\",
            rf"D_{{\mathrm{{sine}}}} &= {ring}, \quad \theta = \frac{{\pi}}{{n+1}}",
            r"\end{aligned}",
        ]
    )


def sine_network(taps: int) -> Network:
    """Return one layer whose filter is the sine window."""
    return Network(layers=[Layer(filters=[[sine_window(taps)]])])


def exact_deformation(network: Network, task: TwoPixelTask, layer: int = 1) -> Fraction:
    """Return D of a layer that no ReLU cuts."""
    moments = autocorrelation_moments(network, task, Deformation(), layer)
    return moments.change / moments.spread


def check() -> None:
    """Compare with the engine's D, with the eigenvalues of its matrices, and with networks."""
    assert simplify(eigenvalue - 2 * sympy.cos(theta)) == 0
    assert simplify(D_deep - sympy.pi**2 / (3 * n**2)) == 0
    assert sympy.simplify(advantage - 6 * k * (s - 1) / (sympy.pi**2 * (s + 1))) == 0
    assert all(window_identity(taps) < 1e-25 for taps in range(1, 7))
    for taps in (1, 2, 3, 5, 7):
        far = best_deformation(taps)
        assert abs(float(D_least.subs(n, taps)) - float(far.value)) < 1e-14
        check_ring(taps)
    check_several_channels()
    for scale in (5, 7, 9):
        task = TwoPixelTask(length=3 * scale, scale=scale)
        network = construct("sine", task)
        kernel = effective_kernel(network, network.depth - 1).values.ravel().tolist()
        assert check_claim(network, task) == {} and kernel == list(sine_window(scale - 2))


def check_ring(taps: int) -> None:
    """D of the sine window is the formula, no less than the least D, and above it by O(1/l^2)."""
    misses = []
    for length in (100, 200, 400):
        task = TwoPixelTask(length=length, scale=7)
        ours = exact_deformation(sine_network(taps), task)
        derived = D_sine.subs({n: taps, ell: length, theta: sympy.pi / (taps + 1)})
        assert abs(float(ours) / float(derived.evalf(30)) - 1) < 1e-13
        misses.append(length**2 * (float(ours) - float(best_deformation(taps, task).value)))
    assert all(abs(miss) < 1e-9 for miss in misses) if taps < 3 else 0 < max(misses) < 1.3 * min(misses)


def check_several_channels() -> None:
    """The cosine of the limit bounds A_1/A_0 of any kernels; here two channels with entries of both signs."""
    task = TwoPixelTask(length=50, scale=7)
    mixed = Network(layers=[Layer(filters=[[[1, 2, -1]], [[0, 3, 3]]], activation="identity")])
    a = effective_kernel(mixed, 1).autocorrelations()
    assert a[1] / a[0] < cos(pi / 4)
    assert float(exact_deformation(mixed, task)) > float(best_deformation(3, task).value)


if __name__ == "__main__":
    check()
    print(latex())
