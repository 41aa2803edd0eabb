"""What one cell of a sweep gives, as text: the values of every layer, or why there are none; and that read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from solver.cache import Cache
from solver.constructions.registry import construct
from solver.errors import InputError, NotApplicableError
from solver.network.changed.wider import scaled_copies
from solver.numbers.decimals import rounded_decimal
from solver.question.deformation import Deformation
from solver.question.noise import GaussianNoise
from solver.question.task import TwoPixelTask
from solver.report.writers.json import value_texts
from solver.sensitivity.noise.route import Evaluation
from solver.sensitivity.quantities import NAMES, UNASKED
from solver.sensitivity.question import Question
from solver.sensitivity.results import LayerValues
from solver.sensitivity.sensitivities import Sensitivities
from solver.sensitivity.sensitivities import answer as answered
from solver.sweep.grid import Cell, Settings, channel_scales
from solver.values import ExactValue, MissingValue, Value, numeric_value


@dataclass(frozen=True)
class RecordedValue(Value):
    """A closed form or an algebraic number, known as a decimal and a bound of its error."""

    kind: str  # type: ignore[misc]
    decimal: Decimal
    bound: Decimal
    method: str

    def bounded(self, digits: int) -> tuple[Decimal, Decimal]:
        if self.decimal.is_nan():
            return self.decimal, self.bound
        return rounded_decimal(self.decimal, min(digits, len(self.decimal.as_tuple().digits)), self.bound)

    @property
    def latex(self) -> str:
        return f"{self.decimal}"


def cell_answer(cell: Cell, cache: Cache | None = None) -> dict[str, Any]:
    """Return the answer to a cell as text that JSON holds: its layers, or ``{"why": reason}`` if it cannot exist.

    One thread computes it, so that the same cell gives the same digits wherever it runs.
    """
    from threadpoolctl import threadpool_limits

    try:
        with threadpool_limits(1):
            found = cell_sensitivities(cell, cache)
            return {
                "depth": str(found.network.depth),
                "widths": [str(c) for c in found.network.channels],
                "layers": [_layer_object(layer, cell.settings) for layer in found.layers],
            }
    except (InputError, NotApplicableError) as error:
        return {"why": " ".join(str(error).split())}


def cell_sensitivities(cell: Cell, cache: Cache | None = None) -> Sensitivities:
    """Return the sensitivities that a cell asks for.

    Raises
    ------
    InputError
        If the combination cannot exist.
    NotApplicableError
        If the method does not apply to it.
    """
    options = cell.settings
    whole = {name: int(cell[name]) for name in ("length", "scale", "gap")}
    task = TwoPixelTask(**whole, distances=cell["distances"], labels=cell["labels"])
    deformation = Deformation(law=cell["deformation"], collisions=cell["collisions"])
    network = construct(cell["construction"], task, filter_size=int(cell["filter_size"]))
    scales = channel_scales(cell["channels"])
    if scales != (1,):
        network = scaled_copies(network, scales)
    asked = GaussianNoise(energy=cell["noise_energy"], rectified=options.rectified)
    noise = GaussianNoise() if options.deformation_only else asked
    question = Question(network, task, deformation, noise, options.channel_mean)
    how = Evaluation(method=options.method, sampling=options.sampling, cache=cache)
    return answered(question, how, options.names)


def recorded_layer(record: Mapping[str, Any]) -> LayerValues:
    """Return a layer of a cell; a value that was not recorded is missing.

    Raises
    ------
    InputError
        If the record is not that of a layer.
    """
    try:
        values = {name: recorded_value(record[name]) if name in record else UNASKED for name in NAMES}
        return LayerValues(int(record["layer"]), str(record["name"]), values)
    except (KeyError, TypeError, ArithmeticError, ValueError) as error:
        raise InputError(f"sweep: a layer is not as `solver sweep` writes it: {error!r}") from None


def recorded_value(record: Mapping[str, Any]) -> Value:
    """Return a value from its record: exact where it is rational, with the recorded error elsewhere."""
    kind = record["kind"]
    if kind == "missing":
        return MissingValue(record["why"])
    decimal, error, method = Decimal(record["value"]), Decimal(record["error"]), record["method"]
    exact = record.get("exact")
    if exact is not None and set(exact) <= set("-/0123456789"):
        return ExactValue(Fraction(exact), method)
    if kind == "numeric":
        return numeric_value(decimal, error, method)
    return RecordedValue(kind, decimal, error, method)


def _layer_object(layer: LayerValues, settings: Settings) -> dict[str, Any]:
    """Return the values of a layer that are asked for as text, as `recorded_layer` reads them."""
    values = {name: layer.values[name] for name in settings.names}
    texts = {
        name: {"kind": value.kind, "why": value.why}
        if isinstance(value, MissingValue)
        else value_texts(value, settings.digits)
        for name, value in values.items()
    }
    return {"layer": str(layer.layer), "name": layer.name, **texts}
