# %% [markdown]
# # D against G in layer 1
#
# A filter (a, 1, a), a >= 0, next to the image: more smoothing makes D less and, on a finite ring, G larger.
# **Result**, ensemble `pairs`, `independent`, l > 6, with e(m, v) = E[(X+ - m)^2], X ~ N(m, v), v = (1 + 2a^2) sigma^2:
#
# $$G_1 = \frac{\sum_m n_m\, e(m, v)}{4\frac{l-2}{l-1}\left(1 + 2a^2 - (1+2a)^2/l\right)}, \qquad
#   m \in \{0, a, 1, 2a, 1 + a\}.$$
#
# On long rings at l sigma^2 = E the trade-off is gone: G_1 tends to E/8 for every kernel, of any width and any number
# of channels.  There the sine window is the best against both, and R_1 -> 2 (1 - cos(pi/(n+1))) at E = 8/3.

# %%
from collections import Counter
from fractions import Fraction

import sympy
from sympy import Expr, Rational, cancel, factor, limit, oo, sqrt, symbols

from solver import Layer, Network, TwoPixelTask, construct, sensitivities
from solver.gaussian.balls import enclose
from solver.gaussian.moments import rectified_mean, rectified_square
from solver.optimal.deformation import best_deformation
from solver.optimal.pareto import layer_point

ell, sigma, a, v, mean = symbols("l sigma a v m", positive=True)
ENERGY = Rational(8, 3)

# %% [markdown]
# ## How many units see what
#
# Without noise a unit holds 0, a, 1, or, with both pixels in its window, 2a or 1 + a.  Both are there at d = 1 and
# d = 2 only, each of probability 2/(l-1).


# %%
def counts_at(distance: int) -> Counter[Expr]:
    """Return how many units hold each value other than 0, for pixels at a distance on a line."""
    values: dict[int, Expr] = {}
    for pixel in (0, distance):
        for offset, weight in ((-1, a), (0, sympy.S.One), (1, a)):
            values[pixel + offset] = values.get(pixel + offset, sympy.S.Zero) + weight
    return Counter(values.values())


far, near = counts_at(3), [counts_at(1), counts_at(2)]
counts = {m: far[m] + 2 / (ell - 1) * sum(each[m] - far[m] for each in near) for m in {*far, *near[0], *near[1]}}
counts[sympy.S.Zero] = ell - sum(counts.values())

# %% [markdown]
# ## G and D

# %%
variance = (1 + 2 * a**2) * sigma**2
spread = 4 * (ell - 2) / (ell - 1) * (1 + 2 * a**2 - (1 + 2 * a) ** 2 / ell)
correlations = (1 + 2 * a**2, 2 * a, a**2)


def unit_noise(m: Expr, square: Expr) -> Expr:
    """Return e(m, v)."""
    return rectified_square(m, square) - 2 * m * rectified_mean(m, square) + m**2


noise = sum(count * unit_noise(m, variance) for m, count in counts.items())
displacement = ENERGY * (correlations[0] - correlations[1]) - Rational(4, 9) * (
    3 * correlations[0] - 4 * correlations[1] + correlations[2]
) / (ell - 1)
G, D = noise / spread, displacement / spread

# %% [markdown]
# ## Long rings
#
# Almost every unit sees background, and there half of the noise survives: e(0, v) = v/2, v = sigma^2 A_0 for a channel
# of any kernel.  The l units of every channel add up to l sigma^2 A_0/2, over 4 A_0: E/8.  The finite number of units
# that see a pixel add O(sigma^2) = O(1/l).  So the kernel of least D has the least R = D/G.

# %%
G_long = limit(ell * unit_noise(0, v * sigma**2).subs(sigma, sqrt(ENERGY / ell)) / (4 * v), ell, oo)
D_long = limit(D, ell, oo)
best_a = [root for root in sympy.solve(sympy.diff(D_long, a), a) if root.is_positive]
R_long = factor(D_long.subs(a, best_a[0]) / G_long)

# %% [markdown]
# ## Finite rings
#
# A unit well above the kink keeps all its noise, v rather than v/2, and smoothing spreads a pixel over three units.
# At l = 32 G rises with a all the way to the least D: it and `shift` (a = 0) are the ends of a front, and `uniform`
# (a = 1) lies past its end.


# %%
def at_filter(expression: Expr, entry: Fraction, length: int) -> float:
    """Return an expression at a filter, on a ring at the default energy."""
    place = {a: Rational(entry), ell: length, sigma: sqrt(ENERGY / length)}
    return float(enclose(expression.subs(place), 20).mid())


def latex() -> str:
    """Return the counts, both sensitivities of long rings and the least R."""
    terms = " + ".join(
        rf"\left[{sympy.latex(factor(counts[m]))}\right] e({sympy.latex(m)}, v)" for m in sorted(counts, key=str)
    )
    return "\n".join(
        [
            r"\begin{aligned}",
            rf"\sum_m n_m\, e(m, v) &= {terms} \\",
            rf"l \to \infty:\quad D_1 &\to {sympy.latex(factor(D_long))}, \quad G_1 \to {sympy.latex(G_long)}, \\",
            rf"\min_a R_1 &\to {sympy.latex(R_long)} \quad \text{{at }} a = {sympy.latex(best_a[0])}",
            r"\end{aligned}",
        ]
    )


def check() -> None:
    """Compare with the engine's D and G along a, the ends of the front, and the limit for other kernels."""
    for length in (14, 32):
        task = TwoPixelTask(length=length, scale=7)
        for entry in (Fraction(1, 3), Fraction(1, 2), Fraction(1)):
            network = Network(layers=[Layer(filters=[[[entry, 1, entry]]])])
            engine = sensitivities(network, task).layers[1]
            assert abs(at_filter(D, entry, length) / float(engine.D) - 1) < 1e-14
            assert abs(at_filter(G, entry, length) / float(engine.G) - 1) < 1e-14
    rising = [at_filter(G, Fraction(i, 10), 32) for i in range(1, 8)]
    shift = layer_point(construct("shift", TwoPixelTask()), 1, TwoPixelTask())
    assert [shift.G, *rising] == sorted([shift.G, *rising])
    assert at_filter(D, Fraction(7, 10), 32) < at_filter(D, Fraction(1), 32)
    assert G_long == ENERGY / 8 and best_a == [1 / sqrt(2)]
    assert cancel(R_long - 2 * (1 - sympy.cos(sympy.pi / 4))) == 0
    assert abs(float(R_long) - 3 * float(best_deformation(3).value)) < 1e-14
    wide = Network(layers=[Layer(filters=[[[1, 4, 2, 0, 3]], [[2, 1, 1, 1, 0]]])])
    assert abs(layer_point(wide, 1, TwoPixelTask(length=10**10, scale=7)).G - 1 / 3) < 1e-4


if __name__ == "__main__":
    check()
    print(latex())
