"""Gaussian noise: independent at every site, of a given total energy, plain or rectified."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.errors import InputError
from solver.numbers.exact import rational
from solver.question.correlations import deformation_energy
from solver.question.deformation import Deformation, far_energy
from solver.question.task import Task


@dataclass(frozen=True, kw_only=True)
class GaussianNoise:
    """eta: iid N(0, sigma^2) at every site, with l sigma^2 = ``energy``, l the number of sites.

    Parameters
    ----------
    energy : rational, or "exact"
        The total energy; 8/3 by default, the deformation energy of two pixels far apart on a ring (for a frame
        see `default_noise`).
        ``"exact"`` stands for the deformation energy averaged over the ensemble.
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

    energy: Any = Fraction(8, 3)
    rectified: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.rectified, bool):
            raise InputError(f"rectified: expected True or False, got {self.rectified!r}")
        if self.energy == "exact":
            return
        energy = rational(self.energy, "noise energy")
        if energy <= 0:
            raise InputError(f"noise energy: expected a positive rational or 'exact', got {energy}")
        object.__setattr__(self, "energy", energy)

    def resolved(self, task: Task, deformation: Deformation) -> GaussianNoise:
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
        return GaussianNoise(energy=energy, rectified=self.rectified)

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


def default_noise(task: Task) -> GaussianNoise:
    """Return the noise of the energy of independent moves by -1, 0, +1, pixels far apart.

    It is 8/3 on a ring and 32/9 on a frame.
    """
    return GaussianNoise(energy=far_energy(Deformation(), task.axes))
