"""The noise response and its two parts from independent replicates, each with its error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from solver.errors import NotApplicableError
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.sampled.unmet import Unmet
from solver.values import NumericValue

LEVEL = 0.6826894921370859
"""How often the true value lies within one error: as within one standard deviation of a Gaussian."""
ROUNDING = 2.0**-50
"""Of the sums in float64, as a share of what is added up."""
LEAST_ERROR = 1e-300
"""No sampled value is certain."""
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

    @classmethod
    def joined(cls, parts: Sequence[Samples], order: np.ndarray) -> Samples:
        """Return those of all images, in some order, from those of some."""
        each = ([getattr(part, name) for part in parts] for name in ("square", "linear", "mean"))
        return cls(*(np.concatenate(arrays)[order] for arrays in each))


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
    def error(self) -> float:
        """The error that is stated for the estimate."""
        return max(error_of(self.without), self.pair_error)

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
    runs: list[Samples], counts: np.ndarray, known: float | None, pooled: bool, method: str, unmet: Unmet
) -> NoiseResponse[NumericValue]:
    """Return the estimates of a noise response and its parts, none below 0, with their errors.

    ``counts`` tell how often each image occurs; of f_p (``pooled``) the first, empty one is what it sees of the rest of
    the ring.  An error joins that of the replicates (`error_of`) and what was not met (`Unmet`).  ``known`` is the
    closed value of `Samples.linear`, which is taken out.  Whether to do so must not depend on the samples: the smaller
    of two errors is too small.  Where the samples miss that value, rare noises were not met: the miss joins the error.
    """
    stretch, weights = float(counts[0]), counts[1:]

    def local(values: np.ndarray) -> float:
        return float(weights @ values[1:] + stretch * values[0])

    def square(s: np.ndarray) -> float:
        return local(s[0]) if known is None else known + local(s[0] - s[1])

    def pooled_square(s: np.ndarray) -> float:
        variance, mean = s[0] - s[2] ** 2, s[2, 1:] + stretch * s[2, 0]
        return float(weights @ (variance[1:] + mean**2) + stretch * variance[0])

    samples = np.stack([np.stack([run.square, run.linear, run.mean[:, 0]]) for run in runs])
    squares = jackknife(samples, square)
    miss = 0.0 if known is None else _miss(known, *jackknife(samples, lambda s: local(s[1])))
    whole = jackknife(samples, pooled_square) if pooled and known is None else squares
    inside, coherent = _squared_means(runs, weights, stretch, pooled)
    change = _changes(unmet, np.mean([run.mean for run in runs], axis=0), weights, stretch, pooled)
    rounding = ROUNDING * (local(samples[:, 0].mean(axis=0)) + (known or 0.0))
    return NoiseResponse(
        non_negative(whole[0], (error_of(whole[1]), miss, change.total, rounding), method),
        non_negative(coherent.estimate, (coherent.error, change.coherent, rounding), method),
        non_negative(
            squares[0] - inside.estimate,
            (max(error_of(squares[1] - inside.without), inside.pair_error), miss, change.incoherent, rounding),
            method,
        ),
    )


def non_negative(estimate: float, errors: Sequence[float], method: str) -> NumericValue:
    """Return a number that cannot be negative, with its errors; what an interval around -x holds, one around 0 does."""
    return NumericValue(max(estimate, 0.0), max(float(np.linalg.norm(errors)), LEAST_ERROR), method)


def _changes(
    unmet: Unmet, means: np.ndarray, weights: np.ndarray, stretch: float, pooled: bool
) -> NoiseResponse[float]:
    """Return by how much what was not met could change a noise response and its parts.

    Squares of means change by 2 |m| u + u^2 if m does by u.
    """
    local = np.array([stretch, *weights])
    square = float(local @ np.broadcast_to(unmet.square, len(local)))
    moved = np.broadcast_to(unmet.moved, means.shape)
    inside = float(local @ _square_change(means, moved).sum(axis=-1))
    if not pooled:
        return NoiseResponse(square, inside, square + inside)
    whole, change = (each[1:, 0] + stretch * each[0, 0] for each in (np.abs(means), moved))
    coherent = float(weights @ _square_change(whole, change))
    return NoiseResponse(square + (inside + coherent if stretch else 0.0), coherent, square + inside)


def _square_change(mean: np.ndarray, change: np.ndarray) -> np.ndarray:
    return 2 * np.abs(mean) * change + change**2


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


def error_of(without: np.ndarray) -> float:
    """Return the error that is stated for an estimate, from the estimates without each of R replicates.

    It is half of the interval that holds the true value in 68.27 % of all samples, by Student's t with R - 1 degrees of
    freedom, times 1 + (g^2 - c)+/R for the skewness g between replicates, c its mean square for a Gaussian: where few
    of them hold most of what there is, the spread is too small whenever the mean is.
    """
    from scipy.special import stdtrit

    count = len(without)
    by_chance = 6 * (count - 2) / ((count + 1) * (count + 3))
    skewed = max(_skewness(without) ** 2 - by_chance, 0) / count
    return float(stdtrit(count - 1, (1 + LEVEL) / 2)) * standard_error(without) * (1 + skewed)


def _skewness(values: np.ndarray) -> float:
    spread = values - np.mean(values)
    variance = float(np.mean(spread**2))
    return float(np.mean(spread**3)) / variance**1.5 if variance > LEAST_ERROR else 0.0


def standard_error(without: np.ndarray) -> float:
    """Return the jackknife standard error from the estimates without each replicate."""
    count = len(without)
    spread = without - np.mean(without)
    return float(np.sqrt((count - 1) / count * (spread**2).sum()))
