"""The task: two pixels and a scale
================================

An image is a ring of l sites, all 0 but for two pixels of value 1.  Its label says whether they are close:
y = +1 if their periodic distance d is below the scale xi, else -1.  A network that solves the task has to pool at
the right scale.
"""

from fractions import Fraction

from solver import TwoPixelTask
from solver.plots.style import PALETTE, house_style, new_figure, show

task = TwoPixelTask(length=32, scale=7)


def drawn(first: int, second: int) -> str:
    """Return an image as text."""
    return "".join("#" if value else "." for value in task.image(first, second))


for distance in (2, 6, 7, 16):
    print(f"d = {distance:2}   y = {task.label(distance):+d}   {drawn(5, 5 + distance)}")

# %%
# The distance is taken the short way round: sites 30 and 3 are 5 apart.  The tie d = xi counts as far.
#
# The ensemble ``pairs`` holds each of the l(l-1)/2 pairs of sites once.  Every distance below l/2 has l pairs, but l/2
# has only half of them: going on by l/2 from either pixel leads to the other.

pairs = list(task.pairs())
counts = {d: task.pair_count(d) for d in task.distance_law}
print(f"{len(pairs)} images; pairs per distance: {counts}")

# %%
# So the classes are not balanced: most pairs are far apart.  (``distances="balanced"`` gives each class the weight
# 1/2.)  All probabilities are exact fractions.

close = sum((weight for d, weight in task.distance_law.items() if task.label(d) > 0), Fraction(0))
print(f"probability of y = +1: {close}")

# %%
# The law of the distances, close pairs filled, distant pairs hatched.

with house_style():
    figure, ((axis,),) = new_figure(width=4.2)
    for y, look in ((1, {"color": PALETTE[0]}), (-1, {"facecolor": "none", "edgecolor": PALETTE[1], "hatch": "////"})):
        law = {d: float(weight) for d, weight in task.distance_law.items() if task.label(d) == y}
        axis.bar(list(law), list(law.values()), label=f"$y = {y:+d}$", **look)
    axis.set(xlabel="distance $d$", ylabel="probability", xticks=range(1, 17, 3), ylim=(0, 0.085))
    axis.legend(ncols=2, loc="upper left")
show(figure)

# %%
assert close == Fraction(12, 31)
