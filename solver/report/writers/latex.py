"""The report as a LaTeX table: rows are layers, each construction is a group of columns."""

from __future__ import annotations

from collections.abc import Sequence

from solver.network.graph import escaped
from solver.report.report import Report
from solver.report.tables import Grid, Row, fitted_grid, group, notes, preamble, table
from solver.report.words import caption
from solver.sensitivity.quantities import Quantity


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
    channels = [
        f"{each.title} ${', '.join(map(str, s.question.network.channels))}$"
        for each, s in zip(grid.groups, report.networks, strict=True)
    ]
    text = f"{caption(report.question, grid.columns)} Channels: {'; '.join(channels)}.{notes(grid, parts)}"
    names = "-".join(dict.fromkeys("".join(filter(str.isalnum, s.question.network.name)) for s in report.networks))
    return preamble(parts, command) + table(parts, text, f"tab:{names}-{report.question.task.tag}")


def _grid(report: Report, columns: tuple[Quantity, ...], digits: int) -> Grid:
    groups = tuple(
        group(escaped(s.question.network.name), columns, {layer.label: layer for layer in s.layers}, digits)
        for s in report.networks
    )
    every = sorted({(each.name == "output", each.layer, each.label) for s in report.networks for each in s})
    labels = dict.fromkeys(label for _, _, label in every)
    return Grid(("layer",), tuple(Row(label, (f"${label}$",)) for label in labels), groups)
