"""The one look of every figure, and its file formats; matplotlib is imported here only."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from solver.constructions.registry import CONSTRUCTIONS
from solver.errors import InputError, NotApplicableError

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes as Axes
    from matplotlib.figure import Figure as Figure
else:  # matplotlib need not be installed
    Axes = Figure = Any

FIGURE_FORMATS = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
"""The formats of files, with what leaves their dates out."""

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Colours that colour-blind readers tell apart (Okabe and Ito 2008)."""

COLORS = {name: each.color for name, each in CONSTRUCTIONS.items()}
"""Each construction keeps its colour in every figure; others take `PALETTE` in turn."""

MARKERS = {name: each.marker for name, each in CONSTRUCTIONS.items()}
"""Each construction keeps its marker too, so that no figure needs its colours."""

TURN = "P*X<>d8"
"""The markers of other networks, in turn."""

SIGNS = "".join(MARKERS.values()) + TURN
"""The markers of whatever else is told apart, in turn."""

START, END = "0.6", PALETTE[6]
"""The colours of a network before and after training."""

HOLLOW: dict[str, Any] = {"linestyle": "none", "markerfacecolor": "none"}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style, inside a ``with`` block or in a function that is decorated with it.

    Raises
    ------
    NotApplicableError
        If matplotlib is not installed; says how to install it.
    """
    try:
        from cycler import cycler
        from matplotlib.style import context
    except ImportError:
        raise NotApplicableError("figures need matplotlib: pip install 'adaptive-pooling-solver[plot]'") from None
    with context([Path(__file__).parent / "house.mplstyle", {"axes.prop_cycle": cycler(color=PALETTE)}]):
        yield


def look(name: str, place: int) -> dict[str, Any]:
    """Return the colour and the marker of a network: a construction's own, or those of its place among others."""
    return {"color": COLORS[name], "marker": MARKERS[name]} if name in COLORS else in_turn(place, TURN)


def in_turn(place: int, markers: str = SIGNS) -> dict[str, Any]:
    """Return the colour and the marker of a channel, a layer or another thing by its place."""
    return {"color": PALETTE[place % len(PALETTE)], "marker": markers[place % len(markers)]}


def new_figure(
    rows: int = 1, columns: int = 1, *, width: float = 3.4, height: float = 2.6, **options: Any
) -> tuple[Figure, np.ndarray]:
    """Return a figure and its axes, of shape (rows, columns); each panel is ``width`` by ``height`` inches.

    Call it inside `house_style`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height * rows))
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def legend_above(figure: Figure, axis: Axes, columns: int) -> None:
    """Add the legend of one panel, which the others share, above all of them."""
    figure.legend(*axis.get_legend_handles_labels(), loc="outside upper center", ncols=columns)


def plain_ticks(axis: Axes, side: str = "y") -> None:
    """Label a logarithmic axis, y or x, of less than two decades by 1, 2 and 5 of each (3 and 7 of one)."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_ylim() if side == "y" else axis.get_xlim()
    ticks = axis.yaxis if side == "y" else axis.xaxis
    if high < 100 * low:
        ticks.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7) if high < 10 * low else (1, 2, 5)))
        ticks.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ticks.set_minor_formatter(NullFormatter())


def show(figure: Figure) -> None:
    """Hand a figure to pyplot, where scripts, notebooks and galleries show it; needs matplotlib 3.11."""
    from matplotlib import pyplot

    pyplot.figure(figure)
    pyplot.show()


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, SVG or PDF, by the ending of the name; the same figure gives the same file.

    Raises
    ------
    InputError
        If the name ends in none of them.
    """
    kind = path.suffix.lower().lstrip(".")
    if kind not in FIGURE_FORMATS:
        raise InputError(f"a figure is written as {', '.join(FIGURE_FORMATS)}; got the name {str(path)!r}")
    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it warns of the dates in matplotlib's own fonts
    with house_style():
        figure.savefig(path, format=kind, metadata=FIGURE_FORMATS[kind])
