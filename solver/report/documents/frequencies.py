"""The mean frequencies of a network's filters and effective kernels as values that a report shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from solver.errors import NotApplicableError
from solver.network.frequency.content import filter_content, mean_filter_frequency, mean_kernel_frequency
from solver.sensitivity.sensitivities import Sensitivities
from solver.values import MissingValue, Value, as_value

RAYLEIGH = "Rayleigh quotient of the graph Laplacian"
PROJECTION = "projection on the eigenspaces of the graph Laplacian"
FREQUENCIES_NOTE = (
    "Frequencies are eigenvalues of a graph Laplacian: 0 is constant, 4 alternates. filters: the mean over the filters "
    "of a layer, on a path of s taps; kernel: over its effective kernels, on the ring, 2 (1 - A_1/A_0); "
    "c(lambda): mean squared coefficient of the filters at an eigenvalue."
)


def mean_frequencies(s: Sensitivities, layer: int) -> dict[str, Value]:
    """Return the mean frequencies of the filters and of the effective kernels of a layer; none outside 1..depth."""
    if not 1 <= layer <= s.network.depth:
        return {}
    return {
        "filter_frequency": _value(lambda: mean_filter_frequency(s.network, layer)),
        "kernel_frequency": _value(lambda: mean_kernel_frequency(s.network, layer, s.task.shape)),
    }


def filter_squares(s: Sensitivities, layer: int) -> list[tuple[Value, Value]]:
    """Return each eigenvalue of the path and the mean squared coefficient of the filters; none if all are 0."""
    try:
        content = filter_content(s.network, layer)
    except NotApplicableError:
        return []
    return [
        (as_value(eigenvalue, PROJECTION), as_value(square, PROJECTION))
        for eigenvalue, square in zip(content.eigenvalues, content.mean_squares, strict=True)
    ]


def _value(frequency: Callable[[], Any]) -> Value:
    try:
        return as_value(frequency(), RAYLEIGH)
    except NotApplicableError as error:
        return MissingValue(str(error))
