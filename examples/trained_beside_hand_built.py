"""Trained beside hand-built networks
==================================

One run is an anecdote.  ``examples/trained/histories.json`` is what ``solver history`` found of all the runs kept there,
before and after training: three tasks, several numbers P of training images, several seeds.
"""

from decimal import Decimal
from pathlib import Path
from statistics import median

from solver.plots.outcomes import error_figure, layers_of_runs_figure
from solver.plots.style import house_style, show
from solver.report.outcomes import family_line, read_outcomes
from solver.train.outcomes import correlations, families

folder = Path(__file__ if "__file__" in globals() else "examples/x").resolve().parent / "trained"
outcomes = read_outcomes(folder / "histories.json")
for family in families(outcomes):
    print(f"{len(family):3} runs: {family_line(family[0].training)}")

# %%
