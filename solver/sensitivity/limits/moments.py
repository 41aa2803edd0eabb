"""Second moments of a network with one-sided slopes, in closed form, over an ensemble of images.

E||J(g)||^2 with J(g) = L g + sum_a c_a (D_a g)+ needs E[g_i g_j], E[g_i X+] = Cov(g_i, X)/2 and E[X+ Y+] for
Gaussians X, Y of mean 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from solver.numbers.product import product
from solver.sensitivity.limits.slopes import LinearForm, OneSidedNetwork
from solver.sensitivity.noise.second_moment import SecondMoment


@dataclass(frozen=True)
class OneSidedEnsemble:
    """Images with their slopes and weights; the first is empty and also stands for ``stretch`` rings left out."""

    derivative: OneSidedNetwork
    weights: tuple[Fraction, ...]
    stretch: Fraction
    channel_mean: bool

    def local_weight(self, image: int) -> Fraction:
        """Return the weight of what an image contributes locally: the empty one also counts for the sites left out."""
        return self.weights[image] + (self.stretch if image == 0 else 0)

    @cached_property
    def moments(self) -> list[LayerMoment]:
        """The moments of layers 0..depth and of f_p."""
        depth = self.derivative.network.depth
        moments = [LayerMoment(self, k) for k in range(depth + 2)]
        for image in range(len(self.weights)):
            if not self.local_weight(image):
                continue
            forms = list(self.derivative.forms(image))
            for k, moment in enumerate(moments):
                form = forms[min(k, depth)] if min(k, depth) < len(forms) else None
                moment.add(image, form)
        return moments


class LayerMoment:
    """E||J(g)||^2 of one layer, or E[J(g)^2] of f_p, gathered over the images.

    Where a unit rectifies a sum that has been rectified before, the moment is that of its pre-activation.

    Attributes
    ----------
    twice : dict
        For each image the bool array of shape (channels, sites) of such units.
    has_forms : bool
        Whether there are no such units below this layer.
    """

    def __init__(self, ensemble: OneSidedEnsemble, layer: int) -> None:
        self.ensemble, self.layer = ensemble, layer
        self.pooled = layer > ensemble.derivative.network.depth
        self.has_forms = True
        self.twice: dict[int, np.ndarray] = {}
        self._plain: Any = Fraction(0)
        self._grams: dict[Fraction, np.ndarray] = {}
        self._pooled: dict[int, dict[int, Any]] = {}

    @property
    def is_closed(self) -> bool:
        """Whether `expression` is the moment itself."""
        return self.has_forms and not any(mask.any() for mask in self.twice.values())

    def add(self, image: int, form: LinearForm | None) -> None:
        """Add the forms of one image, or note that there are none."""
        if form is None:
            self.has_forms = False
            return
        self.twice[image] = form.twice
        derivative, weight = self.ensemble.derivative, self.ensemble.local_weight(image)
        rows = self._rows(form)
        gauss, atoms = rows[: derivative.sites], rows[derivative.sites :]
        self._plain += weight * (gauss.astype(object) ** 2).sum()
        if self.pooled:
            self._pooled[image] = dict(zip(form.atoms, atoms[:, 0].tolist(), strict=True))
        if form.atoms:
            directions = np.stack([derivative.directions[a] for a in form.atoms])
            self._plain += weight * (product(atoms, gauss.T).astype(object) * directions).sum()
            self._scatter(form.atoms, product(atoms, atoms.T), weight)

    def expression(self) -> Any:
        """Return the moment: an exact number, or a sympy expression if it is not rational or algebraic."""
        unit = 1 / self.ensemble.derivative.scale(self.layer) ** 2
        moment = self._second_moment()
        if not moment.covariances and not moment.products:
            return self._plain * unit
        import sympy

        from solver.gaussian.functions import as_sympy

        return sympy.expand((moment.expression() + as_sympy(self._plain)) * as_sympy(unit))

    def _rows(self, form: LinearForm) -> np.ndarray:
        """Return the coefficients of whatever is squared and summed, of shape (n + atoms, rows)."""
        if self.pooled:
            return product(form.values.astype(object).sum(axis=2), self.ensemble.derivative.readout[:, None])
        values = form.values.astype(object).sum(axis=1) if self.ensemble.channel_mean else form.values
        return values.reshape(len(values), -1)

    def _scatter(self, atoms: list[int], gram: np.ndarray, weight: Fraction) -> None:
        """Add a Gram matrix of some atoms to that of all atoms for this weight."""
        size = len(self.ensemble.derivative.directions)
        known = self._grams.get(weight)
        if known is None or len(known) < size:
            grown = np.zeros((size, size), dtype=object)
            if known is not None:
                grown[: len(known), : len(known)] = known
            self._grams[weight] = known = grown
        known[np.ix_(atoms, atoms)] += gram

    def _second_moment(self) -> SecondMoment:
        """Return the part of the atoms; products of means join all sites of a readout, and those of a map by site."""
        moment = SecondMoment()
        if not self._grams:
            return moment
        directions = np.stack(self.ensemble.derivative.directions)
        covariance = product(directions, directions.T).astype(object)
        kinds = [(Fraction(0), v if hasattr(v, "polynomial") else Fraction(v)) for v in np.diag(covariance)]
        for weight, gram in self._grams.items():
            for i, j in np.argwhere(np.triu(gram) != 0):
                x, y = sorted((kinds[i], kinds[j]), key=str)
                share = weight * gram[i, j] * (1 if i == j else 2)
                if covariance[i, j] != 0:
                    moment.covariances[x, y, covariance[i, j]] += share
                if not self.pooled:
                    moment.products[x, y] += share
        background = self._by_kind(0, kinds)
        for image in self._pooled:
            shifts = self._by_kind(image, kinds)
            for x, v in background.items():
                shifts[x] = shifts.get(x, 0) + self.ensemble.stretch * v
            for x, v in shifts.items():
                for y, w in shifts.items():
                    moment.products[x, y] += self.ensemble.weights[image] * v * w
        return moment

    def _by_kind(self, image: int, kinds: list[Any]) -> dict[Any, Any]:
        """Return the readout's coefficients summed over the atoms of each variance."""
        sums: dict[Any, Any] = {}
        for atom, coefficient in self._pooled.get(image, {}).items():
            sums[kinds[atom]] = sums.get(kinds[atom], 0) + coefficient
        return sums
