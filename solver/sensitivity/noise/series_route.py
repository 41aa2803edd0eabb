"""The series as a route: proven balls, where the rectified sites are independent."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from solver.errors import NotApplicableError
from solver.proof import Proof
from solver.sensitivity.noise.kept import BALL, kept
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.series import PROVEN, BallSum, independent_layer_response, independent_readout_response
from solver.sensitivity.noise.series_latex import coherent_formula, incoherent_formula, integral_formula
from solver.values import EnclosedValue, Value

if TYPE_CHECKING:
    from solver.sensitivity.noise.route import Evaluation
    from solver.sensitivity.question import Question


class Series:
    """Units that sum independent rectified sites: one-dimensional integrals in ball arithmetic."""

    name, method, quick = "series", PROVEN, float("inf")
    sources = ("johansson2017arb",)
    proofs = (
        Proof("independent_sums"),
        Proof("noise_last_layer", "hidden", ("shift",)),
        Proof("noise_output", "output", ("shift",)),
    )

    def concerns(self, question: Question, layer: int) -> bool:
        """See `Route`."""
        return True

    def refusal(self, question: Question, layer: int) -> str | None:
        """See `Route`."""
        try:
            self._sum(question, layer)
        except NotApplicableError as error:
            return str(error)
        return None

    def cost(self, question: Question, layer: int) -> float:
        """See `Route`."""
        return 0.0

    def response(self, question: Question, layer: int, how: Evaluation) -> NoiseResponse[Value]:
        """Return balls of any small radius, kept by the digits asked for."""
        response = self._sum(question, layer)

        @cache
        def balls(digits: int) -> NoiseResponse[Any]:
            text = question.text(layer, f"{self.name}, {digits} digits")
            return kept(how.cache, text, lambda: response.enclose_split(digits), BALL)

        def value(part: str, formula: Callable[[BallSum], str]) -> Value:
            return EnclosedValue(lambda digits: getattr(balls(digits), part), PROVEN, partial(formula, response))

        return NoiseResponse(
            value("total", integral_formula),
            value("coherent", coherent_formula),
            value("incoherent", incoherent_formula),
        )

    def _sum(self, question: Question, layer: int) -> BallSum:
        network, task, noise = question.network, question.ring_task, question.noise
        if question.is_output(layer):
            return independent_readout_response(network, task, noise)
        return independent_layer_response(network, task, noise, layer, channel_mean=question.channel_mean)
