# %% [markdown]
# # G of the layers that rectify the noise once
#
# Layer 1 rectifies Gaussian pre-activations, and later layers below the last act linearly on the result.  This script
# derives G of layers 1 and 2 of both solutions for filter size 3, in symbolic l and sigma.  **Result**, layer 1, with
# e(m, v) = E[(X+ - m)^2] for X ~ N(m, v), m >= 0:
#
# $$G_1^{shift} = \frac{2\,e(1, \sigma^2) + (l-2)\,\sigma^2/2}{4\,(l-2)/l}, \qquad
#   G_1^{uniform} = \frac{n_2\, e(2, 3\sigma^2) + n_1\, e(1, 3\sigma^2) + n_0\, 3\sigma^2/2}
#                        {4 \frac{l-2}{l-1} (3 - 9/l)},$$
#
# where n_m is the mean number of sites whose window holds m pixels.  At l = 32, l sigma^2 = 8/3: 0.3777..., 0.4437...

# %%
from collections import Counter
from fractions import Fraction

import sympy
from sympy import Expr, Rational, expand, factor, sqrt, symbols

from solver import GaussianNoise, TwoPixelTask, construct
from solver.gaussian.balls import enclose, midpoint_radius
from solver.gaussian.moments import rectified_mean, rectified_product, rectified_square
from solver.sensitivity.noise.once import layer_second_moment

ell = symbols("l", positive=True)
sigma = symbols("sigma", positive=True)

# %% [markdown]
# ## One rectified unit
#
# A unit of layer 1 sees a window of the image; without noise it holds m >= 0, so the ReLU does nothing, and with noise
# it holds X+ with X ~ N(m, v).  Its change is delta = X+ - m.  (The moments are derived in `rectified_moments.py`.)


# %%
def shift_square(mean: int, variance: Expr) -> Expr:
    """Return e(m, v) = E[(X+ - m)^2]."""
    return expand(rectified_square(mean, variance) - 2 * mean * rectified_mean(mean, variance) + mean**2)


def shift_product(mean1: int, mean2: int, variance: Expr, covariance: Expr) -> Expr:
    """Return E[delta delta'] of two units."""
    return expand(
        rectified_product(mean1, mean2, variance, variance, covariance)
        - mean2 * rectified_mean(mean1, variance)
        - mean1 * rectified_mean(mean2, variance)
        + mean1 * mean2
    )


# %% [markdown]
# On the background half of the Gaussian survives, e(0, v) = v/2; far above the kink, the whole.

# %%
background = shift_square(0, sigma**2)

# %% [markdown]
# ## `shift`: every channel is the noisy image, rectified
#
# Layer 1 has three channels, each a shifted copy of the image, so all units have variance sigma^2: on each map two
# units at m = 1, and l - 2 at m = 0.  The denominator is 4 (l-2)/(l-1) (A_0 - S2/l) with A_0 = S2 = 3.  Layer 2 copies
# layer 1, five channels in place of three, and both sides scale alike: G_2 = G_1.


# %%
def spread(kernel_squares: int, kernel_sum_squares: int) -> Expr:
    """Return <||a(x1) - a(x2)||^2> from A_0 and S2 (derived in `deformation_linear_layers.py`)."""
    return 4 * (ell - 2) / (ell - 1) * (kernel_squares - kernel_sum_squares / ell)


noise_shift = 3 * (2 * shift_square(1, sigma**2) + (ell - 2) * background)
G_shift = noise_shift / factor(spread(3, 3))

# %% [markdown]
# ## `uniform`: classes (mean, mean, lag)
#
# Here z = w * eta with w = (1, 1, 1): variance 3 sigma^2, and covariance (3 - r) sigma^2 between units r < 3 apart.
# A unit's mean is the number of pixels in its window.  What a layer needs is how often two units, r apart, have the
# means (m, m'): averaged over the ensemble, in symbolic l.
#
# Count on a line.  Windows that reach 5 sites, the union of two at lag 2, cannot hold both pixels from distance 5 on;
# then all distances look the same.  Each distance 1..4 has probability 2/(l-1), for l > 8.

# %%
ONES = (1, 1, 1)
SIGHT = 5


def line_counts(distance: int, lag: int) -> Counter[tuple[int, int]]:
    """Return how many ordered pairs of units at sites p, p + lag have the means (m, m'), but for (0, 0)."""
    pixels = (0, distance)
    means = Counter(pixel + offset for pixel in pixels for offset in (-1, 0, 1))
    counts: Counter[tuple[int, int]] = Counter()
    for site in range(-1 - lag, distance + 2):
        counts[tuple(sorted((means[site], means[site + lag])))] += 1
    del counts[0, 0]
    return counts


def class_counts(lag: int) -> dict[tuple[int, int], Expr]:
    """Return the mean number of pairs of units with means (m, m') at a lag, over the ring of l sites."""
    near = {d: line_counts(d, lag) for d in range(1, SIGHT)}
    far = line_counts(2 * SIGHT, lag)
    weight = 2 / (ell - 1)
    kinds = set(far).union(*near.values())
    counts = {c: far[c] + weight * sum(near[d][c] - far[c] for d in near) for c in kinds}
    return counts | {(0, 0): ell - sum(counts.values())}


# %% [markdown]
# Layer 1 needs lag 0 alone.  Layer 2 adds three neighbours, so the pairs enter with the autocorrelations of ones:
# 3 at lag 0, 2 at the two lags of 1, 1 at the two lags of 2.


# %%
def moment_at_lag(lag: int) -> Expr:
    """Return sum_p E[delta_p delta_(p+lag)] averaged over the ensemble."""
    variance, covariance = 3 * sigma**2, (3 - lag) * sigma**2
    total = sympy.S.Zero
    for (m, other), count in class_counts(lag).items():
        moment = shift_square(m, variance) if lag == 0 else shift_product(m, other, variance, covariance)
        total += factor(count) * moment
    return total


moments = [moment_at_lag(lag) for lag in range(3)]
noise_uniform = [moments[0], 3 * moments[0] + 2 * (2 * moments[1] + moments[2])]

# %% [markdown]
# The kernels: (1, 1, 1) with A_0 = 3, S2 = 9, and (1, 2, 3, 2, 1) with A_0 = 19, S2 = 81.

# %%
kernels = [ONES, tuple(int(c) for c in sympy.Poly([1, 1, 1], symbols("z")).pow(2).all_coeffs())]
G_uniform = [
    noise / factor(spread(sum(c * c for c in kernel), sum(kernel) ** 2))
    for noise, kernel in zip(noise_uniform, kernels, strict=True)
]

# %% [markdown]
# ## The slides' case


# %%
ENERGY = Rational(8, 3)


def at_case(expression: Expr, length: int = 32, energy: Rational = ENERGY) -> Expr:
    """Return an expression at l sites and l sigma^2 = energy."""
    return expand(expression.subs({ell: length, sigma: sqrt(energy / length)}))


def latex() -> str:
    """Return G of layer 1 for both solutions."""
    shift = sympy.latex(sympy.collect(expand(noise_shift / 3), sigma))
    spreads = [sympy.latex(factor(s)) for s in (spread(1, 1), spread(3, 9))]
    return "\n".join(
        [
            r"\begin{aligned}",
            rf"G_1^{{\mathrm{{shift}}}} &= \left[{shift}\right] \Big/ {spreads[0]} \\",
            rf"G_1^{{\mathrm{{uniform}}}} &= \left[{layer_one_text()}\right] \Big/ {spreads[1]} \\",
            rf"e(m, v) &= {sympy.latex(general_square())}",
            r"\end{aligned}",
        ]
    )


def layer_one_text() -> str:
    """Return the sum over the classes of layer 1 of `uniform`, as LaTeX."""
    counts = {m: factor(count) for (m, _), count in class_counts(0).items()}
    return " + ".join(rf"{sympy.latex(counts[m])}\, e({m}, 3\sigma^2)" for m in sorted(counts, reverse=True))


def general_square() -> Expr:
    """Return e(m, v) for symbolic m and v."""
    mean, variance = symbols("m v", positive=True)
    return sympy.collect(shift_square(mean, variance), sympy.sqrt(variance))


def check() -> None:
    """Compare with the engine: the expressions are equal term by term, and so are the weights of the classes."""
    for length, energy in ((32, Rational(8, 3)), (20, Rational(1, 5)), (1001, Rational(244, 93))):
        task = TwoPixelTask(length=length, scale=7)
        noise = GaussianNoise(energy=energy)
        derived = {
            ("shift", 1): noise_shift,
            ("shift", 2): noise_shift * Rational(5, 3),
            ("uniform", 1): noise_uniform[0],
            ("uniform", 2): noise_uniform[1],
        }
        for (name, layer), formula in derived.items():
            engine = layer_second_moment(construct(name, task), task, noise, layer).expression()
            assert expand(at_case(formula, length, energy) - engine) == 0, (name, layer, length)
        check_classes(length)
    for formula, known in ((G_shift, "0.377755575679029"), (G_uniform[0], "0.443744330281001")):
        middle, radius = midpoint_radius(enclose(at_case(formula), 20))
        assert abs(middle - Fraction(known)) + radius < Fraction(6, 10**16)


def check_classes(length: int) -> None:
    """Compare the counts of the classes (mean, mean, lag) with the engine's weights for layer 2 of `uniform`."""
    task = TwoPixelTask(length=length, scale=7)
    engine = layer_second_moment(construct("uniform", task), task, GaussianNoise(), 2).covariances
    variance = 3 * GaussianNoise().variance(length)
    counted = {
        (m, other, variance * Fraction(3 - lag, 3)): Fraction(str(gram * count.subs(ell, length)))
        for lag, gram in enumerate((3, 4, 2))
        for (m, other), count in class_counts(lag).items()
    }
    assert {key: n for key, n in counted.items() if n} == {
        (*sorted((int(x[0]), int(y[0]))), c): n for (x, y, c), n in engine.items()
    }


if __name__ == "__main__":
    check()
    print(latex())
    print(*(enclose(at_case(G), 20) for G in (G_shift, *G_uniform)))
