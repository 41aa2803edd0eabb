"""A network of my own, in exact algebraic numbers
===============================================

A box of width 7, as a polynomial: 1 + z + ... + z^6.  Its roots are the seventh roots of 1 other than 1 itself, in
conjugate pairs, so it splits into three real filters of size 3, [1, -2 cos(2 pi j/7), 1] for j = 1, 2, 3.
One after the other they make a network with one channel whose kernel is the box itself.

The weights are irrational.  ``solver`` takes them as elements of one number field and stays exact.
"""

from fractions import Fraction

from sympy import cos, pi

import solver
from solver import Deformation, Layer, NumberField, TwoPixelTask, effective_kernel
from solver.plots.kernels import kernels_figure
from solver.plots.style import show
from solver.sensitivity.deformation.distances import distance_moments

g = NumberField(2 * cos(2 * pi / 7)).generator
double_cosines = {1: g, 2: g**2 - 2, 3: g**3 - 3 * g}

# %%
# The order matters: the partial products must not be negative, or a ReLU would cut.  From j = 3 down they are not.

layers = [Layer(filters=[[[1, -double_cosines[j], 1]]], bias=[-1 if j == 1 else 0]) for j in (3, 2, 1)]
network = solver.Network(layers=layers, pooling="sum", name="my own")
task = TwoPixelTask(length=32, scale=7)
for k in (1, 2, 3):
    print(f"kernel {k}:", ", ".join(f"{float(v):.4f}" for v in effective_kernel(network, k).values.ravel()))
for proof in solver.linearity_proof(network, task, Deformation()):
    print(f"layer {proof.layer}: {proof.reason}")

# %%
# The last kernel is 1, seven times, exactly: equality is decided in the field, not to some digits.

box = effective_kernel(network, 3).values.ravel().tolist()
assert box == [1] * 7
f = solver.response_by_distance(network, task)
assert all(f[d] == max(7 - d, 0) for d in f)

# %%
# Its D at the hidden layers lies in the field; at the output it is rational, as for every network with this response.

moments = distance_moments(network, task, Deformation())
D = [m.change / m.spread for m in moments]
for k, value in enumerate(D[:-1]):
    print(f"D_{k} = {float(value):.6f} = {value}")
print(f"D of f_p = {D[-1]}")

# %%
# The three kernels: the last is the box.

show(kernels_figure([network]))

# %%
assert D[-1] == Fraction(124, 1939)
