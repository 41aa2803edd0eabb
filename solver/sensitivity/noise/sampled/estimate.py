"""The noise response and its two parts from independent replicates, each with a standard error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from solver.errors import NotApplicableError
from solver.question.ensemble import Representatives
from solver.sensitivity.noise.response import NoiseResponse
from solver.values import NumericValue

LIKELY = 4
"""Standard errors beyond which a miss of a known value is not chance."""


@dataclass(frozen=True)
class Samples:
    """Means over one replicate, for each representing image (row 0 is the empty one).

    ``square`` of ||a - a0||^2, ``linear`` of ||z - z0||^2 at the last pre-activation, ``mean`` of a - a0 itself,
    of shape (images, units): the sites of every channel, or one for f - f0.
    """

    square: np.ndarray
    linear: np.ndarray
    mean: np.ndarray


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


def split_estimate(
    runs: list[Samples], ring: Representatives, control: float | None, pooled: bool, method: str
) -> NoiseResponse[NumericValue]:
    """Return the estimates of a noise response and its parts, with their jackknife standard errors.

    The closed part is taken out unless the ring is a stand-in for a longer one, where weak noise makes it
    cancel.  The choice must not depend on the samples: the smaller of two errors is too small.  Where the samples
    miss the closed value of the part that is taken out, rare noises were not met: the miss is added to the error.
    """
    weights = np.array([float(w) for _, _, w in ring.pairs])
    stretch = float(ring.stretch)
    known = None if stretch else control

    def local(values: np.ndarray) -> float:
        return float(weights @ values[1:] + stretch * values[0])

    def square(s: np.ndarray) -> float:
        return local(s[0]) if known is None else known + local(s[0] - s[1])

    def pooled_square(s: np.ndarray) -> float:
        variance, mean = s[0] - s[2] ** 2, s[2, 1:] + stretch * s[2, 0]
        return float(weights @ (variance[1:] + mean**2) + stretch * variance[0])

    samples = np.stack([np.stack([run.square, run.linear, run.mean[:, 0]]) for run in runs])
    squares = jackknife(samples, square)
    unmet = 0.0 if known is None else _miss(known, *jackknife(samples, lambda s: local(s[1])))
    whole = jackknife(samples, pooled_square) if pooled and known is None else squares
    inside, coherent = _squared_means(runs, weights, stretch, pooled)
    error, rest = standard_error(coherent.without), standard_error(squares[1] - inside.without)
    return NoiseResponse(
        NumericValue(whole[0], float(np.hypot(standard_error(whole[1]), unmet)), method),
        NumericValue(coherent.estimate, float(np.hypot(error, coherent.pair_error)), method),
        NumericValue(squares[0] - inside.estimate, float(np.linalg.norm([rest, inside.pair_error, unmet])), method),
    )


def _squared_means(
    runs: list[Samples], weights: np.ndarray, stretch: float, pooled: bool
) -> tuple[SquaredMean, SquaredMean]:
    """Return what to subtract from the mean square for the incoherent part, and the coherent part.

    The fluctuations of sites that the ring leaves out are those of its empty image, ``stretch`` times.  For a layer
    so is the coherent part, but pooled means add up before they are squared.
    """
    means = np.stack([run.mean for run in runs])
    inside = _squared_mean(means, [stretch, *weights])
    if not pooled:
        return inside, inside
    return inside, _squared_mean(means[:, 1:] + stretch * means[:, :1], weights)


def _squared_mean(means: np.ndarray, weights: np.ndarray | list[float]) -> SquaredMean:
    rows = (means * np.sqrt(weights)[:, None]).reshape(len(means), -1)
    return SquaredMean(rows @ rows.T)


def jackknife(samples: np.ndarray, estimator: Callable[[np.ndarray], float]) -> tuple[float, np.ndarray]:
    """Return an estimate from the mean over replicates (first axis), and the estimates without each replicate.

    Raises
    ------
    NotApplicableError
        If samples have left the range of float64.
    """
    if not np.isfinite(samples).all():
        raise NotApplicableError("sampled values leave the range of float64; rescale the weights")
    count, total = len(samples), samples.sum(axis=0)
    return estimator(total / count), np.array([estimator((total - each) / (count - 1)) for each in samples])


def _miss(known: float, estimate: float, without: np.ndarray) -> float:
    """Return how far an estimate is from the known value if that is too far to be chance, else 0."""
    distance = abs(known - estimate)
    return distance if distance > LIKELY * standard_error(without) else 0.0


def standard_error(without: np.ndarray) -> float:
    """Return the jackknife standard error from the estimates without each replicate."""
    count = len(without)
    spread = without - np.mean(without)
    return float(np.sqrt((count - 1) / count * (spread**2).sum()))
