"""The response f_p(d) of networks, against the claim ReLU(xi - d)."""

from __future__ import annotations

from collections.abc import Sequence

from solver.network.network import Network
from solver.plots.points import slides_or
from solver.plots.style import HOLLOW, Figure, house_style, look, new_figure
from solver.question.task import TwoPixelTask
from solver.sensitivity.response.by_displacement import response_by_distance

_LARGEST = 3
"""Distances beyond this many scales are left out: there the response is constant."""


@house_style()
def response_figure(networks: Sequence[Network] = (), task: TwoPixelTask | None = None) -> Figure:
    """Return a figure of f_p(d) of each network (markers) and of ReLU(xi - d) (line).

    Markers of networks that agree lie around each other, the first the smallest.

    Parameters
    ----------
    networks : sequence of Network
        `uniform` and `shift` if left out.
    task : TwoPixelTask
        l = 32, xi = 7 if left out.

    Raises
    ------
    NotApplicableError
        If the output of a network depends on more than the distance.
    """
    task = task or TwoPixelTask()
    distances = range(1, min(task.length // 2, _LARGEST * task.scale) + 1)
    figure, ((axis,),) = new_figure(width=4.2, height=3.0)
    claim = [max(task.scale - d, 0) for d in distances]
    axis.plot(distances, claim, color="0.65", zorder=1, label=rf"$\mathrm{{ReLU}}(\xi - d)$, $\xi = {task.scale}$")
    for place, network in enumerate(slides_or(networks, task)):
        f = response_by_distance(network, task)
        style = look(network.name, place) | HOLLOW | {"markersize": 3.5 + 2 * place}
        axis.plot(distances, [float(f[d]) for d in distances], label=network.name, **style)
    axis.axvline(task.scale, color="0.3", linewidth=0.8, linestyle=":")
    axis.set(xlabel="distance $d$", ylabel="$f_p(d)$", title=f"$l = {task.length}$")
    axis.legend(loc="upper right")
    return figure
