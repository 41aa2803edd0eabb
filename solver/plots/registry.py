"""The figures that the document of derivations shows: one entry each, drawn only when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Entry:
    """A figure: its file name, ``module:function`` of a function that needs no argument, its caption in markdown."""

    name: str
    function: str
    caption: str

    def draw(self) -> Any:
        """Return the matplotlib figure."""
        module, _, function = self.function.partition(":")
        return getattr(import_module(module), function)()


FIGURES = (
    Entry(
        "response",
        "solver.plots.responses:response_figure",
        "$f_p(d)$ of both solutions (markers) and $\\mathrm{ReLU}(\\xi - d)$ (line), for $l = 32$, $\\xi = 7$.",
    ),
    Entry(
        "kernels",
        "solver.plots.kernels:kernels_figure",
        "Effective kernels of every layer for $\\xi = 7$: a stem for each tap, channels by colour and marker.",
    ),
    Entry(
        "activations",
        "solver.plots.activations:activations_figure",
        "One pair of pixels at $d = 5$ (filled) and a deformation of it (outlines) in every layer, for $l = 32$, "
        "$\\xi = 7$; the dashed line is the threshold that the bias sets.",
    ),
    Entry("layers", "solver.plots.layers:layers_figure", "$D$ and $G$ through the layers, for $l = 32$, $\\xi = 7$."),
    Entry(
        "noise-split",
        "solver.plots.noise_split:noise_split_figure",
        "$G$ through the layers in its coherent part (the mean change over the noise) and its incoherent part "
        "(fluctuations), for $l = 32$, $\\xi = 7$.",
    ),
    Entry(
        "frequencies",
        "solver.plots.frequencies:frequencies_figure",
        "Frequency content for $l = 32$, $\\xi = 7$: shares of the mean squared coefficient at each eigenvalue of the "
        "Laplacian, of the filters on the path of their taps (top) and of the effective kernels on the ring (bottom).",
    ),
    Entry(
        "asymptotes",
        "solver.plots.asymptotes:asymptotes",
        "Exact values (markers) against their expansions (lines: one term dashed, two terms solid).",
    ),
    Entry(
        "pareto",
        "solver.plots.pareto:pareto_figure",
        "$D$ against $G$ of hidden layers over filters $(t, 1-t, t)$, for $l = 32$: what is more stable against "
        "deformations is less so against noise.",
    ),
)
