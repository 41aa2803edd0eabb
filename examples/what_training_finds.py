# %% [markdown]
# # What training finds
#
# The slides build two solutions by hand, `uniform` (low frequencies) and `shift` (high ones), and ask which of them a
# trained network resembles.  `examples/trained` keeps networks that `solver train` left: the slides' architecture
# (3 layers, 16 channels, filters of 3 taps) on P images, from several seeds, before and after training.

# %%
from decimal import Decimal
from pathlib import Path
from typing import Any

from solver.sensitivity.sampling import Sampling
from solver.train.history import History, history

QUICK = Sampling(points=32, replicates=8)
folder = Path(__file__ if "__file__" in globals() else "examples/x").resolve().parent / "trained"
runs = {f"P = {P}": history(folder / f"slides-P{P}-seed0.zip", sampling=QUICK, shuffles=4) for P in (10, 16)}


# %% [markdown]
# Filters lose their high frequencies (0 is constant, 3 the most that three taps can have), and D falls from layer to
# layer.  G of hidden layers stays near that of the image or below: noise does not pile up before the output.


# %%
def row(found: History, moment: int, quantity: str) -> list[Any]:
    """Return a quantity of every layer, before (0) or after (-1) training."""
    return [getattr(layer, quantity) for layer in found.moments[moment].layers]


for name, found in runs.items():
    for moment, when in ((0, "before"), (-1, "after")):
        error = found.moments[moment].checkpoint.test_error
        print(f"\n{name}, {when}: test error {float(error or 0):.3f}")
        print("  filter frequency        ", *(f"{float(v):8.3f}" for v in row(found, moment, "filter_frequency")[1:-1]))
        for quantity in ("D", "G", "R", "D_shuffled"):
            print(f"  {quantity:14}", *(f"{float(v):8.3f}" for v in row(found, moment, quantity)))

# %% [markdown]
# Shuffling connections between channels leaves D of hidden layers nearly as it is: what they gain is spatial pooling.
# The output is another matter: its readout weighs channels against each other, and shuffled, its D is several times as
# large.

# %%
trained = [float(v) for v in row(runs["P = 16"], -1, "D")]
drop = Decimal(str(float(row(runs["P = 16"], -1, "D")[-1])))
print(f"\nD of the output after training: {drop:.4f}")

# %%
assert trained == sorted(trained, reverse=True) and round(drop, 4) == Decimal("0.0835")
