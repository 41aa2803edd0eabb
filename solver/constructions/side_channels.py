"""Any kernels in the hidden layers, however little they have to do with each other or with the output."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from fractions import Fraction

import numpy as np

from solver.constructions.construction import summed
from solver.constructions.windows import common_cosines, sine_window
from solver.errors import InputError, UnreachableScaleError
from solver.network.layer import Layer
from solver.network.network import Network
from solver.numbers.exact import Exact, Number, Rational, exact, integer, rational
from solver.question.task import TwoPixelTask


def side_channels(
    task: TwoPixelTask,
    amplitude: Rational | str,
    *,
    filter_size: int = 3,
    kernels: Sequence[Sequence[Number]] | None = None,
) -> Network:
    """Return a network with chosen kernels in its hidden layers whose pooled sum is ReLU(xi - d) for every e > 0.

    Hidden layer k has a channel "main", with the k-th kernel, and n = (s-1) k + 1 faint ones, e times the image seen
    from each offset: whatever is wanted above is read off them.  With N/M the D of the kernel and N_0/M_0 of the image
    D_k = (N + e^2 n N_0) / (M + e^2 n M_0), which tends to N/M as e -> 0 (derivations/side_channels.py).  Costs O(xi^3)
    numbers, of one field for all windows.

    Parameters
    ----------
    task, filter_size
        As for `construct`: xi = (s-1) k~ + 1.
    amplitude : positive rational
        e.
    kernels : sequence of sequences of exact numbers, optional
        One per hidden layer, of (s-1) k + 1 entries, none negative; the sine windows if omitted.

    Raises
    ------
    InputError
        If the amplitude is not positive, or a kernel is missing, has another width or a negative entry.
    UnreachableScaleError
        If xi is not (s-1) k~ + 1.

    Examples
    --------
    >>> side_channels(TwoPixelTask(scale=5), "1/100").channels
    (4, 1)
    """
    depth, faint = exact_depth(task, filter_size), positive_amplitude(amplitude)
    wanted = sine_windows(filter_size, depth - 1) if kernels is None else _checked(kernels, filter_size, depth - 1)
    layers = []
    for k in range(1, depth + 1):
        mains = _taken(wanted[k - 1 : k], k, filter_size, faint, below=k > 1)
        layers.append(_carrying(mains, k, depth, filter_size, faint, names=["main"] * len(mains)))
    return summed(task, layers, name="side-channels")


def with_side_channels(
    task: TwoPixelTask, layers: Sequence[Layer], amplitude: Rational | str, *, filter_size: int = 3
) -> Network:
    r"""Return a network with any first hidden layers, biases and all, whose pooled sum is ReLU(xi - d) for every e > 0.

    Beside the given layers 1..k run faint channels: in layer j of the network e times the image seen from each of
    n = (s-1) j + 1 offsets, through layer k~ - 1.  The last layer reads them alone, so f_p is exact whatever the given
    layers do.  Layers after k have the faint channels only.  With N, M of the given layer k and N_0, M_0 of the image

        D_k = (N + e^2 n N_0) / (M + e^2 n M_0)  ->  N/M  as e -> 0

    Raises
    ------
    InputError
        If there are more given layers than hidden ones, or one has another filter size, origin, stride or activation
        than relu.
    UnreachableScaleError
        If xi is not (s-1) k~ + 1.
    """
    depth, faint = exact_depth(task, filter_size), positive_amplitude(amplitude)
    for each in layers:
        centred = each.first_offset == -(filter_size // 2)
        if not centred or (each.size, each.stride, each.activation) != (filter_size, 1, "relu"):
            raise InputError(
                f"layers: expected filter size {filter_size}, centred, of stride 1, with relu; got size {each.size}, "
                f"first offset {each.first_offset}, stride {each.stride}, {each.activation}"
            )
    if not 1 <= len(layers) < depth:
        raise InputError(f"layers: expected 1 to {depth - 1}, the hidden ones, got {len(layers)}")
    built: list[Layer] = []
    for k in range(1, depth + 1):
        given = layers[k - 1] if k <= len(layers) else None
        below = layers[k - 2].channels if 1 < k <= len(layers) + 1 else 0
        mains = given.array if given else np.empty((0, 1, filter_size), dtype=object)
        bias, names = (given.bias, [f"given {c + 1}" for c in range(given.channels)]) if given else ((), [])
        built.append(_carrying(mains, k, depth, filter_size, faint, below=below, bias=bias, names=names))
    return summed(task, built, name="with-side-channels")


def _carrying(
    mains: np.ndarray,
    k: int,
    depth: int,
    size: int,
    faint: Fraction,
    *,
    names: Sequence[str],
    below: int = 1,
    bias: Sequence[Exact] = (),
) -> Layer:
    """Return layer k: main channels, then faint ones, or the box if it is the last; ``below`` channels are main."""
    width = (size - 1) * k + 1
    targets = np.eye(width, dtype=object) * faint if k < depth else np.ones((1, width), dtype=object)
    carried = _taken(targets, k, size, faint, below=below if k > 1 else 0)
    unseen = np.full((len(mains), carried.shape[1] - mains.shape[1], size), Fraction(0), dtype=object)
    offsets = [f"offset {j - width // 2:+d}" for j in range(width)] if k < depth else ["box"]
    return Layer(
        filters=(*np.concatenate([mains, unseen], axis=1), *carried),
        bias=(*(bias or (0,) * len(mains)), *((0,) * width if k < depth else (-1,))),
        names=(*names, *offsets),
    )


def _taken(kernels: Collection[Iterable[Exact]], k: int, size: int, faint: Fraction, *, below: int) -> np.ndarray:
    """Return the filters of layer k (1 sees the image) that make kernels of faint channels, after ``below`` others."""
    inputs = (size - 1) * (k - 1) + 1
    filters = np.full((len(kernels), below + inputs, size), Fraction(0), dtype=object)
    for row, kernel in zip(filters, kernels, strict=True):
        for at, value in enumerate(kernel):
            # from the nearest offset, through the tap that makes up the difference
            nearest = min(max(at - (size - 1) // 2, 0), inputs - 1)
            row[below + nearest, at - nearest] = value / (faint if k > 1 else Fraction(1))
    return filters


def sine_windows(filter_size: int, layers: int) -> list[tuple[Exact, ...]]:
    """Return the sine windows of layers 1, 2, ..., in one field."""
    taps = [(filter_size - 1) * k + 1 for k in range(1, layers + 1)]
    cosines = common_cosines([n + 1 for n in taps]) if taps else {}
    return [sine_window(n, cosines[n + 1]) for n in taps]


def exact_depth(task: TwoPixelTask, filter_size: int) -> int:
    """Return k~ with (s-1) k~ + 1 = xi."""
    task.as_ring("this network")
    integer(filter_size, "filter size", 3)
    depth, rest = divmod(task.scale - 1, filter_size - 1)
    if filter_size % 2 == 0 or rest or not depth:
        raise UnreachableScaleError(
            f"scale: expected (s-1) k + 1 for an odd filter size s, got scale {task.scale} and s = {filter_size}; "
            f"'shift' reaches every scale"
        )
    return depth


def positive_amplitude(amplitude: Rational | str) -> Fraction:
    """Return an amplitude as a fraction, refused unless it is positive."""
    number = rational(amplitude, "amplitude")
    if number <= 0:
        raise InputError(f"amplitude: expected a positive rational, got {number}")
    return number


def _checked(kernels: Sequence[Sequence[Number]], filter_size: int, layers: int) -> list[tuple[Exact, ...]]:
    if len(kernels) != layers:
        raise InputError(f"kernels: expected one for each of the {layers} hidden layers, got {len(kernels)}")
    checked = [tuple(exact(v, "kernel entry") for v in kernel) for kernel in kernels]
    for k, kernel in enumerate(checked, start=1):
        width = (filter_size - 1) * k + 1
        if len(kernel) != width or min(kernel) < 0:
            raise InputError(
                f"kernel of layer {k}: expected {width} entries, none negative, got {', '.join(map(str, kernel))}"
            )
    return checked
