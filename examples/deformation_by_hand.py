"""The numerator of D for one pair, by hand
========================================

D_k compares two averages: how far a deformation moves a layer's map, and how far apart the maps of two images are.
Here is the first, for one pair at distance 5.  Each pixel moves by -1, 0 or +1, so there are nine outcomes of
probability 1/9.
"""

from fractions import Fraction

import numpy as np

from solver import Deformation, TwoPixelTask, activations, construct, response
from solver.plots.style import PALETTE, house_style, new_figure, show
from solver.question.deformation import deformation_outcomes

task = TwoPixelTask(length=32, scale=7)
network = construct("uniform", task)
first, second = 10, 15
image = task.image(first, second)
outcomes = deformation_outcomes(task, Deformation(), first, second)

# %%
# For each outcome: the squared distance between the maps of the deformed and the plain image, layer by layer, and the
# squared change of the output.


def changes(deformed: np.ndarray) -> list[Fraction]:
    """Return ||a_k(tau x) - a_k(x)||^2 for layers 0 to 3, then the squared change of f_p."""
    plain, moved = activations(network, image), activations(network, deformed)
    maps = [(b - a).squared_norms()[0] for a, b in zip(plain, moved, strict=True)]
    return [*maps, (response(network, deformed)[0] - response(network, image)[0]) ** 2]


moves = list(Deformation().moves)
rows = [changes(deformed) for deformed, _ in outcomes]
print(" t1  t2    a_0   a_1   a_2   a_3   f_p")
for (t1, t2), row in zip(moves, rows, strict=True):
    print(f"{t1:+3d} {t2:+3d}  " + "".join(f"{int(v):6}" for v in row))

# %%
# A moved pixel leaves a -1 and a +1 behind, energy 2.  After the box filter 1 1 1 it is still a single -1 and +1,
# three sites apart: the numerator has not grown, while the denominator of D_1 is nearly three times that of D_0.  That
# is stability.
#
# The output follows the distance, f_p = 7 - d, so it changes by t1 - t2, whatever the network: the last column is
# (t1 - t2)^2.

means = [sum((p * row[k] for row, (_, p) in zip(rows, outcomes, strict=True)), Fraction(0)) for k in range(5)]
print("mean   " + "  ".join(str(m) for m in means))

# %%
# The means of the numerator, layer by layer: blurring leaves it as it is in layer 1.

with house_style():
    figure, ((axis,),) = new_figure()
    drawn = axis.bar(["0", "1", "2", "3", "$f_p$"], [float(mean) for mean in means], color=PALETTE[0])
    axis.bar_label(drawn, [str(mean) for mean in means])
    axis.set(ylim=(0, 42), xlabel="layer $k$", ylabel=r"$\langle \|a_k(\tau x) - a_k(x)\|^2 \rangle_\tau$")
show(figure)

# %%
assert means[-1] == Fraction(4, 3)
