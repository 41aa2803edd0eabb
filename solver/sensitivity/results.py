"""What is found of a layer: its values by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from solver.network.network import Network
from solver.question.deformation import Deformation
from solver.question.noise import Noise
from solver.question.pairs import Task
from solver.sensitivity.question import Question
from solver.values import Value

if TYPE_CHECKING:
    from solver.sensitivity.deformation.routes import DeformationRoute
    from solver.sensitivity.noise.route import Route


@dataclass(frozen=True)
class Choice:
    """The route taken, and for each stronger one its name and why it was not."""

    route: Route | DeformationRoute
    refused: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class LayerValues:
    """The values of one layer, by name and as attributes: ``layer.D`` is ``layer.values["D"]``.

    Attributes
    ----------
    layer : int
        0 is the image, 1..depth the maps, depth + 1 the output f_p.
    name : {"input", "hidden", "output"}
    values : mapping of str to Value
        D, G, R, ... as `solver.sensitivity.quantities` names them.
    """

    layer: int
    name: str
    values: Mapping[str, Value]

    def __getattr__(self, name: str) -> Value:
        values = self.__dict__.get("values", {})
        if name not in values:
            raise AttributeError(f"a layer has no value {name!r}; it has {', '.join(values)}")
        found: Value = values[name]
        return found

    @property
    def label(self) -> str:
        """The layer's number, or f_p for the output."""
        return "f_p" if self.name == "output" else str(self.layer)


@dataclass(frozen=True)
class LayerResults:
    """The values of layers of a network and of its output, with the question that they answer.

    Attributes
    ----------
    question : Question
    layers : tuple of LayerValues
        Layers 0..depth and, last, the output; or those of them that were asked for.
    """

    question: Question
    layers: tuple[LayerValues, ...]

    @property
    def network(self) -> Network:
        """The network that was asked about."""
        return self.question.network

    @property
    def task(self) -> Task:
        """The task."""
        return self.question.task

    @property
    def deformation(self) -> Deformation:
        """The deformation."""
        return self.question.deformation

    @property
    def noise(self) -> Noise:
        """The noise, its energy a rational."""
        return self.question.noise

    @property
    def channel_mean(self) -> bool:
        """Whether channels were averaged before taking norms."""
        return self.question.channel_mean

    @property
    def output(self) -> LayerValues:
        """The values of f_p."""
        return self[self.question.depth + 1]

    def __getitem__(self, layer: int) -> LayerValues:
        """Return the values of a layer by its number; from the output on backwards by -1, -2, ...

        Raises
        ------
        IndexError
            If there is no such layer, or it was not asked for.
        """
        number = layer + self.question.depth + 2 if layer < 0 else layer
        for each in self.layers:
            if each.layer == number:
                return each
        raise IndexError(f"expected one of the layers {[each.layer for each in self]}, got {layer}")

    def __iter__(self) -> Iterator[LayerValues]:
        return iter(self.layers)
