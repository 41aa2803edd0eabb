"""Text reports read back: heads, rows and cells of every table, against the values that were asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from solver import (
    Deformation,
    GaussianNoise,
    Report,
    Sampling,
    Sensitivities,
    TwoPixelTask,
    construct,
    sensitivities,
)
from solver.network.frequency.content import mean_filter_frequency, mean_kernel_frequency
from solver.sensitivity.noise.sampled.single_units import PREFIX
from solver.sensitivity.shuffling.deformation import shuffled_deformations
from solver.values import MissingValue, NumericValue, Value

TASK = TwoPixelTask(length=18, scale=7, distances="balanced", gap=1)
OTHER = TwoPixelTask(length=12, scale=5)
FEW = Sampling(points=16, replicates=4, seed=1)
Table = list[dict[str, str]]


@cache
def result(name: str, task: TwoPixelTask = TASK, **options: Any) -> Sensitivities:
    return sensitivities(construct(name, task), task, method="sampling", sampling=FEW, **options)


def table_below(text: str, start: str) -> Table:
    """The rows of the table in the paragraphs that begin with ``start``, by head; a blank head goes by what is before.

    Columns lie between the places that are blank in every line.
    """
    blocks = text.split("\n\n")
    (number,) = (n for n, block in enumerate(blocks) if block.startswith(start))
    lines = [line for line in blocks[number + 1].splitlines() if line.startswith(" ")]
    head, rule, *rows = lines
    assert set(rule) == {" ", "─"}
    width = max(map(len, lines))
    blank = [all(line[at : at + 1] in ("", " ") for line in [head, *rows]) for at in range(width + 2)]
    ends = [at for at in range(1, width + 1) if blank[at] and blank[at + 1] and not blank[at - 1]]
    spans = list(pairwise([0, *ends]))
    assert all(line[b - 1 : b] != " " for line in rows for _, b in spans[2:])  # flush right
    cells = [[line[a:b].strip() for a, b in spans] for line in [head, *rows]]
    names: list[str] = []
    for name in cells[0]:
        names.append(name or f"{names[-1]} decimal")
    return [dict(zip(names, row, strict=True)) for row in cells[1:]]


def rounded(number: Fraction, digits: int) -> Decimal:
    return Context(prec=digits).divide(Decimal(number.numerator), Decimal(number.denominator))


def check_cell(cell: str, value: Value, digits: int) -> None:
    """Whether a cell is a value to its digits: the last one exactly, or the error in brackets on its place."""
    if isinstance(value, MissingValue):
        assert cell == "-"
    elif isinstance(value, NumericValue):
        number, error, exponent = re.fullmatch(r"(-?[0-9.]+)\(([0-9]+)\)(E[+-]?[0-9]+)?", cell).groups()  # type: ignore[union-attr]
        unit = Decimal(1).scaleb(-len(number.partition(".")[2]))
        shown, bound = (Fraction(Decimal(x) * Decimal(f"1{exponent or ''}")) for x in (number, int(error) * unit))
        miss = abs(shown - Fraction(value.estimate)) + Fraction(value.uncertainty)
        assert miss <= bound <= 12 * Fraction(value.uncertainty), (cell, value)
        assert shown.numerator == 0 or abs(shown) < 10 * abs(Fraction(value.estimate)) + bound
    elif isinstance(value.exact, Fraction):
        assert Decimal(cell) == rounded(value.exact, digits)
    else:
        assert len(Decimal(cell).as_tuple().digits) == digits
        assert abs(Decimal(cell) - value.value(digits + 10)) * 2 <= Decimal(1).scaleb(
            Decimal(cell).adjusted() - digits + 1
        )


def check_rows(rows: Table, s: Sensitivities, heads: dict[str, str], digits: int) -> None:
    """``heads`` are the quantities by the heads they stand under."""
    assert [row["layer"] for row in rows] == [*map(str, range(s.network.depth + 1)), "f_p"]
    for row, layer in zip(rows, s.layers, strict=True):
        for head, name in heads.items():
            check_cell(row[head], layer.values[name], min(digits, 6) if name == "price" else digits)


COLUMNS = {"D decimal": "D", "G": "G", "R": "R", "price": "price"}


@pytest.mark.parametrize("digits", [3, 9, 15])
def test_tables_hold_what_was_asked_for(digits: int) -> None:
    both = result("uniform"), result("shift-mixed")
    text = Report(both).to_text(digits=digits)
    assert text.index("\n\nuniform: ") < text.index("\n\nshift-mixed: ")
    for s in both:
        rows = table_below(text, f"{s.network.name}: ")
        assert list(rows[0]) == ["layer", "D", "D decimal", "G", "R", "price"]
        check_rows(rows, s, COLUMNS, digits)
        exact = [str(layer.D.exact) for layer in s]
        assert [row["D"] for row in rows] == [text if len(text) <= 40 else "" for text in exact]
        assert len({row[head] for row in rows for head in ("D", "G", "R")}) > 10


def test_parts_of_g_and_their_share() -> None:
    s = result("uniform")
    rows = table_below(s.to_text(digits=6, split=True), "uniform, parts of G:")
    assert list(rows[0]) == ["layer", "G coherent", "G incoherent", "share"]
    check_rows(rows, s, {"G coherent": "G_coherent", "G incoherent": "G_incoherent"}, 6)
    for row, layer in zip(rows, s.layers, strict=True):
        assert row["share"].endswith("%")
        assert abs(float(row["share"][:-1]) - 100 * float(layer.G_coherent) / float(layer.G)) < 0.051


def test_shuffled_deformations() -> None:
    s = result("shift", OTHER)
    shuffled = shuffled_deformations(s, 4, seed=2)
    rows = table_below(Report((s,), (shuffled,)).to_text(digits=5), "shift, shuffled: ")
    assert list(rows[0]) == ["layer", "D", "D shuffled", "spread"]
    for row, layer, each in zip(rows, s.layers, shuffled, strict=True):
        for head, value in {"D": layer.D, "D shuffled": each.mean, "spread": each.spread}.items():
            check_cell(row[head], value, 5)


def test_frequencies() -> None:
    s = result("uniform", OTHER)
    rows = table_below(s._report.to_text(digits=6, frequencies=True), "uniform, mean frequencies:")
    for k, row in enumerate(rows, start=1):
        filters, kernel = mean_filter_frequency(s.network, k), mean_kernel_frequency(s.network, k, OTHER.length)
        assert row["layer"] == str(k)
        assert Decimal(row["filters decimal"] if "filters decimal" in row else row["filters"]) == rounded(filters, 6)
        assert Fraction(row["kernel"]) == kernel and Decimal(row["kernel decimal"]) == rounded(kernel, 6)
        assert row["c(0)"] == "3" and {row["c(1)"], row["c(3)"]} == {"0"}


QUESTIONS: list[tuple[TwoPixelTask, Deformation, GaussianNoise, bool]] = [
    (OTHER, Deformation(), GaussianNoise(), False),
    (TASK, Deformation(law="mirror", collisions="reject"), GaussianNoise(energy="1/7", rectified=True), True),
    (TwoPixelTask(length=16, scale=7, distances="flat"), Deformation(law="-1:1/4 0:1/2 1:1/4", collisions="merge"),
     GaussianNoise(energy="exact"), False),
]  # fmt: skip


@pytest.mark.parametrize(("task", "deformation", "noise", "mean"), QUESTIONS)
def test_the_head_says_what_was_asked(task: Any, deformation: Any, noise: Any, mean: bool) -> None:
    s = result("uniform", task, deformation=deformation, noise=noise, channel_mean=mean, layers=(0,))
    head, network, *_ = s.to_text(digits=4).split("\n\n")
    lines = head.splitlines()
    gap = f", gap {task.gap}" if task.gap else ""
    assert lines[0].startswith(
        f"Task: ring of l = {task.length} sites, scale xi = {task.scale}, distances {task.distances!r}{gap}; "
    )
    shown = re.match(r"Deformation: '(.*)', collisions '(.*)'; <\|\|tau x - x\|\|\^2> = (\S+) \((\S+) far", lines[1])
    assert shown and (shown[1], shown[2]) == (deformation.name, deformation.collisions)
    layer = s[0]
    spread = Fraction(4 * (task.length - 2), task.length)  # of the image: 2 (2 - 4/l)
    assert Fraction(shown[3]) == layer.D.exact * spread
    energy = s.noise.energy
    assert energy == (Fraction(shown[3]) if noise.energy == "exact" else noise.energy)
    told = re.match(r"Noise: l sigma\^2 = (\S+), sigma\^2 = ([0-9/]+)", lines[2])
    assert told and (Fraction(told[1].rstrip(",")), Fraction(told[2])) == (energy, energy / task.length)
    assert ("rectified" in lines[2]) == noise.rectified and lines[3:] == ["Norms: channels averaged first"] * mean
    assert network.splitlines()[0] == (
        f"uniform: filter size 3, {s.network.depth} layers, channels {', '.join(['1'] * s.network.depth)}"
    )
    values = [max(task.scale - d, 0) for d in range(1, task.length // 2 + 1)]
    assert f"f_p(1..{len(values)}) = {', '.join(map(str, values))}" in network


def test_methods_are_named_once_each(capsys: Any) -> None:
    text = Report((result("uniform"), result("shift"))).to_text()
    lines: Sequence[str] = [line for line in text.splitlines() if line.startswith("G: ")]
    sampled = [f"{PREFIX}{FEW.method(16)}", FEW.method(16)]
    assert lines == [f"G: {method}" for method in ("linear noise", "closed form, rectified once", *sampled)]
