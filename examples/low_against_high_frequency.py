"""Low against high frequency
==========================

``uniform`` is built from low-frequency filters, ``shift`` from high-frequency ones.  A filter is a signal on the path
of its taps, and its frequencies are the eigenvalues of that path's Laplacian: 0, 1 and 3 for three taps, 0 being
constant.  Effective kernels are signals on the ring in the same way.
"""

from fractions import Fraction

from solver import Deformation, GaussianNoise, TwoPixelTask, construct, filter_content
from solver.network.frequency.content import mean_kernel_frequency
from solver.plots.frequencies import frequencies_figure
from solver.plots.style import show
from solver.sensitivity.sensitivities import sensitivities

task = TwoPixelTask(length=32, scale=7)
networks = {name: construct(name, task) for name in ("uniform", "shift")}
for name, network in networks.items():
    means = [str(filter_content(network, k).mean_frequency) for k in (1, 2, 3)]
    print(f"{name:8} mean frequency of the filters: {', '.join(means)}")

# %%
# A ReLU that cuts nothing leaves a convolution, and a deformation changes its maps by as much as the kernel changes
# from site to site.  On long rings D is a third of the kernels' mean frequency.

limits = {name: Fraction(mean_kernel_frequency(network, 2, task.length)) / 3 for name, network in networks.items()}
for name, network in networks.items():
    for length in (32, 256, 2048):
        ring = TwoPixelTask(length=length, scale=7)
        found = sensitivities(network, ring, deformation=Deformation(), noise=GaussianNoise(), quantities=("D",))
        print(f"{name:8} l = {length:4}   D_2 = {found[2].D.value(6)}   a third of the mean frequency {limits[name]}")

# %%
# Smoothing buys stability against deformations.  ``shift`` keeps every frequency up to its last layer, so its D stays
# that of the image; in the last layer its seven taps are a box, and low-frequency too.

show(frequencies_figure(list(networks.values()), task))

# %%
assert limits == {"uniform": Fraction(2, 19), "shift": Fraction(2, 3)}
