"""The report as plain text, and the tables that other results share with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from io import StringIO
from textwrap import fill
from typing import TYPE_CHECKING

from solver.numbers.decimals import decimal_ratio
from solver.report.cells import decimal, short_number, text_heads, text_row
from solver.report.columns import COLUMNS, printed_columns
from solver.report.documents.frequencies import FREQUENCIES_NOTE, filter_squares, mean_frequencies
from solver.report.report import Report
from solver.report.words import ROUNDED, claim_line, heading, network_heading, responses
from solver.sensitivity.quantities import Quantity
from solver.sensitivity.response.by_displacement import Response, mean_response
from solver.sensitivity.response.threshold import best_threshold
from solver.sensitivity.results import LayerValues
from solver.sensitivity.sensitivities import Sensitivities
from solver.sensitivity.shuffling.deformation import ShuffledDeformation
from solver.values import MissingValue, Value

if TYPE_CHECKING:
    from rich.table import Table

SHOWN_RESPONSES = 12
LONGEST_SHORT = 16
"""Characters of an exact f_p or frequency; longer ones are decimals."""
LONGEST_PATH = 9
"""Taps of a filter whose squared coefficients fit in a line."""
WIDTH = 80
SHUFFLED = (COLUMNS["D"], Quantity("mean", "D shuffled"), Quantity("spread", "spread"))
_ERRORS = "0.526(3) means 0.526 +- 0.003, an estimated error."
_SHUFFLED_NOTE = (
    "D shuffled: the mean of D over networks whose channels have their input filters permuted at random, "
    "exact for each; spread: its standard deviation between them."
)


def report_text(
    report: Report, digits: int, *, split: bool = False, frequencies: bool = False, why: bool = False
) -> str:
    """Return the report as plain text: the question, and a table for each network.

    With the parts of G if ``split``, with those of the filters if ``frequencies``, with the routes if ``why``.
    """
    parts = ["\n".join(heading(report.question))]
    for s, shuffled in report.entries:
        parts += [_network_text(s, digits), *([_split_text(s, digits)] if split else [])]
        parts += [_shuffled_text(s, shuffled, digits)] if shuffled else []
        parts += [_frequencies_text(s, digits)] if frequencies else []
        parts += [_routes_text(s)] if why else []
    found = [layer.G for s in report.networks for layer in s.layers if not isinstance(layer.G, MissingValue)]
    parts.append("\n".join(dict.fromkeys(f"G: {value.method}" for value in found)))
    parts.append(" ".join([*_notes("exactly", "always"), _ERRORS]))
    parts += _notes("split") if split else []
    parts += [_SHUFFLED_NOTE] if report.shuffled else []
    parts += [FREQUENCIES_NOTE] if frequencies else []
    return "\n\n".join(parts) + "\n"


def empty_table(heads: Sequence[str]) -> Table:
    """Return a table without rows: heads over a rule, everything flush right."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def table_lines(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table as lines."""
    from rich.console import Console

    table = empty_table(heads)
    for row in rows:
        table.add_row(*row)
    buffer = StringIO()
    Console(file=buffer, width=10_000, color_system=None).print(table)
    return [line.rstrip() for line in buffer.getvalue().splitlines() if line.strip()]


def layer_lines(columns: Sequence[Quantity], layers: Iterable[LayerValues], digits: int) -> list[str]:
    """Return a table of layers as lines."""
    return table_lines(["layer", *text_heads(columns)], [text_row(columns, layer, digits) for layer in layers])


def _notes(*shown: str) -> list[str]:
    """Return what is said below the tables of the quantities that are shown."""
    return list(dict.fromkeys(each.note for each in printed_columns(*shown) if each.note))


def _network_text(s: Sensitivities, digits: int) -> str:
    columns = printed_columns("exactly", "always")
    missing = [
        f"{layer.label}: no {each.text}: {value.why}"
        for layer in s.layers
        for each in columns
        if isinstance(value := layer.values[each.name], MissingValue) and (each.explained or _is_own(each, layer))
    ]
    lines = [network_heading(s.network), claim_line(s), _response_line(s), "", *layer_lines(columns, s.layers, digits)]
    return "\n".join([*lines, *dict.fromkeys(missing)])


def _is_own(quantity: Quantity, layer: LayerValues) -> bool:
    """Return whether a ratio is missing though both of its parts are there."""
    return not any(isinstance(layer.values[part], MissingValue) for part in quantity.parts)


def _split_text(s: Sensitivities, digits: int) -> str:
    columns = printed_columns("split")
    rows = [[*text_row(columns, layer, digits), _coherent_share(layer, digits)] for layer in s.layers]
    table = table_lines(["layer", *text_heads(columns), "share"], rows)
    return "\n".join([f"{s.network.name}, parts of G:", "", *table])


def _coherent_share(layer: LayerValues, digits: int) -> str:
    """Return the coherent part of G in per cent, from both to ``digits``, or a dash where G is missing or 0."""
    if isinstance(layer.G, MissingValue) or not layer.G.value(digits):
        return "-"
    return f"{round(100 * decimal_ratio(layer.G_coherent.value(digits), layer.G.value(digits)), 1) + 0}%"


def _shuffled_text(s: Sensitivities, shuffled: tuple[ShuffledDeformation, ...], digits: int) -> str:
    layers = [
        LayerValues(layer.layer, layer.name, {"D": layer.D, "mean": each.mean, "spread": each.spread})
        for layer, each in zip(s.layers, shuffled, strict=True)
    ]
    table = layer_lines(SHUFFLED, layers, min(digits, 6))
    return "\n".join([f"{s.network.name}, shuffled: {shuffled[0].mean.method}", "", *table])


def _frequencies_text(s: Sensitivities, digits: int) -> str:
    layers = [each.layer for each in s if each.name == "hidden"]
    squares = {k: filter_squares(s, k) for k in layers}
    heads = next(([f"c({_short(each, 3)})" for each, _ in found] for found in squares.values() if found), [])
    same = len({layer.size for layer in s.network.layers}) == 1 and len(heads) <= LONGEST_PATH
    rows = []
    for k in layers:
        means = [text for v in mean_frequencies(s, k).values() for text in (_rational(v), decimal(v, digits))]
        rows.append([str(k), *means, *(_short(c, digits) for _, c in squares[k] if same)])
    table = table_lines(["layer", "filters", "", "kernel", "", *(heads if same else [])], rows)
    return "\n".join([f"{s.network.name}, mean frequencies:", "", *table])


def _routes_text(s: Sensitivities) -> str:
    """Return the route that D and G of every layer were found by, and why each stronger one was not taken."""
    lines = [f"{s.network.name}, routes, and why no stronger one:", ""]
    for layer, chosen in zip(s.layers, s.why, strict=True):
        place = layer.label if layer.name == "output" else f"layer {layer.label}"
        for name, choice in chosen.items():
            lines.append(_wrapped(f"{name} of {place}: {choice.route.method}", 0))
            lines += [_wrapped(f"not {refused}: {why}", 4) for refused, why in choice.refused]
    return "\n".join(lines)


def _wrapped(text: str, indent: int) -> str:
    return fill(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 4))


def _rational(value: Value) -> str:
    """Return a short rational as text; other numbers are left to their decimals."""
    text = str(value.exact) if isinstance(value.exact, Fraction) else ""
    return text if len(text) <= LONGEST_SHORT else ""


def _short(value: Value, digits: int) -> str:
    return _rational(value) or decimal(value, min(digits, 6))


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
