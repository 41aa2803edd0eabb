"""Which torch functions, methods and modules `solver.network.torch.reading` takes, and what takes their place."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from solver.errors import InputError
from solver.network.torch import operations as taken
from solver.network.torch import shapes
from solver.network.torch.values import Maps

FUNCTIONS: dict[Any, Any] = {
    **dict.fromkeys((F.relu, torch.relu, torch.relu_), taken.relu),
    **dict.fromkeys((F.hardtanh, F.hardtanh_), taken.hardtanh),
    **dict.fromkeys((operator.mul, torch.mul, torch.multiply), taken.scaled),
    **dict.fromkeys((operator.truediv, torch.div, torch.true_divide), taken.divided),
    **dict.fromkeys((operator.add, torch.add), taken.shifted),
    **dict.fromkeys((operator.sub, torch.sub), taken.minus),
    **dict.fromkeys((operator.neg, torch.neg), taken.negative),
    **dict.fromkeys((operator.matmul, torch.matmul), taken.product),
    torch.conv1d: taken.convolution,
    F.pad: taken.pad,
    F.linear: taken.linear,
    F.dropout: taken.dropout,
    F.dropout1d: taken.dropout,
    F.adaptive_avg_pool1d: taken.average_pool,
    torch.mean: taken.mean,
    torch.sum: taken.total,
    torch.flatten: shapes.flatten,
    torch.squeeze: shapes.squeeze,
    torch.reshape: shapes.reshape,
    torch.unsqueeze: shapes.unsqueeze,
    operator.getitem: shapes.item,
    getattr: shapes.attribute,
}
METHODS: dict[str, Any] = {
    **dict.fromkeys(("relu", "relu_"), taken.relu),
    **dict.fromkeys(("mul", "mul_"), taken.scaled),
    **dict.fromkeys(("div", "div_"), taken.divided),
    **dict.fromkeys(("add", "add_"), taken.shifted),
    **dict.fromkeys(("sub", "sub_"), taken.minus),
    **dict.fromkeys(("view", "reshape"), shapes.reshape),
    **dict.fromkeys(("double", "float", "contiguous", "clone", "detach", "cpu"), taken.unchanged),
    **dict.fromkeys(("to", "type_as"), taken.converted),
    "neg": taken.negative,
    "matmul": taken.product,
    "mean": taken.mean,
    "sum": taken.total,
    "flatten": shapes.flatten,
    "squeeze": shapes.squeeze,
    "unsqueeze": shapes.unsqueeze,
    "size": shapes.size,
}
EITHER_ORDER = (taken.scaled, taken.shifted, taken.minus, taken.divided, taken.product)
DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.AlphaDropout, nn.FeatureAlphaDropout)
NORMALISATIONS = (nn.BatchNorm1d, nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm1d)


def convolved(module: Any, x: Any) -> Maps:
    """Return the maps after a Conv1d with circular padding, or with padding done before it."""
    zeros = module.padding_mode == "zeros" and not isinstance(module.padding, str)
    left, right = 2 * module.padding if zeros else module._reversed_padding_repeated_twice
    if (left, right) != (0, 0):
        x = taken.pad(x, (left, right), module.padding_mode)
    return taken.convolution(
        x, module.weight, module.bias, module.stride, 0, dilation=module.dilation, groups=module.groups
    )


MODULES: dict[Any, Any] = {
    nn.Conv1d: convolved,
    nn.CircularPad1d: lambda module, x: taken.pad(x, module.padding, "circular"),
    nn.ReLU: lambda module, x: taken.relu(x),
    nn.Hardtanh: lambda module, x: taken.hardtanh(x, module.min_val, module.max_val),
    nn.Identity: lambda module, x: x,
    nn.AdaptiveAvgPool1d: lambda module, x: taken.average_pool(x, module.output_size),
    nn.Flatten: lambda module, x: shapes.flatten(x, module.start_dim, module.end_dim),
    nn.Linear: lambda module, x: taken.linear(x, module.weight, module.bias),
    **dict.fromkeys(DROPOUTS, lambda module, x: taken.dropout(x, module.p, module.training)),
}


def applied(module: Any, x: Any) -> Any:
    """Return what a torch module makes of a value."""
    for kind, operation in MODULES.items():
        if isinstance(module, kind) and type(module).forward is kind.forward:
            return operation(module, x)
    raise InputError(f"is not taken; {advice(module)}")


def advice(module: Any) -> str:
    """Return what to do about a module that is not taken."""
    if isinstance(module, NORMALISATIONS):
        return (
            "fold it into the convolution, for a BatchNorm1d in eval mode with torch.nn.utils.fusion.fuse_conv_bn_eval"
        )
    if isinstance(module, nn.MaxPool1d | nn.AvgPool1d | nn.AdaptiveMaxPool1d):
        return "pool once over all sites, AdaptiveAvgPool1d(1); a stride takes the place of local pooling"
    known = ", ".join(kind.__name__ for kind in MODULES if kind not in DROPOUTS)
    return f"expected one of {known}, or functions that do the same"
