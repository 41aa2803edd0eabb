"""The report as plain text."""

from __future__ import annotations

from fractions import Fraction
from io import StringIO

from rich import box
from rich.console import Console
from rich.table import Table

from solver.report.documents.frequencies import NOTE, filter_squares, mean_frequencies
from solver.report.report import Report
from solver.report.words import (
    PARTS,
    ROUNDED,
    claim_line,
    coherent_share,
    decimal,
    exact_text,
    heading,
    layer_label,
    methods,
    network_heading,
    responses,
    short_number,
)
from solver.sensitivity.response.by_displacement import Response, mean_response
from solver.sensitivity.response.threshold import best_threshold
from solver.sensitivity.sensitivities import Sensitivities
from solver.sensitivity.shuffling.deformation import ShuffledDeformation
from solver.values import MissingValue, Value

SHOWN_RESPONSES = 12
LONGEST_SHORT = 16
"""Characters of an exact f_p or frequency; longer ones are decimals."""
LONGEST_PATH = 9
"""Taps of a filter whose squared coefficients fit in a line."""


def report_text(report: Report, digits: int, *, split: bool = False, frequencies: bool = False) -> str:
    """Return the report as plain text: the question, and a table for each network; with G's parts, with frequencies."""
    parts = ["\n".join(heading(report))]
    for s, shuffled in zip(report.networks, report.shuffled or [()] * len(report.networks), strict=True):
        parts += [_network_text(s, digits), *([_split_text(s, digits)] if split else [])]
        parts += [_shuffled_text(s, shuffled, digits)] if shuffled else []
        parts += [_frequencies_text(s, digits)] if frequencies else []
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
    if report.shuffled:
        parts.append(
            "D shuffled: the mean of D over networks whose channels have their input filters permuted at random, "
            "exact for each; spread: its standard deviation between them."
        )
    if frequencies:
        parts.append(NOTE)
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


def _shuffled_text(s: Sensitivities, shuffled: tuple[ShuffledDeformation, ...], digits: int) -> str:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("layer", "D", "D shuffled", "spread"):
        table.add_column(column, justify="right", no_wrap=True)
    for layer, each in zip(s.layers, shuffled, strict=True):
        cells = [decimal(value, min(digits, 6)) for value in (layer.D, each.mean, each.spread)]
        table.add_row(layer_label(layer), *cells)
    return "\n".join([f"{s.network.name}, shuffled: {shuffled[0].mean.method}", "", *_lines(table)])


def _frequencies_text(s: Sensitivities, digits: int) -> str:
    layers = range(1, s.network.depth + 1)
    squares = {k: filter_squares(s, k) for k in layers}
    heads = next((_heads(found) for found in squares.values() if found), [])
    same = len({layer.size for layer in s.network.layers}) == 1 and len(heads) <= LONGEST_PATH
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("layer", "filters", "", "kernel", "", *(heads if same else [])):
        table.add_column(column, justify="right", no_wrap=True)
    for k in layers:
        means = [text for v in mean_frequencies(s, k).values() for text in (_rational(v), decimal(v, digits))]
        table.add_row(str(k), *means, *(_short(c, digits) for _, c in squares[k] if same))
    return "\n".join([f"{s.network.name}, mean frequencies:", "", *_lines(table)])


def _heads(squares: list[tuple[Value, Value]]) -> list[str]:
    return [f"c({_short(eigenvalue, 3)})" for eigenvalue, _ in squares]


def _rational(value: Value) -> str:
    """Return a short rational as text; other numbers are left to their decimals."""
    text = str(value.exact) if isinstance(value.exact, Fraction) else ""
    return text if len(text) <= LONGEST_SHORT else ""


def _short(value: Value, digits: int) -> str:
    return _rational(value) or decimal(value, min(digits, 6))


def _lines(table: Table) -> list[str]:
    buffer = StringIO()
    Console(file=buffer, width=10_000, color_system=None).print(table)
    return [line.rstrip() for line in buffer.getvalue().splitlines() if line.strip()]


def _response_line(s: Sensitivities) -> str:
    response, why = responses(s)
    if response is None:
        return f"{why}\naveraged over where the pair is, {_values_line(mean_response(s.network, s.task))}"
    return _frame_lines(s, response) if s.task.axes > 1 else _values_line(response)


def _values_line(response: Response) -> str:
    shown = list(range(1, min(len(response), SHOWN_RESPONSES) + 1))
    values = ", ".join(short_number(response[d]) for d in shown)
    rest = {response[d] for d in response.distinct if isinstance(d, int) and d > shown[-1]}
    more = f"; f_p = {short_number(rest.pop())} for larger d" if len(rest) == 1 else ", ..." if rest else ""
    return _with_note(f"f_p(1..{shown[-1]}) = {values}{more}")


def _with_note(line: str) -> str:
    return f"{line}\n{ROUNDED}; JSON holds them exactly" if "~" in line else line


def _frame_lines(s: Sensitivities, response: Response) -> str:
    """Return f_p along an axis and along a diagonal, and how often the best threshold on it errs."""
    last = min(*(n // 2 for n in s.task.shape), SHOWN_RESPONSES)
    axis, diagonal = (", ".join(short_number(response[d, d * turn]) for d in range(1, last + 1)) for turn in (0, 1))
    best = best_threshold(s.network, s.task)
    return _with_note(
        f"f_p(1..{last}, 0) = {axis}; f_p(d, d) = {diagonal}\n"
        f"y = +1 for f_p > {short_number(best.level)}, the best threshold: wrong with probability {best.error}"
    )
