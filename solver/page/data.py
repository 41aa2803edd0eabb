"""What the page knows: networks as integers, and D, G and R as the solver writes them, for a grid of tasks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from solver import __version__
from solver.cache import Cache
from solver.constructions.registry import construct
from solver.errors import InputError, NotApplicableError
from solver.network.network import Network
from solver.question.task import TwoPixelTask
from solver.report.cells import decimal
from solver.report.columns import printed_columns
from solver.report.documents.slides import SLIDES_NETWORKS
from solver.sensitivity.noise.route import Sampling
from solver.sensitivity.sensitivities import Sensitivities, sensitivities
from solver.values import MissingValue, Value

_LONGEST = 200
"""Sites of a ring that can still be drawn, and whose maps stay far within the integers of JavaScript."""

_DIGITS = 6
PAGE_QUANTITIES = tuple(each for each in printed_columns("exactly", "always") if not each.exact)
"""What the page shows of a layer: the columns that a report has by default."""
PAGE_METHODS = ("mixed", "auto", "sampling")
"""mixed: auto where that takes a few seconds and for the talk's case, elsewhere sampling."""


@dataclass(frozen=True, kw_only=True)
class PageOptions:
    """How G is evaluated: one of ``PAGE_METHODS``, how much to sample, and where slow values are kept."""

    method: str = "mixed"
    sampling: Sampling = field(default_factory=Sampling)
    cache: Cache | None = None

    def method_for(self, name: str, length: int, scale: int) -> str:
        """Return the solver's method for one construction of one task."""
        if self.method != "mixed":
            return self.method
        slow = name == "uniform" and scale > 5 and (length, scale) != (32, 7)  # some 20 s for f_p at xi = 7
        return "sampling" if slow else "auto"


def grid(lengths: Iterable[int], scales: Iterable[int]) -> list[tuple[int, int]]:
    """Return the tasks (l, xi) with xi <= l/2, ordered by l, then by xi.

    Raises
    ------
    InputError
        For rings of more than 200 sites, and for a length or a scale that no task is left for.
    """
    lengths, scales = sorted(set(lengths)), sorted(set(scales))
    tasks = [(length, scale) for length in lengths for scale in scales if 2 * scale <= length]
    lonely = [f"length {n}" for n in lengths if n not in {length for length, _ in tasks}]
    lonely += [f"scale {n}" for n in scales if n not in {scale for _, scale in tasks}]
    if lonely or not tasks:
        raise InputError(f"page: a task needs scale <= length/2; nothing is left for {', '.join(lonely) or 'no task'}")
    if lengths[-1] > _LONGEST:
        raise InputError(f"page: rings of at most {_LONGEST} sites can be drawn, got {lengths[-1]}")
    return tasks


def page_data(cases: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return what the page reads, schema ``solver.page/1``, from its cases (see `case_data`)."""
    heads = [{"name": each.name, "text": each.text, "note": each.note} for each in PAGE_QUANTITIES]
    return {"schema": "solver.page/1", "version": __version__, "quantities": heads, "cases": list(cases)}


def case_data(length: int, scale: int, how: PageOptions) -> dict[str, Any]:
    """Return both networks of one task: their weights, f_p(d), and D, G, R and the price of every layer.

    Costs seconds, and some 20 s for `uniform` at xi = 7 without sampling.
    """
    task = TwoPixelTask(length=length, scale=scale)
    results = []
    for name in SLIDES_NETWORKS:
        method, network = how.method_for(name, length, scale), construct(name, task)
        results.append(sensitivities(network, task, method=method, sampling=how.sampling, cache=how.cache))
    noise = results[0].noise
    return {
        "length": length,
        "scale": scale,
        "energy": str(noise.energy),
        "variance": str(noise.variance(length)),
        "networks": [network_data(result) for result in results],
    }


def network_data(result: Sensitivities) -> dict[str, Any]:
    """Return one network as integers, with what the solver knows of it."""
    network, length = result.network, result.task.sites
    return {
        "name": network.name,
        "layers": [_layer(network, k) for k in range(1, network.depth + 1)],
        "readout": [_whole(v) for v in network.pooled_readout(length)],
        "constant": _whole(network.constant),
        "response": [_whole(f) for f in result.response.values()],
        "sensitivities": [
            {"label": layer.label} | {each.name: shown_value(layer.values[each.name]) for each in PAGE_QUANTITIES}
            for layer in result.layers
        ],
    }


def _layer(network: Network, k: int) -> dict[str, Any]:
    layer = network.layers[k - 1]
    if layer.stride != 1 or layer.activation != "relu":
        raise NotApplicableError(f"page: layer {k} of {network.name!r} needs stride 1 and relu to be drawn")
    return {
        "names": list(layer.names),
        "filters": [[[_whole(w) for w in taps] for taps in channel] for channel in layer.filters],
        "bias": [_whole(b) for b in layer.bias],
        "first_offset": layer.first_offset,
        "receptive_field": network.receptive_field(k),
    }


def shown_value(value: Value) -> dict[str, str]:
    """Return a value as the texts that the page shows; a missing one is a dash and the reason."""
    about = {"kind": value.kind, "shown": decimal(value, _DIGITS)}
    if isinstance(value, MissingValue):
        return about | {"why": value.why}
    exact = "" if value.exact is None else str(value.exact)
    return about | {"exact": exact, "value": str(value.value()), "error": str(value.error()), "method": value.method}


def _whole(number: Any) -> int:
    """Return an exact number as an int; the page calculates in integers only."""
    if Fraction(number).denominator != 1:
        raise NotApplicableError(f"page: it calculates in integers, and {number} is none")
    return int(number)
