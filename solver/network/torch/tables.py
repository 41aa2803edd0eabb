"""Which torch functions, methods and modules are taken, and what takes the place of others."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from solver.errors import InputError
from solver.network.torch import operations as taken
from solver.network.torch.values import Traced

TAKEN: tuple[tuple[Any, tuple[Any, ...], str], ...] = (
    (taken.convolution, (torch.conv1d,), ""),
    (taken.pad, (F.pad,), ""),
    (lambda x, inplace=False: taken.traced_activation(x, "relu"), (F.relu, torch.relu, torch.relu_), "relu relu_"),
    (taken.hardtanh, (F.hardtanh, F.hardtanh_), ""),
    (taken.dropout, (F.dropout, F.dropout1d), ""),
    (taken.scaled, (operator.mul, torch.mul, torch.multiply), "mul mul_"),
    (taken.divided, (operator.truediv, torch.div, torch.true_divide), "div div_"),
    (taken.shifted, (operator.add, torch.add), "add add_"),
    (taken.minus, (operator.sub, torch.sub), "sub sub_"),
    (lambda x: taken.scaled(x, -1), (operator.neg, torch.neg), "neg"),
    (lambda x, dim=None, keepdim=False: taken.pooled(x, "mean", dim, keepdim), (torch.mean,), "mean"),
    (lambda x, dim=None, keepdim=False: taken.pooled(x, "sum", dim, keepdim), (torch.sum,), "sum"),
    (taken.average_pool, (F.adaptive_avg_pool1d,), ""),
    (taken.linear, (F.linear,), ""),
    (taken.pooled_product, (operator.matmul, torch.matmul), "matmul"),
    (taken.flatten, (torch.flatten,), "flatten"),
    (taken.squeeze, (torch.squeeze,), "squeeze"),
    (taken.unsqueeze, (torch.unsqueeze,), "unsqueeze"),
    (taken.reshape, (torch.reshape,), "view reshape"),
    (taken.item, (operator.getitem,), ""),
    (taken.attribute, (getattr,), ""),
    (lambda x, dim=None: x.shape if dim is None else x.shape[dim], (), "size"),
    (lambda x, *types, **options: x, (), "double float contiguous clone detach cpu"),
    (taken.converted, (), "to type_as"),
)
"""What is done, the functions that do it and the methods."""

OPERATIONS: dict[Any, Any] = {each: done for done, functions, names in TAKEN for each in (*functions, *names.split())}
EITHER_ORDER = (taken.scaled, taken.shifted, taken.minus, taken.divided, taken.pooled_product)
DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.AlphaDropout, nn.FeatureAlphaDropout)
NORMALISATIONS = (nn.BatchNorm1d, nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm1d)


def convolved(module: Any, x: Any) -> Traced:
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
    nn.ReLU: lambda module, x: taken.traced_activation(x, "relu"),
    nn.Hardtanh: lambda module, x: taken.hardtanh(x, module.min_val, module.max_val),
    nn.Identity: lambda module, x: x,
    nn.AdaptiveAvgPool1d: lambda module, x: taken.average_pool(x, module.output_size),
    nn.Flatten: lambda module, x: taken.flatten(x, module.start_dim, module.end_dim),
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
