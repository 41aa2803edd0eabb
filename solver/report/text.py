"""The report as plain text."""

from __future__ import annotations

from io import StringIO

from rich import box
from rich.console import Console
from rich.table import Table

from solver.report.report import Report
from solver.report.words import (
    PARTS,
    claim_line,
    coherent_share,
    decimal,
    exact_text,
    heading,
    layer_label,
    methods,
    network_heading,
    responses,
)
from solver.sensitivity.sensitivities import Sensitivities
from solver.values import MissingValue

SHOWN_RESPONSES = 12


def report_text(report: Report, digits: int, *, split: bool = False) -> str:
    """Return the report as plain text: the question, then a table for each network, and one of G's parts if asked."""
    parts = ["\n".join(heading(report))]
    for s in report.networks:
        parts += [_network_text(s, digits), *([_split_text(s, digits)] if split else [])]
    parts.append("\n".join(f"G: {method}" for method in methods(report)))
    parts.append(
        "D is exact. R = D/G. price = G / (G with identity activations). "
        "0.526(3) means 0.526 +- 0.003, an estimated error."
    )
    if split:
        parts.append(
            "G = G coherent + G incoherent: the squared mean change over the noise, and the fluctuations around it. "
            "share = G coherent / G."
        )
    return "\n\n".join(parts) + "\n"


def _network_text(s: Sensitivities, digits: int) -> str:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("layer", "D", "", "G", "R", "price"):
        table.add_column(column, justify="right", no_wrap=True)
    notes: dict[str, None] = {}
    for layer in s.layers:
        values = (layer.D, layer.G, layer.R)
        cells = [decimal(v, digits) for v in values]
        table.add_row(layer_label(layer), exact_text(layer.D), *cells, decimal(layer.price, min(digits, 6)))
        notes |= {
            f"{layer_label(layer)}: no {name}: {v.why}": None
            for name, v in (("D", layer.D), ("G", layer.G), ("price", layer.price))
            if isinstance(v, MissingValue)
        }
    return "\n".join([network_heading(s), claim_line(s), _response_line(s), "", *_lines(table), *notes])


def _split_text(s: Sensitivities, digits: int) -> str:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("layer", *PARTS.values(), "share"):
        table.add_column(column, justify="right", no_wrap=True)
    for layer in s.layers:
        cells = [decimal(getattr(layer, name), digits) for name in PARTS]
        table.add_row(layer_label(layer), *cells, coherent_share(layer, digits))
    return "\n".join([f"{s.network.name}, parts of G:", "", *_lines(table)])


def _lines(table: Table) -> list[str]:
    buffer = StringIO()
    Console(file=buffer, width=10_000, color_system=None).print(table)
    return [line.rstrip() for line in buffer.getvalue().splitlines() if line.strip()]


def _response_line(s: Sensitivities) -> str:
    response, why = responses(s)
    if response is None:
        return why
    shown = list(range(1, min(len(response), SHOWN_RESPONSES) + 1))
    values = ", ".join(str(response[d]) for d in shown)
    rest = {response[d] for d in response.distinct if d > shown[-1]}
    if not rest:
        return f"f_p(1..{shown[-1]}) = {values}"
    if len(rest) == 1:
        return f"f_p(1..{shown[-1]}) = {values}; f_p = {rest.pop()} for larger d"
    return f"f_p(1..{shown[-1]}) = {values}, ..."
