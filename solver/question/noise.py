"""Noise laws: what each must say of itself, and Gaussian noise, plain or rectified."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from solver.errors import InputError, NotApplicableError
from solver.numbers.exact import rational
from solver.question.correlations import deformation_energy
from solver.question.deformation import Deformation, far_energy
from solver.question.pairs import Task

if TYPE_CHECKING:
    from scipy.stats.qmc import QMCEngine

PROPERTIES = {
    "independent": "drawn independently and alike at every site",
    "symmetric": "as likely as its negative",
    "gaussian": "Gaussian, rectified or not",
}
"""What routes assume of a noise law."""


@dataclass(frozen=True, kw_only=True)
class Noise(ABC):
    """eta, added to the image: a law of l sites of variance sigma^2 each (before any rectification).

    A law is a subclass with its `samples` and its ``properties``, a frozenset of names in `PROPERTIES`.  They decide
    what it has: sampled values if it is independent, those of linear layers if it is symmetric too.  Properties hold
    for the class that states them alone: a subclass has none until it states its own.

    Parameters
    ----------
    energy : rational, or "exact"
        The total energy l sigma^2; 8/3 by default, the deformation energy of two pixels far apart on a ring (for a
        frame see `default_noise`).
        ``"exact"`` stands for the deformation energy averaged over the ensemble.

    Raises
    ------
    InputError
        If the energy is not a positive rational or ``"exact"``.
    """

    energy: Any = Fraction(8, 3)

    def __post_init__(self) -> None:
        if not isinstance(self.rectified, bool):
            raise InputError(f"rectified: expected True or False, got {self.rectified!r}")
        if self.energy == "exact":
            return
        energy = rational(self.energy, "noise energy")
        if energy <= 0:
            raise InputError(f"noise energy: expected a positive rational or 'exact', got {energy}")
        object.__setattr__(self, "energy", energy)

    @abstractmethod
    def samples(self, engine: QMCEngine, points: int, length: int) -> np.ndarray:
        """Return so many draws of the noise of l sites, at as many of them as the engine has dimensions."""

    @property
    def properties(self) -> frozenset[str]:
        """What routes can assume, of `PROPERTIES`."""
        return frozenset()

    @property
    def rectified(self) -> bool:
        """Whether max(eta, 0) is added in place of eta."""
        return False

    @property
    def law(self) -> str:
        """The name of its class; empty for Gaussian noise."""
        return "" if type(self) is GaussianNoise else type(self).__name__

    @property
    def head(self) -> dict[str, Any]:
        """The noise as the object that JSON holds, with its law unless it is Gaussian."""
        return {"energy": str(self.energy), "rectified": self.rectified} | ({"law": self.law} if self.law else {})

    @property
    def details(self) -> str:
        """The law, unless it is Gaussian, and whether it is rectified, as text to follow its variance."""
        return f", law {self.law}" * bool(self.law) + ", rectified: max(eta, 0)" * self.rectified

    def lacks(self, *wanted: str) -> str | None:
        """Return which property this very law does not state, as a sentence for a refusal, or None."""
        stated = self.properties if "properties" in vars(type(self)) else frozenset()
        missing = [name for name in wanted if name not in stated]
        return f"the noise law {type(self).__name__} is not stated to be {PROPERTIES[missing[0]]}" if missing else None

    def assume(self, *wanted: str) -> None:
        """Refuse a law that lacks a property.

        Raises
        ------
        NotApplicableError
            Naming the property.
        """
        if why := self.lacks(*wanted):
            raise NotApplicableError(why)

    def resolved(self, task: Task, deformation: Deformation) -> Self:
        """Return the noise with the energy ``"exact"`` replaced by the ensemble's deformation energy.

        Raises
        ------
        InputError
            If that energy is 0, as for a law that moves nothing.
        """
        if self.energy != "exact":
            return self
        energy = deformation_energy(task, deformation)
        if energy == 0:
            raise InputError("noise energy 'exact': the deformation moves nothing and has energy 0; give a rational")
        return replace(self, energy=energy)

    def variance(self, length: int) -> Fraction:
        """Return sigma^2 = energy / l.

        Raises
        ------
        InputError
            If the energy is still ``"exact"``.
        """
        if self.energy == "exact":
            raise InputError(
                "noise energy 'exact' depends on the task and the deformation: use resolved(task, deformation)"
            )
        return Fraction(self.energy) / length


@dataclass(frozen=True, kw_only=True)
class GaussianNoise(Noise):
    """eta: iid N(0, sigma^2) at every site, with l sigma^2 = ``energy``, l the number of sites.

    Parameters
    ----------
    energy : rational, or "exact"
        See `Noise`.
    rectified : bool
        Add max(eta, 0) in place of eta, as the code of arXiv 2210.01506 does; sigma is the same.

    Raises
    ------
    InputError
        If the energy is not a positive rational or ``"exact"``.

    Examples
    --------
    >>> GaussianNoise().variance(32)
    Fraction(1, 12)
    """

    rectified: bool = False

    @property
    def properties(self) -> frozenset[str]:
        """What routes can assume."""
        return frozenset({"independent", "gaussian"} | (set() if self.rectified else {"symmetric"}))

    def samples(self, engine: QMCEngine, points: int, length: int) -> np.ndarray:
        """Return so many draws of the noise of l sites, at as many of them as the engine has dimensions."""
        from scipy.stats import qmc

        eta = qmc.MultivariateNormalQMC(np.zeros(engine.d), engine=engine).random(points)
        eta *= float(self.variance(length)) ** 0.5
        return np.maximum(eta, 0) if self.rectified else eta


def default_noise(task: Task) -> GaussianNoise:
    """Return the noise of the energy of independent moves by -1, 0, +1, pixels far apart.

    It is 8/3 on a ring and 32/9 on a frame.
    """
    return GaussianNoise(energy=far_energy(Deformation(), task.axes))
