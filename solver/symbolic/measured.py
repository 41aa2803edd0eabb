"""What one network gives: the moments and D of a layer, and how many pairs of units its noise response sums over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from solver.errors import NotApplicableError
from solver.gaussian.functions import as_sympy
from solver.network.network import Network
from solver.numbers.exact import Exact
from solver.question.noise import GaussianNoise, Noise
from solver.question.task import TwoPixelTask
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import PairMoments
from solver.sensitivity.noise.closed import linear_noise
from solver.sensitivity.noise.once import (
    is_rectified_once,
    layer_second_moment,
    readout_second_moment,
    rectifying_layer,
)
from solver.sensitivity.noise.second_moment import SecondMoment
from solver.sensitivity.noise.units import Refusal, units_of_layer
from solver.symbolic.pair_moments import PairCounts
from solver.symbolic.setting import Setting
from solver.values import Value, as_value

if TYPE_CHECKING:
    from sympy import Expr


@dataclass(frozen=True)
class MeasuredLayer:
    """One layer of a setting's network at one l and xi; the output is layer depth + 1."""

    setting: Setting
    layer: int
    length: int
    scale: int

    @cached_property
    def task(self) -> TwoPixelTask:
        """The task at this l and xi."""
        return self.setting.task(self.length, self.scale)

    @cached_property
    def network(self) -> Network:
        """The network at this l and xi."""
        return self.setting.network(self.task)

    @cached_property
    def moments(self) -> PairMoments:
        """The exact numerator and denominator of D."""
        return distance_moments(self.network.lowest(self.layer), self.task, self.setting.deformation)[self.layer]

    def deformation(self) -> Value:
        """Return D."""
        return as_value(self.moments.change / self.moments.spread, "network")

    def noise(self, noise: Noise) -> Value:
        """Return G."""
        moment = self._second_moment(noise.resolved(self.task, self.setting.deformation))
        response = moment.expression() if isinstance(moment, SecondMoment) else as_sympy(moment)
        return as_value(response / as_sympy(self.moments.spread), "network")

    def unit_counts(self, noise: Noise) -> PairCounts:
        """Return how many pairs of units of each kind there are, with the noise at variance 1.

        Raises
        ------
        NotApplicableError
            If the noise is rectified more than once.
        """
        moment = self._second_moment(GaussianNoise(energy=self.length, rectified=noise.rectified))
        return pair_counts(moment) if isinstance(moment, SecondMoment) else {(): moment}

    def has_counts(self, counts: PairCounts, spread: Expr, noise: Noise) -> bool:
        """Return whether numbers of pairs and a denominator are those of the network, exactly."""
        found = {kind: count for kind, count in counts.items() if count != 0}
        same = found == {kind: as_sympy(count) for kind, count in self.unit_counts(noise).items()}
        return same and bool(spread == as_sympy(self.moments.spread))

    def _second_moment(self, noise: Noise) -> SecondMoment | Exact:
        """Return the noise response as a `SecondMoment`, or as a number if no activation has touched the noise."""
        network, task, layer = self.network, self.task, self.layer
        output, depth, part = layer > network.depth, min(layer, network.depth), network.lowest(layer)
        if rectifying_layer(network, depth, noise) is None:
            return linear_noise(part, task, noise, layer)
        if not is_rectified_once(network, depth, noise):
            raise NotApplicableError(_without_formula(network, layer, noise))
        return readout_second_moment(network, task, noise) if output else layer_second_moment(part, task, noise, layer)


def pair_counts(moment: SecondMoment) -> PairCounts:
    """Return the weights of a second moment by kind, without those that are 0."""
    weights: PairCounts = {**moment.covariances, **moment.products}
    return {kind: weight for kind, weight in weights.items() if weight != 0}


def _without_formula(network: Network, layer: int, noise: Noise) -> str:
    """Return why a layer has no formula, which layers have one, and where its value is."""
    closed = [
        str(k)
        for k in range(network.depth + 1)
        if rectifying_layer(network, k, noise) is None or is_rectified_once(network, k, noise)
    ]
    name = "the output" if layer > network.depth else f"layer {layer}"
    form = "its exact form as integrals and its value" if _has_integrals(network, layer, noise) else "its value"
    return (
        f"G of {name} is no closed form, as its noise is rectified more than once; layers {', '.join(closed)} have a "
        f"formula, and for one l 'solver report --construction {network.name} --format json' gives {form} there"
    )


def _has_integrals(network: Network, layer: int, noise: Noise) -> bool:
    """Return whether the units are sums of independent sites of one weight, so that any two share equal summands."""
    units = units_of_layer(network, noise, min(layer, network.depth))
    if isinstance(units, Refusal):
        return False
    return units.is_independent and len({w for kernel in units.kernels for _, w in kernel}) == 1
