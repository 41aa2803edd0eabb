"""Runs side by side as text and as JSON (schema ``solver.histories/1``), which can be read back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta, Struct

from solver.errors import InputError
from solver.numbers.exact import choice
from solver.reading import json_structure
from solver.report.documents.training import HISTORY, short
from solver.report.writers.json import json_lines
from solver.sensitivity.results import LayerValues
from solver.train.history import Moment
from solver.train.outcomes import MEASURES, Outcome, by_images, correlations, families
from solver.train.record import Checkpoint, checkpoint_object
from solver.train.training import Training, training_from_json
from solver.values import MissingValue, Value, numeric_value

SCHEMA = "solver.histories/1"
TABLES = ("runs", "layers", "correlations")
_NOTE = (
    "Spearman's rank correlation with the test error over the last checkpoints of n runs; ties share their mean rank, "
    "e is how many\ndifferent test errors there are; within P: of ranks among runs of the same P; - : fewer than 3 "
    "runs, or no variation"
)


DecimalText: TypeAlias = Annotated[Decimal, Meta(description="a decimal as text")]
ValueAndError: TypeAlias = tuple[DecimalText, DecimalText]


class LayerMeans(Struct, frozen=True):
    """A layer as a file holds it: every quantity with its error."""

    layer: int
    name: str
    D: ValueAndError | None
    G: ValueAndError | None
    R: ValueAndError | None
    D_shuffled: ValueAndError | None
    filter_frequency: ValueAndError | None


class MomentText(Struct, frozen=True):
    """A checkpoint and its layers as a file holds them."""

    checkpoint: Checkpoint
    layers: tuple[LayerMeans, ...]


class RunText(Struct, frozen=True):
    """A run as a file holds it."""

    name: str
    configuration: dict[str, Any]
    moments: tuple[MomentText, ...]


class OutcomesText(Struct, frozen=True):
    """Runs as a file holds them."""

    schema: Annotated[Literal["solver.histories/1"], Meta(description=repr(SCHEMA))]
    runs: tuple[RunText, ...]


def outcomes_text(outcomes: Sequence[Outcome], tables: Sequence[str] = TABLES) -> str:
    """Return tables of each family of runs.

    Parameters
    ----------
    outcomes : sequence of Outcome
    tables : sequence of {"runs", "layers", "correlations"}
        A line for each run at its last checkpoint; medians over runs by layer, at the first and the last checkpoint;
        rank correlations with the test error.

    Raises
    ------
    InputError
        For another table, or none.
    """
    for table in tables:
        choice(table, "tables", TABLES)
    if not tables or not outcomes:
        raise InputError(f"tables: expected some of {', '.join(TABLES)}, and runs to put in them")
    drawn = {"runs": _runs_text, "layers": _layers_text, "correlations": _correlations_text}
    parts = []
    for family in families(outcomes):
        parts += [family_line(family[0].training), *(drawn[table](family) for table in tables)]
    notes = [_NOTE] if "correlations" in tables else []
    return "\n\n".join([*parts, *notes]) + "\n"


def family_line(training: Training) -> str:
    """Return what the runs of a family have in common, in one line."""
    task, net = training.task, training.architecture
    gap = f", gap {task.gap}" if task.gap else ""
    batch = f"batches of {training.batch}" if training.batch else "all images a step"
    return (
        f"labels '{task.labels}', l = {task.length}, xi = {task.scale}{gap}, '{task.distances}'; {net.layers} layers "
        f"of {net.channels} channels, filter size {net.filter_size}, stride {net.stride}; {training.optimizer}, {batch}"
    )


def _runs_text(family: Sequence[Outcome]) -> str:
    last = family[0].training.architecture.layers
    width = max(len(each.name) for each in family)
    heads = ["D_f", "G_f", "R_f", f"R_{last}", *(f"freq {k}" for k in range(1, last + 1))]
    first = f"{'run':{width}}  {'P':>4} {'seed':>4} {'steps':>6}  {'error: first':>12} {'last':>7}"
    lines = [first + _flush(heads)]
    for each in (run for runs in by_images(family).values() for run in runs):
        t, moment = each.training, each.moments[-1]
        values = [
            *(moment.layers[-1].D, moment.layers[-1].G, moment.layers[-1].R, moment.layers[-2].R),
            *(layer.filter_frequency for layer in moment.layers[1:-1]),
        ]
        errors = f"{short(each.moments[0].checkpoint.test_error):>12} {short(moment.checkpoint.test_error):>7}"
        start = f"{each.name:{width}}  {t.images:>4} {t.seed:>4} {moment.checkpoint.step:>6}  {errors}"
        lines.append(start + _flush(map(_cell, values)))
    return "\n".join(lines)


def _layers_text(family: Sequence[Outcome]) -> str:
    depth = family[0].training.architecture.layers
    heads = ["image", *(f"layer {k}" for k in range(1, depth + 1)), "f_p"]
    lines = [f"{f'medians of {len(family)}':34}" + _flush(heads)]
    for quantity in HISTORY:
        for moment, when in ((0, "first"), (-1, "last")):
            columns = zip(*(each.moments[moment].layers for each in family), strict=True)
            cells = _flush(_median(column, quantity.name) for column in columns)
            lines.append(f"{quantity.text if moment == 0 else '':28} {when:>5}{cells}")
    return "\n".join(lines)


def _median(layers: Sequence[LayerValues], name: str) -> str:
    values = [float(v) for v in (getattr(each, name) for each in layers) if not isinstance(v, MissingValue)]
    return f"{median(values):.3g}" if values else "-"


def _correlations_text(family: Sequence[Outcome]) -> str:
    found = correlations(family)
    names = {"R_L": f"R_{family[0].training.architecture.layers}"}
    lines = [f"  {'among':>10} {'n':>4} {'e':>4}" + _flush(names.get(each, each) for each in MEASURES)]
    for among in dict.fromkeys(each.among for each in found):
        row = [each for each in found if each.among == among]
        cells = _flush("-" if each.rho is None else f"{each.rho:.2f}" for each in row)
        lines.append(f"  {among:>10} {row[0].runs:>4} {row[0].errors:>4}{cells}")
    return "\n".join(lines)


def _flush(cells: Iterable[str]) -> str:
    return "".join(f" {cell:>8}" for cell in cells)


def _cell(value: Value) -> str:
    return "-" if isinstance(value, MissingValue) else f"{float(value):.3g}"


def outcomes_json(outcomes: Sequence[Outcome], digits: int = 6) -> str:
    """Return the runs as JSON text: a quantity is ``[value, error]``, both text, or null where it does not exist."""
    runs = [
        {
            "name": each.name,
            "configuration": each.training.as_json(),
            "moments": [_moment_object(moment, digits) for moment in each.moments],
        }
        for each in outcomes
    ]
    return json_lines({"schema": SCHEMA}, "runs", map(json.dumps, runs))


def read_outcomes(path: Path) -> list[Outcome]:
    """Return the runs of a file that `outcomes_json` wrote; values are as rounded there.

    Raises
    ------
    InputError
        If it is no such file.
    """
    source = f"{str(path)!r} holds no runs as `solver history` writes them ({SCHEMA})"
    return [
        Outcome(
            run.name,
            training_from_json(run.configuration, f"{source}: runs[{n}].configuration"),
            tuple(_moment(each, f"read from {path.name}") for each in run.moments),
        )
        for n, run in enumerate(json_structure(path.read_bytes(), OutcomesText, source).runs)
    ]


def _moment_object(moment: Moment, digits: int) -> dict[str, Any]:
    layers = [
        {"layer": each.layer, "name": each.name} | {q.name: _pair(each.values[q.name], digits) for q in HISTORY}
        for each in moment.layers
    ]
    return {"checkpoint": checkpoint_object(moment.checkpoint), "layers": layers}


def _moment(moment: MomentText, method: str) -> Moment:
    layers = tuple(
        LayerValues(each.layer, each.name, {q.name: _value(getattr(each, q.name), method) for q in HISTORY})
        for each in moment.layers
    )
    return Moment(moment.checkpoint, layers)


def _pair(value: Value, digits: int) -> list[str] | None:
    return None if isinstance(value, MissingValue) else [str(value.value(digits)), str(value.error(digits))]


def _value(pair: ValueAndError | None, method: str) -> Value:
    return MissingValue(method) if pair is None else numeric_value(Decimal(pair[0]), Decimal(pair[1]), method)
