"""One image through both networks
===============================

The talk's example: two pixels at distance d = 5, scale xi = 7, filter size 3, so three layers see the scale.
``uniform`` blurs: one channel, every filter all ones.  ``shift`` copies: every channel is the image seen from one
offset.  Both end in a layer with bias -1, a ReLU and a sum over sites.
"""

from solver import TwoPixelTask, activations, construct, response
from solver.plots.activations import activations_figure
from solver.plots.style import show

task = TwoPixelTask(length=20, scale=7)
image = task.image(8, 13)

# %%
# Zeros are printed as dots.  In ``uniform`` each pixel grows into the kernel 1 1 1, then 1 2 3 2 1, and where the two
# copies overlap they add.


def printed(name: str) -> None:
    """Print every activation map of a network, one line per channel."""
    network = construct(name, task)
    print(f"\n{name}")
    labels = [("x",), *(layer.names for layer in network.layers)]
    for k, (maps, names) in enumerate(zip(activations(network, image), labels, strict=True)):
        for channel, row in zip(names, maps.exact()[0], strict=True):
            print(f"  a_{k} {channel:10}" + "".join(f"{v or '.':>3}" for v in row))


printed("uniform")
printed("shift")

# %%
# In ``shift`` the last layer adds each of the seven offsets once, giving 1 where one pixel is in sight and 2 where both
# are; the bias takes 1 off.  What is left counts the sites that see both: 7 - 5 = 2.
#
# In ``uniform`` the numbers are larger, but only by a constant: each pixel adds 27 in all.  The readout subtracts
# 2 (27 - 7) = 40, and the outputs agree.

outputs = {name: response(construct(name, task), image)[0] for name in ("uniform", "shift")}
print(f"\nf_p = {outputs}")

# %%
# The same maps as bars, with a deformation that moves the first pixel by one site: the outlines.  The dashed line is
# the threshold that the bias sets.

networks = [construct(name, task) for name in outputs]
show(activations_figure(networks, task, distance=5, move=(1, 0)))

# %%
assert outputs == {"uniform": 2, "shift": 2}
