"""The limits of G/sigma^2 as text, LaTeX and JSON (schema ``solver.limits/1``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from solver.network.graph import escaped
from solver.report.cells import cell, found_by
from solver.report.tables import RULE, line, preamble, tabular
from solver.report.words import averaged, task_text
from solver.report.writers.json import json_text, layer_object
from solver.report.writers.text import layer_lines
from solver.sensitivity.limits.limits import BOUNDED, NoiseLimits
from solver.sensitivity.quantities import Quantity

SCHEMA = "solver.limits/1"
WEAK = Quantity("weak", "sigma -> 0", r"\sigma\to0")
FINITE = Quantity("finite", "finite sigma", r"\text{finite }\sigma")
STRONG = Quantity("strong", "sigma -> inf", r"\sigma\to\infty")
LIMITS = (WEAK, FINITE, STRONG)
LIMIT_COLUMNS = (WEAK, replace(WEAK, exact=True), FINITE, STRONG, replace(STRONG, exact=True))


def limits_text(reports: Sequence[NoiseLimits], digits: int) -> str:
    """Return the limits as plain text: the question, then a table for each network, then the methods."""
    question = reports[0].question
    task, noise = question.task, question.noise
    rectified = ", noise rectified: max(eta, 0)" if noise.rectified else ""
    parts = [
        f"G/sigma^2 on a {task_text(task)}{task.details}{rectified}{averaged(question)}; "
        f"finite sigma: l sigma^2 = {noise.energy}, where that has a closed form"
    ]
    parts += ["\n".join([each.network.name, *layer_lines(LIMIT_COLUMNS, each.layers, digits)]) for each in reports]
    numbers = [
        (each, layer, layer.values[limit.name]) for each in reports for layer in each.layers for limit in (WEAK, STRONG)
    ]
    notes = [f"numeric: {value.method}" for _, _, value in numbers if value.kind == "numeric"]
    notes += [
        f"{each.network.name}, layer {layer.label}: {found_by(value)}"
        for each, layer, value in numbers
        if value.kind == "missing" or value.method.startswith(BOUNDED)
    ]
    return "\n\n".join([*parts, *(["\n".join(dict.fromkeys(notes))] if notes else [])]) + "\n"


def limits_json(reports: Sequence[NoiseLimits], digits: int) -> str:
    """Return the limits as JSON text; every number is text, as in the report."""
    question = reports[0].question
    networks = [
        {"construction": each.network.name, "layers": [layer_object(layer, digits) for layer in each.layers]}
        for each in reports
    ]
    head = {"task": question.task.head, "noise": question.noise.head, "channel_mean": question.channel_mean}
    return json_text({"schema": SCHEMA, **head, "networks": networks})


def limits_latex(reports: Sequence[NoiseLimits], digits: int, command: str | None = None) -> str:
    """Return a table of the limits, then their exact and closed expressions (needs amsmath)."""
    question = reports[0].question
    task, noise = question.task, question.noise
    caption = (
        rf"$G/\sigma^2$ in weak noise, at $\ell\sigma^2={noise.energy}$ where that is closed form, "
        rf"and in strong noise{', rectified' * noise.rectified}{averaged(question)}, for {task.place_latex}, "
        rf"$\xi={task.scale}$; ensemble {escaped(task.distances)}{task.details}."
    )
    head = line(["layer", *(f"${limit.latex}$" for limit in LIMITS)])
    body = RULE.join(_rows(each, digits) for each in reports)
    return (
        f"{preamble([], command, 'needs amsmath; ')}\\begin{{table}}[htbp]\n\\centering\\footnotesize\n"
        f"\\caption{{{caption}}}\n{tabular('rrrr', head, body)}\\end{{table}}\n"
    ) + "".join(map(_equations, reports))


def _rows(limits: NoiseLimits, digits: int) -> str:
    """Return the lines of a network: its name, then a line for each layer."""
    rows = [
        line([f"${layer.label}$", *(cell(layer.values[limit.name], digits) for limit in LIMITS)])
        for layer in limits.layers
    ]
    return "".join([rf"\multicolumn{{4}}{{l}}{{{escaped(limits.network.name)}}} \\" + "\n", *rows])


def _equations(limits: NoiseLimits) -> str:
    lines = [
        rf"\lim_{{{limit.latex}}} G_{{{layer.label}}}/\sigma^2 &= {value.latex}"
        for layer in limits.layers
        for limit in (WEAK, STRONG)
        if (value := layer.values[limit.name]).kind in ("exact", "closed")
    ]
    body = " \\\\\n".join(lines)
    title = rf"\paragraph{{{escaped(limits.network.name)}}}"
    return f"{title}\n{{\\scriptsize\n\\begin{{align*}}\n{body}\n\\end{{align*}}}}\n"
