"""Export to PyTorch: the same network as a torch module in float64."""

from __future__ import annotations

from typing import Any

from solver.network.layer import Layer
from solver.network.network import Network
from solver.network.torch import torch_module


def to_torch(network: Network) -> Any:
    """Return a ``network`` as a ``torch.nn.Module`` that maps images (batch, 1, l) to f_p (batch,), in float64.

    On a frame images have the shape (batch, 1, rows, columns).  Its ``maps(images)`` returns [a_0, a_1, ..., a_depth].
    With integer or dyadic weights, float64 arithmetic makes no rounding error below 2^53, so activations equal the
    exact ones bit for bit.

    Raises
    ------
    MissingDependencyError
        If torch is not installed.
    """
    torch_module("to_torch")
    import torch

    class RingNetwork(torch.nn.Module):
        """Circular convolutions, global pooling, affine readout."""

        def __init__(self) -> None:
            super().__init__()
            self.blocks = torch.nn.ModuleList([_block(torch, layer) for layer in network.layers])
            self.head = torch.nn.Linear(len(network.readout), 1).double()
            with torch.no_grad():
                self.head.weight.copy_(torch.tensor([[float(v) for v in network.readout]], dtype=torch.float64))
                self.head.bias.copy_(torch.tensor([float(network.constant)], dtype=torch.float64))

        def maps(self, images: Any) -> list[Any]:
            """Return a_0, ..., a_depth for images of shape (batch, 1, l)."""
            maps = [images.double()]
            for block in self.blocks:
                maps.append(block(maps[-1]))
            return maps

        def forward(self, images: Any) -> Any:
            """Return f_p for images of shape (batch, 1, l)."""
            last = self.maps(images)[-1]
            sites = tuple(range(-network.axes, 0))
            pooled = last.mean(dim=sites) if network.pooling == "mean" else last.sum(dim=sites)
            return self.head(pooled)[:, 0]

    return RingNetwork().eval()


def _block(torch: Any, layer: Layer) -> Any:
    left, right = -layer.first_offset, layer.size - 1 + layer.first_offset
    convolution, padding = {
        1: (torch.nn.Conv1d, torch.nn.CircularPad1d),
        2: (torch.nn.Conv2d, torch.nn.CircularPad2d),
    }[layer.axes]
    conv = convolution(layer.input_channels, layer.channels, layer.size, stride=layer.stride).double()
    with torch.no_grad():
        conv.weight.copy_(torch.from_numpy(layer.array.astype(float)))
        conv.bias.copy_(torch.tensor([float(b) for b in layer.bias], dtype=torch.float64))
    activation = {"relu": torch.nn.ReLU, "identity": torch.nn.Identity, "hardtanh": torch.nn.Hardtanh}[layer.activation]
    return torch.nn.Sequential(padding((left, right) * layer.axes), conv, activation())
