"""How a noise response is evaluated: what a route is, and what a caller may ask of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from solver.cache import Cache
from solver.numbers.exact import choice
from solver.proof import Proof
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.sampled.sampling import Progress, Sampling
from solver.values import Value

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

METHODS = {
    "auto": "series or transfer where they take less than about half a minute, else sampling",
    "deterministic": "series or transfer wherever they apply, however long they take, else sampling",
    "series": "proven balls, where the rectified sites are independent",
    "transfer": "transfer operator on equal windows, where the rectified sites are independent or a moving average",
    "sampling": "randomised quasi-Monte Carlo, for any network",
}
"""What a caller may ask for: a policy, or one route where no closed form exists."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How noise that is rectified more than once is evaluated.

    Parameters
    ----------
    method : {"auto", "deterministic", "series", "transfer", "sampling"}
        The last three force one route, and fail where it does not apply.
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
