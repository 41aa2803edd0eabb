"""The noise response of a layer, and its split into the mean change and the fluctuations around it.

With delta(x, eta) = a(x + eta) - a(x), both sums over channels and sites, averaged over the images x:

    <E||delta||^2> = <||E delta||^2> + <E||delta - E delta||^2>,    E over the noise at a fixed image.

Noise that has not been rectified has E delta = 0.  A rectifier has a mean response, which pooling adds up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

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


@dataclass(frozen=True)
class SquaredMean:
    """The unbiased estimate of ||E m||^2 from independent replicates m_1, ..., m_R, R >= 2.

    Products of different replicates have expectation ||E m||^2, while ||mean of m||^2 exceeds it by the
    variance of that mean, which is all there is where E m = 0.

    Parameters
    ----------
    products : array of shape (R, R)
        The inner products of the replicates.
    """

    products: np.ndarray

    @property
    def estimate(self) -> float:
        """The mean of the products of different replicates."""
        count = len(self.products)
        return float(self._apart.sum() / (count * (count - 1)))

    @property
    def without(self) -> np.ndarray:
        """The estimate without each replicate, for the jackknife; with two, the square of the other one."""
        count = len(self.products)
        if count == 2:
            return np.diag(self.products)[::-1]
        return (self._apart.sum() - 2 * self._apart.sum(axis=1)) / ((count - 1) * (count - 2))

    @property
    def pair_error(self) -> float:
        """The standard error that products would have if none shared a replicate.

        It is negligible unless E m is near 0, where the jackknife, of first order, can come out as 0 by chance.
        """
        count = len(self.products)
        if count == 2:
            return float(np.sqrt(np.diag(self.products).prod()))
        pairs = self.products[np.triu_indices(count, 1)]
        return float(pairs.std(ddof=1) / np.sqrt(len(pairs)))

    @property
    def _apart(self) -> np.ndarray:
        return self.products - np.diag(np.diag(self.products))


def standard_error(without: np.ndarray) -> float:
    """Return the jackknife standard error from the estimates without each replicate."""
    count = len(without)
    spread = without - np.mean(without)
    return float(np.sqrt((count - 1) / count * (spread**2).sum()))
