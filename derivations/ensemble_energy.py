# %% [markdown]
# # How far a deformation moves an image
#
# An image x has two pixels of value 1 at distance d on a ring of l sites, every pair of sites equally likely.
# The deformation tau moves each pixel by -1, 0 or +1, each with probability 1/3, independently; pixels that
# meet add up.  **Result**, for l >= 4:
#
# $$\langle\|\tau x - x\|^2\rangle = \frac{8}{3} - \frac{4}{3(l-1)}$$
#
# The slides use the first term, which holds for pixels far apart.  The second is due to close pixels.

# %%
from collections import Counter
from fractions import Fraction

import sympy
from sympy import Expr, Rational, apart, symbols

from solver import Deformation, TwoPixelTask, deformation_energy
from solver.question.deformation import COLLISIONS
from solver.question.laws import LAWS

ell = symbols("l", integer=True, positive=True)

# %% [markdown]
# ## One pair
#
# Put the pixels at 0 and d on a line.  An outcome is a pair of displacements (t1, t2); its energy is the sum of
# squares of u = tau x - x.  With the default law there are nine outcomes, each of probability 1/9.


# %%
def outcome_energy(distance: int, move: tuple[int, int], collisions: str = "add") -> int:
    """Return ||tau x - x||^2 of one outcome."""
    moved = Counter([move[0], distance + move[1]])
    if collisions == "merge":
        moved = Counter(set(moved))
    moved.subtract([0, distance])
    return sum(u * u for u in moved.values())


def pair_energy(distance: int, law: str = "independent", collisions: str = "add") -> Rational:
    """Return ||tau x - x||^2 averaged over the outcomes of one pair; `reject` keeps the order of the pixels."""
    moves = Deformation(law=law).moves
    outcomes = {move: p for move, p in moves.items() if collisions != "reject" or distance + move[1] - move[0] > 0}
    total = sum(p * outcome_energy(distance, move, collisions) for move, p in outcomes.items())
    return Rational(total / sum(outcomes.values()))


nine_outcomes = {move: [outcome_energy(d, move) for d in (1, 2, 3)] for move in Deformation().moves}

# %% [markdown]
# Each pixel that moves leaves a -1 and a +1 behind, energy 2, unless one pixel's trace falls on the other's.
# The sites touched by a pixel are its own and the next on each side, so from d = 3 on the traces are disjoint and
# the energy is 2 * 2 * 2/3 = 8/3.  Only d = 1 and d = 2 differ.

# %%
close = [pair_energy(1), pair_energy(2)]
far = pair_energy(3)

# %% [markdown]
# ## The ensemble
#
# There are l(l-1)/2 pairs, l of them at each distance below l/2.  So d = 1 and d = 2 carry weight 2/(l-1) each,
# and everything else is far.


# %%
def ensemble_energy(law: str = "independent", collisions: str = "add") -> Expr:
    """Return <||tau x - x||^2> over the ensemble `pairs`, in symbolic l."""
    limit = pair_energy(3, law, collisions)
    weight = 2 / (ell - 1)
    return apart(limit + sum(weight * (pair_energy(d, law, collisions) - limit) for d in (1, 2)), ell)


energy = ensemble_energy()

# %% [markdown]
# For l = 4 the distance 2 is half the ring: half as many pairs, but each pixel then meets the other on both sides.
# For `add` the two effects cancel, because the energy is quadratic in u and only products of the two traces differ
# from the far value.  So the result holds from l = 4 on.
#
# The same count gives the other laws and collision rules, for l >= 6.

# %%
table = {(law, rule): ensemble_energy(law, rule) for law in LAWS for rule in COLLISIONS}


# %%
def latex() -> str:
    """Return the derived formula."""
    return rf"\left\langle \|\tau x - x\|^2 \right\rangle = {sympy.latex(energy)}"


def check() -> None:
    """Compare with the engine on many rings, short and very long."""
    for length in (*range(4, 40), 1000, 10**9):
        task = TwoPixelTask(length=length, scale=2)
        assert deformation_energy(task, Deformation()) == Fraction(str(energy.subs(ell, length))), length
    for (law, rule), formula in table.items():
        for length in (*range(6, 20), 1001):
            found = deformation_energy(TwoPixelTask(length=length, scale=3), Deformation(law=law, collisions=rule))
            assert found == Fraction(str(formula.subs(ell, length))), (law, rule, length)


if __name__ == "__main__":
    check()
    print(latex())
