# %% [markdown]
# # D of the last layer
#
# Below the last layer no ReLU cuts; in layer k~ the bias -1 does.  **Result** for the ensemble `pairs`, the law
# `independent` with `add`, and every l >= 2 xi.  For `shift`
#
# $$D_{\tilde k} = \frac{\tfrac49 (6\xi-5)/(l-1)}{2\,(m - m^2/l)}, \qquad m = \frac{\xi(\xi-1)}{l-1},$$
#
# and for `uniform`, with A_r the autocorrelations of its kernel K, S = sum K = s^k~ and T = S - xi,
#
# $$D_{\tilde k} = \frac{\tfrac83 (A_0 - A_1 - 1) - \tfrac49\,\frac{3A_0 - 4A_1 + A_2 - 6\xi + 3}{l-1}}
#   {2\left[2 B_0 + \frac{2(T^2 - B_0)}{l-1} + m + \frac{4 T(\xi-1)}{l-1} - \frac{(2T+m)^2}{l}\right]},
#   \qquad B_0 = A_0 - 2S + \xi.$$
#
# At l = 32, xi = 7, s = 3 they are 18352/89775 and 435488/3947085.

# %%
from collections.abc import Callable
from fractions import Fraction
from math import comb

import sympy
from sympy import Expr, Integer, Rational, Symbol, cancel, expand, factor, limit, simplify, summation, symbols

from solver import Deformation, Layer, Network, TwoPixelTask, construct
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import PairMoments, image_moments

ell, xi, d = symbols("l xi d", integer=True, positive=True)
k = symbols("k", integer=True, positive=True)
A = symbols("A_0:3")
S = symbols("S", positive=True)

# %% [markdown]
# ## One map for both networks
#
# Write W(p) for the window of xi ones, and K for a kernel of entries >= 1 on that window, 0 outside.  With pixels at
# i and j the pre-activation K(p-i) + K(p-j) - 1 is >= 0 where some window holds a pixel and -1 elsewhere.  So the ReLU
# takes the 1 away on the union of the two windows only, and the union is the sum less the overlap:
#
# $$a(p) = K(p-i) + K(p-j) - \left[W(p-i) + W(p-j) - W(p-i)\,W(p-j)\right].$$
#
# With L = K - W the map is a = L * x + I: a linear part, and the indicator I(p) = W(p-i) W(p-j) of the windows that
# hold both pixels.  (Pixels that meet and add up keep it true: 2K - 1 = 2L + W, and W^2 = W.)  `shift` has K = W, so
# L = 0: its map is I alone.
#
# ## All separations but one
#
# As in `deformation_linear_layers.py`, the second pixel is q = 1..l-1 sites after the first, each with probability
# 1/(l-1): all l separations of independent pixels less q = 0.  Over all l separations i and j are independent and
# averages factorise; the term q = 0 has both pixels at one site and nine outcomes.  Then only windows at most two sites
# apart meet in one product, and those overlap on one side of the ring.

# %%
third = Rational(1, 3)
moves = [(t1, t2) for t1 in (-1, 0, 1) for t2 in (-1, 0, 1)]


def both(value: Callable[[int, int], Expr]) -> Expr:
    """Return the mean of value(t1, t2) over the nine outcomes."""
    return expand(third**2 * sum(value(*move) for move in moves))


def one(value: Callable[[int], Expr]) -> Expr:
    """Return the mean of value(t) over the three moves of one pixel."""
    return expand(third * sum(value(t) for t in (-1, 0, 1)))


# %% [markdown]
# Sums over p of products.  Windows at several offsets share xi - c sites, c from the first offset to the last.  With
# L at offset t in the product, some entries at its ends are left out.  K is a palindrome, so the entries from either
# end inwards are L_0, L_1, L_2, ..., and T is the sum of all.

# %%
T = symbols("T")
L = symbols("L_0:3")


def shared_sites(*offsets: int) -> Expr:
    """Return sum_p of the product of the windows at some offsets."""
    return xi - (max(offsets) - min(offsets))


def weighed_sites(own: int, *offsets: int) -> Expr:
    """Return sum_p of L at offset ``own`` times the windows at some offsets."""
    lost = max(max(offsets) - own, 0), max(own - min(offsets), 0)
    return T - sum(sum(L[:n]) for n in lost)


# %% [markdown]
# ## `shift`: the numerator
#
# I takes the values 0 and 1, so (I' - I)^2 = I' + I - 2 I I'.  For independent pixels the mean of W(p - j) over j is
# xi/l, and that of W(p - j) W(p - j - t) is (xi - |t|)/l.  Summed over the l sites p and the l separations, both
# factors 1/l cancel.

# %%
kept = one(lambda t: shared_sites(0, t))
map_change_all = expand(2 * shared_sites(0) ** 2 - 2 * kept**2)

# %% [markdown]
# Both pixels at one site: I = W there, and I' is the product of the windows at t1 and t2.

# %%
map_change_same = both(lambda t1, t2: shared_sites(0) + shared_sites(t1, t2) - 2 * shared_sites(0, t1, t2))
map_change = factor((map_change_all - map_change_same) / (ell - 1))

# %% [markdown]
# ## `shift`, seen distance by distance
#
# Between the ends nothing depends on d.  A window that holds one pair but not the other has lost or gained a pixel at
# an end: a pixel that moves by t changes |t| windows, 4/3 for both pixels.  Charge that for d = 1..xi-1, each of
# probability 2/(l-1), and correct at both ends: where the pixels can cross, d = 1, 2, and where the pair begins not to
# fit, d = xi + e.  (Below, 9 stands for a distance at which pixels do not cross.)


# %%
def change_at(distance: Expr, beyond: int | None = None) -> Expr:
    """Return the mean number of windows that hold the pair before or after only; near xi, d = xi + beyond."""

    def holding(*sites: Expr) -> Expr:
        """Return how many windows hold all the sites."""
        span = max(sites) - min(sites)
        return xi - distance - (span - 9) if beyond is None else Integer(max(9 - beyond - span, 0))

    return both(lambda a, b: holding(0, 9) + holding(a, 9 + b) - 2 * holding(0, 9, a, 9 + b))


def change_near(distance: int) -> Expr:
    """Return the same for pixels a few sites apart."""
    n = distance
    return both(lambda a, b: shared_sites(0, n) + shared_sites(a, n + b) - 2 * shared_sites(0, n, a, n + b))


bulk = change_at(d)
correction_near = [simplify(change_near(n) - bulk) for n in (1, 2, 3)]
correction_edge = [change_at(d, e) - (bulk if e < 0 else 0) for e in range(-4, 4)]
by_distance = 2 / (ell - 1) * (summation(bulk, (d, 1, xi - 1)) + sum(correction_near) + sum(correction_edge))

# %% [markdown]
# ## `shift`: the denominator
#
# The map is 0 or 1, so E||a||^2 is the mean number m of windows that hold both pixels: all separations, less one.
# Translations make E a the same at every site, m/l.

# %%
m = factor((shared_sites(0) ** 2 - shared_sites(0)) / (ell - 1))
spread_shift = factor(2 * (m - ell * (m / ell) ** 2))
D_shift = factor(map_change / spread_shift)
D_shift_limit = limit(D_shift, ell, sympy.oo)

# %% [markdown]
# The window that holds both pixels loses them at its ends: on long rings D is 4/(3 xi) for large xi.  No hidden layer
# gained anything; this one does, by summing over xi channels.
#
# ## `uniform`: the numerator
#
# a' - a = L * u + (I' - I), u the change of the image.  The square of the second is done.  The square of the first is
# that of a linear layer, with the autocorrelations B_r of L: each pixel with itself, and with the other one.  The
# latter is 0 over all separations, as the trace (a pixel there less one here) sums to 0 over the ring; what is left
# is less the term q = 0.

# %%
B = symbols("B_0:3")
own_change = 2 * one(lambda t: 2 * B[0] - 2 * B[abs(t)])
other_same = 2 * both(lambda a, b: B[abs(a - b)] - B[abs(a)] - B[abs(b)] + B[0])
linear_change = own_change - other_same / (ell - 1)

# %% [markdown]
# In the cross term take L of one pixel, twice, and average over the other one, independent of it: a window at j' or
# at j covers a site with probability xi/l.

# %%
cross_all = 2 * xi * one(lambda t: 2 * T - weighed_sites(t, 0) - weighed_sites(0, t))

# %% [markdown]
# That is a multiple of L_0 = K(0) - 1, and the end of the kernel is 1 in `uniform`: 0.  Both pixels at one site:


# %%
def cross_at_same_site(a: int, b: int) -> Expr:
    """Return sum_p (I' - I) (L' + L'' - 2 L), two pixels from one site."""
    after = weighed_sites(a, a, b) + weighed_sites(b, a, b) - 2 * weighed_sites(0, a, b)
    before = weighed_sites(a, 0) + weighed_sites(b, 0) - 2 * weighed_sites(0, 0)
    return after - before


cross_same = both(cross_at_same_site)
cross = (cross_all - cross_same) / (ell - 1)
change = linear_change + map_change + 2 * cross

# %% [markdown]
# ## `uniform`: the denominator
#
# E||L*x||^2 is 2 B_0 for the pixels with themselves, and T^2 over all separations less B_0 for q = 0, in two orders.
# The cross term, twice sum_p I L, is a sum of L of one pixel over the window of the other: xi T over all separations,
# less T for q = 0, for either pixel.  E a is the same at every site, (2T + m)/l.

# %%
M = Symbol("m")
norm = 2 * B[0] + 2 * (T**2 - B[0]) / (ell - 1) + M + 2 * 2 * factor(xi * T - T) / (ell - 1)
spread_in_m = 2 * (norm - (2 * T + M) ** 2 / ell)
spread = spread_in_m.subs(M, m)
D_any = change / spread

# %% [markdown]
# ## From L to K
#
# B_r sums (K_n - 1)(K_(n+r) - 1) over n = 0..xi-1-r: A_r, less what K sums to without r entries at one end or the
# other, plus xi - r.  With K = (1, k~, ...), the first coefficients of (1 + z + ...)^k~, the kernel's end is known.

# %%
ends = [Integer(1), k]
B_kernel = [expand(A[r] - 2 * (S - sum(ends[:r])) + xi - r) for r in range(3)]
in_kernel = dict(zip(B, B_kernel, strict=True)) | {T: S - xi, L[0]: ends[0] - 1, L[1]: ends[1] - 1}
change_uniform = expand(change.subs(in_kernel))
change_far = limit(change_uniform, ell, sympy.oo)
change_near_by = expand(cancel((change_uniform - change_far) * (ell - 1)))
D_uniform = D_any.subs(in_kernel)
D_uniform_limit = factor(cancel(change_far / limit(spread.subs(in_kernel), ell, sympy.oo)))

# %% [markdown]
# k~ has dropped out of the numerator.  On a long ring hardly any window sees both pixels, and D is that of a linear
# layer of kernel L: taking 1 away from the window takes 1 from A_0 - A_1, and far more from the norm.
#
# ## A given network
#
# The sums are those of s-nomial coefficients (see `effective_kernels.py`): S = s^k and A_r from 2k layers.


# %%
def kernel_sums(size: int, depth: int) -> dict[Symbol, Expr]:
    """Return xi, k, S and A_r of `uniform`."""
    n, middle = 2 * depth, (size - 1) * depth

    def entry(at: int) -> int:
        """Return the coefficient of z^at in (1 + ... + z^(size-1))^n."""
        return sum((-1) ** i * comb(n, i) * comb(n + at - size * i - 1, n - 1) for i in range(at // size + 1))

    return {xi: middle + 1, k: depth, S: size**depth} | {x: Integer(entry(middle - r)) for r, x in enumerate(A)}


D_seven = factor(D_uniform.subs(kernel_sums(3, 3)))


def latex() -> str:
    """Return D of both networks at k~, their limits, and D of `uniform` in l for xi = 7."""
    far, near = factor(change_far), factor(-change_near_by)
    return "\n".join(
        [
            r"\begin{aligned}",
            rf"D_{{\tilde k}}^{{\mathrm{{shift}}}} &= {sympy.latex(D_shift)} \longrightarrow "
            rf"{sympy.latex(D_shift_limit)} \\",
            rf"D_{{\tilde k}}^{{\mathrm{{uniform}}}} &= N / M \longrightarrow {sympy.latex(D_uniform_limit)} \\",
            rf"N &= {sympy.latex(far)} - {sympy.latex(near / (ell - 1))} \\",
            rf"M &= {sympy.latex(spread_in_m)} \\",
            rf"m &= {sympy.latex(m)}, \quad T = S - \xi, \quad B_0 = {sympy.latex(B_kernel[0])} \\",
            rf"D_3^{{\mathrm{{uniform}}}} &= {sympy.latex(D_seven)} \quad (s = 3, \xi = 7)",
            r"\end{aligned}",
        ]
    )


def palindrome_sums(taps: list[Fraction]) -> dict[Symbol, Expr]:
    """Return xi, T, L_r and B_r of any palindromic kernel."""
    excess = [Rational(w) - 1 for w in taps]
    products = [sum(x * y for x, y in zip(excess, excess[r:], strict=False)) for r in range(3)]
    return {xi: len(taps), T: sum(excess), **dict(zip(L, excess, strict=False)), **dict(zip(B, products, strict=True))}


def alone(scale: int) -> dict[Symbol, Expr]:
    """Return the same for `shift`, where L = 0."""
    return dict.fromkeys((*B, *L, T), Integer(0)) | {xi: Integer(scale)}


def agrees(values: dict[Symbol, Expr], moments: PairMoments, length: int) -> bool:
    """Return whether the derived numerator and denominator are those of an engine."""
    derived = [Fraction(str(part.subs(in_kernel | values).subs(values | {ell: length}))) for part in (change, spread)]
    return derived == [moments.change, moments.spread]


def check_steps() -> None:
    """Compare the two derivations for `shift`, and the regimes where nothing should be left to correct."""
    assert cancel(by_distance - map_change) == 0
    assert correction_near[1:] == [0, 0] and correction_edge[:2] == [0, 0] and correction_edge[-2:] == [0, 0]
    assert not change_uniform.has(k) and cross_all.subs(in_kernel) == 0
    assert cancel((change_far + change_near_by / (ell - 1)) - change_uniform) == 0
    assert limit(D_shift_limit * xi, xi, sympy.oo) == Rational(4, 3)
    assert cancel(D_any.subs(dict.fromkeys((*B, *L, T), 0)) - D_shift) == 0
    assert D_shift.subs({ell: 32, xi: 7}) == Rational(18352, 89775)
    assert D_seven.subs(ell, 32) == Rational(435488, 3947085)


def check() -> None:
    """Compare with the engine on rings of every length from 2 xi on, and with the enumeration of every image."""
    check_steps()
    for size, depth in ((3, 1), (3, 2), (3, 3), (3, 5), (5, 2), (7, 2)):
        sums = kernel_sums(size, depth)
        scale = int(sums[xi])
        for length in (2 * scale, 2 * scale + 1, 2 * scale + 3, 10**6):
            task = TwoPixelTask(length=length, scale=scale)
            uniform, shift = (construct(name, task, filter_size=size) for name in ("uniform", "shift"))
            assert agrees(sums, distance_moments(uniform, task, Deformation())[depth], length)
            assert agrees(alone(scale), distance_moments(shift, task, Deformation())[depth], length)
    taps = [Fraction(n, 2) for n in (3, 5, 9, 14, 9, 5, 3)]
    network = Network(layers=[Layer(filters=[[taps]], bias=[-1])])
    for length in (14, 15, 40):
        moments = distance_moments(network, TwoPixelTask(length=length, scale=7), Deformation())[1]
        assert agrees(palindrome_sums(taps), moments, length)
    for length, scale in ((6, 3), (10, 5), (11, 5)):
        task = TwoPixelTask(length=length, scale=scale)
        for name, sums in (("uniform", kernel_sums(3, (scale - 1) // 2)), ("shift", alone(scale))):
            assert agrees(sums, image_moments(construct(name, task), task, Deformation())[-2], length)


if __name__ == "__main__":
    check()
    print(latex())
