# %% [markdown]
# # The price of rectification
#
# How much noise does a layer carry, compared with the same network without ReLU?  **Result** below the last layer: let
# a field z = w * eta of variance v sigma^2 be rectified on a background of 0 and pass a kernel K'.  With A'_r and S'
# the autocorrelations and the sum of K', A_0 that of K' * w, and M_r = E[z+ z'+]/sigma^2 at lag r, as l grows
#
# $$\frac{G_k}{G_k^{identity}} \;\to\;
#   \underbrace{\frac{1}{A_0} \sum_r A'_r \left[M_r - \frac{v}{2\pi}\right]}_{\text{fluctuations}}
#   + \underbrace{\frac{v}{2\pi} \frac{S'^2}{A_0}}_{\text{mean}}.$$
#
# The ReLU halves the power of a single unit, v -> v/2; but v/(2 pi) of that is a mean, which all units share, and which
# later layers add up to S'^2 instead of A'_0.  For `shift` the ratio is 1/2 in every hidden layer; for `uniform` it
# starts at 1/2 and grows as the square root of k.  A sum over all sites adds up the mean over the ring: l/(2 pi s).

# %%
from fractions import Fraction

import sympy
from sympy import Expr, Integer, Rational, binomial, cancel, expand, expand_func, factor, pi, sqrt, symbols

from solver import GaussianNoise, Network, TwoPixelTask, construct, sensitivities
from solver.gaussian.balls import enclose
from solver.gaussian.moments import rectified_mean, rectified_product, rectified_square
from solver.sensitivity.noise.closed import linear_noise
from solver.sensitivity.noise.once import layer_second_moment, readout_second_moment

ell = symbols("l", integer=True, positive=True)
sigma, s = symbols("sigma s", positive=True)
k = symbols("k", integer=True, positive=True)

# %% [markdown]
# ## One unit on the background
#
# X ~ N(0, v sigma^2) becomes X+.  Its power is halved, and splits into a variance and the square of a mean.

# %%
v = symbols("v", positive=True)
power = rectified_square(0, v * sigma**2)
shift = rectified_mean(0, v * sigma**2)
fluctuation = expand(power - shift**2)

# %% [markdown]
# ## A layer
#
# Layer 1 rectifies: with m the pixels that a unit sees, delta = X+ - m has a mean s_m and fluctuates.  Later layers are
# linear, a sum over units of K', so the noise is a sum over lags r,
#
# $$\sum_r A'_r \sum_p \left\{\mathrm{Cov}(\delta_p, \delta_{p+r}) + s_{m(p)}\, s_{m(p+r)}\right\}.$$
#
# The identity leaves z: sigma^2 A_0 for each of l sites.
#
# ## How many pairs of units see what
#
# Units r apart see three disjoint sets of sites: on the left, in common, on the right, of min(r, s), s - min(r, s) and
# min(r, s) sites.  All C(l, 2) pairs of pixels are equally likely, so the numbers of pixels in the three sets have
# binomial weights.


# %%
def pair_counts(size: int, lag: int) -> dict[tuple[int, int], Expr]:
    """Return the mean number of pairs of units ``lag`` apart that see (m, m') pixels, in symbolic l."""
    own = min(lag, size)
    counts: dict[tuple[int, int], Expr] = {}
    for held in ((i, j, n) for i in range(3) for j in range(3 - i) for n in range(3 - i - j)):
        ways = binomial(own, held[0]) * binomial(size - own, held[1]) * binomial(own, held[2])
        ways *= binomial(ell - size - own, 2 - sum(held))
        seen = tuple(sorted((held[0] + held[1], held[1] + held[2])))
        counts[seen] = counts.get(seen, 0) + ell * ways / binomial(ell, 2)  # type: ignore[index]
    return {seen: factor(expand_func(count)) for seen, count in counts.items() if count != 0}


def covariance(m1: int, m2: int, size: int, lag: int) -> Expr:
    """Return Cov(X+, Y+) of units of variance s sigma^2, lag apart."""
    own, common = size * sigma**2, max(size - lag, 0) * sigma**2
    joint = rectified_product(m1, m2, own, own, common) if lag else rectified_square(m1, own)
    return joint - rectified_mean(m1, own) * rectified_mean(m2, own)


def mean_shift(m: int, size: int) -> Expr:
    """Return s_m = E X+ - m."""
    return rectified_mean(m, size * sigma**2) - m


def layer_noise(size: int, kernel: list[int]) -> tuple[Expr, Expr]:
    """Return fluctuations and mean response of a map: s ones, rectified, then K'."""
    fluctuations = means = Integer(0)
    for lag in range(len(kernel)):
        weight = (2 if lag else 1) * autocorrelation(kernel, lag)
        for (m1, m2), count in pair_counts(size, lag).items():
            means += weight * count * mean_shift(m1, size) * mean_shift(m2, size)
            if lag < size:
                fluctuations += weight * count * covariance(m1, m2, size, lag)
    return fluctuations, means


# %% [markdown]
# The kernels: K' of layer k is k - 1 filters of ones for `uniform`.  For `shift` every channel copies layer 1, s = 1
# and K' = 1: the ratio is that of a single field whatever the number of channels.


# %%
def ones_power(size: int, layers: int) -> list[int]:
    """Return the coefficients of (1 + z + ... + z^(size-1))^layers."""
    z = symbols("z")
    return [int(c) for c in sympy.Poly(sum(z**i for i in range(size)), z).pow(layers).all_coeffs()]


def autocorrelation(kernel: list[int], lag: int) -> int:
    """Return A_r of a kernel."""
    return sum(x * y for x, y in zip(kernel, kernel[lag:], strict=False))


def price(size: int, layer: int) -> tuple[Expr, Expr]:
    """Return both parts of G / G_identity in l and sigma."""
    without = ell * sigma**2 * autocorrelation(ones_power(size, layer), 0)
    fluctuations, means = layer_noise(size, ones_power(size, layer - 1))
    return fluctuations / without, means / without


# %% [markdown]
# ## Long rings
#
# Counts of pairs that see a pixel stay bounded, and their moments are of order sigma^2; background pairs grow as l, and
# their moments are sigma^2 times a number.  So in the limit only the background is left, whether sigma is fixed or
# falls off as 1/sqrt(l), and sigma = 1 will do.


# %%
def limit_price(size: int, layer: int) -> tuple[Expr, Expr]:
    """Return both parts as l grows."""
    kernel, whole = ones_power(size, layer - 1), autocorrelation(ones_power(size, layer), 0)
    lags = range(-len(kernel) + 1, len(kernel))
    fluctuations = sum(autocorrelation(kernel, abs(r)) * covariance(0, 0, size, abs(r)) for r in lags if abs(r) < size)
    means = sum(kernel) ** 2 * mean_shift(0, size) ** 2
    return expand(fluctuations.subs(sigma, 1) / whole), expand(means.subs(sigma, 1) / whole)


shift_limit = limit_price(1, 1)
uniform_limits = [limit_price(3, layer) for layer in (1, 2, 3)]

# %% [markdown]
# ## Deep `uniform` networks
#
# v = s, and K' sums to s^(k-1): the mean's part is s^(2k-1) / (2 pi A_0) at every k.  A_0, the middle coefficient of
# the s-nomial of 2k layers, is s^(2k) times the probability that 2k offsets cancel.  Each has variance (s^2 - 1)/12
# (see `deformation_linear_layers.py`), so for large k that is the middle of a Gaussian.

# %%
variance = (s**2 - 1) / 12
A_0_deep = s ** (2 * k) / sqrt(2 * pi * (2 * k * variance))
mean_deep = sympy.simplify(s ** (2 * k - 1) / (2 * pi * A_0_deep))

# %% [markdown]
# The fluctuations tend to a constant: over the few lags r < s at which z is correlated, A'_r is flat, and
# A_0 = sum_r (s - |r|) A'_r tends to s^2 A'_0.  At s = 3 the ratio stays below 1 for 19 layers: rectification pays.


# %%
def deep_fluctuations(size: int) -> Expr:
    """Return the limit of the first part as k grows."""
    total = sum(covariance(0, 0, size, abs(r)) for r in range(-size + 1, size))
    return expand(total.subs(sigma, 1) / size**2)


# %% [markdown]
# ## The pooled sum
#
# Sum a map over all l sites, as the output does.  Fluctuations add up to S'^2 l sum_r Cov_r, means to (S' l s_0)^2, and
# without ReLU the noise is S'^2 s^2 sigma^2 l: the price grows as l.


# %%
def pooled_limit(size: int) -> tuple[Expr, Expr]:
    """Return the fluctuations, and the mean response per site, of the sum of a map over a long ring."""
    return deep_fluctuations(size), expand(mean_shift(0, size).subs(sigma, 1) ** 2 / size**2)


def latex() -> str:
    """Return the power of one unit, and the limits of both networks and of their pooled sums, fluctuations first."""
    rows = [rf"E[X_+^2] &= {sympy.latex(power)} = {sympy.latex(factor(fluctuation))} + {sympy.latex(shift**2)} \\"]
    limits = [("shift", shift_limit), *((f"uniform, {n}", parts) for n, parts in enumerate(uniform_limits, 1))]
    for name, parts in limits:
        first, second = (sympy.latex(sympy.together(part)) for part in parts)
        rows.append(rf"P_{{\mathrm{{{name}}}}} &\to {first} + {second} \approx {float(sum(parts)):.4f} \\")
    deep = [sympy.latex(sympy.together(part)) for part in (deep_fluctuations(3), mean_deep.subs(s, 3))]
    rows.append(rf"P_{{\mathrm{{uniform}}, k}} &\approx {' + '.join(deep)} \\")
    single, triple = (sympy.latex(pooled_limit(size)[1] * ell) for size in (1, 3))
    rows.append(
        rf"P_{{\mathrm{{pooled}}}} &\approx {single} \ (\mathrm{{shift}}), \quad {triple} \ (\mathrm{{uniform}})"
    )
    return "\n".join([r"\begin{aligned}", *rows, r"\end{aligned}"])


def at(expression: Expr, length: int, energy: Fraction) -> Expr:
    """Return an expression at l sites and l sigma^2 = energy."""
    return expand(expression.subs({ell: length, sigma: sqrt(Rational(energy / length))}))


def as_float(expression: Expr) -> float:
    """Return a closed expression as a float."""
    return float(enclose(expression, 20).mid())


def check_layers() -> None:
    """Compare both parts with the engine, expression by expression, and the price."""
    noise = GaussianNoise()
    for length, names in ((32, ("shift", "uniform")), (1001, ("uniform",))):
        task = TwoPixelTask(length=length, scale=7)
        for name in names:
            size, depth = (3, 2) if name == "uniform" else (1, 1)
            network = construct(name, task)
            engine = layer_second_moment(network, task, noise, 2).split()
            parts = [network.layers[1].channels * part for part in layer_noise(size, ones_power(size, depth - 1))]
            for found, known in zip(parts, (engine.incoherent, engine.coherent), strict=True):
                assert expand(at(found, length, noise.energy) - known) == 0, (name, length)
    task = TwoPixelTask(length=32, scale=7)
    for name, size in (("shift", 1), ("uniform", 3)):
        layers = sensitivities(shallow(construct(name, task), 2), task).layers
        for layer in (1, 2):
            derived = as_float(at(sum(price(size, layer if size > 1 else 1)), 32, noise.energy))
            assert abs(derived - float(layers[layer].price)) < 1e-15


def shallow(network: Network, layer: int) -> Network:
    """Return the layers up to one, summed up as the output."""
    return Network(layers=network.layers[:layer], pooling="sum", readout=[1] * network.layers[layer - 1].channels)


def check_limits() -> None:
    """Compare the limits with a long ring, deep layers and pooled sums."""
    length = 10**7
    for deviation in (Rational(1, 2), Integer(2)):
        for size, layer in ((1, 1), (3, 1), (3, 2), (5, 2)):
            exact = as_float(sum(price(size, layer)).subs({ell: length, sigma: deviation}))
            assert abs(exact - as_float(sum(limit_price(size, layer)))) < 50 / length
    for size, layer in ((3, 20), (5, 20)):
        fluctuations, means = limit_price(size, layer)
        assert abs(as_float(fluctuations / deep_fluctuations(size)) - 1) < 1 / layer
        assert abs(as_float(means / mean_deep.subs({s: size, k: layer})) - 1) < 1 / layer
    assert as_float(sum(limit_price(3, 19))) < 1 < as_float(sum(limit_price(3, 20)))


def check_pooled() -> None:
    """Compare the pooled sum of layer 2 with the engine on a long ring."""
    length, noise = 10**7, GaussianNoise()
    task = TwoPixelTask(length=length, scale=7)
    for name, size in (("shift", 1), ("uniform", 3)):
        pooled = shallow(construct(name, task), 2)
        engine = readout_second_moment(pooled, task, noise).split()
        plain = linear_noise(pooled, task, noise, pooled.depth + 1)
        parts = [as_float(part / Rational(plain)) for part in (engine.incoherent, engine.coherent)]
        fluctuations, means = map(as_float, pooled_limit(size))
        assert abs(parts[0] - fluctuations) < 50 / length
        assert abs(parts[1] / (length * means) - 1) < 50 / length


def check() -> None:
    """Run the three comparisons, and check what the text says of one unit and of the first layers."""
    assert power == v * sigma**2 / 2
    assert cancel(shift**2 - v * sigma**2 / (2 * pi)) == 0
    assert sum(shift_limit) == sum(uniform_limits[0]) == Rational(1, 2)
    check_layers()
    check_limits()
    check_pooled()


if __name__ == "__main__":
    check()
    print(latex())
