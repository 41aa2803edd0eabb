"""Any kernels in the hidden layers, however little they have to do with each other or with the output."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from solver.constructions.construction import summed
from solver.constructions.windows import common_cosines, sine_window
from solver.errors import InputError, UnreachableScaleError
from solver.network.layer import Layer
from solver.network.network import Network
from solver.numbers.exact import exact, integer, rational, sign
from solver.question.task import TwoPixelTask


def side_channels(
    task: TwoPixelTask, amplitude: Any, *, filter_size: int = 3, kernels: Sequence[Sequence[Any]] | None = None
) -> Network:
    r"""Return a network with chosen kernels in its hidden layers whose pooled sum is ReLU(xi - d) for every e > 0.

    Hidden layer k has a channel "main", with the k-th kernel, and n = (s-1) k + 1 faint ones, e times the image seen
    from each offset.  Whatever is wanted above is read off the faint channels, with weights over e.  Numerator and
    denominator of D add over channels, so with N, M those of the kernel and N_0, M_0 those of the image

        D_k = (N + e^2 n N_0) / (M + e^2 n M_0)  ->  N/M  as e -> 0

    (derivations/side_channels.py).

    Parameters
    ----------
    amplitude : positive rational
        e.
    kernels : sequence of sequences of exact numbers, optional
        One per hidden layer, of (s-1) k + 1 entries, none negative; the sine windows if omitted.

    Raises
    ------
    InputError
        If the amplitude is not positive, or a kernel is missing, has another width or a negative entry.
    UnreachableScaleError
        If xi is not (s-1) k + 1.
    """
    depth, faint = exact_depth(task, filter_size), positive_amplitude(amplitude)
    wanted = sine_windows(filter_size, depth - 1) if kernels is None else _checked(kernels, filter_size, depth - 1)
    layers = []
    for k in range(1, depth + 1):
        width = (filter_size - 1) * k + 1
        copies = [[faint * (i == j) for i in range(width)] for j in range(width)]
        rows = [wanted[k - 1], *copies] if k < depth else [[Fraction(1)] * width]
        names = ["main", *(f"offset {j - width // 2:+d}" for j in range(width))] if k < depth else ["box"]
        filters = tuple(_filters(row, filter_size, Fraction(1) if k == 1 else faint) for row in rows)
        layers.append(Layer(filters=filters, bias=(-1,) if k == depth else (), names=tuple(names)))
    return summed(task, layers, name="side-channels")


def with_side_channels(task: TwoPixelTask, layers: Sequence[Layer], amplitude: Any, *, filter_size: int = 3) -> Network:
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
        if (each.size, each.first_offset, each.stride, each.activation) != (
            filter_size,
            -(filter_size // 2),
            1,
            "relu",
        ):
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
        built.append(_carrying(given, k, below, faint, filter_size, last=k == depth))
    return summed(task, built, name="with-side-channels")


def _carrying(given: Layer | None, k: int, below: int, faint: Fraction, size: int, *, last: bool) -> Layer:
    """Return layer k: given channels, then faint ones, or the box if it is the last; ``below`` channels are given."""
    width = (size - 1) * k + 1
    targets = [[Fraction(1)] * width] if last else [[faint * (i == j) for i in range(width)] for j in range(width)]
    unseen = ((Fraction(0),) * size,)
    rows = [_filters(target, size, Fraction(1) if k == 1 else faint) for target in targets]
    carried = [unseen * below + (row if k == 1 else row[1:]) for row in rows]
    mains = [taps + unseen * (len(carried[0]) - len(taps)) for taps in given.filters] if given else []
    offsets = ["box"] if last else [f"offset {j - width // 2:+d}" for j in range(width)]
    bias = [*(given.bias if given else ()), *((-1,) if last else (0,) * width)]
    names = [*(f"given {c + 1}" for c in range(len(mains))), *offsets]
    return Layer(filters=(*mains, *carried), bias=tuple(bias), names=tuple(names))


def sine_windows(filter_size: int, layers: int) -> list[tuple[Any, ...]]:
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


def positive_amplitude(amplitude: Any) -> Fraction:
    """Return an amplitude as a fraction, refused unless it is positive."""
    number = rational(amplitude, "amplitude")
    if number <= 0:
        raise InputError(f"amplitude: expected a positive rational, got {number}")
    return number


def _filters(row: Sequence[Any], size: int, faint: Any) -> tuple[tuple[Any, ...], ...]:
    """Return the filters that make a kernel of the faint channels below: the main channel feeds nothing.

    Each entry comes from the nearest offset, through the tap that makes up the difference.  Layer 1 sees the image.
    """
    inputs = len(row) - size + 1
    if inputs == 1:
        return (tuple(v / faint for v in row),)
    filters = [[Fraction(0)] * size for _ in range(inputs + 1)]
    middle = (size - 1) // 2
    for at, value in enumerate(row):
        nearest = min(max(at - middle, 0), inputs - 1)
        filters[nearest + 1][at - nearest] = value / faint
    return tuple(map(tuple, filters))


def _checked(kernels: Sequence[Sequence[Any]], filter_size: int, layers: int) -> list[tuple[Any, ...]]:
    if len(kernels) != layers:
        raise InputError(f"kernels: expected one for each of the {layers} hidden layers, got {len(kernels)}")
    checked = [tuple(exact(v, "kernel entry") for v in kernel) for kernel in kernels]
    for k, kernel in enumerate(checked, start=1):
        width = (filter_size - 1) * k + 1
        if len(kernel) != width or any(sign(v) < 0 for v in kernel):
            raise InputError(
                f"kernel of layer {k}: expected {width} entries, none negative, got {', '.join(map(str, kernel))}"
            )
    return checked
