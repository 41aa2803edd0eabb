"""BibTeX for exactly the results asked for: the sources and the derivations behind their quantities and methods."""

from __future__ import annotations

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
from solver.sensitivity.noise.sampled.sampling import SAMPLED
from solver.sensitivity.quantities import NAMES, QUANTITIES
from solver.sensitivity.results import LayerValues
from solver.sensitivity.sensitivities import Sensitivities
from solver.sensitivity.shuffling import shuffling
from solver.values import ClosedValue, EnclosedValue, MissingValue, Value

SOLVER, TALK = "adaptivepoolingsolver", "petrini2022adaptive"
"""The keys of what is always cited."""

ARB = "johansson2017arb"


@cache
def entries() -> dict[str, str]:
    """Return every entry of ``sources.bib`` by its key, after the comment that says what it is cited for."""
    text = Path(__file__).with_name("sources.bib").read_text(encoding="utf-8").replace("<version>", __version__)
    return {each.partition("{")[2].partition(",")[0]: each for each in text.strip().split("\n\n")}


@dataclass(frozen=True)
class Backing:
    """The sources (keys of `entries`) and the derivations behind one method."""

    sources: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()


_NOTHING = Backing()
_BEST = (Proof("best_kernel"),)

EXACTLY = {
    **{each.method: Backing(each.sources, each.proofs) for each in DEFORMATION_ROUTES},
    **{each.method: Backing(each.sources, each.proofs) for each in ROUTES},
    noise_limits.AT_MOST_ONCE: Backing(proofs=(Proof("limits_noise"),)),
    shuffling.MEANS: Backing(proofs=AUTOCORRELATIONS.proofs),
    frequencies.RAYLEIGH: Backing(proofs=(Proof("frequency"),)),
    frequencies.PROJECTION: Backing(proofs=(Proof("frequency"),)),
    optimal.LIMIT: Backing(proofs=_BEST),
    optimal.ALGEBRAIC: Backing(proofs=_BEST),
    pencil.PROVEN_LEAST: Backing((ARB,), _BEST),
    **dict.fromkeys(("sigma^2", "network", "formula, derived", "formula, identified"), _NOTHING),
    **dict.fromkeys((search.DESCENT, MissingValue("").method), _NOTHING),
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
    quantities : sequence of str
        Of `solver.sensitivity.quantities.QUANTITIES`.

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
    comments = "\n".join(dict.fromkeys(comment for comment, _ in found))
    keys = dict.fromkeys([SOLVER, TALK, *(key for _, sources in found for key in sources)])
    return "\n\n".join([*([comments] if comments else []), *(entries()[key] for key in keys)]) + "\n"


def _cited(
    results: Sequence[Sensitivities | Value], layers: Sequence[str], quantities: Sequence[str]
) -> Iterator[tuple[str, list[str]]]:
    """Yield for each value asked for a comment on what stands behind it, and the keys of its sources."""
    check_quantities(quantities)
    for result in results:
        if isinstance(result, Sensitivities):
            for k, quantity in product(layer_numbers(layers, result.network.depth), quantities):
                yield _of_layer(result.network.name, result[k], quantity)
        elif isinstance(result, Value):
            proofs = [each for each in backing(result.method).proofs if not (each.layer or each.constructions)]
            yield _comment(f"a value ({result.kind})", result.method, proofs), _sources(result)
        else:
            raise InputError(f"citation: expected Sensitivities or values of them, got {result!r}")


def _of_layer(name: str, layer: LayerValues, quantity: str) -> tuple[str, list[str]]:
    """Return what stands behind one quantity of one layer; a ratio has all that its parts have."""
    value: Value = getattr(layer, quantity)
    where = "output f_p" if layer.name == "output" else f"layer {layer.layer}"
    what = f"{name}, {where}, {quantity} ({value.kind})"
    if isinstance(value, MissingValue):
        return _comment(what, value.why, []), []
    asked = next(each for each in QUANTITIES if each.name == quantity)
    values = [layer.values[part] for part in asked.parts or (quantity,)]
    proofs = [
        *(CONSTRUCTIONS[name].proofs if name in CONSTRUCTIONS else ()),
        *(proof for each in values for proof in backing(each.method).proofs),
        *asked.proofs,
    ]
    method = "; ".join(dict.fromkeys(each.method for each in values))
    comment = _comment(what, method, [proof for proof in proofs if proof.applies(layer.name, name)])
    return comment, [*asked.sources, *(key for each in values for key in _sources(each))]


def _comment(what: str, method: str, proofs: Sequence[Proof]) -> str:
    """Return lines that BibTeX skips: it takes all for a comment that follows no @."""
    scripts = "".join(f"\n%   derivations/{name}.py" for name in dict.fromkeys(each.script for each in proofs))
    return f"% {what}: {method}{scripts}".replace("@", "(at)")


def _sources(value: Value) -> list[str]:
    """Return the sources of a method and of digits, which balls prove unless a value is rational or sampled."""
    found = [*backing(value.method).sources]
    if isinstance(value, EnclosedValue) or (value.exact is not None and hasattr(value.exact, "polynomial")):
        return [*found, ARB]
    if not isinstance(value, ClosedValue):
        return found
    from solver.gaussian.functions import OwensT, Phi2

    functions = {Phi2: "plackett1954reduction", OwensT: "owen1956tables"}
    used = [key for function, key in functions.items() if value.expression.has(function)]
    return [*found, ARB, *(["johansson2018integration"] if used else []), *used]


def check_quantities(quantities: Sequence[str]) -> None:
    """Refuse what is no quantity."""
    for quantity in quantities:
        choice(quantity, "quantity", NAMES)


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
