"""The quantities of a layer, one entry each: every report, table, sweep and file shows what is listed here.

D = <||a(tau x) - a(x)||^2> / <||a(x1) - a(x2)||^2>, dimensionless; G = <||a(x + eta) - a(x)||^2> over the same, the sum
of a coherent part, of the mean change over the noise, and an incoherent one, of the fluctuations around it; R = D/G;
G_identity is G of the same network with every activation the identity, and price = G/G_identity.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from solver.proof import Proof
from solver.sensitivity.deformation.routes import DISTANCES, pair_moments
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.route import Evaluation
from solver.sensitivity.noise.routes import answered_choices
from solver.sensitivity.question import Question
from solver.sensitivity.results import Choice, LayerValues
from solver.values import ExactValue, MissingValue, Value, quotient

FLAT = "every image of the ensemble gives the same value here, so the denominator is 0"
FLAT_LINEAR = "with identity activations every image gives the same value here, so the denominator is 0"
UNASKED = MissingValue("not asked for")
_UNASKED_NOISE: NoiseResponse[Value] = NoiseResponse(UNASKED, UNASKED, UNASKED)


@dataclass(frozen=True)
class LayerTerms:
    """What the quantities of one layer are made of: what was asked, and the mean squares that are divided.

    Attributes
    ----------
    question : Question
        Of ``layer``, which is depth + 1 for the output.
    change, spread : ExactValue
        The numerator of D, and the denominator of D and G.
    noise, linear : NoiseResponse
        The numerator of G, and that of the network with identity activations.
    linear_spread : Value
        The denominator of that network.  What is left out was not asked for, nor is what is made of it.
    """

    question: Question
    layer: int
    change: ExactValue
    spread: ExactValue
    noise: NoiseResponse[Value] = _UNASKED_NOISE
    linear: NoiseResponse[Value] = _UNASKED_NOISE
    linear_spread: Value = UNASKED

    def values(self) -> dict[str, Value]:
        """Return the quantities of the layer, in the order of the table."""
        values: dict[str, Value] = {}
        for each in QUANTITIES:
            if each.of:
                values[each.name] = each.of(self, values)
        return values


Found: TypeAlias = Mapping[str, Value]
"""The quantities of the layer that stand before one in the table."""


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
    of : callable(terms, found) -> Value, optional
        How it is found, from the terms of its layer and the quantities before it; left out for what is found
        elsewhere: limits, shuffles, histories.
    shown : {"exactly", "always", "split", "asked"}
        Whether text and HTML have it always (before its decimal as an exact number), with the parts of G, or not at
        all; every other format takes it by name.
    most_digits : int
        Significant digits that are worth showing.
    note, latex_note : str
        What is said of it below a table in text, in LaTeX.
    explained : bool
        Whether text says why it is missing; of a ratio without, only where its parts are there.
    exact : bool
        Of a column: whether it holds the exact number, blank where there is none, in place of the decimal.
    parts : tuple of str
        Of a ratio of quantities: their names.
    sources : tuple of str
        Keys of ``solver/citations/sources.bib``: where it is defined.
    proofs : tuple of Proof
        Derivations about it, whatever its route.
    """

    name: str
    text: str
    latex: str = ""
    of: Callable[[LayerTerms, Found], Value] | None = field(default=None, repr=False)
    shown: str = "asked"
    most_digits: int = 1000
    note: str = ""
    latex_note: str = ""
    explained: bool = True
    exact: bool = False
    parts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()


_PARTS = (
    "G = G coherent + G incoherent: the squared mean change over the noise, and the fluctuations around it. "
    "share = G coherent / G."
)
_NOISE = ("petrini2021relative", "tomasini2022spatial")
_DEFORMATIONS = (*_NOISE, "bruna2013invariant")
_IDENTITY = r"$G_{\mathrm{id}}$: identity activations."
QUANTITIES = (
    Quantity(
        "D", "D", "D", lambda t, _: quotient(t.change, t.spread, zero=FLAT), "exactly", note="D is exact.",
        sources=_DEFORMATIONS,
    ),
    Quantity("G", "G", "G", lambda t, _: quotient(t.noise.total, t.spread, zero=FLAT), "always", sources=_NOISE),
    Quantity(
        "G_coherent", "G coherent", r"G_{\mathrm{coherent}}",
        lambda t, _: quotient(t.noise.coherent, t.spread, zero=FLAT), "split", note=_PARTS, sources=_NOISE,
    ),
    Quantity(
        "G_incoherent", "G incoherent", r"G_{\mathrm{incoherent}}",
        lambda t, _: quotient(t.noise.incoherent, t.spread, zero=FLAT), "split", sources=_NOISE,
    ),
    Quantity(
        "R", "R", "R", lambda _, v: quotient(v["D"], v["G"], method=v["G"].method, zero="G is 0"), "always",
        note="R = D/G.", explained=False, parts=("D", "G"), sources=_DEFORMATIONS,
        proofs=(Proof("relative_stability"),),
    ),
    Quantity(
        "G_identity", "G identity", r"G_{\mathrm{id}}",
        lambda t, _: quotient(t.linear.total, t.linear_spread, zero=FLAT_LINEAR), latex_note=_IDENTITY,
        sources=_NOISE,
    ),
    Quantity(
        "price", "price", r"G/G_{\mathrm{id}}",
        lambda _, v: quotient(v["G"], v["G_identity"], method=v["G"].method, zero="G with identity activations is 0"),
        "always", most_digits=6, latex_note=_IDENTITY, note="price = G / (G with identity activations).",
        parts=("G", "G_identity"), sources=_NOISE,
    ),
)  # fmt: skip
NAMES = tuple(each.name for each in QUANTITIES)


Answer: TypeAlias = tuple[LayerValues, dict[str, Choice]]
"""The quantities of a layer, and the routes of D and G with the reasons against stronger ones."""


def layer_values(question: Question, how: Evaluation, layers: Collection[int]) -> Iterator[Answer]:
    """Yield every quantity of layers, one layer after the other as they are found, with the routes of D and G."""
    moments = pair_moments(question, layers)
    linear = replace(question, network=question.network.with_identity())
    identity = pair_moments(linear, layers)
    for k, (route, noise) in zip(layers, answered_choices(question, how, layers), strict=True):
        calm = closed_response(linear, k)
        assert calm is not None
        choice, pair = moments[k]
        change, spread = pair.exact_values(choice.route.method)
        linear_spread = ExactValue(identity[k][1].spread, DISTANCES.method)
        terms = LayerTerms(question, k, change, spread, noise, calm, linear_spread)
        yield LayerValues(k, question.names[k], terms.values()), {"D": choice, "G": route}


def layer_deformations(question: Question, layers: Collection[int]) -> Iterator[Answer]:
    """Yield D of layers, with its route; every other quantity is missing, and costs nothing."""
    for k, (choice, pair) in pair_moments(question, layers).items():
        terms = LayerTerms(question, k, *pair.exact_values(choice.route.method))
        yield LayerValues(k, question.names[k], terms.values()), {"D": choice}
