"""The limits of G/sigma^2 as text, LaTeX and JSON (schema ``solver.limits/1``)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import StringIO
from typing import Any

from solver.network.graph import escaped
from solver.report.tables import RULES
from solver.report.words import decimal, exact_text
from solver.report.writers.cells import cell
from solver.report.writers.json import value_object
from solver.sensitivity.limits.limits import BOUNDED, NoiseLimits
from solver.sensitivity.results import LayerValues
from solver.values import MissingValue

SCHEMA = "solver.limits/1"
COLUMNS = {"weak": "sigma -> 0", "finite": "finite sigma", "strong": "sigma -> inf"}
_LATEX_COLUMNS = {"weak": r"\sigma\to0", "finite": r"\text{finite }\sigma", "strong": r"\sigma\to\infty"}
_EQUATION = r"\lim_{{{}}} G_{{{}}}/\sigma^2 &= {}"


def limits_text(reports: Sequence[NoiseLimits], digits: int) -> str:
    """Return the limits as plain text: the question, then a table for each network, then the methods."""
    first = reports[0]
    task, noise = first.task, first.noise
    rectified = ", noise rectified: max(eta, 0)" if noise.rectified else ""
    mean = ", channels averaged first" if first.channel_mean else ""
    parts = [
        f"G/sigma^2 on a ring of l = {task.sites} sites, scale xi = {task.scale}, distances '{task.distances}'"
        f"{task.details}{rectified}{mean}; "
        f"finite sigma: l sigma^2 = {noise.energy}, where that has a closed form"
    ]
    parts += [f"{each.network.name}\n{_table(each, digits)}" for each in reports]
    numbers = [
        (each, layer, value) for each in reports for layer in each.layers for value in (layer.weak, layer.strong)
    ]
    notes = [f"numeric: {value.method}" for _, _, value in numbers if value.kind == "numeric"]
    notes += [
        f"{each.network.name}, layer {_label(layer)}: {value.why if isinstance(value, MissingValue) else value.method}"
        for each, layer, value in numbers
        if value.kind == "missing" or value.method.startswith(BOUNDED)
    ]
    return "\n\n".join([*parts, *(["\n".join(dict.fromkeys(notes))] if notes else [])]) + "\n"


def limits_json(reports: Sequence[NoiseLimits], digits: int) -> str:
    """Return the limits as JSON text; every number is text, as in the report."""
    first = reports[0]
    content = {
        "schema": SCHEMA,
        "task": first.task.head,
        "noise": {"energy": str(first.noise.energy), "rectified": first.noise.rectified},
        "channel_mean": first.channel_mean,
        "networks": [
            {"construction": each.network.name, "layers": [_layer_object(layer, digits) for layer in each.layers]}
            for each in reports
        ],
    }
    return json.dumps(content, indent=2) + "\n"


def limits_latex(reports: Sequence[NoiseLimits], digits: int, command: str | None = None) -> str:
    """Return a table of the limits, then their exact and closed expressions (needs amsmath)."""
    first = reports[0]
    head = " & ".join(["layer", *(f"${name}$" for name in _LATEX_COLUMNS.values())]) + r" \\"
    rows, equations = [], []
    for each in reports:
        rows.append("\\midrule\n" + rf"\multicolumn{{4}}{{l}}{{{escaped(each.network.name)}}} \\")
        rows += [
            " & ".join([f"${_label(layer)}$", *(cell(getattr(layer, name), digits) for name in COLUMNS)]) + r" \\"
            for layer in each.layers
        ]
        equations.append(_equations(each))
    rectified = ", rectified" if first.noise.rectified else ""
    mean = ", channels averaged first" if first.channel_mean else ""
    caption = (
        rf"$G/\sigma^2$ in weak noise, at $\ell\sigma^2={first.noise.energy}$ where that is closed form, "
        rf"and in strong noise{rectified}{mean}, for $\ell={first.task.sites}$, $\xi={first.task.scale}$; "
        rf"ensemble {escaped(first.task.distances)}{first.task.details}."
    )
    made_by = f"% {command}\n" if command else ""
    return (
        f"{made_by}% needs amsmath; rules are booktabs' with \\usepackage{{booktabs}}, plain lines without\n{RULES}\n"
        "\\begin{table}[htbp]\n\\centering\\footnotesize\n"
        f"\\caption{{{caption}}}\n\\begin{{tabular}}{{rrrr}}\n\\toprule\n{head}\n" + "\n".join(rows) + "\n"
        "\\bottomrule\n\\end{tabular}\n\\end{table}\n" + "\n".join(equations) + "\n"
    )


def _table(limits: NoiseLimits, digits: int) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("layer", "sigma -> 0", "", "finite sigma", "sigma -> inf", ""):
        table.add_column(column, justify="right", no_wrap=True)
    for layer in limits.layers:
        weak, finite, strong = (decimal(value, digits) for value in (layer.weak, layer.finite, layer.strong))
        table.add_row(_label(layer), weak, exact_text(layer.weak), finite, strong, exact_text(layer.strong))
    buffer = StringIO()
    Console(file=buffer, width=10_000, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines() if line.strip())


def _equations(limits: NoiseLimits) -> str:
    lines = [
        _EQUATION.format(_LATEX_COLUMNS[name], _label(layer), value.latex)
        for layer in limits.layers
        for name in ("weak", "strong")
        if (value := getattr(layer, name)).kind in ("exact", "closed")
    ]
    body = " \\\\\n".join(lines)
    title = rf"\paragraph{{{escaped(limits.network.name)}}}"
    return f"{title}\n{{\\scriptsize\n\\begin{{align*}}\n{body}\n\\end{{align*}}}}"


def _layer_object(layer: LayerValues, digits: int) -> dict[str, Any]:
    values = {name: getattr(layer, name) for name in COLUMNS}
    why = {name: value.why for name, value in values.items() if isinstance(value, MissingValue)}
    entry = {"layer": layer.layer, "name": layer.name}
    entry |= {name: value_object(value, digits) for name, value in values.items()}
    return entry | ({"why": why} if why else {})


def _label(layer: LayerValues) -> str:
    return "f_p" if layer.name == "output" else str(layer.layer)
