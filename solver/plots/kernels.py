"""The effective kernels of every layer, tap by tap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from solver.constructions.registry import construct
from solver.network.kernels import Kernel, effective_kernel
from solver.network.network import Network
from solver.plots.points import number
from solver.plots.style import MARKERS, PALETTE, TURN, house_style, new_figure
from solver.question.task import TwoPixelTask
from solver.report.documents.slides import NAMES

MOST_CHANNELS = 14
"""Channels drawn of a layer; more cannot be told apart."""
_MARKERS = "".join(MARKERS.values()) + TURN


def kernels_figure(networks: Sequence[Network] = (), task: TwoPixelTask | None = None) -> Any:
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
    chosen = tuple(networks) or tuple(construct(name, task or TwoPixelTask()) for name in NAMES)
    depth = max(network.depth for network in chosen)
    with house_style():
        figure, axes = new_figure(depth, len(chosen), width=2.8, height=1.4, sharex=True)
        for column, network in enumerate(chosen):
            for k in range(1, depth + 1):
                axis = axes[k - 1, column]
                if k > network.depth:
                    axis.set_axis_off()
                else:
                    _draw(axis, effective_kernel(network, k))
            axes[0, column].set_title(network.name)
            axes[network.depth - 1, column].set_xlabel("offset, in pixels")
            axes[network.depth - 1, column].tick_params(labelbottom=True)
        for k in range(1, depth + 1):
            axes[k - 1, 0].set_ylabel(f"$K_{{{k}}}$")
    return figure


def _draw(axis: Any, kernel: Kernel) -> None:
    shown = min(kernel.channels, MOST_CHANNELS)
    step = 0.0 if shown == 1 else 0.5 / (shown - 1)
    for channel in range(shown):
        taps = [(kernel.first_offset + o, number(v)) for o, v in enumerate(kernel.values[channel, 0]) if v != 0]
        shift = 0.0 if _one_hot(kernel) else step * channel - (0.25 if shown > 1 else 0.0)
        offsets, values = [o + shift for o, _ in taps], [v for _, v in taps]
        color = PALETTE[channel % len(PALETTE)]
        axis.vlines(offsets, 0, values, color=color, linewidth=1)
        axis.plot(offsets, values, color=color, marker=_MARKERS[channel % len(_MARKERS)], linestyle="none")
    axis.axhline(0, color="0.3", linewidth=0.8)
    axis.locator_params(axis="x", integer=True)
    note = f"{kernel.channels} channel" + "s" * (kernel.channels != 1)
    if shown < kernel.channels:
        note += f", {shown} shown"
    axis.margins(y=0.15)
    axis.text(0.01, 1.0, note, transform=axis.transAxes, fontsize=7, color="0.35", va="bottom")


def _one_hot(kernel: Kernel) -> bool:
    """Return whether no two channels share an offset, so that none hides another."""
    taps = (kernel.values != 0).sum(axis=(0, 1))
    return bool((taps <= 1).all())
