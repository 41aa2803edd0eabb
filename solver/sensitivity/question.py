"""What is asked: a network on a task under a deformation and a noise, and how norms are taken."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from solver import __version__
from solver.errors import InputError
from solver.network.changed.translates import one_of_each_translate
from solver.network.linearity import LayerProof, linearity_proof
from solver.network.network import Network
from solver.question.correlations import deformation_energy
from solver.question.deformation import Deformation, far_energy
from solver.question.noise import Noise, default_noise
from solver.question.pairs import Task

NUMBERS = 7
"""Raised whenever a slow route gives other digits or parts than before, so that what it kept then is not served."""


@dataclass(frozen=True)
class Question:
    """A network on a task, a deformation and a noise; layers are numbered 0..depth, and depth + 1 is the output f_p.

    What every answer starts from is made here once: the proof of where a ReLU cuts, the images that represent the
    ensemble, the question about the network with identity activations.

    Parameters
    ----------
    network : Network
    task : TwoPixelTask or FrameTask
    deformation : Deformation
        Each pixel moves by -1, 0, +1 with probability 1/3 if omitted.
    noise : Noise
        `default_noise` if omitted: total energy 8/3, or 32/9 on a frame.  The energy ``"exact"`` is put in.
    channel_mean : bool
        Average every map over its channels before taking norms.

    Attributes
    ----------
    depth : int
        Number of layers of the network.
    layers : range
        The numbers of all layers, from the image to the output.
    names : tuple of str
        What each of them is: "input", "hidden" or "output".

    Raises
    ------
    InputError
        If an argument is not of its type.
    """

    network: Network
    task: Task
    deformation: Deformation = field(default_factory=Deformation)
    noise: Noise = None  # type: ignore[assignment]
    channel_mean: bool = False
    depth: int = field(init=False, repr=False, compare=False)
    layers: range = field(init=False, repr=False, compare=False)
    names: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        kinds = {"network": Network, "task": Task, "deformation": Deformation, "noise": Noise}
        for name, kind in kinds.items():
            given = getattr(self, name)
            if not isinstance(given, kind) and not (name == "noise" and given is None):
                wanted = {"task": "TwoPixelTask", "noise": "GaussianNoise"}.get(name, kind.__name__)
                raise InputError(f"{name}: expected a {wanted}, got {given!r}")
        noise, depth = self.noise or default_noise(self.task), self.network.depth
        resolved = noise.resolved(self.task, self.deformation) if noise.energy == "exact" else noise
        object.__setattr__(self, "noise", resolved)
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "layers", range(depth + 2))
        object.__setattr__(self, "names", ("input", *["hidden"] * depth, "output"))

    @cached_property
    def reduced(self) -> Question:
        """The question about a network with the same answers: on a frame, one channel for those that are translates.

        The question itself where that channel's filter, whose window is centred, does not fit on the frame.
        """
        if self.task.axes == 1 or self.channel_mean:
            return self
        single = one_of_each_translate(self.network)
        fits = max(layer.size for layer in single.layers) <= min(self.task.shape)
        return replace(self, network=single) if fits else self

    @cached_property
    def proofs(self) -> tuple[LayerProof, ...]:
        """Where an activation can cut an image, for layers 1..depth, with the reasons."""
        return linearity_proof(self.network, self.task, self.deformation)

    @cached_property
    def head(self) -> dict[str, Any]:
        """What is asked of a network as the head that JSON has: every number is text."""
        task, deformation, noise = self.task, self.deformation, self.noise
        energy = {
            "energy": str(deformation_energy(task, deformation)),
            "energy_apart": str(far_energy(deformation, task.axes)),
        }
        variance = {"energy": str(noise.energy), "variance": str(noise.variance(task.sites))}
        return {
            "task": task.head,
            "deformation": deformation.head | energy,
            "noise": variance | noise.head,
            "channel_mean": self.channel_mean,
        }

    def text(self, layer: int, route: str) -> str:
        """Return canonical text that names everything the noise response of a layer by a route depends on."""
        network = self.network
        layers = [
            [repr((each.filters, each.bias)), each.stride, each.activation, each.origin]
            for each in network.layers[: min(layer, network.depth)]
        ]
        head: list[Any] = [repr(network.readout), network.pooling] if layer > self.depth else []
        place = [canonical_text(self.task), canonical_text(self.noise), self.channel_mean]
        return json.dumps(["noise response", __version__, NUMBERS, route, layer, layers, head, place])


def canonical_text(part: Any) -> str:
    """Return the class and every field of a task, a deformation or a noise as JSON text, for keys of caches."""
    return json.dumps([type(part).__qualname__, {f.name: str(getattr(part, f.name)) for f in fields(part) if f.init}])
