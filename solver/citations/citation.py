"""BibTeX for exactly the results asked for: the sources and the derivations behind their quantities and methods."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

from solver import __version__
from solver.constructions.registry import CONSTRUCTIONS
from solver.errors import InputError
from solver.numbers.exact import choice
from solver.optimal import deformation as optimal
from solver.optimal import pencil
from solver.proof import Proof
from solver.report.documents import frequencies, search
from solver.sensitivity.deformation.routes import AUTOCORRELATIONS, DEFORMATION_ROUTES
from solver.sensitivity.limits import limits as noise_limits
from solver.sensitivity.noise.closed import ONCE
from solver.sensitivity.noise.routes import ROUTES
from solver.sensitivity.noise.sampled.route import SAMPLED
from solver.sensitivity.results import LayerValues
from solver.sensitivity.sensitivities import Sensitivities
from solver.sensitivity.shuffling import shuffling
from solver.values import ClosedValue, EnclosedValue, MissingValue, Value

SOLVER, TALK = "adaptivepoolingsolver", "petrini2022adaptive"
"""The keys of what is always cited."""

ARB = "johansson2017arb"
DEFINITIONS = ("petrini2021relative", "tomasini2022spatial")
DEFORMATIONS = (*DEFINITIONS, "bruna2013invariant")
QUANTITY_SOURCES = {"D": DEFORMATIONS, "G": DEFINITIONS, "R": DEFORMATIONS}


@cache
def entries() -> dict[str, str]:
    """Return every entry of ``sources.bib`` by its key, after the comment that says what it is cited for."""
    text = Path(__file__).with_name("sources.bib").read_text(encoding="utf-8").replace("<version>", __version__)
    return {
        key: each for each in text.strip().split("\n\n") for key in re.findall(r"^@\w+{(\w+),$", each, re.MULTILINE)
    }


@dataclass(frozen=True)
class Backing:
    """The sources (keys of `entries`) and the derivations behind one method."""

    sources: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()


RELATIVE = Proof("relative_stability")
_NOTHING = Backing()
_BEST = (Proof("best_kernel"),)

EXACTLY = {
    **{each.method: Backing(each.sources, each.proofs) for each in DEFORMATION_ROUTES},
    **{each.method: Backing(each.sources, each.proofs) for each in ROUTES},
    noise_limits.CLOSED: Backing(proofs=(Proof("limits_noise"),)),
    shuffling.MEANS: Backing(proofs=AUTOCORRELATIONS.proofs),
    frequencies.RAYLEIGH: Backing(proofs=(Proof("frequency"),)),
    frequencies.PROJECTION: Backing(proofs=(Proof("frequency"),)),
    optimal.LIMIT: Backing(proofs=_BEST),
    optimal.ALGEBRAIC: Backing(proofs=_BEST),
    pencil.PROVEN_LEAST: Backing((ARB,), _BEST),
    **dict.fromkeys(("sigma^2", "network", "formula, derived", "formula, identified"), _NOTHING),
    **dict.fromkeys((search.METHOD, MissingValue("").method), _NOTHING),
}
"""The methods that are always called the same: of every route, and of what is no route."""

CONTAINING = {
    SAMPLED.method: Backing(SAMPLED.sources, SAMPLED.proofs),
    noise_limits.BOUNDED: _NOTHING,
    " terms, as a proven ball": Backing((ARB,), ONCE.proofs),
    " shuffled networks": _NOTHING,
    " shuffles, ": _NOTHING,
}
"""The methods whose names carry numbers, by what they always contain; the first that fits counts."""


def backing(method: str) -> Backing:
    """Return what stands behind a method.

    Raises
    ------
    InputError
        If no value of the solver has this method.
    """
    if method in EXACTLY:
        return EXACTLY[method]
    for part, found in CONTAINING.items():
        if part in method:
            return found
    raise InputError(f"method: no route of the solver is called {method!r}; take a value's `method` as it is")


def _digit_sources(value: Value) -> tuple[str, ...]:
    """Return the sources of the digits of a value: proven by ball arithmetic unless it is rational or sampled."""
    if isinstance(value, EnclosedValue) or (value.exact is not None and hasattr(value.exact, "polynomial")):
        return (ARB,)
    if not isinstance(value, ClosedValue):
        return ()
    from solver.gaussian.functions import OwensT, Phi2

    functions = {Phi2: "plackett1954reduction", OwensT: "owen1956tables"}
    used = [key for function, key in functions.items() if value.expression.has(function)]
    return (ARB, *(["johansson2018integration"] if used else []), *used)


@dataclass(frozen=True)
class Cited:
    """A result: what it is, by which method, with the keys of its sources and the derivations that prove it."""

    what: str
    method: str
    sources: tuple[str, ...]
    derivations: tuple[str, ...]

    @property
    def comment(self) -> str:
        """The result as lines that BibTeX skips: it takes all for a comment that follows no @."""
        scripts = "".join(f"\n%   derivations/{name}.py" for name in self.derivations)
        return f"% {self.what}: {self.method}{scripts}".replace("@", "(at)")


def citation(
    *results: Sensitivities | Value, layers: Sequence[str] = ("all",), quantities: Sequence[str] = ("D", "G", "R")
) -> str:
    """Return BibTeX for the solver, the talk, and the sources of exactly the results given.

    Comments between the entries name each result, its method, and the derivations that prove it.

    Parameters
    ----------
    *results : Sensitivities or Value
        None for the solver and the talk alone.
    layers : sequence of str
        Of `Sensitivities`: numbers from "0", the image, "last", "output" or "all".
    quantities : sequence of {"D", "G", "R"}
        Of `Sensitivities`.

    Raises
    ------
    InputError
        If a result is neither, a network has no such layer, or a quantity is unknown.

    Examples
    --------
    >>> print(citation())  # doctest: +ELLIPSIS
    % the solver
    @misc{adaptivepoolingsolver,
    ...
    """
    found = list(_cited(results, layers, quantities))
    keys = dict.fromkeys([SOLVER, TALK, *(key for each in found for key in each.sources)])
    comments = "\n".join(dict.fromkeys(each.comment for each in found))
    return "\n\n".join([*([comments] if comments else []), *(entries()[key] for key in keys)]) + "\n"


def _cited(
    results: Sequence[Sensitivities | Value], layers: Sequence[str], quantities: Sequence[str]
) -> Iterator[Cited]:
    """Yield each value asked for, with what stands behind it."""
    check_quantities(quantities)
    for result in results:
        if isinstance(result, Sensitivities):
            for k, quantity in product(layer_numbers(layers, result.network.depth), quantities):
                yield _of_layer(result.network.name, result.layers[k], quantity)
        elif isinstance(result, Value):
            found = backing(result.method)
            scripts = tuple(proof.script for proof in found.proofs if not (proof.layer or proof.constructions))
            yield Cited(f"a value ({result.kind})", result.method, (*found.sources, *_digit_sources(result)), scripts)
        else:
            raise InputError(f"citation: expected Sensitivities or values of them, got {result!r}")


def check_quantities(quantities: Sequence[str]) -> None:
    """Refuse quantities other than D, G and R."""
    for quantity in quantities:
        choice(quantity, "quantity", QUANTITY_SOURCES)


def layer_numbers(names: Sequence[str], depth: int) -> list[int]:
    """Return the layers that names stand for in a network of some depth, each once; the output is depth + 1.

    Raises
    ------
    InputError
        If the network has no such layer.
    """
    found: list[int] = []
    for name in names:
        if name.isdecimal() and int(name) <= depth:
            found.append(int(name))
        elif name in ("all", "last", "output"):
            found += {"all": range(depth + 2), "last": [depth], "output": [depth + 1]}[name]
        else:
            raise InputError(f"layer: expected 0 to {depth}, last, output or all for this network, got {name!r}")
    return list(dict.fromkeys(found))


def _of_layer(name: str, layer: LayerValues, quantity: str) -> Cited:
    """Return what stands behind one quantity of one layer; R has all that D and G have."""
    value: Value = getattr(layer, quantity)
    where = "output f_p" if layer.name == "output" else f"layer {layer.layer}"
    what = f"{name}, {where}, {quantity} ({value.kind})"
    if isinstance(value, MissingValue):
        return Cited(what, value.why, (), ())
    values = [layer.D, layer.G] if quantity == "R" else [value]
    routes = [backing(each.method) for each in values]
    built = CONSTRUCTIONS[name].proofs if name in CONSTRUCTIONS else ()
    proofs = [*built, *(proof for each in routes for proof in each.proofs)]
    proofs += [RELATIVE] if quantity == "R" else []
    scripts = [proof.script for proof in proofs if proof.applies(layer.name, name)]
    sources = [
        key for each, found in zip(values, routes, strict=True) for key in (*found.sources, *_digit_sources(each))
    ]
    method = "; ".join(dict.fromkeys(each.method for each in values))
    return Cited(what, method, (*QUANTITY_SOURCES[quantity], *sources), tuple(dict.fromkeys(scripts)))
