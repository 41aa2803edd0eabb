"""One-sided derivatives of a network: what weak noise, or strong noise, turns it into.

Noise of strength sigma moves a(x) by sigma J(g) as sigma -> 0, where J replaces every activation by its
one-sided derivative p z+ - q (-z)+ at the noiseless pre-activation z0: for a ReLU (p, q) is (1, 1) where
z0 > 0, (0, 0) where z0 < 0, and (1, 0) at a tie z0 = 0.  As sigma -> infinity it moves a by sigma times the
network without biases on the empty image: every ReLU has (1, 0), every hard tanh (0, 0).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from solver.network.network import Network
from solver.network.trace import correlate, preactivations
from solver.numbers.exact import Exact
from solver.numbers.product import as_integers

_HOMOGENEOUS = {"relu": (1, 0), "identity": (1, 1), "hardtanh": (0, 0)}


@dataclass(frozen=True)
class Slopes:
    """The slopes of one layer's activation to the right and to the left of z0, 0 or 1; (images, channels, sites)."""

    right: np.ndarray
    left: np.ndarray


@dataclass(frozen=True)
class LinearForm:
    """The maps of one layer as linear forms in g and in rectified Gaussians (D g)+.

    Attributes
    ----------
    values : array of shape (n + atoms, channels, sites)
        Coefficients, first of the n independent standard normals g, then of the atoms.
    atoms : list of int
        Which rows of `OneSidedNetwork.directions` the atoms are.
    twice : bool array of shape (channels, sites)
        Units that rectify a sum that has been rectified before: no linear form, their pre-activation is given.
    """

    values: np.ndarray
    atoms: list[int]
    twice: np.ndarray


def weak_slopes(network: Network, images: np.ndarray) -> list[Slopes]:
    """Return the slopes of layers 1..depth at images, an integer array of shape (images, l); ties are exact."""
    slopes = []
    for k, layer in enumerate(network.layers, start=1):
        z = preactivations(network, images, k)
        left = right = np.ones(z.values.shape, dtype=np.int64)
        if layer.activation != "identity":
            low = 0 if layer.activation == "relu" else -z.denominator
            right, left = (z.values >= low).astype(np.int64), (z.values > low).astype(np.int64)
        if layer.activation == "hardtanh":
            right, left = right * (z.values < z.denominator), left * (z.values <= z.denominator)
        slopes.append(Slopes(right, left))
    return slopes


def strong_slopes(network: Network, sites: int) -> list[Slopes]:
    """Return the slopes of layers 1..depth of the network without biases on one empty image."""
    slopes = []
    for k, layer in enumerate(network.layers, start=1):
        ones = np.ones((1, layer.channels, network.output_length(sites, k)), dtype=np.int64)
        right, left = _HOMOGENEOUS[layer.activation]
        slopes.append(Slopes(right * ones, left * ones))
    return slopes


class OneSidedNetwork:
    """A network with given slopes in place of its activations, and without biases.

    Rational filters are scaled to integers: the forms of layer k are ``scale(k)`` times the maps.

    Parameters
    ----------
    network : Network
    slopes : list of Slopes
    sites : int
        Sites of the ring, n.
    readout : sequence of exact numbers
        The weight with which the sum over sites of each last-layer channel enters f_p.
    rectified : bool
        Whether the noise comes rectified, max(g, 0).
    """

    def __init__(
        self, network: Network, slopes: list[Slopes], sites: int, readout: tuple[Exact, ...], *, rectified: bool
    ) -> None:
        self.network, self.slopes, self.sites, self.rectified = network, slopes, sites, rectified
        weights = [layer.array for layer in network.layers] + [np.array(readout, dtype=object)]
        scaled = [as_integers(each) if network.is_rational else (each, 1) for each in weights]
        *self._filters, self.readout = (each for each, _ in scaled)
        self._factors = [factor for _, factor in scaled]
        self.pooled = readout
        self.directions: list[np.ndarray] = []
        self._ids: dict[tuple[Any, ...], int] = {}

    def scale(self, layer: int) -> Fraction:
        """Return what the forms of a layer are multiplied by; the pooled sum under depth + 1."""
        return Fraction(prod(self._factors[:layer]))

    def forms(self, image: int) -> Iterator[LinearForm]:
        """Yield the forms of layers 0..depth at one image, up to the first that has units rectified twice."""
        n = self.sites
        form = self._input_form()
        yield form
        for layer, filters, slopes in zip(self.network.layers, self._filters, self.slopes, strict=True):
            if form.twice.any():
                return
            values = correlate(form.values, layer, filters, [0] * layer.channels)
            right, left = slopes.right[image], slopes.left[image]
            gauss = (values[:n] != 0).any(axis=0)
            up, down = ((part.any(axis=0)) for part in (values[n:] > 0, values[n:] < 0))
            tie = (right != left) & (gauss | up | down)
            sure = np.where(tie & ~gauss & ~down, right, np.where(tie & ~gauss & ~up, left, right))
            bends = tie & gauss & ~up & ~down
            twice = tie & ~bends & (gauss | (up & down))
            form = self._bent(LinearForm(values * np.where(twice | bends, 1, sure), form.atoms, twice), bends, right)
            yield form

    def _input_form(self) -> LinearForm:
        identity = np.eye(self.sites, dtype=np.int64)[:, None, :]
        calm = np.zeros((1, self.sites), dtype=bool)
        if not self.rectified:
            return LinearForm(identity, [], calm)
        atoms = [self._id(row) for row in identity[:, 0, :]]
        return LinearForm(np.concatenate([0 * identity, identity]), atoms, calm)

    def _bent(self, form: LinearForm, bends: np.ndarray, right: np.ndarray) -> LinearForm:
        """Return the form with atoms in place of the Gaussian forms where an activation bends: z+ or -(-z)+."""
        if not bends.any():
            return form
        units = [(tuple(at), 1 if right[tuple(at)] else -1) for at in np.argwhere(bends)]
        ids = [self._id(sign * form.values[: self.sites, *at]) for at, sign in units]
        place = {atom: row for row, atom in enumerate(dict.fromkeys([*form.atoms, *ids]), start=self.sites)}
        values = np.zeros((self.sites + len(place), *bends.shape), dtype=np.int64).astype(form.values.dtype)
        values[: len(form.values)] = form.values
        values[:, bends] = 0
        for (at, sign), atom in zip(units, ids, strict=True):
            values[place[atom], *at] = sign
        return LinearForm(values, list(place), form.twice)

    def _id(self, direction: np.ndarray) -> int:
        number = self._ids.setdefault(tuple(direction.tolist()), len(self.directions))
        if number == len(self.directions):
            self.directions.append(direction)
        return number
