"""The quantities of a layer, one entry each: every report, table, sweep and file shows what is listed here."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from solver.sensitivity.deformation.moments import PairMoments
from solver.sensitivity.deformation.routes import DISTANCES, DeformationRoute, pair_moments
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.route import Evaluation, Route
from solver.sensitivity.noise.routes import chosen_route, noise_responses
from solver.sensitivity.question import Question
from solver.sensitivity.results import Choice
from solver.values import ExactValue, MissingValue, Value, quotient

FLAT = "every image of the ensemble gives the same value here, so the denominator is 0"


@dataclass(frozen=True)
class Terms:
    """What the quantities of every layer are made of, each evaluated once, when it is first asked for."""

    question: Question
    how: Evaluation

    @cached_property
    def moments(self) -> list[tuple[Choice[DeformationRoute], PairMoments]]:
        """The mean squares of D by layer, with their routes."""
        return pair_moments(self.question)

    @cached_property
    def noise_routes(self) -> list[Choice[Route]]:
        """The routes of the noise responses by layer."""
        return [chosen_route(self.question, k, self.how) for k in self.question.layers]

    @cached_property
    def noise(self) -> list[NoiseResponse[Value]]:
        """The noise responses by layer."""
        return noise_responses(self.question, self.how, self.noise_routes)

    @cached_property
    def linear(self) -> list[tuple[Choice[DeformationRoute], PairMoments]]:
        """The mean squares of the network with identity activations."""
        return pair_moments(self.question.linear)

    def spread(self, layer: int) -> Value:
        """Return <||a(x1) - a(x2)||^2>, the denominator of D and G."""
        choice, moments = self.moments[layer]
        return ExactValue(moments.spread, choice.route.method)

    @cached_property
    def value(self) -> Callable[[str, int], Value]:
        """The value of a quantity by name and layer, each evaluated once."""
        known = {each.name: each.of for each in QUANTITIES if each.of}
        return cache(lambda name, layer: known[name](self, layer))

    def why(self, layer: int, names: Collection[str]) -> dict[str, Choice[Any]]:
        """Return the routes that D and G were found by, those of them that are among ``names``."""
        found: dict[str, Choice[Any]] = {"D": self.moments[layer][0]} if "D" in names else {}
        return found | ({"G": self.noise_routes[layer]} if "G" in names else {})


def _deformation(terms: Terms, layer: int) -> Value:
    choice, moments = terms.moments[layer]
    change = ExactValue(moments.displacement, choice.route.method)
    return quotient(change, terms.spread(layer), method=choice.route.method, zero=FLAT)


def _noise(part: str) -> Callable[[Terms, int], Value]:
    def of(terms: Terms, layer: int) -> Value:
        response: Value = getattr(terms.noise[layer], part)
        return quotient(response, terms.spread(layer), method=response.method, zero=FLAT)

    return of


def _ratio(terms: Terms, layer: int) -> Value:
    d, g = terms.value("D", layer), terms.value("G", layer)
    return quotient(d, g, method=g.method, zero="G is 0")


def _identity(terms: Terms, layer: int) -> Value:
    response = closed_response(terms.question.linear, layer)
    assert response is not None
    zero = "with identity activations every image gives the same value here, so the denominator is 0"
    spread = ExactValue(terms.linear[layer][1].spread, DISTANCES.method)
    return quotient(response.total, spread, method=response.total.method, zero=zero)


def _price(terms: Terms, layer: int) -> Value:
    g = terms.value("G", layer)
    zero = "G with identity activations is 0"
    return quotient(g, terms.value("G_identity", layer), method=g.method, zero=zero)


@dataclass(frozen=True)
class Quantity:
    """One quantity of a layer, and how it is shown: writers know no more than this of any.

    Attributes
    ----------
    name : str
        As an attribute of a layer, as a JSON key, as a column.
    text : str
        The head of its column in text and HTML.
    latex : str
        Its symbol, without dollar signs.
    of : callable(terms, layer) -> Value, optional
        How it is found; left out for what is found elsewhere: limits, shuffles, histories.
    shown : {"exactly", "always", "split", "asked"}
        Whether text and HTML have it always (before its decimal as an exact number), with the parts of G, or not at
        all; every other format takes it by name.
    most_digits : int
        Significant digits that are worth showing.
    note, latex_note : str
        What is said of it below a table in text, in LaTeX.
    explained : bool
        Whether text says why it is missing.
    exact : bool
        Of a column: whether it holds the exact number, blank where there is none, in place of the decimal.
    """

    name: str
    text: str
    latex: str = ""
    of: Callable[[Terms, int], Value] | None = field(default=None, repr=False)
    shown: str = "asked"
    most_digits: int = 1000
    note: str = ""
    latex_note: str = ""
    explained: bool = True
    exact: bool = False


_PARTS = (
    "G = G coherent + G incoherent: the squared mean change over the noise, and the fluctuations around it. "
    "share = G coherent / G."
)
_IDENTITY = r"$G_{\mathrm{id}}$: identity activations."
QUANTITIES = (
    Quantity("D", "D", "D", _deformation, "exactly", note="D is exact."),
    Quantity("G", "G", "G", _noise("total"), "always"),
    Quantity("G_coherent", "G coherent", r"G_{\mathrm{coherent}}", _noise("coherent"), "split", note=_PARTS),
    Quantity("G_incoherent", "G incoherent", r"G_{\mathrm{incoherent}}", _noise("incoherent"), "split"),
    Quantity("R", "R", "R", _ratio, "always", note="R = D/G.", explained=False),
    Quantity("G_identity", "G identity", r"G_{\mathrm{id}}", _identity, latex_note=_IDENTITY),
    Quantity(
        "price", "price", r"G/G_{\mathrm{id}}", _price, "always", most_digits=6, latex_note=_IDENTITY,
        note="price = G / (G with identity activations).",
    ),
)  # fmt: skip
"""D = <||a(tau x) - a(x)||^2> / <||a(x1) - a(x2)||^2>; G = <||a(x + eta) - a(x)||^2> over the same, the sum of a
coherent part (of the mean change) and an incoherent one (the fluctuations); R = D/G; G_identity is G of the same
network with every activation the identity, and price = G/G_identity."""

NAMES = tuple(each.name for each in QUANTITIES)
UNASKED = MissingValue("not asked for")


def layer_quantities(terms: Terms, layer: int, names: tuple[str, ...] = NAMES) -> dict[str, Value]:
    """Return every quantity of a layer by name; those that are not among ``names`` are missing, and cost nothing."""
    return {name: terms.value(name, layer) if name in names else UNASKED for name in NAMES}
