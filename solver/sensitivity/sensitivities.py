"""D, G and R of every layer and of the output, each by the best route that applies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from solver.cache import Cache
from solver.errors import InputError
from solver.network.network import Network
from solver.question.deformation import Deformation
from solver.question.noise import Noise, default_noise
from solver.question.pairs import Task
from solver.sensitivity.noise.route import Evaluation, Progress, Sampling
from solver.sensitivity.quantities import NAMES, Answer, layer_deformations, layer_values
from solver.sensitivity.question import Question
from solver.sensitivity.response.by_displacement import Response, network_response
from solver.sensitivity.response.claim import broken_responses
from solver.sensitivity.results import Choice, LayerResults

if TYPE_CHECKING:
    from solver.report.report import Report


@dataclass(frozen=True)
class Sensitivities(LayerResults):
    """D, G, R and their kin (`solver.sensitivity.quantities.QUANTITIES`; docs/theory.md, section 5) of every layer.

    Attributes
    ----------
    question, layers
        Those of `LayerResults`.
    why : tuple of dict
        For each layer the routes of D and G and, for each stronger one, why it was not taken.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> task = TwoPixelTask(length=6, scale=3)
    >>> image = sensitivities(construct("uniform", task), task)[0]
    >>> image.R.exact == image.D.exact / image.G.exact
    True
    """

    why: tuple[dict[str, Choice], ...] = ()

    @cached_property
    def response(self) -> Response:
        """f_p(d), exactly, for d = 1..l//2, or by displacement on a frame."""
        return network_response(self.network, self.task)

    @cached_property
    def broken_claim(self) -> dict[Any, tuple[Any, Any]] | None:
        """Where f_p is not what the network claims, as `broken_responses` gives it; None without a claim."""
        claim = self.network.claim
        return None if claim is None else broken_responses(self.network, self.task, claim)

    def to_json(self, *, digits: int = 15) -> str:
        """Return the report of this network as JSON text (schema ``solver.report/1``)."""
        return self._report.to_json(digits=digits)

    def to_latex(self, *, digits: int = 6) -> str:
        """Return the report of this network as a LaTeX table."""
        return self._report.to_latex(digits=digits)

    def to_text(self, *, digits: int = 15, split: bool = False) -> str:
        """Return the report of this network as plain text; ``split`` adds the two parts of G."""
        return self._report.to_text(digits=digits, split=split)

    def _repr_html_(self) -> str:
        return self._report.to_html()

    def _repr_latex_(self) -> str:
        return self._report.to_latex(digits=6)

    @cached_property
    def _report(self) -> Report:
        from solver.report.report import Report

        return Report((self,))


def sensitivities(
    network: Network,
    task: Task,
    *,
    deformation: Deformation | None = None,
    noise: Noise | None = None,
    channel_mean: bool = False,
    method: str = "auto",
    sampling: Sampling | None = None,
    cache: Cache | None = None,
    progress: Progress | None = None,
    quantities: Sequence[str] = NAMES,
    layers: Collection[int] | None = None,
) -> Sensitivities:
    """Return D, G and R of every layer of a network and of its output; see `answer`, `Question` and `Evaluation`.

    D (docs/theory.md, section 5) is exact.  G is exact before any rectification, closed form after one, numeric after
    more: up to half a minute for a layer.  Nothing costs more on a longer ring: images out of sight of each other are
    one class.  Where D is all the ``quantities`` asked for, the others are missing and cost nothing; where some
    ``layers`` are asked for, by number and depth + 1 for the output, the others are not there and cost nothing.

    Raises
    ------
    InputError
        If an argument is not of its type, or the network has no such layer.
    NotApplicableError
        If ``method`` forces a route that does not apply, or weights leave the range of float64 while sampling.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> task = TwoPixelTask(length=32, scale=7)
    >>> sensitivities(construct("shift", task), task).layers[3].D.exact
    Fraction(18352, 89775)
    """
    question = Question(network, task, deformation or Deformation(), noise or default_noise(task), channel_mean)
    how = Evaluation(method=method, sampling=sampling or Sampling(), cache=cache, progress=progress)
    return answer(question, how, quantities, layers)


def answer(
    question: Question, how: Evaluation, names: Sequence[str] = NAMES, layers: Collection[int] | None = None
) -> Sensitivities:
    """Return the quantities of layers, of all unless told; if D is all that is asked for, the others are free."""
    return collected(question, answers(question, how, names, layers))


def answers(
    question: Question, how: Evaluation, names: Sequence[str] = NAMES, layers: Collection[int] | None = None
) -> Iterator[Answer]:
    """Yield what `answer` returns, one layer after the other as soon as it is known.

    Raises
    ------
    InputError
        If the network has no such layer.
    """
    wanted = question.layers if layers is None else sorted(set(layers))
    if absent := [k for k in wanted if k not in question.layers]:
        raise InputError(f"layers: expected numbers from 0 to {question.depth + 1}, the output; got {absent[0]}")
    asked = question.reduced
    return layer_deformations(asked, wanted) if set(names) <= {"D"} else layer_values(asked, how, wanted)


def collected(question: Question, found: Iterable[Answer]) -> Sensitivities:
    """Return answers about layers as the result of their question."""
    answers = tuple(found)
    return Sensitivities(question, tuple(layer for layer, _ in answers), tuple(why for _, why in answers))
