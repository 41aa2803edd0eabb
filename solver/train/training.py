"""What is trained, on what and how: everything that decides the numbers of a run."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Any

from solver.errors import InputError
from solver.numbers.exact import choice, integer, rational
from solver.question.task import TwoPixelTask
from solver.reading import structure

LARGEST = 1024
"""Layers, channels, sites of the ring: more could not be evaluated exactly."""
OPTIMIZERS = ("sgd", "adam")
PRECISIONS = ("double", "single")
WHOLE: dict[str, tuple[int, int | None]] = {
    "images": (1, None),
    "batch": (0, None),
    "steps": (0, None),
    "seed": (0, None),
    "per_decade": (0, 20),
    "grid_bits": (1, 40),
}
"""The least and the largest that a whole number can be."""
MOST = 10**30
"""The largest learning rate and margin: with room to spare in single precision."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Equal layers of ReLU(w * a + b) on the ring, then a mean over sites and an affine readout.

    Parameters
    ----------
    layers : int
        L.
    channels : int
        H, of every layer.
    filter_size : int
        s, in sites.
    stride : int
        Sites between outputs, of every layer.

    Raises
    ------
    InputError
        For sizes below 1, and more than `LARGEST` layers or channels.
    """

    layers: int = 3
    channels: int = 16
    filter_size: int = 3
    stride: int = 1

    def __post_init__(self) -> None:
        for name in ("layers", "channels", "filter_size", "stride"):
            object.__setattr__(self, name, integer(getattr(self, name), name.replace("_", " "), 1))
        if max(self.layers, self.channels) > LARGEST:
            raise InputError(
                f"layers and channels: expected at most {LARGEST} of each, got {self.layers} and {self.channels}"
            )

    def check_ring(self, length: int) -> None:
        """Refuse a ring on which a layer has no room.

        Raises
        ------
        InputError
            If a filter is larger than the layer's input, or the stride does not divide it.
        """
        sites = length
        for layer in range(1, self.layers + 1):
            if self.filter_size > sites or sites % self.stride:
                fewer = f"take fewer than {layer} layers or another length" if layer > 1 else "take another length"
                raise InputError(
                    f"layer {layer} has {sites} sites of input, which filter size {self.filter_size} and stride "
                    f"{self.stride} do not fit; {fewer}"
                )
            sites //= self.stride


ARCHITECTURES = {
    "slides": Architecture(layers=3, channels=16, filter_size=3, stride=1),
    "paper": Architecture(layers=5, channels=16, filter_size=2, stride=2),
}
"""The networks of the slides, and of arXiv 2210.01506 for its strided architecture, at the default size."""

SCALES = {"slides": 7, "paper": 8}
"""The scale xi that each is trained on unless another is named; 8 is a power of the stride 2."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """Descent on the hinge loss mean max(0, m - y f_p(x)) of P images of the task, from a seeded start.

    It stops where the loss of all P images is 0, or after `steps`.  The loss max(0, 1 - alpha y f)/alpha of the
    feature and lazy regimes is that of margin m = 1/alpha.  Experiments: docs/trained.md.

    Parameters
    ----------
    task : TwoPixelTask
        Its ensemble says how the training images are drawn (see `solver.train.split`).
    architecture : Architecture
    images : int
        P, the size of the training set.
    batch : int
        Images of a step, drawn anew from the P; 0 for all.
    optimizer : {"sgd", "adam"}
    learning_rate, momentum, margin : exact rationals
        The momentum is that of sgd.
    steps : int
        At most.
    seed : int
        Of the images, the weights and the batches.
    per_decade : int
        Checkpoints from one power of ten of steps to the next; 0 keeps only step 0 and the last, which are always kept.
    precision : {"double", "single"}
        Of the arithmetic in torch.
    grid_bits : int
        Stored weights are rounded to multiples of 2^-grid_bits.

    Raises
    ------
    InputError
        For values out of these ranges, and networks that do not fit the ring.

    Examples
    --------
    >>> Training(steps=1000, per_decade=1).checkpoint_steps
    (0, 1, 10, 100, 1000)
    """

    task: TwoPixelTask = field(default_factory=TwoPixelTask)
    architecture: Architecture = field(default_factory=Architecture)
    images: int = 128
    batch: int = 0
    optimizer: str = "sgd"
    learning_rate: Fraction = Fraction(1, 10)
    momentum: Fraction = Fraction(0)
    margin: Fraction = Fraction(1)
    steps: int = 10000
    seed: int = 0
    per_decade: int = 2
    precision: str = "double"
    grid_bits: int = 12

    def __post_init__(self) -> None:
        for name, (least, most) in WHOLE.items():
            value = integer(getattr(self, name), name.replace("_", " "), least)
            if most is not None and value > most:
                raise InputError(f"{name.replace('_', ' ')}: expected at most {most}, got {value}")
            object.__setattr__(self, name, value)
        for name in ("learning_rate", "momentum", "margin"):
            object.__setattr__(self, name, rational(getattr(self, name), name.replace("_", " ")))
        for name, allowed in (("optimizer", OPTIMIZERS), ("precision", PRECISIONS)):
            choice(getattr(self, name), name, allowed)
        self._check_numbers()
        self.architecture.check_ring(self.task.length)

    def _check_numbers(self) -> None:
        if min(self.learning_rate, self.margin) <= 0:
            raise InputError("learning rate and margin: expected positive numbers")
        if max(self.learning_rate, self.margin) > MOST:
            raise InputError("learning rate and margin: expected at most 10^30, which single precision holds")
        if not 0 <= self.momentum < 1 or (self.momentum and self.optimizer != "sgd"):
            raise InputError(f"momentum: expected 0 <= momentum < 1, and 0 for adam, got {self.momentum}")
        if self.batch > self.images:
            raise InputError(f"batch: expected at most the {self.images} training images, got {self.batch}")
        if self.task.length > LARGEST:
            raise InputError(f"length: expected at most {LARGEST} sites to train on, got {self.task.length}")

    @property
    def checkpoint_steps(self) -> tuple[int, ...]:
        """The steps whose networks are kept, 0, 1, ..., `steps`: rounded powers 10^(n/per_decade) in between."""
        found, n = {0, self.steps}, 0
        while self.per_decade and (step := round(10 ** (n / self.per_decade))) < self.steps:
            found.add(step)
            n += 1
        return tuple(sorted(found))

    def as_json(self) -> dict[str, Any]:
        """Return the configuration as a JSON object; every number is text."""
        plain = {each.name: str(getattr(self, each.name)) for each in fields(self) if each.name not in _PARTS}
        return {"task": _fields(self.task), "architecture": _fields(self.architecture), **plain}


def training_from_json(configuration: dict[str, Any], source: str = "configuration") -> Training:
    """Return what `Training.as_json` wrote; ``source`` begins an error.

    Raises
    ------
    InputError
        If a field is missing, unknown or no value of its kind.
    """
    found = structure(configuration, Training, source, strict=False)
    ours = found.as_json()
    for name in ours | configuration:
        if ours.get(name) != configuration.get(name):
            raise InputError(f"{source}: {name}: is not as `solver train` writes it")
    return found


_PARTS = ("task", "architecture")


def _fields(part: Any) -> dict[str, str]:
    return {each.name: str(getattr(part, each.name)) for each in fields(part)}
