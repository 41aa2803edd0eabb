"""The figures that the document of derivations shows: one entry each, drawn only when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pkgutil import resolve_name

from solver.plots.style import Figure


@dataclass(frozen=True)
class Entry:
    """A figure: its file name, ``module:function`` in `solver.plots`, and its caption in markdown."""

    name: str
    function: str
    caption: str

    def draw(self) -> Figure:
        """Return the figure."""
        return resolve_name(f"solver.plots.{self.function}")()


FIGURES = (
    Entry("response", "responses:response_figure",
        r"$f_p(d)$ of both solutions (markers) and $\mathrm{ReLU}(\xi - d)$ (line), for $l = 32$, $\xi = 7$."),
    Entry("kernels", "kernels:kernels_figure",
        r"Effective kernels of every layer for $\xi = 7$: a stem for each tap, channels by colour and marker."),
    Entry("activations", "activations:activations_figure",
        "One pair of pixels at $d = 5$ (filled) and a deformation of it (outlines) in every layer, for $l = 32$, "
        r"$\xi = 7$; the dashed line is the threshold that the bias sets."),
    Entry("layers", "layers:layers_figure", r"$D$ and $G$ through the layers, for $l = 32$, $\xi = 7$."),
    Entry("noise-split", "noise_split:noise_split_figure",
        "$G$ through the layers in its coherent part (the mean change over the noise) and its incoherent part "
        r"(fluctuations), for $l = 32$, $\xi = 7$."),
    Entry("frequencies", "frequencies:frequencies_figure",
        r"Frequency content for $l = 32$, $\xi = 7$: shares of the mean squared coefficient at each eigenvalue of the "
        "Laplacian, of the filters on the path of their taps (top) and of the effective kernels on the ring (bottom)."),
    Entry("asymptotes", "asymptotes:asymptotes",
        "Exact values (markers) against their expansions (lines: one term dashed, two terms solid)."),
    Entry("pareto", "pareto:pareto_figure",
        "$D$ against $G$ of hidden layers over filters $(t, 1-t, t)$, for $l = 32$: what is more stable against "
        "deformations is less so against noise."),
)  # fmt: skip
