"""The report as an HTML table, for notebooks."""

from __future__ import annotations

from html import escape

from solver.report.report import Report
from solver.report.words import claim_line, decimal, exact_text, heading, layer_label, network_heading
from solver.sensitivity.sensitivities import Sensitivities


def report_html(report: Report, digits: int) -> str:
    """Return the question as a paragraph and a table for each network."""
    question = "<br>".join(escape(line) for line in heading(report))
    return f"<p>{question}</p>" + "".join(_network(s, digits) for s in report.networks)


def _network(s: Sensitivities, digits: int) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("layer", "D", "", "G", "R", "price"))
    rows = [
        [
            layer_label(layer),
            exact_text(layer.D),
            *(decimal(v, digits) for v in (layer.D, layer.G, layer.R, layer.price)),
        ]
        for layer in s.layers
    ]
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    caption = f"{escape(network_heading(s))}<br>{escape(claim_line(s))}"
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
