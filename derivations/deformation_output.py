# %% [markdown]
# # D of the output
#
# The output is f(d) = ReLU(xi - d), whatever network computes it.  **Result** for the ensemble `pairs`, the law
# `independent` with `add`, and l > 2 xi:
#
# $$D_f = \frac{4\,(l-1)}{\xi\,\left[(2\xi-1)(l-1) - 3\xi(\xi-1)\right]}$$
#
# (4 / (xi (2 xi - 1)) on long rings; 124/1939 at l = 32, xi = 7).

# %%
from fractions import Fraction

import sympy
from sympy import Abs, Expr, Rational, factor, summation, symbols

from solver import Deformation, TwoPixelTask, construct
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import image_moments

ell, xi, d = symbols("l xi d", integer=True, positive=True)

# %% [markdown]
# ## How the distance moves
#
# Two independent displacements change the distance by t = t2 - t1 with triangular probabilities.

# %%
third = Rational(1, 3)
change = {t: sum(third**2 for a in (-1, 0, 1) for b in (-1, 0, 1) if b - a == t) for t in range(-2, 3)}

# %% [markdown]
# A deformed pair has distance |d + t|; pixels that meet add to one of value 2, for which f(0) = xi holds as well (see
# `response.py`).  The new value is f(|d + t|), and the energy of an outcome is its squared change.
#
# ## Regimes of the distance
#
# Sum the energies over d = 1, 2, ..., each d < l/2 having probability 2/(l-1).  Start from the slope:
# where both d and d + t lie in 0..xi, f changes by exactly t.  Charge t^2 at the xi - 1 distances d = 1..xi-1, then
# correct wherever that is wrong: at d = 1, where d + t can be -1, and around the kink at xi.

# %%
slope = summation(sum(p * t**2 for t, p in change.items()), (d, 1, xi - 1))


def f_near_scale(beyond: int) -> int:
    """Return f(xi + beyond), for |beyond| <= xi."""
    return max(-beyond, 0)


# %% [markdown]
# At d = 1 the change is (xi - |1 + t|) - (xi - 1) = 1 - |1 + t|.

# %%
at_one = sum(p * ((1 - Abs(1 + t)) ** 2 - t**2) for t, p in change.items())

# %% [markdown]
# At d = xi + e the change is f(xi + e + t) - f(xi + e); the slope was charged for e < 0 only.  It is correct from
# e = -2 down, and nothing happens from e = 2 up.

# %%
at_scale = {
    e: sum(p * ((f_near_scale(e + t) - f_near_scale(e)) ** 2 - (t**2 if e < 0 else 0)) for t, p in change.items())
    for e in range(-3, 4)
}
corrections = at_one + sum(at_scale.values())

# %% [markdown]
# The corrections cancel: what the pixels gain by crossing xi from outside, they lose by crossing each other.
#
# (On rings a little longer than 2 xi some of the distances xi and xi + 1 are missing, or carry half the weight.  There
# d + t turns back at l/2, and the signed distances beyond l/2 make up for them: the sum is the same.)

# %%
displacement = factor(2 / (ell - 1) * (slope + corrections))

# %% [markdown]
# ## The denominator
#
# Twice the variance of f, with the same weights; the distances from xi on contribute nothing.


# %%
def mean(expression: Expr) -> Expr:
    """Return the ensemble average of a function of d that vanishes from xi on."""
    return 2 / (ell - 1) * summation(expression, (d, 1, xi - 1))


spread = factor(2 * (mean((xi - d) ** 2) - mean(xi - d) ** 2))
D = factor(displacement / spread)
D_limit = sympy.limit(D, ell, sympy.oo)

# %% [markdown]
# ## The shortest ring
#
# At l = 2 xi the largest distance is xi itself, with half the weight, and there are no distances beyond it: d + t > xi
# turns back to the distance l - d - t.  Sum the same energies, with the folded distance.


# %%
def f_folded(beyond: int) -> int:
    """Return f at the distance to which xi + beyond folds back on the ring of 2 xi sites."""
    return abs(beyond)


def folded_energy(beyond: int) -> Rational:
    """Return the mean energy of a pair at distance xi + beyond <= xi."""
    return sum(p * (f_folded(beyond + t) - f_folded(beyond)) ** 2 for t, p in change.items())


at_fold = folded_energy(0) / 2 + sum(folded_energy(e) - sum(p * t**2 for t, p in change.items()) for e in (-3, -2, -1))
displacement_shortest = 2 / (2 * xi - 1) * (slope + at_one + at_fold)
D_shortest = factor(displacement_shortest / spread.subs(ell, 2 * xi))


# %%
def evaluated(length: int, scale: int) -> Fraction:
    """Return the derived D at numbers."""
    formula = D_shortest if length == 2 * scale else D
    return Fraction(str(formula.subs({ell: length, xi: scale})))


def latex() -> str:
    """Return D of the output, its long-ring limit and the case of the shortest ring."""
    general, far, shortest_ring = (sympy.latex(formula) for formula in (D, D_limit, D_shortest))
    return rf"D_f = {general} \longrightarrow {far}, \qquad D_f(l = 2\xi) = {shortest_ring}"


def check() -> None:
    """Compare with the networks on many rings and scales, and with the enumeration of every image on short ones."""
    assert evaluated(32, 7) == Fraction(124, 1939)
    for scale in range(2, 12):
        for length in (2 * scale, 2 * scale + 1, 2 * scale + 2, 50, 10**6):
            if length < 4:
                continue
            task = TwoPixelTask(length=length, scale=scale)
            moments = distance_moments(construct("shift", task, filter_size=3), task, Deformation())[-1]
            assert evaluated(length, scale) == moments.change / moments.spread, (length, scale)
    for length, scale in ((6, 3), (7, 3), (11, 5)):
        task = TwoPixelTask(length=length, scale=scale)
        moments = image_moments(construct("uniform", task), task, Deformation())[-1]
        assert evaluated(length, scale) == moments.change / moments.spread, (length, scale)


if __name__ == "__main__":
    check()
    print(latex())
