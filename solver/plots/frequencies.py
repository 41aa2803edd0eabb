"""The frequency content of every layer: filters on the path of their taps, effective kernels on the ring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from solver.constructions.registry import reaching_networks
from solver.network.frequency.content import FrequencyContent, filter_content, kernel_content
from solver.network.network import Network
from solver.plots.points import number
from solver.plots.style import PALETTE, house_style, new_figure
from solver.question.task import TwoPixelTask

_MARKERS = "osD^vP"


def frequencies_figure(networks: Sequence[Network] = (), task: TwoPixelTask | None = None) -> Any:
    """Return a figure of the mean squared coefficient at each eigenvalue, as a share; one column a network.

    Above, the filters of each layer on the path of s taps; below, its effective kernels on the ring.  The shares of a
    layer add up to 1; the legend gives the mean frequency.

    Parameters
    ----------
    networks : sequence of Network
        The constructions that reach the scale if left out.
    task : TwoPixelTask
        `TwoPixelTask()` if left out; its ring is the one of the kernels.
    """
    task = task or TwoPixelTask()
    chosen = tuple(networks) or reaching_networks(task)
    with house_style():
        figure, axes = new_figure(2, len(chosen), width=2.7, height=2.3, sharex=True, sharey="row")
        for network, upper, lower in zip(chosen, axes[0], axes[1], strict=True):
            for k in range(1, network.depth + 1):
                _draw(upper, filter_content(network, k), k)
                _draw(lower, kernel_content(network, k, task.length), k)
            upper.set_title(network.name)
            lower.set_xlabel(r"frequency $\lambda$")
            for axis in (upper, lower):
                axis.legend(fontsize=7, loc="upper right")
        axes[0, 0].set(ylim=(-0.05, 1.5), yticks=(0, 0.5, 1))
        axes[0, 0].set_ylabel(r"filters: share of $c_\lambda$")
        axes[1, 0].set_ylabel(r"kernels: share of $c_\lambda$")
    return figure


def _draw(axis: Any, content: FrequencyContent, layer: int) -> None:
    axis.plot(
        [number(value) for value in content.eigenvalues],
        [number(share) for share in content.shares],
        color=PALETTE[(layer - 1) % len(PALETTE)],
        marker=_MARKERS[(layer - 1) % len(_MARKERS)],
        markerfacecolor="none",
        label=rf"$k = {layer}$, mean {number(content.mean_frequency):.3g}",
    )
