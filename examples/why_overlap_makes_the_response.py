"""Why overlapping windows make the response
=========================================

The last layer has bias -1.  A site that sees no pixel is at -1, and the ReLU lifts it to 0.  A site that sees one
pixel or two is at 0 or above and passes unchanged.  So all that the ReLU does is to count the sites that see nothing,
and that count knows the distance: the union of two windows shrinks as they overlap.
"""

from dataclasses import replace

from solver import Layer, Network, TwoPixelTask, response_by_distance
from solver.plots.responses import response_figure
from solver.plots.style import show

task = TwoPixelTask(length=24, scale=7)
for d in (2, 5, 9):
    seen = [sum(abs(site - pixel) <= 3 for pixel in (6, 6 + d)) for site in range(24)]
    row = "".join(str(count or ".") for count in seen)
    print(f"d = {d}   {row}   union {24 - seen.count(0):2}, overlap {seen.count(2)}")

# %%
# Nothing here depends on the weights, as long as each of the xi taps is at least 1.  So take an ugly kernel.

taps = [1, 5, 1, "3/2", 9, "5/2", 1]
ugly = Network(layers=[Layer(filters=[[taps]], bias=[-1])], pooling="sum")
f = response_by_distance(ugly, task)
print(dict(f.items()))

# %%
# The response is ReLU(7 - d) above a floor.  The floor is what the pixels add, 2 * 21, less the largest union, 2 * 7.

floor = f[12]
assert all(f[d] == max(7 - d, 0) + floor for d in f)

# %%
# One tap below 1 breaks it: a site that sees a single pixel through that tap is now below 0, and cut.  The last step,
# from d = 6 to 7, is only half as high as the others.

broken = Network(layers=[Layer(filters=[[["1/2", *taps[1:]]]], bias=[-1])], pooling="sum")
print({d: str(value) for d, value in response_by_distance(broken, task).items()})

# %%
# Both in one figure, the floor taken off by the readout.

networks = [replace(ugly, constant=-floor, name="ugly"), replace(broken, constant=-floor, name="broken")]
show(response_figure(networks, task))

# %%
assert floor == 28
