"""The report as an HTML table, for notebooks."""

from __future__ import annotations

from html import escape

from solver.report.report import Report
from solver.report.words import PARTS, claim_line, decimal, exact_text, heading, layer_label, network_heading
from solver.sensitivity.sensitivities import Sensitivities


def report_html(report: Report, digits: int, *, split: bool = False) -> str:
    """Return the question as a paragraph and a table for each network, with the parts of G if ``split``."""
    question = "<br>".join(escape(line) for line in heading(report))
    return f"<p>{question}</p>" + "".join(_network(s, digits, split) for s in report.networks)


def _network(s: Sensitivities, digits: int, split: bool) -> str:
    columns = {"D": "", "G": "G"} | (PARTS if split else {}) | {"R": "R", "price": "price"}
    head = "".join(f"<th>{name}</th>" for name in ("layer", "D", *columns.values()))
    rows = [
        [layer_label(layer), exact_text(layer.D), *(decimal(getattr(layer, name), digits) for name in columns)]
        for layer in s.layers
    ]
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    caption = f"{escape(network_heading(s))}<br>{escape(claim_line(s))}"
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
