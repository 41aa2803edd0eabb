"""One chain of filters per hidden layer: the sine window in each, faint until it is due."""

from __future__ import annotations

from fractions import Fraction

from solver.constructions.construction import summed
from solver.constructions.side_channels import exact_depth, positive_amplitude
from solver.constructions.windows import common_cosines, sine_window, window_filters
from solver.errors import InputError
from solver.network.layer import Layer
from solver.network.network import Network
from solver.numbers.exact import Exact, Rational
from solver.question.task import TwoPixelTask


def sine_channels(task: TwoPixelTask, amplitude: Rational | str, *, filter_size: int = 3) -> Network:
    """Return a network whose D tends to the least on long rings as e -> 0 in every hidden layer, and is it in the last.

    Chain j runs through layers 1..j.  It is the sine window in layer j, and below a part of it, times e.  No channel is
    fed by another chain's, layer k has k~ - k of them, and the chain that ends in the last hidden layer goes on to the
    output as in `sine`: the pooled sum is ReLU(xi - d) + 2 (S - xi) for every e > 0 (derivations/side_channels.py).
    ``task``, ``filter_size`` and the ``amplitude`` e are those of `side_channels`.  Costs O(xi^3) numbers of one field.

    Raises
    ------
    InputError
        If the amplitude is not positive, or the network has no hidden layer.
    UnreachableScaleError
        If xi is not (s-1) k~ + 1.

    Examples
    --------
    >>> sine_channels(TwoPixelTask(scale=7), "1/100").channels
    (2, 1, 1)
    """
    depth, faint = exact_depth(task, filter_size), positive_amplitude(amplitude)
    if depth < 2:
        raise InputError(f"scale {task.scale} with filter size {filter_size} has no hidden layer; take a larger scale")
    periods = {j: (filter_size - 1) * j + 2 for j in range(1, depth)}
    cosines = common_cosines(list(periods.values()))
    chains = {j: window_filters(p, 2, filter_size, j, cosine=cosines[p]) for j, p in periods.items()}
    layers = [
        Layer(
            filters=tuple(
                _row(_scaled(chains[j], k, faint), j, range(max(k - 1, 1), depth), k) for j in range(k, depth)
            ),
            names=tuple(f"sine {j}" for j in range(k, depth)),
        )
        for k in range(1, depth)
    ]
    layers.append(Layer(filters=(((1,) * filter_size,),), bias=(-1,), names=("sum",)))
    last = periods[depth - 1]
    window = sine_window(last - 1, cosines[last])
    offset = 2 * (filter_size * sum(window[1:], window[0]) - task.scale)
    return summed(task, layers, offset=offset, name="sine-channels")


def _scaled(chain: list[tuple[Exact, ...]], layer: int, faint: Fraction) -> tuple[Exact, ...]:
    """Return a chain's filter in a layer: e enters in its first one and leaves in its last."""
    factor = (faint if layer == 1 else 1) / (faint if layer == len(chain) else Fraction(1))
    return tuple(w * factor for w in chain[layer - 1])


def _row(taps: tuple[Exact, ...], chain: int, below: range, layer: int) -> tuple[tuple[Exact, ...], ...]:
    """Return the filters of one channel, fed by its own chain alone (by the image in layer 1)."""
    if layer == 1:
        return (taps,)
    return tuple(taps if i == chain else (Fraction(0),) * len(taps) for i in below)
