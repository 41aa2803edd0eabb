# %% [markdown]
# # Relative stability, R = D/G
#
# R_k < 1 says that layer k answers a deformation less than noise of the same energy.  D and G share their denominator:
#
# $$R_k = \frac{\langle \|a_k(\tau x) - a_k(x)\|^2 \rangle}{\langle \|a_k(x+\eta) - a_k(x)\|^2 \rangle},$$
#
# so R needs no average over pairs of images.  **Result** for the ensemble `pairs`, `independent` with `add`, and
# l sigma^2 = 8/3, as l grows:
#
# - the image: R_0 = 1 - 1/(2(l-1)), whatever the network: the energies are chosen alike;
# - hidden layers of `shift`: R = 2.  Rectification halves the noise, and nothing is gained against deformations;
# - hidden layers of `uniform`: R = (1 - A_1/A_0)/P_k, with A_r the autocorrelations of the kernel and P_k the price of
#   rectification: 2/3, 0.29, 0.18, ..., less with every layer;
# - the last layer of `shift`: R = (6 xi - 5)/(12 xi c), c the power of one rectified sum: 0.0505 at xi = 7.
#
# Both outputs are f = ReLU(xi - d), with one D; but G_f differs, and with it R_f.

# %%
from fractions import Fraction

import numpy as np
import sympy
from numpy.polynomial.legendre import leggauss
from scipy.special import erfc
from sympy import Expr, Integer, Rational, binomial, cancel, expand, expand_func, factor, limit, oo, pi, sqrt, symbols

from solver import Deformation, GaussianNoise, Network, TwoPixelTask, construct, sensitivities, sensitivity_formula
from solver.gaussian.balls import enclose
from solver.gaussian.moments import rectified_mean, rectified_product, rectified_square
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.noise.route import Evaluation
from solver.sensitivity.noise.transfer.layer import LAYER_TRANSFER
from solver.sensitivity.question import Question

ell, xi, k = symbols("l xi k", integer=True, positive=True)
sigma = symbols("sigma", positive=True)
A = symbols("A_0:3")
ENERGY = Rational(8, 3)

# %% [markdown]
# ## Below the last layer: the numerator
#
# From `deformation_linear_layers.py`: sum_r A_r C_r, with C_r the correlations of tau x - x.

# %%
displacement = ENERGY * (A[0] - A[1]) - Rational(4, 9) * (3 * A[0] - 4 * A[1] + A[2]) / (ell - 1)


def kernel(size: int, layer: int) -> list[int]:
    """Return the coefficients of (1 + z + ... + z^(size-1))^layer; size 1 stands for one channel of `shift`."""
    z = symbols("z")
    return [int(c) for c in sympy.Poly(sum(z**i for i in range(size)), z).pow(layer).all_coeffs()]


def autocorrelations(taps: list[int]) -> list[int]:
    """Return A_0, A_1, ... of a kernel, and two zeros."""
    return [sum(x * y for x, y in zip(taps, taps[r:], strict=False)) for r in range(len(taps))] + [0, 0]


def displaced(size: int, layer: int) -> Expr:
    """Return <||a(tau x) - a(x)||^2> of a hidden layer in l."""
    return displacement.subs(dict(zip(A, autocorrelations(kernel(size, layer)), strict=False)))


# %% [markdown]
# ## The image, and layer 1
#
# The noise of the image is l sigma^2.  In layer 1 a unit that sees m pixels holds X+, X ~ N(m, s sigma^2); windows of s
# sites hold m pixels l C(s, m) C(l - s, 2 - m) / C(l, 2) times on average.


# %%
def window_count(size: Expr, m: int) -> Expr:
    """Return the mean number of windows of some sites that hold m pixels."""
    return factor(expand_func(ell * binomial(size, m) * binomial(ell - size, 2 - m) / binomial(ell, 2)))


def layer_one_noise(size: int) -> Expr:
    """Return <||a_1(x+eta) - a_1(x)||^2> in l and sigma; size 1 stands for one channel of `shift`."""
    total, v = Integer(0), size * sigma**2
    for m in range(min(size, 2) + 1):
        square = rectified_square(m, v) - 2 * m * rectified_mean(m, v) + m**2
        total += window_count(Integer(size), m) * expand(square)
    return total


R_image = factor(displaced(1, 1) / (ell * sigma**2))
R_one = {name: displaced(size, 1) / layer_one_noise(size) for name, size in (("shift", 1), ("uniform", 3))}

# %% [markdown]
# ## Hidden layers of long rings
#
# Only the background's noise grows with l (see `price_of_rectification.py`): per site and sigma^2 it is sum_r A'_r M_r,
# A' of the layers after the first and M_r the moment of two rectified Gaussians of variance s and covariance s - r.


# %%
def background_moment(size: int, lag: int) -> Expr:
    """Return M_r = E[z+ z'+] at sigma = 1."""
    if lag == 0:
        return rectified_square(0, size)
    return rectified_product(0, 0, size, size, max(size - lag, 0))


def limit_hidden(size: int, layer: int) -> Expr:
    """Return R of a hidden layer as l grows at l sigma^2 = 8/3."""
    after = autocorrelations(kernel(size, layer - 1))
    noise = sum((2 if r else 1) * a * background_moment(size, r) for r, a in enumerate(after) if a)
    return limit(displaced(size, layer), ell, oo) / (ENERGY * noise)


R_shift, R_uniform = limit_hidden(1, 1), [limit_hidden(3, layer) for layer in (1, 2, 3)]

# %% [markdown]
# ## The last layer of `shift`, on long rings
#
# From `deformation_last_layer.py` and `noise_last_layer.py`: R = (4/9)(6 xi - 5)/(l-1) / (n_0 e_0 + n_1 e_1 + n_2 e_2).
# As sigma falls off as 1/sqrt(l), a background unit hardly ever reaches the threshold, e_0 is exponentially small, and
# n_2 falls off as 1/l.  What is left is the 2 xi units that see one pixel and sit at the threshold: their a is
# sigma (X + T)+, X a standard Gaussian and T a sum of xi - 1 rectified ones.

# %%
c = symbols("c", positive=True)
change_last = Rational(4, 9) * (6 * xi - 5) / (ell - 1)
R_last = factor(limit(change_last / (window_count(xi, 1) * c * ENERGY / ell), ell, oo))

# %% [markdown]
# c = E(X+T)+^2 = E(X+T)^2 - E(-X-T)+^2.  The first is 1 + Var T + (E T)^2.  For the second, -X - T is a Gaussian level
# less a sum, so the contour integral of `noise_last_layer.py` has e^(lambda^2/2) in place of e^lambda, and a vertical
# line will do:
#
# $$E(-X-T)_+^2 = \frac{2}{2\pi i} \int \frac{e^{\lambda^2/2}}{\lambda^3}
#   \left[\tfrac12 + e^{\lambda^2/2}\, \Phi(-\lambda)\right]^{\xi-1} d\lambda.$$

# %%
T_mean, T_square = ((xi - 1) * part for part in (rectified_mean(0, 1), rectified_square(0, 1)))
whole = factor(1 + T_square - (xi - 1) * rectified_mean(0, 1) ** 2 + T_mean**2)


def threshold_power(scale: int) -> float:
    """Return c."""
    nodes, weights = leggauss(200)
    z = 2 + 12j * nodes
    psi = 0.5 + np.exp(z * z / 2) * erfc(z / np.sqrt(2)) / 2
    below = 2 / (2 * np.pi) * 12 * float((weights * (np.exp(z * z / 2) / z**3 * psi ** (scale - 1)).real).sum())
    return float(whole.subs(xi, scale)) - below


# %% [markdown]
# ## The output
#
# The change of f under deformations is the same for both.  The noise has a closed lower bound: a is a convex function
# of S, so by Jensen's inequality E a >= (E S - 1)+ >= a_0.  That bounds E f - f_0, and its square the noise; E S is a
# sum of E X+.


# %%
def jensen_bound(size: int, later: list[int], length: int, scale: int, square: Fraction) -> float:
    """Return a lower bound on <(f(x+eta) - f(x))^2>: ones of some size, rectified, then the kernel of later layers."""
    means = [float(enclose(rectified_mean(m, size * Rational(square)), 20).mid()) for m in range(3)]
    task, total = TwoPixelTask(length=length, scale=scale), 0.0
    for distance, weight in task.distance_law.items():
        image = task.image(0, distance)
        seen = sum(np.roll(image, turn) for turn in range(size))
        fields = np.take(means, seen), np.take([0.0, 1.0, 2.0], seen)
        noisy, clean = (sum(w * np.roll(field, turn) for turn, w in enumerate(later)) for field in fields)
        total += float(weight) * float((np.maximum(noisy - 1, 0) - np.maximum(clean - 1, 0)).sum()) ** 2
    return total


# %% [markdown]
# ## The slides' case
#
# What the layers do to R, from the solver: D and G of every layer.


# %%
def uniform_last_noise(task: TwoPixelTask, noise: GaussianNoise) -> float:
    """Return <||a(x+eta) - a(x)||^2> of `uniform` at k~, by the transfer operator."""
    network = construct("uniform", task)
    return float(LAYER_TRANSFER.response(Question(network, task, noise=noise), network.depth, Evaluation()).total)


def slides_case() -> dict[str, list[tuple[float, float]]]:
    """Return D and G of layers 0, 1, 2, 3 and f of both networks at l = 32, xi = 7; for f of `uniform` G's bound."""
    task, noise = TwoPixelTask(), GaussianNoise()
    network = construct("uniform", task)
    shift = sensitivities(construct("shift", task), task, method="series").layers
    hidden = sensitivities(Network(layers=network.layers[:2]), task).layers[:3]
    last, f = distance_moments(network, task, Deformation())[-2:]
    bound = jensen_bound(3, kernel(3, 2), 32, 7, noise.variance(32)) / float(f.spread)
    return {
        "shift": [(float(each.D), float(each.G)) for each in shift],
        "uniform": [
            *((float(each.D), float(each.G)) for each in hidden),
            (float(last.change / last.spread), uniform_last_noise(task, noise) / float(last.spread)),
            (float(f.change / f.spread), bound),
        ],
    }


# %% [markdown]
# - `shift`: R = 0.98, 1.85, 1.85, 0.052, 0.0036.  Its hidden layers are more sensitive to deformations than to noise,
#   and all it gains comes at once, in the layer that sums.
# - `uniform`: R = 0.98, 0.56, 0.26, 0.21, below 0.0007.  It gains in every layer.
#
# At the output both have R << 1 with the very same D.  D has fallen to a tenth of that of the image, while G has grown
# 25 times for `shift`, and more than 130 times for `uniform`.  So most of a small R at the output is noise, the mean of
# rectified noise that pooling adds up.


# %%
def latex() -> str:
    """Return R in l and sigma of the image and of layer 1, and the limits."""
    limits = ", \\ ".join(f"{float(enclose(R, 12).mid()):.4f}" for R in R_uniform)
    rows = []
    for name, size in (("shift", 1), ("uniform", 3)):
        counts = [window_count(Integer(size), m) for m in range(min(size, 2) + 1)]
        shown = [rf"\left({sympy.latex(n)}\right)" if n.is_Add else sympy.latex(n) for n in counts]
        noise = " + ".join(rf"{n}\, e({m}, {size if size > 1 else ''}\sigma^2)" for m, n in enumerate(shown))
        change = sympy.latex(factor(displaced(size, 1)))
        rows.append(rf"R_1^{{\mathrm{{{name}}}}} &= {change} \Big/ \left[{noise}\right] \\")
    return "\n".join(
        [
            r"\begin{aligned}",
            rf"R_0 &= {sympy.latex(R_image)} \\",
            *rows,
            r"e(m, v) &= E[(X_+ - m)^2], \quad X \sim \mathcal{N}(m, v) \\",
            rf"R_k^{{\mathrm{{shift}}}} &\to {R_shift}, \quad "
            rf"R_{{\tilde k}}^{{\mathrm{{shift}}}} \to {sympy.latex(R_last)}, \quad "
            rf"R_k^{{\mathrm{{uniform}}}} \to {limits}, \ldots",
            r"\end{aligned}",
        ]
    )


def as_float(expression: Expr) -> float:
    """Return a closed expression as a float."""
    return float(enclose(expression, 20).mid())


def check_limits() -> None:
    """Compare the limits with long rings, and c with its values for one and two pixels."""
    assert as_float(R_uniform[2]) < as_float(R_uniform[1]) < R_uniform[0]
    assert R_shift == 2 and R_uniform[0] == Rational(2, 3)
    length = 10**5
    for name, limits in (("shift", [R_shift] * 2), ("uniform", R_uniform[:2])):
        task = TwoPixelTask(length=length, scale=7)
        layers = sensitivities(Network(layers=construct(name, task).layers[:2]), task).layers
        assert all(abs(float(each.R) - as_float(R)) < 10 / length for each, R in zip(layers[1:3], limits, strict=True))
    assert abs(threshold_power(1) - 1 / 2) < 1e-13
    assert abs(threshold_power(2) - as_float(1 + 1 / (2 * pi))) < 1e-13
    task = TwoPixelTask(length=400, scale=7)
    last = sensitivities(construct("shift", task), task, method="series").layers[3]
    assert abs(float(last.R) / float(R_last.subs({xi: 7, c: threshold_power(7)})) - 1) < 10 / 400


def check_case() -> None:
    """Check layer 1 against the engine, the bound against a proven G, and what the text says of the slides' case."""
    case = slides_case()
    R = {name: [d / g for d, g in layers] for name, layers in case.items()}
    at = {ell: 32, sigma: sqrt(ENERGY / 32)}
    for name, layers in R.items():
        assert abs(as_float(R_one[name].subs(at)) / layers[1] - 1) < 1e-14
        assert abs(float(R_image.subs(at)) - layers[0]) < 1e-14 and layers[-1] < 1 / 100
    f = distance_moments(construct("shift", TwoPixelTask()), TwoPixelTask(), Deformation())[-1]
    bound = jensen_bound(1, [1] * 7, 32, 7, GaussianNoise().variance(32))
    assert 0.1 < bound / (case["shift"][-1][1] * float(f.spread)) < 1
    assert R["shift"][1] == R["shift"][2] > 1 > R["shift"][0] > R["shift"][3]
    assert R["uniform"] == sorted(R["uniform"], reverse=True) and R["uniform"][-1] < 0.0007
    assert case["shift"][-1][0] == case["uniform"][-1][0] < 0.1 * case["shift"][0][0]
    grown = [layers[-1][1] / layers[0][1] for layers in case.values()]
    assert 24 < grown[0] < 26 and grown[1] > 130


def check() -> None:
    """Check the identities, the limits and the slides' case."""
    assert cancel(R_image.subs(sigma, sqrt(ENERGY / ell)) - (1 - 1 / (2 * (ell - 1)))) == 0
    known = sensitivity_formula("shift", "last", "l,xi").expression
    assert cancel(change_last / known - 2 * window_count(xi, 2) * (1 - window_count(xi, 2) / ell)) == 0
    check_limits()
    check_case()


if __name__ == "__main__":
    check()
    print(latex())
    for network, layers in slides_case().items():
        print(network, *(f"D {d:.6g}, G {g:.6g}, R {d / g:.6g};" for d, g in layers))
