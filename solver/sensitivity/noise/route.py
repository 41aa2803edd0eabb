"""How a noise response is evaluated: the protocol of a route, and what a caller may ask of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

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


class Route(Protocol):
    """One way to evaluate the noise response of a layer.

    Attributes
    ----------
    name : str
        The word of ``--method``, and the key under which values are kept.
    method : str
        What a report prints as the method of a value.
    sources : tuple of str
        Keys of `solver.citations.entries.ENTRIES`.
    proofs : tuple of Proof
        The derivations behind it.
    quick : float
        The most multiplications that ``auto`` spends on it.
    """

    @property
    def name(self) -> str: ...

    @property
    def method(self) -> str: ...

    @property
    def sources(self) -> tuple[str, ...]: ...

    @property
    def proofs(self) -> tuple[Proof, ...]: ...

    @property
    def quick(self) -> float: ...

    def concerns(self, question: Question, layer: int) -> bool:
        """Return whether it is about this kind of layer and noise at all."""

    def refusal(self, question: Question, layer: int) -> str | None:
        """Return why it does not apply, in words; None if it does.  Nothing is evaluated."""

    def cost(self, question: Question, layer: int) -> float:
        """Return the multiplications that it takes, roughly, without allocating; 0 where that is no matter."""

    def response(self, question: Question, layer: int, how: Evaluation) -> NoiseResponse[Value]:
        """Return the noise response of a layer."""
