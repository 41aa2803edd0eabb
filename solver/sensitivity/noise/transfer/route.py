"""The transfer operators as routes: deterministic, with an error estimated from two resolutions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from solver.errors import NotApplicableError
from solver.proof import Proof
from solver.sensitivity.noise.closed import LINEAR, ONCE, control
from solver.sensitivity.noise.kept import NUMERIC, kept
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.sampled.sampling import without_last_activation
from solver.sensitivity.noise.transfer import layer as of_layer
from solver.sensitivity.noise.transfer import output as of_output
from solver.sensitivity.noise.transfer import rectified_input as of_input
from solver.values import NumericValue, Value

if TYPE_CHECKING:
    from solver.sensitivity.noise.route import Evaluation
    from solver.sensitivity.question import Question

_SINC = ("stenger1993sinc", "johansson2017arb")


class LayerTransfer:
    """A layer that rectifies a moving average of rectified noise."""

    name, method, quick = "transfer", of_layer.METHOD, 3e10
    sources: tuple[str, ...] = _SINC
    proofs: tuple[Proof, ...] = (Proof("noise_moving_average"),)

    def concerns(self, question: Question, layer: int) -> bool:
        """See `Route`."""
        return not question.noise.rectified and not question.is_output(layer)

    def refusal(self, question: Question, layer: int) -> str | None:
        """See `Route`."""
        below = replace(question, network=without_last_activation(question.network, layer))
        open_below = all(route.refusal(below, layer) for route in (LINEAR, ONCE))
        if open_below or (question.channel_mean and question.network.layers[layer - 1].channels > 1):
            return "the pre-activations have no closed form, or channels are averaged"
        return _refused(lambda: of_layer.chain_layer_cost(question.network, question.ring_task, question.noise, layer))

    def cost(self, question: Question, layer: int) -> float:
        """See `Route`."""
        return of_layer.chain_layer_cost(question.network, question.ring_task, question.noise, layer)

    def response(self, question: Question, layer: int, how: Evaluation) -> NoiseResponse[Value]:
        """See `Route`."""
        closed = control(question, layer)
        assert closed is not None
        network, task, noise = question.network, question.ring_task, question.noise
        text = question.text(layer, self.name)
        return _kept(how, text, lambda: of_layer.chain_layer_response(network, task, noise, layer, closed))


class OutputTransfer:
    """The pooled output of a network whose last layer rectifies a moving average of rectified noise."""

    name, method, quick = "transfer", of_output.METHOD, 3e11
    sources: tuple[str, ...] = _SINC
    proofs: tuple[Proof, ...] = (Proof("noise_moving_average"),)

    def concerns(self, question: Question, layer: int) -> bool:
        """See `Route`."""
        return not question.noise.rectified and question.is_output(layer)

    def refusal(self, question: Question, layer: int) -> str | None:
        """See `Route`."""
        return _refused(lambda: self.cost(question, layer))

    def cost(self, question: Question, layer: int) -> float:
        """See `Route`."""
        return of_output.chain_readout_cost(question.network, question.ring_task, question.noise)

    def response(self, question: Question, layer: int, how: Evaluation) -> NoiseResponse[Value]:
        """See `Route`."""
        network, task, noise = question.network, question.ring_task, question.noise
        text = question.text(layer, self.name)
        return _kept(how, text, lambda: of_output.chain_readout_response(network, task, noise, progress=how.progress))


class InputTransfer:
    """Noise that comes rectified, and that equal windows of independent sites rectify again."""

    name, method, quick = "transfer", of_input.METHOD, 3e11
    sources: tuple[str, ...] = ("johansson2017arb",)
    proofs: tuple[Proof, ...] = ()

    def concerns(self, question: Question, layer: int) -> bool:
        """See `Route`."""
        return question.noise.rectified

    def refusal(self, question: Question, layer: int) -> str | None:
        """See `Route`."""
        return _refused(lambda: self.cost(question, layer))

    def cost(self, question: Question, layer: int) -> float:
        """See `Route`."""
        network, task, noise = question.network, question.ring_task, question.noise
        if question.is_output(layer):
            return of_input.input_readout_cost(network, task, noise)
        return of_input.input_layer_cost(network, task, noise, layer)

    def response(self, question: Question, layer: int, how: Evaluation) -> NoiseResponse[Value]:
        """See `Route`."""
        network, task, noise = question.network, question.ring_task, question.noise

        def compute() -> NoiseResponse[NumericValue]:
            if question.is_output(layer):
                return of_input.input_readout_response(network, task, noise, progress=how.progress)
            return of_input.input_layer_response(network, task, noise, layer, channel_mean=question.channel_mean)

        return _kept(how, question.text(layer, self.name), compute)


def _kept(how: Evaluation, text: str, compute: Callable[[], NoiseResponse[NumericValue]]) -> NoiseResponse[Value]:
    return NoiseResponse[Value](**vars(kept(how.cache, text, compute, NUMERIC)))


def _refused(build: Callable[[], object]) -> str | None:
    try:
        build()
    except NotApplicableError as error:
        return str(error)
    return None
