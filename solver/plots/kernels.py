"""The effective kernels of every layer, tap by tap."""

from __future__ import annotations

from collections.abc import Sequence

from solver.network.kernels import Kernel, effective_kernel
from solver.network.network import Network
from solver.plots.points import slides_or
from solver.plots.style import Axes, Figure, house_style, in_turn, new_figure
from solver.question.task import TwoPixelTask

MOST_CHANNELS = 14
"""Channels drawn of a layer; more cannot be told apart."""


@house_style()
def kernels_figure(networks: Sequence[Network] = (), task: TwoPixelTask | None = None) -> Figure:
    """Return a figure of the effective kernels K_k on their offsets: a column for each network, a row for each layer.

    A stem stands for a tap that is not 0; channels differ in colour and marker and stand side by side.  Where no ReLU
    cuts, a_k is the image correlated with K_k.

    Parameters
    ----------
    networks : sequence of Network
        `uniform` and `shift` if left out.
    task : TwoPixelTask
        l = 32, xi = 7 if left out; it only picks those.
    """
    chosen = slides_or(networks, task or TwoPixelTask())
    depth = max(network.depth for network in chosen)
    figure, axes = new_figure(depth, len(chosen), width=2.8, height=1.4, sharex=True)
    for column, network in zip(axes.T, chosen, strict=True):
        for k, axis in enumerate(column, start=1):
            if k > network.depth:
                axis.set_axis_off()
            else:
                _draw(axis, effective_kernel(network, k))
        column[0].set_title(network.name)
        column[network.depth - 1].set_xlabel("offset, in pixels")
        column[network.depth - 1].tick_params(labelbottom=True)
    for k, axis in enumerate(axes[:, 0], start=1):
        axis.set_ylabel(f"$K_{{{k}}}$")
    return figure


def _draw(axis: Axes, kernel: Kernel) -> None:
    shown = min(kernel.channels, MOST_CHANNELS)
    one_hot = ((kernel.values != 0).sum(axis=(0, 1)) <= 1).all()  # no channel hides another
    for channel in range(shown):
        taps = {kernel.first_offset + o: float(v) for o, v in enumerate(kernel.values[channel, 0]) if v != 0}
        aside = 0.0 if one_hot or shown == 1 else 0.5 * channel / (shown - 1) - 0.25
        style = in_turn(channel)
        axis.vlines([o + aside for o in taps], 0, list(taps.values()), color=style["color"], linewidth=1)
        axis.plot([o + aside for o in taps], list(taps.values()), linestyle="none", **style)
    axis.axhline(0, color="0.3", linewidth=0.8)
    axis.locator_params(axis="x", integer=True)
    axis.margins(y=0.15)
    note = f"{kernel.channels} channel" + "s" * (kernel.channels != 1)
    note += f", {shown} shown" if shown < kernel.channels else ""
    axis.text(0.01, 1.0, note, transform=axis.transAxes, fontsize=7, color="0.35", va="bottom")
