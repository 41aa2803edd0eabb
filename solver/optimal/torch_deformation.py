"""D of a convolutional map as a differentiable function of its filters and biases, in torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from solver.network.torch import torch_module
from solver.question.deformation import Deformation, deformation_outcomes
from solver.question.task import TwoPixelTask


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread, so that sums are always taken in the same order."""
    torch = torch_module()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class DeformationObjective:
    """D of ReLU(w_k * ... ReLU(w_1 * x + b_1) ... + b_k), in float64, from one image per distance.

    Every image is a translate of one of them, so with background 0, p_d the law of distances and a mean over sites,

        D = sum_d p_d <||a(tau x_d) - a(x_d)||^2>_tau / 2 (sum_d p_d ||a(x_d)||^2 - l sum_c (sum_d p_d mean a_c)^2)

    where a is taken from what the empty image gives.
    """

    def __init__(self, task: TwoPixelTask, deformation: Deformation) -> None:
        torch, law = torch_module(), task.distance_law
        moved = [
            (n, image, float(weight * p))
            for n, (distance, weight) in enumerate(law.items())
            for image, p in deformation_outcomes(task, deformation, 0, distance)
        ]
        empty = np.zeros(task.length, dtype=np.int64)
        images = [empty, *(task.image(0, distance) for distance in law), *(image for _, image, _ in moved)]
        self._torch = torch
        self._images = torch.from_numpy(np.stack(images)).double()[:, None, :]
        self._source = torch.tensor([n for n, _, _ in moved])
        self._moved = torch.tensor([weight for _, _, weight in moved], dtype=torch.float64)
        self._weights = torch.tensor([float(p) for p in law.values()], dtype=torch.float64)

    def map(self, filters: Sequence[Any], biases: Sequence[Any]) -> Any:
        """Return the last map of every image; filters of shape (channels, inputs, size), of odd size."""
        functional, a = self._torch.nn.functional, self._images
        for weight, bias in zip(filters, biases, strict=True):
            side = (weight.shape[-1] - 1) // 2
            a = functional.relu(functional.conv1d(functional.pad(a, (side, side), mode="circular"), weight, bias))
        return a

    def __call__(self, filters: Sequence[Any], biases: Sequence[Any]) -> Any:
        """Return D; not a number where the map is the same for every image."""
        a = self.map(filters, biases)
        a, count = a[1:] - a[:1], len(self._weights)
        displacement = self._moved @ ((a[count:] - a[:count][self._source]) ** 2).sum(dim=(1, 2))
        mean = (self._weights[:, None, None] * a[:count]).sum(dim=0).mean(dim=-1)
        spread = self._weights @ (a[:count] ** 2).sum(dim=(1, 2)) - a.shape[-1] * (mean**2).sum()
        return displacement / (2 * spread)
