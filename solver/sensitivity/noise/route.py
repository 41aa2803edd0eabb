"""How a noise response is evaluated: what a route is, and what a caller may ask of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from solver.cache import Cache
from solver.errors import InputError
from solver.numbers.exact import choice, integer, rational
from solver.proof import Proof
from solver.sensitivity.noise.methods import METHODS
from solver.sensitivity.noise.response import NoiseResponse
from solver.values import NumericValue, Value

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

Progress = Callable[[int, int], None]
"""Called with what is done and what there is to do."""
SAMPLED_METHOD = "randomised quasi-Monte Carlo"
LARGEST_VARIANCE = Fraction(10**150)
FEWEST_POINTS = 128
FEWEST_ON_FRAMES = 32


def stated_error(count: int) -> str:
    """Return what the error of a mean over so many independent samples promises, as text for reports.

    It is half of the interval that holds the true value in 68.27 % of all cases.  Intervals of 95.45 % and 99.73 % are
    2.05 and 3.21 errors with 32 samples, 2.26 and 4.21 with 8; docs/accuracy.md has others.
    """
    return f"error at 68.27 %, Student's t with {count - 1} degrees of freedom"


def beyond_floats(variance: Fraction) -> str | None:
    """Return in words that floats do not hold noise of a variance, or its square, if they do not."""
    held = 1 / LARGEST_VARIANCE < variance < LARGEST_VARIANCE
    return None if held else "the noise is too weak or too strong for floats"


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How much to sample: independent scrambled Sobol sets of ``points`` each, from a seed.

    Parameters
    ----------
    points, replicates, seed : int
        The error falls with points; it is measured between the replicates.  A network with strides takes fewer at
        more places (`points_for`).
    tolerance : rational, optional
        Sample anew with four times the points until each error is at most this fraction of its value,
        or 2^17 are reached; the error reported says what was reached.

    Raises
    ------
    InputError
        For fewer than one point or two replicates, a negative seed, and a tolerance that is not positive.

    Examples
    --------
    >>> Sampling(points=1024).points_for(phases=4)
    256
    """

    points: int = 1024
    replicates: int = 32
    seed: int = 0
    tolerance: Any = None

    def __post_init__(self) -> None:
        integer(self.points, "points", 1)
        integer(self.replicates, "replicates", 2)
        integer(self.seed, "seed", 0)
        if self.tolerance is not None:
            object.__setattr__(self, "tolerance", rational(self.tolerance, "tolerance"))
            if self.tolerance <= 0:
                raise InputError(f"tolerance: expected a positive rational, got {self.tolerance}")

    def points_for(self, phases: int, rows: int = 1) -> int:
        """Return the points of a set for a network of some total stride, which sees every image at as many places.

        That many times fewer points (but at least 128, unless fewer are asked for) cost and tell as much.  So do they
        on a frame, where each point draws ``rows`` rows (at least 32 then).
        """
        if rows > 1:
            return max(2 ** max(self.points // rows, 1).bit_length() // 2, min(self.points, FEWEST_ON_FRAMES))
        return max(self.points // phases, min(self.points, FEWEST_POINTS))

    def method(self, points: int) -> str:
        """Return the method as text, for reports."""
        return (
            f"{SAMPLED_METHOD}, {self.replicates} x {points} points, seed {self.seed}; {stated_error(self.replicates)}"
        )

    def is_met(self, values: Iterable[NumericValue]) -> bool:
        """Return whether every error is within the tolerance."""
        return self.tolerance is None or all(v.uncertainty <= self.tolerance * abs(v.estimate) for v in values)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How noise that is rectified more than once is evaluated.

    Parameters
    ----------
    method : {"auto", "deterministic", "series", "transfer", "scaled", "sampling"}
        The last four force one route, and fail where it does not apply.
    sampling : Sampling
        How much to sample.
    cache : Cache, optional
        Where values of the slow routes are kept.
    progress : callable(done, total), optional
        Called during the slow routes.
    """

    method: str = "auto"
    sampling: Sampling = field(default_factory=Sampling)
    cache: Cache | None = None
    progress: Progress | None = None

    def __post_init__(self) -> None:
        choice(self.method, "method", METHODS)


@dataclass(frozen=True, kw_only=True)
class Route:
    """One way to evaluate the noise response of a layer.

    Attributes
    ----------
    name : str
        The word of ``--method``, and the key under which values are kept.
    method : str
        What a report prints as the method of a value.
    refusal : callable(question, layer) -> str or None
        Why it does not apply, in words; None if it does.  Nothing is evaluated.
    response : callable(question, layer, how) -> NoiseResponse
    concerns : callable(question, layer) -> bool
        Whether it is about this kind of layer and noise at all.
    cost : callable(question, layer) -> float
        The multiplications that it takes, roughly; 0 where that is no matter.
    quick : float
        The most multiplications that ``auto`` spends on it.
    sources : tuple of str
        Keys of ``solver/citations/sources.bib``.
    proofs : tuple of Proof
        The derivations behind it.
    """

    name: str
    method: str
    refusal: Callable[[Question, int], str | None]
    response: Callable[[Question, int, Evaluation], NoiseResponse[Value]]
    concerns: Callable[[Question, int], bool] = lambda question, layer: True
    cost: Callable[[Question, int], float] = lambda question, layer: 0.0
    quick: float = float("inf")
    sources: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()
