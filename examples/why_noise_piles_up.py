"""Why rectified noise piles up
============================

Noise of mean 0 averages out: pooled over l sites, it grows as sqrt(l).  A ReLU on a background of 0 cuts its negative
half, and what is left has a positive mean.  Means add up as l: pooling makes this worse.

``solver`` keeps the two apart.  For one rectification the mean squared change of a readout is a sum of an incoherent
part (fluctuations) and a coherent one (the square of the mean change), both in closed form.
"""

from decimal import Decimal

from solver import GaussianNoise, Network, TwoPixelTask, construct
from solver.plots.style import COLORS, MARKERS, house_style, new_figure, show
from solver.sensitivity.noise.once import readout_second_moment
from solver.sensitivity.noise.second_moment import closed_values


def parts(name: str, length: int) -> list[Decimal]:
    """Return the incoherent and the coherent part of the noise in the summed map of layer 1."""
    task = TwoPixelTask(length=length, scale=7)
    first_layer = Network(layers=construct(name, task).layers[:1], pooling="sum")
    split = closed_values(readout_second_moment(first_layer, task, GaussianNoise()))
    return [part.value(12) for part in (split.incoherent, split.coherent)]


# %%
# The total energy of the noise, l sigma^2 = 8/3, is the same on every ring.

for name in ("uniform", "shift"):
    print(f"\n{name:8}    l   incoherent     coherent")
    for length in (32, 64, 128, 256):
        print(f"{'':8} {length:4} {parts(name, length)[0]:12.4f} {parts(name, length)[1]:12.4f}")

# %%
# The fluctuations level off, the coherent part grows with l.  A background unit contributes sqrt(v / (2 pi)) on
# average, v its variance.  ``uniform`` adds three pixels first, v = 3 sigma^2, and part of the noise cancels before the
# ReLU; ``shift`` rectifies each of three copies at v = sigma^2, and nothing cancels.  The means are as sqrt(3) to 3, so
# on long rings, which are background almost everywhere, the coherent parts differ by a factor of 3.

ratio = parts("shift", 10**6)[1] / parts("uniform", 10**6)[1]
print(f"\ncoherent part, shift over uniform, at l = 10^6: {ratio:.4f}")

# %%
# Full lines are the coherent parts, which keep growing, dashed lines the incoherent ones, which do not.

lengths = [2**n for n in range(5, 13)]
with house_style():
    figure, ((axis,),) = new_figure(width=4.2)
    for name in ("uniform", "shift"):
        drawn = [parts(name, length) for length in lengths]
        for part, style, label in ((1, "-", "coherent"), (0, "--", "incoherent")):
            look = {"color": COLORS[name], "marker": MARKERS[name], "linestyle": style}
            axis.plot(lengths, [float(each[part]) for each in drawn], label=f"{name}, {label}", **look)
    axis.set(xscale="log", yscale="log", xlabel="sites of the ring $l$", ylabel="noise of the pooled output")
    figure.legend(loc="outside upper center", ncols=2)
show(figure)

# %%
assert round(ratio, 4) == Decimal("3.0000")
