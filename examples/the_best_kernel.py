"""The best kernel
===============

A hidden layer that no ReLU cuts is a convolution with some kernel K.  Which kernel of n taps moves least under a
deformation, compared with how far apart it keeps the images?  D is a quotient of two quadratic forms in K, so its least
value is an eigenvalue.  On long rings it is 2/3 (1 - cos(pi/(n+1))), and the kernel is half a period of a sine:
K(j) = sin(pi j/(n+1)).
"""

from fractions import Fraction

from solver import Deformation, Layer, Network, TwoPixelTask, best_deformation
from solver.plots.style import PALETTE, house_style, new_figure, plain_ticks, show
from solver.sensitivity.deformation.autocorrelations import autocorrelation_moments

task = TwoPixelTask(length=32, scale=7)


def deformation_sensitivity(taps: list[int]) -> Fraction:
    """Return D of a layer with one filter."""
    moments = autocorrelation_moments(Network(layers=[Layer(filters=[[taps]])]), task, Deformation(), 1)
    return moments.change / moments.spread


# %%
# Five taps, as layer 2 sees them.  ``uniform`` has the kernel 1 2 3 2 1 there.  A box changes too abruptly at its ends,
# and the binomial kernel is too narrow.

kernels = {"box": [1, 1, 1, 1, 1], "uniform": [1, 2, 3, 2, 1], "binomial": [1, 4, 6, 4, 1], "copy": [0, 0, 1, 0, 0]}
D = {name: deformation_sensitivity(taps) for name, taps in kernels.items()}
for name, value in D.items():
    print(f"{name:10} {float(value):.6f} = {value}")

# %%
# The least D of all kernels of five taps is an algebraic number on this ring, and known in closed form on long ones.

best, limit = best_deformation(5, task), best_deformation(5)
print(f"{'least':10} {best.value.value(6)}   on long rings {limit.value.value(6)} = {limit.value.latex}")
print("its kernel:", ", ".join(f"{float(v / best.kernel[0]):.4f}" for v in best.kernel))
print("the sine:  ", ", ".join(f"{float(v):.4f}" for v in limit.kernel))
D_uniform = D["uniform"]
assert best.value.value(12) < min(D.values())

# %%
# With more taps the least D falls as 1/n^2; ``uniform`` spreads only as the square root of its depth and falls as 1/n.

widths = [2 * k + 1 for k in range(1, 9)]
powers = [[1]]
for _ in widths:
    powers.append([sum(powers[-1][max(0, i - 2) : i + 1]) for i in range(len(powers[-1]) + 2)])
series = {
    "uniform": ([float(deformation_sensitivity(taps)) for taps in powers[1:]], "o"),
    "least": ([float(best_deformation(n, task).value) for n in widths], "*"),
}
with house_style():
    figure, ((axis,),) = new_figure(width=4.2)
    for (name, (values, marker)), color in zip(series.items(), PALETTE, strict=False):
        axis.plot(widths, values, color=color, marker=marker, label=name)
    axis.set(xscale="log", yscale="log", xlabel="taps $n$", ylabel="$D$")
    axis.set_xticks([3, 5, 9, 17], ["3", "5", "9", "17"])
    axis.set_xticks([], minor=True)
    plain_ticks(axis)
    axis.legend()
show(figure)

# %%
assert D_uniform == Fraction(592, 4743)
