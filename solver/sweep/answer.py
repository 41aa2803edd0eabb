"""What one cell of a sweep gives, as plain text: the values of every layer, or why there are none."""

from __future__ import annotations

from typing import Any

from solver.cache import Cache
from solver.constructions.registry import construct
from solver.errors import InputError, NotApplicableError
from solver.network.changed.wider import scaled_copies
from solver.network.network import Network
from solver.question.deformation import Deformation
from solver.question.noise import GaussianNoise
from solver.question.task import TwoPixelTask
from solver.sensitivity.quantities import NAMES
from solver.sensitivity.results import LayerValues
from solver.sensitivity.sensitivities import Sensitivities, sensitivities
from solver.sweep.grid import Cell, channel_scales
from solver.values import MissingValue, Value


def answer(cell: Cell, cache: Cache | None = None) -> dict[str, Any]:
    """Return the answer to a cell as text that JSON holds: its layers, or ``{"why": reason}`` if it cannot exist.

    One thread computes it, so that the same cell gives the same digits wherever it runs.
    """
    from threadpoolctl import threadpool_limits

    try:
        with threadpool_limits(1):
            found = cell_sensitivities(cell, cache)
            shown = ("D",) if cell.settings.deformation_only else NAMES
            return {
                "depth": str(found.network.depth),
                "widths": [str(c) for c in found.network.channels],
                "layers": [layer_object(layer, shown, cell.settings.digits) for layer in found.layers],
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
    network = _network(cell, task)
    if options.deformation_only:
        return sensitivities(
            network,
            task,
            deformation=deformation,
            noise=GaussianNoise(),
            channel_mean=options.channel_mean,
            quantities=("D",),
        )
    noise = GaussianNoise(energy=cell["noise_energy"], rectified=options.rectified)
    return sensitivities(
        network,
        task,
        deformation=deformation,
        noise=noise,
        channel_mean=options.channel_mean,
        method=options.method,
        sampling=options.sampling,
        cache=cache,
    )


def layer_object(layer: LayerValues, names: tuple[str, ...], digits: int) -> dict[str, Any]:
    """Return the named values of a layer as text."""
    values = {name: _value_object(getattr(layer, name), digits) for name in names}
    return {"layer": str(layer.layer), "name": layer.name, **values}


def _network(cell: Cell, task: TwoPixelTask) -> Network:
    network = construct(cell["construction"], task, filter_size=int(cell["filter_size"]))
    scales = channel_scales(cell["channels"])
    return network if scales == (1,) else scaled_copies(network, scales)


def _value_object(value: Value, digits: int) -> dict[str, str | None]:
    if isinstance(value, MissingValue):
        return {"kind": value.kind, "why": value.why}
    rounded, error = value.bounded(digits)
    exact = None if value.exact is None else str(value.exact)
    return {"kind": value.kind, "exact": exact, "value": str(rounded), "error": str(error), "method": value.method}
