"""Every number that a report shows, compared with brute force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from math import isclose
from typing import Any

from solver.brute_force.frequencies import plain_filter_frequency, plain_filter_squares, plain_kernel_frequency
from solver.brute_force.response import PlainNumber
from solver.brute_force.table import PlainTable
from solver.errors import NotApplicableError
from solver.report.documents.checks import Check, agreement, place
from solver.report.documents.frequencies import filter_squares, mean_frequencies
from solver.sensitivity.noise.route import Evaluation
from solver.sensitivity.question import Question
from solver.sensitivity.response.by_displacement import mean_response, network_response
from solver.sensitivity.sensitivities import Sensitivities, answer


def calm_checks(question: Question, table: PlainTable) -> Iterator[Check]:
    """Yield the checks of what no noise enters: the head, f_p, D and the frequencies."""
    yield from _head_checks(question, table)
    yield _response_check(question, table)
    found = answer(question, Evaluation(), ("D",))
    pairs = zip(table.squares.changes, table.squares.spreads, strict=True)
    plain = [PlainNumber(change).over(PlainNumber(spread)) for change, spread in pairs]
    same = [agreement("D", layer.D, d).passed for layer, d in zip(found.layers, plain, strict=True)]
    differ = [place(question, k) for k in question.layers if not same[k]]
    yield Check("D alone", f"differs at {', '.join(differ)}" if differ else "= brute force, exactly", not differ)
    yield from _frequency_checks(found, table)


def noise_checks(question: Question, table: PlainTable, how: Evaluation) -> Iterator[Check]:
    """Yield the checks of every quantity of every layer, as a report shows them."""
    found = answer(question, how)
    for k, row in enumerate(table.rows()):
        values = found.layers[k].values
        for name, value in values.items():
            title = f"{name} of {place(question, k)}"
            unknown = Check(title, "not compared: solver.brute_force.table lacks it", True, False)
            yield agreement(title, value, row[name]) if name in row else unknown


def _head_checks(question: Question, table: PlainTable) -> Iterator[Check]:
    head, case = question.head, table.case
    shown = {
        "energy of the deformation": (head["deformation"]["energy"], case.total_energy),
        "the same far apart": (head["deformation"]["energy_apart"], case.apart_energy),
        "l sigma^2": (head["noise"]["energy"], case.variance * case.sites),
        "sigma^2": (head["noise"]["variance"], case.variance),
    }
    for name, (text, plain) in shown.items():
        same = Fraction(text) == plain
        yield Check(name, f"{text} {'= brute force, exactly' if same else f'against {plain}'}", same)


def _response_check(question: Question, table: PlainTable) -> Check:
    """Compare f_p at every distance of the ensemble, averaged over places where it depends on them."""
    sums: defaultdict[Any, list[Any]] = defaultdict(list)
    sites = table.case.sites
    for (i, j), f in table.squares.responses.items():
        sums[min(j - i, sites - j + i)].append(f)
    try:
        found, same = network_response(question.network, question.task), True
    except NotApplicableError:
        found, same = mean_response(question.network, question.task), False
    if same:
        differ = [d for d, values in sums.items() if any(found[d] != f for f in values)]
    else:
        differ = [d for d, values in sums.items() if found[d] != sum(values) * Fraction(1, len(values))]
    words = "f_p(d)" if same else "mean f_p(d)"
    outcome = f"differs at d = {', '.join(map(str, differ))}" if differ else "= brute force at every pair, exactly"
    return Check(words, outcome, not differ)


def _frequency_checks(found: Sensitivities, table: PlainTable) -> Iterator[Check]:
    for k in range(1, found.network.depth + 1):
        plain = {
            "filter_frequency": plain_filter_frequency(table.network, k),
            "kernel_frequency": plain_kernel_frequency(table.network, table.case, k),
        }
        for name, value in mean_frequencies(found, k).items():
            yield agreement(f"{name} of layer {k}", value, PlainNumber(plain[name]))
        ours = [(float(lam), float(c)) for lam, c in filter_squares(found, k)]
        if ours:
            theirs = plain_filter_squares(table.network, k)
            passed = len(ours) == len(theirs) and all(
                isclose(x, y, rel_tol=1e-9, abs_tol=1e-9) for a, b in zip(ours, theirs, strict=False)
                for x, y in zip(a, b, strict=True)
            )  # fmt: skip
            yield Check(f"c(lambda) of layer {k}", f"{len(theirs)} eigenspaces, to 1e-9", passed)
