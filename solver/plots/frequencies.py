"""The frequency content of every layer: filters on the path of their taps, effective kernels on the ring."""

from __future__ import annotations

from collections.abc import Sequence

from solver.constructions.registry import reaching_networks
from solver.network.frequency.content import filter_content, kernel_content
from solver.network.network import Network
from solver.plots.style import Figure, house_style, in_turn, new_figure
from solver.question.task import TwoPixelTask


@house_style()
def frequencies_figure(networks: Sequence[Network] = (), task: TwoPixelTask | None = None) -> Figure:
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
    figure, axes = new_figure(2, len(chosen), width=2.7, height=2.3, sharex=True, sharey="row")
    for network, column in zip(chosen, axes.T, strict=True):
        for k in range(1, network.depth + 1):
            contents = filter_content(network, k), kernel_content(network, k, task.length)
            for axis, content in zip(column, contents, strict=True):
                label = rf"$k = {k}$, mean {float(content.mean_frequency):.3g}"
                points = [*map(float, content.eigenvalues)], [*map(float, content.shares)]
                axis.plot(*points, markerfacecolor="none", label=label, **in_turn(k - 1))
        for axis in column:
            axis.legend(fontsize=7, loc="upper right")
        column[0].set_title(network.name)
        column[1].set_xlabel(r"frequency $\lambda$")
    axes[0, 0].set(ylim=(-0.05, 1.5), yticks=(0, 0.5, 1), ylabel=r"filters: share of $c_\lambda$")
    axes[1, 0].set(ylabel=r"kernels: share of $c_\lambda$")
    return figure
