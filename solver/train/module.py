"""The torch module that is trained, and the exact network that its weights are stored as."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from solver.errors import InputError
from solver.network.network import Network
from solver.network.torch import torch_module
from solver.network.torch.reading import from_torch
from solver.train.architecture import Architecture


def ring_module(architecture: Architecture, generator: Any, dtype: Any) -> Any:
    """Return circular convolutions, global average pooling and an affine readout, with torch's usual random start.

    Weights and biases are uniform on +-1/sqrt(inputs * filter size), drawn from ``generator`` layer by layer.
    """
    torch = torch_module()
    nn, channels, size = torch.nn, architecture.channels, architecture.filter_size
    sides = ((size - 1) // 2, size - 1 - (size - 1) // 2)
    parts: list[Any] = []
    with torch.device("meta"):  # leaves torch's own randomness alone
        for inputs in [1, *[channels] * (architecture.layers - 1)]:
            conv = nn.Conv1d(inputs, channels, size, stride=architecture.stride, dtype=dtype)
            parts += [nn.CircularPad1d(sides), conv, nn.ReLU()]
        head = nn.Linear(channels, 1, dtype=dtype)
    module = nn.Sequential(*parts, nn.AdaptiveAvgPool1d(1), nn.Flatten(), head).to_empty(device="cpu")
    with torch.no_grad():
        for layer in (*module[1:-3:3], head):
            bound = layer.weight[0].numel() ** -0.5
            for parameter in layer.parameters():
                parameter.uniform_(-bound, bound, generator=generator)
    return module


def stored_network(module: Any, grid_bits: int, name: str) -> Network:
    """Return the module as an exact network, each weight rounded to the nearest multiple of 2^-grid_bits.

    Raises
    ------
    InputError
        If a weight is infinite or not a number.
    """
    rounded = deepcopy(module).cpu().double()
    if not all(bool(parameter.isfinite().all()) for parameter in rounded.parameters()):
        raise InputError("training diverged: a weight is no longer finite; take a smaller learning rate")
    with torch_module().no_grad():
        for parameter in rounded.parameters():
            parameter.copy_((parameter * 2**grid_bits).round() / 2**grid_bits)
    return from_torch(rounded, name=name)
