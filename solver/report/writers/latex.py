"""The report as a LaTeX table with booktabs rules: rows are layers, each construction is a group of columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from solver.network.graph import escaped
from solver.report.columns import DEFAULTS, Column, chosen_columns
from solver.report.report import Report
from solver.report.tables import TEXT_WIDTH, Grid, Panel, Row, group, panels, preamble, table
from solver.report.words import layer_label
from solver.sensitivity.sensitivities import Sensitivities


def report_latex(
    report: Report,
    digits: int,
    command: str | None,
    *,
    columns: str | Sequence[str] | None = None,
    width: float | None = None,
) -> str:
    """Return one ``table``, at most ``width`` points wide; ``columns`` as `chosen_columns` takes them.

    It compiles in a bare article class; with ``\\usepackage{booktabs}`` its rules are booktabs'.

    Raises
    ------
    InputError
        For columns that do not exist.
    """
    grid, parts = fitted_grid(lambda chosen: _grid(report, chosen, digits), columns, width)
    channels = "; ".join(f"{each.title} ${_channels(s)}$" for each, s in zip(grid.groups, report.networks, strict=True))
    caption = f"{question(report.first, grid)} Channels: {channels}.{notes(grid, parts)}"
    return preamble(parts, command) + table(parts, caption, _label(report))


def fitted_grid(
    grid: Callable[[tuple[Column, ...]], Grid], columns: str | Sequence[str] | None, width: float | None
) -> tuple[Grid, list[Panel]]:
    """Return the grid of the columns asked for, else of the first of `DEFAULTS` that fits side by side, in panels."""
    wanted = [chosen_columns(names) for names in (DEFAULTS if columns is None else (columns,))]
    everything = grid(tuple(dict.fromkeys(column for chosen in wanted for column in chosen)))
    for chosen in wanted:
        shown = everything.only(chosen)
        parts = panels(shown, width or TEXT_WIDTH)
        if len(parts) == 1:
            break
    return shown, parts


def question(s: Sensitivities, grid: Grid, scale: str | None = None) -> str:
    """Return what the columns show and for which task, deformation and noise, as one sentence."""
    task = s.task
    mean = ", channels averaged first" if s.channel_mean else ""
    rectified = ", rectified" if s.noise.rectified else ""
    noise = rf", noise energy $\ell\sigma^2={s.noise.energy}${rectified}"
    noisy = any(column.quantity != "D" for each in grid.groups for column in each.columns)
    return (
        rf"Stability of networks to deformations ($D$){' and noise ($G$)' if noisy else ''}"
        rf"{', $R=D/G$' if grid.shows('R') else ''}, "
        rf"for {task.place_latex}, $\xi={task.scale if scale is None else scale}$; ensemble "
        rf"{escaped(task.distances)}{task.details}, displacements {escaped(s.deformation.name)}, "
        rf"collisions {escaped(s.deformation.collisions)}{noise if noisy else ''}{mean}."
    )


def notes(grid: Grid, parts: Sequence[Panel]) -> str:
    """Return the sentences that explain what occurs in a table: G_id, digits in brackets, dashes."""
    body = "".join(part.body for part in parts)
    explained = {
        r"$G_{\mathrm{id}}$: identity activations.": grid.shows("price") or grid.shows("G_identity"),
        "Digits in brackets: estimated error of the last digits.": ")$" in body,
        "A dash: there is no such value.": "--" in body,
    }
    return "".join(f" {sentence}" for sentence, needed in explained.items() if needed)


def _grid(report: Report, columns: tuple[Column, ...], digits: int) -> Grid:
    groups = tuple(
        group(escaped(s.network.name), columns, {layer_label(layer): layer for layer in s.layers}, digits)
        for s in report.networks
    )
    deepest = max(report.networks, key=lambda s: len(s.layers))
    rows = tuple(Row(layer_label(layer), (f"${layer_label(layer)}$",)) for layer in deepest.layers)
    return Grid(("layer",), rows, groups)


def _channels(s: Sensitivities) -> str:
    return ", ".join(map(str, s.network.channels))


def _label(report: Report) -> str:
    names = "-".join(dict.fromkeys("".join(c for c in s.network.name if c.isalnum()) for s in report.networks))
    return f"tab:{names}-{report.first.task.tag}"
