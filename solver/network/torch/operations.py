"""What each torch operation does to the exact values of `solver.network.torch.values`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from solver.network.torch.values import BATCH, ONE, Maps, Output, Pooled, Traced, exact_number, exact_numbers, expect

CIRCULAR = "expected padding_mode='circular', or CircularPad1d before it: other padding breaks the ring's symmetry"
MANY = "keep one, Linear(C, 1)"
TWO = "read their difference: Linear(C, 1) with weight w[1] - w[0] and bias b[1] - b[0]"


def convolution(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Maps:
    """Return the maps after F.conv1d, which pads with zeros."""
    expect(_single(padding) == 0, f"pads with zeros (padding={padding!r}); {CIRCULAR}")
    maps, filters = _maps(x), _expanded_filters(weight, _single(dilation), groups)
    biases = [Fraction(0)] * len(filters) if bias is None else exact_numbers(bias, "its bias")
    return maps.convolved(filters, biases, _single(stride))


def _expanded_filters(weight: Any, dilation: int, groups: int) -> list[list[list[Fraction]]]:
    """Return weights (channels, inputs / groups, size) as full filters: zeros between taps and across groups."""
    expect(
        weight.dim() == 3 and 0 not in weight.shape and min(dilation, groups) >= 1 and len(weight) % groups == 0,
        f"has a weight of shape {tuple(weight.shape)} for {groups} groups and dilation {dilation}; expected "
        "(channels, inputs / groups, size), with channels that the groups divide",
    )
    channels, inputs, size = weight.shape
    flat = iter(exact_numbers(weight, "its weight"))
    filters = []
    for c in range(channels):
        first = c // (channels // groups) * inputs
        rows = [[Fraction(0)] * ((size - 1) * dilation + 1) for _ in range(inputs * groups)]
        for i in range(inputs):
            rows[first + i][::dilation] = [next(flat) for _ in range(size)]
        filters.append(rows)
    return filters


def pad(x: Any, pad: Sequence[int], mode: str = "constant", value: Any = None) -> Any:
    """Return maps repeated around the ring."""
    sides = tuple(pad) if isinstance(pad, tuple | list) else (pad,)
    if sides == (0, 0):
        return x
    expect(mode == "circular" and len(sides) == 2, f"pads by {sides} in mode {mode!r}; {CIRCULAR}")
    return _maps(x).padded(*sides)


def relu(x: Any, inplace: bool = False) -> Maps:
    """Return max(z, 0) of maps."""
    return _maps(x).activated("relu")


def hardtanh(x: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Maps:
    """Return maps clipped to [-c, c]: c times the hard tanh of 1/c of them."""
    maps = _maps(x)
    expect(min_val == -max_val < 0, f"clips to [{min_val}, {max_val}]; expected limits -c and c, such as -1 and 1")
    limit = exact_number(max_val, "its limit")
    if limit == 1:
        return maps.activated("hardtanh")
    return maps.times([1 / limit] * len(maps.gains)).activated("hardtanh").times([limit] * len(maps.gains))


def scaled(a: Any, b: Any) -> Any:
    """Return a value times a number, or times a number a channel, in either order."""
    x, factor = (a, b) if isinstance(a, Traced) else (b, a)
    return x.times(_per_channel(x, factor, "its factor"))


def divided(x: Any, divisor: Any) -> Any:
    """Return a value divided by a number, exactly."""
    expect(isinstance(x, Traced), "divides by what depends on the image; expected a division by a number")
    divisors = _per_channel(x, divisor, "its divisor")
    expect(0 not in divisors, "divides by zero")
    return x.times([1 / d for d in divisors])


def negative(x: Any) -> Any:
    """Return -x."""
    return scaled(x, -1)


def shifted(a: Any, b: Any) -> Any:
    """Return a value plus a number, or plus a number a channel, in either order."""
    x, constant = (a, b) if isinstance(a, Traced) else (b, a)
    return x.plus(_per_channel(x, constant, "its constant"))


def minus(a: Any, b: Any) -> Any:
    """Return a - b, where one of them is constant."""
    return (
        a.plus([-c for c in _per_channel(a, b, "its constant")]) if isinstance(a, Traced) else shifted(negative(b), a)
    )


def mean(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Return the mean over sites."""
    return _pooled(x, "mean", dim, keepdim)


def total(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Return the sum over sites, or over channels once pooled."""
    return _pooled(x, "sum", dim, keepdim)


def average_pool(x: Any, output_size: Any) -> Any:
    """Return the mean over sites, with an axis of one site left."""
    expect(_single(output_size) == 1, f"pools to {output_size} sites; expected a global average, AdaptiveAvgPool1d(1)")
    return _pooled(x, "mean", -1, True)


def linear(x: Any, weight: Any, bias: Any = None) -> Output:
    """Return the head's readout, of shape (batch, 1)."""
    expect(isinstance(x, Pooled), "is a linear map of maps that are not pooled; pool over all sites first")
    shapes = [tuple(each.shape) for each in (weight, bias) if each is not None]
    expect(
        weight.dim() == 2 and shapes[1:] in ([], [(len(weight),)]),
        f"has weights of shape {' and '.join(map(str, shapes))}; expected (1, channels), and (1,) for the bias",
    )
    outputs = len(weight)
    expect(
        outputs == 1,
        f"is a head with {outputs} outputs, but f_p is one number; {TWO if outputs == 2 else MANY}",
    )
    constant = Fraction(0) if bias is None else exact_numbers(bias, "its bias")[0]
    return x.read(exact_numbers(weight, "its weight"), constant)


def product(x: Any, weight: Any) -> Output:
    """Return x @ weight for pooled channels and a vector, or a matrix of one column."""
    expect(
        isinstance(x, Pooled) and hasattr(weight, "dim") and weight.dim() in (1, 2),
        "is a matrix product other than pooled channels @ weights; use Linear(C, 1)",
    )
    return linear(x, weight.T) if weight.dim() == 2 else _squeezed(linear(x, weight[None]))


def unchanged(x: Any, *_: Any, **__: Any) -> Any:
    """Return the value as it is: exact arithmetic has no types, devices or layouts."""
    return x


def converted(x: Any, *types: Any, **options: Any) -> Any:
    """Return the value as it is, unless the type asked for has no fractions."""
    for each in (*types, *options.values()):
        kind = getattr(each, "dtype", each)
        rounds = getattr(kind, "is_floating_point", True) is False
        expect(not rounds, f"converts to {kind}, which rounds; expected a type of floats")
    return x


def dropout(x: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Return the value, if dropout is off."""
    expect(not training or p == 0, "drops channels at random in training mode; call .eval() on the module first")
    return x


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Return pooled channels without their axis of one site, or the output as (batch,)."""
    expect(
        not isinstance(x, Maps),
        "flattens maps before they are pooled, which tells sites apart; pool over all sites first",
    )
    if isinstance(x, Output) and x.kept and start_dim == 1:
        return x
    whole = start_dim == 0 or not x.kept if isinstance(x, Output) else start_dim == 1 and end_dim in _last(x)
    expect(whole, "mixes the batch with channels; expected start_dim=1")
    return _squeezed(x)


def squeeze(x: Any, dim: int | None = None) -> Any:
    """Return a value without its last axis, of length 1."""
    expect(dim is None or dim in _last(x), f"removes axis {dim}; expected the last, -1")
    has_one = x.kept or isinstance(x, Output)
    expect(has_one, "removes an axis that is not of length 1; pool over all sites first")
    return _squeezed(x)


def reshape(x: Any, *shape: Any) -> Any:
    """Return pooled channels as (batch, channels), or the output as (batch,)."""
    sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
    flat = len(sizes) == 2 and isinstance(x, Pooled) and sizes[1] in (-1, len(x.gains))
    expect(
        (flat and (sizes[0] == BATCH or sizes[1] != -1)) or (len(sizes) == 1 and isinstance(x, Output)),
        f"reshapes to {tuple(map(str, sizes))}; expected (x.shape[0], -1) after pooling over all sites",
    )
    return _squeezed(x)


def item(x: Any, index: Any) -> Any:
    """Return the only site of pooled channels, the only column of the output, or an image with a channel axis."""
    parts = [_part(part) for part in (index if isinstance(index, tuple) else (index,))]
    new_axis = x == Maps() and parts in (["all", None], ["all", None, "all"])
    if new_axis or set(parts) <= {"all", "rest"}:
        return x
    only = parts[-1] in (0, -1) and parts[:-1] in (["all"] * (len(x.shape) - 1), ["rest"])
    expect(
        only and x.kept,
        "takes a part of its input; expected whole maps (pad with CircularPad1d), or the one column of a head",
    )
    return _squeezed(x)


def unsqueeze(x: Any, dim: int) -> Any:
    """Return images with a channel axis."""
    expect(x == Maps() and dim in (1, -2), f"adds axis {dim}; expected a channel axis, 1, for the images only")
    return x


def size(x: Any, dim: int | None = None) -> Any:
    """Return the shape, or one of its entries."""
    return x.shape if dim is None else x.shape[dim]


def attribute(x: Any, name: str) -> Any:
    """Return the shape of a value."""
    expect(name == "shape", f"reads {name!r} of a value that depends on the image; expected 'shape'")
    return x.shape


def _pooled(x: Any, pooling: str, dim: Any, keepdim: bool) -> Any:
    axes = tuple(dim) if isinstance(dim, tuple | list) else (dim,)
    over_sites = axes in ((-1,), (2,)) and len(x.shape) == 3
    over_channels = axes in ((-1,), (1,)) and isinstance(x, Pooled) and not x.kept
    expect(
        over_sites or over_channels,
        f"is a {pooling} over axis {dim}; expected the sites, dim=-1, and then the channels",
    )
    if isinstance(x, Maps):
        x = x.pooled(pooling)
    elif over_channels:
        share = Fraction(1, len(x.gains)) if pooling == "mean" else ONE
        x = x.read([share] * len(x.gains), Fraction(0))
    return x if keepdim else _squeezed(x)


def _per_channel(x: Any, constant: Any, what: str) -> list[Fraction]:
    """Return a constant that multiplies or adds to a value, as one number a channel."""
    channels = 1 if isinstance(x, Output) else len(x.gains)
    if not hasattr(constant, "dim"):
        number = isinstance(constant, int | float) and not isinstance(constant, bool)
        expect(number, f"has {constant} as {what}; expected a number")
        return [exact_number(constant, what)] * channels
    if constant.numel() == 1 and constant.dim() <= len(x.shape):
        return exact_numbers(constant, what) * channels
    shape = (1, channels, 1)[: len(x.shape)]
    expect(
        tuple(constant.shape) in (shape, shape[1:]) and not isinstance(x, Output),
        f"has {what} of shape {tuple(constant.shape)}; expected one number, or one a channel, {shape[1:]}",
    )
    return exact_numbers(constant, what)


def _part(index: Any) -> Any:
    """Return one index in words that compare: all, rest, a number, a new axis, or some."""
    if isinstance(index, slice):
        return "all" if index == slice(None) else "some"
    if index is Ellipsis:
        return "rest"
    return index if index is None or isinstance(index, int) else "some"


def _last(x: Any) -> tuple[int, int]:
    """Return the two numbers of the last axis."""
    return -1, len(x.shape) - 1


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, tuple | list) and len(value) == 1 else value


def _squeezed(x: Any) -> Any:
    """Return a value without the axis of length 1 that is kept last."""
    return replace(x, kept=False)


def _maps(x: Any) -> Maps:
    expect(
        isinstance(x, Maps),
        "follows the pooling; expected convolutions and activations before, and one linear head after",
    )
    return x
