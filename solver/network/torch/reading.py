"""Import from PyTorch: a trained module as an exact network, every float the dyadic rational that it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from solver.errors import InputError
from solver.network.network import Network
from solver.network.torch import torch_module


def from_torch(module: Any, *, name: str | None = None) -> Network:
    """Return a torch module that maps images (batch, 1, l) to f_p as a `Network` of exactly the same weights.

    The module's forward is read by ``torch.fx`` and must be a chain: circular Conv1d (any stride, dilation, groups),
    ReLU, Hardtanh with limits -c and c, or no activation, factors such as 1/sqrt(H) anywhere, the mean or sum over all
    sites, and a linear head with one output.  Functions (F.conv1d, x.mean(-1), ...) are taken as the modules are.

    Parameters
    ----------
    module : torch.nn.Module
        In eval mode, if it drops channels in training mode.
    name : str
        The network's name; the module's class if omitted.

    Raises
    ------
    InputError
        For anything else, by name, with what to do; for weights that are infinite or not a number.
    MissingDependencyError
        If torch is not installed.

    Notes
    -----
    The network is the module in exact arithmetic: no rounding of activations, and a factor is the float it is, so
    ``x / math.sqrt(3)`` divides by the float nearest to sqrt(3).  What the module computes from its weights alone, such
    as ``self.w / 3``, is taken as the floats that torch makes of it.
    """
    torch = torch_module("from_torch")
    from solver.network.torch.forward import forward_network

    if not isinstance(module, torch.nn.Module):
        raise InputError(f"from_torch: expected a torch.nn.Module, got {type(module).__name__}")
    module = getattr(module, "_orig_mod", module)
    try:
        network = forward_network(module)
    except InputError as error:
        raise InputError(f"from_torch: {error}") from None
    return replace(network, name=type(module).__name__ if name is None else name)
