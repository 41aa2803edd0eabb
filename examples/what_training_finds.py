"""What training finds
===================

``uniform`` and ``shift`` are built by hand.  What does descent find?  ``examples/trained`` keeps networks that
``solver train`` left: the slides' architecture, 3 layers of 16 channels with filters of 3 taps, trained on P images
until their loss is 0.  This run, on P = 64 images, kept its network at steps 0, 1, 3, 10, ... as well.
"""

from decimal import Decimal
from pathlib import Path

from solver import Sampling, construct, sensitivities
from solver.plots.style import show
from solver.plots.training import training_figure
from solver.train.history import history

QUICK = Sampling(points=32, replicates=8)
folder = (Path(__file__).parent if "__file__" in globals() else Path()) / "trained"  # a notebook runs in its own folder
found = history(folder / "slides-P64-seed0.zip", sampling=QUICK, shuffles=4)

print("  step  test error  frequencies of the filters       R of the output")
for moment in found.moments:
    error = float(moment.checkpoint.test_error or 0)
    frequencies = "  ".join(f"{float(layer.filter_frequency):.3f}" for layer in moment.layers[1:-1])
    print(f"{moment.checkpoint.step:6} {error:11.4f}  {frequencies:32} {float(moment.layers[-1].R):.4f}")

# %%
# Filters lose their high frequencies (0 is constant, 3 the most that three taps can have) while the test error falls,
# and D falls from layer to layer.  That is the picture of ``uniform``.

first, last = found.moments[0].layers, found.moments[-1].layers
for name in ("D", "G", "D_shuffled"):
    for when, layers in (("before", first), ("after", last)):
        print(f"{name:10} {when:6}", *(f"{float(getattr(layer, name)):8.3f}" for layer in layers))

# %%
# G of hidden layers ends at or below that of the image, G of the output far below that of hand-built networks: nothing
# piles up here.  And shuffling the connections between channels changes little below the last layers but ruins the
# output, whose readout weighs channels against each other.

task = found.record.training.task
by_hand = [
    sensitivities(construct(name, task), task, method="sampling", sampling=QUICK) for name in ("uniform", "shift")
]
show(training_figure(found, by_hand))
drop = last[-1].D.value(12)
print(f"D of the output after training: {drop:.4f}")

# %%
assert round(drop, 4) == Decimal("0.0699")
