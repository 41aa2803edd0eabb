"""Random tasks, deformations and networks, small enough to enumerate."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from solver import Deformation, Layer, Network, TwoPixelTask
from solver.question.deformation import COLLISIONS
from solver.question.laws import LAWS
from solver.question.pairs import ENSEMBLES

INTEGERS = st.integers(-2, 2).map(Fraction)
DYADICS = st.builds(Fraction, st.integers(-16, 16), st.sampled_from([1, 2, 4, 8]))
RATIONALS = st.fractions(min_value=-2, max_value=2, max_denominator=6)


SHORT, SHORTER = st.integers(4, 10), st.integers(4, 8)


@st.composite
def tasks(draw: Any, *, lengths: Any = SHORT) -> TwoPixelTask:
    length = draw(lengths)
    scale = draw(st.integers(2, length // 2))
    gap = draw(st.integers(0, min(scale - 2, length // 2 - scale)))
    ensemble = draw(st.sampled_from(sorted(ENSEMBLES)))
    blocks = gap == 0 and length % scale == 0 and draw(st.booleans())
    labels = "blocks" if blocks else "distance"
    return TwoPixelTask(length=length, scale=scale, distances=ensemble, gap=gap, labels=labels)


def _law(draw: Any, keys: Any) -> dict[Any, Fraction]:
    """Draw a law over some keys; 0 keeps its place, so that `reject` always leaves an outcome."""
    weights = draw(st.dictionaries(keys, st.integers(1, 4), max_size=4))
    rest = (0, 0) if any(isinstance(k, tuple) for k in weights) else 0
    weights[rest] = weights.get(rest, 0) + 1
    total = sum(weights.values())
    return {key: Fraction(w, total) for key, w in weights.items()}


@st.composite
def deformations(draw: Any) -> Deformation:
    step = st.integers(-2, 2)
    kind = draw(st.sampled_from(["name", "each pixel", "both pixels"]))
    if kind == "name":
        law: Any = draw(st.sampled_from(sorted(LAWS)))
    else:
        law = _law(draw, step if kind == "each pixel" else st.tuples(step, step))
    return Deformation(law=law, collisions=draw(st.sampled_from(sorted(COLLISIONS))))


@st.composite
def layers(
    draw: Any,
    inputs: int,
    sites: int,
    weights: Any = INTEGERS,
    *,
    strides: bool = True,
    activations: Sequence[str] = ("relu", "relu", "identity"),
) -> Layer:
    """Draw a layer for maps of some channels and sites: even and odd sizes, any origin, strides 1 and 2."""
    channels, size = draw(st.integers(1, 2)), draw(st.integers(1, min(3, sites)))
    row = st.lists(weights, min_size=size, max_size=size)
    channel = st.lists(row, min_size=inputs, max_size=inputs)
    return Layer(
        filters=draw(st.lists(channel, min_size=channels, max_size=channels)),
        bias=draw(st.lists(weights, min_size=channels, max_size=channels)),
        stride=2 if strides and sites % 2 == 0 and draw(st.booleans()) else 1,
        activation=draw(st.sampled_from(activations)),
        origin=draw(st.integers(0, size - 1)),
    )


@st.composite
def networks(
    draw: Any, length: int, weights: Any = INTEGERS, *, depth: int = 3, pooling: str | None = None, **options: Any
) -> Network:
    """Draw a network that runs on a ring of some length; ``options`` go to `layers`."""
    stack, inputs, sites = [], 1, length
    for _ in range(draw(st.integers(1, depth))):
        stack.append(draw(layers(inputs, sites, weights, **options)))
        inputs, sites = stack[-1].channels, sites // stack[-1].stride
    return Network(
        layers=stack,
        readout=draw(st.lists(weights, min_size=inputs, max_size=inputs)),
        constant=draw(weights),
        pooling=pooling or draw(st.sampled_from(["mean", "sum"])),
    )


@st.composite
def task_networks(draw: Any, weights: Any = INTEGERS, *, lengths: Any = SHORTER, **options: Any) -> Any:
    """Draw a task and a network that runs on its ring."""
    task = draw(tasks(lengths=lengths))
    return task, draw(networks(task.length, weights, **options))
