"""What each torch operation does to the exact values of `solver.network.torch.values`, and what each module does."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from solver.errors import InputError
from solver.network.torch.values import ONE, Maps, Output, Pooled, Traced, exact_number, exact_numbers

CIRCULAR = "expected padding_mode='circular', or CircularPad1d before it: other padding breaks the ring's symmetry"
SITES = ((-1,), (2,))


def convolution(
    x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Maps:
    """Return the maps after F.conv1d, which pads with zeros."""
    if _single(padding) != 0:
        raise InputError(f"pads with zeros (padding={padding!r}); {CIRCULAR}")
    _expect_maps(x)
    filters = expanded_filters(weight, _single(dilation), groups)
    zeros = [Fraction(0)] * len(filters)
    return x.convolved(filters, zeros if bias is None else exact_numbers(bias, "its bias"), _single(stride))


def expanded_filters(weight: Any, dilation: int, groups: int) -> list[list[list[Fraction]]]:
    """Return weights (channels, inputs / groups, size) as full filters: zeros between taps and across groups."""
    if weight.dim() != 3 or 0 in weight.shape or min(dilation, groups) < 1 or len(weight) % groups:
        raise InputError(
            f"has a weight of shape {tuple(weight.shape)} for {groups} groups and dilation {dilation}; expected "
            "(channels, inputs / groups, size), with channels that the groups divide"
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
    if mode != "circular" or len(sides) != 2:
        raise InputError(f"pads by {sides} in mode {mode!r}; {CIRCULAR}")
    _expect_maps(x)
    return x.padded(*sides)


def relu(x: Any, inplace: bool = False) -> Maps:
    """Return max(z, 0) of maps."""
    _expect_maps(x)
    return x.activated("relu")


def hardtanh(x: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Maps:
    """Return maps clipped to [-c, c]: c times the hard tanh of 1/c of them."""
    _expect_maps(x)
    if not min_val == -max_val < 0:
        raise InputError(f"clips to [{min_val}, {max_val}]; expected limits -c and c, such as -1 and 1")
    limit = exact_number(max_val, "its limit")
    if limit == 1:
        return x.activated("hardtanh")
    return x.times([1 / limit] * x.channels).activated("hardtanh").times([limit] * x.channels)


def scaled(a: Any, b: Any) -> Any:
    """Return a value times a number, or times a number a channel, in either order."""
    x, factor = (a, b) if isinstance(a, Traced) else (b, a)
    return x.times(_per_channel(x, factor, "its factor"))


def divided(x: Any, divisor: Any) -> Any:
    """Return a value divided by a number, exactly."""
    if not isinstance(x, Traced):
        raise InputError("divides by what depends on the image; expected a division by a number")
    divisors = _per_channel(x, divisor, "its divisor")
    if 0 in divisors:
        raise InputError("divides by zero")
    return x.times([1 / d for d in divisors])


def negative(x: Any) -> Any:
    """Return -x."""
    return x.times([-ONE] * x.channels)


def shifted(a: Any, b: Any) -> Any:
    """Return a value plus a number, or plus a number a channel, in either order."""
    x, constant = (a, b) if isinstance(a, Traced) else (b, a)
    return x.plus(_per_channel(x, constant, "its constant"))


def minus(a: Any, b: Any) -> Any:
    """Return a - b, where one of them is constant."""
    if isinstance(a, Traced):
        return a.plus([-c for c in _per_channel(a, b, "its constant")])
    return shifted(negative(b), a)


def mean(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Return the mean over sites."""
    return _pooled(x, "mean", dim, keepdim)


def total(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Return the sum over sites, or over channels once pooled."""
    return _pooled(x, "sum", dim, keepdim)


def average_pool(x: Any, output_size: Any) -> Any:
    """Return the mean over sites, with an axis of one site left."""
    if _single(output_size) != 1:
        raise InputError(f"pools to {output_size} sites; expected a global average, AdaptiveAvgPool1d(1)")
    return _pooled(x, "mean", -1, True)


def linear(x: Any, weight: Any, bias: Any = None) -> Output:
    """Return the head's readout, of shape (batch, 1)."""
    if not isinstance(x, Pooled):
        raise InputError("is a linear map of maps that are not pooled; pool over all sites first")
    if weight.dim() != 2 or (bias is not None and tuple(bias.shape) != (len(weight),)):
        shapes = " and ".join(str(tuple(each.shape)) for each in (weight, bias) if each is not None)
        raise InputError(f"has weights of shape {shapes}; expected (1, channels), and (1,) for the bias")
    outputs = weight.shape[0]
    if outputs != 1:
        way = (
            "read their difference: Linear(C, 1) with weight w[1] - w[0] and bias b[1] - b[0]"
            if outputs == 2
            else "keep one, Linear(C, 1)"
        )
        raise InputError(f"is a head with {outputs} outputs, but f_p is one number; {way}")
    constant = Fraction(0) if bias is None else exact_numbers(bias, "its bias")[0]
    return x.read(exact_numbers(weight, "its weight"), constant, column=True)


def product(x: Any, weight: Any) -> Output:
    """Return x @ weight for pooled channels and a vector, or a matrix of one column."""
    if not isinstance(x, Pooled) or not hasattr(weight, "dim") or weight.dim() not in (1, 2):
        raise InputError("is a matrix product other than pooled channels @ weights; use Linear(C, 1)")
    return linear(x, weight.T) if weight.dim() == 2 else linear(x, weight[None]).without_column()


def unchanged(x: Any, *_: Any, **__: Any) -> Any:
    """Return the value as it is: exact arithmetic has no types, devices or layouts."""
    return x


def converted(x: Any, *types: Any, **options: Any) -> Any:
    """Return the value as it is, unless the type asked for has no fractions."""
    for each in (*types, *options.values()):
        kind = getattr(each, "dtype", each)
        if getattr(kind, "is_floating_point", True) is False:
            raise InputError(f"converts to {kind}, which rounds; expected a type of floats")
    return x


def dropout(x: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Return the value, if dropout is off."""
    if training and p > 0:
        raise InputError("drops channels at random in training mode; call .eval() on the module first")
    return x


def _pooled(x: Any, pooling: str, dim: Any, keepdim: bool) -> Any:
    axes = tuple(dim) if isinstance(dim, tuple | list) else (dim,)
    if isinstance(x, Maps) and axes in SITES:
        return x.pooled(pooling, kept=keepdim)
    if isinstance(x, Pooled) and x.kept and axes in SITES:
        return x if keepdim else x.without_sites()
    if isinstance(x, Pooled) and not x.kept and axes in ((-1,), (1,)):
        share = Fraction(1, x.channels) if pooling == "mean" else ONE
        return x.read([share] * x.channels, Fraction(0), column=keepdim)
    raise InputError(f"is a {pooling} over axis {dim}; expected the sites, dim=-1, and then the channels")


def _per_channel(x: Any, constant: Any, what: str) -> list[Fraction]:
    """Return a constant that multiplies or adds to a value, as one number a channel."""
    if not hasattr(constant, "dim"):
        if isinstance(constant, bool) or not isinstance(constant, int | float):
            raise InputError(f"has {constant} as {what}; expected a number")
        return [exact_number(constant, what)] * x.channels
    if constant.numel() == 1 and constant.dim() <= x.rank:
        return exact_numbers(constant, what) * x.channels
    shape = (1, x.channels, 1)[: x.rank]
    if tuple(constant.shape) not in (shape, shape[1:]) or isinstance(x, Output):
        raise InputError(
            f"has {what} of shape {tuple(constant.shape)}; expected one number, or one a channel, {shape[1:]}"
        )
    return exact_numbers(constant, what)


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, tuple | list) and len(value) == 1 else value


def _expect_maps(x: Any) -> None:
    if not isinstance(x, Maps):
        raise InputError("follows the pooling; expected convolutions and activations before, and one linear head after")
