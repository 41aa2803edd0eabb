"""Descent on the hinge loss in torch, the same bit for bit for the same configuration, also after an interruption."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import numpy as np

from solver.errors import InputError
from solver.network.network import Network
from solver.network.torch import torch_module
from solver.network.torch.reading import from_torch
from solver.numbers.exact import choice
from solver.optimal.torch_deformation import one_thread
from solver.train.split import Split
from solver.train.training import Architecture, Training

DEVICES = ("auto", "cpu", "cuda")


class Descent:
    """A network on its way down: its module, its optimizer, its generator, and the number of steps taken.

    Parameters
    ----------
    training : Training
    split : Split
    device : str
        Where torch computes: "cpu" or "cuda".  Random numbers are drawn on the CPU in any case.
    """

    def __init__(self, training: Training, split: Split, device: str) -> None:
        torch = torch_module()
        dtype = {"double": torch.float64, "single": torch.float32}[training.precision]
        self._torch, self._training = torch, training
        images = np.stack([training.task.image(*pair) for pair in split.train])[:, None]
        self._images = torch.tensor(images, dtype=dtype, device=device)
        self._labels = torch.tensor([split.label[pair] for pair in split.train], dtype=dtype, device=device)
        self._generator = torch.Generator().manual_seed(training.seed)
        self.module = ring_module(training.architecture, self._generator, dtype).to(device)
        self._optimizer = _optimizer(training, self.module)
        self.step = 0

    def advance(self) -> bool:
        """Take one step; return False, without one, if the loss of every training image is 0."""
        chosen = self._batch()
        loss = self._loss(self._images[chosen], self._labels[chosen])
        if float(loss.detach()) == 0 and self.loss() == 0:
            return False
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        self.step += 1
        return True

    def loss(self) -> float:
        """Return the loss of all training images."""
        with self._torch.no_grad():
            return float(self._loss(self._images, self._labels))

    def state(self) -> dict[str, Any]:
        """Return all that the next steps depend on, but for the configuration."""
        return {
            "step": self.step,
            "module": self.module.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "generator": self._generator.get_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.module.load_state_dict(state["module"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._generator.set_state(state["generator"])
        self.step = int(state["step"])

    def _loss(self, images: Any, labels: Any) -> Any:
        margin = float(self._training.margin)
        return self._torch.relu(margin - labels * self.module(images)[:, 0]).mean()

    def _batch(self) -> Any:
        count = self._training.batch
        if count in (0, len(self._labels)):
            return slice(None)
        return self._torch.randperm(len(self._labels), generator=self._generator)[:count].to(self._labels.device)


def chosen_device(name: str) -> str:
    """Return "cuda" or "cpu" for one of `DEVICES`; `auto` takes a GPU that is there.

    Raises
    ------
    InputError
        For another name, and for cuda where torch finds no GPU.
    """
    present = choice(name, "device", DEVICES) != "cpu" and torch_module().cuda.is_available()
    if name == "cuda" and not present:
        raise InputError("device: torch finds no GPU; take cpu, or auto for a GPU only where there is one")
    return "cuda" if present else "cpu"


@contextmanager
def reproducible() -> Iterator[None]:
    """Run torch on one thread and with deterministic algorithms only."""
    torch = torch_module()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        with one_thread():
            yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])


def _optimizer(training: Training, module: Any) -> Any:
    optim, rate = torch_module().optim, float(training.learning_rate)
    if training.optimizer == "adam":
        return optim.Adam(module.parameters(), lr=rate)
    return optim.SGD(module.parameters(), lr=rate, momentum=float(training.momentum))


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
