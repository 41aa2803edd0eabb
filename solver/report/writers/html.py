"""The report as an HTML table, for notebooks."""

from __future__ import annotations

from html import escape

from solver.report.cells import text_heads, text_row
from solver.report.columns import printed_columns
from solver.report.report import Report
from solver.report.words import claim_line, heading, network_heading
from solver.sensitivity.sensitivities import Sensitivities


def report_html(report: Report, digits: int, *, split: bool = False) -> str:
    """Return the question as a paragraph and a table for each network, with the parts of G if ``split``."""
    question = "<br>".join(escape(line) for line in heading(report.question))
    return f"<p>{question}</p>" + "".join(_network(s, digits, split) for s in report.networks)


def _network(s: Sensitivities, digits: int, split: bool) -> str:
    columns = printed_columns("exactly", "always", *(["split"] if split else []))
    head = "".join(f"<th>{name}</th>" for name in ("layer", *text_heads(columns)))
    rows = [text_row(columns, layer, digits) for layer in s.layers]
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    caption = f"{escape(network_heading(s.network))}<br>{escape(claim_line(s))}"
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
