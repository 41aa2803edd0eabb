"""The noise response of a layer, and its split into the mean change and the fluctuations around it.

With delta(x, eta) = a(x + eta) - a(x), both sums over channels and sites, averaged over the images x:

    <E||delta||^2> = <||E delta||^2> + <E||delta - E delta||^2>,    E over the noise at a fixed image.

Noise that has not been rectified has E delta = 0.  A rectifier has a mean response, which pooling adds up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)
S = TypeVar("S")


@dataclass(frozen=True)
class NoiseResponse(Generic[T_co]):
    """The mean squared change of a layer under noise, with its two parts.

    Attributes
    ----------
    total : Value (or a ball, or a float)
        <E||delta||^2>.
    coherent : Value
        <||E delta||^2>, of the mean change.
    incoherent : Value
        <E||delta - E delta||^2>, of the fluctuations; total - coherent.
    """

    total: T_co
    coherent: T_co
    incoherent: T_co

    def map(self, function: Callable[[T_co], S]) -> NoiseResponse[S]:
        """Return the function of each of the three."""
        return NoiseResponse(function(self.total), function(self.coherent), function(self.incoherent))
