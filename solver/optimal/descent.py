"""Descents on D over the filters and biases of a few layers, in torch, each from its own seeded start."""

from __future__ import annotations

from typing import Any

import numpy as np

from solver.constructions.windows import sine_window
from solver.network.torch import torch_module
from solver.optimal.torch_deformation import DeformationObjective

STARTS = ("window", "saturating", "random", "saturating")
RATE, POLISH = 0.02, 60

Weights = list[tuple[np.ndarray, np.ndarray]]


def starting_weights(start: str, rng: np.random.Generator, layers: int, channels: int, size: int) -> Weights:
    """Return filters and biases of every layer of a start.

    window: sine windows and noise; saturating: the same, but some channels (all, if there is one) have a falling
    response u - w * x, which the ReLU stops at 0 where pixels are close; random: noise.
    """
    if start == "random":
        shapes = [(channels, channels if k else 1, size) for k in range(layers)]
        return [(rng.normal(size=shape), 0.3 * rng.normal(size=channels)) for shape in shapes]
    window = np.array([float(v) for v in sine_window(size)])
    weights, signs, background = [], np.ones(1), np.zeros(1)
    for k in range(layers):
        inputs = len(signs)
        filters = np.broadcast_to(window / window.sum() / inputs, (channels, inputs, size)) * signs[:, None]
        signs = np.ones(channels) if start == "window" else rng.choice([-1.0, 1.0], size=channels)
        if start == "saturating" and channels == 1 and k == layers - 1:
            signs = -np.ones(1)
        filters = filters * signs[:, None, None] * (1 + 0.1 * rng.normal(size=(channels, inputs, size)))
        wanted = np.where(signs < 0, rng.uniform(0.4, 0.9, size=channels), 0.01 * rng.normal(size=channels))
        weights.append((filters, wanted - filters.sum(axis=2) @ background))
        background = np.maximum(wanted, 0)
    return weights


def descended(
    objective: DeformationObjective, initial: Weights, steps: int, *, linear: bool
) -> tuple[float | None, Weights]:
    """Return the least D on the way down from a start, and the filters and biases that have it.

    Adam for a number of steps, then L-BFGS from the best point so far.  None, and the start, where the map is the same
    for every image.  With ``linear``, filters are absolute values and biases 0.
    """
    torch = torch_module()
    filters = [torch.tensor(w, requires_grad=True) for w, _ in initial]
    biases = [torch.tensor(b * (not linear), requires_grad=not linear) for _, b in initial]
    free = filters if linear else [*filters, *biases]
    least, point = None, [v.detach().numpy().copy() for v in free]

    def value() -> Any:
        return objective([w.abs() for w in filters] if linear else filters, biases)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = value()
        loss.backward()
        return loss

    polish = {"max_iter": POLISH, "line_search_fn": "strong_wolfe", "tolerance_change": 1e-14}
    for kind, options, count in ((torch.optim.Adam, {"lr": RATE}, steps), (torch.optim.LBFGS, polish, 1)):
        with torch.no_grad():
            for v, found in zip(free, point, strict=True):
                v.copy_(torch.from_numpy(found))
        optimizer = kind(free, **options)
        for step in range(count + 1):  # the point after the last step counts too
            here = float(value().detach())
            if not np.isfinite(here):
                break
            if least is None or here < least:
                least, point = here, [v.detach().numpy().copy() for v in free]
            if step < count:
                optimizer.step(closure)
    if linear:
        return least, [(np.abs(w), np.zeros_like(b)) for w, (_, b) in zip(point, initial, strict=True)]
    return least, list(zip(point[: len(filters)], point[len(filters) :], strict=True))
