"""What each torch operation does to the exact values of `solver.network.torch.values`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from solver.network.layer import Layer
from solver.network.torch.values import BATCH, ONE, Traced, exact_number, exact_numbers, expect, products

CIRCULAR = "expected padding_mode='circular', or CircularPad1d before it: other padding breaks the ring's symmetry"
MANY = "keep one, Linear(C, 1)"
TWO = "read their difference: Linear(C, 1) with weight w[1] - w[0] and bias b[1] - b[0]"


def convolution(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Traced:
    """Return the maps after F.conv1d, which pads with zeros: one more layer, with the gains in its filters.

    On a ring whose length the stride divides, size - stride <= left + right <= size - 1 gives length/stride sites.
    """
    expect(_single(padding) == 0, f"pads with zeros (padding={padding!r}); {CIRCULAR}")
    _expect_maps(x)
    filters: Any = _expanded_filters(weight, _single(dilation), groups)
    biases: Any = [Fraction(0)] * len(filters) if bias is None else exact_numbers(bias, "its bias")
    (left, right), inputs, size, step = x.padding, len(filters[0]), len(filters[0][0]), _single(stride)
    expect(inputs == x.channels, f"takes {inputs} channels, but its input has {x.channels}")
    expect(
        size - step <= left + right <= size - 1,
        f"pads {left} + {right} sites for filters that span {size}, so its maps do not close to a ring; "
        f"expected left + right = {size - 1} circular ones",
    )
    if set(x.gains) != {ONE}:
        filters = [[[w * g for w in f] for f, g in zip(c, x.gains, strict=True)] for c in filters]
    layer = Layer(filters=filters, bias=biases, stride=step, activation="identity", origin=left)
    return Traced(layers=(*x.layers, layer), gains=(ONE,) * layer.channels, is_open=True)


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
    _expect_maps(x)
    twice = "pads maps that are padded already, which is no ring; pad once before each convolution"
    expect(x.padding == (0, 0), twice)
    expect(min(sides) >= 0, f"pads by {sides[0]} and {sides[-1]} sites; expected none below 0")
    return replace(x, padding=sides)


def traced_activation(x: Any, activation: str) -> Traced:
    """Return maps after an activation."""
    _expect_maps(x)
    if x.is_open and x.padding == (0, 0):
        return replace(x.with_last(activation=activation), is_open=False)
    repeated = x.layers and x.layers[-1].activation == activation == "relu" and not x.is_open and min(x.gains) >= 0
    expect(repeated, "is an activation that does not follow a convolution; move it or leave it out")
    return x


def hardtanh(x: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Traced:
    """Return maps clipped to [-c, c]: c times the hard tanh of 1/c of them."""
    _expect_maps(x)
    expect(min_val == -max_val < 0, f"clips to [{min_val}, {max_val}]; expected limits -c and c, such as -1 and 1")
    limit = exact_number(max_val, "its limit")
    return traced_activation(x.times([1 / limit] * x.channels), "hardtanh").times([limit] * x.channels)


def scaled(a: Any, b: Any) -> Traced:
    """Return a value times a number, or times a number a channel, in either order."""
    x, factor = (a, b) if isinstance(a, Traced) else (b, a)
    return x.times(_per_channel(x, factor, "its factor"))


def divided(x: Any, divisor: Any) -> Traced:
    """Return a value divided by a number, exactly."""
    expect(isinstance(x, Traced), "divides by what depends on the image; expected a division by a number")
    divisors = _per_channel(x, divisor, "its divisor")
    expect(0 not in divisors, "divides by zero")
    return x.times([1 / d for d in divisors])


def shifted(a: Any, b: Any) -> Traced:
    """Return a value plus a number, or plus a number a channel, in either order."""
    x, constant = (a, b) if isinstance(a, Traced) else (b, a)
    return x.plus(_per_channel(x, constant, "its constant"))


def minus(a: Any, b: Any) -> Traced:
    """Return a - b, where one of them is constant."""
    if isinstance(a, Traced):
        return a.plus([-c for c in _per_channel(a, b, "its constant")])
    return shifted(scaled(b, -1), a)


def pooled(x: Any, pooling: str, dim: Any, keepdim: bool) -> Traced:
    """Return the mean or the sum over sites, or over channels once pooled."""
    axes = tuple(dim) if isinstance(dim, tuple | list) else (dim,)
    sites, channels = axes in ((-1,), (2,)) and len(x.shape) == 3, axes in ((-1,), (1,)) and len(x.shape) == 2
    expect(
        sites or (channels and x.stage == "pooled"),
        f"is a {pooling} over axis {dim}; expected the sites, dim=-1, and then the channels",
    )
    if x.stage == "maps":
        expect(x.layers, "pools the image itself; expected at least one convolution before")
        expect(x.padding == (0, 0), "pools padded maps; expected a convolution after the padding")
        return Traced("pooled", x.layers, x.gains, pooling=pooling, kept=keepdim)
    if channels:
        share = Fraction(1, x.channels) if pooling == "mean" else ONE
        x = read(x, [share] * x.channels, Fraction(0))
    return replace(x, kept=keepdim)


def average_pool(x: Any, output_size: Any) -> Traced:
    """Return the mean over sites, with an axis of one site left."""
    expect(_single(output_size) == 1, f"pools to {output_size} sites; expected a global average, AdaptiveAvgPool1d(1)")
    return pooled(x, "mean", -1, True)


def linear(x: Any, weight: Any, bias: Any = None) -> Traced:
    """Return the head's readout, of shape (batch, 1)."""
    expect(x.stage == "pooled", "is a linear map of maps that are not pooled; pool over all sites first")
    shapes = [tuple(each.shape) for each in (weight, bias) if each is not None]
    expect(
        weight.dim() == 2 and shapes[1:] in ([], [(len(weight),)]),
        f"has weights of shape {' and '.join(map(str, shapes))}; expected (1, channels), and (1,) for the bias",
    )
    way = TWO if len(weight) == 2 else MANY
    expect(len(weight) == 1, f"is a head with {len(weight)} outputs, but f_p is one number; {way}")
    constant = Fraction(0) if bias is None else exact_numbers(bias, "its bias")[0]
    return read(x, exact_numbers(weight, "its weight"), constant)


def read(x: Traced, weights: Sequence[Fraction], constant: Fraction) -> Traced:
    """Return an affine readout of pooled channels, of shape (batch, 1)."""
    expect(not x.kept, "reads channels of shape (batch, channels, 1); flatten them first")
    expect(len(weights) == x.channels, f"reads {len(weights)} channels, but there are {x.channels}")
    return replace(x, stage="output", gains=products(x.gains, weights), constant=constant, kept=True)


def pooled_product(x: Any, weight: Any) -> Traced:
    """Return x @ weight for pooled channels and a vector, or a matrix of one column."""
    expect(
        getattr(x, "stage", "") == "pooled" and hasattr(weight, "dim") and weight.dim() in (1, 2),
        "is a matrix product other than pooled channels @ weights; use Linear(C, 1)",
    )
    return linear(x, weight.T) if weight.dim() == 2 else replace(linear(x, weight[None]), kept=False)


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


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Traced:
    """Return pooled channels without their axis of one site, or the output as (batch,)."""
    apart = "flattens maps before they are pooled, which tells sites apart; pool over all sites first"
    expect(x.stage != "maps", apart)
    output = x.stage == "output"
    whole = start_dim in (0, 1) or not x.kept if output else start_dim == 1 and end_dim in (-1, len(x.shape) - 1)
    expect(whole, "mixes the batch with channels; expected start_dim=1")
    return x if output and start_dim == 1 else replace(x, kept=False)


def squeeze(x: Any, dim: int | None = None) -> Traced:
    """Return a value without its last axis, of length 1."""
    expect(dim in (None, -1, len(x.shape) - 1), f"removes axis {dim}; expected the last, -1")
    one = x.kept or x.stage == "output"
    expect(one, "removes an axis that is not of length 1; pool over all sites first")
    return replace(x, kept=False)


def reshape(x: Any, *shape: Any) -> Traced:
    """Return pooled channels as (batch, channels), or the output as (batch,)."""
    sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
    flat = x.stage == "pooled" and len(sizes) == 2 and sizes[1] in (-1, x.channels)
    whole = sizes[0] == BATCH or sizes[1] != -1 if flat else x.stage == "output" and len(sizes) == 1
    expect(whole, f"reshapes to {tuple(map(str, sizes))}; expected (x.shape[0], -1) after pooling over all sites")
    return replace(x, kept=False)


def item(x: Any, index: Any) -> Traced:
    """Return the only site of pooled channels, the only column of the output, or an image with a channel axis."""
    parts = [_part(part) for part in (index if isinstance(index, tuple) else (index,))]
    new_axis = x == Traced() and parts in (["all", None], ["all", None, "all"])
    if new_axis or set(parts) <= {"all", "rest"}:
        return x
    only = parts[-1] in (0, -1) and parts[:-1] in (["all"] * (len(x.shape) - 1), ["rest"])
    expect(
        only and x.kept,
        "takes a part of its input; expected whole maps (pad with CircularPad1d), or the one column of a head",
    )
    return replace(x, kept=False)


def unsqueeze(x: Any, dim: int) -> Traced:
    """Return images with a channel axis."""
    expect(x == Traced() and dim in (1, -2), f"adds axis {dim}; expected a channel axis, 1, for the images only")
    return x


def attribute(x: Any, name: str) -> Any:
    """Return the shape of a value."""
    expect(name == "shape", f"reads {name!r} of a value that depends on the image; expected 'shape'")
    return x.shape


def _per_channel(x: Traced, constant: Any, what: str) -> list[Fraction]:
    """Return a constant that multiplies or adds to a value, as one number a channel."""
    if not hasattr(constant, "dim"):
        number = isinstance(constant, int | float) and not isinstance(constant, bool)
        expect(number, f"has {constant} as {what}; expected a number")
        return [exact_number(constant, what)] * x.channels
    if constant.numel() == 1 and constant.dim() <= len(x.shape):
        return exact_numbers(constant, what) * x.channels
    shape = (1, x.channels, 1)[: len(x.shape)]
    expect(
        tuple(constant.shape) in (shape, shape[1:]) and x.stage != "output",
        f"has {what} of shape {tuple(constant.shape)}; expected one number, or one a channel, {shape[1:]}",
    )
    return exact_numbers(constant, what)


def _part(index: Any) -> Any:
    """Return one index in words that compare: all, rest, a number, a new axis, or some."""
    if isinstance(index, int | None):
        return index
    return "rest" if index is Ellipsis else "all" if isinstance(index, slice) and index == slice(None) else "some"


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, tuple | list) and len(value) == 1 else value


def _expect_maps(x: Traced) -> None:
    after = "follows the pooling; expected convolutions and activations before, and one linear head after"
    expect(x.stage == "maps", after)
