# %% [markdown]
# # Networks with strides
#
# Filter size and stride are s and every tap is 1 (`strided`), so layer k counts the pixels in blocks of w = s^k sites,
# and so does its noise.  **Result** for the ensemble `pairs`, the law `independent` with `add`, averaged over where the
# blocks lie, for $1 \le k < \tilde k$, $\xi = s^{\tilde k}$, and $l \ge 3 \xi$ in $D_f$:
#
# $$D_k = \frac{2 l (3l - 4)}{9 w (l-2)(l-w)} \to \frac{2}{3 w}, \qquad
#   G_k \to \frac13\left(1 + \frac{s^{k-1} - 1}{\pi}\right),$$
#
# $$D_{\tilde k} = \frac{2 (6\xi - 5) l (l-1)}{9 \xi (\xi-1) (l-\xi) (l+\xi-1)}, \qquad
#   D_f = \frac{2 (6\xi - 5)(l-1)}{9 \xi (\xi-1)(l-\xi)} \to \frac{4}{3\xi}.$$
#
# The effective window A_k = (sum K)^2 / sum K^2 of a box is its width, so D_k A_k -> 2/3: the law D_k ~ 1/A_k of
# arXiv 2210.01506 for networks with strides.

# %%
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np
import sympy
from sympy import Expr, Rational, cancel, factor, limit, oo, pi, sqrt, symbols

from solver import (
    Deformation,
    GaussianNoise,
    Layer,
    Network,
    TwoPixelTask,
    check_claim,
    construct,
    effective_kernel,
    response,
)
from solver.gaussian.balls import enclose
from solver.gaussian.moments import rectified_mean, rectified_square
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import PairMoments
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.noise.series import ball_sum
from solver.sensitivity.question import Question
from solver.symbolic.expansions.asymptotics import deep_deformation, effective_window, noise_on_long_rings
from solver.symbolic.setting import Setting
from solver.symbolic.symbols import k as layer_number

ell, w, xi, s, sigma = symbols("l w xi s sigma", positive=True)

# %% [markdown]
# ## What a stride keeps
#
# Let K be any kernel, a(j) = (K * x)(j) at every site j, and let a layer of total stride P keep the sites j = 0, P, 2P,
# ... alone.  The ensemble `pairs`, and any other that knows distances only, is the same after a translation by one
# site, and so is the law of the moves.  Hence <(a(j; tau x) - a(j; x))^2> and <(a(j; x1) - a(j; x2))^2> do not depend
# on j, and sums over the sites that are kept are 1/P of those over all.  Both moments of D divide by P:
#
# **a strided layer has the D of the same kernel without strides**, exactly, for every l that P divides.  This holds
# for any map of a window, rectified or not; the average over where the pair is does the work of the missing sites.
# (Balanced blocks of xi sites are no such ensemble: phases mod gcd(P, xi) stay apart, and the solver enumerates them.)
#
# ## Boxes
#
# A box of w >= 2 sites has A_r = w - r and S2 = w^2.  Put them into D of a layer that no ReLU cuts
# (`deformation_linear_layers`): A_0 - A_1 = 1 and 3 A_0 - 4 A_1 + A_2 = 2.

# %%
A = (w, w - 1, w - 2)
displacement = Rational(8, 3) * (A[0] - A[1]) - Rational(4, 9) * (3 * A[0] - 4 * A[1] + A[2]) / (ell - 1)
spread = 4 * (ell - 2) / (ell - 1) * (A[0] - w**2 / ell)
D_hidden = factor(cancel(displacement / spread), ell)
D_hidden_limit = limit(D_hidden, ell, oo)

# %% [markdown]
# The window grows by the factor s in each layer, so D_k falls geometrically with depth.  Without strides `uniform` has
# binomial kernels: their window grows like sqrt(k) and D_k A_k^2 -> 2 pi/3 (`limits`).  A box loses by its two
# edges, whatever its width: the numerator of D is that of one pixel, and D A = 2/3.  A smooth kernel has no edges, and
# loses by its slope, D A^2.  So at equal windows the strided network is the less stable one; it is ahead because its
# window grows so much faster.
#
# ## The last layer and the output
#
# With bias -1 unit n of the last layer is 1 where both pixels are in block n, of xi sites, and 0 elsewhere; f_p says
# whether they are in one.  Count ordered pairs of distinct sites, l (l-1) of them.
#
# - Before the moves l (xi-1) share a block.
# - After moves s, t: of all l^2 ordered pairs of sites, equal ones included, l xi end in one block.  The l pairs of
#   equal sites stay together unless a block ends within |s - t|, for 1 - |s-t|/xi of the sites.
# - Both, in the same block: a site keeps its block with probability 1 inside and 2/3 at its two ends.  So in a block
#   the pairs carry (xi - 2/3)^2, less xi - 2 + 2 (2/3)^2 for equal sites.
#
# By the theorem above D of this layer is that of `shift`, whose units are the same windows at every site.
#
# Both in one block before and after, but another one, would take two pixels that leave by the same end, which has one
# site only; or by both ends of a block whose neighbours are one, at l = 2 xi.  From l = 3 xi on f_p changes where the
# map does.

# %%
mean_gap = sum(Fraction(abs(a - b), 9) for a, b in product((-1, 0, 1), repeat=2))
before = xi - 1
after = xi - (1 - Rational(mean_gap) / xi)
stay = ((xi - Rational(2, 3)) ** 2 - (xi - 2 + 2 * Rational(2, 3) ** 2)) / xi
last_displacement = (before + after - 2 * stay) / (ell - 1)
together = (xi - 1) / (ell - 1)
D_last = factor(cancel(last_displacement / (2 * (together - together**2 * xi / ell))))
D_output = factor(cancel(last_displacement / (2 * (together - together**2))))

# %% [markdown]
# ## Noise
#
# Layer 1 rectifies z = m + sqrt(s) sigma g at l/s independent sites that count m = 0, 1, 2 pixels.  With
# mu_m = E z+ - m and V_m = Var z+, nothing is cut before layer k~, and a unit of layer k adds up n = w/s sites.  Two
# pixels share one with probability q_1 = (s-1)/(l-1), and a unit with q_k = (w-1)/(l-1).

# %%
variance = s * sigma**2
means = [rectified_mean(m, variance) - m for m in range(3)]
variances = [rectified_square(m, variance) - rectified_mean(m, variance) ** 2 for m in range(3)]
share_site, share_unit, sites = (s - 1) / (ell - 1), (w - 1) / (ell - 1), w / s


def noise_response() -> Expr:
    """Return <||a_k(x + eta) - a_k(x)||^2>: fluctuations of the sites, and squared mean changes of the units."""
    fluctuations = ell / s * variances[0]
    fluctuations += 2 * (1 - share_site) * (variances[1] - variances[0]) + share_site * (variances[2] - variances[0])
    shifts = {
        (): ell / w - 2 * (1 - share_unit) - share_unit,
        (1,): 2 * (1 - share_unit),
        (1, 1): share_unit - share_site,
        (2,): share_site,
    }
    changes = sum(
        weight * ((sites - len(seen)) * means[0] + sum(means[m] for m in seen)) ** 2 for seen, weight in shifts.items()
    )
    return fluctuations + changes


unit_spread = spread / w
G_hidden = noise_response() / unit_spread

# %% [markdown]
# On long rings at l sigma^2 = 8/3 the pixels do not matter: E z+ = sqrt(v / 2 pi) and Var z+ = v (1/2 - 1/(2 pi)) at
# every site, v = s sigma^2, against a spread of 4.  The mean change grows with the number of sites in a unit, like the
# window; without strides G_k grows with A_k too (`limits_noise`).

# %%
energy = Rational(GaussianNoise().energy)
quiet_mean, quiet_variance = sqrt(s / (2 * pi)), s * (Rational(1, 2) - 1 / (2 * pi))
G_limit = sympy.expand(energy / 4 * (quiet_variance / s + sites**2 / w * quiet_mean**2))


# %% [markdown]
# ## What windows that do not overlap cannot do
#
# **Theorem.**  If every layer's filter size equals its stride, with total stride P > 1, no choice of weights, biases,
# channels, depth and activations lets f_p tell the classes of Task 1 apart, as soon as l >= 2 (xi + P).
#
# *Proof.*  A unit of the last layer sees its own block of P sites.  So f_p = c + sum over blocks of g(content), with
# g(empty) = 0, and pixels at phases a and b of different blocks give c + g(a) + g(b), however far apart.  The last site
# of a block and the first of the next are at distance 1, label +1.  The same last site and the first one of the block
# m + 1 further on are at distance 1 + m P, which for some m lies in xi..xi+P-1 <= l/2, label -1.  Both give the same
# f_p.
#
# Task 2 has blocks built in, and one channel solves it.  For Task 1 it is enough that the last layer has stride 1
# (`strided-shift`): with one channel for each of the P offsets in a block, the layers below only rearrange the image,
# and the last one sees every window of xi sites once.  Its maps are those of `shift`, sorted into channels, so D and G
# are those of `shift` below, in the last layer and at the output; but there are some log xi layers in place of xi/2.


# %%
def measured(network: Network, length: int, scale: int) -> list[PairMoments]:
    """Return the moments of every layer of a network and of f_p."""
    return distance_moments(network, TwoPixelTask(length=length, scale=scale), Deformation())


def ratios(network: Network, length: int, scale: int) -> list[Fraction]:
    """Return D of every layer and of f_p."""
    return [each.change / each.spread for each in measured(network, length, scale)]


def at(expression: Expr, **values: int) -> Fraction:
    """Return a derived expression at a point."""
    names = {"l": ell, "w": w, "xi": xi}
    return Fraction(str(expression.subs({names[name]: value for name, value in values.items()})))


def check_deformation() -> None:
    """D of hidden layers, of the last one and of the output, against one image for each pair of phases."""
    for size, scale, length in ((2, 8, 32), (2, 8, 24), (2, 16, 96), (3, 9, 27), (3, 9, 9 * 10**5), (5, 25, 100)):
        found = ratios(construct("strided", TwoPixelTask(length=length, scale=scale), filter_size=size), length, scale)
        depth = len(found) - 2
        assert found[1:depth] == [at(D_hidden, l=length, w=size**k) for k in range(1, depth)]
        assert found[depth] == at(D_last, l=length, xi=scale)
        assert found[-1] == at(D_output, l=length, xi=scale)
    short = ratios(construct("strided", TwoPixelTask(length=16, scale=8)), 16, 8)
    assert short[-2] == at(D_last, l=16, xi=8) and short[-1] != at(D_output, l=16, xi=8)
    slid = construct("shift", TwoPixelTask(length=32, scale=8))
    assert ratios(slid, 32, 8)[slid.depth] == at(D_last, l=32, xi=8)
    assert D_hidden_limit == Rational(2, 3) / w and limit(limit(D_output, ell, oo) * xi, xi, oo) == Rational(4, 3)


def check_strides() -> None:
    """A layer that rectifies for real has the D of the same windows without strides, and 1/P of each moment."""
    filters, task = [[[2, -1, 1]], [[-1, 1, 0]]], TwoPixelTask(length=24, scale=4)
    dense = measured(Network(layers=[Layer(filters=filters, bias=[0, -1])]), 24, 4)[1]
    for stride in (2, 3, 4, 6):
        kept = measured(Network(layers=[Layer(filters=filters, bias=[0, -1], stride=stride)]), task.length, 4)[1]
        assert (kept.change * stride, kept.spread * stride) == (dense.change, dense.spread)


def check_noise() -> None:
    """G of hidden layers against the solver's closed forms, to 20 digits, and its limit on long rings."""
    for size, scale, length in ((2, 8, 32), (2, 16, 64), (3, 27, 54)):
        task = TwoPixelTask(length=length, scale=scale)
        network, noise = construct("strided", task, filter_size=size), GaussianNoise()
        for k in range(1, network.depth):
            closed = closed_response(Question(network, task, noise=noise), k)
            point = {s: size, w: size**k, ell: length, sigma: sqrt(Rational(noise.variance(length)))}
            ours, theirs = enclose(noise_response().subs(point), 25), enclose(closed.total.expression, 25)
            assert (ours - theirs).contains(0) and (ours - theirs).rad() < 1e-20
            assert unit_spread.subs(point) == Rational(measured(network, length, scale)[k].spread)
    far = {s: 2, w: 4, ell: 10**9, sigma: sqrt(Rational(GaussianNoise().variance(10**9)))}
    assert abs(float(enclose(G_hidden.subs(far), 20)) - float(G_limit.subs({s: 2, w: 4}))) < 1e-3
    assert sympy.simplify(G_limit - (1 + (w / s - 1) / pi) / 3) == 0


def check_blocks() -> None:
    """Windows that do not overlap: a pair in two blocks is known by its phases alone."""
    rng = np.random.default_rng(0)
    for sizes in ((2, 2), (3,), (2, 3)):
        layers, channels = [], 1
        for size in sizes:
            weights = rng.integers(-3, 4, (3, channels, size)).tolist()
            layers.append(Layer(filters=weights, bias=rng.integers(-2, 3, 3).tolist(), stride=size, origin=0))
            channels = 3
        network, block = Network(layers=layers, readout=[1, -2, 3]), prod(sizes)
        task = TwoPixelTask(length=12 * block, scale=block)
        distances = [1 + m * block for m in range(6)]
        values = response(network, np.stack([task.image(block - 1, block - 1 + d) for d in distances]))
        assert len(set(values)) == 1 and task.label(distances[0]) > task.label(distances[1])
    assert check_claim(construct("strided", TwoPixelTask(length=32, scale=8)), TwoPixelTask(length=32, scale=8)) == {}


def check_shift() -> None:
    """`strided-shift` has the response, the D and the G of `shift`, in its last layer and at the output too."""
    task, noise = TwoPixelTask(length=24, scale=5), GaussianNoise()
    ours, theirs = construct("strided-shift", task), construct("shift", task)
    assert check_claim(ours, task) == {} and set(ratios(ours, 24, 5)) == set(ratios(theirs, 24, 5))
    questions = [Question(each, task, noise=noise) for each in (ours, theirs)]
    last, output = ([ball_sum(each, each.depth + beyond).enclose(15) for each in questions] for beyond in (0, 1))
    assert all((a - b).contains(0) and a.rel_accuracy_bits() > 45 for a, b in (last, output))


def check() -> None:
    """Every statement against the solver."""
    check_deformation()
    check_strides()
    check_noise()
    check_blocks()
    check_shift()
    kernel = effective_kernel(construct("strided", TwoPixelTask(length=32, scale=8)), 2)
    assert kernel.squared_sums() / kernel.autocorrelations()[0] == kernel.stride == 4
    assert all(row[2] * row[1] == Rational(2, 3) for row in comparison())


def comparison() -> list[tuple[Expr, ...]]:
    """Return k, then A_k, D_k and G_k on long rings of `strided` (s = 2) and of `uniform` (s = 3)."""
    setting = Setting(construction="uniform")
    without = (effective_window(setting), deep_deformation(3).exact, noise_on_long_rings(setting))
    rows = []
    for k in (1, 2, 3, 4, 6):
        box = [each.subs({s: 2, w: 2**k}) for each in (w, D_hidden_limit, G_limit)]
        rows.append((sympy.Integer(k), *box, *(each.subs(layer_number, k) for each in without)))
    return rows


def latex() -> str:
    """Return the formulas, and numbers for `strided` against `uniform` on long rings."""
    rows = [
        rf"D_k &= {sympy.latex(D_hidden)} \to {sympy.latex(D_hidden_limit)}",
        rf"G_k &\to {sympy.latex(G_limit)}",
        rf"D_{{\tilde k}} &= {sympy.latex(D_last)}",
        rf"D_f &= {sympy.latex(D_output)}",
        r"A_k, D_k, G_k &\to \mathrm{strided},\ s = 2 \qquad \mathrm{uniform},\ s = 3",
    ]
    for number, *values in comparison():
        strided, uniform = (",\\ ".join(f"{float(v):.4g}" for v in part) for part in (values[:3], values[3:]))
        rows.append(rf"k = {number} &: {strided} \qquad {uniform}")
    body = r" \\ ".join(rows)
    return rf"\begin{{aligned}} {body} \end{{aligned}}"


if __name__ == "__main__":
    check()
    print(latex())
