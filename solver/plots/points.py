"""What figures draw: values as floats with their errors, the ticks of layers, the networks drawn unless others are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from solver.constructions.registry import construct
from solver.network.network import Network
from solver.question.task import TwoPixelTask
from solver.report.documents.slides import SLIDES_NETWORKS
from solver.sensitivity.results import LayerValues
from solver.sensitivity.sensitivities import Sensitivities
from solver.values import MissingValue, Value

_DIGITS = 6


def slides_or(networks: Sequence[Network], task: TwoPixelTask) -> tuple[Network, ...]:
    """Return the networks, or those of the slides if there are none."""
    return tuple(networks) or tuple(construct(name, task) for name in SLIDES_NETWORKS)


def value_and_error(value: Value) -> tuple[float, float]:
    """Return a value and its error, to more digits than can be seen; the error is 0 unless the value is numeric."""
    return float(value.value(_DIGITS)), float(value.error(_DIGITS)) if value.kind == "numeric" else 0.0


def known(layers: Iterable[LayerValues], quantity: str) -> list[tuple[LayerValues, Value]]:
    """Return the layers where a quantity exists, with its values."""
    values = [(layer, getattr(layer, quantity)) for layer in layers]
    return [(layer, value) for layer, value in values if not isinstance(value, MissingValue)]


def layer_tick(layer: LayerValues) -> str:
    """Return the name of a layer on an axis."""
    return "$f_p$" if layer.name == "output" else layer.label


def layer_places(results: Sequence[Sensitivities]) -> tuple[list[dict[int, int]], dict[int, str]]:
    """Return where each result's layers stand, every f_p at one place behind the deepest layer, and all ticks."""
    last = max(len(each.layers) for each in results) - 1
    places = [{k.layer: last if k.name == "output" else k.layer for k in each.layers} for each in results]
    ticks = {at[k.layer]: layer_tick(k) for each, at in zip(results, places, strict=True) for k in each.layers}
    return places, dict(sorted(ticks.items()))
