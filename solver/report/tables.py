"""Tables with a group of columns for each construction, laid out so that they stay on the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, TypeVar

from solver.report.cells import STACKED, latex_cells
from solver.report.columns import DEFAULT_COLUMNS, chosen_columns
from solver.report.writers.latex_width import latex_width
from solver.sensitivity.quantities import Quantity
from solver.sensitivity.results import LayerValues

T = TypeVar("T")
RULES = "".join(rf"\providecommand{{\{rule}}}{{\hline}}" for rule in ("toprule", "midrule", "bottomrule"))
RULES += r"\ifx\cmidrule\undefined\def\cmidrule(#1)#2{\cline{#2}}\fi"
_COMMENT = "rules are booktabs' with \\usepackage{booktabs}, plain lines without\n"

TEXT_WIDTH = 345.0
"""Points of a line of the article class with its default options."""

RULE = "\\midrule\n"
SEPARATION = 4.0
_EM = {"footnotesize": 8.5, "scriptsize": 8.0}
_STYLES = (("footnotesize", False), ("footnotesize", True), ("scriptsize", True))
_SAFETY = 1.03


@dataclass(frozen=True)
class Group:
    """A construction's columns; ``texts`` holds each cell, its fractions in a line and stacked, by row and column."""

    title: str
    columns: tuple[Quantity, ...]
    texts: Mapping[tuple[Any, Quantity], tuple[str, str]]


@dataclass(frozen=True)
class Row:
    """A row: the key that groups know it by, its first cells, and whether a rule stands above it."""

    key: Any
    labels: tuple[str, ...]
    ruled: bool = False


@dataclass(frozen=True)
class Grid:
    """What a table shows: the names of its label columns, its rows and its groups."""

    labels: tuple[str, ...]
    rows: tuple[Row, ...]
    groups: tuple[Group, ...]

    @property
    def columns(self) -> list[Quantity]:
        """The columns of all groups."""
        return [column for group in self.groups for column in group.columns]

    def only(self, columns: tuple[Quantity, ...]) -> Grid:
        """Return the grid with these columns in every group."""
        return replace(self, groups=tuple(replace(group, columns=columns) for group in self.groups))


@dataclass(frozen=True)
class Panel:
    """One tabular, ready to be written."""

    size: str
    columns: str
    head: str
    body: str
    width: float


def group(title: str, columns: tuple[Quantity, ...], layers: Mapping[Any, LayerValues], digits: int) -> Group:
    """Return the columns of a construction; ``layers`` by the key of their row, a row without one stays blank."""
    texts = {(key, column): latex_cells(column, layer, digits) for key, layer in layers.items() for column in columns}
    return Group(title, columns, texts)


def fitted_grid(
    grid: Callable[[tuple[Quantity, ...]], Grid], columns: str | Sequence[str] | None, width: float | None
) -> tuple[Grid, list[Panel]]:
    """Return the grid of the columns asked for, else of the first `DEFAULT_COLUMNS` to fit side by side, in panels."""
    wanted = [chosen_columns(names) for names in (DEFAULT_COLUMNS if columns is None else (columns,))]
    everything = grid(tuple(dict.fromkeys(column for chosen in wanted for column in chosen)))
    for chosen in wanted:
        shown = everything.only(chosen)
        parts = panels(shown, width or TEXT_WIDTH)
        if len(parts) == 1:
            break
    return shown, parts


def notes(grid: Grid, parts: Sequence[Panel]) -> str:
    """Return the sentences that explain what occurs in a table: its quantities, digits in brackets, dashes."""
    body = "".join(part.body for part in parts)
    explained = [
        *dict.fromkeys(column.latex_note for column in grid.columns if column.latex_note),
        *(["Digits in brackets: estimated error of the last digits."] if ")$" in body else []),
        *(["A dash: there is no such value."] if "--" in body else []),
    ]
    return "".join(f" {sentence}" for sentence in explained)


def panels(grid: Grid, width: float) -> list[Panel]:
    """Return the grid as tabulars no wider than ``width`` points.

    All groups side by side where they fit, with fractions in a line, then stacked, then in smaller type; else as many
    groups a panel as fit, and a group too wide for one in several.
    """
    for style in _STYLES:
        whole = _panel(grid, grid.groups, *style)
        if whole.width <= width:
            return [whole]
    return min((_packed(grid, width, *style) for style in _STYLES[:2]), key=len)


def preamble(parts: Sequence[Panel], command: str | None, needs: str = "") -> str:
    """Return the lines above a table: the command that made it, what it needs, the commands it uses."""
    made_by = f"% {command}\n" if command else ""
    stacked = f"{STACKED}\n" if any(r"\stackedfrac" in part.body for part in parts) else ""
    return f"{made_by}% {needs}{_COMMENT}{RULES}\n{stacked}"


def tabular(columns: str, head: str, body: str) -> str:
    """Return a tabular; its head and its body end in a line break."""
    return f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{head}{RULE}{body}\\bottomrule\n\\end{{tabular}}\n"


def table(parts: Sequence[Panel], caption: str, label: str) -> str:
    """Return panels below each other as one table."""
    body = "\\par\\medskip\n".join(tabular(part.columns, part.head, part.body) for part in parts)
    return (
        f"\\begin{{table}}[htbp]\n\\centering\\{parts[0].size}\\setlength{{\\tabcolsep}}{{{SEPARATION:g}pt}}"
        "\\setlength{\\belowcaptionskip}{4pt}\n"
        f"\\caption{{{caption}}}\n\\label{{{label}}}\n{body}\\end{{table}}\n"
    )


def longtable(parts: Sequence[Panel], caption: str, label: str) -> str:
    """Return panels as one longtable each, their heads repeated on every page."""
    found = []
    for i, part in enumerate(parts):
        name = f"\\caption{{{caption}}}\\label{{{label}}}" if i == 0 else "\\caption[]{(continued)}"
        again = "\\addtocounter{table}{-1}" if i else ""
        count = len(part.columns.replace("@{}", ""))
        found.append(
            f"{again}\\begin{{longtable}}{{{part.columns}}}\n{name}\\\\\n"
            f"\\toprule\n{part.head}{RULE}\\endfirsthead\n\\toprule\n{part.head}{RULE}\\endhead\n"
            f"\\midrule\n\\multicolumn{{{count}}}{{r@{{}}}}{{continued overleaf}}\\\\\n\\endfoot\n"
            f"\\bottomrule\n\\endlastfoot\n{part.body}\\end{{longtable}}\n"
        )
    size = f"\\{parts[0].size}\\setlength{{\\tabcolsep}}{{{SEPARATION:g}pt}}"
    return f"{{{size}\n{''.join(found)}}}\n"


def _packed(grid: Grid, width: float, size: str, stacked: bool) -> list[Panel]:
    """Return panels of as many groups as fit, the groups too wide for one cut between columns."""

    def fits(groups: Sequence[Group]) -> bool:
        return _panel(grid, groups, size, stacked).width <= width

    def cut(group: Group) -> list[Group]:
        parts = _in_order(group.columns, lambda columns: fits([replace(group, columns=tuple(columns))]))
        return [replace(group, columns=tuple(part)) for part in parts]

    narrow = [part for group in grid.groups for part in cut(group)]
    return [_panel(grid, groups, size, stacked) for groups in _in_order(narrow, fits)]


def _in_order(items: Iterable[T], fits: Callable[[list[T]], bool]) -> list[list[T]]:
    """Return the items in lists of as many as fit, at least one each."""
    found: list[list[T]] = [[]]
    for item in items:
        if found[-1] and not fits([*found[-1], item]):
            found.append([])
        found[-1].append(item)
    return found


def _panel(grid: Grid, groups: Sequence[Group], size: str, stacked: bool) -> Panel:
    heads = [*grid.labels, *(f"${column.latex}$" for group in groups for column in group.columns)]
    rows = [
        [*row.labels, *(g.texts.get((row.key, c), ("", ""))[stacked] for g in groups for c in g.columns)]
        for row in grid.rows
    ]
    widths = [max(latex_width(line[i]) for line in [heads, *rows]) for i in range(len(heads))]
    total = _SAFETY * _EM[size] * sum(widths) + 2 * SEPARATION * (len(heads) - 1)
    lines = zip(grid.rows, rows, _line_ends(grid.rows), strict=True)
    body = "".join(f"{RULE if row.ruled else ''}{' & '.join(line)} {end}\n" for row, line, end in lines)
    kinds = "".join("c" if stacked and c.exact else "r" for group in groups for c in group.columns)
    columns = f"@{{}}{'r' * len(grid.labels)}{kinds}@{{}}"
    return Panel(size, columns, _head(grid.labels, groups), body, total)


def line(cells: Iterable[str]) -> str:
    """Return a line of a tabular."""
    return " & ".join(cells) + " \\\\\n"


def _line_ends(rows: Sequence[Row]) -> list[str]:
    """Return how each row ends: without a page break where the next row belongs to the same ruled block."""
    if not any(row.ruled for row in rows):
        return [r"\\"] * len(rows)
    return [*(r"\\" if row.ruled else r"\\*" for row in rows[1:]), r"\\"]


def _head(labels: tuple[str, ...], groups: Sequence[Group]) -> str:
    """Return the two lines of a head: constructions over a rule each, then quantities."""
    titles, rules, heads = [], [], list(labels)
    first = len(labels) + 1
    for group in groups:
        last = first + len(group.columns) - 1
        titles.append(rf"\multicolumn{{{len(group.columns)}}}{{c}}{{{group.title}}}")
        rules.append(rf"\cmidrule(lr){{{first}-{last}}}")
        first = last + 1
        for symbol, same in groupby(column.latex for column in group.columns):
            span = len(list(same))
            heads.append(rf"\multicolumn{{{span}}}{{c}}{{${symbol}$}}")
    return f"{line([*[''] * len(labels), *titles])}{''.join(rules)}\n{line(heads)}"
