"""One image and one deformation of it, through every layer of a network: the maps as bars on the ring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from solver.errors import InputError
from solver.network.network import Network
from solver.network.trace import activations, preactivations, response
from solver.plots.points import slides_or
from solver.plots.style import PALETTE, Axes, Figure, house_style
from solver.question.deformation import Deformation
from solver.question.task import TwoPixelTask

MOST_SITES, MOST_CHANNELS = 256, 9
"""Bars of more sites cannot be seen; of layers with more channels the sum is drawn."""
_PLAIN: dict[str, Any] = {"color": PALETTE[5], "label": "$x$"}
_MOVED: dict[str, Any] = {"facecolor": "none", "edgecolor": PALETTE[1], "hatch": "////", "label": r"$\tau x$"}
_THRESHOLD: dict[str, Any] = {"color": "0.2", "linestyle": "--", "linewidth": 1, "label": "threshold $-b$"}


class MapPanel(NamedTuple):
    """One panel: a map of x and of tau x on the sites it has, and the threshold that it has to pass, if any."""

    label: str
    channel: str
    sites: np.ndarray
    plain: np.ndarray
    moved: np.ndarray
    threshold: float | None = None


@house_style()
def activations_figure(
    networks: Sequence[Network] = (),
    task: TwoPixelTask | None = None,
    distance: int = 5,
    move: tuple[int, int] = (1, 0),
) -> Figure:
    """Return a figure of the maps of one pair of pixels, x (filled bars) and tau x (outlines), a column a network.

    A layer with a bias is drawn twice: first what it adds up, w * a, with its threshold -b as a dashed line, then what
    passes.  Panels of one layer are its channels.

    Parameters
    ----------
    networks : sequence of Network
        `uniform` and `shift` if left out.
    task : TwoPixelTask
        l = 32, xi = 7 if left out.
    distance : int
        d of the two pixels of x, in pixels.
    move : pair of int
        How far tau moves each, in pixels; pixels that meet add up.

    Raises
    ------
    InputError
        If the distance is not on the ring, or the ring has more sites than can be seen.
    """
    from matplotlib.figure import Figure

    task = task or TwoPixelTask()
    chosen = slides_or(networks, task)
    images = _pair_and_moved(task, distance, move)
    columns = [list(_panels(network, images)) for network in chosen]
    figure = Figure(figsize=(3.6 * len(chosen), 1.1 + 0.52 * max(5, *map(len, columns))))
    for part, network, panels in zip(figure.subfigures(1, len(chosen), squeeze=False)[0], chosen, columns, strict=True):
        _draw(part.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0], panels)
        before, after = map(float, response(network, images))
        part.suptitle(rf"{network.name}: $f_p(x) = {before:g}$, $f_p(\tau x) = {after:g}$", fontsize=9)
    first, second = (f"{t:+d}" if t else "0" for t in move)
    _legend(figure, rf"$d = {distance}$, $\tau$ moves the pixels by {first} and {second}")
    return figure


def _pair_and_moved(task: TwoPixelTask, distance: int, move: tuple[int, int]) -> np.ndarray:
    """Return x, with its pixels in the middle of the ring, and tau x, as an integer array of shape (2, l)."""
    if task.length > MOST_SITES:
        raise InputError(f"length: maps of {task.length} sites cannot be seen; at most {MOST_SITES}")
    if not 1 <= distance <= task.length // 2:
        raise InputError(f"distance: expected 1 to {task.length // 2} on a ring of {task.length}, got {distance}")
    first = task.length // 2 - distance // 2
    moved = np.zeros(task.length, dtype=np.int64)
    for site, value in Deformation().deformed(first, first + distance, move, task.length).items():
        moved[site] = value
    return np.stack([task.image(first, first + distance), moved])


def _panels(network: Network, images: np.ndarray) -> Iterator[MapPanel]:
    """Yield the panels of a network from the image to the last map: its channels, or their sum where they are many."""
    maps = [each.exact() for each in activations(network, images)]
    stages: list[tuple[str, int, np.ndarray, list[float] | None]] = [("$a_0$", 0, maps[0], None)]
    for k, layer in enumerate(network.layers, start=1):
        if any(b != 0 for b in layer.bias) and layer.activation == "relu":
            bias = np.array(layer.bias, dtype=object)
            sums = preactivations(network, images, k).exact() - bias[None, :, None]
            stages.append((rf"$w_{{{k}}}\!*\!a_{{{k - 1}}}$", k, sums, [float(-b) for b in bias]))
        stages.append((f"$a_{{{k}}}$", k, maps[k], None))
    for label, k, values, thresholds in stages:
        channels = values.shape[1]
        names = network.layers[k - 1].names if channels > 1 else [""]
        if channels > MOST_CHANNELS:
            values, names, thresholds = values.sum(axis=1, keepdims=True), [f"sum of {channels} channels"], None
        sites = np.arange(values.shape[2]) * network.total_stride(k)
        plain, moved = values.astype(float)
        for each in zip(names, plain, moved, thresholds or (None,) * len(names), strict=True):
            yield MapPanel(label, each[0], sites, *each[1:])


def _draw(axes: Sequence[Axes], panels: Sequence[MapPanel]) -> None:
    for axis, panel in zip(axes, panels, strict=True):
        width = 0.8 * (panel.sites[1] - panel.sites[0] if len(panel.sites) > 1 else 1)
        axis.bar(panel.sites, panel.plain, width, **_PLAIN)
        for bar, value in zip(axis.bar(panel.sites, panel.moved, width, **_MOVED), panel.moved, strict=True):
            bar.set_visible(bool(value))  # outlines of empty bars would draw a line along the ring
        if panel.threshold is not None:
            axis.axhline(panel.threshold, **_THRESHOLD)
        axis.axhline(0, color="0.4", linewidth=0.6)
        axis.set_ylabel(panel.label, rotation="horizontal", ha="right", va="center")
        axis.margins(x=0.01, y=0.12)
        axis.locator_params(axis="y", nbins=3, integer=True)
        axis.text(0.01, 0.93, panel.channel, transform=axis.transAxes, fontsize=7, color="0.3", va="top")
    axes[-1].set_xlabel("site")


def _legend(figure: Figure, title: str) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [Patch(**_PLAIN), Patch(**_MOVED), Line2D([], [], **_THRESHOLD)]
    figure.legend(handles=handles, loc="outside upper center", ncols=3, title=title)
