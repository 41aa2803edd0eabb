"""The torch module that is trained, and the exact network that its weights are stored as."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from solver.errors import InputError
from solver.network.network import Network
from solver.network.torch.reading import from_torch
from solver.optimal.torch_deformation import torch_module
from solver.train.architecture import Architecture


def ring_module(architecture: Architecture, generator: Any, dtype: Any) -> Any:
    """Return circular convolutions, global average pooling and an affine readout, with torch's usual random start.

    Weights and biases are uniform on +-1/sqrt(inputs * filter size), drawn from ``generator`` layer by layer.
    """
    torch = torch_module()
    size = architecture.filter_size
    sides = ((size - 1) // 2, size - 1 - (size - 1) // 2)
    parts: list[Any] = []
    for k in range(architecture.layers):
        inputs = architecture.channels if k else 1
        conv = _started(torch.nn.Conv1d, inputs * size, generator)(
            inputs, architecture.channels, size, stride=architecture.stride, dtype=dtype
        )
        parts += [torch.nn.CircularPad1d(sides), conv, torch.nn.ReLU()]
    head = _started(torch.nn.Linear, architecture.channels, generator)(architecture.channels, 1, dtype=dtype)
    return torch.nn.Sequential(*parts, torch.nn.AdaptiveAvgPool1d(1), torch.nn.Flatten(), head)


def _started(kind: Any, fan_in: int, generator: Any) -> Any:
    """Return a maker of layers whose weights come from the generator and leave torch's own randomness alone."""
    torch = torch_module()

    def made(*sizes: int, **options: Any) -> Any:
        layer = torch.nn.utils.skip_init(kind, *sizes, **options)
        with torch.no_grad():
            for parameter in (layer.weight, layer.bias):
                parameter.uniform_(-(fan_in**-0.5), fan_in**-0.5, generator=generator)
        return layer

    return made


def stored_network(module: Any, grid_bits: int, name: str) -> Network:
    """Return the module as an exact network, each weight rounded to the nearest multiple of 2^-grid_bits."""
    torch = torch_module()
    rounded = deepcopy(module).cpu().double()
    if not all(bool(parameter.isfinite().all()) for parameter in rounded.parameters()):
        raise InputError("training diverged: a weight is no longer finite; take a smaller learning rate")
    with torch.no_grad():
        for parameter in rounded.parameters():
            parameter.copy_((parameter * 2**grid_bits).round() / 2**grid_bits)
    return from_torch(rounded, name=name)
