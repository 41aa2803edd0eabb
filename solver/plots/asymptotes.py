"""Exact D and G against their expansions: in depth, in scale, and in the effective window of arXiv 2210.01506."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import sympy

from solver.errors import InputError
from solver.gaussian.balls import enclose
from solver.gaussian.functions import as_sympy
from solver.numbers.exact import choice
from solver.plots.style import COLORS, HOLLOW, PALETTE, Axes, Figure, house_style, new_figure
from solver.question.noise import GaussianNoise
from solver.symbolic.expansions.asymptotics import (
    deep_deformation,
    effective_window,
    large,
    last_map_deformation,
    noise_on_long_rings,
)
from solver.symbolic.expansions.expansion import Expansion, expansion
from solver.symbolic.sensitivity_formula import sensitivity_formula
from solver.symbolic.setting import Setting
from solver.symbolic.symbols import k, xi

DEPTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
TRIED_SCALES = (5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129)
_SIZES = (3, 5)


@house_style()
def asymptotes(panels: Sequence[str] = ()) -> Figure:
    """Return a figure of exact values (markers) and asymptotes (lines), log-log, one panel a quantity.

    Parameters
    ----------
    panels : sequence of names in `PANELS`
        All if empty.

    Raises
    ------
    InputError
        If a panel is unknown.
    """
    names = list(panels) or list(PANELS)
    for name in names:
        choice(name, "panel", PANELS)
    if len(set(names)) < len(names):
        raise InputError(f"panel: each at most once, got {', '.join(names)}")
    columns = min(len(names), 2)
    figure, grid = new_figure(-(-len(names) // columns), columns, width=4.0, height=3.1)
    for axes in grid.flat[len(names) :]:
        axes.remove()
    for name, axes in zip(names, grid.flat, strict=False):
        axes.set(xscale="log", yscale="log")
        PANELS[name](axes)
        axes.legend(fontsize=8)
    return figure


def deformation_by_depth(axes: Axes) -> None:
    """Draw D_k of `uniform` for l -> infinity."""
    _by_depth(axes, "D_k", {size: deep_deformation(size) for size in _SIZES}, r"uniform, $l \to \infty$")


def noise_by_depth(axes: Axes) -> None:
    """Draw G_k of `uniform` for l -> infinity at the default energy."""
    settings = {size: Setting(construction="uniform", filter_size=size) for size in _SIZES}
    expansions = {size: expansion(noise_on_long_rings(setting), k) for size, setting in settings.items()}
    energy = sympy.latex(as_sympy(GaussianNoise().energy))
    _by_depth(axes, "G_k", expansions, rf"uniform, $l \to \infty$, $l\sigma^2 = {energy}$")


def deformation_by_scale(axes: Axes) -> None:
    """Draw D of the outputs and of the last maps against xi."""
    output = sensitivity_formula("shift", "output", "l,xi")
    depth = (xi - 1) / sympy.Integer(2)
    cases = {
        r"$D_f$": (large(output), PALETTE[6], "o"),
        r"$D_f$, $l = 3\xi$": (large(output, length=3 * xi), PALETTE[4], "D"),
        r"$D_{\tilde k}$, shift": (large(sensitivity_formula("shift", "last", "l,xi")), COLORS["shift"], "^"),
        r"$D_{\tilde k}$, uniform": (expansion(last_map_deformation(3).subs(k, depth), xi), COLORS["uniform"], "s"),
    }
    for label, (found, color, marker) in cases.items():
        _markers(axes, TRIED_SCALES, [found.exact_at(at) for at in TRIED_SCALES], color, label, marker)
        _line(axes, found, TRIED_SCALES, color)
    axes.set(xlabel=r"scale $\xi$", ylabel="$D$", ylim=(1e-5, 0.5), title=r"$l \to \infty$ unless stated, $s = 3$")


def sensitivities_by_window(axes: Axes) -> None:
    """Draw D_k and G_k of `uniform` against the effective window A_k, with the laws A_k^-2 and A_k."""
    setting = Setting(construction="uniform")
    window, deformation, noise = effective_window(setting), deep_deformation(3).exact, noise_on_long_rings(setting)
    law, slope = (expansion(ratio, k, 1).terms[0] for ratio in (deformation * window**2, noise / window))
    offset = expansion(noise - slope * window, k, 1).terms[0]
    widths = [float(window.subs(k, at)) for at in DEPTHS]
    for exact, label, color, marker in ((deformation, "$D_k$", PALETTE[0], "o"), (noise, "$G_k$", PALETTE[1], "^")):
        _markers(axes, widths, [exact.subs(k, at) for at in DEPTHS], color, label, marker)
    axes.plot(widths, [float(law / w**2) for w in widths], color=PALETTE[0], label=rf"${sympy.latex(law)}\,A_k^{{-2}}$")
    text = rf"${sympy.latex(slope)}\,A_k + {float(offset):.3f}$"
    axes.plot(widths, [float(slope * w + offset) for w in widths], color=PALETTE[1], label=text)
    axes.set(xlabel=r"effective window $A_k = (\sum K)^2 / \sum K^2$", ylabel="$D_k$, $G_k$")
    axes.set(title=r"uniform, $l \to \infty$, $s = 3$")
    axes.set_xticks((3, 5, 10, 20), ("3", "5", "10", "20"))
    axes.set_xticks([], minor=True)


PANELS: dict[str, Callable[[Axes], None]] = {
    "depth": deformation_by_depth,
    "noise": noise_by_depth,
    "scale": deformation_by_scale,
    "window": sensitivities_by_window,
}
"""The panels by name."""


def _by_depth(axes: Axes, symbol: str, expansions: dict[int, Expansion], title: str) -> None:
    """Draw the exact values of each filter size, the sum of two terms (solid) and the leading term (dashed)."""
    for (size, found), color, marker in zip(expansions.items(), (PALETTE[0], PALETTE[2]), "os", strict=True):
        _markers(axes, DEPTHS, [found.exact_at(at) for at in DEPTHS], color, rf"${symbol}$, $s = {size}$", marker)
        _line(axes, found, DEPTHS, color)
        _line(axes, found, DEPTHS, color, terms=1)
    axes.set(xlabel="layer $k$", ylabel=f"${symbol}$", title=title)


def _markers(axes: Axes, at: Sequence[float], exact: Sequence[sympy.Expr], color: str, label: str, marker: str) -> None:
    """Draw exact values, to double precision."""
    values = [float(enclose(value, 20).mid()) for value in exact]
    axes.plot(at, values, color=color, label=label, marker=marker, **HOLLOW)


def _line(axes: Axes, found: Expansion, ends: Sequence[int], color: str, *, terms: int | None = None) -> None:
    """Draw the sum of the first terms, dashed for the leading one alone; labels round coefficients that are long."""
    at = np.geomspace(ends[0], ends[-1], 40)
    parts = list(zip(found.coefficients, found.exponents, strict=True))[:terms]
    values = sum(float(c) * at ** float(e) for c, e in parts)
    shown = [(c if sympy.count_ops(c) < 12 else c.evalf(3)) * found.variable**e for c, e in parts]
    label = f"${' + '.join(map(sympy.latex, shown))}$".replace("+ -", "-")
    axes.plot(at, values, color=color, label=label, linestyle="--" if terms == 1 else "-")
